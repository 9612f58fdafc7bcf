/* Secrets: forgetting them and comparing them. */
#ifndef TROTH_BASE_WIPE_H
#define TROTH_BASE_WIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Overwrites with zeros, even when the compiler sees nobody read them afterwards. */
static inline void wipe(void *p, size_t n)
{
    memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory");
}

/* Equality in a time that depends on n alone. */
static inline bool equal_secret(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;
    uint8_t diff = 0;
    for (size_t i = 0; i < n; i++)
        diff |= (uint8_t)(x[i] ^ y[i]);
    return diff == 0;
}

#endif
