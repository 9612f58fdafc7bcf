#include "support/smp_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool env_send(void *link, const uint8_t *pdu, size_t len)
{
    struct smp_bench *b = link;
    unsigned call = b->send_calls++;
    bool room = b->room == ROOM_ALWAYS || (b->room == ROOM_SLOT && !b->full) ||
                (b->room == ROOM_MISS && call != b->miss_at);
    if (!room) {
        b->waiting = true;
        return false;
    }
    b->full = true;
    b->unacked = true;
    if (len == 0 || len > SMP_PDU_MAX) {
        b->wrong = "a PDU of impossible length was sent";
        return true;
    }
    if (b->sent_count == SMP_BENCH_SENT) {
        b->wrong = "too many PDUs were sent at once";
        return true;
    }
    struct smp_bench_pdu *p = &b->sent[(b->sent_from + b->sent_count++) % SMP_BENCH_SENT];
    p->len = (uint8_t)len;
    memcpy(p->b, pdu, len);
    b->sent_total++;
    if (pdu[0] == 0x05) {
        b->failed_sent++;
        b->failed_reason = len > 1 ? pdu[1] : 0;
    }
    return true;
}

static void env_event(void *link, struct troth_event *e)
{
    struct smp_bench *b = link;
    if (e->type <= TROTH_EV_GATT_DONE)
        b->told[e->type]++;
    if (b->events < SMP_BENCH_EVENTS)
        b->event[b->events++].e = *e;
    else
        b->wrong = "too many events";
}

static void env_ask(void *link, struct troth_ask *a)
{
    struct smp_bench *b = link;
    if (a->type == TROTH_ASK_NONE || a->type >= SMP_BENCH_ASKS) {
        b->wrong = "an ask of no type";
        return;
    }
    if (b->open[a->type])
        b->asked_twice++;
    b->open[a->type] = true;
    b->asked[a->type]++;
    b->ask[a->type] = *a;
    if (a->type == TROTH_ASK_DHKEY) {
        memcpy(b->ask_private, a->u.dhkey.private_key, 32);
        memcpy(b->ask_public, a->u.dhkey.public_key, 64);
    }
    if (a->type == TROTH_ASK_KEYPAIR && a->u.keypair.random)
        smp_bench_secret(b, a->u.keypair.random, 32);
}

static void env_withdraw(void *link, enum troth_ask_type type)
{
    struct smp_bench *b = link;
    if (type == TROTH_ASK_NONE || type >= SMP_BENCH_ASKS) {
        b->wrong = "an ask of no type was withdrawn";
        return;
    }
    if (b->open[type])
        b->withdrawn[type]++;
    b->open[type] = false;
}

static void env_random(void *link, uint8_t *out, size_t len)
{
    struct smp_bench *b = link;
    for (size_t i = 0; i < len; i++) { /* splitmix64, an octet at a time */
        uint64_t z = b->seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        out[i] = (uint8_t)(z ^ z >> 31);
    }
    if (b->fix16 && len == 16)
        memcpy(out, b->fixed, 16);
    smp_bench_secret(b, out, len);
}

static const struct troth_policy *env_policy(void *link)
{
    struct smp_bench *b = link;
    return &b->policy;
}

static void env_encrypt(void *link, uint64_t rand, uint16_t ediv, const uint8_t ltk[16])
{
    struct smp_bench *b = link;
    b->encrypts++;
    b->encrypt_rand = rand;
    b->encrypt_ediv = ediv;
    memcpy(b->encrypt_key, ltk, 16);
}

static void env_ltk_reply(void *link, const uint8_t *ltk)
{
    struct smp_bench *b = link;
    if (ltk) {
        b->ltk_given++;
        memcpy(b->ltk_key, ltk, 16);
    } else {
        b->ltk_denied++;
    }
}

static void env_disconnect(void *link, uint8_t reason)
{
    struct smp_bench *b = link;
    b->disconnects++;
    b->disconnect_reason = reason;
}

static bool env_admit(void *link)
{
    const struct smp_bench *b = link;
    return !b->too_early;
}

static void env_attempted(void *link, bool ok)
{
    struct smp_bench *b = link;
    b->attempts[ok]++;
}

static const struct troth_bond *env_bond(void *link)
{
    struct smp_bench *b = link;
    return b->has_bond ? &b->bond : NULL;
}

static bool same_addr(const struct troth_addr *x, const struct troth_addr *y)
{
    return x->type == y->type && !memcmp(x->b, y->b, 6);
}

static const struct troth_bond *env_bond_of(void *link, const struct troth_addr *identity)
{
    struct smp_bench *b = link;
    if (b->has_bond && same_addr(&b->bond.keys.identity, identity))
        return &b->bond;
    if (b->has_other && same_addr(&b->other.keys.identity, identity))
        return &b->other;
    return NULL;
}

static bool has_irk(const struct troth_bond *b, const uint8_t irk[16])
{
    return b->keys.has_irk && !memcmp(b->keys.irk, irk, 16);
}

static const struct troth_bond *env_bond_of_irk(void *link, const uint8_t irk[16])
{
    struct smp_bench *b = link;
    if (b->has_bond && has_irk(&b->bond, irk))
        return &b->bond;
    return b->has_other && has_irk(&b->other, irk) ? &b->other : NULL;
}

static bool env_commit(void *link, const struct troth_bond_keys *keys)
{
    struct smp_bench *b = link;
    b->commits++;
    b->committed = *keys;
    return b->commit_ok;
}

static void env_uncommit(void *link)
{
    struct smp_bench *b = link;
    b->uncommits++;
}

static void env_forget(void *link)
{
    struct smp_bench *b = link;
    b->forgets++;
}

static void env_local(void *link, uint8_t irk[16], struct troth_addr *identity)
{
    struct smp_bench *b = link;
    memcpy(irk, b->irk, 16);
    *identity = b->identity;
}

static struct smp_own_oob *env_own_oob(void *link)
{
    struct smp_bench *b = link;
    return &b->own_oob;
}

void smp_bench_init(struct smp_bench *b, enum troth_side side, const struct troth_policy *policy,
                    const struct troth_addr addr[2])
{
    static const uint8_t irk[16] = {0x1e, 0x5a, 0x33, 0x97, 0x02, 0xcd, 0x8b, 0x74,
                                    0xe1, 0x6f, 0xb8, 0x20, 0x4d, 0x99, 0xfa, 0x35};
    memset(b, 0, sizeof *b);
    b->env = (struct smp_env){
        .send = env_send,
        .event = env_event,
        .ask = env_ask,
        .withdraw = env_withdraw,
        .random = env_random,
        .policy = env_policy,
        .encrypt = env_encrypt,
        .ltk_reply = env_ltk_reply,
        .disconnect = env_disconnect,
        .admit = env_admit,
        .attempted = env_attempted,
        .bond = env_bond,
        .bond_of = env_bond_of,
        .bond_of_irk = env_bond_of_irk,
        .commit = env_commit,
        .uncommit = env_uncommit,
        .forget = env_forget,
        .local = env_local,
        .own_oob = env_own_oob,
    };
    b->policy = policy
                    ? *policy
                    : (struct troth_policy){.features = TROTH_FEATURES_DEFAULT, .min_key_size = 7};
    b->side = side;
    b->addr[0] = addr[0];
    b->addr[1] = addr[1];
    b->now = 1000;
    memcpy(b->irk, irk, 16);
    b->identity = addr[side];
    b->commit_ok = true;
    b->seed = 0x5eed + (uint64_t)side;
    smp_bench_secret(b, b->irk, 16);
    smp_init(&b->smp, &b->env, b, side, b->addr);
}

void smp_bench_clear(struct smp_bench *b)
{
    b->sent_from = b->sent_count = b->sent_total = b->failed_sent = 0;
    b->failed_reason = 0;
    b->send_calls = 0;
    memset(b->asked, 0, sizeof b->asked);
    memset(b->withdrawn, 0, sizeof b->withdrawn);
    b->asked_twice = 0;
    b->events = b->rested = 0;
    memset(b->told, 0, sizeof b->told);
    b->encrypts = b->ltk_given = b->ltk_denied = b->disconnects = 0;
    b->commits = b->uncommits = b->forgets = 0;
}

void smp_bench_reconnect(struct smp_bench *b)
{
    smp_bench_clear(b);
    memset(b->open, 0, sizeof b->open);
    b->full = b->waiting = b->unacked = false;
    smp_init(&b->smp, &b->env, b, b->side, b->addr);
}

/* The engine came to rest: events are delivered, then it may forget; then time is told. */
static void rest(struct smp_bench *b)
{
    for (; b->rested < b->events; b->rested++) {
        struct smp_bench_event *e = &b->event[b->rested];
        if (e->e.type == TROTH_EV_PAIRED) {
            if (e->e.u.paired.keys)
                e->keys = *e->e.u.paired.keys;
            else
                b->wrong = "PAIRED without keys";
            e->e.u.paired.keys = &e->keys;
        }
        if (e->e.type == TROTH_EV_PAIRING_FAILED && !e->e.u.pairing_failed.step)
            b->wrong = "PAIRING_FAILED does not say what was being done";
    }
    smp_rest(&b->smp);
    smp_tick(&b->smp, b->now);
    for (; b->rested < b->events; b->rested++)
        if (b->event[b->rested].e.type == TROTH_EV_PAIRED)
            b->wrong = "PAIRED came from a tick";
}

int smp_bench_pair(struct smp_bench *b, const struct troth_features *features)
{
    int result = smp_pair(&b->smp, features);
    rest(b);
    return result;
}

void smp_bench_rx(struct smp_bench *b, const uint8_t *pdu, size_t len)
{
    /* Exactly as long as it is, so that reading past its end is seen. */
    uint8_t *exact = malloc(len ? len : 1);
    if (!exact)
        abort();
    if (len)
        memcpy(exact, pdu, len);
    smp_rx(&b->smp, exact, len);
    free(exact);
    rest(b);
}

int smp_bench_answer(struct smp_bench *b, enum troth_ask_type type, const struct troth_answer *a)
{
    bool was = b->open[type];
    b->open[type] = false;
    int result = smp_answer(&b->smp, type, a);
    if (result != TROTH_OK && result != TROTH_STALE && was)
        b->open[type] = true;
    rest(b);
    return result;
}

int smp_bench_default(struct smp_bench *b, enum troth_ask_type type)
{
    struct troth_answer a;
    memset(&a, 0, sizeof a);
    struct troth_ask ask = b->ask[type];
    if (type == TROTH_ASK_DHKEY) {
        ask.u.dhkey.private_key = b->ask_private;
        ask.u.dhkey.public_key = b->ask_public;
    }
    static const uint8_t random[32] = {
        0x77, 0x12, 0x9a, 0x4e, 0xc0, 0x2b, 0x61, 0x08, 0xd3, 0x5f, 0x19,
        0x86, 0xbb, 0x70, 0x3c, 0xe4, 0x15, 0xaf, 0x52, 0x9d, 0x38, 0xc6,
        0x01, 0xfe, 0x64, 0x2a, 0x8d, 0x93, 0x40, 0x7b, 0xd9, 0x26}; /* the ask's own was only valid while it was asked */
    if (type == TROTH_ASK_KEYPAIR)
        ask.u.keypair.random = random;
    smp_default_answer(&b->smp, &ask, &a);
    return smp_bench_answer(b, type, &a);
}

void smp_bench_room(struct smp_bench *b)
{
    b->full = b->waiting = false;
    smp_room(&b->smp);
    rest(b);
}

void smp_bench_acked(struct smp_bench *b)
{
    b->unacked = false;
    smp_acked(&b->smp);
    rest(b);
}

void smp_bench_stored(struct smp_bench *b, bool ok)
{
    smp_stored(&b->smp, ok);
    rest(b);
}

void smp_bench_ltk_request(struct smp_bench *b, uint64_t rand, uint16_t ediv)
{
    smp_ltk_request(&b->smp, rand, ediv);
    rest(b);
}

void smp_bench_encrypted(struct smp_bench *b, uint8_t status, bool on, bool refresh)
{
    (void)refresh; /* the engine need not be told which event it was */
    smp_encryption_changed(&b->smp, status, on);
    rest(b);
}

void smp_bench_disconnected(struct smp_bench *b, uint8_t reason)
{
    smp_disconnected(&b->smp, reason);
    rest(b);
}

void smp_bench_tick(struct smp_bench *b, troth_ms ms)
{
    b->now += ms;
    smp_tick(&b->smp, b->now);
    rest(b);
}

int smp_bench_cancel(struct smp_bench *b, uint8_t reason)
{
    int result = smp_cancel(&b->smp, reason);
    rest(b);
    return result;
}

int smp_bench_keypress(struct smp_bench *b, uint8_t type)
{
    int result = smp_keypress(&b->smp, type);
    rest(b);
    return result;
}

int smp_bench_security_request(struct smp_bench *b, uint8_t auth_req)
{
    int result = smp_security_request(&b->smp, auth_req);
    rest(b);
    return result;
}

bool smp_bench_take(struct smp_bench *b, struct smp_bench_pdu *pdu)
{
    if (!b->sent_count)
        return false;
    *pdu = b->sent[b->sent_from];
    b->sent_from = (b->sent_from + 1) % SMP_BENCH_SENT;
    b->sent_count--;
    return true;
}

const struct smp_bench_event *smp_bench_last(const struct smp_bench *b, enum troth_event_type type)
{
    for (unsigned i = b->events; i-- > 0;)
        if (b->event[i].e.type == type)
            return &b->event[i];
    return NULL;
}

bool smp_bench_any_open(const struct smp_bench *b)
{
    for (unsigned i = 0; i < SMP_BENCH_ASKS; i++)
        if (b->open[i])
            return true;
    return false;
}

void smp_bench_secret(struct smp_bench *b, const void *p, size_t n)
{
    const uint8_t *from = p;
    while (n >= 8) {
        size_t piece = n < 32 ? n : 32;
        if (b->secrets == SMP_BENCH_SECRETS) {
            b->wrong = "too many secrets to remember";
            return;
        }
        b->secret[b->secrets].len = (uint8_t)piece;
        memcpy(b->secret[b->secrets].b, from, piece);
        b->secrets++;
        from += piece;
        n -= piece;
    }
}

/* Too plain to tell from memory that never held a secret. */
static bool plain(const uint8_t window[8])
{
    unsigned zeros = 0;
    for (int i = 0; i < 8; i++)
        zeros += window[i] == 0 || window[i] == window[(i + 1) % 8];
    return zeros > 2;
}

const char *smp_bench_leftover(const struct smp_bench *b)
{
    const uint8_t *run = (const uint8_t *)&b->smp.run;
    for (size_t i = 0; i < sizeof b->smp.run; i++)
        if (run[i])
            return "smp.run is not all zero";
    /* The places a window may start, by its first octet, so that the search is one pass. */
    const uint8_t *mem = (const uint8_t *)&b->smp;
    static bool starts[256];
    memset(starts, 0, sizeof starts);
    for (unsigned i = 0; i < b->secrets; i++)
        for (unsigned k = 0; k + 8 <= b->secret[i].len; k++)
            starts[b->secret[i].b[k]] = true;
    for (size_t at = 0; at + 8 <= sizeof b->smp; at++) {
        if (!mem[at] || !starts[mem[at]] || plain(mem + at))
            continue;
        for (unsigned i = 0; i < b->secrets; i++)
            for (unsigned k = 0; k + 8 <= b->secret[i].len; k++)
                if (b->secret[i].b[k] == mem[at] && !memcmp(mem + at, b->secret[i].b + k, 8))
                    return "eight octets of a secret are left in struct smp";
    }
    return NULL;
}
