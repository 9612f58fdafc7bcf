/* The Linux store: what it keeps, all or nothing, and what it no longer keeps. */
#include "port/store_bench.h"

/* ---- what it keeps -------------------------------------------------------------------------- */

static void records(void **state)
{
    (void)state;
    struct store *s = must_open();
    assert_list(s, "");
    assert_int_equal(put(s, &same_but_random, TROTH_RECORD_KEYS, 0xa1, 20), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_STATE, 0xb2, 192), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 0xb1, 1), TROTH_OK);
    assert_int_equal(put(s, NULL, TROTH_RECORD_LOCAL, 0xc3, 3), TROTH_OK);
    assert_list(s, "local/3=c3*3 public/1=b1*1 public/2=b2*192 random/1=a1*20 ");
    assert_int_equal(put(s, &phone, TROTH_RECORD_STATE, 0xd2, 5), TROTH_OK);
    store_close(s);

    s = must_open();
    assert_list(s, "local/3=c3*3 public/1=b1*1 public/2=d2*5 random/1=a1*20 ");
    assert_int_equal(store_delete(s, &phone), TROTH_OK);
    assert_int_equal(store_delete(s, &phone), TROTH_NOT_FOUND);
    assert_list(s, "local/3=c3*3 random/1=a1*20 ");
    assert_int_equal(store_delete(s, NULL), TROTH_OK);
    assert_int_equal(store_delete(s, NULL), TROTH_NOT_FOUND);
    assert_list(s, "random/1=a1*20 ");

    assert_int_equal(put(s, NULL, TROTH_RECORD_KEYS, 1, 5), TROTH_INVALID);
    assert_int_equal(put(s, NULL, TROTH_RECORD_STATE, 1, 5), TROTH_INVALID);
    assert_int_equal(put(s, &phone, TROTH_RECORD_LOCAL, 1, 5), TROTH_INVALID);
    assert_int_equal(put(s, &phone, (enum troth_record)0, 1, 5), TROTH_INVALID);
    assert_int_equal(put(s, &phone, (enum troth_record)4, 1, 5), TROTH_INVALID);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 1, 0), TROTH_INVALID);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 1, TROTH_RECORD_MAX + 1), TROTH_INVALID);
    assert_list(s, "random/1=a1*20 ");
    store_close(s);
    store_close(NULL);
}

static void a_walk_may_end_and_may_change_the_store(void **state)
{
    (void)state;
    struct store *s = must_open();
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 1, 1), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_STATE, 2, 1), TROTH_OK);
    assert_int_equal(put(s, &same_but_random, TROTH_RECORD_KEYS, 3, 1), TROTH_OK);
    assert_int_equal(put(s, &same_but_random, TROTH_RECORD_STATE, 4, 1), TROTH_OK);
    struct list l = {.stop_after = 3};
    assert_int_equal(store_each(s, list_one, &l), 42);
    assert_string_equal(l.text, "public/1=01*1 public/2=02*1 random/1=03*1 ");
    l = (struct list){.reenter = s};
    assert_int_equal(store_each(s, list_one, &l), TROTH_OK);
    assert_int_equal(l.calls, 4);
    assert_list(s, "");
    store_close(s);
}

static void blobs(void **state)
{
    (void)state;
    struct store *s = must_open();
    uint8_t b[STORE_BLOB_MAX + 1], got[STORE_BLOB_MAX];
    size_t len = 99;
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(i * 7);
    assert_int_equal(store_blob_get(s, "good", got, sizeof got, &len), TROTH_NOT_FOUND);
    assert_int_equal(len, 0);
    assert_int_equal(store_blob_delete(s, "good"), TROTH_NOT_FOUND);
    static const size_t sizes[] = {0, 1, 100, STORE_BLOB_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(store_blob_put(s, "good", sizes[i] ? b : NULL, sizes[i]), TROTH_OK);
        store_close(s);
        s = must_open();
        memset(got, 0, sizeof got);
        assert_int_equal(store_blob_get(s, "good", got, sizes[i], &len), TROTH_OK);
        assert_int_equal(len, sizes[i]);
        assert_memory_equal(got, b, len);
    }
    got[0] = 0xee;
    assert_int_equal(store_blob_get(s, "good", got, STORE_BLOB_MAX - 1, &len), TROTH_FULL);
    assert_int_equal(got[0], 0xee);
    assert_int_equal(store_blob_put(s, "good", b, sizeof b), TROTH_INVALID);
    assert_int_equal(store_blob_put(s, "", b, 1), TROTH_INVALID);
    assert_int_equal(store_blob_put(s, "a name that is longer than is wise", b, 1), TROTH_INVALID);
    assert_int_equal(store_blob_put(s, "'); DROP TABLE blob; --", b, 1), TROTH_OK);
    assert_int_equal(store_blob_delete(s, "'); DROP TABLE blob; --"), TROTH_OK);
    assert_int_equal(store_blob_delete(s, "good"), TROTH_OK);
    assert_int_equal(store_blob_get(s, "good", got, sizeof got, &len), TROTH_NOT_FOUND);
    store_close(s);
}

static void clearing(void **state)
{
    (void)state;
    static const struct {
        unsigned what;
        const char *left;
        int blob;
    } rows[] = {
        {0, "local/3=01*1 public/1=02*1 ", TROTH_OK},
        {STORE_BONDS, "local/3=01*1 ", TROTH_OK},
        {STORE_LOCAL, "public/1=02*1 ", TROTH_OK},
        {STORE_BLOBS, "local/3=01*1 public/1=02*1 ", TROTH_NOT_FOUND},
        {STORE_BONDS | STORE_BLOBS, "local/3=01*1 ", TROTH_NOT_FOUND},
        {STORE_ALL, "", TROTH_NOT_FOUND},
    };
    struct store *s = must_open();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t b[1] = {5};
        size_t len;
        assert_int_equal(put(s, NULL, TROTH_RECORD_LOCAL, 1, 1), TROTH_OK);
        assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 2, 1), TROTH_OK);
        assert_int_equal(store_blob_put(s, "good", b, 1), TROTH_OK);
        assert_int_equal(store_clear(s, rows[i].what), TROTH_OK);
        assert_list(s, rows[i].left);
        assert_int_equal(store_blob_get(s, "good", b, 1, &len), rows[i].blob);
    }
    store_close(s);
}

/* ---- several at once ------------------------------------------------------------------------ */

static void a_group_is_all_or_nothing(void **state)
{
    (void)state;
    struct store *s = must_open();
    assert_int_equal(store_commit(s), TROTH_STATE);
    assert_int_equal(store_rollback(s), TROTH_STATE);

    assert_int_equal(store_begin(s), TROTH_OK);
    assert_int_equal(store_begin(s), TROTH_STATE);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 1, 1), TROTH_OK);
    assert_int_equal(store_blob_put(s, "good", (const uint8_t *)"x", 1), TROTH_OK);
    assert_list(s, "public/1=01*1 "); /* we see our own */
    assert_int_equal(store_rollback(s), TROTH_OK);
    assert_list(s, "");

    assert_int_equal(store_begin(s), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 2, 1), TROTH_OK);
    store_close(s); /* as good as a crash */
    s = must_open();
    assert_list(s, "");

    /* one failure spoils all, whatever is done after it */
    assert_int_equal(store_begin(s), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 3, 1), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 3, 0), TROTH_INVALID);
    assert_int_equal(put(s, &phone, TROTH_RECORD_STATE, 3, 1), TROTH_FAILED);
    assert_int_equal(store_clear(s, STORE_ALL), TROTH_FAILED);
    assert_int_equal(store_commit(s), TROTH_FAILED);
    assert_list(s, "");
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 4, 0),
                     TROTH_INVALID); /* alone, only itself */

    /* so does one that SQLite refuses */
    sql("ALTER TABLE blob RENAME TO away");
    assert_int_equal(store_begin(s), TROTH_OK);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 3, 1), TROTH_OK);
    assert_int_equal(store_blob_put(s, "good", (const uint8_t *)"x", 1), TROTH_FAILED);
    assert_int_equal(put(s, &phone, TROTH_RECORD_STATE, 3, 1), TROTH_FAILED);
    assert_int_equal(store_commit(s), TROTH_FAILED);
    assert_list(s, "");
    sql("ALTER TABLE away RENAME TO blob");

    /* a question whose answer is no does not */
    uint8_t b[1];
    size_t len;
    assert_int_equal(store_begin(s), TROTH_OK);
    assert_int_equal(store_blob_delete(s, "trial"), TROTH_NOT_FOUND);
    assert_int_equal(store_blob_get(s, "trial", b, 1, &len), TROTH_NOT_FOUND);
    assert_int_equal(store_delete(s, &phone), TROTH_NOT_FOUND);
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 5, 1), TROTH_OK);
    assert_int_equal(store_commit(s), TROTH_OK);
    store_close(s);
    s = must_open();
    assert_list(s, "public/1=05*1 ");
    store_close(s);
}

/* ---- secrets, limits, neighbours ------------------------------------------------------------ */

static void assert_gone(const char *secret)
{
    struct contents c;
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < 4; i++) {
        char name[160];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        read_file(name, &c);
        assert_null(memmem(c.b, c.len, secret, strlen(secret)));
    }
}

static void what_was_removed_does_not_linger(void **state)
{
    (void)state;
    static const char keys[] = "secret keys of a phone", newer[] = "newer and quite another";
    struct contents c;
    uint8_t large[STORE_BLOB_MAX];
    struct store *s = must_open();
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t) "the passphrase "[i % 15];
    for (uint8_t i = 0; i < 30; i++) { /* company, so that pages split and merge */
        struct troth_addr a = {TROTH_ADDR_PUBLIC, {i}};
        assert_int_equal(put(s, &a, TROTH_RECORD_KEYS, i, 150), TROTH_OK);
        assert_int_equal(put(s, &a, TROTH_RECORD_STATE, i, 60), TROTH_OK);
    }
    assert_int_equal(store_put(s, &phone, TROTH_RECORD_KEYS, (const uint8_t *)keys, sizeof keys),
                     TROTH_OK);
    assert_int_equal(store_blob_put(s, "good", large, sizeof large), TROTH_OK);
    read_file(path, &c);
    assert_non_null(memmem(c.b, c.len, keys, sizeof keys));
    assert_non_null(memmem(c.b, c.len, large, 100));
    assert_int_equal(store_put(s, &phone, TROTH_RECORD_KEYS, (const uint8_t *)newer, sizeof newer),
                     TROTH_OK);
    assert_gone(keys);
    assert_int_equal(store_blob_put(s, "good", (const uint8_t *)"short", 5), TROTH_OK);
    assert_gone("the passphrase ");
    assert_int_equal(store_delete(s, &phone), TROTH_OK);
    assert_gone(newer);
    assert_int_equal(store_clear(s, STORE_ALL), TROTH_OK);
    assert_gone("short");
    store_close(s);
}

static void a_full_disk_changes_nothing(void **state)
{
    (void)state;
    struct store *s = must_open();
    struct stat st;
    struct rlimit old, low;
    uint8_t large[STORE_BLOB_MAX] = {1};
    assert_int_equal(put(s, &phone, TROTH_RECORD_KEYS, 1, 1), TROTH_OK);
    assert_int_equal(stat(path, &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = (rlim_t)st.st_size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    int result = store_blob_put(s, "good", large, sizeof large);
    int begun = store_begin(s);
    int grouped = store_blob_put(s, "good", large, sizeof large);
    int after = put(s, &phone, TROTH_RECORD_KEYS, 2, 1);
    int committed = store_commit(s);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(result, TROTH_FAILED);
    assert_true(store_why(s)[0]);
    assert_int_equal(begun, TROTH_OK);
    /* the page cache may hold it until the commit, which then fails */
    assert_true(grouped == TROTH_OK || (grouped == TROTH_FAILED && after == TROTH_FAILED));
    assert_int_equal(committed, TROTH_FAILED);
    assert_list(s, "public/1=01*1 ");
    assert_int_equal(store_blob_put(s, "good", large, sizeof large), TROTH_OK);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records),
        TEST(a_walk_may_end_and_may_change_the_store),
        TEST(blobs),
        TEST(clearing),
        TEST(a_group_is_all_or_nothing),
        TEST(what_was_removed_does_not_linger),
        TEST(a_full_disk_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
