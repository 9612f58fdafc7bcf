/* The device on the library's own host, over any HCI stream. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>

#include "common/out.h"

#define POWER_OFF 0x15 /* Remote Device Terminated Connection due to Power Off */

static void add_peer(struct trothd *d, const struct troth_event *e)
{
    struct peer *p = bluetooth_add_peer(d, e->link);
    if (!p)
        return;
    p->addr = e->u.connected.peer;
    p->identity = e->u.connected.identity;
    p->bonded = e->u.connected.bonded;
}

/* ---- events ---- */

/* The specification leaves to the peripheral when to ask; at once, so that a phone prompts now. */
static void request_security(struct trothd *d, troth_link link)
{
    uint8_t auth_req = troth_wifi_gatt_security_request((enum troth_wifi_mode)d->options.security);
    if (!auth_req)
        return;
    const struct troth_policy *policy = troth_policy(runtime_host(d->runtime));
    if (policy->require_mitm)
        auth_req |= TROTH_AUTH_MITM;
    auth_req &= policy->features.auth_req | (uint8_t) ~(TROTH_AUTH_BOND | TROTH_AUTH_SC);
    int result = troth_security_request(runtime_host(d->runtime), link, auth_req);
    if (result != TROTH_OK && result != TROTH_STATE)
        out_error("cannot send a Security Request: %s", troth_result_words(result));
}

static void on_event(void *ctx, const struct troth_event *e)
{
    struct trothd *d = ctx;
    struct peer *p;

    if (e->type == TROTH_EV_CONNECTED)
        add_peer(d, e);
    line_event(d, e);
    agent_event(d->agent, e);
    agent_event(d->attached, e);
    oob_event(d, e);
    switch ((int)e->type) {
    case TROTH_EV_READY:
        bluetooth_make_name(d, &e->u.ready.identity);
        break;
    case TROTH_EV_CONNECTED:
        request_security(d, e->link);
        break;
    case TROTH_EV_PAIRED:
        p = bluetooth_peer(d, e->link);
        if (p && e->u.paired.stored && e->u.paired.keys) {
            p->identity = e->u.paired.keys->identity;
            p->bonded = true;
        }
        break;
    case TROTH_EV_DISCONNECTED:
        network_disconnected(d, e->link);
        p = bluetooth_peer(d, e->link);
        if (p)
            memset(p, 0, sizeof *p);
        break;
    case TROTH_EV_SECURITY_UNANSWERED:
        p = bluetooth_peer(d, e->link);
        if (p)
            p->due = 0;
        break;
    case TROTH_EV_BOND_REMOVED:
    case TROTH_EV_BOND_NOT_REMOVED:
        bluetooth_bond_answer(d, e->type == TROTH_EV_BOND_REMOVED);
        break;
    case TROTH_EV_SENT:
        network_sent(d);
        break;
    case TROTH_EV_BROKEN:
        if (!d->options.retry)
            trothd_exit(d, 1);
        break;
    }
}

/* ---- asks ---- */

/*
 * What the options promise may not be there: nobody looks at the agent's socket now, or somebody
 * attached who can do more or less. Without the need for a person the pairing promises nobody.
 */
static bool on_pairing_request(struct trothd *d, const struct troth_ask *ask)
{
    struct troth_host *host = runtime_host(d->runtime);
    struct troth_answer answer = {.ok = true};
    answer.u.features = troth_policy(host)->features;
    answer.u.features.io_cap = bluetooth_io_cap(d);
    bool oob = oob_features(d, ask, &answer.u.features);
    if (!oob && d->options.security == TROTH_WIFI_MODE_AUTH &&
        answer.u.features.io_cap == TROTH_NO_INPUT_NO_OUTPUT) {
        line_nobody(d, bluetooth_peer(d, ask->link));
        answer.ok = false;
        answer.reason = TROTH_SMP_AUTHENTICATION_REQUIREMENTS;
    }
    return troth_answer(host, ask->id, &answer) == TROTH_OK;
}

static bool on_ask(void *ctx, const struct troth_ask *ask)
{
    struct trothd *d = ctx;
    char text[18] = "the other side";
    const struct peer *p = bluetooth_peer(d, ask->link);
    if (ask->type == TROTH_ASK_PAIRING_REQUEST)
        return on_pairing_request(d, ask);
    if (ask->type == TROTH_ASK_OOB_DATA)
        return oob_ask(d, ask);
    if (p)
        troth_addr_text(&p->identity, text);
    return agent_ask(bluetooth_who_answers(d), runtime_host(d->runtime), ask, text);
}

static void on_notice(void *ctx, enum runtime_notice what, const char *why, unsigned retry_ms)
{
    struct trothd *d = ctx;
    line_notice(d, what, why, retry_ms);
    if (what == RUNTIME_LOST && !retry_ms && !d->stopping)
        trothd_exit(d, 1);
}

/* ---- bonds ---- */

static int forget(struct trothd *d, troth_link last)
{
    struct troth_host *host = runtime_host(d->runtime);
    struct troth_addr all[TROTH_MAX_BONDS];
    const struct troth_bond *bond;
    const struct peer *p = bluetooth_peer(d, last);
    unsigned n = 0, eraser = TROTH_MAX_BONDS;

    for (unsigned i = 0; n < TROTH_MAX_BONDS && (bond = troth_bonds_get(host, i)); i++)
        all[n++] = bond->keys.identity;
    for (unsigned i = 0; i < n; i++)
        if (p && troth_addr_equal(&all[i], &p->identity))
            eraser = i;
    for (unsigned i = 0; i <= n; i++) {
        unsigned at = i < n ? i : eraser; /* the eraser's at the end */
        if (at >= n || (i < n && i == eraser))
            continue;
        d->forgetting.open++; /* before: the answer may come within the call */
        int result = troth_bonds_remove(host, &all[at]);
        if (result != TROTH_OK)
            d->forgetting.open--;
        if (result == TROTH_BUSY)
            return TROTH_BUSY;
    }
    d->forgetting.all_asked = true;
    bluetooth_forgot(d);
    return TROTH_OK;
}

/* Bonds made when the mode was lower: kept, of no use, and their owner knows. */
static void tell_weak_bonds(struct trothd *d)
{
    const struct troth_bond *bond;
    for (unsigned i = 0; (bond = troth_bonds_get(runtime_host(d->runtime), i)); i++) {
        struct troth_level level = troth_wifi_gatt_bond_level(&bond->keys);
        if (!troth_wifi_gatt_bond_ok((enum troth_wifi_mode)d->options.security, &level))
            line_weak_bond(d, &bond->keys);
    }
}

static unsigned bonds(const struct trothd *d)
{
    unsigned n = 0;
    while (troth_bonds_get(runtime_host(d->runtime), n))
        n++;
    return n;
}

/* ---- opening ---- */

static bool open_own(struct trothd *d, char *why, size_t why_cap)
{
    struct runtime_config config = {
        .loop = d->loop,
        .where = d->options.transport,
        .store = d->store,
        .capture = d->options.capture,
        .retry = d->options.retry,
        .name = d->options.name,
        .policy = d->policy,
        .privacy = d->options.policy.privacy,
        .rpa_timeout_s = (uint16_t)d->options.policy.rpa_timeout_s,
        .event = on_event,
        .ask = on_ask,
        .notice = on_notice,
        .ctx = d,
    };
    d->runtime = runtime_new(&config, why, why_cap);
    if (!d->runtime)
        return false;
    struct runtime_clock oob = {oob_deadline, oob_tick, d};
    d->oob.due = TROTH_NEVER;
    if (clocks_add(d->clocks, &oob) != TROTH_OK) {
        snprintf(why, why_cap, "no room for a clock");
        return false;
    }
    return true;
}

static void start(struct trothd *d)
{
    tell_weak_bonds(d);
    runtime_start(d->runtime);
}

static void on_finished(void *ctx)
{
    trothd_exit(ctx, 0);
}

static void finish(struct trothd *d)
{
    runtime_finish(d->runtime, POWER_OFF, on_finished, d);
}

static void close_own(struct trothd *d)
{
    runtime_free(d->runtime);
    d->runtime = NULL;
}

/* ---- at work ---- */

static int window(struct trothd *d, const struct troth_advertising *adv, bool on)
{
    struct troth_policy policy = *troth_policy(runtime_host(d->runtime));
    policy.refuse_pairing = !on;
    troth_set_policy(runtime_host(d->runtime), &policy);
    oob_window(d, on);
    return troth_advertise(runtime_host(d->runtime), adv);
}

static int serve(struct trothd *d, struct troth_gatt_service *service, char *why, size_t cap)
{
    int result = troth_gatt_register(runtime_host(d->runtime), service);
    snprintf(why, cap, "%s", result == TROTH_OK ? "" : troth_result_words(result));
    return result;
}

static int complete(struct trothd *d, uint32_t token, enum troth_gatt_status status)
{
    return troth_gatt_complete(runtime_host(d->runtime), token, status, NULL, 0);
}

static int notify(struct trothd *d, const struct troth_gatt_service *service, uint8_t id,
                  const uint8_t *value, uint16_t len)
{
    return troth_gatt_notify(runtime_host(d->runtime), service, id, value, len);
}

static int disconnect(struct trothd *d, troth_link link, uint8_t reason)
{
    return troth_disconnect(runtime_host(d->runtime), link, reason);
}

static enum radio_protection protection(const struct trothd *d, troth_link link)
{
    struct troth_host *host = runtime_host(d->runtime);
    return troth_link_level(host, link).key_size ? RADIO_PROTECTED
           : troth_is_pairing(host, link)        ? RADIO_PAIRING
                                                 : RADIO_BARE;
}

static unsigned links(const struct trothd *d)
{
    return runtime_links(d->runtime);
}

/* Asked anew at each pairing. */
static void agent_changed(struct trothd *d)
{
    (void)d;
}

const struct radio radio_own = {
    .open = open_own,
    .start = start,
    .finish = finish,
    .close = close_own,
    .window = window,
    .serve = serve,
    .complete = complete,
    .notify = notify,
    .disconnect = disconnect,
    .protection = protection,
    .forget = forget,
    .links = links,
    .bonds = bonds,
    .agent_changed = agent_changed,
};
