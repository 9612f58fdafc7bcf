/*
 * The memory of the air, in one piece: its sources are compiled here with malloc and free meaning
 * these, so that a radio with all that flies may be kept and put back like plain memory.
 */
#ifndef TESTS_FAULTS_ARENA_H
#define TESTS_FAULTS_ARENA_H

#include <stddef.h>
#include <stdlib.h>

void *arena_calloc(size_t n, size_t size);
void *arena_realloc(void *p, size_t size);
void arena_free(void *p);

/* One state of the arena; free() it with arena_forget. */
struct arena_copy {
    size_t len;
    unsigned char *bytes;
};
void arena_keep(struct arena_copy *copy);
void arena_put_back(const struct arena_copy *copy);
void arena_forget(struct arena_copy *copy);

#ifdef ARENA_FOR_MALLOC
#define malloc(size)     arena_calloc(1, size)
#define calloc(n, size)  arena_calloc(n, size)
#define realloc(p, size) arena_realloc(p, size)
#define free(p)          arena_free(p)
#endif

#endif
