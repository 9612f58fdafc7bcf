/* The bond records: there and back, and nothing damaged or from the future is believed. */
#include <troth/bonds.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HEADER 7
#define CRC    4

static struct troth_bond_keys sc_keys(void)
{
    struct troth_bond_keys k = {
        .identity = {TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 0xc6}},
        .key_size = 16,
        .sc = true,
        .mitm = true,
        .has_irk = true,
        .local_side = TROTH_RESPONDER,
        .ltk[0] = {.present = true},
        .has_csrk = {true, false},
    };
    memset(k.irk, 0x11, 16);
    memset(k.ltk[0].key, 0x22, 16);
    memset(k.csrk[0], 0x33, 16);
    return k;
}

static struct troth_bond_keys legacy_keys(void)
{
    struct troth_bond_keys k = {
        .identity = {TROTH_ADDR_PUBLIC, {0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0x06}},
        .key_size = 7,
        .ltk = {{.present = true, .rand = 0x1122334455667788, .ediv = 0x99aa},
                {.present = true, .rand = UINT64_MAX, .ediv = 0xffff}},
        .has_csrk = {false, true},
    };
    memset(k.ltk[0].key, 0x44, 7);
    memset(k.ltk[1].key, 0x55, 7);
    memset(k.csrk[1], 0x66, 16);
    return k;
}

static struct troth_bond_state some_state(void)
{
    struct troth_bond_state s = {
        .sign_counter = {0x01020304, 0xfffffffe},
        .last_use = 0x0a0b0c0d,
        .ccc = {{0x0010, 1}, {0x0020, 2}, {0xffff, 3}},
    };
    memset(s.db_hash, 0x77, 16);
    return s;
}

static struct troth_local some_local(void)
{
    struct troth_local l = {.present = true,
                            .static_addr = {TROTH_ADDR_RANDOM, {9, 8, 7, 6, 5, 0xff}}};
    memset(l.irk, 0x88, 16);
    return l;
}

static void assert_ltk_equal(const struct troth_ltk *a, const struct troth_ltk *b)
{
    assert_int_equal(a->present, b->present);
    assert_memory_equal(a->key, b->key, 16);
    assert_true(a->rand == b->rand);
    assert_int_equal(a->ediv, b->ediv);
}

static void assert_keys_equal(const struct troth_bond_keys *a, const struct troth_bond_keys *b)
{
    assert_int_equal(a->identity.type, b->identity.type);
    assert_memory_equal(a->identity.b, b->identity.b, 6);
    assert_int_equal(a->key_size, b->key_size);
    assert_int_equal(a->sc, b->sc);
    assert_int_equal(a->mitm, b->mitm);
    assert_int_equal(a->has_irk, b->has_irk);
    assert_memory_equal(a->irk, b->irk, 16);
    assert_ltk_equal(&a->ltk[0], &b->ltk[0]);
    assert_ltk_equal(&a->ltk[1], &b->ltk[1]);
    assert_int_equal(a->local_side, b->local_side);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(a->has_csrk[i], b->has_csrk[i]);
        assert_memory_equal(a->csrk[i], b->csrk[i], 16);
    }
}

/* ---- the three kinds under one roof --------------------------------------------------------- */

struct record {
    uint8_t b[TROTH_RECORD_MAX + 16];
    size_t len;
    enum troth_record kind;
};

static union {
    struct troth_bond_keys keys;
    struct troth_bond_state state;
    struct troth_local local;
} decoded;

/* Each decode from a buffer of exactly that size, so the sanitizer sees a read beyond it. */
static int decode_as(enum troth_record kind, const uint8_t *b, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, b, len);
    memset(&decoded, 0xa5, sizeof decoded);
    int result = kind == TROTH_RECORD_KEYS    ? troth_bond_keys_decode(&decoded.keys, copy, len)
                 : kind == TROTH_RECORD_STATE ? troth_bond_state_decode(&decoded.state, copy, len)
                                              : troth_local_decode(&decoded.local, copy, len);
    free(copy);
    return result;
}

static int decode(const struct record *r)
{
    return decode_as(r->kind, r->b, r->len);
}

/* A refused record leaves nothing behind. */
static void assert_refused(const struct record *r, int result)
{
    static const uint8_t nothing[sizeof decoded];
    size_t size = r->kind == TROTH_RECORD_KEYS    ? sizeof decoded.keys
                  : r->kind == TROTH_RECORD_STATE ? sizeof decoded.state
                                                  : sizeof decoded.local;
    assert_int_equal(decode(r), result);
    assert_memory_equal(&decoded, nothing, size);
}

static unsigned every_record(struct record out[5])
{
    struct troth_bond_keys k[2] = {sc_keys(), legacy_keys()};
    struct troth_bond_state s[2] = {some_state(), {.last_use = 0}};
    struct troth_local l = some_local();
    memset(out, 0, 5 * sizeof *out);
    for (unsigned i = 0; i < 2; i++) {
        int n = troth_bond_keys_encode(&k[i], out[i].b, TROTH_RECORD_MAX);
        assert_true(n > 0);
        out[i].len = (size_t)n;
        out[i].kind = TROTH_RECORD_KEYS;
        n = troth_bond_state_encode(&s[i], out[2 + i].b, TROTH_RECORD_MAX);
        assert_true(n > 0);
        out[2 + i].len = (size_t)n;
        out[2 + i].kind = TROTH_RECORD_STATE;
    }
    int n = troth_local_encode(&l, out[4].b, TROTH_RECORD_MAX);
    assert_true(n > 0);
    out[4].len = (size_t)n;
    out[4].kind = TROTH_RECORD_LOCAL;
    return 5;
}

/* Our own CRC, table-driven so that it is not a copy of the codec's; and the length is refreshed. */
static void seal_as(struct record *r, size_t body)
{
    uint32_t table[256], crc = 0xffffffff;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320u : table[i] >> 1;
    }
    r->b[5] = (uint8_t)body;
    r->b[6] = (uint8_t)(body >> 8);
    for (size_t i = 0; i < r->len - CRC; i++)
        crc = crc >> 8 ^ table[(crc ^ r->b[i]) & 0xff];
    crc = ~crc;
    for (unsigned i = 0; i < CRC; i++)
        r->b[r->len - CRC + i] = (uint8_t)(crc >> (8 * i));
}

static void seal(struct record *r)
{
    seal_as(r, r->len - HEADER - CRC);
}

/* n more octets at the end of the body. */
static void lengthen(struct record *r, size_t n)
{
    memset(r->b + r->len - CRC, 0xee, n);
    r->len += n;
    seal(r);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void there_and_back(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    struct troth_bond_keys k[2] = {sc_keys(), legacy_keys()};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(decode(&r[i]), TROTH_OK);
        assert_keys_equal(&decoded.keys, &k[i]);
    }
    struct troth_bond_state s = some_state();
    assert_int_equal(decode(&r[2]), TROTH_OK);
    assert_memory_equal(&decoded.state, &s, sizeof s);
    assert_int_equal(decode(&r[3]), TROTH_OK);
    struct troth_local l = some_local();
    assert_int_equal(decode(&r[4]), TROTH_OK);
    assert_true(decoded.local.present);
    assert_memory_equal(decoded.local.irk, l.irk, 16);
    assert_int_equal(decoded.local.static_addr.type, TROTH_ADDR_RANDOM);
    assert_memory_equal(decoded.local.static_addr.b, l.static_addr.b, 6);
}

/* Bytes on flash outlive the program: these must never change (docs/WIRE.md). */
static void the_bytes_are_the_documented_ones(void **state)
{
    (void)state;
    static const uint8_t local[] = {
        0x54, 0x72, 1,    0,    3,    23,   0,                            /* frame */
        0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, /* IRK */
        0x88, 0x88, 0x88, 0x88, 0x88, 1,    9,    8,    7,    6,    5,    0xff};
    struct record r[5];
    every_record(r);
    assert_int_equal(r[4].len, sizeof local + CRC);
    assert_memory_equal(r[4].b, local, sizeof local);
    for (unsigned i = 0; i < 5; i++) {
        struct record again = r[i];
        seal(&again);
        assert_memory_equal(again.b, r[i].b, r[i].len);
    }
    const uint8_t *k = r[1].b + HEADER; /* legacy */
    assert_int_equal(r[1].len, HEADER + 109 + CRC);
    assert_int_equal(k[0], 0);
    assert_memory_equal(k + 1, "\xf1\xf2\xf3\xf4\xf5\x06", 6);
    assert_int_equal(k[7], 0x08 | 0x10 | 0x40);
    assert_int_equal(k[8], 7);
    assert_memory_equal(k + 25, "\x44\x44\x44\x44\x44\x44\x44\0\0\0\0\0\0\0\0\0", 16);
    assert_memory_equal(k + 41, "\x88\x77\x66\x55\x44\x33\x22\x11\xaa\x99", 10);
    assert_memory_equal(k + 51, "\x55\x55\x55\x55\x55\x55\x55\0", 8);
    assert_int_equal(k[93], 0x66);
    assert_int_equal(r[0].b[HEADER + 7], 0x01 | 0x02 | 0x04 | 0x08 | 0x20 | 0x80); /* SC */
    const uint8_t *s = r[2].b + HEADER;
    assert_int_equal(r[2].len, HEADER + 29 + 3 * 4 + CRC);
    assert_memory_equal(s, "\x04\x03\x02\x01\xfe\xff\xff\xff\x0d\x0c\x0b\x0a\x77", 13);
    assert_memory_equal(s + 28, "\x03\x10\0\x01\0\x20\0\x02\0\xff\xff\x03\0", 13);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    for (unsigned i = 0; i < 5; i++) {
        for (size_t n = 0; n < r[i].len; n++) {
            struct record cut = r[i];
            cut.len = n;
            assert_refused(&cut, TROTH_INVALID);
            if (n >= HEADER + CRC) { /* and one that was sealed that short */
                seal(&cut);
                assert_refused(&cut, TROTH_INVALID);
            }
        }
        struct record longer = r[i];
        longer.b[longer.len++] = 0;
        assert_refused(&longer, TROTH_INVALID);
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    for (unsigned i = 0; i < 5; i++) {
        for (size_t bit = 0; bit < 8 * r[i].len; bit++) {
            r[i].b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_refused(&r[i], TROTH_INVALID);
            r[i].b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(decode(&r[i]), TROTH_OK);
    }
}

/* With the CRC made right, whatever is accepted is in range and its one form. */
static void what_is_accepted_is_canonical(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    for (unsigned i = 0; i < 5; i++) {
        for (size_t bit = 8 * HEADER; bit < 8 * (r[i].len - CRC); bit++) {
            struct record odd = r[i];
            uint8_t again[TROTH_RECORD_MAX];
            odd.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            seal(&odd);
            if (decode(&odd) != TROTH_OK)
                continue;
            if (i == 1 && bit == 8 * (HEADER + 7) + 2)
                continue; /* "there is an IRK" before zeros: an_irk_of_zeros_is_none */
            int n = odd.kind == TROTH_RECORD_KEYS
                        ? troth_bond_keys_encode(&decoded.keys, again, sizeof again)
                    : odd.kind == TROTH_RECORD_STATE
                        ? troth_bond_state_encode(&decoded.state, again, sizeof again)
                        : troth_local_encode(&decoded.local, again, sizeof again);
            assert_int_equal(n, odd.len);
            assert_memory_equal(again, odd.b, odd.len);
        }
    }
}

static void a_kind_is_not_taken_for_another(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    for (unsigned i = 0; i < 5; i++) {
        for (int kind = TROTH_RECORD_KEYS; kind <= TROTH_RECORD_LOCAL; kind++)
            assert_int_equal(decode_as((enum troth_record)kind, r[i].b, r[i].len),
                             kind == (int)r[i].kind ? TROTH_OK : TROTH_INVALID);
        struct record odd = r[i];
        odd.b[4] = 4;
        seal(&odd);
        assert_refused(&odd, TROTH_INVALID);
        odd = r[i];
        odd.b[0] = 'X';
        seal(&odd);
        assert_refused(&odd, TROTH_INVALID);
    }
}

static void the_future(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    for (unsigned i = 0; i < 5; i++) {
        struct record v2 = r[i];
        v2.b[2] = 2;
        seal(&v2);
        assert_refused(&v2, TROTH_UNSUPPORTED);
        lengthen(&v2, 9);
        assert_refused(&v2, TROTH_UNSUPPORTED);
        v2.b[4] = 77; /* even a kind we do not know */
        seal(&v2);
        assert_refused(&v2, TROTH_UNSUPPORTED);
        v2.b[20] ^= 1;
        assert_refused(&v2, TROTH_INVALID); /* damage is damage, whatever the version */

        /* our minor version with more is damage; a newer one may have more, never less */
        struct record more = r[i];
        lengthen(&more, 1);
        assert_refused(&more, TROTH_INVALID);
        more.b[3] = 1;
        seal(&more);
        assert_int_equal(decode(&more), TROTH_OK);
        lengthen(&more, 12);
        assert_int_equal(decode(&more), TROTH_OK);
        seal_as(&more, more.len - HEADER - CRC - 1); /* but it knows how much */
        assert_refused(&more, TROTH_INVALID);
        seal_as(&more, more.len - HEADER - CRC + 1);
        assert_refused(&more, TROTH_INVALID);
        struct record less = r[i];
        less.b[3] = 1;
        less.len--;
        seal(&less);
        assert_refused(&less, TROTH_INVALID);
    }
}

static int encode_keys(const struct troth_bond_keys *k)
{
    uint8_t b[TROTH_RECORD_MAX];
    return troth_bond_keys_encode(k, b, sizeof b);
}

/* A record with one octet of its body changed, and the CRC right. */
static void assert_body(struct record r, size_t at, uint8_t value, int result)
{
    r.b[HEADER + at] = value;
    seal(&r);
    assert_int_equal(decode(&r), result);
}

static void what_no_pairing_leaves_is_refused(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    struct troth_bond_keys k;

    k = sc_keys();
    k.identity.type = 2;
    assert_int_equal(encode_keys(&k), TROTH_INVALID);
    assert_body(r[0], 0, 2, TROTH_INVALID);
    assert_body(r[0], 0, 0xff, TROTH_INVALID);

    /* a resolvable or non-resolvable private address is no identity */
    for (unsigned top = 0; top < 4; top++) {
        k = sc_keys();
        k.identity.b[5] = (uint8_t)(top << 6 | 5);
        int n = encode_keys(&k);
        assert_true(top == 3 ? n > 0 : n == TROTH_INVALID);
        assert_body(r[0], 6, k.identity.b[5], top == 3 ? TROTH_OK : TROTH_INVALID);
    }
    k = sc_keys();
    memset(k.identity.b, 0xff, 6);
    assert_int_equal(encode_keys(&k), TROTH_INVALID);
    memset(k.identity.b, 0, 5);
    assert_true(encode_keys(&k) > 0);
    k.identity.b[5] = 0xc0;
    assert_int_equal(encode_keys(&k), TROTH_INVALID);

    for (unsigned size = 0; size < 256; size++) {
        bool range = size >= 7 && size <= 16;
        k = legacy_keys();
        k.key_size = (uint8_t)size;
        assert_true(range ? encode_keys(&k) > 0 : encode_keys(&k) == TROTH_INVALID);
        assert_body(r[1], 8, (uint8_t)size, range ? TROTH_OK : TROTH_INVALID);
        k = sc_keys(); /* all of its sixteen octets in use */
        k.key_size = (uint8_t)size;
        assert_true(size == 16 ? encode_keys(&k) > 0 : encode_keys(&k) == TROTH_INVALID);
    }

    for (unsigned i = 0; i < 2; i++) { /* a key longer than its size */
        k = legacy_keys();
        k.ltk[i].key[7] = 1;
        assert_int_equal(encode_keys(&k), TROTH_INVALID);
        assert_body(r[1], 25 + 26 * i + 15, 1, TROTH_INVALID);
    }
    k = sc_keys();
    k.ltk[0].rand = 1;
    assert_int_equal(encode_keys(&k), TROTH_INVALID);
    assert_body(r[0], 41, 1, TROTH_INVALID);
    k = sc_keys();
    k.ltk[0].ediv = 0x100;
    assert_int_equal(encode_keys(&k), TROTH_INVALID);
    assert_body(r[0], 50, 1, TROTH_INVALID);
    k = sc_keys();
    k.ltk[0].present = false;
    assert_int_equal(encode_keys(&k), TROTH_INVALID);
    k = sc_keys();
    k.ltk[1].present = true;
    assert_int_equal(encode_keys(&k), TROTH_INVALID);
    k = sc_keys();
    k.local_side = 2;
    assert_int_equal(encode_keys(&k), TROTH_INVALID);

    /* leftovers where a key is said to be absent */
    assert_body(r[0], 51, 1, TROTH_INVALID);  /* responder's LTK */
    assert_body(r[0], 67, 1, TROTH_INVALID);  /* its Rand */
    assert_body(r[0], 76, 1, TROTH_INVALID);  /* its EDIV */
    assert_body(r[0], 108, 1, TROTH_INVALID); /* the peer's CSRK */
    assert_body(r[1], 9, 1, TROTH_INVALID);   /* IRK */
    assert_body(r[1], 77, 1, TROTH_INVALID);  /* our CSRK */
}

static void what_is_absent_is_not_written(void **state)
{
    (void)state;
    struct record r = {.kind = TROTH_RECORD_KEYS}, clean = r;
    struct troth_bond_keys k = legacy_keys();
    memset(k.irk, 0x99, 16);
    memset(k.csrk[0], 0x99, 16);
    memset(k.ltk[1].key, 0x99, 16);
    k.ltk[1].present = false;
    r.len = (size_t)troth_bond_keys_encode(&k, r.b, sizeof r.b);
    k = legacy_keys();
    memset(&k.ltk[1], 0, sizeof k.ltk[1]);
    clean.len = (size_t)troth_bond_keys_encode(&k, clean.b, sizeof clean.b);
    assert_int_equal(r.len, clean.len);
    assert_memory_equal(r.b, clean.b, r.len);
    assert_int_equal(decode(&r), TROTH_OK);
    assert_keys_equal(&decoded.keys, &k);
}

/* A bond may hold no LTK (legacy, encryption key not distributed), and its keys may be zeros. */
static void zero_is_a_legal_key(void **state)
{
    (void)state;
    struct record r = {.kind = TROTH_RECORD_KEYS};
    struct troth_bond_keys k = legacy_keys();
    memset(k.ltk, 0, sizeof k.ltk);
    r.len = (size_t)troth_bond_keys_encode(&k, r.b, sizeof r.b);
    assert_int_equal(decode(&r), TROTH_OK);
    assert_false(decoded.keys.ltk[0].present);
    k.ltk[0].present = true;
    memset(k.csrk[1], 0, 16);
    r.len = (size_t)troth_bond_keys_encode(&k, r.b, sizeof r.b);
    assert_int_equal(decode(&r), TROTH_OK);
    assert_true(decoded.keys.ltk[0].present);
    assert_true(decoded.keys.has_csrk[1]);
}

static void an_irk_of_zeros_is_none(void **state)
{
    (void)state;
    struct record r = {.kind = TROTH_RECORD_KEYS};
    struct troth_bond_keys k = sc_keys();
    memset(k.irk, 0, 16);
    r.len = (size_t)troth_bond_keys_encode(&k, r.b, sizeof r.b);
    assert_int_equal(r.b[HEADER + 7] & 0x04, 0);
    assert_int_equal(decode(&r), TROTH_OK);
    assert_false(decoded.keys.has_irk);
    r.b[HEADER + 7] |= 0x04; /* another writer may set the flag */
    seal(&r);
    assert_int_equal(decode(&r), TROTH_OK);
    assert_false(decoded.keys.has_irk);
}

static int encode_state(const struct troth_bond_state *s)
{
    uint8_t b[TROTH_RECORD_MAX];
    return troth_bond_state_encode(s, b, sizeof b);
}

static void configurations_of_clients(void **state)
{
    (void)state;
    struct record r = {.kind = TROTH_RECORD_STATE};
    struct troth_bond_state s = {.ccc = {{0, 3}, {7, 1}, {0, 0}, {5, 0}}};
    r.len = (size_t)troth_bond_state_encode(&s, r.b, sizeof r.b);
    assert_int_equal(decode(&r), TROTH_OK);
    static const struct troth_ccc want[TROTH_MAX_CCC] = {{7, 1}, {5, 0}}; /* gaps close */
    assert_memory_equal(decoded.state.ccc, want, sizeof want);

    s = (struct troth_bond_state){.ccc = {{7, 1}, {8, 4}}};
    assert_int_equal(encode_state(&s), TROTH_INVALID);
    s = (struct troth_bond_state){.ccc = {{7, 1}, {7, 2}}};
    assert_int_equal(encode_state(&s), TROTH_INVALID);

    struct record all[5];
    every_record(all);
    assert_body(all[2], 29, 0x20, TROTH_INVALID); /* a handle twice */
    assert_body(all[2], 29, 0x00, TROTH_INVALID); /* no handle */
    assert_body(all[2], 31, 0x04, TROTH_INVALID); /* a bit that is not one */
    assert_body(all[2], 32, 0x01, TROTH_INVALID);
    assert_body(all[2], 28, 2, TROTH_INVALID); /* the count */
    assert_body(all[2], 28, 4, TROTH_INVALID);
    assert_body(all[2], 28, 255, TROTH_INVALID);
}

/* Full here; and from a build with more room than ours the counters and the first ones survive. */
static void more_configurations_than_we_hold(void **state)
{
    (void)state;
    struct record r = {.kind = TROTH_RECORD_STATE};
    struct troth_bond_state s = some_state();
    for (unsigned i = 0; i < TROTH_MAX_CCC; i++)
        s.ccc[i] = (struct troth_ccc){(uint16_t)(100 + i), (uint16_t)(i % 4)};
    r.len = (size_t)troth_bond_state_encode(&s, r.b, TROTH_RECORD_MAX);
    assert_int_equal(decode(&r), TROTH_OK);
    assert_memory_equal(&decoded.state, &s, sizeof s);

    static const uint8_t more[8] = {0x00, 0x02, 0x01, 0x00, 0x01, 0x02, 0x02, 0x00};
    memcpy(r.b + r.len - CRC, more, sizeof more);
    r.len += sizeof more;
    r.b[HEADER + 28] += 2;
    seal(&r);
    assert_int_equal(decode(&r), TROTH_OK);
    assert_memory_equal(&decoded.state, &s, sizeof s);
    r.b[r.len - CRC - 2] = 0x80; /* what we cannot keep is still checked */
    seal(&r);
    assert_refused(&r, TROTH_INVALID);
}

static int encode_local(const struct troth_local *l)
{
    uint8_t b[TROTH_RECORD_MAX];
    return troth_local_encode(l, b, sizeof b);
}

static void our_own_identity(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    struct troth_local l = some_local();
    l.present = false;
    assert_int_equal(encode_local(&l), TROTH_INVALID);
    l = some_local();
    memset(l.irk, 0, 16);
    assert_int_equal(encode_local(&l), TROTH_INVALID);
    l = some_local();
    l.static_addr = (struct troth_addr){0}; /* the controller has a public address */
    assert_true(encode_local(&l) > 0);
    l.static_addr.b[0] = 1;
    assert_int_equal(encode_local(&l), TROTH_INVALID);
    l.static_addr.type = TROTH_ADDR_RANDOM;
    assert_int_equal(encode_local(&l), TROTH_INVALID);
    assert_body(r[4], 16, 0, TROTH_INVALID);
    assert_body(r[4], 16, 3, TROTH_INVALID);
    assert_body(r[4], 22, 0x7f, TROTH_INVALID);
}

static void a_buffer_too_small_is_refused(void **state)
{
    (void)state;
    struct record r[5];
    every_record(r);
    struct troth_bond_keys k = sc_keys();
    struct troth_bond_state s = some_state();
    struct troth_local l = some_local();
    for (size_t cap = 0; cap < TROTH_RECORD_MAX; cap++) {
        uint8_t *b = malloc(cap ? cap : 1);
        assert_non_null(b);
        int n = troth_bond_keys_encode(&k, b, cap);
        assert_int_equal(n, cap < r[0].len ? TROTH_INVALID : (int)r[0].len);
        n = troth_bond_state_encode(&s, b, cap);
        assert_int_equal(n, cap < r[2].len ? TROTH_INVALID : (int)r[2].len);
        n = troth_local_encode(&l, b, cap);
        assert_int_equal(n, cap < r[4].len ? TROTH_INVALID : (int)r[4].len);
        free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(the_bytes_are_the_documented_ones),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(what_is_accepted_is_canonical),
        cmocka_unit_test(a_kind_is_not_taken_for_another),
        cmocka_unit_test(the_future),
        cmocka_unit_test(what_no_pairing_leaves_is_refused),
        cmocka_unit_test(what_is_absent_is_not_written),
        cmocka_unit_test(zero_is_a_legal_key),
        cmocka_unit_test(an_irk_of_zeros_is_none),
        cmocka_unit_test(configurations_of_clients),
        cmocka_unit_test(more_configurations_than_we_hold),
        cmocka_unit_test(our_own_identity),
        cmocka_unit_test(a_buffer_too_small_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
