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
};

#ifdef __cplusplus
}
#endif
#endif
