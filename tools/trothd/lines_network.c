/* What trothd says about its network. */
#include "trothd.h"

#include <stdio.h>

#include "common/out.h"

void line_backend(const char *text)
{
    out_event(OUT_PLAIN, "network_backend", out_fields("backend:s", text), "networks by %s", text);
}

void line_backend_notice(enum net_notice what, const char *words)
{
    static const char *const names[] = {[NET_HERE] = "network_backend_here",
                                        [NET_GONE] = "network_backend_gone",
                                        [NET_SHORTCOMING] = "network_backend_shortcoming",
                                        [NET_STAYS] = "network_backend_stays",
                                        [NET_SETTLED] = "network_backend_settled"};
    bool plain = what == NET_HERE || what == NET_SETTLED;
    out_event(plain ? OUT_PLAIN : OUT_WARN, names[what], NULL, "%s", words);
}

/* Of what was last tried, for the words: it is forgotten by the time its failure is told. */
static uint8_t tried_kind;

static void line_state(const struct troth_prov *p, const struct troth_prov_event *e)
{
    struct troth_prov_status s;
    char ssid[TROTH_SSID_TEXT];
    troth_prov_status(p, &s);
    troth_prov_network_text(&s, ssid, sizeof ssid);
    bool connected = e->state == TROTH_PROV_CONNECTED;
    bool why = e->reason != TROTH_NET_OK;
    out_event(
        e->state == TROTH_PROV_FAILED ? OUT_BAD
        : connected                   ? OUT_GOOD
                                      : OUT_PLAIN,
        "status",
        out_fields("status:i status_name:s reason:s ssid:s", (int)e->state,
                   troth_prov_state_name((uint8_t)e->state),
                   why ? troth_net_reason_name((uint8_t)e->reason) : NULL, connected ? ssid : NULL),
        "status -> %s (%d)%s%s%s%s", troth_prov_state_name((uint8_t)e->state), (int)e->state,
        why ? ": " : "", why ? troth_net_reason_words_for(tried_kind, (uint8_t)e->reason) : "",
        connected ? ": joined " : "", connected ? ssid : "");
}

/* What a reason means is said once, with the status that follows the last attempt. */
static void line_attempt(const struct troth_prov *p, const struct troth_prov_event *e)
{
    unsigned number = e->u.attempt.number, left = e->u.attempt.left;
    if (e->type == TROTH_PROV_EV_ATTEMPT) {
        tried_kind = p->fresh.kind ? p->fresh.kind : p->good.kind;
        out_event(OUT_DIM, "attempt", out_fields("number:u", number), "joining, attempt %u",
                  number);
        return;
    }
    out_event(OUT_WARN, "attempt_failed",
              out_fields("number:u left:u reason:s", number, left,
                         troth_net_reason_name((uint8_t)e->reason)),
              "attempt %u failed: %s (%u left)", number, troth_net_reason_name((uint8_t)e->reason),
              left);
}

static void line_window(const struct troth_prov_event *e)
{
    static const char *const why[] = {
        [TROTH_PROV_BY_START] = "it starts",
        [TROTH_PROV_BY_JOIN] = "a network is joined, and --keep-ble is no",
        [TROTH_PROV_BY_LOSS] = "it is without a network for long",
        [TROTH_PROV_BY_FAILURE] = "the new credentials failed",
        [TROTH_PROV_BY_ERASE] = "it was erased",
        [TROTH_PROV_BY_REQUEST] = "it was asked to",
        [TROTH_PROV_BY_EXPIRY] = "the time of the window is over",
    };
    if (e->u.window.why == TROTH_PROV_BY_START)
        return;
    out_event(OUT_PLAIN, "window", out_fields("open:b", e->u.window.open),
              "the device is %s over BLE: %s%s",
              e->u.window.open ? "reachable" : "no longer reachable", why[e->u.window.why],
              e->u.window.open ? "" : "; troth window open, or the signal USR1, opens it");
}

void line_prov(struct trothd *d, const struct troth_prov *p, const struct troth_prov_event *e)
{
    struct troth_prov_status s;
    char ssid[TROTH_SSID_TEXT];
    (void)d;
    troth_prov_status(p, &s);
    troth_prov_network_text(&s, ssid, sizeof ssid);
    switch (e->type) {
    case TROTH_PROV_EV_STATE:
        line_state(p, e);
        break;
    case TROTH_PROV_EV_ATTEMPT:
    case TROTH_PROV_EV_ATTEMPT_FAILED:
        line_attempt(p, e);
        break;
    case TROTH_PROV_EV_KEPT:
        out_event(OUT_GOOD, "kept", out_fields("ssid:s", ssid),
                  "the network before it, \"%s\", is kept and joined again", ssid);
        break;
    case TROTH_PROV_EV_LOST:
        out_event(OUT_WARN, "network_lost",
                  out_fields("ssid:s reason:s", ssid, troth_net_reason_name((uint8_t)e->reason)),
                  "the network \"%s\" is lost: %s; joining it again", ssid,
                  troth_net_reason_words((uint8_t)e->reason));
        break;
    case TROTH_PROV_EV_STORED:
        out_event(e->u.ok ? OUT_PLAIN : OUT_BAD, "stored", out_fields("ok:b", e->u.ok),
                  e->u.ok ? "the credentials are stored"
                          : "the credentials could not be stored: they are lost with the power");
        break;
    case TROTH_PROV_EV_ERASED:
        if (!e->u.erased.ok)
            out_event(OUT_BAD, "erase_failed", NULL,
                      "the store would not erase: the bonds are kept as well");
        break;
    case TROTH_PROV_EV_WINDOW:
        line_window(e);
        break;
    case TROTH_PROV_EV_SCAN_RESULT:
    case TROTH_PROV_EV_SCAN_DONE:
    case TROTH_PROV_EV_INFO:
        break;
    }
}
