/*
 * Bounds-checked cursors over bytes. All integers are little-endian, as on every Bluetooth wire.
 *
 * The error is sticky: once a cursor has run past its end it is `bad`, every later read yields
 * zero and every later write does nothing, so a codec checks once, at its end.
 */
#ifndef TROTH_BASE_BYTES_H
#define TROTH_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct in {
    const uint8_t *p; /* next octet to read */
    size_t left;      /* octets not yet read */
    bool bad;         /* something was read that was not there */
};

static inline struct in in_of(const void *p, size_t len)
{
    return (struct in){p, len, false};
}

/* The next n octets, or NULL (and the cursor is bad). n = 0 is never bad by itself. */
static inline const uint8_t *in_bytes(struct in *in, size_t n)
{
    if (in->bad || n > in->left) {
        in->bad = true;
        in->left = 0;
        return NULL;
    }
    const uint8_t *p = in->p;
    if (n) {
        in->p += n;
        in->left -= n;
    }
    return p;
}

/* Copies n octets to dst; zeros them when they are not there. */
static inline void in_copy(struct in *in, void *dst, size_t n)
{
    const uint8_t *p = in_bytes(in, n);
    if (p && n)
        memcpy(dst, p, n);
    else if (n)
        memset(dst, 0, n);
}

/* An n-octet unsigned integer, n <= 8. */
static inline uint64_t in_le(struct in *in, size_t n)
{
    const uint8_t *p = in_bytes(in, n);
    uint64_t v = 0;
    for (size_t i = n; p && i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static inline uint8_t in_u8(struct in *in) { return (uint8_t)in_le(in, 1); }
static inline uint16_t in_u16(struct in *in) { return (uint16_t)in_le(in, 2); }
static inline uint32_t in_u24(struct in *in) { return (uint32_t)in_le(in, 3); }
static inline uint32_t in_u32(struct in *in) { return (uint32_t)in_le(in, 4); }
static inline uint64_t in_u64(struct in *in) { return in_le(in, 8); }

/* Everything was there and nothing is left over. */
static inline bool in_done(const struct in *in) { return !in->bad && in->left == 0; }

struct out {
    uint8_t *p; /* start of the buffer */
    size_t cap; /* its size */
    size_t len; /* octets written */
    bool bad;   /* something did not fit */
};

static inline struct out out_of(void *p, size_t cap)
{
    return (struct out){p, cap, 0, false};
}

/* Room for the next n octets, or NULL (and the cursor is bad). */
static inline uint8_t *out_room(struct out *out, size_t n)
{
    if (out->bad || n > out->cap - out->len) {
        out->bad = true;
        return NULL;
    }
    uint8_t *p = out->p + out->len;
    out->len += n;
    return p;
}

static inline void out_bytes(struct out *out, const void *src, size_t n)
{
    uint8_t *p = out_room(out, n);
    if (p && n)
        memcpy(p, src, n);
}

static inline void out_le(struct out *out, uint64_t v, size_t n)
{
    uint8_t *p = out_room(out, n);
    for (size_t i = 0; p && i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void out_u8(struct out *out, uint8_t v) { out_le(out, v, 1); }
static inline void out_u16(struct out *out, uint16_t v) { out_le(out, v, 2); }
static inline void out_u24(struct out *out, uint32_t v) { out_le(out, v, 3); }
static inline void out_u32(struct out *out, uint32_t v) { out_le(out, v, 4); }
static inline void out_u64(struct out *out, uint64_t v) { out_le(out, v, 8); }

/* Octets in reverse: between the specification's order and the wire's. By eight while there are. */
static inline void bytes_reverse(uint8_t *dst, const uint8_t *src, size_t n)
{
    while (n >= 8) {
        uint64_t eight;
        n -= 8;
        memcpy(&eight, src + n, 8);
        eight = __builtin_bswap64(eight);
        memcpy(dst, &eight, 8);
        dst += 8;
    }
    while (n)
        *dst++ = src[--n];
}

static inline uint16_t get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline void put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

#endif
