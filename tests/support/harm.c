#include "support/harm.h"

#include "support/tally.h"
#include "support/tester_crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

struct scene s, saved;
struct next harm_next;
unsigned harm_count;
const char *const harm_sides[2] = {"initiator", "responder"};

bool harm_gone(void)
{
    return s.b.told[TROTH_EV_PAIRED] || s.b.told[TROTH_EV_PAIRING_FAILED];
}

void harm_drop_sent(void)
{
    struct smp_bench_pdu p;
    while (smp_bench_take(&s.b, &p))
        ;
}

/* Every answer that comes too late is void. */
static void expect_stale(void)
{
    static struct smp before;
    struct troth_answer a;
    memcpy(&before, &s.b.smp, sizeof before);
    unsigned sent = s.b.sent_total, events = s.b.events;
    for (unsigned type = TROTH_ASK_PAIRING_REQUEST; type <= TROTH_ASK_DHKEY; type++) {
        if (type == TROTH_ASK_SECURITY_REQUEST)
            continue; /* it is asked without a pairing: test_security_request_unasked */
        memset(&a, 0, sizeof a);
        a.ok = true;
        if (type == TROTH_ASK_KEYPAIR) {
            memcpy(a.u.keypair.private_key, tester_private[0], 32);
            tc_public_key(tester_private[0], a.u.keypair.public_key);
        }
        if (type == TROTH_ASK_PAIRING_REQUEST)
            a.u.features = s.flow->f[s.b.side];
        if (type == TROTH_ASK_OOB_DATA)
            a.u.oob.have_sc = a.u.oob.have_tk = true;
        int result = smp_bench_answer(&s.b, type, &a);
        TALLY(result == TROTH_STALE, "a late answer to ask %u is %d, not TROTH_STALE", type,
              result);
    }
    smp_bench_stored(&s.b, true);
    TALLY(sent == s.b.sent_total && events == s.b.events, "a late answer had an effect");
    TALLY(!memcmp(&before, &s.b.smp, sizeof before), "a late answer changed struct smp");
}

/* Idle: a stray PDU of a finished pairing is met with silence. */
static void expect_silence(void)
{
    unsigned sent = s.b.sent_total, events = s.b.events;
    static const uint8_t strays[] = {OP_PAIRING_RESPONSE, OP_CONFIRM,      OP_RANDOM,
                                     OP_FAILED,           OP_PUBLIC_KEY,   OP_DHKEY_CHECK,
                                     OP_ENCRYPTION_INFO,  OP_SIGNING_INFO, OP_KEYPRESS};
    uint8_t pdu[SMP_PDU_MAX] = {0};
    for (size_t i = 0; i < sizeof strays; i++) {
        pdu[0] = strays[i];
        smp_bench_rx(&s.b, pdu, tester_pdu_len(strays[i]));
    }
    TALLY(sent == s.b.sent_total, "a stray PDU after the failure was answered");
    TALLY(events == s.b.events, "a stray PDU after the failure was told of");
}

void harm_expect_next_pairing(void)
{
    static const uint8_t next_flow[] = {0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 10};
    bool was = s.b.smp.level.key_size != 0;
    s.b.room = ROOM_ALWAYS;
    s.b.commit_ok = true;
    s.b.wrong = NULL;
    struct scene keep = {.eager = s.eager, .late_ack = s.late_ack};
    s.alter = NULL;
    s.store_fails = false;
    s.late_dhkey = keep.eager;
    scene_again(&s, &tester_flows[next_flow[harm_count % 16]]);
    s.encrypted_before = was;
    scene_run(&s);
    const char *wrong = scene_success(&s);
    TALLY(!wrong, "the next pairing: %s", wrong);
}

/* The one measure. The harm was done on a copy of `saved`. */
void harm_expect_failed(struct verdict v)
{
    struct smp_bench *b = &s.b;
    bool was_encrypted = saved.encrypted || s.encrypted;
    const char *left;
    harm_drop_sent();
    if (!TALLY(b->told[TROTH_EV_PAIRING_FAILED] >= 1, "it did not fail"))
        return;
    TALLY(b->told[TROTH_EV_PAIRING_FAILED] == 1, "it failed %u times",
          b->told[TROTH_EV_PAIRING_FAILED]);
    TALLY(!b->told[TROTH_EV_PAIRED], "PAIRED was told");
    TALLY(!smp_bench_any_open(b), "an ask was not withdrawn");
    left = smp_bench_leftover(b);
    TALLY(!left, "%s", left);
    TALLY(!smp_pairing(&b->smp), "smp_pairing still says it runs");
    TALLY(b->commits == saved.b.commits && !b->forgets, "a bond was touched");
    if (!s.encrypted || saved.encrypted)
        TALLY(b->encrypts == saved.b.encrypts && b->ltk_given == saved.b.ltk_given,
              "a key was given to the controller");
    TALLY(b->failed_sent <= 1, "Pairing Failed was sent %u times", b->failed_sent);
    if (v.reason == 0)
        TALLY(!b->failed_sent, "Pairing Failed was sent where nothing must be");
    else if (v.reason == ANY)
        TALLY(b->failed_sent == 1, "the peer was not told");
    else
        TALLY(b->failed_sent == 1 && b->failed_reason == v.reason,
              "the peer was told %u times, reason 0x%02x instead of 0x%02x", b->failed_sent,
              b->failed_reason, v.reason);
    const struct smp_bench_event *e = smp_bench_last(b, TROTH_EV_PAIRING_FAILED);
    TALLY(e->e.u.pairing_failed.by == v.by, "PAIRING_FAILED by %u instead of %u",
          e->e.u.pairing_failed.by, v.by);
    TALLY(e->e.u.pairing_failed.side == b->side, "PAIRING_FAILED tells the wrong side");
    unsigned reason = v.in_event == ANY ? b->failed_reason : v.in_event;
    TALLY(e->e.u.pairing_failed.reason == reason, "PAIRING_FAILED tells reason 0x%02x, not 0x%02x",
          e->e.u.pairing_failed.reason, reason);
    TALLY(strcmp(troth_smp_step_words(e->e.u.pairing_failed.step), "idle") != 0,
          "PAIRING_FAILED does not say the step");
    TALLY(e->e.u.pairing_failed.have_model || !b->told[TROTH_EV_PAIRING],
          "PAIRING_FAILED does not know the model that PAIRING told");
    TALLY(!e->e.u.pairing_failed.have_model || s.t.at >= 1,
          "PAIRING_FAILED knows the model before features crossed");
    if (e->e.u.pairing_failed.have_model)
        TALLY(e->e.u.pairing_failed.model == s.flow->model, "PAIRING_FAILED tells another model");
    if (b->smp.level.key_size)
        TALLY(was_encrypted, "the link has a level and was never encrypted");
    TALLY(!b->wrong, "%s", b->wrong);
    if (v.by == TROTH_BY_LINK) {
        expect_stale();
        smp_bench_reconnect(b);
        harm_expect_next_pairing();
        return;
    }
    smp_bench_acked(b);
    TALLY(b->told[TROTH_EV_PAIRING_FAILED] == 1, "an acknowledgement told of a second failure");
    expect_stale();
    expect_silence();
    bool leaves = (was_encrypted && !b->policy.stay_after_failure) ||
                  (v.by == TROTH_BY_TIMEOUT && !b->policy.stay_after_timeout);
    TALLY(b->disconnects == leaves, leaves ? "the link is not left after a failure past encryption"
                                           : "the link is left without need");
    if (v.by == TROTH_BY_TIMEOUT) {
        /* PROT/BV-01, BV-02: no SMP until reconnection. */
        unsigned sent = b->sent_total, events = b->events;
        uint8_t pdu[SMP_PDU_MAX] = {0};
        smp_bench_tick(b, 10000);
        for (uint8_t op = 0; op <= OP_KEYPRESS + 1; op++) {
            pdu[0] = op;
            pdu[4] = 16; /* a fair Pairing Request */
            smp_bench_rx(b, pdu, tester_pdu_len(op) ? tester_pdu_len(op) : 1);
        }
        TALLY(sent == b->sent_total && events == b->events && !smp_bench_any_open(b),
              "SMP lives after a timeout");
        int result = b->side == I ? smp_bench_pair(b, NULL) : smp_bench_security_request(b, 1);
        TALLY(result == TROTH_STATE, "after a timeout the API says %d, not TROTH_STATE", result);
        TALLY(sent == b->sent_total, "something is sent after a timeout");
        smp_bench_reconnect(b);
    } else if (leaves) {
        smp_bench_disconnected(b, 0x16);
        TALLY(b->told[TROTH_EV_PAIRING_FAILED] == 1, "the disconnection told of a second failure");
        smp_bench_reconnect(b);
    }
    harm_expect_next_pairing();
}

/* --- the walk: every stop of a scene --- */

void harm_begin(const char *what, unsigned arg)
{
    memcpy(&s, &saved, sizeof s);
    s.t.silent = true;
    s.b.policy.stay_after_failure = harm_count & 1;
    s.b.policy.stay_after_timeout = harm_count & 2;
    harm_count++;
    tally_case("%s, %s%s, row %u %s, next %d/%d: %s %u", s.flow->name, harm_sides[s.b.side],
               s.eager ? ", eager" : "", s.t.at,
               s.t.at < s.t.rows ? tester_op_name(s.t.chart[s.t.at].op) : "end", harm_next.what,
               harm_next.ask, what, arg);
}

/* The opcode the peer may send now; 0: none. */
uint8_t harm_due(void)
{
    const struct tester *t = &saved.t;
    if (!t->at && t->side == R)
        return 0;
    return t->at < t->rows && t->chart[t->at].who == t->side ? t->chart[t->at].op : 0;
}

static bool running(void)
{
    return saved.t.at > 0 || saved.started;
}

void harm_walk_flow(const struct flow *f, enum troth_side side, bool eager, harm_fn *harm)
{
    scene_init(&s, f, side, NULL);
    s.eager = s.late_dhkey = eager;
    s.late_ack = true;
    for (unsigned i = 0; i < 400; i++) {
        harm_next = scene_next(&s);
        memcpy(&saved, &s, sizeof saved);
        /* Eager differs from the other only while something is open. */
        if (running() && (!eager || smp_bench_any_open(&saved.b)))
            if (harm_next.what != ST_NONE && harm_next.what != ST_STORED)
                harm();
        memcpy(&s, &saved, sizeof s);
        if (harm_next.what == ST_NONE)
            break;
        scene_do(&s, harm_next);
    }
    const char *wrong = scene_success(&s);
    if (wrong)
        fail_msg("the walk itself failed: %s: %s", f->name, wrong);
}

void harm_walk(harm_fn *harm)
{
    for (unsigned n = 0; n < FLOWS * 4; n++)
        harm_walk_flow(&tester_flows[n / 4], n & 1, n & 2, harm);
}
