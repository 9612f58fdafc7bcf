/* What fuzz_seeds writes for the parsers of ports/linux and tools. */
#ifndef TROTH_TESTS_FUZZ_SEEDS_LINUX_H
#define TROTH_TESTS_FUZZ_SEEDS_LINUX_H

#include <stddef.h>

struct seed_text {
    const char *target; /* NULL: the end */
    const char *octets;
    size_t len;
};
extern const struct seed_text seeds_linux[];

#endif
