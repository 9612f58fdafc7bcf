/* Endpoints, the session and its one open request. */
#include "prov/protocomm.h"

#include <pb_decode.h>
#include <pb_encode.h>

#include "base/check.h"
#include "base/wipe.h"

#define FREE_PROOFS 3   /* wrong proofs before the first wait */
#define RESP0       400 /* security 2's, but for the salt: 384 octets, all tags and lengths */

_Static_assert(TROTH_PROTOCOMM_MAX >= 256, "four networks of a scan take 246 octets");
_Static_assert(TROTH_PROTOCOMM_WRITER > TROTH_LINK_LAST, "it writes as nobody's connection");
_Static_assert(TROTH_PROTOCOMM_APPS >= 1 && TROTH_PROTOCOMM_RESULTS >= 4, "config.h");

static const char *const names[TROTH_PROTOCOMM_APP] = {"prov-ctrl", "prov-scan", "prov-session",
                                                       "prov-config", "proto-ver"};

/* ---- endpoints ---- */

static void number(uint32_t *n, uint32_t unset)
{
    if (*n == 0)
        *n = unset;
}

int troth_protocomm_init(struct troth_protocomm *pc, const struct troth_protocomm_config *cfg)
{
    ASSERT(cfg->prov && cfg->respond);
    memset(pc, 0, sizeof *pc);
    VERIFY((cfg->kind == TROTH_NET_WIFI || cfg->kind == TROTH_NET_THREAD) &&
               cfg->prov->cfg.net->kinds & 1u << cfg->kind,
           TROTH_INVALID);
    VERIFY(troth_security_init(&pc->security, &cfg->security, true) == TROTH_OK, TROTH_INVALID);
    size_t salt = cfg->security.salt.len;
    VERIFY(cfg->security.scheme != 2 || sizeof pc->out >= RESP0 + salt + (salt > 127), TROTH_FULL);
    pc->cfg = *cfg;
    number(&pc->cfg.stop_ms, 30000);
    number(&pc->cfg.cleanup_ms, 1000);
    number(&pc->cfg.hold_ms, 25000);
    number(&pc->cfg.backoff_ms, 1000);
    number(&pc->cfg.backoff_max_ms, 60000);
    return TROTH_OK;
}

unsigned troth_protocomm_endpoints(const struct troth_protocomm *pc)
{
    return TROTH_PROTOCOMM_APP + (unsigned)pc->apps;
}

const char *troth_protocomm_endpoint_name(const struct troth_protocomm *pc, unsigned endpoint)
{
    VERIFY(endpoint < troth_protocomm_endpoints(pc), NULL);
    return endpoint < TROTH_PROTOCOMM_APP ? names[endpoint]
                                          : pc->app[endpoint - TROTH_PROTOCOMM_APP].name;
}

int troth_protocomm_find(const struct troth_protocomm *pc, const char *name, size_t len)
{
    for (unsigned i = 0; i < troth_protocomm_endpoints(pc); i++) {
        const char *known = troth_protocomm_endpoint_name(pc, i);
        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return (int)i;
    }
    return TROTH_NOT_FOUND;
}

int troth_protocomm_endpoint(struct troth_protocomm *pc, const char *name,
                             troth_protocomm_handler handle, void *ctx)
{
    VERIFY(pc->apps < TROTH_PROTOCOMM_APPS, TROTH_FULL);
    VERIFY(*name && troth_protocomm_find(pc, name, strlen(name)) < 0, TROTH_INVALID);
    pc->app[pc->apps++] = (struct troth_protocomm_app){name, handle, ctx};
    return TROTH_OK;
}

/* ---- messages ---- */

bool protocomm_decode(const struct troth_protocomm *pc, size_t len, const pb_msgdesc_t *fields,
                      void *message)
{
    pb_istream_t stream = pb_istream_from_buffer(pc->in, len);
    return pb_decode(&stream, fields, message);
}

int protocomm_encode(struct troth_protocomm *pc, const pb_msgdesc_t *fields, const void *message)
{
    pb_ostream_t stream = pb_ostream_from_buffer(pc->out, TROTH_PROTOCOMM_MAX);
    VERIFY(pb_encode(&stream, fields, message), TROTH_FAILED);
    pc->out_len = stream.bytes_written;
    return TROTH_OK;
}

/* ---- the session ---- */

static void tell(struct troth_protocomm *pc, enum troth_protocomm_event_type type)
{
    struct troth_protocomm_event e = {.type = type,
                                      .session = pc->session,
                                      .fault = (enum troth_security_fault)pc->security.fault,
                                      .failures = pc->failures,
                                      .wait_ms = pc->backoff_timer.span};
    if (pc->cfg.event)
        pc->cfg.event(pc->cfg.ctx, &e);
}

static void respond(struct troth_protocomm *pc, uint32_t session, int result)
{
    pc->cfg.respond(pc->cfg.ctx, session, result, pc->out, result == TROTH_OK ? pc->out_len : 0);
}

static void close_request(struct troth_protocomm *pc)
{
    pc->open = false;
    pc->scan_held = 0;
    pc->resetting = 0;
    timer_stop(&pc->hold_timer);
}

/*
 * Wipes all that was the session's; what waits for a response learns that there is none. What was
 * set may tell of another network as it goes, and who hears that may end the session once more.
 */
static void end_session(struct troth_protocomm *pc)
{
    bool waits = pc->open && !pc->handling, was = pc->here;
    uint32_t session = pc->session;
    troth_security_end(&pc->security);
    pc->here = false;
    if (waits) {
        close_request(pc);
        wipe(pc->in, sizeof pc->in);
        wipe(pc->out, sizeof pc->out);
    }
    protocomm_unset(pc);
    if (waits)
        respond(pc, session, TROTH_STALE);
    if (was)
        tell(pc, TROTH_PROTOCOMM_EV_ENDED);
}

static void enter(struct troth_protocomm *pc, uint32_t session)
{
    if (pc->here && pc->session == session)
        return;
    end_session(pc);
    pc->here = true;
    pc->session = session;
}

static void wrong_proof(struct troth_protocomm *pc)
{
    uint32_t ms = pc->cfg.backoff_ms;
    if (++pc->failures < FREE_PROOFS)
        return;
    for (uint32_t i = FREE_PROOFS; i < pc->failures && ms < pc->cfg.backoff_max_ms; i++)
        ms = ms > pc->cfg.backoff_max_ms / 2 ? pc->cfg.backoff_max_ms : ms * 2;
    timer_start(&pc->backoff_timer, ms < pc->cfg.backoff_max_ms ? ms : pc->cfg.backoff_max_ms);
}

static void fault(struct troth_protocomm *pc)
{
    tell(pc, TROTH_PROTOCOMM_EV_FAULT);
    if (pc->security.fault != TROTH_SECURITY_TAG)
        end_session(pc);
}

static void handshake(struct troth_protocomm *pc, uint32_t session, const uint8_t *in, size_t len,
                      troth_ms now)
{
    if (pc->handling) {
        pc->cfg.respond(pc->cfg.ctx, session, TROTH_BUSY, NULL, 0);
        return;
    }
    timer_due(&pc->backoff_timer, now);
    if (timer_running(&pc->backoff_timer)) {
        pc->cfg.respond(pc->cfg.ctx, session, TROTH_BUSY, NULL, 0);
        return;
    }
    bool ready = troth_security_ready(&pc->security);
    if (pc->open || ready) /* a handshake begins another session, also of the same client */
        end_session(pc);
    enter(pc, session);
    int r = troth_security_serve(&pc->security, in, len, pc->out, sizeof pc->out, &pc->out_len);
    if (r != TROTH_OK) {
        if (pc->security.fault == TROTH_SECURITY_PROOF) {
            wrong_proof(pc);
            timer_settle(&pc->backoff_timer, now);
        }
        fault(pc);
        respond(pc, session, TROTH_FAILED);
        return;
    }
    bool proven = troth_security_ready(&pc->security);
    if (proven)
        pc->failures = 0;
    respond(pc, session, TROTH_OK);
    if (proven && pc->here && pc->session == session)
        tell(pc, TROTH_PROTOCOMM_EV_SESSION);
}

/* ---- requests ---- */

/* The response goes out, sealed. */
static void deliver(struct troth_protocomm *pc, int result)
{
    uint32_t session = pc->session;
    close_request(pc);
    wipe(pc->in, sizeof pc->in);
    pc->security.fault = TROTH_SECURITY_FINE;
    if (!pc->here) /* its handler ended the session */
        result = TROTH_STALE;
    else if (result != TROTH_OK)
        result = TROTH_FAILED;
    else if (pc->cfg.security.scheme != 0)
        result = troth_security_seal(&pc->security, pc->out, pc->out_len, pc->out, &pc->out_len);
    if (pc->security.fault)
        fault(pc);
    respond(pc, session, result);
    wipe(pc->out, sizeof pc->out);
}

void protocomm_finish(struct troth_protocomm *pc, uint32_t serial, int result)
{
    if (!pc->open || serial != pc->serial)
        return;
    if (pc->handling) {
        pc->answered = true;
        pc->answer = result;
    } else {
        deliver(pc, result);
    }
}

int troth_protocomm_complete(struct troth_protocomm *pc, uint32_t serial, int result,
                             const uint8_t *out, size_t len)
{
    VERIFY(pc->open && serial == pc->serial && !pc->answered, TROTH_STALE);
    if (result == TROTH_OK && len > TROTH_PROTOCOMM_MAX)
        result = TROTH_FAILED;
    if (result == TROTH_OK) {
        if (len)
            memmove(pc->out, out, len);
        pc->out_len = len;
    }
    protocomm_finish(pc, serial, result);
    return TROTH_OK;
}

static int handle(struct troth_protocomm *pc, unsigned endpoint, size_t len)
{
    switch (endpoint) {
    case TROTH_PROTOCOMM_CTRL:
        return protocomm_ctrl(pc, len);
    case TROTH_PROTOCOMM_SCAN:
        return protocomm_scan(pc, len);
    case TROTH_PROTOCOMM_CONFIG:
        return protocomm_config(pc, len);
    }
    const struct troth_protocomm_app *app = &pc->app[endpoint - TROTH_PROTOCOMM_APP];
    size_t n = TROTH_PROTOCOMM_MAX;
    int r = app->handle(app->ctx, pc->serial, pc->in, len, pc->out, &n);
    if (r == TROTH_OK && !pc->answered) {
        VERIFY(n <= TROTH_PROTOCOMM_MAX, TROTH_FAILED);
        pc->out_len = n;
    }
    return r;
}

/* Before the request is opened: the octets of the message, or why there is none. */
static int unseal(struct troth_protocomm *pc, uint32_t session, const uint8_t *in, size_t *len)
{
    bool sealed = pc->cfg.security.scheme != 0;
    if (!sealed)
        enter(pc, session);
    VERIFY(pc->here && pc->session == session, TROTH_STATE);
    VERIFY(!sealed || troth_security_ready(&pc->security), TROTH_STATE);
    VERIFY(*len && *len <= sizeof pc->in, TROTH_INVALID);
    if (!sealed) {
        memcpy(pc->in, in, *len);
        return TROTH_OK;
    }
    return troth_security_open(&pc->security, in, *len, pc->in, len);
}

void troth_protocomm_request(struct troth_protocomm *pc, uint32_t session, unsigned endpoint,
                             const uint8_t *in, size_t len, troth_ms now)
{
    if (endpoint >= troth_protocomm_endpoints(pc)) {
        pc->cfg.respond(pc->cfg.ctx, session, TROTH_NOT_FOUND, NULL, 0);
        return;
    }
    if (endpoint == TROTH_PROTOCOMM_VERSION) {
        uint8_t reply[TROTH_PROTOCOMM_VERSION_MAX];
        size_t n = protocomm_version(pc, reply, sizeof reply);
        pc->cfg.respond(pc->cfg.ctx, session, n ? TROTH_OK : TROTH_FAILED, reply, n);
        return;
    }
    if (endpoint == TROTH_PROTOCOMM_SESSION) {
        handshake(pc, session, in, len, now);
        return;
    }
    if (pc->open) {
        pc->cfg.respond(pc->cfg.ctx, session, TROTH_BUSY, NULL, 0);
        return;
    }
    int r = unseal(pc, session, in, &len);
    if (r != TROTH_OK) {
        if (r == TROTH_FAILED)
            fault(pc);
        pc->cfg.respond(pc->cfg.ctx, session, r, NULL, 0);
        return;
    }
    if (++pc->serial == 0)
        pc->serial = 1;
    pc->open = pc->handling = true;
    pc->answered = false;
    pc->out_len = 0;
    r = handle(pc, endpoint, len);
    pc->handling = false;
    if (pc->answered)
        r = pc->answer;
    if (r != TROTH_PROTOCOMM_LATER)
        deliver(pc, r);
    else
        wipe(pc->in, sizeof pc->in);
    timer_settle(&pc->hold_timer, now);
    timer_settle(&pc->stop_timer, now);
}

void troth_protocomm_gone(struct troth_protocomm *pc, uint32_t session)
{
    if (pc->here && pc->session == session)
        end_session(pc);
}

void troth_protocomm_stop(struct troth_protocomm *pc)
{
    end_session(pc);
    pc->stopping = false;
    timer_stop(&pc->stop_timer);
}

/* ---- what the provisioning session and the clock say ---- */

static void stop_soon(struct troth_protocomm *pc)
{
    pc->stopping = !pc->cfg.keep_running;
    if (pc->stopping)
        timer_start(&pc->stop_timer, pc->cfg.stop_ms);
}

/* Another protocol's try counts like ours: a device that is provisioned is provisioned. */
static void look_at_others(struct troth_protocomm *pc, const struct troth_prov_event *e)
{
    if (e->state == TROTH_PROV_CONNECTED && pc->others)
        stop_soon(pc);
    if (e->state == TROTH_PROV_CONNECTING && pc->cfg.prov->fresh.kind) {
        pc->others = true;
        pc->stopping = false;
    } else if (e->state != TROTH_PROV_CONNECTING) {
        pc->others = false;
    }
}

static void look(struct troth_protocomm *pc, const struct troth_prov_event *e)
{
    bool ours = pc->cfg.prov->writer == TROTH_PROTOCOMM_WRITER;
    bool running = pc->view == VIEW_RUNNING;
    if (!ours)
        look_at_others(pc, e);
    if (e->state == TROTH_PROV_IDLE) {
        pc->view = VIEW_NONE;
        pc->stopping = false; /* there is nothing to stop for */
    } else if (!ours && (running || (pc->view == VIEW_DONE && e->state == TROTH_PROV_CONNECTING))) {
        pc->view = VIEW_FAILED; /* another's request took over */
        pc->reason = TROTH_NET_OTHER;
        pc->stopping = false;
    } else if (running && e->state == TROTH_PROV_FAILED) {
        pc->view = VIEW_FAILED;
        pc->reason = (uint8_t)e->reason;
    } else if (running && e->state == TROTH_PROV_CONNECTED) {
        pc->view = VIEW_DONE;
        stop_soon(pc);
    }
}

void troth_protocomm_prov_event(struct troth_protocomm *pc, const struct troth_prov_event *event)
{
    switch (event->type) {
    case TROTH_PROV_EV_STATE:
        look(pc, event);
        break;
    case TROTH_PROV_EV_ERASED:
        pc->set = false; /* what was staged went with it */
        pc->hidden = false;
        if (pc->resetting)
            protocomm_reset_done(pc, event->u.erased.ok);
        break;
    case TROTH_PROV_EV_SCAN_RESULT:
    case TROTH_PROV_EV_SCAN_DONE:
        protocomm_scan_event(pc, event);
        break;
    default:
        break;
    }
}

void troth_protocomm_tick(struct troth_protocomm *pc, troth_ms now)
{
    timer_due(&pc->backoff_timer, now);
    if (timer_due(&pc->hold_timer, now)) {
        if (pc->resetting)
            protocomm_reset_done(pc, false);
        else
            protocomm_scan_late(pc);
    }
    if (timer_due(&pc->stop_timer, now) && pc->stopping) {
        pc->stopping = false;
        tell(pc, TROTH_PROTOCOMM_EV_STOP);
    }
}

troth_ms troth_protocomm_deadline(const struct troth_protocomm *pc)
{
    return earlier(timer_deadline(&pc->hold_timer), timer_deadline(&pc->stop_timer));
}
