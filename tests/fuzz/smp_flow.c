/*
 * Real cryptography, and a tester that follows the specification: octets choose the flow, the side
 * and where to leave the path. What no harm was done to succeeds; what was harmed never does.
 */
#include "fuzz/fuzz.h"
#include "support/tester.h"

static bool harmed; /* since the pairing began: it may not succeed */

enum harm_of_pdu { FLIP, CUT, GROW, ZERO, OTHER_OPCODE, TWICE };

static struct in *input; /* for harm() */

static void harm(struct scene *s, uint8_t *pdu, size_t *len)
{
    uint8_t how = in_u8(input), at = in_u8(input), op = pdu[0];
    /* Not all fields are authenticated: features are met by f6 or c1, keys by nothing. */
    bool bound = op == OP_CONFIRM || op == OP_DHKEY_CHECK || op == OP_PUBLIC_KEY ||
                 (op == OP_RANDOM && (!s->flow->sc || tester_is_passkey(s->flow)));
    switch ((enum harm_of_pdu)(how % 6)) {
    case FLIP:
        pdu[1 + at % (*len - 1)] ^= (uint8_t)(1u << (how >> 5));
        harmed |= bound;
        s->t.silent = true;
        break;
    case CUT:
        *len = at % *len;
        harmed |= *len > 0;
        break;
    case GROW:
        *len += 1 + at % 8;
        harmed = true;
        break;
    case ZERO: {
        bool was_zero = true;
        for (size_t i = 1; i < *len; i++)
            was_zero &= pdu[i] == 0;
        memset(pdu + 1, 0, *len - 1);
        harmed |= bound && !was_zero;
        s->t.silent = true;
        break;
    }
    case OTHER_OPCODE:
        pdu[0] = (uint8_t)(1 + at % 14);
        harmed |= pdu[0] != op && pdu[0] != OP_SECURITY_REQUEST && pdu[0] != OP_KEYPRESS;
        s->t.silent |= pdu[0] != op;
        break;
    case TWICE:
        break;
    }
}

static void stray(struct scene *s, struct in *in)
{
    uint8_t pdu[80] = {0}, op = in_u8(in);
    pdu[0] = op & 15;
    unsigned n = tester_pdu_len(pdu[0]);
    n = n ? n : 1;
    in_copy(in, pdu + 1, n - 1);
    if (op & 0x80)
        n = op >> 4 & 7;
    bool reserved = n == 0 || pdu[0] == 0 || pdu[0] == 15;
    bool may_pass = reserved || pdu[0] == OP_KEYPRESS ||
                    (pdu[0] == OP_SECURITY_REQUEST && s->b.side == TROTH_INITIATOR);
    bool running = smp_pairing(&s->b.smp);
    harmed |= running && !may_pass;
    /* Beside the chart a stray could be taken for the PDU that comes next, were it the same. */
    s->t.silent = true;
    smp_bench_rx(&s->b, pdu, n);
}

static void wrong_answer(struct scene *s, enum troth_ask_type type, struct in *in)
{
    struct troth_answer a;
    uint8_t how = in_u8(in);
    scene_answer(s, type, &a);
    bool no = false;
    switch (how & 3) {
    case 0:
        a.ok = false;
        a.reason = how >> 4;
        no = true;
        break;
    case 1:
        if (type == TROTH_ASK_PASSKEY_INPUT) {
            a.u.passkey ^= 1u << (how >> 4);
            no = a.u.passkey <= 999999;
        } else if (type == TROTH_ASK_DHKEY) {
            a.u.dhkey[how >> 3] ^= 0x10;
            no = true;
        } else if (type == TROTH_ASK_OOB_DATA) {
            a.u.oob.tk[how >> 4] ^= 1;
            a.u.oob.random[how >> 4] ^= 1;
            no = true;
        }
        break;
    case 2: /* to another question: withdrawn, never asked, or open and answered with nonsense */
        smp_bench_answer(&s->b, (enum troth_ask_type)((how >> 2) % SMP_BENCH_ASKS), &a);
        return;
    default:
        break;
    }
    harmed |= no;
    smp_bench_answer(&s->b, type, &a);
}

static void deviate(struct scene *s, struct in *in)
{
    struct next n = scene_next(s);
    struct smp_bench *b = &s->b;
    bool running = smp_pairing(&b->smp);
    uint8_t what = in_u8(in);
    switch (what % 12) {
    case 0:
    case 1:
        if (n.what != ST_PDU)
            return;
        s->alter_row = s->t.at;
        s->alter = harm;
        input = in;
        scene_do(s, n);
        s->alter_row = CHART_MAX;
        break;
    case 2:
        stray(s, in);
        break;
    case 3:
        if (n.what == ST_ANSWER)
            wrong_answer(s, n.ask, in);
        break;
    case 4:
        smp_bench_tick(b, 0);
        smp_bench_tick(b, what & 0x80 ? 30000 : 29000);
        harmed |= running && (what & 0x80);
        break;
    case 5: {
        bool awaited = n.what == ST_ENCRYPT;
        uint8_t status = in_u8(in);
        smp_bench_encrypted(b, status, !status, false);
        if (awaited && !status) {
            s->encrypted = true;
            s->t.at++;
        }
        harmed |= running && awaited && status;
        break;
    }
    case 6:
        smp_bench_ltk_request(b, what >> 4, 0);
        harmed |= running;
        break;
    case 7:
        b->room = what >> 4 & 1 ? ROOM_SLOT : ROOM_ALWAYS;
        smp_bench_room(b);
        break;
    case 8:
        s->store_fails = true;
        break;
    case 9:
        harmed |= running;
        smp_bench_disconnected(b, 0x13);
        smp_bench_reconnect(b);
        return;
    case 10:
        harmed |= running;
        smp_bench_cancel(b, 1 + (what >> 4));
        break;
    default:
        smp_bench_keypress(b, what >> 4);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene s;
    struct in in = in_of(data, size);
    const struct flow *flow = &tester_flows[in_u8(&in) % FLOWS];
    uint8_t world = in_u8(&in);
    scene_init(&s, flow, (enum troth_side)(world & 1), NULL);
    s.b.policy.attempts = 255;
    s.eager = world & 2;
    s.late_dhkey = world & 4;
    s.late_ack = world & 8;
    s.b.room = world & 0x10 ? ROOM_SLOT : ROOM_ALWAYS;
    if (world & 0x20)
        s.t.nonce_fill = world & 0x40 ? 0xff : 0;
    harmed = false;
    bool strayed = false;
    for (unsigned i = 0; i < 400; i++) {
        uint8_t op = in_u8(&in);
        if (op & 1) {
            strayed = true;
            deviate(&s, &in);
        }
        for (unsigned k = op >> 1; k > 0; k--)
            if (!scene_step(&s))
                break;
        if (!in.left && !scene_step(&s))
            break;
        never(s.b.told[TROTH_EV_PAIRED] && harmed, "a harmed pairing succeeded");
        never(s.b.told[TROTH_EV_PAIRED] > 1, "one pairing, told as two");
        if (s.b.told[TROTH_EV_PAIRED] + s.b.told[TROTH_EV_PAIRING_FAILED])
            break;
    }
    never(s.b.commits && harmed && s.b.told[TROTH_EV_PAIRED], "a harmed pairing left a bond");
    if (!strayed) {
        const char *wrong = scene_success(&s);
        never(wrong, wrong);
    }
    if (!smp_pairing(&s.b.smp)) {
        const char *left = smp_bench_leftover(&s.b);
        never(left, left);
    }

    smp_bench_disconnected(&s.b, 0x13);
    smp_bench_reconnect(&s.b);
    s.store_fails = false;
    s.b.room = ROOM_ALWAYS;
    s.eager = s.late_dhkey = s.late_ack = false;
    s.b.wrong = NULL;
    scene_again(&s, flow);
    scene_run(&s);
    const char *wrong = scene_success(&s);
    never(wrong, wrong);
    return 0;
}
