/* The key that seals credentials, wherever it comes from, and what lies in the store under it. */
#include "ports/linux/seal.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "ports/linux/credentials.h"

static char directory[64], store_path[96], key_path[96], why[512];
static struct store *store;

static const uint8_t raw[SEAL_KEY] = {0,  1,  '\n', 3,  4,  5,  6,  7,  8,  9,  10,
                                      11, 12, 13,   14, 15, 16, 17, 18, 19, 20, 21,
                                      22, 23, 24,   25, 26, 27, 28, 29, 30, 255};
static const char digits[] = "00010a030405060708090A0B0C0D0E0f101112131415161718191a1b1c1d1eFF";

static int open_new(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/troth-seal-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(store_path, sizeof store_path, "%s/store", directory);
    snprintf(key_path, sizeof key_path, "%s/key", directory);
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    return store_open(&store, store_path, why, sizeof why);
}

static int remove_all(void **state)
{
    char journal[128];
    (void)state;
    store_close(store);
    snprintf(journal, sizeof journal, "%s-journal", store_path);
    unlink(journal);
    unlink(store_path);
    unlink(key_path);
    return rmdir(directory);
}

static void write_key(const void *octets, size_t len, mode_t mode)
{
    unlink(key_path);
    int fd = open(key_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, octets, len), len);
    close(fd);
}

static const char *file_place(void)
{
    static char place[128];
    snprintf(place, sizeof place, "file:%s", key_path);
    return place;
}

static void opens(const char *place)
{
    struct seal s;
    memset(&s, 0xa5, sizeof s);
    if (!seal_open(&s, place, why, sizeof why))
        fail_msg("%s: %s", place, why);
    assert_true(s.on);
    assert_memory_equal(s.key, raw, sizeof raw);
}

static void does_not_open(const char *place, const char *because)
{
    static const struct seal off;
    struct seal s;
    memset(&s, 0xa5, sizeof s);
    assert_false(seal_open(&s, place, why, sizeof why));
    if (!strstr(why, because))
        fail_msg("%s: %s", place, why);
    assert_memory_equal(&s, &off, sizeof s);
}

static void test_a_key_from_a_file_or_a_credential(void **state)
{
    (void)state;
    char line[80];
    write_key(raw, sizeof raw, 0600);
    opens(file_place());
    opens("credential:key");
    write_key(digits, 64, 0400);
    opens(file_place());
    snprintf(line, sizeof line, "%s\n", digits);
    write_key(line, 65, 0600);
    opens(file_place());
    opens("credential:key");
}

static void test_what_is_no_key(void **state)
{
    (void)state;
    char line[80];
    does_not_open(file_place(), "there is no key in");
    does_not_open("credential:key", "there is no key in");
    does_not_open("credential:../key", "takes a name");
    does_not_open("key", SEAL_WORDS);
    does_not_open("file:", SEAL_WORDS);
    snprintf(line, sizeof line, "file:%s", directory);
    does_not_open(line, "that is no file");
    write_key(raw, sizeof raw, 0640);
    does_not_open(file_place(), "others can read");
    static const size_t lengths[] = {0, 1, 31, 33, 63, 66};
    memset(line, 'a', sizeof line);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_key(line, lengths[i], 0600);
        does_not_open(file_place(), "32 octets or 64 hexadecimal digits");
    }
    write_key(line, 65, 0600); /* 64 and no newline */
    does_not_open(file_place(), "32 octets or 64 hexadecimal digits");
    line[63] = 'g';
    write_key(line, 64, 0600);
    does_not_open(file_place(), "32 octets or 64 hexadecimal digits");
    unsetenv("CREDENTIALS_DIRECTORY");
    does_not_open("credential:key", "LoadCredentialEncrypted");
}

/* Some containers forbid the calls: then there is the sentence, and nothing else to see. */
static void test_a_key_from_the_kernel(void **state)
{
    (void)state;
    long id =
        syscall(SYS_add_key, "user", "troth-seal-test", raw, sizeof raw, KEY_SPEC_PROCESS_KEYRING);
    if (id < 0) {
        print_message("no keyring here\n");
        does_not_open("keyring:troth-seal-test", "keyring");
        return;
    }
    opens("keyring:troth-seal-test");
    does_not_open("keyring:troth-no-such-key", "keyctl padd user troth-no-such-key");
    uint8_t longer[80] = {0};
    assert_true(syscall(SYS_add_key, "user", "troth-seal-long", longer, sizeof longer,
                        KEY_SPEC_PROCESS_KEYRING) >= 0);
    does_not_open("keyring:troth-seal-long", "32 octets");
}

/* ---- the store ---- */

static struct troth_credentials credentials(uint8_t password_len)
{
    struct troth_credentials c = {.kind = TROTH_NET_WIFI, .u.wifi.security = TROTH_WIFI_WPA3_SAE};
    c.u.wifi.ssid.len = 32;
    memset(c.u.wifi.ssid.b, 'S', 32);
    c.u.wifi.password.len = password_len;
    memset(c.u.wifi.password.b, 'P', password_len);
    return c;
}

static size_t stored(uint8_t blob[STORE_BLOB_MAX])
{
    size_t len;
    assert_int_equal(store_blob_get(store, CREDENTIALS_BLOB, blob, STORE_BLOB_MAX, &len), TROTH_OK);
    return len;
}

static bool holds(const char *path, const char *octets)
{
    uint8_t all[65536];
    FILE *f = fopen(path, "re");
    size_t n = fread(all, 1, sizeof all, f);
    fclose(f);
    return memmem(all, n, octets, strlen(octets)) != NULL;
}

static void test_sealed_credentials_come_back_only_under_their_key(void **state)
{
    (void)state;
    static const struct troth_credentials none;
    struct seal seal = {true, {1}}, other = {true, {2}};
    struct troth_credentials c = credentials(64), back;
    uint8_t blob[STORE_BLOB_MAX], again[STORE_BLOB_MAX];

    assert_int_equal(credentials_save(store, &seal, &c), TROTH_OK);
    size_t len = stored(blob);
    assert_int_equal(len, 1 + 12 + 100 + 16);
    assert_null(memmem(blob, len, "SSSS", 4));
    assert_null(memmem(blob, len, "PPPP", 4));
    assert_int_equal(credentials_load(store, &seal, &back), TROTH_OK);
    assert_memory_equal(&back, &c, sizeof c);

    const struct seal *wrong[] = {&other, NULL, &(struct seal){false, {1}}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(credentials_load(store, wrong[i], &back), TROTH_STATE);
        assert_memory_equal(&back, &none, sizeof back);
    }
    /* the same, written again, looks like nothing seen before */
    assert_int_equal(credentials_save(store, &seal, &c), TROTH_OK);
    assert_int_equal(stored(again), len);
    assert_memory_not_equal(blob + 1, again + 1, 12);
    assert_memory_not_equal(blob + 13, again + 13, 32);
}

static void test_each_octet_of_a_seal_counts(void **state)
{
    (void)state;
    struct seal seal = {true, {1}};
    struct troth_credentials c = credentials(8), back;
    uint8_t blob[STORE_BLOB_MAX];
    assert_int_equal(credentials_save(store, &seal, &c), TROTH_OK);
    size_t len = stored(blob);
    for (size_t i = 1; i < len; i++) {
        blob[i] ^= 0x80;
        assert_int_equal(store_blob_put(store, CREDENTIALS_BLOB, blob, len), TROTH_OK);
        assert_int_equal(credentials_load(store, &seal, &back), TROTH_STATE);
        blob[i] ^= 0x80;
    }
    for (size_t n = 1; n < len; n++) {
        assert_int_equal(store_blob_put(store, CREDENTIALS_BLOB, blob, n), TROTH_OK);
        assert_int_equal(credentials_load(store, &seal, &back),
                         n <= 29 ? TROTH_INVALID : TROTH_STATE);
    }
}

static void test_what_lay_in_the_clear_is_sealed_when_a_key_comes(void **state)
{
    (void)state;
    struct seal seal = {true, {1}};
    struct troth_credentials c = credentials(63), back;
    assert_int_equal(credentials_save(store, NULL, &c), TROTH_OK);
    assert_true(holds(store_path, "PPPPPPPP"));
    assert_int_equal(credentials_load(store, &seal, &back), TROTH_OK);
    assert_memory_equal(&back, &c, sizeof c);
    store_close(store);
    assert_false(holds(store_path, "PPPPPPPP"));
    assert_int_equal(store_open(&store, store_path, why, sizeof why), TROTH_OK);
    assert_int_equal(credentials_load(store, NULL, &back), TROTH_STATE);
    assert_int_equal(credentials_load(store, &seal, &back), TROTH_OK);
    assert_memory_equal(&back, &c, sizeof c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_key_from_a_file_or_a_credential, open_new,
                                        remove_all),
        cmocka_unit_test_setup_teardown(test_what_is_no_key, open_new, remove_all),
        cmocka_unit_test_setup_teardown(test_a_key_from_the_kernel, open_new, remove_all),
        cmocka_unit_test_setup_teardown(test_sealed_credentials_come_back_only_under_their_key,
                                        open_new, remove_all),
        cmocka_unit_test_setup_teardown(test_each_octet_of_a_seal_counts, open_new, remove_all),
        cmocka_unit_test_setup_teardown(test_what_lay_in_the_clear_is_sealed_when_a_key_comes,
                                        open_new, remove_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
