#include "faults/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define CLASSES 17 /* of 16 octets to 1 MiB, header included */
#define CELL    16

struct cell {
    struct cell *next; /* while free */
    uint32_t class;
};
_Static_assert(sizeof(struct cell) <= CELL, "a cell's head is as long as its least body");

static struct {
    size_t used; /* octets of `bytes` ever given out */
    struct cell *unused[CLASSES];
    alignas(CELL) unsigned char bytes[1 << 20];
} arena;

void *arena_calloc(size_t n, size_t size)
{
    size_t want = n * size + CELL, cap = 2 * (size_t)CELL;
    uint32_t class = 1;
    while (cap < want) {
        cap *= 2;
        class ++;
    }
    if (class >= CLASSES)
        abort();
    struct cell *c = arena.unused[class];
    if (c) {
        arena.unused[class] = c->next;
    } else {
        if (arena.used + cap > sizeof arena.bytes)
            abort();
        c = (struct cell *)(void *)(arena.bytes + arena.used);
        arena.used += cap;
        c->class = class;
    }
    c->next = NULL;
    void *body = (unsigned char *)c + CELL;
    memset(body, 0, cap - CELL);
    return body;
}

static struct cell *cell_of(void *p)
{
    return (struct cell *)(void *)((unsigned char *)p - CELL);
}

void *arena_realloc(void *p, size_t size)
{
    if (!p)
        return arena_calloc(1, size);
    size_t cap = ((size_t)CELL << cell_of(p)->class) - CELL;
    if (size <= cap)
        return p;
    void *more = arena_calloc(1, size);
    memcpy(more, p, cap);
    arena_free(p);
    return more;
}

void arena_free(void *p)
{
    if (!p)
        return;
    struct cell *c = cell_of(p);
    c->next = arena.unused[c->class];
    arena.unused[c->class] = c;
}

void arena_keep(struct arena_copy *copy)
{
    size_t len = offsetof(__typeof__(arena), bytes) + arena.used;
    if (len != copy->len) {
        copy->bytes = realloc(copy->bytes, len);
        if (!copy->bytes)
            abort();
        copy->len = len;
    }
    memcpy(copy->bytes, &arena, len);
}

void arena_put_back(const struct arena_copy *copy)
{
    memcpy(&arena, copy->bytes, copy->len);
}

void arena_forget(struct arena_copy *copy)
{
    free(copy->bytes);
    copy->bytes = NULL;
    copy->len = 0;
}
