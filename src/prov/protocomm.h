/*
 * The parts of the device side. An endpoint's handler reads pc->in[0 .. len) and writes pc->out and
 * pc->out_len; TROTH_OK, TROTH_PROTOCOMM_LATER, or the request failed.
 */
#ifndef TROTH_PROV_PROTOCOMM_H
#define TROTH_PROV_PROTOCOMM_H

#include <troth/protocomm.h>

#include "prov/proto/session.pb.h"

enum protocomm_view { /* what the client's last Apply came to */
                      VIEW_NONE,
                      VIEW_RUNNING,
                      VIEW_FAILED,
                      VIEW_DONE,
};

/* ---- protocomm.c ---- */

/* Gives pc->out, pc->out_len as the answer to a request that was held. */
void protocomm_finish(struct troth_protocomm *pc, uint32_t serial, int result);
/* From fields, with nothing in pc->in kept; false: what is there does not decode. */
bool protocomm_decode(const struct troth_protocomm *pc, size_t len, const pb_msgdesc_t *fields,
                      void *message);
int protocomm_encode(struct troth_protocomm *pc, const pb_msgdesc_t *fields, const void *message);

/* ---- protocomm_config.c, _scan.c, _ctrl.c ---- */

int protocomm_config(struct troth_protocomm *pc, size_t len);
int protocomm_scan(struct troth_protocomm *pc, size_t len);
int protocomm_ctrl(struct troth_protocomm *pc, size_t len);
/* What was set and not applied is gone. */
void protocomm_unset(struct troth_protocomm *pc);
void protocomm_scan_event(struct troth_protocomm *pc, const struct troth_prov_event *event);
/* A scan's response was held long enough. */
void protocomm_scan_late(struct troth_protocomm *pc);
/* The erase a reset waits for is done. */
void protocomm_reset_done(struct troth_protocomm *pc, bool ok);
/* WifiAuthMode of an enum troth_wifi_security. */
uint32_t protocomm_auth_mode(uint8_t security);

/* ---- protocomm_version.c ---- */

/* proto-ver's reply; its length, 0: cap is too small. */
size_t protocomm_version(const struct troth_protocomm *pc, uint8_t *out, size_t cap);

#endif
