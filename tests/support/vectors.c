#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

cJSON *vectors_load(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", TROTH_VECTORS_DIR, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long size = ftell(f);
    assert_true(size > 0);
    rewind(f);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, f), size);
    text[size] = 0;
    fclose(f);
    cJSON *root = cJSON_Parse(text);
    if (!root)
        fail_msg("%s is not JSON", path);
    free(text);
    return root;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

size_t vectors_hex(const char *hex, uint8_t *out, size_t cap)
{
    size_t n = strlen(hex);
    if (n % 2 || n / 2 > cap)
        fail_msg("'%s' is not at most %zu octets of hex", hex, cap);
    for (size_t i = 0; i < n / 2; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            fail_msg("'%s' is not hex", hex);
        out[i] = (uint8_t)(high << 4 | low);
    }
    return n / 2;
}

const char *vectors_string(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(item))
        fail_msg("a vector has no string '%s'", name);
    return item->valuestring;
}

void vectors_bytes(const cJSON *object, const char *name, uint8_t *out, size_t n)
{
    size_t got = vectors_hex(vectors_string(object, name), out, n);
    if (got != n)
        fail_msg("'%s' has %zu octets instead of %zu", name, got, n);
}

void vectors_wire(const cJSON *object, const char *name, uint8_t *out, size_t n)
{
    vectors_bytes(object, name, out, n);
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t swap = out[i];
        out[i] = out[n - 1 - i];
        out[n - 1 - i] = swap;
    }
}
