/* Octets as a person writes them: two hexadecimal digits each, in either case, nothing between. */
#ifndef TROTH_TOOLS_HEX_H
#define TROTH_TOOLS_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: text is not exactly so many octets; out is then of no meaning. */
bool hex_octets(const char *text, size_t len, uint8_t *out, size_t octets);

#endif
