/* A folder for a store, and what is looked for in it. */
#ifndef TESTS_PORT_STORE_BENCH_H
#define TESTS_PORT_STORE_BENCH_H

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

static inline int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/troth-store-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/store", directory);
    snprintf(journal, sizeof journal, "%s-journal", path);
    return 0;
}

static inline int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    unlink(journal);
    return rmdir(directory);
}

static inline struct store *must_open(void)
{
    struct store *s;
    int r = store_open(&s, path, why, sizeof why);
    if (r != TROTH_OK)
        fail_msg("store_open: %d: %s", r, why);
    assert_string_equal(why, "");
    return s;
}

static inline void assert_refused(int result, const char *words)
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

static inline void read_file(const char *name, struct contents *c)
{
    FILE *f = fopen(name, "rb");
    c->len = 0;
    if (!f)
        return;
    c->len = fread(c->b, 1, sizeof c->b, f);
    assert_true(c->len < sizeof c->b);
    fclose(f);
}

static inline void write_file(const char *name, const void *b, size_t len)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(name, 0600), 0);
}

static inline void assert_contents(const struct contents *want)
{
    struct contents got;
    read_file(path, &got);
    assert_int_equal(got.len, want->len);
    assert_memory_equal(got.b, want->b, got.len);
}

static inline mode_t mode_of(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

static inline void sql(const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- records of no meaning; the store does not look inside ---- */

static const struct troth_addr phone = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
static const struct troth_addr same_but_random = {TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 6}};

static inline int put(struct store *s, const struct troth_addr *who, enum troth_record kind,
                      uint8_t fill, size_t len)
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

static inline void assert_list(struct store *s, const char *want)
{
    struct list l = {.calls = 0};
    assert_int_equal(store_each(s, list_one, &l), TROTH_OK);
    assert_string_equal(l.text, want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

#endif
