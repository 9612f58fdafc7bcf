/*
 * Signed Writes, Vol 3 Part C 10.4. In neither direction is a sign counter used before the store
 * holds what follows it: a cut of power loses a write, never the protection. So a write of ours
 * waits for the store before it leaves, and a peer's before it is delivered.
 */
#include "gatt/parts.h"

#include "base/check.h"
#include "base/wipe.h"
#include "crypto/toolbox.h"

#define OURS   0
#define THEIRS 1

/* Before each waiting write: its length and its counter. */
#define HEAD 6
_Static_assert(HEAD <= ATT_SIGNATURE, "the longest Signed Write fits when nothing else waits");

static bool encrypted(const struct gatt *g)
{
    return g->env->level(g->link).key_size != 0;
}

/* From 6.3 on there is neither a CSRK nor a signed write. */
static bool known(const struct gatt *g)
{
    return g->env->policy(g->link)->core < TROTH_CORE_6_3;
}

/* ---- from the peer ---- */

/* Forgets the write that was delivered: its octets had to stay until the access was over. */
static void tidy(struct gatt *g)
{
    g->signed_len = (uint16_t)(g->signed_len - g->signed_done);
    memmove(g->signed_write, g->signed_write + g->signed_done, g->signed_len);
    g->signed_done = 0;
}

/* The counter of a signature that holds, and was never seen before; UINT32_MAX: none. 10.4.2 */
static uint32_t verified(const struct gatt *g, const uint8_t *pdu, size_t signed_len)
{
    const struct troth_bond_state *state = g->env->bond_state(g->link);
    const uint8_t *csrk = g->env->csrk(g->link, THEIRS);
    struct in in = in_of(pdu + signed_len, 4);
    uint32_t counter = in_u32(&in);
    uint8_t signature[ATT_SIGNATURE];

    if (!known(g) || encrypted(g) || !state || !csrk || counter < state->sign_counter[THEIRS])
        return UINT32_MAX;
    toolbox_sign(csrk, pdu, signed_len, counter, signature);
    bool equal = equal_secret(signature, pdu + signed_len, sizeof signature);
    wipe(signature, sizeof signature);
    return equal ? counter : UINT32_MAX;
}

/* A write without a place is as one that was lost on air: its counter stays unused. */
void signed_rx(void *ctx, const uint8_t *pdu, size_t len)
{
    struct gatt *g = ctx;
    size_t signed_len = len - ATT_SIGNATURE;
    uint32_t counter = verified(g, pdu, signed_len);

    tidy(g);
    struct out out = out_of(g->signed_write, sizeof g->signed_write);
    out.len = g->signed_len;
    out_u16(&out, (uint16_t)signed_len);
    out_u32(&out, counter);
    out_bytes(&out, pdu, signed_len);
    if (out.bad || counter == UINT32_MAX)
        return;
    g->signed_len = (uint16_t)out.len;
    g->env->bond_state(g->link)->sign_counter[THEIRS] = counter + 1;
    g->env->persist(g->link);
}

/* The waiting write at *at, at moves behind it; false: none is left. */
static bool waiting(const struct gatt *g, uint16_t *at, struct in *pdu, uint32_t *counter)
{
    struct in in = in_of(g->signed_write + *at, g->signed_len - *at);

    VERIFY(in.left, false);
    uint16_t len = in_u16(&in);
    *counter = in_u32(&in);
    *pdu = in_of(in_bytes(&in, len), len);
    *at = (uint16_t)(*at + HEAD + len);
    return true;
}

static bool deliver(struct gatt *g)
{
    struct in pdu;
    uint32_t counter;

    VERIFY(g->signed_len, false);
    tidy(g);
    VERIFY(waiting(g, &g->signed_done, &pdu, &counter), false);
    if (counter >= g->env->sign_kept(g->link, THEIRS)) {
        g->signed_done = 0;
        return false;
    }
    att_command(&g->att, pdu.p, pdu.left);
    return true;
}

/* ---- to the peer ---- */

int gatt_signed_write(struct gatt *g, uint16_t handle, const uint8_t *data, uint16_t len)
{
    struct gatt_client *c = &g->client;
    int result = client_idle(g);

    VERIFY(result == TROTH_OK, result);
    VERIFY(known(g), TROTH_UNSUPPORTED);
    VERIFY(handle && len + 3 + ATT_SIGNATURE <= g->att.mtu, TROTH_INVALID);
    bool plain = !encrypted(g);
    struct troth_bond_state *state = g->env->bond_state(g->link);
    if (plain) {
        VERIFY(state && g->env->csrk(g->link, OURS), TROTH_STATE);
        VERIFY(state->sign_counter[OURS] != UINT32_MAX, TROTH_FULL);
        c->counter = state->sign_counter[OURS]++;
        g->env->persist(g->link);
    }
    c->op = GATT_OP_SIGNED;
    c->step = plain ? STEP_KEEP : STEP_COMMAND;
    c->handle = handle;
    c->len = len;
    if (len)
        memmove(c->value, data, len);
    signed_room(g);
    return TROTH_OK;
}

/* Vol 3 Part G 4.9.2: what is encrypted by now is not signed besides. */
static int send_it(struct gatt *g)
{
    struct gatt_client *c = &g->client;
    const uint8_t *csrk = g->env->csrk(g->link, OURS);
    bool plain = !encrypted(g);
    uint8_t pdu[TROTH_ATT_MTU], signature[ATT_SIGNATURE];
    struct out out = out_of(pdu, g->att.mtu);

    VERIFY(!plain || (csrk && c->step != STEP_COMMAND), TROTH_STATE);
    out_u8(&out, plain ? ATT_SIGNED_WRITE_CMD : ATT_WRITE_CMD);
    out_u16(&out, c->handle);
    out_bytes(&out, c->value, c->len);
    if (plain) {
        toolbox_sign(csrk, pdu, out.len, c->counter, signature);
        out_bytes(&out, signature, sizeof signature);
    }
    ASSERT(!out.bad);
    return att_push(&g->att, pdu, out.len);
}

void signed_room(struct gatt *g)
{
    struct gatt_client *c = &g->client;

    if (c->op != GATT_OP_SIGNED || c->step == STEP_KEEP)
        return;
    int result = send_it(g);
    if (result != TROTH_BUSY)
        client_done(g, result, 0);
}

/* ---- the store's answers ---- */

bool gatt_step(struct gatt *g)
{
    struct gatt_client *c = &g->client;

    VERIFY(g->up && !g->att.dead, false);
    if (c->op == GATT_OP_SIGNED && c->step == STEP_KEEP &&
        c->counter < g->env->sign_kept(g->link, OURS)) {
        c->step = STEP_SIGNED;
        signed_room(g);
        return true;
    }
    return deliver(g);
}

void gatt_unkept(struct gatt *g)
{
    struct gatt_client *c = &g->client;
    uint16_t at = 0, end = 0;
    struct in pdu;
    uint32_t counter;

    if (!g->up)
        return;
    if (c->op == GATT_OP_SIGNED && c->step == STEP_KEEP)
        client_done(g, TROTH_FAILED, 0);
    /* Counters grow along the queue: from the first that is not kept, none is. */
    while (waiting(g, &at, &pdu, &counter) && counter < g->env->sign_kept(g->link, THEIRS))
        end = at;
    if (end >= g->signed_done)
        g->signed_len = end;
}

void gatt_unbonded(struct gatt *g)
{
    if (!g->up)
        return;
    g->signed_len = g->signed_done; /* what is being delivered came while the bond was there */
    if (g->client.op == GATT_OP_SIGNED)
        client_done(g, TROTH_STATE, 0);
}
