/* Faults between two packets: what a peer, the radio or a controller does of its own accord. */
#include "air/internal.h"
#include "faults/duo.h"
#include "smp/engine.h"

/* An event its controller never sent. */
static void forge(struct half *h, const struct fault *f)
{
    static const uint8_t statuses[OUTCOMES] = {0x00, 0x00, 0x3d};
    const struct host_link *l = duo_link(h);
    uint8_t b[32];
    struct out out = out_of(b, sizeof b);
    out_u8(&out, 0x04);
    if (!l)
        return;
    switch (f->class) {
    case FAULT_LTK: /* LE Long Term Key Request */
        out_u8(&out, 0x3e);
        out_u8(&out, 13);
        out_u8(&out, 0x05);
        out_u16(&out, l->handle);
        out_u64(&out, f->arg ? 0x0123456789abcdefu : 0);
        out_u16(&out, f->arg ? 0xbeef : 0);
        break;
    case FAULT_CHANGE:
        out_u8(&out, 0x08);
        out_u8(&out, 4);
        out_u8(&out, statuses[f->arg]);
        out_u16(&out, l->handle);
        out_u8(&out, f->arg == OUTCOME_ON);
        break;
    default: /* Encryption Key Refresh Complete */
        out_u8(&out, 0x30);
        out_u8(&out, 3);
        out_u8(&out, statuses[f->arg]);
        out_u16(&out, l->handle);
        break;
    }
    troth_host_rx(&h->host, b, out.len, duo.now);
}

void duo_do(const struct fault *f)
{
    struct half *h = &duo.half[f->side];
    const struct host_link *link = duo_link(h);
    struct fault_scene where = {
        .sc = duo.flow->sc,
        .all_sent = duo.crossings > duo.last_pdu[TROTH_INITIATOR],
        .outcome_is_due = link && link->smp.encrypting == SMP_ENC_PAIRING,
    };
    duo.allows = fault_allows(f, &where);
    duo.hit = true;
    switch (f->class) {
    case FAULT_LEAVE:
        troth_disconnect(&h->host, h->link, 0);
        break;
    case FAULT_CUT:
        for (const struct link *l = duo.air->links; l; l = l->next)
            if (!l->cut) {
                air_cut(duo.air, l->id);
                break;
            }
        break;
    case FAULT_SILENCE:
        duo.silence = (uint8_t)f->arg;
        break;
    default:
        forge(h, f);
        break;
    }
}
