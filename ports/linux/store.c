#include "ports/linux/store.h"

#include "base/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION 0x54727468 /* "Trth" in the file's header: this file is ours */
#define FORMAT      1          /* of the tables; what a record holds has its own version */
#define WAIT_MS     2000

struct store {
    sqlite3 *db;
    char *path;
    int lock;     /* of store_lock; -1: none */
    bool grouped; /* between store_begin and store_commit */
    bool broken;  /* a change of the group failed; means nothing outside of one */
    char why[512];
};

/* ---- what went wrong, for people ------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static int refuse(struct store *s, int result,
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->why, sizeof s->why, format, args);
    va_end(args);
    return result;
}

static int damaged(struct store *s)
{
    return refuse(s, TROTH_INVALID,
                  "%s is damaged and was left as it is: put a copy back, or move it away and pair "
                  "every device again",
                  s->path);
}

static int no_store(struct store *s)
{
    return refuse(s, TROTH_INVALID,
                  "%s is not a store of troth, or it is damaged, and was left as it is: choose "
                  "another path, or put a copy back",
                  s->path);
}

static int said_no(struct store *s, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return refuse(s, TROTH_BUSY, "%s is in use by another program: try again when it is done",
                      s->path);
    case SQLITE_CORRUPT:
        return damaged(s);
    case SQLITE_NOTADB:
        return no_store(s);
    case SQLITE_FULL:
        return refuse(s, TROTH_FAILED, "no room to write %s: free some of its disk and try again",
                      s->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return refuse(s, TROTH_FAILED,
                      "%s cannot be written: check who owns it and its directory, and that the "
                      "disk is mounted for writing",
                      s->path);
    case SQLITE_IOERR:
        return refuse(s, TROTH_FAILED, "the disk failed to read or write %s: check the disk",
                      s->path);
    default:
        return refuse(s, TROTH_FAILED, "%s: %s", s->path, sqlite3_errstr(rc));
    }
}

/* ---- statements ----------------------------------------------------------------------------- */

struct bind {
    const void *bytes; /* NULL: the number; text when len is -1 */
    int len;
    int number;
};

static int prepare(struct store *s, sqlite3_stmt **st, const char *sql, const struct bind *b, int n)
{
    int rc = sqlite3_prepare_v2(s->db, sql, -1, st, NULL);
    for (int i = 0; rc == SQLITE_OK && i < n; i++)
        rc = !b[i].bytes     ? sqlite3_bind_int(*st, i + 1, b[i].number)
             : b[i].len < 0  ? sqlite3_bind_text(*st, i + 1, b[i].bytes, -1, SQLITE_STATIC)
             : b[i].len == 0 ? sqlite3_bind_zeroblob(*st, i + 1, 0)
                             : sqlite3_bind_blob(*st, i + 1, b[i].bytes, b[i].len, SQLITE_STATIC);
    return rc;
}

static int run(struct store *s, const char *sql, const struct bind *b, int n)
{
    sqlite3_stmt *st = NULL;
    int rc = prepare(s, &st, sql, b, n);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(st)) == SQLITE_ROW)
            ;
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? TROTH_OK : said_no(s, rc);
}

/* The first column of the first row, as a number; a SQLite code. */
static int ask_number(struct store *s, const char *sql, int *number)
{
    sqlite3_stmt *st = NULL;
    int rc = prepare(s, &st, sql, NULL, 0);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        *number = sqlite3_column_int(st, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc;
}

/* The first column of the first row is this word; a SQLite code. */
static int ask_word(struct store *s, const char *sql, const char *word, bool *same)
{
    sqlite3_stmt *st = NULL;
    int rc = prepare(s, &st, sql, NULL, 0);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *got = (const char *)sqlite3_column_text(st, 0);
        *same = got && strcmp(got, word) == 0;
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc;
}

/* A change outside a group is its own group, so that no half of it can ever be seen. */
static int change_begin(struct store *s)
{
    if (s->grouped)
        return s->broken ? refuse(s, TROTH_FAILED, "an earlier part of this change failed")
                         : TROTH_OK;
    return run(s, "BEGIN IMMEDIATE", NULL, 0);
}

static int change_end(struct store *s, int result)
{
    if (s->grouped) {
        s->broken |= result != TROTH_OK;
        return result;
    }
    if (result == TROTH_OK)
        result = run(s, "COMMIT", NULL, 0);
    /* A failed COMMIT may leave the transaction open, some errors end it by themselves. */
    if (result != TROTH_OK && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

static int change(struct store *s, const char *sql, const struct bind *b, int n)
{
    int result = change_begin(s);
    if (result != TROTH_OK)
        return result;
    return change_end(s, run(s, sql, b, n));
}

/* As change; TROTH_NOT_FOUND when nothing was deleted, which is no failure. */
static int delete_some(struct store *s, const char *sql, const struct bind *b, int n,
                       const char *what)
{
    int result = change_begin(s);
    if (result != TROTH_OK)
        return result;
    result = run(s, sql, b, n);
    int gone = result == TROTH_OK ? sqlite3_changes(s->db) : 0;
    result = change_end(s, result);
    if (result == TROTH_OK && gone == 0)
        return refuse(s, TROTH_NOT_FOUND, "there is no such %s in %s", what, s->path);
    return result;
}

/* ---- opening -------------------------------------------------------------------------------- */

static void sync_directory(const char *path)
{
    char *copy = strdup(path);
    char *slash = copy ? strrchr(copy, '/') : NULL;
    if (slash)
        slash[slash == copy] = 0;
    int fd = copy ? open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

/* SQLite's own files beside ours hold pages with keys. */
static int mend_beside(const char *path)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *name = sqlite3_mprintf("%s%s", path, suffixes[i]);
        struct stat st;
        bool failed = !name || (stat(name, &st) == 0 && (st.st_mode & 077) && chmod(name, 0600));
        sqlite3_free(name);
        if (failed)
            return -1;
    }
    return 0;
}

/*
 * The file exists, is a file, and is its owner's alone. It is looked at without being opened:
 * closing any descriptor of it would drop the locks another store of this process holds.
 */
static int claim_file(struct store *s)
{
    struct stat st;
    int fd = open(s->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        int failed = fchmod(fd, 0600); /* a umask may have taken the owner's bits too */
        close(fd);
        sync_directory(s->path);
        return failed ? refuse(s, TROTH_FAILED, "cannot set the mode of %s: %s", s->path,
                               strerror(errno))
                      : TROTH_OK;
    }
    if (errno == ENOENT || errno == ENOTDIR)
        return refuse(s, TROTH_FAILED,
                      "the directory of %s does not exist: make it, with mode 0700, or choose "
                      "another path",
                      s->path);
    if (errno != EEXIST)
        return refuse(s, TROTH_FAILED, "cannot make %s: %s", s->path, strerror(errno));
    if (stat(s->path, &st) != 0)
        return refuse(s, TROTH_FAILED, "cannot reach %s: %s", s->path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(s, TROTH_INVALID, "%s is not a file: choose another path", s->path);
    if (st.st_size == 1) /* which SQLite takes for an empty one */
        return no_store(s);
    if (access(s->path, R_OK | W_OK) != 0)
        return refuse(s, TROTH_FAILED,
                      "%s cannot be read and written: run as its owner, or change its owner",
                      s->path);
    return TROTH_OK;
}

/* After the file proved to be ours: nobody else's file is touched. */
static int close_to_others(struct store *s, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || (st.st_mode & 077) == 0)
        return TROTH_OK;
    if (mend_beside(path) != 0)
        return refuse(s, TROTH_FAILED, "others can read the keys in %s: run chmod 600 on it",
                      s->path);
    refuse(s, TROTH_OK,
           "others could read the keys in %s and no longer can: if someone may have, remove the "
           "bonds and pair again",
           s->path);
    return TROTH_OK;
}

/*
 * Rollback journal, not WAL: one file to copy or remove, no shared memory, nothing left to fold in
 * after the power went, and no old keys lying in a log. TRUNCATE and EXTRA: the journal's end, which
 * is the commit, is synced before COMMIT returns, so it cannot be undone later (DELETE with FULL
 * leaves that to the directory). tests/port/powercut.c holds this to be so.
 */
static const char setup[] = "PRAGMA secure_delete = ON;"
                            "PRAGMA synchronous = EXTRA;"
                            "PRAGMA temp_store = MEMORY;"
                            "PRAGMA trusted_schema = OFF;"
                            "PRAGMA cell_size_check = ON;";

/* identity: type and six octets, as in a record; empty for our own. */
static const char schema[] =
    "CREATE TABLE record (identity BLOB NOT NULL CHECK (length(identity) IN (0, 7)),"
    " kind INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (identity, kind))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE blob (name TEXT NOT NULL PRIMARY KEY, bytes BLOB NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 0x54727468;"
    "PRAGMA user_version = 1;";
_Static_assert(APPLICATION == 0x54727468 && FORMAT == 1, "the two pragmas of the schema");

/* Whose file it is. *fresh: nobody's yet. */
static int identify(struct store *s, bool *fresh)
{
    int application = 0, format = 0, tables = 0;
    int rc = ask_number(s, "PRAGMA application_id", &application);
    if (rc == SQLITE_OK)
        rc = ask_number(s, "PRAGMA user_version", &format);
    if (rc == SQLITE_OK)
        rc = ask_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rc != SQLITE_OK)
        return said_no(s, rc);
    *fresh = application == 0 && format == 0 && tables == 0;
    if (*fresh)
        return TROTH_OK;
    if (application != APPLICATION)
        return refuse(s, TROTH_INVALID,
                      "%s belongs to another program and was left as it is: choose another path",
                      s->path);
    if (format > FORMAT)
        return refuse(s, TROTH_UNSUPPORTED,
                      "%s was written by a newer troth (format %d, this one knows %d): update "
                      "troth, or choose another path",
                      s->path, format, FORMAT);
    return format == FORMAT ? TROTH_OK : damaged(s);
}

/* Reads in one transaction, since another process may be making the tables this moment. */
static int inspect(struct store *s, bool *fresh)
{
    bool sound = false;
    int result = run(s, "BEGIN", NULL, 0);
    if (result != TROTH_OK)
        return result;
    result = identify(s, fresh);
    if (result == TROTH_OK) {
        int rc = ask_word(s, "PRAGMA quick_check(1)", "ok", &sound);
        if (rc != SQLITE_OK)
            result = said_no(s, rc);
        else if (!sound)
            result = damaged(s);
    }
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

static int make_tables(struct store *s)
{
    bool fresh = false;
    int result = change_begin(s);
    if (result != TROTH_OK)
        return result;
    result = identify(s, &fresh); /* another process may have been here first */
    if (result == TROTH_OK && fresh) {
        int rc = sqlite3_exec(s->db, schema, NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            result = said_no(s, rc);
    }
    return change_end(s, result);
}

static int open_database(struct store *s, const char *path)
{
    bool fresh = false, truncate = false;
    int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_extended_result_codes(s->db, 1);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(s->db, WAIT_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, setup, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return said_no(s, rc);

    int result = inspect(s, &fresh);
    if (result != TROTH_OK)
        return result;
    rc = ask_word(s, "PRAGMA journal_mode = TRUNCATE", "truncate", &truncate);
    if (rc != SQLITE_OK)
        return said_no(s, rc);
    if (!truncate)
        return refuse(s, TROTH_FAILED, "%s: this SQLite cannot keep a rollback journal", s->path);
    if (fresh)
        result = make_tables(s);
    return result == TROTH_OK ? close_to_others(s, path) : result;
}

int store_open(struct store **out, const char *path, char *why, size_t why_cap)
{
    struct store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s) {
        s->lock = -1;
        s->path = strdup(path);
    }
    if (!s || !s->path) {
        free(s);
        snprintf(why, why_cap, "out of memory");
        return TROTH_FAILED;
    }
    int result = claim_file(s);
    if (result == TROTH_OK) {
        char *real = realpath(path, NULL);
        result = real ? open_database(s, real)
                      : refuse(s, TROTH_FAILED, "cannot reach %s: %s", path, strerror(errno));
        free(real);
    }
    snprintf(why, why_cap, "%s", s->why);
    if (result == TROTH_OK) {
        s->why[0] = 0;
        *out = s;
    } else {
        store_close(s);
    }
    return result;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db); /* every statement is finalized, so this cannot refuse */
    if (s->lock >= 0)     /* after it: closing drops SQLite's locks too */
        close(s->lock);
    free(s->path);
    free(s);
}

/* flock and SQLite's locks do not see each other, and the kernel ends it with the process. */
int store_lock(struct store *s)
{
    if (s->lock >= 0)
        return TROTH_OK;
    int fd = open(s->path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        s->lock = fd;
        return TROTH_OK;
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (error == EWOULDBLOCK)
        return refuse(s, TROTH_BUSY, "%s is in use by another program, which keeps it", s->path);
    return refuse(s, TROTH_FAILED, "cannot lock %s: %s", s->path, strerror(error));
}

const char *store_why(const struct store *s)
{
    return s->why;
}

/* ---- records -------------------------------------------------------------------------------- */

static struct bind bind_identity(uint8_t name[7], const struct troth_addr *identity)
{
    name[0] = identity ? identity->type : 0;
    if (identity)
        memcpy(name + 1, identity->b, 6);
    return (struct bind){name, identity ? 7 : 0, 0};
}

int store_put(struct store *s, const struct troth_addr *identity, enum troth_record kind,
              const uint8_t *rec, size_t len)
{
    uint8_t name[7];
    if ((kind == TROTH_RECORD_LOCAL) != !identity || kind < TROTH_RECORD_KEYS ||
        kind > TROTH_RECORD_LOCAL || len == 0 || len > TROTH_RECORD_MAX) {
        s->broken = true;
        return refuse(s, TROTH_INVALID, "this is no record of that kind");
    }
    const struct bind b[] = {
        bind_identity(name, identity), {NULL, 0, (int)kind}, {rec, (int)len, 0}};
    return change(s, "INSERT OR REPLACE INTO record VALUES (?, ?, ?)", b, 3);
}

int store_delete(struct store *s, const struct troth_addr *identity)
{
    uint8_t name[7];
    const struct bind b[] = {bind_identity(name, identity)};
    return delete_some(s, "DELETE FROM record WHERE identity = ?", b, 1, "bond");
}

struct row {
    uint8_t identity[7];
    bool local;
    int kind;
    size_t len;
    uint8_t bytes[TROTH_RECORD_MAX];
};

/* All rows; *rows is the caller's, even after a failure. */
static int take_rows(struct store *s, struct row **rows, size_t *count)
{
    sqlite3_stmt *st = NULL;
    int rc = prepare(s, &st,
                     "SELECT identity, kind, bytes, count(*) OVER () FROM record"
                     " ORDER BY identity, kind",
                     NULL, 0);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        int name = sqlite3_column_bytes(st, 0), len = sqlite3_column_bytes(st, 2);
        rc = SQLITE_OK;
        if (!*rows)
            *rows = calloc((size_t)sqlite3_column_int(st, 3), sizeof **rows);
        if (!*rows) {
            rc = SQLITE_NOMEM;
        } else if ((name != 0 && name != 7) || len < 1 || len > TROTH_RECORD_MAX) {
            rc = SQLITE_CORRUPT;
        } else {
            struct row *row = &(*rows)[(*count)++];
            row->local = name == 0;
            if (name)
                memcpy(row->identity, sqlite3_column_blob(st, 0), 7);
            row->kind = sqlite3_column_int(st, 1);
            row->len = (size_t)len;
            memcpy(row->bytes, sqlite3_column_blob(st, 2), row->len);
        }
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? TROTH_OK : said_no(s, rc);
}

int store_each(struct store *s,
               int (*fn)(void *context, const struct troth_addr *identity, int kind,
                         const uint8_t *rec, size_t len),
               void *context)
{
    struct row *rows = NULL;
    size_t count = 0;
    int result = take_rows(s, &rows, &count);
    for (size_t i = 0; result == TROTH_OK && i < count; i++) {
        const struct row *row = &rows[i];
        struct troth_addr a = {.type = row->identity[0]};
        memcpy(a.b, row->identity + 1, 6);
        result = fn(context, row->local ? NULL : &a, row->kind, row->bytes, row->len);
    }
    if (rows)
        wipe(rows, count * sizeof *rows);
    free(rows);
    return result;
}

/* ---- named bytes ---------------------------------------------------------------------------- */

static bool name_fits(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= STORE_NAME_MAX;
}

int store_blob_put(struct store *s, const char *name, const uint8_t *bytes, size_t len)
{
    static const uint8_t none;
    if (!name_fits(name) || len > STORE_BLOB_MAX) {
        s->broken = true;
        return refuse(s, TROTH_INVALID, "the name or the contents of '%.*s' are too long",
                      STORE_NAME_MAX, name);
    }
    const struct bind b[] = {{name, -1, 0}, {len ? bytes : &none, (int)len, 0}};
    return change(s, "INSERT OR REPLACE INTO blob VALUES (?, ?)", b, 2);
}

int store_blob_get(struct store *s, const char *name, uint8_t *out, size_t cap, size_t *len)
{
    sqlite3_stmt *st = NULL;
    int result;

    *len = 0;
    if (!name_fits(name))
        return refuse(s, TROTH_INVALID, "'%.*s' is no name", STORE_NAME_MAX, name);
    const struct bind b[] = {{name, -1, 0}};
    int rc = prepare(s, &st, "SELECT bytes FROM blob WHERE name = ?", b, 1);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_DONE) {
        result = refuse(s, TROTH_NOT_FOUND, "there is no '%s' in %s", name, s->path);
    } else if (rc != SQLITE_ROW) {
        result = said_no(s, rc);
    } else {
        *len = (size_t)sqlite3_column_bytes(st, 0);
        result =
            *len <= cap ? TROTH_OK : refuse(s, TROTH_FULL, "'%s' is longer than expected", name);
        if (result == TROTH_OK && *len)
            memcpy(out, sqlite3_column_blob(st, 0), *len);
    }
    sqlite3_finalize(st);
    return result;
}

int store_blob_delete(struct store *s, const char *name)
{
    const struct bind b[] = {{name, -1, 0}};
    if (!name_fits(name)) {
        s->broken = true;
        return refuse(s, TROTH_INVALID, "'%.*s' is no name", STORE_NAME_MAX, name);
    }
    return delete_some(s, "DELETE FROM blob WHERE name = ?", b, 1, "entry");
}

/* ---- several at once ------------------------------------------------------------------------ */

int store_clear(struct store *s, unsigned what)
{
    int result = change_begin(s);
    if (result != TROTH_OK)
        return result;
    if (what & STORE_BONDS)
        result = run(s, "DELETE FROM record WHERE length(identity) > 0", NULL, 0);
    if (result == TROTH_OK && what & STORE_LOCAL)
        result = run(s, "DELETE FROM record WHERE length(identity) = 0", NULL, 0);
    if (result == TROTH_OK && what & STORE_BLOBS)
        result = run(s, "DELETE FROM blob", NULL, 0);
    return change_end(s, result);
}

int store_begin(struct store *s)
{
    if (s->grouped)
        return TROTH_STATE;
    int result = run(s, "BEGIN IMMEDIATE", NULL, 0);
    if (result == TROTH_OK) {
        s->grouped = true;
        s->broken = false;
    }
    return result;
}

int store_commit(struct store *s)
{
    if (!s->grouped)
        return TROTH_STATE;
    s->grouped = false;
    if (!s->broken)
        return change_end(s, TROTH_OK);
    change_end(s, TROTH_FAILED);
    return TROTH_FAILED;
}

int store_rollback(struct store *s)
{
    if (!s->grouped)
        return TROTH_STATE;
    s->grouped = false;
    change_end(s, TROTH_FAILED);
    return TROTH_OK;
}
