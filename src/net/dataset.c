/* Thread datasets: reading, checking, making. All integers in them are big-endian. */
#include <string.h>

#include <troth/dataset.h>

#include "base/check.h"
#include "base/wipe.h"
#include "net/utf8.h"

/* Lengths of the known types. */
static const struct {
    uint8_t type, least, most;
} lengths[] = {
    {TROTH_DATASET_CHANNEL, 3, 3},
    {TROTH_DATASET_PAN_ID, 2, 2},
    {TROTH_DATASET_EXT_PAN_ID, 8, 8},
    {TROTH_DATASET_NETWORK_NAME, 1, 16},
    {TROTH_DATASET_PSKC, 16, 16},
    {TROTH_DATASET_NETWORK_KEY, 16, 16},
    {TROTH_DATASET_MESH_LOCAL_PREFIX, 8, 8},
    {TROTH_DATASET_SECURITY_POLICY, 3, 4},
    {TROTH_DATASET_ACTIVE_TIMESTAMP, 8, 8},
    {TROTH_DATASET_PENDING_TIMESTAMP, 8, 8},
    {TROTH_DATASET_DELAY_TIMER, 4, 4},
    {TROTH_DATASET_CHANNEL_MASK, 3, TROTH_DATASET_MAX - 2},
    {TROTH_DATASET_DOMAIN_NAME, 0, 16},
    {TROTH_DATASET_WAKEUP_CHANNEL, 3, 3},
};

static uint64_t get_be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

static void put_be(uint8_t *p, uint64_t v, unsigned n)
{
    while (n--) {
        p[n] = (uint8_t)v;
        v >>= 8;
    }
}

static uint32_t reversed(uint32_t v)
{
    uint32_t r = 0;
    for (unsigned i = 0; i < 32; i++)
        r |= (v >> i & 1) << (31 - i);
    return r;
}

/* ---- reading ---- */

static bool length_fits(uint8_t type, uint8_t len)
{
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        if (lengths[i].type == type)
            return len >= lengths[i].least && len <= lengths[i].most;
    return true;
}

/* Entries of page, length, mask, whose first bit is channel 0. */
static bool take_mask(struct troth_dataset *d, const uint8_t *v, uint8_t len)
{
    d->has_channel_mask = true;
    while (len) {
        VERIFY(len >= 2 && v[1] >= 1 && v[1] <= len - 2, false);
        uint8_t n = v[1];
        VERIFY(v[0] != 0 || n == 4, false);
        if (v[0] == 0)
            d->channel_mask |= reversed((uint32_t)get_be(v + 2, 4));
        v += 2 + n;
        len = (uint8_t)(len - 2 - n);
    }
    return true;
}

static void take_octets(bool *has, uint8_t *to, const uint8_t *v, uint8_t len)
{
    *has = true;
    memcpy(to, v, len);
}

/* Of the right length. False: its inner structure is wrong. */
static bool take(struct troth_dataset *d, uint8_t type, const uint8_t *v, uint8_t len)
{
    switch (type) {
    case TROTH_DATASET_CHANNEL:
        d->has_channel = true;
        d->channel_page = v[0];
        d->channel = (uint16_t)get_be(v + 1, 2);
        break;
    case TROTH_DATASET_PAN_ID:
        d->has_pan_id = true;
        d->pan_id = (uint16_t)get_be(v, 2);
        break;
    case TROTH_DATASET_EXT_PAN_ID:
        take_octets(&d->has_ext_pan_id, d->ext_pan_id, v, len);
        break;
    case TROTH_DATASET_NETWORK_NAME:
        d->name.len = len;
        memcpy(d->name.b, v, len);
        break;
    case TROTH_DATASET_PSKC:
        take_octets(&d->has_pskc, d->pskc, v, len);
        break;
    case TROTH_DATASET_NETWORK_KEY:
        take_octets(&d->has_network_key, d->network_key, v, len);
        break;
    case TROTH_DATASET_MESH_LOCAL_PREFIX:
        take_octets(&d->has_mesh_local_prefix, d->mesh_local_prefix, v, len);
        break;
    case TROTH_DATASET_SECURITY_POLICY:
        d->rotation_hours = (uint16_t)get_be(v, 2);
        d->policy_flags_len = (uint8_t)(len - 2);
        take_octets(&d->has_security_policy, d->policy_flags, v + 2, d->policy_flags_len);
        break;
    case TROTH_DATASET_ACTIVE_TIMESTAMP:
        d->has_active_timestamp = true;
        d->seconds = get_be(v, 6);
        d->ticks = (uint16_t)(get_be(v + 6, 2) >> 1);
        d->authoritative = v[7] & 1;
        break;
    case TROTH_DATASET_CHANNEL_MASK:
        return take_mask(d, v, len);
    }
    return true;
}

static enum troth_dataset_fault parse(struct troth_dataset *d, const uint8_t *p, size_t left,
                                      uint8_t *type)
{
    uint8_t seen[32] = {0};
    if (left == 0)
        return TROTH_DATASET_EMPTY;
    if (left > TROTH_DATASET_MAX)
        return TROTH_DATASET_TOO_LONG;
    while (left) {
        *type = p[0];
        if (left < 2 || p[1] > left - 2)
            return TROTH_DATASET_CUT;
        uint8_t len = p[1], bit = (uint8_t)(1u << (*type & 7));
        if (!length_fits(*type, len))
            return TROTH_DATASET_SIZE;
        if (seen[*type >> 3] & bit)
            return TROTH_DATASET_TWICE;
        seen[*type >> 3] |= bit;
        if (!take(d, *type, p + 2, len))
            return TROTH_DATASET_SIZE;
        p += 2u + len;
        left -= 2u + len;
    }
    return TROTH_DATASET_FINE;
}

enum troth_dataset_fault troth_dataset_parse(struct troth_dataset *d, const uint8_t *tlvs,
                                             size_t len, uint8_t *type)
{
    struct troth_dataset read = {.has_channel = false};
    uint8_t at = 0;
    enum troth_dataset_fault fault = parse(&read, tlvs, len, &at);
    if (fault != TROTH_DATASET_FINE)
        wipe(&read, sizeof read);
    if (d)
        *d = read;
    wipe(&read, sizeof read);
    if (type)
        *type = at;
    return fault;
}

/* ---- checking ---- */

#define CHANNELS 0x07fff800u /* 11 to 26, the 2.4 GHz band of IEEE 802.15.4 */

static enum troth_dataset_fault ranges(const struct troth_dataset *d, uint8_t *type)
{
    *type = TROTH_DATASET_CHANNEL;
    if (d->has_channel && (d->channel_page != 0 || d->channel < 11 || d->channel > 26))
        return TROTH_DATASET_BAD_CHANNEL;
    *type = TROTH_DATASET_PAN_ID;
    if (d->has_pan_id && d->pan_id == 0xffff) /* the broadcast's */
        return TROTH_DATASET_BAD_PAN_ID;
    *type = TROTH_DATASET_NETWORK_NAME;
    if (!utf8_text(d->name.b, d->name.len))
        return TROTH_DATASET_BAD_NAME;
    *type = TROTH_DATASET_MESH_LOCAL_PREFIX;
    if (d->has_mesh_local_prefix && d->mesh_local_prefix[0] != 0xfd) /* RFC 4193 */
        return TROTH_DATASET_BAD_PREFIX;
    *type = TROTH_DATASET_SECURITY_POLICY;
    if (d->has_security_policy && d->rotation_hours == 0)
        return TROTH_DATASET_BAD_POLICY;
    *type = TROTH_DATASET_CHANNEL_MASK;
    if (d->has_channel_mask && !(d->channel_mask & CHANNELS))
        return TROTH_DATASET_BAD_MASK;
    return TROTH_DATASET_FINE;
}

enum troth_dataset_fault troth_dataset_check(const uint8_t *tlvs, size_t len, uint8_t *type)
{
    struct troth_dataset d;
    uint8_t at = 0;
    enum troth_dataset_fault fault = troth_dataset_parse(&d, tlvs, len, &at);
    if (fault == TROTH_DATASET_FINE)
        fault = ranges(&d, &at);
    if (fault == TROTH_DATASET_FINE && !d.has_network_key) {
        at = TROTH_DATASET_NETWORK_KEY;
        fault = TROTH_DATASET_NO_KEY;
    }
    wipe(&d, sizeof d);
    if (type)
        *type = at;
    return fault;
}

/* ---- making ---- */

static size_t seek(const struct troth_thread *t, uint8_t type)
{
    size_t at = 0;
    while (at + 2 <= t->len && t->dataset[at] != type)
        at += 2u + t->dataset[at + 1];
    return at + 2 <= t->len && at + 2 + t->dataset[at + 1] <= t->len ? at : t->len;
}

const uint8_t *troth_dataset_find(const struct troth_thread *t, uint8_t type, uint8_t *len)
{
    size_t at = seek(t, type);
    if (at == t->len)
        return NULL;
    *len = t->dataset[at + 1];
    return t->dataset + at + 2;
}

int troth_dataset_put(struct troth_thread *t, uint8_t type, const void *value, uint8_t len)
{
    size_t at = seek(t, type);
    size_t old = at == t->len ? 0 : 2u + t->dataset[at + 1];
    VERIFY(t->len - old + 2 + len <= TROTH_DATASET_MAX, TROTH_FULL);
    uint8_t *p = t->dataset + at;
    memmove(p + 2 + len, p + old, t->len - at - old);
    p[0] = type;
    p[1] = len;
    if (len)
        memcpy(p + 2, value, len);
    uint8_t before = t->len;
    t->len = (uint8_t)(t->len - old + 2 + len);
    if (t->len < before) /* keys leave no trace behind the end */
        wipe(t->dataset + t->len, (size_t)(before - t->len));
    return TROTH_OK;
}

static int put_if(int result, bool has, struct troth_thread *t, uint8_t type, const uint8_t *value,
                  uint8_t len)
{
    return result == TROTH_OK && has ? troth_dataset_put(t, type, value, len) : result;
}

/* In the order in which other Thread tools write a new one. */
static int put_all(struct troth_thread *t, const struct troth_dataset *d)
{
    uint8_t stamp[8], channel[3], mask[6] = {0, 4}, pan_id[2], policy[4];
    struct troth_dataset had;
    troth_dataset_parse(&had, t->dataset, t->len, NULL);
    /* A mask may have other pages: it is replaced only by another one. */
    bool other_mask =
        d->has_channel_mask && !(had.has_channel_mask && had.channel_mask == d->channel_mask);
    wipe(&had, sizeof had);
    put_be(stamp, d->seconds, 6);
    put_be(stamp + 6, (uint64_t)d->ticks << 1 | d->authoritative, 2);
    channel[0] = d->channel_page;
    put_be(channel + 1, d->channel, 2);
    put_be(mask + 2, reversed(d->channel_mask), 4);
    put_be(pan_id, d->pan_id, 2);
    put_be(policy, d->rotation_hours, 2);
    memcpy(policy + 2, d->policy_flags, 2);
    int r = put_if(TROTH_OK, d->has_active_timestamp, t, TROTH_DATASET_ACTIVE_TIMESTAMP, stamp, 8);
    r = put_if(r, d->has_channel, t, TROTH_DATASET_CHANNEL, channel, 3);
    r = put_if(r, other_mask, t, TROTH_DATASET_CHANNEL_MASK, mask, 6);
    r = put_if(r, d->has_ext_pan_id, t, TROTH_DATASET_EXT_PAN_ID, d->ext_pan_id, 8);
    r = put_if(r, d->has_mesh_local_prefix, t, TROTH_DATASET_MESH_LOCAL_PREFIX,
               d->mesh_local_prefix, 8);
    r = put_if(r, d->has_network_key, t, TROTH_DATASET_NETWORK_KEY, d->network_key, 16);
    r = put_if(r, d->name.len != 0, t, TROTH_DATASET_NETWORK_NAME, d->name.b, d->name.len);
    r = put_if(r, d->has_pan_id, t, TROTH_DATASET_PAN_ID, pan_id, 2);
    r = put_if(r, d->has_pskc, t, TROTH_DATASET_PSKC, d->pskc, 16);
    return put_if(r, d->has_security_policy, t, TROTH_DATASET_SECURITY_POLICY, policy,
                  (uint8_t)(2 + d->policy_flags_len));
}

int troth_dataset_build(struct troth_thread *t, const struct troth_dataset *d)
{
    uint8_t type;
    VERIFY(t->len == 0 || troth_dataset_parse(NULL, t->dataset, t->len, NULL) == TROTH_DATASET_FINE,
           TROTH_INVALID);
    VERIFY(d->name.len <= sizeof d->name.b && d->seconds >> 48 == 0 && d->ticks < 0x8000,
           TROTH_INVALID);
    VERIFY(!d->has_security_policy || d->policy_flags_len == 1 || d->policy_flags_len == 2,
           TROTH_INVALID);
    VERIFY(ranges(d, &type) == TROTH_DATASET_FINE, TROTH_INVALID);
    struct troth_thread made = *t;
    int result = put_all(&made, d);
    if (result == TROTH_OK)
        *t = made;
    wipe(&made, sizeof made);
    return result;
}

int troth_dataset_pick(struct troth_thread *t, const struct troth_scan_result *network,
                       const uint8_t network_key[16])
{
    struct troth_dataset d = {.has_channel = true,
                              .has_pan_id = true,
                              .has_ext_pan_id = true,
                              .has_network_key = true,
                              .channel = network->channel,
                              .pan_id = network->thread.pan_id,
                              .name = network->thread.name};
    memcpy(d.ext_pan_id, network->thread.ext_pan_id, 8);
    memcpy(d.network_key, network_key, 16);
    wipe(t, sizeof *t);
    int result =
        network->kind == TROTH_NET_THREAD ? troth_dataset_build(t, &d) : (int)TROTH_INVALID;
    wipe(&d, sizeof d);
    return result;
}
