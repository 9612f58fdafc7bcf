/* The table of bonds of one host. Shape only: nothing here is API. */
#ifndef TROTH_STATE_BONDS_H
#define TROTH_STATE_BONDS_H

#include <troth/bonds.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bonds {
    struct troth_bond bond[TROTH_MAX_BONDS];
    uint8_t dirty[TROTH_MAX_BONDS]; /* 1 << enum troth_record: to be stored */
    uint32_t serial;                /* counts what the resolving list depends on */
    uint32_t made[TROTH_MAX_BONDS]; /* the serial its keys came with; 0: none are there */
    uint32_t sign_kept[TROTH_MAX_BONDS][2]; /* its sign counters, as the store holds them */
};

#ifdef __cplusplus
}
#endif
#endif
