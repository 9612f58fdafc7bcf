/*
 * A fuzz target is one file with LLVMFuzzerTestOneInput: octets in, and whatever must never happen
 * is a `never`. It is linked with libFuzzer (preset "fuzz"), or with replay.c, which runs corpora.
 */
#ifndef TROTH_TESTS_FUZZ_H
#define TROTH_TESTS_FUZZ_H

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise: words for people, then abort, which every fuzzer takes for a crash. */
#define never(cond, words)                                                                         \
    do {                                                                                           \
        if (cond) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, words);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Up to n octets of the input, fewer at its end, in memory of exactly that size. */
static inline uint8_t *take_exact(struct in *in, size_t *n)
{
    if (*n > in->left)
        *n = in->left;
    uint8_t *exact = malloc(*n ? *n : 1);
    if (!exact)
        abort();
    in_copy(in, exact, *n);
    return exact;
}

/* Deterministic octets, splitmix64. */
static inline void draw_octets(uint64_t *seed, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t z = *seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        out[i] = (uint8_t)(z ^ z >> 31);
    }
}

#endif
