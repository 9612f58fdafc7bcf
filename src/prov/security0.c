/* Security 0: a handshake that protects nothing. */
#include "prov/security.h"

#include <string.h>

#include "base/check.h"

static bool usable(struct troth_security *s)
{
    (void)s;
    return true;
}

static enum troth_security_fault serve(struct troth_security *s, pb_SessionData *m)
{
    pb_Sec0 *sec0 = &m->proto.sec0;
    /* Its command has no content, so some clients leave it out. */
    VERIFY(sec0->msg == pb_CMD0 &&
               (sec0->which_payload == pb_Sec0_sc_tag || sec0->which_payload == 0),
           TROTH_SECURITY_MALFORMED);
    memset(sec0, 0, sizeof *sec0);
    sec0->msg = pb_RESP0;
    sec0->which_payload = pb_Sec0_sr_tag;
    s->step = SECURITY_READY;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault hello(struct troth_security *s, pb_SessionData *m)
{
    (void)s;
    m->which_proto = pb_SessionData_sec0_tag;
    m->proto.sec0.which_payload = pb_Sec0_sc_tag;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault next(struct troth_security *s, pb_SessionData *m)
{
    const pb_Sec0 *sec0 = &m->proto.sec0;
    VERIFY(sec0->msg == pb_RESP0 && sec0->which_payload == pb_Sec0_sr_tag,
           TROTH_SECURITY_MALFORMED);
    s->status = (uint8_t)sec0->payload.sr.status;
    VERIFY(sec0->payload.sr.status == pb_SUCCESS, TROTH_SECURITY_STATUS);
    s->step = SECURITY_READY;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault plain(struct troth_security *s, const uint8_t *in, size_t len,
                                       uint8_t *out, size_t *out_len)
{
    (void)s;
    if (len)
        memmove(out, in, len);
    *out_len = len;
    return TROTH_SECURITY_FINE;
}

const struct security_ops security_0 = {usable, serve, hello, next, plain, plain};
