/* Test vectors: JSON files of TROTH_VECTORS_DIR and the hex in them. A fault fails the test. */
#ifndef TROTH_TESTS_SUPPORT_VECTORS_H
#define TROTH_TESTS_SUPPORT_VECTORS_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* The file's whole document; cJSON_Delete it. */
cJSON *vectors_load(const char *name);
/* Octets of a hex string in the order they are written; at most cap. */
size_t vectors_hex(const char *hex, uint8_t *out, size_t cap);
/* The string member `name` of an object. */
const char *vectors_string(const cJSON *object, const char *name);
/* Its octets as written (most significant first in most files), exactly n; `wire` reverses them. */
void vectors_bytes(const cJSON *object, const char *name, uint8_t *out, size_t n);
void vectors_wire(const cJSON *object, const char *name, uint8_t *out, size_t n);

#endif
