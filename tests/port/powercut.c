/*
 * The power goes at every operation of the store's file. Whatever the disk kept, the store opens
 * again, is sound, and is exactly as it was before or after the change that was under way; what was
 * acknowledged is there.
 */
#include "support/powercut_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

/* ---- changes -------------------------------------------------------------------------------- */

static const struct troth_addr phone = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
static const struct troth_addr tablet = {TROTH_ADDR_RANDOM, {6, 5, 4, 3, 2, 0xc1}};

static int put_local(struct store *s)
{
    uint8_t rec[TROTH_RECORD_MAX];
    struct troth_local l = {.present = true,
                            .static_addr = {TROTH_ADDR_RANDOM, {1, 1, 1, 1, 1, 0xd1}}};
    memset(l.irk, 0x10, 16);
    int n = troth_local_encode(&l, rec, sizeof rec);
    assert_true(n > 0);
    return store_put(s, NULL, TROTH_RECORD_LOCAL, rec, (size_t)n);
}

static int put_keys_of(struct store *s, const struct troth_addr *who, uint8_t fill)
{
    uint8_t rec[TROTH_RECORD_MAX];
    struct troth_bond_keys k = {
        .identity = *who, .key_size = 16, .sc = true, .has_irk = true, .ltk[0] = {.present = true}};
    memset(k.irk, fill, 16);
    memset(k.ltk[0].key, fill, 16);
    int n = troth_bond_keys_encode(&k, rec, sizeof rec);
    assert_true(n > 0);
    return store_put(s, who, TROTH_RECORD_KEYS, rec, (size_t)n);
}

static int put_state_of(struct store *s, const struct troth_addr *who, uint8_t fill)
{
    uint8_t rec[TROTH_RECORD_MAX];
    struct troth_bond_state st = {.last_use = fill, .ccc = {{fill, 1}}};
    memset(st.db_hash, fill, 16);
    int n = troth_bond_state_encode(&st, rec, sizeof rec);
    assert_true(n > 0);
    return store_put(s, who, TROTH_RECORD_STATE, rec, (size_t)n);
}

static int put_keys(struct store *s)
{
    return put_keys_of(s, &phone, 0x20);
}
static int put_state(struct store *s)
{
    return put_state_of(s, &phone, 0x21);
}
static int put_state_again(struct store *s)
{
    return put_state_of(s, &phone, 0x22);
}
static int pair_again(struct store *s)
{
    int r = store_begin(s);
    if (r == TROTH_OK)
        r = put_keys_of(s, &phone, 0x30);
    if (r == TROTH_OK)
        r = put_state_of(s, &phone, 0x31);
    int end = store_commit(s);
    return r == TROTH_OK ? end : r;
}
static int pair_the_second(struct store *s)
{
    int r = store_begin(s);
    if (r == TROTH_OK)
        r = put_keys_of(s, &tablet, 0x40);
    if (r == TROTH_OK)
        r = put_state_of(s, &tablet, 0x41);
    int end = store_commit(s);
    return r == TROTH_OK ? end : r;
}
static int remove_the_first(struct store *s)
{
    return store_delete(s, &phone);
}

/* Large enough for pages of its own, so that one change writes many. */
static int put_blob(struct store *s, const char *name, uint8_t fill, size_t n)
{
    uint8_t b[STORE_BLOB_MAX];
    memset(b, fill, n);
    return store_blob_put(s, name, b, n);
}
static int put_trial(struct store *s)
{
    return put_blob(s, "trial", 0x50, STORE_BLOB_MAX);
}
static int put_good(struct store *s)
{
    return put_blob(s, "good", 0x50, STORE_BLOB_MAX);
}
static int delete_trial(struct store *s)
{
    return store_blob_delete(s, "trial");
}
static int erase_all(struct store *s)
{
    int r = store_begin(s);
    if (r == TROTH_OK)
        r = store_clear(s, STORE_BONDS);
    if (r == TROTH_OK)
        r = store_clear(s, STORE_LOCAL | STORE_BLOBS);
    int end = store_commit(s);
    return r == TROTH_OK ? end : r;
}

/* ---- what a store holds, as text ------------------------------------------------------------ */

struct dump {
    char text[4096];
    size_t len;
};

static void dump_row(struct dump *d, const char *what, int kind, const uint8_t *b, size_t len)
{
    uint32_t sum = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ b[i]) * 16777619u;
    d->len += (size_t)snprintf(d->text + d->len, sizeof d->text - d->len, "%s %d %zu %08x\n", what,
                               kind, len, sum);
    assert_true(d->len < sizeof d->text);
}

static int dump_record(void *context, const struct troth_addr *who, int kind, const uint8_t *rec,
                       size_t len)
{
    char name[24] = "local";
    struct troth_bond_keys k;
    struct troth_bond_state s;
    struct troth_local l;
    if (who)
        snprintf(name, sizeof name, "%d-%02x%02x", who->type, who->b[5], who->b[0]);
    assert_int_equal(kind == TROTH_RECORD_KEYS    ? troth_bond_keys_decode(&k, rec, len)
                     : kind == TROTH_RECORD_STATE ? troth_bond_state_decode(&s, rec, len)
                                                  : troth_local_decode(&l, rec, len),
                     TROTH_OK);
    dump_row(context, name, kind, rec, len);
    return 0;
}

static void dump_store(struct store *s, struct dump *d)
{
    static const char *const names[] = {"good", "trial"};
    d->len = 0;
    d->text[0] = 0;
    assert_int_equal(store_each(s, dump_record, d), TROTH_OK);
    for (size_t i = 0; i < 2; i++) {
        uint8_t b[STORE_BLOB_MAX];
        size_t len;
        int r = store_blob_get(s, names[i], b, sizeof b, &len);
        if (r == TROTH_OK)
            dump_row(d, names[i], 0, b, len);
        else
            assert_int_equal(r, TROTH_NOT_FOUND);
    }
}

/* ---- the scenario --------------------------------------------------------------------------- */

#define STEPS 10

struct story {
    int (*before[STEPS])(struct store *);  /* done with good power */
    int (*changes[STEPS])(struct store *); /* done while it may go */
    struct dump expected[STEPS + 1];       /* after so many of them */
    unsigned done;                         /* acknowledged */
    bool failed;                           /* the next one was tried */
    unsigned checks, older, newer;         /* how often a change under way was lost, or kept */
};

static struct store *must_open(void)
{
    struct store *s;
    char why[512];
    int r = store_open(&s, powercut_path(), why, sizeof why);
    if (r != TROTH_OK || why[0])
        fail_msg("%s: store_open: %d: %s", powercut_where(), r, why);
    return s;
}

static void prepare(void *context)
{
    struct story *t = context;
    if (!t->before[0])
        return;
    struct store *s = must_open();
    for (unsigned i = 0; t->before[i]; i++)
        assert_int_equal(t->before[i](s), TROTH_OK);
    store_close(s);
}

static void run(void *context)
{
    struct story *t = context;
    struct store *s;
    char why[512];
    t->done = 0;
    t->failed = false;
    if (store_open(&s, powercut_path(), why, sizeof why) != TROTH_OK) {
        assert_true(powercut_happened());
        assert_true(why[0]);
        return;
    }
    while (t->changes[t->done] && !t->failed) {
        if (t->changes[t->done](s) == TROTH_OK)
            t->done++;
        else
            t->failed = true;
    }
    assert_true(!t->failed || (powercut_happened() && store_why(s)[0]));
    store_close(s);
}

static void recover(void *context)
{
    struct store *s;
    char why[512];
    (void)context;
    if (store_open(&s, powercut_path(), why, sizeof why) == TROTH_OK)
        store_close(s);
    else
        assert_true(powercut_happened());
}

static void check_sound(void)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open_v2(powercut_path(), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    if (strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
        fail_msg("%s: %s", powercut_where(), sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(db);
}

static void check(void *context)
{
    struct story *t = context;
    struct dump d;
    struct store *s = must_open();
    dump_store(s, &d);
    store_close(s);
    check_sound();
    t->checks++;
    if (strcmp(d.text, t->expected[t->done].text) == 0)
        t->older += t->failed;
    else if (t->failed && strcmp(d.text, t->expected[t->done + 1].text) == 0)
        t->newer++;
    else
        fail_msg("%s: after %u changes%s the store holds\n%sinstead of\n%s", powercut_where(),
                 t->done, t->failed ? " and a part of one" : "", d.text, t->expected[t->done].text);
}

static void tell(struct story *t)
{
    struct powercut_scenario scenario = {powercut_path(), prepare, run, check, recover, t};
    /* what there ought to be, from a run with good power */
    prepare(t);
    struct store *s = must_open();
    unsigned n = 0;
    for (dump_store(s, &t->expected[0]); t->changes[n]; n++) {
        assert_int_equal(t->changes[n](s), TROTH_OK);
        dump_store(s, &t->expected[n + 1]);
        assert_string_not_equal(t->expected[n].text, t->expected[n + 1].text);
    }
    store_close(s);

    unsigned operations = powercut_everywhere(&scenario, 8);
    print_message("%u changes, %u operations, %u checks; the one under way was lost %u and kept %u "
                  "times\n",
                  n, operations, t->checks, t->older, t->newer);
    assert_int_equal(t->done, n); /* the last run had no cut */
    assert_true(operations > 4 * n && t->older && t->newer);
}

static void a_pairing_on_a_new_device(void **state)
{
    (void)state;
    struct story t = {.changes = {put_local, put_keys, put_state}};
    tell(&t);
}

static void a_life_of_bonds(void **state)
{
    (void)state;
    struct story t = {
        .before = {put_local, put_keys, put_state},
        .changes = {put_state_again, pair_the_second, pair_again, remove_the_first},
    };
    tell(&t);
}

static int put_old_good(struct store *s)
{
    return put_blob(s, "good", 0x60, STORE_BLOB_MAX - 7);
}

static void a_provisioning_and_a_reset(void **state)
{
    (void)state;
    struct story t = {
        .before = {put_local, put_keys, put_state, put_old_good},
        .changes = {put_trial, put_good, delete_trial, erase_all, put_local},
    };
    tell(&t);
}

/* ---- the instrument itself ------------------------------------------------------------------ */

/*
 * A plain database with settings of its own: two numbers that always change together. What the
 * instrument finds with careless settings says that it would find it in the store.
 */
struct plain {
    const char *settings;
    int done;
    unsigned broken, mixed, forgotten;
};

static int plain_callback(void *to, int columns, char **values, char **names)
{
    (void)names;
    (void)columns;
    *(int *)to = values[0] ? atoi(values[0]) : -3;
    return 0;
}

static void plain_prepare(void *context)
{
    sqlite3 *db;
    (void)context;
    assert_int_equal(sqlite3_open(powercut_path(), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE a (n, pad); CREATE TABLE b (n, pad);"
                                  "INSERT INTO a VALUES (0, zeroblob(9000));"
                                  "INSERT INTO b VALUES (0, zeroblob(9000));",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

static void plain_run(void *context)
{
    struct plain *p = context;
    sqlite3 *db;
    p->done = 0;
    if (sqlite3_open(powercut_path(), &db) == SQLITE_OK &&
        sqlite3_exec(db, p->settings, NULL, NULL, NULL) == SQLITE_OK)
        while (p->done < 3 && sqlite3_exec(db,
                                           "BEGIN; UPDATE a SET n = n + 1, pad = randomblob(9000);"
                                           "UPDATE b SET n = n + 1, pad = randomblob(9000); COMMIT",
                                           NULL, NULL, NULL) == SQLITE_OK)
            p->done++;
    sqlite3_close(db);
}

static void plain_check(void *context)
{
    struct plain *p = context;
    sqlite3 *db;
    int a = -1, b = -2;
    assert_int_equal(sqlite3_open(powercut_path(), &db), SQLITE_OK);
    if (sqlite3_exec(db, "SELECT n, length(pad) FROM a", plain_callback, &a, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "SELECT n, length(pad) FROM b", plain_callback, &b, NULL) != SQLITE_OK)
        p->broken++;
    else if (a != b)
        p->mixed++;
    else if (a < p->done)
        p->forgotten++;
    sqlite3_close(db);
}

static struct plain plainly(const char *settings)
{
    struct plain p = {.settings = settings};
    struct powercut_scenario scenario = {powercut_path(), plain_prepare, plain_run,
                                         plain_check,     NULL,          &p};
    powercut_everywhere(&scenario, 8);
    print_message("%s: %u broken, %u mixed, %u forgotten\n", settings, p.broken, p.mixed,
                  p.forgotten);
    return p;
}

static void careless_settings_are_caught(void **state)
{
    (void)state;
    struct plain p = plainly("PRAGMA synchronous = OFF");
    assert_true(p.broken + p.mixed > 0 && p.forgotten > 0);
    p = plainly("PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL");
    assert_true(p.broken + p.mixed > 0);
    p = plainly("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL"); /* SQLite's own */
    assert_int_equal(p.broken + p.mixed, 0);
    assert_true(p.forgotten > 0);
    p = plainly("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA"); /* the store's */
    assert_int_equal(p.broken + p.mixed + p.forgotten, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pairing_on_a_new_device, powercut_folder,
                                        powercut_no_folder),
        cmocka_unit_test_setup_teardown(a_life_of_bonds, powercut_folder, powercut_no_folder),
        cmocka_unit_test_setup_teardown(a_provisioning_and_a_reset, powercut_folder,
                                        powercut_no_folder),
        cmocka_unit_test_setup_teardown(careless_settings_are_caught, powercut_folder,
                                        powercut_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
