/* Sessions of protocomm, whatever the scheme. */
#include "prov/security.h"

#include <pb_decode.h>
#include <pb_encode.h>

#include "base/check.h"
#include "base/wipe.h"

static const struct security_ops *ops_of(const struct troth_security *s)
{
    static const struct security_ops *const schemes[] = {&security_0, &security_1, &security_2};
    return schemes[s->cfg.scheme];
}

int troth_security_init(struct troth_security *s, const struct troth_security_config *cfg,
                        bool device)
{
    memset(s, 0, sizeof *s);
    VERIFY(cfg->scheme <= 2 && (cfg->random || cfg->scheme == 0), TROTH_INVALID);
    s->cfg = *cfg;
    s->device = device;
    VERIFY(ops_of(s)->usable(s), TROTH_INVALID);
    return TROTH_OK;
}

void troth_security_end(struct troth_security *s)
{
    s->step = SECURITY_IDLE;
    wipe(&s->u, sizeof s->u);
}

bool troth_security_ready(const struct troth_security *s)
{
    return s->step == SECURITY_READY;
}

/* A fault ends the session; a wrong tag alone leaves it. */
static int result(struct troth_security *s, enum troth_security_fault fault)
{
    s->fault = (uint8_t)fault;
    VERIFY(fault != TROTH_SECURITY_FINE, TROTH_OK);
    if (fault != TROTH_SECURITY_TAG)
        troth_security_end(s);
    return TROTH_FAILED;
}

static enum troth_security_fault take(const struct troth_security *s, pb_SessionData *m,
                                      const uint8_t *in, size_t len)
{
    static const pb_size_t member[] = {pb_SessionData_sec0_tag, pb_SessionData_sec1_tag,
                                       pb_SessionData_sec2_tag};
    memset(m, 0, sizeof *m);
    pb_istream_t stream = pb_istream_from_buffer(in, len);
    VERIFY(pb_decode(&stream, pb_SessionData_fields, m), TROTH_SECURITY_MALFORMED);
    VERIFY(m->sec_ver == s->cfg.scheme && m->which_proto == member[s->cfg.scheme],
           TROTH_SECURITY_SCHEME);
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault give(const struct troth_security *s, pb_SessionData *m,
                                      uint8_t *out, size_t cap, size_t *out_len)
{
    m->sec_ver = s->cfg.scheme;
    pb_ostream_t stream = pb_ostream_from_buffer(out, cap);
    VERIFY(pb_encode(&stream, pb_SessionData_fields, m), TROTH_SECURITY_LOCAL);
    *out_len = stream.bytes_written;
    return TROTH_SECURITY_FINE;
}

int troth_security_serve(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                         size_t cap, size_t *out_len)
{
    pb_SessionData m;
    *out_len = 0;
    ASSERT(s->device);
    enum troth_security_fault fault = take(s, &m, in, len);
    if (!fault)
        fault = ops_of(s)->serve(s, &m);
    if (!fault)
        fault = give(s, &m, out, cap, out_len);
    wipe(&m, sizeof m);
    return result(s, fault);
}

int troth_security_hello(struct troth_security *s, uint8_t *out, size_t cap, size_t *out_len)
{
    pb_SessionData m = pb_SessionData_init_zero;
    *out_len = 0;
    ASSERT(!s->device);
    troth_security_end(s);
    s->status = 0;
    enum troth_security_fault fault = ops_of(s)->hello(s, &m);
    if (!fault) {
        s->step = SECURITY_STARTED;
        fault = give(s, &m, out, cap, out_len);
    }
    wipe(&m, sizeof m);
    return result(s, fault);
}

int troth_security_next(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                        size_t cap, size_t *out_len)
{
    pb_SessionData m;
    *out_len = 0;
    ASSERT(!s->device);
    VERIFY(s->step == SECURITY_STARTED || s->step == SECURITY_PROVING, TROTH_STATE);
    enum troth_security_fault fault = take(s, &m, in, len);
    if (!fault)
        fault = ops_of(s)->next(s, &m);
    if (!fault && s->step != SECURITY_READY)
        fault = give(s, &m, out, cap, out_len);
    wipe(&m, sizeof m);
    return result(s, fault);
}

uint8_t troth_security_dialects(const struct troth_security *s)
{
    return s->dialects;
}

int troth_security_seal(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                        size_t *out_len)
{
    *out_len = 0;
    VERIFY(s->step == SECURITY_READY, TROTH_STATE);
    return result(s, ops_of(s)->seal(s, in, len, out, out_len));
}

int troth_security_open(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                        size_t *out_len)
{
    *out_len = 0;
    VERIFY(s->step == SECURITY_READY, TROTH_STATE);
    return result(s, ops_of(s)->open(s, in, len, out, out_len));
}

const char *troth_security_fault_name(uint8_t fault)
{
    static const char *const names[] = {"FINE",  "MALFORMED", "SCHEME",   "STATUS", "KEY",
                                        "PROOF", "TAG",       "WORN_OUT", "LOCAL"};
    return fault < sizeof names / sizeof *names ? names[fault] : "(unknown)";
}

const char *troth_security_fault_words(uint8_t fault)
{
    switch (fault) {
    case TROTH_SECURITY_FINE:
        return "the session is in order";
    case TROTH_SECURITY_MALFORMED:
        return "the other side sent no message that fits here: start the session again";
    case TROTH_SECURITY_SCHEME:
        return "the other side uses another security scheme: read proto-ver and use that one";
    case TROTH_SECURITY_STATUS:
        return "the device refuses the session: restart it and try again";
    case TROTH_SECURITY_KEY:
        return "the other side sent a public key that no honest one sends: do not trust it";
    case TROTH_SECURITY_PROOF:
        return "the proof is wrong: check the user name and password, or the proof of possession";
    case TROTH_SECURITY_TAG:
        return "a message was changed on its way or came out of turn: start the session again";
    case TROTH_SECURITY_WORN_OUT:
        return "the session has carried all messages it can: start another";
    case TROTH_SECURITY_LOCAL:
        return "the cryptography of this side failed: its random source or memory is broken";
    }
    return "an unknown fault of the session";
}
