/* Out-of-band blocks, Core Specification Supplement Part A; docs/WIRE.md "Out-of-band blocks". */
#include <troth/gap.h>
#include <troth/oob.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/wipe.h"
#include "bonds/bonds.h"

#define PREFIX_LEN (sizeof TROTH_OOB_PREFIX - 1)
#define SUM_DIGITS 8

static const char digits[] = "0123456789ABCDEF";

const char *troth_oob_fault_words(enum troth_oob_fault fault)
{
    switch (fault) {
    case TROTH_OOB_FINE:
        return "nothing is wrong with it";
    case TROTH_OOB_NO_PREFIX:
        return "it does not begin with " TROTH_OOB_PREFIX
               ": give the whole line that was made on the other side";
    case TROTH_OOB_DIGIT:
        return "there is a character in it that is no hexadecimal digit: copy the line again";
    case TROTH_OOB_SUM:
        return "its check sum is wrong or missing: it was cut or changed on the way, copy the line "
               "again";
    case TROTH_OOB_TOO_LONG:
        return "it is longer than any block: give one line, and only that";
    case TROTH_OOB_CUT:
        return "it ends in the middle of a structure, or has an empty one: copy it again";
    case TROTH_OOB_SIZE:
        return "one of its structures has a length that its type does not have: whoever made it "
               "made it wrongly";
    case TROTH_OOB_VALUE:
        return "its address or its role is none: whoever made it made it wrongly";
    case TROTH_OOB_TWICE:
        return "one of its structures is there twice: whoever made it made it wrongly";
    case TROTH_OOB_NO_ADDRESS:
        return "it names no address: it is cut, or no block of one device";
    case TROTH_OOB_NO_ROLE:
        return "it names no role: it is cut, or no block of one device";
    case TROTH_OOB_HALF:
        return "of the Secure Connections confirmation and random value only one is there: make a "
               "new one on the other side";
    }
    return "it is no out-of-band block";
}

/* As an air carries it: public, or random of any kind but all zero. */
static bool addr_valid(const struct troth_addr *a)
{
    uint8_t any = 0;
    for (unsigned i = 0; i < sizeof a->b; i++)
        any |= a->b[i];
    return any && (bonds_identity_valid(a) ||
                   (a->type == TROTH_ADDR_RANDOM && (a->b[5] & 0xc0) != 0xc0 &&
                    (a->b[5] & 0xc0) != 0x80)); /* 0x80: reserved, Vol 6 Part B 1.3.2 */
}

/* ---- octets ---- */

int troth_oob_encode(const struct troth_oob_block *b, uint8_t *out, size_t cap)
{
    uint8_t len = 0, room = (uint8_t)(cap < TROTH_OOB_BLOCK_MAX ? cap : TROTH_OOB_BLOCK_MAX);
    uint8_t address[7];
    if (b->role > TROTH_OOB_CENTRAL_PREFERRED || b->name_len > TROTH_OOB_NAME_MAX ||
        !addr_valid(&b->addr))
        return TROTH_INVALID;
    memcpy(address, b->addr.b, 6);
    address[6] = b->addr.type;
    bool ok = true;
    if (b->has_flags)
        ok = troth_ad_put(out, &len, room, TROTH_AD_FLAGS, &b->flags, 1);
    if (ok && b->name_len)
        ok = troth_ad_put(out, &len, room,
                          b->name_short ? TROTH_AD_NAME_SHORT : TROTH_AD_NAME_COMPLETE, b->name,
                          b->name_len);
    if (ok && b->oob.have_tk)
        ok = troth_ad_put(out, &len, room, TROTH_AD_SM_TK, b->oob.tk, 16);
    if (ok && b->oob.have_sc)
        ok = troth_ad_put(out, &len, room, TROTH_AD_SC_CONFIRM, b->oob.confirm, 16) &&
             troth_ad_put(out, &len, room, TROTH_AD_SC_RANDOM, b->oob.random, 16);
    /* What no block may lack comes last: a block that was cut lacks it. */
    if (ok)
        ok = troth_ad_put(out, &len, room, TROTH_AD_LE_ADDRESS, address, sizeof address) &&
             troth_ad_put(out, &len, room, TROTH_AD_LE_ROLE, &b->role, 1);
    return ok ? len : TROTH_INVALID;
}

enum {
    SEEN_FLAGS = 1,
    SEEN_NAME = 2,
    SEEN_TK = 4,
    SEEN_CONFIRM = 8,
    SEEN_RANDOM = 16,
    SEEN_ADDRESS = 32,
    SEEN_ROLE = 64
};

static enum troth_oob_fault take(struct troth_oob_block *b, unsigned *seen, uint8_t type,
                                 const uint8_t *value, uint8_t len)
{
    static const struct {
        uint8_t type, len, bit;
    } known[] = {
        {TROTH_AD_FLAGS, 1, SEEN_FLAGS},         {TROTH_AD_NAME_SHORT, 0, SEEN_NAME},
        {TROTH_AD_NAME_COMPLETE, 0, SEEN_NAME},  {TROTH_AD_SM_TK, 16, SEEN_TK},
        {TROTH_AD_SC_CONFIRM, 16, SEEN_CONFIRM}, {TROTH_AD_SC_RANDOM, 16, SEEN_RANDOM},
        {TROTH_AD_LE_ADDRESS, 7, SEEN_ADDRESS},  {TROTH_AD_LE_ROLE, 1, SEEN_ROLE},
    };
    uint8_t bit = 0;
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].type != type)
            continue;
        bit = known[i].bit;
        if (known[i].len && known[i].len != len)
            return TROTH_OOB_SIZE;
    }
    if (*seen & bit)
        return TROTH_OOB_TWICE;
    *seen |= bit;
    switch (bit) {
    case SEEN_FLAGS:
        b->has_flags = true;
        b->flags = *value;
        break;
    case SEEN_NAME:
        b->name_len = len < TROTH_OOB_NAME_MAX ? len : TROTH_OOB_NAME_MAX;
        b->name_short = type == TROTH_AD_NAME_SHORT || len > TROTH_OOB_NAME_MAX;
        memcpy(b->name, value, b->name_len);
        break;
    case SEEN_TK:
        b->oob.have_tk = true;
        memcpy(b->oob.tk, value, 16);
        break;
    case SEEN_CONFIRM:
        memcpy(b->oob.confirm, value, 16);
        break;
    case SEEN_RANDOM:
        memcpy(b->oob.random, value, 16);
        break;
    case SEEN_ADDRESS:
        memcpy(b->addr.b, value, 6);
        b->addr.type = value[6];
        if (value[6] > TROTH_ADDR_RANDOM || !addr_valid(&b->addr))
            return TROTH_OOB_VALUE;
        break;
    case SEEN_ROLE:
        b->role = *value;
        if (*value > TROTH_OOB_CENTRAL_PREFERRED)
            return TROTH_OOB_VALUE;
        break;
    }
    return TROTH_OOB_FINE;
}

static enum troth_oob_fault decode(struct troth_oob_block *b, const uint8_t *data, size_t len)
{
    struct in in = in_of(data, len);
    unsigned seen = 0;
    if (len > TROTH_OOB_BLOCK_MAX)
        return TROTH_OOB_TOO_LONG;
    while (in.left) {
        uint8_t n = in_u8(&in);
        const uint8_t *structure = n ? in_bytes(&in, n) : NULL;
        if (!structure)
            return TROTH_OOB_CUT;
        enum troth_oob_fault fault = take(b, &seen, *structure, structure + 1, (uint8_t)(n - 1));
        if (fault)
            return fault;
    }
    if (!(seen & SEEN_ADDRESS))
        return TROTH_OOB_NO_ADDRESS;
    if (!(seen & SEEN_ROLE))
        return TROTH_OOB_NO_ROLE;
    if (!(seen & SEEN_CONFIRM) != !(seen & SEEN_RANDOM))
        return TROTH_OOB_HALF;
    b->oob.have_sc = seen & SEEN_CONFIRM;
    return TROTH_OOB_FINE;
}

enum troth_oob_fault troth_oob_decode(struct troth_oob_block *block, const uint8_t *data,
                                      size_t len)
{
    memset(block, 0, sizeof *block);
    enum troth_oob_fault fault = decode(block, data, len);
    if (fault)
        wipe(block, sizeof *block);
    return fault;
}

/* ---- text ---- */

static char *put_digits(char *text, uint8_t octet)
{
    *text++ = digits[octet >> 4];
    *text++ = digits[octet & 15];
    return text;
}

int troth_oob_to_text(const struct troth_oob_block *block, char *text, size_t cap)
{
    uint8_t data[TROTH_OOB_BLOCK_MAX];
    char *p = text;
    int len = troth_oob_encode(block, data, sizeof data);
    size_t need = PREFIX_LEN + 2 * (size_t)(len < 0 ? 0 : len) + 1 + SUM_DIGITS + 1;
    if (len >= 0 && need <= cap) {
        uint32_t sum = crc32(data, (size_t)len);
        memcpy(p, TROTH_OOB_PREFIX, PREFIX_LEN);
        p += PREFIX_LEN;
        for (int i = 0; i < len; i++)
            p = put_digits(p, data[i]);
        *p++ = '.';
        for (int shift = 24; shift >= 0; shift -= 8)
            p = put_digits(p, (uint8_t)(sum >> shift));
        *p = 0;
    }
    wipe(data, sizeof data);
    return p == text ? TROTH_INVALID : (int)(p - text);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c & ~0x20);
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* n octets of 2 n digits; false: one of them is none. */
static bool take_digits(const char *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

enum troth_oob_fault troth_oob_from_text(struct troth_oob_block *block, const char *text,
                                         size_t len)
{
    uint8_t data[TROTH_OOB_BLOCK_MAX], sum[SUM_DIGITS / 2];
    memset(block, 0, sizeof *block);
    if (len < PREFIX_LEN || memcmp(text, TROTH_OOB_PREFIX, PREFIX_LEN))
        return TROTH_OOB_NO_PREFIX;
    text += PREFIX_LEN;
    len -= PREFIX_LEN;
    if (len > 2 * TROTH_OOB_BLOCK_MAX + 1 + SUM_DIGITS)
        return TROTH_OOB_TOO_LONG;
    if (len < 1 + SUM_DIGITS || text[len - 1 - SUM_DIGITS] != '.')
        return TROTH_OOB_SUM;
    size_t n = len - 1 - SUM_DIGITS;
    if (n % 2 || !take_digits(text, data, n / 2) || !take_digits(text + n + 1, sum, sizeof sum))
        return TROTH_OOB_DIGIT;
    uint32_t told =
        (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3];
    enum troth_oob_fault fault =
        told == crc32(data, n / 2) ? troth_oob_decode(block, data, n / 2) : TROTH_OOB_SUM;
    wipe(data, sizeof data);
    return fault;
}
