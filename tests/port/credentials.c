/* Network credentials in the store: both kinds, old records, damaged ones. */
#include "ports/linux/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <troth/dataset.h>

static char directory[64], path[96], why[512];
static struct store *store;

static int open_new(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/troth-credentials-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/store", directory);
    return store_open(&store, path, why, sizeof why);
}

static int remove_all(void **state)
{
    char journal[128];
    (void)state;
    store_close(store);
    snprintf(journal, sizeof journal, "%s-journal", path);
    unlink(path);
    unlink(journal);
    return rmdir(directory);
}

static void power_cycle(void)
{
    store_close(store);
    assert_int_equal(store_open(&store, path, why, sizeof why), TROTH_OK);
}

static struct troth_credentials thread(uint8_t len)
{
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    static const uint8_t key[18] = {5, 16, 's', 'e', 's', 'a', 'm', 'e'};
    memcpy(c.u.thread.dataset, key, sizeof key);
    c.u.thread.dataset[18] = 200;
    c.u.thread.dataset[19] = (uint8_t)(len - 20);
    for (unsigned i = 20; i < len; i++)
        c.u.thread.dataset[i] = (uint8_t)i;
    c.u.thread.len = len;
    assert_int_equal(troth_credentials_check(&c), TROTH_NET_OK);
    return c;
}

static struct troth_credentials wifi(uint8_t ssid_len, uint8_t password_len)
{
    struct troth_credentials c = {.kind = TROTH_NET_WIFI, .u.wifi.security = TROTH_WIFI_WPA3_SAE};
    c.u.wifi.ssid.len = ssid_len;
    memset(c.u.wifi.ssid.b, 0, ssid_len);
    c.u.wifi.password.len = password_len;
    memset(c.u.wifi.password.b, 0xff, password_len);
    return c;
}

static void comes_back(struct troth_credentials c)
{
    struct troth_credentials back;
    memset(&back, 0xa5, sizeof back);
    assert_int_equal(credentials_save(store, NULL, &c), TROTH_OK);
    power_cycle();
    assert_int_equal(credentials_load(store, NULL, &back), TROTH_OK);
    assert_memory_equal(&back, &c, sizeof c);
}

static void test_both_kinds_survive_and_replace_each_other(void **state)
{
    (void)state;
    comes_back(wifi(1, 1));
    comes_back(thread(254));
    comes_back(wifi(32, 64));
    comes_back(thread(20));
    comes_back(wifi(32, 0));
    struct troth_credentials c = {.kind = 0}, back;
    assert_int_equal(credentials_save(store, NULL, &c), TROTH_UNSUPPORTED);
    assert_int_equal(credentials_load(store, NULL, &back), TROTH_OK);
    assert_int_equal(credentials_erase(store), TROTH_OK);
    assert_int_equal(credentials_load(store, NULL, &back), TROTH_NOT_FOUND);
    assert_int_equal(credentials_erase(store), TROTH_OK);
}

/* As it was written before there was Thread. */
static void test_an_old_record_is_read_and_still_written(void **state)
{
    (void)state;
    static const uint8_t old[] = {1,   4,   'H', 'o', 'm', 'e', 1,   11,  'o', 'p',
                                  'e', 'n', ' ', 's', 'e', 's', 'a', 'm', 'e'};
    struct troth_credentials c;
    assert_int_equal(store_blob_put(store, "wifi", old, sizeof old), TROTH_OK);
    assert_int_equal(credentials_load(store, NULL, &c), TROTH_OK);
    assert_int_equal(c.kind, TROTH_NET_WIFI);
    assert_int_equal(c.u.wifi.ssid.len, 4);
    assert_memory_equal(c.u.wifi.ssid.b, "Home", 4);
    assert_int_equal(c.u.wifi.security, TROTH_WIFI_WPA2_PSK);
    assert_int_equal(c.u.wifi.password.len, 11);
    assert_memory_equal(c.u.wifi.password.b, "open sesame", 11);
    assert_int_equal(credentials_save(store, NULL, &c), TROTH_OK);
    uint8_t blob[64];
    size_t len;
    assert_int_equal(store_blob_get(store, "wifi", blob, sizeof blob, &len), TROTH_OK);
    assert_int_equal(len, sizeof old);
    assert_memory_equal(blob, old, len);
}

static void test_the_octets_of_a_thread_record(void **state)
{
    (void)state;
    struct troth_credentials c = thread(20);
    uint8_t blob[64];
    size_t len;
    assert_int_equal(credentials_save(store, NULL, &c), TROTH_OK);
    assert_int_equal(store_blob_get(store, "wifi", blob, sizeof blob, &len), TROTH_OK);
    assert_int_equal(len, 23);
    assert_memory_equal(blob, "\x02\x02\x14", 3);
    assert_memory_equal(blob + 3, c.u.thread.dataset, 20);
}

static void test_damaged_and_newer_records(void **state)
{
    (void)state;
    static const struct troth_credentials none;
    struct {
        uint8_t octets[8];
        uint8_t len;
        int result;
    } rows[] = {
        {{4, 1, 'x'}, 3, TROTH_UNSUPPORTED},
        {{3, 1, 'x'}, 3, TROTH_INVALID},
        {{0}, 1, TROTH_UNSUPPORTED},
        {{2}, 1, TROTH_INVALID},
        {{2, 3, 1, 'x'}, 4, TROTH_UNSUPPORTED}, /* a kind to come */
        {{2, 2}, 2, TROTH_INVALID},
        {{2, 2, 0}, 3, TROTH_INVALID},
        {{2, 2, 1}, 3, TROTH_INVALID},
        {{2, 2, 1, 'x', 'y'}, 5, TROTH_INVALID},
        {{2, 2, 255, 'x'}, 4, TROTH_INVALID},
        {{2, 2, 1, 'x'}, 4, TROTH_OK},
        {{1}, 1, TROTH_INVALID},
        {{1, 0, 1, 0}, 4, TROTH_INVALID},
        {{1, 1, 'x'}, 3, TROTH_INVALID},
        {{1, 1, 'x', 1}, 4, TROTH_INVALID},
        {{1, 1, 'x', 1, 1}, 5, TROTH_INVALID},
        {{1, 1, 'x', 1, 0, 0}, 6, TROTH_INVALID},
        {{1, 1, 'x', 1, 0}, 5, TROTH_OK},
        {{1, 33, 'x', 1, 0}, 5, TROTH_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_credentials c;
        memset(&c, 0xa5, sizeof c);
        assert_int_equal(store_blob_put(store, "wifi", rows[i].octets, rows[i].len), TROTH_OK);
        int result = credentials_load(store, NULL, &c);
        if (result != rows[i].result)
            fail_msg("row %zu: %d", i, result);
        if (result != TROTH_OK)
            assert_memory_equal(&c, &none, sizeof c);
    }
    struct troth_credentials c;
    uint8_t longer[300] = {2, 2, 254};
    assert_int_equal(store_blob_put(store, "wifi", longer, sizeof longer), TROTH_OK);
    assert_int_equal(credentials_load(store, NULL, &c), TROTH_INVALID);
    assert_int_equal(store_blob_put(store, "wifi", longer, 3 + 255), TROTH_OK);
    assert_int_equal(credentials_load(store, NULL, &c), TROTH_INVALID);
    assert_int_equal(store_blob_put(store, "wifi", longer, 3 + 254), TROTH_OK);
    assert_int_equal(credentials_load(store, NULL, &c), TROTH_OK);
}

static struct net_kept some_kept(void)
{
    struct net_kept k = {.before = thread(254).u.thread, .tried = thread(20).u.thread};
    return k;
}

static bool holds(const char *name, const void *octets, size_t len)
{
    uint8_t blob[1024];
    size_t got = 0;
    assert_int_equal(store_blob_get(store, name, blob, sizeof blob, &got), TROTH_OK);
    for (size_t at = 0; at + len <= got; at++)
        if (!memcmp(blob + at, octets, len))
            return true;
    return false;
}

static void test_what_an_attempt_overwrites(void **state)
{
    (void)state;
    static const struct net_kept nothing;
    const struct seal key = {.on = true, .key = {1}}, other = {.on = true, .key = {2}};
    struct net_kept k = some_kept(), back;
    struct troth_credentials c;
    assert_int_equal(credentials_kept_load(store, NULL, &back), TROTH_NOT_FOUND);
    assert_int_equal(credentials_kept_save(store, NULL, &k), TROTH_OK);
    power_cycle();
    assert_int_equal(credentials_kept_load(store, NULL, &back), TROTH_OK);
    assert_memory_equal(&back, &k, sizeof k);
    assert_true(holds(CREDENTIALS_BEFORE_BLOB, "sesame", 6));

    /* sealed when there is a key, by itself or at the next write */
    assert_int_equal(credentials_kept_load(store, &key, &back), TROTH_OK);
    assert_false(holds(CREDENTIALS_BEFORE_BLOB, "sesame", 6));
    k.over = thread(30).u.thread;
    k.before.len = 0;
    memset(k.before.dataset, 0, sizeof k.before.dataset);
    assert_int_equal(credentials_kept_save(store, &key, &k), TROTH_OK);
    power_cycle();
    assert_int_equal(credentials_kept_load(store, &key, &back), TROTH_OK);
    assert_memory_equal(&back, &k, sizeof k);
    assert_int_equal(credentials_kept_load(store, NULL, &back), TROTH_STATE);
    assert_int_equal(credentials_kept_load(store, &other, &back), TROTH_STATE);
    assert_memory_equal(&back, &nothing, sizeof back);

    /* in the place of credentials it is none, nor they in its */
    uint8_t blob[1024];
    size_t len;
    assert_int_equal(store_blob_get(store, CREDENTIALS_BEFORE_BLOB, blob, sizeof blob, &len),
                     TROTH_OK);
    assert_int_equal(store_blob_put(store, CREDENTIALS_BLOB, blob, len), TROTH_OK);
    assert_int_equal(credentials_load(store, &key, &c), TROTH_UNSUPPORTED);
    c = thread(20);
    assert_int_equal(credentials_save(store, &key, &c), TROTH_OK);
    assert_int_equal(store_blob_get(store, CREDENTIALS_BLOB, blob, sizeof blob, &len), TROTH_OK);
    assert_int_equal(store_blob_put(store, CREDENTIALS_BEFORE_BLOB, blob, len), TROTH_OK);
    assert_int_equal(credentials_kept_load(store, &key, &back), TROTH_UNSUPPORTED);

    static const uint8_t cut_short[][4] = {{4}, {4, 0, 0}, {4, 0, 0, 1}, {4, 9, 0, 0}};
    static const uint8_t lengths[] = {1, 3, 4, 4};
    for (unsigned i = 0; i < sizeof lengths; i++) {
        assert_int_equal(store_blob_put(store, CREDENTIALS_BEFORE_BLOB, cut_short[i], lengths[i]),
                         TROTH_OK);
        assert_int_equal(credentials_kept_load(store, NULL, &back), TROTH_INVALID);
    }
    assert_int_equal(credentials_kept_erase(store), TROTH_OK);
    assert_int_equal(credentials_kept_erase(store), TROTH_OK);
    assert_int_equal(credentials_kept_load(store, NULL, &back), TROTH_NOT_FOUND);
}

static void test_what_is_left_to_be_forgotten_stands_apart(void **state)
{
    (void)state;
    struct troth_credentials c = wifi(4, 0), back;
    assert_int_equal(credentials_left_load(store, NULL, &back), TROTH_NOT_FOUND);
    assert_int_equal(credentials_left_save(store, NULL, &c), TROTH_OK);
    assert_int_equal(credentials_load(store, NULL, &back), TROTH_NOT_FOUND);
    assert_int_equal(credentials_left_load(store, NULL, &back), TROTH_OK);
    assert_memory_equal(&back, &c, sizeof c);
    assert_int_equal(credentials_left_erase(store), TROTH_OK);
    assert_int_equal(credentials_left_load(store, NULL, &back), TROTH_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_kinds_survive_and_replace_each_other, open_new,
                                        remove_all),
        cmocka_unit_test_setup_teardown(test_an_old_record_is_read_and_still_written, open_new,
                                        remove_all),
        cmocka_unit_test_setup_teardown(test_the_octets_of_a_thread_record, open_new, remove_all),
        cmocka_unit_test_setup_teardown(test_damaged_and_newer_records, open_new, remove_all),
        cmocka_unit_test_setup_teardown(test_what_an_attempt_overwrites, open_new, remove_all),
        cmocka_unit_test_setup_teardown(test_what_is_left_to_be_forgotten_stands_apart, open_new,
                                        remove_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
