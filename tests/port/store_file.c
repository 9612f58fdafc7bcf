/* The Linux store: whose file it takes, and which it leaves alone. */
#include "port/store_bench.h"

static void only_its_owner_can_read_it(void **state)
{
    (void)state;
    static const mode_t umasks[] = {0, 022, 077, 0777};
    for (size_t i = 0; i < sizeof umasks / sizeof umasks[0]; i++) {
        mode_t old = umask(umasks[i]);
        struct store *s = must_open();
        assert_int_equal(put(s, NULL, TROTH_RECORD_LOCAL, 1, 10), TROTH_OK);
        assert_int_equal(store_begin(s), TROTH_OK);
        assert_int_equal(put(s, NULL, TROTH_RECORD_LOCAL, 2, 10), TROTH_OK);
        assert_int_equal(mode_of(path), 0600);
        assert_int_equal(mode_of(journal), 0600);
        assert_int_equal(store_commit(s), TROTH_OK);
        store_close(s);
        umask(old);
        struct contents c;
        read_file(journal, &c);
        assert_int_equal(c.len, 0); /* no old pages stay beside it */
        unlink(path);
        unlink(journal);
    }
}

static void a_file_others_could_read_is_closed_to_them(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0666, 0620};
    struct store *s = must_open();
    store_close(s);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        write_file(journal, "", 0);
        assert_int_equal(chmod(journal, modes[i]), 0);
        assert_int_equal(store_open(&s, path, why, sizeof why), TROTH_OK);
        assert_non_null(strstr(why, "others could read"));
        assert_int_equal(mode_of(path), 0600);
        assert_int_equal(mode_of(journal), 0600);
        store_close(s);
        store_close(must_open()); /* which says nothing the second time */
    }
}

static void a_path_that_cannot_be(void **state)
{
    char good[sizeof path];
    (void)state;
    strcpy(good, path);
    snprintf(path, sizeof path, "%s/none/store", directory);
    assert_refused(TROTH_FAILED, "directory");
    strcpy(path, directory);
    assert_refused(TROTH_INVALID, "is not a file");
    strcpy(path, good);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_refused(TROTH_FAILED, "cannot reach");
    unlink(path);

    struct store *s;
    char little[10];
    assert_int_equal(store_open(&s, directory, little, sizeof little), TROTH_INVALID);
    assert_int_equal(strlen(little), sizeof little - 1);
}

static void a_link_to_a_file(void **state)
{
    (void)state;
    char target[128];
    snprintf(target, sizeof target, "%s/target?x=1#%%41", directory); /* no URI */
    assert_int_equal(symlink(target, path), 0);
    write_file(target, "", 0);
    struct store *s = must_open();
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 7, 7), TROTH_OK);
    store_close(s);
    s = must_open();
    assert_list(s, "public/1=07*7 ");
    store_close(s);
    unlink(target);
    strcat(target, "-journal"); /* beside the file, not beside the link */
    assert_int_equal(unlink(target), 0);
}

/* As nobody, since the superuser may do anything. */
static void someone_elses_directory(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct store *s = must_open();
    store_close(s);
    assert_int_equal(chmod(directory, 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char other[sizeof path + 8];
        bool ok = setgid(65534) == 0 && setuid(65534) == 0;
        ok = ok && store_open(&s, path, why, sizeof why) == TROTH_FAILED &&
             strstr(why, "run as its owner");
        snprintf(other, sizeof other, "%s2", path);
        ok = ok && store_open(&s, other, why, sizeof why) == TROTH_FAILED &&
             strstr(why, "cannot make");
        if (!ok)
            fprintf(stderr, "%s\n", why);
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void what_is_no_store_is_left_alone(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 15, 16, 99, 100, 512, 4096, 9000};
    struct contents c;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        c.len = sizes[i];
        memset(c.b, 'A' + (int)i, c.len);
        write_file(path, c.b, c.len);
        assert_int_equal(chmod(path, 0644), 0);
        assert_refused(TROTH_INVALID, "is not a store of troth");
        assert_contents(&c);
        assert_int_equal(mode_of(path), 0644); /* nor is its mode ours to change */
        unlink(path);
    }

    sql("CREATE TABLE song (title)");
    read_file(path, &c);
    assert_refused(TROTH_INVALID, "another program");
    assert_contents(&c);
    sql("DROP TABLE song; PRAGMA user_version = 1");
    assert_refused(TROTH_INVALID, "another program");
    sql("PRAGMA user_version = 0; PRAGMA application_id = 7");
    assert_refused(TROTH_INVALID, "another program");
}

static void an_empty_file_becomes_a_store(void **state)
{
    (void)state;
    write_file(path, "", 0);
    store_close(must_open());
    store_close(must_open());
}

static void a_store_from_the_future_is_left_alone(void **state)
{
    (void)state;
    struct store *s = must_open();
    assert_int_equal(put(s, NULL, TROTH_RECORD_LOCAL, 1, 10), TROTH_OK);
    store_close(s);
    sql("PRAGMA user_version = 2; CREATE TABLE invention (x)");
    struct contents c;
    read_file(path, &c);
    assert_refused(TROTH_UNSUPPORTED, "update troth");
    assert_non_null(strstr(why, "format 2"));
    assert_contents(&c);
    sql("PRAGMA user_version = 0");
    assert_refused(TROTH_INVALID, "damaged");
}

static void a_damaged_store_is_left_alone(void **state)
{
    (void)state;
    struct store *s = must_open();
    struct contents sound, c;
    uint8_t blob[STORE_BLOB_MAX];
    memset(blob, 9, sizeof blob);
    assert_int_equal(put(s, NULL, TROTH_RECORD_LOCAL, 1, 50), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 1, TROTH_RECORD_MAX), TROTH_OK);
    assert_int_equal(store_blob_put(s, "good", blob, sizeof blob), TROTH_OK);
    store_close(s);
    read_file(path, &sound);
    assert_true(sound.len >= 3 * 4096);

    /* the head of every page */
    for (size_t at = 0; at < 3 * 4096; at += 4096) {
        c = sound;
        memset(c.b + at, 0xff, 100);
        write_file(path, c.b, c.len);
        assert_refused(TROTH_INVALID, "damaged");
        assert_contents(&c);
    }
    /* the end is missing */
    c = sound;
    for (c.len = sound.len - 4096; c.len > 0; c.len -= 4096) {
        write_file(path, c.b, c.len);
        assert_refused(TROTH_INVALID, "damaged");
        assert_contents(&c);
    }
    write_file(path, sound.b, sound.len);
    store_close(must_open());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_its_owner_can_read_it),    TEST(a_file_others_could_read_is_closed_to_them),
        TEST(a_path_that_cannot_be),         TEST(a_link_to_a_file),
        TEST(someone_elses_directory),       TEST(what_is_no_store_is_left_alone),
        TEST(an_empty_file_becomes_a_store), TEST(a_store_from_the_future_is_left_alone),
        TEST(a_damaged_store_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
