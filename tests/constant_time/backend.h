/* What the border of backend.c has to be told. */
#ifndef TROTH_TESTS_CONSTANT_TIME_BACKEND_H
#define TROTH_TESTS_CONSTANT_TIME_BACKEND_H

#include <stdbool.h>

/*
 * Whose SRP is computed: of the device the sum is its public key, of the client the power of 32
 * octets is. Both go out, so what they are may steer a branch.
 */
extern bool backend_is_device;

#endif
