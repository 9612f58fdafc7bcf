/* Faults on one PDU, as it leaves its sender. */
#include "air/air.h"
#include "faults/duo.h"

#include "base/bytes.h"
#include "smp/script.h"

#include <string.h>

#define HEADER     4 /* L2CAP: length, channel */
#define CID_SMP    6
#define CROSS_MS   7
#define LATE_MS    31000
#define FOREVER_MS 3600000

void (*duo_saw)(const struct crossing *c, const uint8_t *pdu);

static void relength(struct air_crossing *x, size_t pdu_len)
{
    if (HEADER + pdu_len > x->len)
        memset(x->bytes + x->len, 0, HEADER + pdu_len - x->len);
    x->len = HEADER + pdu_len;
    put_le16(x->bytes, (uint16_t)pdu_len);
}

static enum air_verdict spoil(struct air_crossing *x, const struct fault *f)
{
    uint8_t *pdu = x->bytes + HEADER;
    switch (f->class) {
    case FAULT_FLIP:
        pdu[f->arg / 8] ^= (uint8_t)(1u << f->arg % 8);
        break;
    case FAULT_HEADER:
        x->bytes[f->arg / 8] ^= (uint8_t)(1u << f->arg % 8);
        break;
    case FAULT_TRUNCATE:
        relength(x, f->arg);
        break;
    case FAULT_EXTEND:
        relength(x, x->len - HEADER + f->arg);
        break;
    case FAULT_OPCODE:
        pdu[0] = (uint8_t)f->arg;
        break;
    case FAULT_OCTET:
        pdu[f->arg >> 8] = (uint8_t)f->arg;
        break;
    case FAULT_DROP:
        return AIR_DROP;
    case FAULT_DUPLICATE:
        return AIR_DUPLICATE;
    case FAULT_SWAP:
        return AIR_REORDER;
    case FAULT_CROSS:
    case FAULT_LATE:
        x->delay_ms = f->class == FAULT_CROSS ? CROSS_MS : LATE_MS;
        return AIR_DELAY;
    default:
        break;
    }
    x->mic_bad = f->place == PLACE_AIR;
    return AIR_PASS;
}

unsigned duo_hook(void *ctx, struct air_crossing *x)
{
    (void)ctx;
    if (x->kind != AIR_ACL || !x->whole || x->len <= HEADER || get_le16(x->bytes + 2) != CID_SMP)
        return AIR_PASS;
    struct crossing c = {.side = x->from_central ? TROTH_INITIATOR : TROTH_RESPONDER,
                         .opcode = x->bytes[HEADER],
                         .len = (uint8_t)(x->len - HEADER),
                         .encrypted = x->encrypted};
    unsigned n = duo.crossings++;
    if (c.opcode == SMP_FAILED && duo.half[c.side].told && !duo.wrong)
        duo.wrong = "Pairing Failed was answered by Pairing Failed";
    if (duo_saw)
        duo_saw(&c, x->bytes + HEADER);
    if (duo.silence >> c.side & 1) { /* nobody acknowledges it */
        x->delay_ms = FOREVER_MS;
        return AIR_DELAY;
    }
    if (!fault_on_pdu(&duo.fault) || duo.fault.at != n)
        return AIR_PASS;
    struct fault_scene where = {
        .sc = duo.flow->sc,
        .opcode = c.opcode,
        .its_last = n == duo.last_pdu[c.side],
    };
    duo.allows = fault_allows(&duo.fault, &where);
    duo.hit = true;
    return spoil(x, &duo.fault);
}
