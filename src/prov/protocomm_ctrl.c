/* prov-ctrl: after a failure forget and begin again; after a success another network. */
#include "prov/protocomm.h"

#include "base/check.h"
#include "prov/proto/ctrl.pb.h"

/* A request's number; its response's is one more. Its member of the oneof is 10 more. */
enum { RESET_WIFI = 1, REPROV_WIFI = 3, RESET_THREAD = 5, REPROV_THREAD = 7 };

static int reply(struct troth_protocomm *pc, uint32_t msg, uint32_t status)
{
    pb_Ctrl m = {.msg = msg + 1, .status = status, .which_payload = (pb_size_t)(msg + 11)};
    return protocomm_encode(pc, pb_Ctrl_fields, &m);
}

static uint32_t reset_msg(const struct troth_protocomm *pc)
{
    return pc->cfg.kind == TROTH_NET_THREAD ? RESET_THREAD : RESET_WIFI;
}

void protocomm_reset_done(struct troth_protocomm *pc, bool ok)
{
    uint32_t serial = pc->resetting;
    pc->resetting = 0;
    if (ok)
        pc->view = VIEW_NONE;
    protocomm_finish(pc, serial, reply(pc, reset_msg(pc), ok ? pb_SUCCESS : pb_INTERNAL_ERROR));
}

/* Only what failed is forgotten; where nothing was tried yet there is nothing to do. */
static int reset(struct troth_protocomm *pc)
{
    struct troth_prov_status s;
    troth_prov_status(pc->cfg.prov, &s);
    bool nothing = pc->view == VIEW_NONE && (s.state == TROTH_PROV_IDLE || pc->hidden);
    bool failed = pc->view == VIEW_FAILED ||
                  (pc->view != VIEW_RUNNING && !pc->hidden && s.state == TROTH_PROV_FAILED);
    if (nothing || !failed)
        return reply(pc, reset_msg(pc), nothing ? pb_SUCCESS : pb_INTERNAL_ERROR);
    pc->resetting = pc->serial;
    timer_start(&pc->hold_timer, pc->cfg.hold_ms);
    if (troth_prov_erase(pc->cfg.prov, TROTH_PROTOCOMM_WRITER) != TROTH_OK) {
        pc->resetting = 0;
        timer_stop(&pc->hold_timer);
        return reply(pc, reset_msg(pc), pb_INTERNAL_ERROR);
    }
    return TROTH_PROTOCOMM_LATER;
}

/* The network in use stays until another has worked; the client is told of that one alone. */
static uint32_t reprovision(struct troth_protocomm *pc)
{
    VERIFY(pc->cfg.keep_running, pb_INTERNAL_ERROR);
    protocomm_unset(pc);
    pc->view = VIEW_NONE;
    pc->hidden = true;
    return pb_SUCCESS;
}

int protocomm_ctrl(struct troth_protocomm *pc, size_t len)
{
    pb_Ctrl m = pb_Ctrl_init_zero;
    VERIFY(protocomm_decode(pc, len, pb_Ctrl_fields, &m), TROTH_FAILED);
    uint32_t msg = m.msg;
    VERIFY(msg <= REPROV_THREAD && msg % 2 == 1 &&
               (m.which_payload == msg + 10 || m.which_payload == 0),
           TROTH_FAILED);
    if ((msg >= RESET_THREAD) != (pc->cfg.kind == TROTH_NET_THREAD))
        return reply(pc, msg, pb_INVALID_ARGUMENT);
    if (msg == RESET_WIFI || msg == RESET_THREAD)
        return reset(pc);
    return reply(pc, msg, reprovision(pc));
}
