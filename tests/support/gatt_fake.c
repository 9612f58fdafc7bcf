#include "support/gatt_fake.h"

#include <stdlib.h>
#include <string.h>

static bool env_send(void *link, enum gatt_slot slot, const uint8_t *pdu, size_t len)
{
    struct fake *f = link;
    if (f->full[slot])
        return false;
    assert_true(f->sent_n < FAKE_LOG);
    struct fake_pdu *p = &f->sent[f->sent_n++];
    assert_true(len <= sizeof p->b);
    p->slot = slot;
    p->len = len;
    memcpy(p->b, pdu, len);
    return true;
}

static void env_event(void *link, struct troth_event *e)
{
    struct fake *f = link;
    assert_true(f->event_n < FAKE_LOG);
    f->event[f->event_n++] = *e;
}

static void env_ask(void *link, struct troth_ask *a)
{
    struct fake *f = link;
    assert_true(f->ask_n < FAKE_LOG);
    f->persists_at_ask = f->persists;
    f->ask[f->ask_n++] = *a;
}

static void env_withdraw(void *link, enum troth_ask_type type)
{
    struct fake *f = link;
    assert_int_equal(type, TROTH_ASK_GATT);
    f->withdrawn++;
}

static struct troth_level env_level(void *link)
{
    return ((struct fake *)link)->level;
}

static const struct troth_policy *env_policy(void *link)
{
    return &((struct fake *)link)->policy;
}

static void env_disconnect(void *link, uint8_t hci_reason)
{
    struct fake *f = link;
    f->disconnects++;
    f->reason = hci_reason;
}

static void env_raise(void *link, uint8_t att_error)
{
    struct fake *f = link;
    f->raises++;
    f->raise_error = att_error;
}

static struct troth_bond_state *env_bond_state(void *link)
{
    struct fake *f = link;
    return f->has_bond ? &f->bond : NULL;
}

static void env_persist(void *link)
{
    ((struct fake *)link)->persists++;
}

static const uint8_t *env_csrk(void *link, unsigned whose)
{
    struct fake *f = link;
    if (whose)
        return f->has_csrk ? f->csrk : NULL;
    return f->has_own_csrk ? f->own_csrk : NULL;
}

static uint32_t env_sign_kept(void *link, unsigned whose)
{
    return ((struct fake *)link)->sign_kept[whose];
}

const struct gatt_env fake_env = {
    .send = env_send,
    .event = env_event,
    .ask = env_ask,
    .withdraw = env_withdraw,
    .level = env_level,
    .policy = env_policy,
    .disconnect = env_disconnect,
    .raise = env_raise,
    .bond_state = env_bond_state,
    .persist = env_persist,
    .csrk = env_csrk,
    .sign_kept = env_sign_kept,
};

void fake_open(struct fake *f, struct troth_gatt_service *services, size_t count)
{
    memset(f, 0, sizeof *f);
    gatt_db_init(&f->db, "Troth", 0x0340);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(gatt_db_add(&f->db, &services[i]), TROTH_OK);
    gatt_db_seal(&f->db);
    memset(&f->g, 0xff, sizeof f->g); /* what was there before is gatt_init's to clear */
    gatt_init(&f->g, &fake_env, f, &f->db);
}

void fake_reconnect(struct fake *f)
{
    fake_forget(f);
    memset(&f->level, 0, sizeof f->level);
    gatt_init(&f->g, &fake_env, f, &f->db);
}

void fake_forget(struct fake *f)
{
    f->sent_at = f->sent_n = 0;
    f->event_at = f->event_n = f->event_copied = 0;
    f->ask_at = f->ask_n = f->ask_done = 0;
    f->raises = f->disconnects = f->withdrawn = f->persists = 0;
}

static bool carries_value(const struct troth_event *e)
{
    return e->type == TROTH_EV_GATT_VALUE || e->type == TROTH_EV_GATT_NOTIFICATION;
}

/* What the pointers point to is read now, as a host's callbacks would. */
static void copy(struct fake *f)
{
    for (; f->event_copied < f->event_n; f->event_copied++) {
        struct troth_event *e = &f->event[f->event_copied];
        if (!carries_value(e))
            continue;
        assert_true(e->u.value.len <= sizeof f->event_data[0]);
        memcpy(f->event_data[f->event_copied], e->u.value.data, e->u.value.len);
        e->u.value.data = f->event_data[f->event_copied];
    }
}

void fake_drain(struct fake *f)
{
    for (unsigned i = f->ask_done; i < f->ask_n; i++) {
        struct troth_gatt_access *a = &f->ask[i].u.gatt.access;
        f->ask_done = i + 1;
        if (a->write && a->len) {
            memcpy(f->ask_data[i], a->data, a->len);
            a->data = f->ask_data[i];
        }
        if (f->by_hand)
            continue;
        const struct troth_gatt_service *s = f->ask[i].u.gatt.service;
        enum troth_gatt_status status = s->table->access(s->ctx, a);
        if (!a->command && status != TROTH_GATT_LATER)
            gatt_access_done(&f->g, status, a->value, a->value_len);
    }
    copy(f);
}

void fake_kept(struct fake *f)
{
    memcpy(f->sign_kept, f->bond.sign_counter, sizeof f->sign_kept);
    while (gatt_step(&f->g))
        fake_drain(f);
}

void fake_rx_bytes(struct fake *f, const uint8_t *pdu, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    if (len)
        memcpy(exact, pdu, len);
    gatt_rx(&f->g, exact, len);
    fake_drain(f);
    free(exact);
}

static int nibble(char c)
{
    const char *digits = "0123456789abcdef", *p = strchr(digits, c | 0x20);
    return p && c ? (int)(p - digits) : -1;
}

size_t fake_unhex(const char *hex, uint8_t *out, size_t cap)
{
    size_t n = 0;
    while (*hex) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        int hi = nibble(hex[0]), lo = nibble(hex[1]);
        assert_true(hi >= 0 && lo >= 0 && n < cap);
        out[n++] = (uint8_t)(hi << 4 | lo);
        hex += 2;
    }
    return n;
}

void fake_rx(struct fake *f, const char *hex)
{
    uint8_t pdu[600];
    fake_rx_bytes(f, pdu, fake_unhex(hex, pdu, sizeof pdu));
}

const struct fake_pdu *fake_next(struct fake *f)
{
    assert_true(f->sent_at < f->sent_n);
    return &f->sent[f->sent_at++];
}

void fake_sent(struct fake *f, const char *hex)
{
    uint8_t want[600];
    size_t len = fake_unhex(hex, want, sizeof want);
    if (f->sent_at >= f->sent_n)
        fail_msg("nothing was sent; expected %s", hex);
    const struct fake_pdu *p = &f->sent[f->sent_at++];
    if (p->len == len && memcmp(p->b, want, len) == 0)
        return;
    print_error("expected %s\nsent     ", hex);
    for (size_t i = 0; i < p->len; i++)
        print_error("%02x ", p->b[i]);
    fail_msg("\na PDU differs");
}

void fake_silent(struct fake *f)
{
    if (f->sent_at != f->sent_n)
        fail_msg("%u PDUs too many, the first with opcode 0x%02x", f->sent_n - f->sent_at,
                 f->sent[f->sent_at].b[0]);
}

void fake_turn(struct fake *f, const char *in, const char *out)
{
    fake_rx(f, in);
    fake_sent(f, out);
    fake_silent(f);
}

const struct troth_event *fake_event(struct fake *f, enum troth_event_type type)
{
    copy(f);
    if (f->event_at >= f->event_n)
        fail_msg("no event; expected type %d", type);
    assert_int_equal(f->event[f->event_at].type, type);
    return &f->event[f->event_at++];
}

void fake_no_event(struct fake *f)
{
    if (f->event_at != f->event_n)
        fail_msg("an event too many, of type %d", f->event[f->event_at].type);
}

const struct troth_ask *fake_ask(struct fake *f)
{
    assert_true(f->ask_at < f->ask_n);
    assert_int_equal(f->ask[f->ask_at].type, TROTH_ASK_GATT);
    return &f->ask[f->ask_at++];
}

void fake_no_ask(struct fake *f)
{
    assert_int_equal(f->ask_at, f->ask_n);
}

void fake_done(struct fake *f, int result, uint8_t att_error)
{
    const struct troth_event *e = fake_event(f, TROTH_EV_GATT_DONE);
    assert_int_equal(e->u.done.result, result);
    assert_int_equal(e->u.done.att_error, att_error);
    fake_no_event(f);
}
