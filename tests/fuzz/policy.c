/* Features and policies: the model of every pair, and that no pairing runs below the policy. */
#include "fuzz/fuzz.h"
#include "smp/model.h"
#include "support/smp_bench.h"

static struct troth_features features(struct in *in)
{
    uint8_t f[6];
    in_copy(in, f, 6);
    return (struct troth_features){f[0], f[1], f[2], f[3], f[4], f[5]};
}

static bool keyboard(uint8_t io)
{
    return io == TROTH_KEYBOARD_ONLY || io == TROTH_KEYBOARD_DISPLAY;
}

static bool display(uint8_t io)
{
    return io == TROTH_DISPLAY_ONLY || io == TROTH_DISPLAY_YES_NO || io == TROTH_KEYBOARD_DISPLAY;
}

static bool yes_no(uint8_t io)
{
    return io == TROTH_DISPLAY_YES_NO || io == TROTH_KEYBOARD_DISPLAY;
}

/* 2.3.5.1 in words: from what each side can do, not from a table. */
static enum troth_model model_in_words(const struct troth_features *i,
                                       const struct troth_features *r)
{
    bool sc = i->auth_req & r->auth_req & TROTH_AUTH_SC;
    if (sc ? i->oob || r->oob : i->oob && r->oob)
        return TROTH_OOB;
    if (!((i->auth_req | r->auth_req) & TROTH_AUTH_MITM) || i->io_cap > 4 || r->io_cap > 4)
        return TROTH_JUST_WORKS;
    if (sc && yes_no(i->io_cap) && yes_no(r->io_cap))
        return TROTH_NUMERIC_COMPARISON;
    /* The initiator displays and the responder types, unless only the reverse is possible. */
    if (display(i->io_cap) && keyboard(r->io_cap))
        return TROTH_PASSKEY_RESPONDER_INPUTS;
    if (keyboard(i->io_cap) && display(r->io_cap))
        return TROTH_PASSKEY_INITIATOR_INPUTS;
    if (keyboard(i->io_cap) && keyboard(r->io_cap))
        return TROTH_PASSKEY_BOTH_INPUT;
    return TROTH_JUST_WORKS;
}

/* A Pairing Request meets a policy: either it is refused, or what runs is what the policy takes. */
static void meet(const struct troth_features *theirs, const struct troth_policy *p,
                 const struct troth_bond *bond)
{
    static struct smp_bench b;
    static const struct troth_addr addr[2] = {{TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}},
                                              {TROTH_ADDR_PUBLIC, {6, 5, 4, 3, 2, 1}}};
    uint8_t pdu[7] = {0x01,
                      theirs->io_cap,
                      theirs->oob,
                      theirs->auth_req,
                      theirs->max_key_size,
                      theirs->initiator_keys,
                      theirs->responder_keys};
    smp_bench_init(&b, TROTH_RESPONDER, p, addr);
    if (bond) {
        b.has_bond = true;
        b.bond = *bond;
        b.bond.keys.identity = addr[0];
    }
    smp_bench_rx(&b, pdu, sizeof pdu);
    if (b.open[TROTH_ASK_PAIRING_REQUEST])
        smp_bench_default(&b, TROTH_ASK_PAIRING_REQUEST);
    never(b.told[TROTH_EV_PAIRING] + b.told[TROTH_EV_PAIRING_FAILED] > 1, "both ran and failed");
    if (!b.told[TROTH_EV_PAIRING])
        return;
    const struct troth_event *e = &smp_bench_last(&b, TROTH_EV_PAIRING)->e;
    const struct troth_features *f = e->u.pairing.features;
    struct smp_bench_pdu rsp;
    never(!smp_bench_take(&b, &rsp) || rsp.b[0] != 0x02 || rsp.len != 7, "no Pairing Response");
    never((rsp.b[5] & ~pdu[5]) | (rsp.b[6] & ~pdu[6]), "a response bit the request lacked");
    never(rsp.b[3] & 0xe0, "a reserved AuthReq bit was sent");
    bool sc = f[0].auth_req & f[1].auth_req & TROTH_AUTH_SC;
    uint8_t size = f[0].max_key_size < f[1].max_key_size ? f[0].max_key_size : f[1].max_key_size;
    enum troth_model model = model_in_words(&f[0], &f[1]);
    never(model != e->u.pairing.model || sc != e->u.pairing.sc, "another model runs");
    never(p->refuse_pairing, "it runs although pairing is refused");
    never(p->sc_only && !sc, "legacy pairing runs although SC is demanded");
    never(p->require_mitm && model == TROTH_JUST_WORKS,
          "Just Works runs although MITM is demanded");
    never(p->just_works == TROTH_JUST_WORKS_REFUSED && model == TROTH_JUST_WORKS,
          "Just Works runs although it is refused");
    never(size < (p->min_key_size ? p->min_key_size : 16), "a shorter key than demanded");
    struct troth_level new = {size, model != TROTH_JUST_WORKS, sc, false};
    if (bond && !p->replace_weaker)
        never((bond->keys.mitm && !new.mitm) || (bond->keys.sc && !new.sc) ||
                  bond->keys.key_size > new.key_size,
              "a pairing weaker than the bond runs");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    struct troth_features a = features(&in), b = features(&in);
    enum troth_model model = troth_model_of(&a, &b);
    never(model != model_in_words(&a, &b), "the model is not what the words say");
    /* Who asks does not matter but for the passkey's direction. */
    enum troth_model turned = troth_model_of(&b, &a);
    bool passkey = smp_model_is_passkey(model);
    never(passkey ? !smp_model_is_passkey(turned) : turned != model,
          "the model depends on who asks");

    uint8_t bits = in_u8(&in), more = in_u8(&in);
    struct troth_policy p = {.features = b, .attempts = 255};
    p.sc_only = bits & 1;
    p.require_mitm = bits & 2;
    p.refuse_pairing = (bits & 0x0c) == 0x0c;
    p.replace_weaker = bits & 0x10;
    p.just_works = bits >> 5 & 3;
    if (p.just_works > TROTH_JUST_WORKS_REFUSED)
        p.just_works = 0;
    p.min_key_size = more & 15;
    if (p.min_key_size < 7)
        p.min_key_size = 0;
    struct troth_bond bond = {.used = true};
    bond.keys.key_size = (uint8_t)(7 + in_u8(&in) % 10);
    bond.keys.sc = more & 0x20;
    bond.keys.mitm = more & 0x40;
    meet(&a, &p, more & 0x80 ? &bond : NULL);
    return 0;
}
