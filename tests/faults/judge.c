#include "faults/judge.h"

#include "faults/person.h"
#include "host/host.h"

#include <string.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

static const char *same_view(const struct view *a, const struct view *b, unsigned allows)
{
    if (a->sc != b->sc)
        return "one side has Secure Connections, the other legacy pairing";
    if (a->model != b->model)
        return "the sides have different models";
    for (unsigned x = 0; x < 2; x++) {
        const struct troth_features *f = &a->features[x], *g = &b->features[x];
        if (f->io_cap != g->io_cap || f->oob != g->oob || f->auth_req != g->auth_req)
            return "the sides saw different features";
        if (!(allows & ALLOW_VIEWS) &&
            (f->max_key_size != g->max_key_size || f->initiator_keys != g->initiator_keys ||
             f->responder_keys != g->responder_keys))
            return "the sides saw different key sizes or keys to distribute";
    }
    return NULL;
}

static bool same_level(const struct troth_level *a, const struct troth_level *b)
{
    return a->key_size == b->key_size && a->mitm == b->mitm && a->sc == b->sc;
}

/* What a side's own view must give. */
static bool level_of(const struct view *v, const struct troth_level *level)
{
    uint8_t a = v->features[I].max_key_size, b = v->features[R].max_key_size;
    return level->key_size == (a < b ? a : b) && level->sc == v->sc &&
           level->mitm == (v->model != TROTH_JUST_WORKS);
}

/* ---- a link taken for encrypted ---- */

static const char *same_encryption(unsigned allows)
{
    for (unsigned x = 0; x < 2; x++) {
        const struct half *h = &duo.half[x], *other = &duo.half[!x];
        if (!h->encrypted)
            continue;
        static const uint8_t zeros[16];
        const uint8_t size = h->encrypted_level.key_size;
        if (!level_of(&h->encrypted_view, &h->encrypted_level))
            return "a link is taken for protected otherwise than the features say";
        if (memcmp(h->encrypted_key + size, zeros, 16 - size) != 0)
            return "a key is longer than its level says";
        const struct view *theirs = other->encrypted ? &other->encrypted_view : &other->view;
        const char *wrong = same_view(&h->encrypted_view, theirs, allows);
        if (wrong)
            return wrong;
        if (!other->key_given || memcmp(h->encrypted_key, other->key, 16) != 0)
            return "the sides gave their controllers different keys";
        if (other->encrypted && !same_level(&h->encrypted_level, &other->encrypted_level))
            return "the sides take the link for differently protected";
    }
    return NULL;
}

/* ---- a finished pairing ---- */

static bool same_ltk(const struct troth_ltk *a, const struct troth_ltk *b)
{
    return a->present == b->present && a->rand == b->rand && a->ediv == b->ediv &&
           !memcmp(a->key, b->key, 16);
}

static bool same_key(bool has_a, const uint8_t a[16], bool has_b, const uint8_t b[16])
{
    return has_a == has_b && !memcmp(a, b, 16);
}

/* How many of the keys differ, each counted once. */
static unsigned other_keys(void)
{
    const struct troth_bond_keys *a = &duo.half[I].done.keys, *b = &duo.half[R].done.keys;
    unsigned n = 0;
    for (unsigned x = 0; x < 2; x++) {
        const struct half *h = &duo.half[x], *other = &duo.half[!x];
        const struct troth_bond_keys *k = &h->done.keys;
        const struct troth_local *theirs = &other->host.config.local;
        n += !same_ltk(&a->ltk[x], &b->ltk[x]);
        n += !same_key(a->has_csrk[x], a->csrk[x], b->has_csrk[!x], b->csrk[!x]);
        n += !troth_addr_equal(&k->identity, &other->identity);
        if (h->done.distributed[!x] & TROTH_DIST_ID)
            n += !same_key(k->has_irk, k->irk, true, theirs->irk);
        else
            n += k->has_irk;
    }
    return n;
}

static const char *same_pairing(unsigned allows)
{
    const struct half *i = &duo.half[I], *r = &duo.half[R];
    const char *wrong = same_view(&i->done.view, &r->done.view, allows);
    if (wrong)
        return wrong;
    if (!level_of(&i->done.view, &i->done.level) || !same_level(&i->done.level, &r->done.level) ||
        i->done.model != r->done.model)
        return "the sides finished with different levels or models";
    if (memcmp(i->done.distributed, r->done.distributed, 2) != 0)
        return "the sides think that different keys were distributed";
    if (i->done.keys.key_size != r->done.keys.key_size || i->done.keys.sc != r->done.keys.sc ||
        i->done.keys.mitm != r->done.keys.mitm)
        return "the sides keep bonds of different levels";
    unsigned others = other_keys();
    if (others > (allows & ALLOW_KEY ? 1 : 0))
        return "the sides keep different keys";
    return NULL;
}

static unsigned bonds(const struct half *h)
{
    unsigned n = 0;
    while (troth_bonds_get(&h->host, n))
        n++;
    return n;
}

static const char *bond_of(const struct half *h)
{
    if (!h->paired)
        return bonds(h) ? "a bond is kept of a pairing that did not finish" : NULL;
    if (!h->done.stored)
        return "a pairing finished without its bond";
    if (!h->done.encrypted)
        return "a pairing finished over a link that is not encrypted";
    if (h->host.own_oob.pinned)
        return "OOB data served a pairing and may serve another";
    const struct troth_bond *b = troth_bonds_find(&h->host, &h->done.keys.identity);
    if (!b || memcmp(&b->keys, &h->done.keys, sizeof b->keys) != 0)
        return "the bond kept is not the one that was told";
    return bonds(h) == 1 ? NULL : "more than one bond is kept";
}

const char *judge_run(unsigned allows)
{
    if (duo.wrong)
        return duo.wrong;
    for (unsigned x = 0; x < 2; x++) {
        struct half *h = &duo.half[x];
        const struct host_link *l = duo_link(h);
        if (l && l->smp.run.at)
            return "a pairing never ends";
        if (h->failed + h->paired > h->begun)
            return "a pairing ended more than once";
        const char *wrong = bond_of(h);
        if (wrong)
            return wrong;
    }
    bool i = duo.half[I].paired, r = duo.half[R].paired;
    if (i != r && !(allows & ALLOW_ONE_SIDED))
        return i ? "the initiator alone finished" : "the responder alone finished";
    const char *wrong = same_encryption(allows);
    return wrong || !(i && r) ? wrong : same_pairing(allows);
}

const char *judge_parted(void)
{
    static const struct smp nothing;
    for (unsigned x = 0; x < 2; x++)
        for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
            const struct host_link *l = &duo.half[x].host.link[i];
            if (l->used)
                return "a link outlives its connection";
            if (memcmp(&l->smp, &nothing, sizeof nothing) != 0)
                return "a link that is gone remembers its Security Manager";
        }
    return duo.wrong;
}

static bool holds(const struct half *h, const void *secret, size_t n)
{
    const uint8_t *memory = (const uint8_t *)&h->host, *from = memory;
    size_t size = sizeof h->host;
    const uint8_t first = *(const uint8_t *)secret;
    while ((from = memchr(from, first, size - (size_t)(from - memory) - n)))
        if (!memcmp(from++, secret, n))
            return true;
    return false;
}

const char *judge_memory(void)
{
    for (unsigned x = 0; x < 2; x++) {
        const struct half *h = &duo.half[x];
        if (holds(h, person_private_key((uint8_t)x), 32))
            return "an idle host remembers its private key";
        /* In Secure Connections it is the LTK and belongs to the bond. */
        bool kept = duo.flow->sc && h->paired;
        if (h->key_given && !kept && holds(h, h->key, 16))
            return "an idle host remembers the key it encrypted with";
        if (h->have_dhkey && holds(h, h->dhkey, 32))
            return "an idle host remembers the DHKey";
    }
    return NULL;
}

const char *judge_success(void)
{
    if (duo.wrong)
        return duo.wrong;
    for (unsigned x = 0; x < 2; x++) {
        struct half *h = &duo.half[x];
        if (h->paired != 1 || h->failed)
            return x == I ? "the initiator did not finish" : "the responder did not finish";
        if (!h->encrypted || !troth_link_level(&h->host, h->link).key_size)
            return "a finished pairing is not encrypted";
        const struct troth_bond *b = troth_bonds_find(&h->host, &h->done.keys.identity);
        if (!h->done.stored || !b || memcmp(&b->keys, &h->done.keys, sizeof b->keys) != 0)
            return "the bond kept is not the one that was told";
        if (h->done.model != duo.flow->model || h->done.level.sc != duo.flow->sc)
            return "the pairing was not the flow's";
    }
    const char *wrong = same_encryption(0);
    return wrong ? wrong : same_pairing(0);
}
