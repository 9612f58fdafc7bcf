/*
 * The records of bonds: whatever decodes encodes to a record that decodes to the same; and a
 * structure made of any octets encodes, or is refused, and never changes on the way.
 */
#include "fuzz/fuzz.h"

#include <troth/bonds.h>

/* The input's record as it is, and once more with a CRC that is right. */
static uint32_t crc32(const uint8_t *p, size_t len)
{
    uint32_t crc = 0xffffffff;
    while (len--) {
        crc ^= *p++;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void decode_keys(const uint8_t *rec, size_t len)
{
    struct troth_bond_keys a, b;
    uint8_t out[TROTH_RECORD_MAX], again[TROTH_RECORD_MAX];
    memset(&a, 0xa5, sizeof a);
    if (troth_bond_keys_decode(&a, rec, len) != TROTH_OK)
        return;
    never(a.key_size < 7 || a.key_size > 16, "a key size out of range was read");
    never(a.local_side > 1, "a side out of range was read");
    int n = troth_bond_keys_encode(&a, out, sizeof out);
    never(n <= 0 || n > TROTH_RECORD_MAX, "what was read cannot be written");
    never(troth_bond_keys_decode(&b, out, (size_t)n) != TROTH_OK, "what was written is not read");
    int m = troth_bond_keys_encode(&b, again, sizeof again);
    never(m != n || memcmp(out, again, (size_t)n) != 0, "a record changed by being read");
}

static void decode_state(const uint8_t *rec, size_t len)
{
    struct troth_bond_state a, b;
    uint8_t out[TROTH_RECORD_MAX], again[TROTH_RECORD_MAX];
    memset(&a, 0xa5, sizeof a);
    if (troth_bond_state_decode(&a, rec, len) != TROTH_OK)
        return;
    int n = troth_bond_state_encode(&a, out, sizeof out);
    never(n <= 0 || n > TROTH_RECORD_MAX, "what was read cannot be written");
    never(troth_bond_state_decode(&b, out, (size_t)n) != TROTH_OK, "what was written is not read");
    int m = troth_bond_state_encode(&b, again, sizeof again);
    never(m != n || memcmp(out, again, (size_t)n) != 0, "a record changed by being read");
}

static void decode_local(const uint8_t *rec, size_t len)
{
    struct troth_local a, b;
    uint8_t out[TROTH_RECORD_MAX];
    memset(&a, 0xa5, sizeof a);
    if (troth_local_decode(&a, rec, len) != TROTH_OK)
        return;
    int n = troth_local_encode(&a, out, sizeof out);
    never(n <= 0 || troth_local_decode(&b, out, (size_t)n) != TROTH_OK ||
              memcmp(a.irk, b.irk, 16) != 0,
          "our own record does not survive");
}

static void decode(const uint8_t *rec, size_t len)
{
    decode_keys(rec, len);
    decode_state(rec, len);
    decode_local(rec, len);
}

static void encode_keys(struct in *in)
{
    struct troth_bond_keys k, back;
    uint8_t out[TROTH_RECORD_MAX], bits = in_u8(in);
    memset(&k, 0, sizeof k);
    k.identity.type = in_u8(in) % 3;
    in_copy(in, k.identity.b, 6);
    k.key_size = in_u8(in) % 18;
    k.sc = bits & 1;
    k.mitm = bits & 2;
    k.has_irk = bits & 4;
    k.local_side = bits >> 3 & 1;
    in_copy(in, k.irk, 16);
    for (int i = 0; i < 2; i++) {
        k.ltk[i].present = bits >> (4 + i) & 1;
        in_copy(in, k.ltk[i].key, 16);
        k.ltk[i].rand = in_u64(in);
        k.ltk[i].ediv = in_u16(in);
        k.has_csrk[i] = bits >> (6 + i) & 1;
        in_copy(in, k.csrk[i], 16);
    }
    int n = troth_bond_keys_encode(&k, out, sizeof out);
    if (n < 0)
        return;
    static const uint8_t zeros[16];
    k.has_irk = k.has_irk && memcmp(k.irk, zeros, 16) != 0; /* an IRK of zeros is none */
    never(troth_bond_keys_decode(&back, out, (size_t)n) != TROTH_OK,
          "what was written is not read");
    never(back.key_size != k.key_size || back.sc != k.sc || back.mitm != k.mitm ||
              back.has_irk != k.has_irk || back.local_side != k.local_side ||
              back.identity.type != k.identity.type ||
              memcmp(back.identity.b, k.identity.b, 6) != 0 ||
              (k.has_irk && memcmp(back.irk, k.irk, 16) != 0),
          "a bond changed by being written");
    for (int i = 0; i < 2; i++)
        never(back.ltk[i].present != k.ltk[i].present || back.has_csrk[i] != k.has_csrk[i] ||
                  (k.ltk[i].present &&
                   (memcmp(back.ltk[i].key, k.ltk[i].key, 16) != 0 ||
                    back.ltk[i].rand != k.ltk[i].rand || back.ltk[i].ediv != k.ltk[i].ediv)) ||
                  (k.has_csrk[i] && memcmp(back.csrk[i], k.csrk[i], 16) != 0),
              "a key changed by being written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    size_t len = size < 400 ? size : 400;
    uint8_t *rec = take_exact(&in, &len);
    decode(rec, len);
    if (len > 4) {
        uint32_t crc = crc32(rec, len - 4);
        for (unsigned i = 0; i < 4; i++)
            rec[len - 4 + i] = (uint8_t)(crc >> (8 * i));
        decode(rec, len);
    }
    free(rec);
    in = in_of(data, size);
    encode_keys(&in);
    return 0;
}
