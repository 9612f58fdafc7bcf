#include "support/powercut_vfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sqlite3.h>
#include <cmocka.h>

#define FILES 6

/* ---- what the disk has, and what is on its way ---------------------------------------------- */

struct image {
    bool exists;
    uint8_t *bytes;
    size_t len;
};

enum kind { CREATE, WRITE, TRUNCATE, DELETE };

struct flight {
    enum kind kind;
    unsigned operation;
    size_t offset, len; /* TRUNCATE: the size is offset */
    uint8_t *bytes;
};

struct file {
    char path[512];
    struct image disk;
    struct flight *flights;
    size_t count, room;
};

static struct {
    sqlite3_vfs vfs, *under;
    bool registered, happened;
    char prefix[400];
    unsigned operation, cut;
    struct file files[FILES];
    unsigned used;
    char where[160];
} pc;

/* xorshift: the same seed is the same disk. */
static uint32_t seed_state;
static size_t sector_size; /* 512 or 4096, by the seed */
static uint32_t draw(uint32_t below)
{
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 17;
    seed_state ^= seed_state << 5;
    return seed_state % below;
}

static void *must(void *p)
{
    assert_non_null(p);
    return p;
}

static struct image read_image(const char *path)
{
    struct image i = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        return i;
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long n = ftell(f);
    assert_true(n >= 0);
    rewind(f);
    i.exists = true;
    i.len = (size_t)n;
    i.bytes = must(malloc(i.len + 1));
    assert_int_equal(fread(i.bytes, 1, i.len, f), i.len);
    fclose(f);
    return i;
}

static void write_image(const char *path, const struct image *i)
{
    if (!i->exists) {
        unlink(path);
        return;
    }
    FILE *f = must(fopen(path, "wb"));
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_int_equal(fwrite(i->bytes, 1, i->len, f), i->len);
    assert_int_equal(fclose(f), 0);
}

static void resize(struct image *i, size_t len, bool garbage)
{
    if (len > i->len) {
        i->bytes = must(realloc(i->bytes, len + 1));
        for (size_t at = i->len; at < len; at++)
            i->bytes[at] = garbage ? (uint8_t)draw(256) : 0;
    }
    i->len = len;
}

static void put(struct image *i, const struct flight *f)
{
    if (f->offset + f->len > i->len)
        resize(i, f->offset + f->len, false);
    memcpy(i->bytes + f->offset, f->bytes, f->len);
}

/*
 * Some sectors land, some do not, some are torn, and a torn sector is garbage as a whole: a device
 * gives no promise about the rest of what it was writing.
 */
static void put_in_part(struct image *i, const struct flight *f)
{
    size_t end = f->offset + f->len;
    if (end > i->len) {
        if (draw(4) == 0)
            return; /* not even the new size */
        resize(i, end, draw(2));
    }
    for (size_t at = f->offset; at < end;) {
        size_t next = (at / sector_size + 1) * sector_size, n = (next < end ? next : end) - at;
        uint32_t fate = draw(8);
        if (fate < 4) {
            memcpy(i->bytes + at, f->bytes + (at - f->offset), n);
        } else if (fate == 4) {
            size_t sector = at / sector_size * sector_size;
            for (size_t x = sector; x < next && x < i->len; x++)
                i->bytes[x] = (uint8_t)draw(256);
        } else if (fate == 5) {
            memcpy(i->bytes + at, f->bytes + (at - f->offset), draw((uint32_t)n));
        }
        at += n;
    }
}

static void apply(struct image *i, const struct flight *f, bool in_part)
{
    switch (f->kind) {
    case CREATE:
        i->exists = true;
        break;
    case DELETE:
        i->exists = false;
        i->len = 0;
        break;
    case TRUNCATE:
        resize(i, f->offset, in_part);
        break;
    case WRITE:
        if (in_part)
            put_in_part(i, f);
        else
            put(i, f);
        break;
    }
}

static void forget_flights(struct file *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->flights[i].bytes);
    f->count = 0;
}

static void forget_files(void)
{
    for (unsigned i = 0; i < pc.used; i++) {
        forget_flights(&pc.files[i]);
        free(pc.files[i].flights);
        free(pc.files[i].disk.bytes);
    }
    memset(pc.files, 0, sizeof pc.files);
    pc.used = 0;
}

static struct file *find_file(const char *path)
{
    for (unsigned i = 0; i < pc.used; i++)
        if (strcmp(pc.files[i].path, path) == 0)
            return &pc.files[i];
    return NULL;
}

static struct file *know_file(const char *path)
{
    struct file *f = find_file(path);
    if (!f) {
        assert_true(pc.used < FILES && strlen(path) < sizeof f->path);
        f = &pc.files[pc.used++];
        strcpy(f->path, path);
        f->disk = read_image(path);
    }
    return f;
}

/* Counts it, and notes what it puts in flight: also of the one the power goes at. False: it is gone. */
static bool operation(struct file *f, enum kind kind, const void *bytes, size_t offset, size_t len)
{
    if (pc.happened)
        return false;
    pc.operation++;
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 16;
        f->flights = must(realloc(f->flights, f->room * sizeof *f->flights));
    }
    struct flight *flight = &f->flights[f->count++];
    *flight = (struct flight){kind, pc.operation, offset, len, NULL};
    if (bytes) {
        flight->bytes = must(malloc(len + 1));
        memcpy(flight->bytes, bytes, len);
    }
    pc.happened = pc.operation == pc.cut;
    return !pc.happened;
}

static void settle(struct file *f)
{
    for (size_t i = 0; i < f->count; i++)
        apply(&f->disk, &f->flights[i], false);
    forget_flights(f);
}

/* ---- the VFS -------------------------------------------------------------------------------- */

struct handle {
    sqlite3_file base;
    struct file *file; /* NULL: none of ours */
    sqlite3_file *real;
};

#define REAL(h)      (((struct handle *)(h))->real)
#define PASS(h, ...) (REAL(h)->pMethods->__VA_ARGS__)

static int pc_close(sqlite3_file *h)
{
    return PASS(h, xClose(REAL(h)));
}

static int pc_read(sqlite3_file *h, void *to, int n, sqlite3_int64 at)
{
    return pc.happened ? SQLITE_IOERR_READ : PASS(h, xRead(REAL(h), to, n, at));
}

static int pc_write(sqlite3_file *h, const void *from, int n, sqlite3_int64 at)
{
    struct handle *x = (struct handle *)h;
    if (x->file && !operation(x->file, WRITE, from, (size_t)at, (size_t)n))
        return SQLITE_IOERR_WRITE;
    return PASS(h, xWrite(REAL(h), from, n, at));
}

static int pc_truncate(sqlite3_file *h, sqlite3_int64 size)
{
    struct handle *x = (struct handle *)h;
    if (x->file && !operation(x->file, TRUNCATE, NULL, (size_t)size, 0))
        return SQLITE_IOERR_TRUNCATE;
    return PASS(h, xTruncate(REAL(h), size));
}

/* The real file is never synced: it only plays the page cache. */
static int pc_sync(sqlite3_file *h, int flags)
{
    struct handle *x = (struct handle *)h;
    (void)flags;
    if (!x->file)
        return SQLITE_OK;
    if (pc.happened || ++pc.operation == pc.cut) {
        pc.happened = true;
        return SQLITE_IOERR_FSYNC;
    }
    settle(x->file);
    return SQLITE_OK;
}

static int pc_size(sqlite3_file *h, sqlite3_int64 *size)
{
    return pc.happened ? SQLITE_IOERR_FSTAT : PASS(h, xFileSize(REAL(h), size));
}

static int pc_lock(sqlite3_file *h, int level)
{
    return PASS(h, xLock(REAL(h), level));
}
static int pc_unlock(sqlite3_file *h, int level)
{
    return PASS(h, xUnlock(REAL(h), level));
}
static int pc_reserved(sqlite3_file *h, int *out)
{
    return PASS(h, xCheckReservedLock(REAL(h), out));
}
static int pc_control(sqlite3_file *h, int op, void *arg)
{
    return PASS(h, xFileControl(REAL(h), op, arg));
}
static int pc_sector(sqlite3_file *h)
{
    return PASS(h, xSectorSize(REAL(h)));
}
static int pc_device(sqlite3_file *h)
{
    return PASS(h, xDeviceCharacteristics(REAL(h)));
}

/* Version 1: no shared memory and no mapped files, which would write behind our back. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = pc_close,
    .xRead = pc_read,
    .xWrite = pc_write,
    .xTruncate = pc_truncate,
    .xSync = pc_sync,
    .xFileSize = pc_size,
    .xLock = pc_lock,
    .xUnlock = pc_unlock,
    .xCheckReservedLock = pc_reserved,
    .xFileControl = pc_control,
    .xSectorSize = pc_sector,
    .xDeviceCharacteristics = pc_device,
};

static bool ours(const char *path)
{
    return path && strncmp(path, pc.prefix, strlen(pc.prefix)) == 0;
}

static int pc_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *h, int flags, int *out_flags)
{
    struct handle *x = (struct handle *)h;
    (void)vfs;
    x->base.pMethods = NULL;
    x->file = NULL;
    x->real = (sqlite3_file *)(x + 1);
    if (pc.happened)
        return SQLITE_CANTOPEN;
    if (ours(path)) {
        x->file = know_file(path);
        if (!x->file->disk.exists && x->file->count == 0) {
            free(x->file->disk.bytes); /* the program may have made it without SQLite */
            x->file->disk = read_image(path);
        }
        if ((flags & SQLITE_OPEN_CREATE) && access(path, F_OK) != 0 &&
            !operation(x->file, CREATE, NULL, 0, 0))
            return SQLITE_CANTOPEN;
    }
    int rc = pc.under->xOpen(pc.under, path, x->real, flags, out_flags);
    if (x->real->pMethods)
        x->base.pMethods = &methods;
    return rc;
}

static int pc_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
    (void)vfs;
    if (ours(path)) {
        struct file *f = know_file(path);
        if (!operation(f, DELETE, NULL, 0, 0))
            return SQLITE_IOERR_DELETE;
        if (sync_directory)
            settle(f);
    }
    return pc.under->xDelete(pc.under, path, 0);
}

static int pc_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    (void)vfs;
    return pc.happened ? SQLITE_IOERR_ACCESS : pc.under->xAccess(pc.under, path, flags, out);
}

/* ---- pieces --------------------------------------------------------------------------------- */

void powercut_start(const char *prefix, unsigned n)
{
    forget_files();
    assert_true(strlen(prefix) < sizeof pc.prefix);
    strcpy(pc.prefix, prefix);
    pc.happened = false;
    pc.operation = 0;
    pc.cut = n;
    static const char *const suffixes[] = {"", "-journal", "-wal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[sizeof pc.prefix + 16];
        snprintf(path, sizeof path, "%s%s", prefix, suffixes[i]);
        know_file(path);
    }
    if (!pc.under) {
        pc.under = must(sqlite3_vfs_find(NULL));
        pc.vfs = *pc.under;
        pc.vfs.zName = "powercut";
        pc.vfs.szOsFile = (int)sizeof(struct handle) + pc.under->szOsFile;
        pc.vfs.pNext = NULL;
        pc.vfs.xOpen = pc_open;
        pc.vfs.xDelete = pc_delete;
        pc.vfs.xAccess = pc_access;
    }
    assert_int_equal(sqlite3_vfs_register(&pc.vfs, 1), SQLITE_OK);
    pc.registered = true;
}

unsigned powercut_operations(void)
{
    return pc.operation;
}
bool powercut_happened(void)
{
    return pc.happened;
}

void powercut_stop(void)
{
    if (pc.registered)
        sqlite3_vfs_unregister(&pc.vfs);
    pc.registered = false;
    sqlite3_vfs_register(pc.under, 1);
}

void powercut_land(enum powercut_kept kept, unsigned seed)
{
    seed_state = seed * 2654435761u | 1;
    for (unsigned n = 0; n < 8; n++)
        draw(2);
    sector_size = draw(2) ? 512 : 4096;
    for (unsigned i = 0; i < pc.used; i++) {
        struct file *f = &pc.files[i];
        struct image held = {.exists = f->disk.exists, .len = f->disk.len};
        held.bytes = must(malloc(held.len + 1));
        if (held.len)
            memcpy(held.bytes, f->disk.bytes, held.len);
        for (size_t n = 0; n < f->count; n++) {
            const struct flight *flight = &f->flights[n];
            if (kept == POWERCUT_NOTHING ||
                (kept == POWERCUT_ALL_BUT_LAST && flight->operation == pc.operation))
                continue;
            if (kept == POWERCUT_RANDOM && flight->kind != WRITE && draw(2)) {
                if (flight->kind == TRUNCATE)
                    continue;
                break; /* what follows belongs to another file of that name */
            }
            apply(&held, flight, kept == POWERCUT_RANDOM);
        }
        write_image(f->path, &held);
        free(held.bytes);
    }
}

/* ---- every cut of a scenario ---------------------------------------------------------------- */

const char *powercut_where(void)
{
    return pc.where;
}

static void remove_files(const char *prefix)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[sizeof pc.prefix + 16];
        snprintf(path, sizeof path, "%s%s", prefix, suffixes[i]);
        unlink(path);
    }
}

static const char *land(unsigned way)
{
    static const char *const words[] = {"nothing", "all", "all but the last"};
    static char random_words[32];
    if (way < 3) {
        powercut_land((enum powercut_kept)way, 0);
        return words[way];
    }
    powercut_land(POWERCUT_RANDOM, way);
    snprintf(random_words, sizeof random_words, "random %u", way);
    return random_words;
}

/* The disk as one cut left it; recovering is cut at each of its operations and in one way each. */
static void cut_recovery(const struct powercut_scenario *s, unsigned first, unsigned way)
{
    struct image left[2];
    char paths[2][sizeof pc.prefix + 16];
    snprintf(paths[0], sizeof paths[0], "%s", s->prefix);
    snprintf(paths[1], sizeof paths[1], "%s-journal", s->prefix);
    for (unsigned i = 0; i < 2; i++)
        left[i] = read_image(paths[i]);
    for (unsigned n = 1;; n++) {
        for (unsigned i = 0; i < 2; i++)
            write_image(paths[i], &left[i]);
        powercut_start(s->prefix, n);
        s->recover(s->context);
        powercut_stop();
        const char *kept = land(n % 8);
        snprintf(pc.where, sizeof pc.where,
                 "power cut at operation %u (way %u), then at operation %u of recovery, kept: %s",
                 first, way, n, kept);
        s->check(s->context);
        if (!pc.happened)
            break;
    }
    free(left[0].bytes);
    free(left[1].bytes);
}

unsigned powercut_everywhere(const struct powercut_scenario *s, unsigned seeds)
{
    for (unsigned n = 1;; n++) {
        remove_files(s->prefix);
        snprintf(pc.where, sizeof pc.where, "before any power cut");
        if (s->prepare)
            s->prepare(s->context);
        powercut_start(s->prefix, n);
        s->run(s->context);
        powercut_stop();
        bool happened = pc.happened;
        unsigned operations = pc.operation;
        for (unsigned way = 0; way < 3 + seeds; way++) {
            const char *kept = land(way);
            snprintf(pc.where, sizeof pc.where, "power cut at operation %u, kept: %s", n, kept);
            s->check(s->context);
        }
        /* Recovery forgets this cut's flights, so it comes last and tries one way for each cut. */
        if (s->recover) {
            unsigned way = n % (3 + seeds);
            land(way);
            cut_recovery(s, n, way);
        }
        if (!happened)
            return operations;
    }
}
