/* What is done in a session: custom data, control, a network. */
#include "protocomm_parts.h"

#include "common/out.h"
#include "common/secret.h"

#include <string.h>

#define POLL_MS     250 /* at first; then twice as long each time, up to: */
#define POLL_MAX_MS 2000
#define FOLLOW_MS   120000
#define STRANGE     4 /* statuses that tell neither success nor failure */

static bool never(const struct client *c)
{
    (void)c;
    return false;
}

bool protocomm_pause(struct protocomm *p, unsigned ms)
{
    client_wait(p->c, never, ms);
    return !p->c->over;
}

static bool refused(struct protocomm *p, const struct troth_protocomm_answer *a, const char *what,
                    const char *cure)
{
    const char *name = troth_protocomm_status_name(a->status);
    return protocomm_failed(p, name, "the device did not %s: %s%s", what, name, cure);
}

bool protocomm_custom(struct protocomm *p, const uint8_t *data, size_t len)
{
    uint8_t reply[PROTOCOMM_MAX];
    char text[512];
    size_t n;
    out_event(OUT_PLAIN, "custom-data", NULL, "sending custom data");
    if (!protocomm_send(p, "custom-data", data, len, reply, sizeof reply, &n))
        return false;
    if (n && !reply[n - 1])
        n--;
    out_printable(reply, n, text, sizeof text);
    out_event(OUT_GOOD, "custom-data-response", out_fields("response:s", text),
              "the device answers: %s", text);
    return true;
}

bool protocomm_control(struct protocomm *p, uint8_t op)
{
    struct troth_protocomm_ask ask = {.op = op, .kind = p->kind};
    struct troth_protocomm_answer a;
    bool reset = op == TROTH_PROTOCOMM_OP_RESET;
    if (!protocomm_ask(p, &ask, &a))
        return refused(p, &a, reset ? "reset" : "begin again",
                       reset ? "; it does so only after a failure"
                             : "; it does so only after a success, when its maker let it");
    out_result("result", out_fields("done:s", reset ? "reset" : "reprov"),
               reset ? "the device forgot what had failed, if anything had, and waits for a network"
                     : "the device waits for another network");
    return true;
}

/* ---- a network ---- */

struct person {
    bool (*again)(const void *ctx, uint8_t why);
    const void *ctx;
};

static bool tell_joined(const struct troth_protocomm_answer *a, uint8_t kind)
{
    char name[TROTH_SSID_TEXT], address[4 * sizeof a->u.status.info.address];
    const struct troth_net_info *i = &a->u.status.info;
    if (kind == TROTH_NET_THREAD) {
        troth_thread_name_text(&i->thread.name, name, sizeof name);
        out_result("result",
                   out_fields("state:s network:s pan_id:u channel:u", "ATTACHED", name,
                              (unsigned)i->thread.pan_id, (unsigned)i->channel),
                   "attached to the Thread network \"%s\", PAN ID 0x%04x, channel %u", name,
                   i->thread.pan_id, i->channel);
        return true;
    }
    troth_ssid_text(&a->u.status.ssid, name, sizeof name);
    out_printable((const uint8_t *)i->address, strlen(i->address), address, sizeof address);
    out_result("result",
               out_fields("state:s ssid:s address:s channel:u auth:s", "CONNECTED", name,
                          *address ? address : NULL, (unsigned)i->channel,
                          troth_wifi_auth_mode_name(a->u.status.auth_mode)),
               "connected to \"%s\"%s%s", name, *address ? ", address " : "", address);
    return true;
}

static const char *why_name(uint8_t why)
{
    static const char *const names[] = {
        [TROTH_PROTOCOMM_WHY_UNTOLD] = "UNTOLD",
        [TROTH_PROTOCOMM_WHY_AUTH] = "AUTH_ERROR",
        [TROTH_PROTOCOMM_WHY_NOT_FOUND] = "NOT_FOUND",
        [TROTH_PROTOCOMM_WHY_DATASET] = "BAD_DATASET",
        [TROTH_PROTOCOMM_WHY_OTHER] = "OTHER",
    };
    return why < sizeof names / sizeof *names ? names[why] : "OTHER";
}

/* The sentence begins with the device. */
static enum protocomm_outcome tell_failed(struct protocomm *p, uint8_t why,
                                          const struct person *who)
{
    const char *words = troth_protocomm_why_words(p->kind, why);
    p->tried = true;
    p->why = why;
    if (who->again && who->again(who->ctx, why)) {
        out_event(OUT_BAD, "not_joined", out_fields("result:s", why_name(why)), "%s", words);
        return PROTOCOMM_TRY_AGAIN;
    }
    protocomm_failed(p, why_name(why), "%s", words);
    out_hint("Then try again. Espressif's own firmware takes another network only after --reset.");
    return PROTOCOMM_FAILED;
}

static void tell_trying(const struct protocomm *p, const struct troth_protocomm_answer *a)
{
    const char *state = p->kind == TROTH_NET_THREAD ? "ATTACHING" : "CONNECTING";
    if (a->u.status.attempt_failed)
        out_event(OUT_WARN, "status",
                  out_fields("state:s attempts_left:u", state, (unsigned)a->u.status.attempts_left),
                  "status: %s; an attempt failed, %u left", state,
                  (unsigned)a->u.status.attempts_left);
    else
        out_event(OUT_PLAIN, "status", out_fields("state:s", state), "status: %s", state);
}

static enum protocomm_outcome over(bool said)
{
    return said ? PROTOCOMM_JOINED : PROTOCOMM_FAILED;
}

static enum protocomm_outcome follow(struct protocomm *p, const struct person *who)
{
    struct troth_protocomm_ask ask = {.op = TROTH_PROTOCOMM_OP_STATUS, .kind = p->kind};
    struct troth_protocomm_answer a;
    unsigned ms = client_options.timeout ? client_options.timeout * 1000 : FOLLOW_MS;
    unsigned strange = 0, wait = POLL_MS;
    troth_ms end = runtime_now(p->c->runtime) + ms;
    for (;;) {
        if (!protocomm_pause(p, wait))
            return PROTOCOMM_FAILED;
        wait = 2 * wait < POLL_MAX_MS ? 2 * wait : POLL_MAX_MS;
        if (!protocomm_ask(p, &ask, &a))
            return over(refused(p, &a, "tell its status", ""));
        if (a.u.status.state == TROTH_PROTOCOMM_CONNECTED)
            return over(tell_joined(&a, p->kind));
        if (a.u.status.state == TROTH_PROTOCOMM_CONNECTION_FAILED)
            return tell_failed(p, a.u.status.why, who);
        tell_trying(p, &a);
        if (a.u.status.state != TROTH_PROTOCOMM_CONNECTING && ++strange == STRANGE)
            return over(
                protocomm_failed(p, "DISCONNECTED", "the device says that it is not connected"));
        if (runtime_now(p->c->runtime) >= end)
            return over(protocomm_failed(p, "TIMED_OUT",
                                         "the device still tries to join after %u s: is the "
                                         "network in its reach? --timeout waits longer",
                                         ms / 1000));
    }
}

/* The status tells why a dataset was not taken. */
static enum protocomm_outcome not_applied(struct protocomm *p,
                                          const struct troth_protocomm_answer *applied,
                                          const struct person *who)
{
    struct troth_protocomm_ask ask = {.op = TROTH_PROTOCOMM_OP_STATUS, .kind = p->kind};
    struct troth_protocomm_answer a;
    if (!p->c->over && p->kind == TROTH_NET_THREAD && protocomm_ask(p, &ask, &a) &&
        a.u.status.state == TROTH_PROTOCOMM_CONNECTION_FAILED &&
        a.u.status.why == TROTH_PROTOCOMM_WHY_DATASET)
        return tell_failed(p, a.u.status.why, who);
    return over(refused(p, applied, "apply the network",
                        "; if an earlier network failed there, give --reset first"));
}

enum given { APPLIED, NOT_APPLIED, BROKEN };

static enum given give(struct protocomm *p, const struct troth_credentials *k,
                       struct troth_protocomm_answer *a)
{
    struct troth_protocomm_ask ask = {
        .op = TROTH_PROTOCOMM_OP_SET, .kind = p->kind, .credentials = k};
    if (!protocomm_ask(p, &ask, a)) {
        refused(p, a, "take the network", "");
        return BROKEN;
    }
    ask = (struct troth_protocomm_ask){.op = TROTH_PROTOCOMM_OP_APPLY, .kind = p->kind};
    if (protocomm_ask(p, &ask, a))
        return APPLIED;
    return p->c->over ? BROKEN : NOT_APPLIED;
}

/* Espressif's firmware keeps the network that failed until it is told to forget it. */
static bool reset_first(struct protocomm *p)
{
    struct troth_protocomm_ask ask = {.op = TROTH_PROTOCOMM_OP_RESET, .kind = p->kind};
    struct troth_protocomm_answer a;
    out_event(OUT_PLAIN, "resetting", NULL, "the device first forgets the network that failed");
    return protocomm_ask(p, &ask, &a) ||
           refused(p, &a, "take another network after the one that failed",
                   "; reset it as its manual says, and begin anew");
}

enum protocomm_outcome protocomm_join(struct protocomm *p, const struct troth_credentials *k,
                                      bool (*again)(const void *ctx, uint8_t why), const void *ctx)
{
    struct person who = {again, ctx};
    struct troth_protocomm_answer a;
    char ssid[TROTH_SSID_TEXT];
    if (k->kind == TROTH_NET_WIFI)
        out_event(OUT_PLAIN, "sending",
                  out_fields("ssid:s", troth_ssid_text(&k->u.wifi.ssid, ssid, sizeof ssid)),
                  "sending the network \"%s\"", ssid);
    else
        out_event(OUT_PLAIN, "sending", NULL, "sending the Thread dataset");
    enum given given = give(p, k, &a);
    if (given == NOT_APPLIED && p->tried && a.status == TROTH_PROTOCOMM_INTERNAL_ERROR)
        given = reset_first(p) ? give(p, k, &a) : BROKEN;
    if (given == NOT_APPLIED)
        return not_applied(p, &a, &who);
    if (given == BROKEN)
        return PROTOCOMM_FAILED;
    out_event(OUT_PLAIN, "applied", NULL, "the device tries to join");
    return follow(p, &who);
}
