#include "faults/campaign.h"

#include "faults/duo.h"
#include "faults/judge.h"
#include "smp/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMP_MTU     65
#define SAMPLE      64 /* of runs that end in a state met before, each so many tries the next pairing */
#define STORE_MS    5 /* of every other run; the others' stores are done at once */
#define STATES_BITS 17

static const struct campaign *c;
static unsigned long number; /* of the run last listed */

/* ---- the honest flow ---- */

static struct {
    struct crossing pdu[DUO_PDUS];
    uint8_t head[DUO_PDUS][7];
    unsigned pdus;
    unsigned packets;
} honest;

static void note(const struct crossing *x, const uint8_t *pdu)
{
    if (honest.pdus == DUO_PDUS)
        abort();
    honest.pdu[honest.pdus] = *x;
    memcpy(honest.head[honest.pdus], pdu, x->len < 7 ? x->len : 7);
    honest.pdus++;
}

/* ---- states met in this flow ---- */

static uint64_t states[1 << STATES_BITS];
static unsigned states_met;

static bool met_before(uint64_t state)
{
    state += !state;
    unsigned at = (unsigned)(state >> (64 - STATES_BITS));
    while (states[at]) {
        if (states[at] == state)
            return true;
        at = (at + 1) & ((1 << STATES_BITS) - 1);
    }
    if (states_met < 1 << (STATES_BITS - 1)) { /* full: each further one counts as new */
        states[at] = state;
        states_met++;
    }
    return false;
}

/* ---- one run ---- */

static const char *const sides[2] = {"initiator", "responder"};

static void describe(const struct fault *f)
{
    char *to = c->tally->where;
    size_t cap = sizeof c->tally->where;
    int n = snprintf(to, cap, "%s; ", duo.flow->name);
    if (n < 0 || (size_t)n >= cap)
        return;
    to += n;
    cap -= (size_t)n;
    if (!fault_on_pdu(f)) {
        snprintf(to, cap, "before packet %u, %s %u at the %s", f->at, fault_class_names[f->class],
                 f->arg, sides[f->side]);
        return;
    }
    const struct crossing *p = &honest.pdu[f->at];
    snprintf(to, cap, "PDU %u (%s's %s, %u octets), %s %u%s%s", f->at, sides[f->side],
             flow_pdu_name(p->opcode), p->len, fault_class_names[f->class], f->arg,
             f->place == PLACE_CLEAR ? "" : " on the ",
             f->place == PLACE_CLEAR ? "" : fault_place_names[f->place]);
}

static void found(const struct fault *f, const char *what)
{
    struct tally_of_faults *t = c->tally;
    t->findings++;
    if (f)
        t->score[f->class][f->place].findings++;
    for (unsigned i = 0; i < KINDS_MAX; i++) {
        if (t->kind[i].what && t->kind[i].what != what)
            continue;
        if (!t->kind[i].count++)
            t->kind[i].first = t->run;
        t->kind[i].what = what;
        break;
    }
    c->finding(t->run, t->where, what);
}

static const char *next_pairing(struct score *score, unsigned allows)
{
    score->next++;
    if (allows & ALLOW_IMPOSTOR)
        duo_forget_bonds();
    if (!duo_connect(duo.flow))
        return "the next connection cannot be made";
    if (!duo_rest())
        return "the next pairing never rests";
    return judge_success() ? "the next pairing does not work" : NULL;
}

static bool hit;

static const char *judged(const struct fault *f)
{
    struct score *score = &c->tally->score[f->class][f->place];
    bool rests = duo_rest();
    hit = duo.hit;
    if (!rests)
        return "it never rests";
    unsigned ends = duo.half[0].paired + duo.half[1].paired;
    score->both += ends >= 2;
    score->one += ends == 1;
    score->none += ends == 0;
    const char *wrong = judge_run(duo.allows);
    if (wrong)
        return wrong;
    if (fault_rewrites(f) && duo.half[!f->side].paired && !(duo.allows & (ALLOW_VIEWS | ALLOW_KEY)))
        return "a PDU that was changed on its way was taken";
    /* What only comes late enough for others to pass it changes nothing. */
    if (f->class == FAULT_CROSS && judge_success())
        return "a PDU that came a little late spoilt the pairing";
    if (!duo_part())
        return "the connection never ends";
    wrong = judge_parted();
    if (wrong)
        return wrong;
    bool fresh = !met_before(duo_state());
    if (fresh)
        wrong = judge_memory();
    if (!wrong && (fresh || c->next || number % SAMPLE == 0))
        wrong = next_pairing(score, duo.allows);
    return wrong;
}

static void run(const struct fault *f, const struct duo_copy *from)
{
    struct tally_of_faults *t = c->tally;
    duo_put_back(from);
    duo.fault = *f;
    duo.store_ms = number % 2 ? STORE_MS : 0;
    for (unsigned i = 0; i < honest.pdus; i++)
        duo.last_pdu[honest.pdu[i].side] = i;
    describe(f);
    t->run = number;
    if (c->begin)
        c->begin();
    if (!fault_on_pdu(f) && f->at == duo.packets && f->at == honest.packets)
        duo_do(f); /* no packet comes any more */
    const char *wrong = judged(f);
    if (!wrong && !hit)
        wrong = "the fault was not done";
    if (wrong)
        found(f, wrong);
    t->done++;
}

/* One more fault in the list: counted, and run if it is this worker's. */
static void list(struct fault f, const struct duo_copy *from)
{
    number++;
    if (c->only ? number != c->only : number % c->every != 0 || number <= c->after)
        return;
    if (!c->only && number / c->every % c->workers != c->worker)
        return;
    c->tally->score[f.class][f.place].runs++;
    if (!c->dry)
        run(&f, from);
}

/* ---- the list ---- */

static void list_range(struct fault f, enum fault_class class, unsigned first, unsigned end,
                       const struct duo_copy *from)
{
    f.class = class;
    for (f.arg = first; f.arg < end; f.arg++)
        list(f, from);
}

static void list_rewritings(struct fault f, const struct duo_copy *from)
{
    const struct crossing *p = &honest.pdu[f.at];
    const uint8_t *head = honest.head[f.at];
    list_range(f, FAULT_FLIP, 0, 8u * p->len, from);
    list_range(f, FAULT_HEADER, 0, 32, from);
    list_range(f, FAULT_TRUNCATE, 0, p->len, from);
    list_range(f, FAULT_EXTEND, 1, SMP_MTU + 2u - p->len, from);
    list_range(f, FAULT_OPCODE, 0, p->opcode, from);
    list_range(f, FAULT_OPCODE, p->opcode + 1u, 256, from);
    for (unsigned i = 1; i < 7 && p->opcode <= SMP_PAIRING_RESPONSE; i++) {
        list_range(f, FAULT_OCTET, i << 8, i << 8 | head[i], from);
        list_range(f, FAULT_OCTET, (i << 8 | head[i]) + 1, (i << 8) + 256, from);
    }
}

static void list_pdu(unsigned at, const struct duo_copy *from)
{
    const struct crossing *p = &honest.pdu[at];
    struct fault f = {.at = at, .side = p->side, .place = PLACE_CLEAR};
    if (p->encrypted) {
        f.place = PLACE_AIR;
        list_rewritings(f, from);
        f.place = PLACE_PATH;
    }
    list_rewritings(f, from);
    list_range(f, FAULT_DROP, 0, 1, from);
    list_range(f, FAULT_DUPLICATE, 0, 1, from);
    list_range(f, FAULT_SWAP, 0, 1, from);
    f.place = p->encrypted ? PLACE_AIR : PLACE_CLEAR; /* whatever is late stays whole */
    list_range(f, FAULT_CROSS, 0, 1, from);
    list_range(f, FAULT_LATE, 0, 1, from);
}

static void list_packet(unsigned at, const struct duo_copy *from)
{
    struct fault f = {.at = at, .place = PLACE_STEP};
    list_range(f, FAULT_CUT, 0, 1, from);
    list_range(f, FAULT_SILENCE, 1, 4, from);
    for (f.side = 0; f.side < 2; f.side++) {
        list_range(f, FAULT_LEAVE, 0, 1, from);
        list_range(f, FAULT_LTK, 0, 2, from);
        list_range(f, FAULT_CHANGE, 0, OUTCOMES, from);
        list_range(f, FAULT_REFRESH, OUTCOME_ON, OUTCOME_ON + 1, from);
        list_range(f, FAULT_REFRESH, OUTCOME_FAILED, OUTCOME_FAILED + 1, from);
    }
}

static bool hopeless(const char *what)
{
    snprintf(c->tally->where, sizeof c->tally->where, "%s; no fault at all", duo.flow->name);
    c->tally->run = 0;
    found(NULL, what);
    return false;
}

/* The flow as it should be: its PDUs, and that it works, and works again. */
static bool learn(const struct duo_copy *start)
{
    honest.pdus = 0;
    duo_saw = note;
    bool rests = duo_rest();
    honest.packets = duo.packets;
    duo_saw = NULL;
    const char *wrong = rests ? judge_success() : "it never rests";
    if (!wrong && duo_part())
        wrong = judge_parted();
    if (!wrong && (!duo_connect(duo.flow) || !duo_rest()))
        wrong = "the next pairing cannot be made";
    if (!wrong)
        wrong = judge_success();
    if (wrong)
        return hopeless(wrong);
    duo_put_back(start);
    return true;
}

static bool campaign_flow(const struct flow *flow, struct duo_copy *here, struct duo_copy *next)
{
    memset(states, 0, sizeof states);
    states_met = 0;
    if (!duo_connect(flow))
        return hopeless("no connection can be made");
    duo_keep(here);
    if (!learn(here))
        return false;
    for (bool more = true; more;) {
        unsigned packet = duo.packets, pdu = duo.crossings;
        more = duo_step();
        unsigned packets = duo.packets + !more, pdus = duo.crossings;
        duo_keep(next);
        for (; packet < packets; packet++)
            list_packet(packet, here);
        for (; pdu < pdus; pdu++)
            list_pdu(pdu, here);
        duo_put_back(next);
        struct duo_copy *passed = here;
        here = next;
        next = passed;
    }
    return true;
}

bool campaign_run(const struct campaign *campaign)
{
    c = campaign;
    number = 0;
    duo_on();
    struct duo_copy *ready = duo_copy_new(), *here = duo_copy_new(), *next = duo_copy_new();
    duo_keep(ready);
    bool good = true;
    for (unsigned i = 0; i < FLOWS && good; i++) {
        duo_put_back(ready);
        good = campaign_flow(&flows[i], here, next);
    }
    duo_copy_free(ready);
    duo_copy_free(here);
    duo_copy_free(next);
    return good;
}

unsigned long campaign_total(const struct tally_of_faults *t)
{
    unsigned long total = 0;
    for (unsigned i = 0; i < FAULT_CLASSES; i++)
        for (unsigned place = 0; place < PLACES; place++)
            total += t->score[i][place].runs;
    return total;
}
