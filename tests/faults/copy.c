/* Both hosts and their radio, kept and put back. */
#include "faults/arena.h"
#include "faults/duo.h"

#include <stdlib.h>
#include <string.h>

struct duo_copy {
    struct duo duo;
    struct arena_copy air;
};

struct duo_copy *duo_copy_new(void)
{
    struct duo_copy *copy = calloc(1, sizeof *copy);
    if (!copy)
        abort();
    return copy;
}

void duo_copy_free(struct duo_copy *copy)
{
    arena_forget(&copy->air);
    free(copy);
}

void duo_keep(struct duo_copy *copy)
{
    memcpy(&copy->duo, &duo, sizeof duo);
    arena_keep(&copy->air);
}

void duo_put_back(const struct duo_copy *copy)
{
    memcpy(&duo, &copy->duo, sizeof duo);
    arena_put_back(&copy->air);
}

uint64_t duo_state(void)
{
    static struct troth_host h;
    uint64_t hash = 0xcbf29ce484222325u;
    for (unsigned x = 0; x < 2; x++) {
        memcpy(&h, &duo.half[x].host, sizeof h);
        h.now = 0;
        h.last_ask = 0;
        h.ring_first = 0;
        h.hci.timer.at = h.gap.timer.at = h.oob_timer.at = 0;
        const unsigned char *p = (const unsigned char *)&h;
        for (size_t at = 0; at + 8 <= sizeof h; at += 8) {
            uint64_t word;
            memcpy(&word, p + at, 8);
            hash = (hash ^ word) * 0x100000001b3u;
            hash ^= hash >> 29;
        }
    }
    return hash;
}
