/* The Linux store: several who have it open, in one process and in many. */
#include "port/store_bench.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_at_once),
        TEST(the_tables_are_made_once),
        TEST(many_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
