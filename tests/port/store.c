/* The Linux store: whose file it takes, what it keeps, what it says. */
#include "ports/linux/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sqlite3.h>
#include <cmocka.h>

static char directory[64], path[96], journal[128], why[512];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/troth-store-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/store", directory);
    snprintf(journal, sizeof journal, "%s-journal", path);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    unlink(journal);
    return rmdir(directory);
}

static struct store *must_open(void)
{
    struct store *s;
    int r = store_open(&s, path, why, sizeof why);
    if (r != TROTH_OK)
        fail_msg("store_open: %d: %s", r, why);
    assert_string_equal(why, "");
    return s;
}

static void assert_refused(int result, const char *words)
{
    struct store *s;
    memset(why, 'x', sizeof why);
    assert_int_equal(store_open(&s, path, why, sizeof why), result);
    assert_null(s);
    assert_non_null(memchr(why, 0, sizeof why));
    if (!strstr(why, words) || !strstr(why, path))
        fail_msg("'%s' does not say '%s' of %s", why, words, path);
}

struct contents {
    uint8_t b[65536];
    size_t len;
};

static void read_file(const char *name, struct contents *c)
{
    FILE *f = fopen(name, "rb");
    c->len = 0;
    if (!f)
        return;
    c->len = fread(c->b, 1, sizeof c->b, f);
    assert_true(c->len < sizeof c->b);
    fclose(f);
}

static void write_file(const char *name, const void *b, size_t len)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(name, 0600), 0);
}

static void assert_contents(const struct contents *want)
{
    struct contents got;
    read_file(path, &got);
    assert_int_equal(got.len, want->len);
    assert_memory_equal(got.b, want->b, got.len);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void sql(const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- records of no meaning; the store does not look inside ---------------------------------- */

static const struct troth_addr phone = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
static const struct troth_addr same_but_random = {TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 6}};

static int put(struct store *s, const struct troth_addr *who, enum troth_record kind, uint8_t fill,
               size_t len)
{
    uint8_t b[TROTH_RECORD_MAX + 1];
    memset(b, fill, sizeof b);
    return store_put(s, who, kind, b, len);
}

/* "local/3=aa*10 p/1=..." in the order they come. */
struct list {
    char text[512];
    int stop_after, calls;
    struct store *reenter;
};

static int list_one(void *context, const struct troth_addr *who, int kind, const uint8_t *rec,
                    size_t len)
{
    struct list *l = context;
    size_t at = strlen(l->text);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(rec[i], rec[0]);
    if (who)
        assert_memory_equal(who->b, phone.b, 6);
    snprintf(l->text + at, sizeof l->text - at, "%s/%d=%02x*%zu ",
             !who                             ? "local"
             : who->type == TROTH_ADDR_PUBLIC ? "public"
                                              : "random",
             kind, rec[0], len);
    if (l->reenter)
        assert_int_equal(store_delete(l->reenter, who), l->calls % 2 ? TROTH_NOT_FOUND : TROTH_OK);
    return ++l->calls == l->stop_after ? 42 : 0;
}

static void assert_list(struct store *s, const char *want)
{
    struct list l = {.calls = 0};
    assert_int_equal(store_each(s, list_one, &l), TROTH_OK);
    assert_string_equal(l.text, want);
}

/* ---- the file ------------------------------------------------------------------------------- */

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

/*
 * Another process, made before this one opens anything, since an open SQLite database does not
 * survive a fork. It waits for `let_go`.
 */
static int gate[2];
static pid_t neighbour(int (*work)(void))
{
    assert_int_equal(pipe(gate), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char c;
        _exit(read(gate[0], &c, 1) == 1 ? work() : 99);
    }
    return child;
}

static void let_go(void)
{
    assert_int_equal(write(gate[1], "", 1), 1);
}

static void assert_ended_well(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(gate[0]);
    close(gate[1]);
}

static int find_it_in_use(void)
{
    struct store *s;
    int opened = store_open(&s, path, why, sizeof why);
    int r = opened == TROTH_OK ? put(s, &phone, TROTH_RECORD_KEYS, 9, 1) : TROTH_FAILED;
    store_close(s);
    return r != TROTH_BUSY;
}

static void two_at_once(void **state)
{
    (void)state;
    pid_t child = neighbour(find_it_in_use);
    struct store *a = must_open(), *b = must_open();
    assert_int_equal(put(a, &phone, TROTH_RECORD_KEYS, 1, 1), TROTH_OK);
    assert_list(b, "public/1=01*1 ");
    assert_int_equal(store_begin(a), TROTH_OK);
    assert_int_equal(put(a, &phone, TROTH_RECORD_KEYS, 2, 1), TROTH_OK);
    assert_list(b, "public/1=01*1 "); /* reading goes on */
    assert_int_equal(put(b, &phone, TROTH_RECORD_STATE, 3, 1), TROTH_BUSY);
    assert_non_null(strstr(store_why(b), "in use"));
    assert_int_equal(store_begin(b), TROTH_BUSY);
    assert_int_equal(store_commit(b), TROTH_STATE);
    assert_int_equal(store_commit(a), TROTH_OK);
    assert_int_equal(put(b, &phone, TROTH_RECORD_STATE, 3, 1), TROTH_OK);
    assert_list(a, "public/1=02*1 public/2=03*1 ");
    store_close(b);
    assert_int_equal(store_begin(a), TROTH_OK);
    assert_int_equal(put(a, &phone, TROTH_RECORD_KEYS, 4, 1), TROTH_OK);
    b = must_open(); /* opening beside a change under way */
    assert_list(b, "public/1=02*1 public/2=03*1 ");
    store_close(b); /* must not let go of a's lock */
    let_go();
    assert_ended_well(child);
    assert_int_equal(store_commit(a), TROTH_OK);
    assert_list(a, "public/1=04*1 public/2=03*1 ");
    store_close(a);
}

static int open_and_put(void)
{
    struct store *s;
    int r = store_open(&s, path, why, sizeof why);
    if (r == TROTH_OK)
        r = put(s, &phone, TROTH_RECORD_KEYS, 1, 1);
    else
        fprintf(stderr, "%d: %s\n", r, why);
    store_close(s);
    return r != TROTH_OK;
}

/* One process finds the file empty and then has to wait while another makes the tables. */
static void the_tables_are_made_once(void **state)
{
    (void)state;
    struct contents made;
    sqlite3 *db;
    pid_t child = neighbour(open_and_put);
    store_close(must_open());
    read_file(path, &made);
    write_file(path, "", 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    let_go();
    usleep(300 * 1000); /* it waits now; if it is late, this shows less and still holds */
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fwrite(made.b, 1, made.len, f), made.len);
    fflush(f); /* not closed: that would drop our lock */
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    fclose(f);
    assert_ended_well(child);
    struct store *s = must_open();
    assert_list(s, "public/1=01*1 ");
    store_close(s);
}

/* All make the file at once, and all write to it. */
static void many_processes(void **state)
{
    (void)state;
    enum { CHILDREN = 4, EACH = 5 };
    pid_t child[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            struct store *s;
            char name[24];
            int r = store_open(&s, path, why, sizeof why);
            for (int n = 0; r == TROTH_OK && n < EACH; n++) {
                snprintf(name, sizeof name, "%d-%d", i, n);
                r = store_blob_put(s, name, (const uint8_t *)name, strlen(name));
                if (r == TROTH_BUSY) /* a slow disk; try once more */
                    r = store_blob_put(s, name, (const uint8_t *)name, strlen(name));
            }
            if (r != TROTH_OK)
                fprintf(stderr, "%d: %s\n", r, s ? store_why(s) : why);
            store_close(s);
            _exit(r == TROTH_OK ? 0 : 1);
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    struct store *s = must_open();
    for (int i = 0; i < CHILDREN * EACH; i++) {
        char name[24], got[24];
        size_t len;
        snprintf(name, sizeof name, "%d-%d", i / EACH, i % EACH);
        assert_int_equal(store_blob_get(s, name, (uint8_t *)got, sizeof got, &len), TROTH_OK);
        assert_memory_equal(got, name, len);
    }
    store_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_its_owner_can_read_it),
        TEST(a_file_others_could_read_is_closed_to_them),
        TEST(a_path_that_cannot_be),
        TEST(a_link_to_a_file),
        TEST(someone_elses_directory),
        TEST(what_is_no_store_is_left_alone),
        TEST(an_empty_file_becomes_a_store),
        TEST(a_store_from_the_future_is_left_alone),
        TEST(a_damaged_store_is_left_alone),
        TEST(records),
        TEST(a_walk_may_end_and_may_change_the_store),
        TEST(blobs),
        TEST(clearing),
        TEST(a_group_is_all_or_nothing),
        TEST(what_was_removed_does_not_linger),
        TEST(a_full_disk_changes_nothing),
        TEST(two_at_once),
        TEST(the_tables_are_made_once),
        TEST(many_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
