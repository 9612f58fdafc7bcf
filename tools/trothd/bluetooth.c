/* The host of the device: its policy, its bonds, its connections, and whom it asks. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>

#include "common/out.h"

#define STRANGER_MS   40000  /* from a connection to its encryption */
#define SESSION_MS    120000 /* ... to its session, where links are open: somebody may type */
#define LOOK_AGAIN_MS 1000   /* at a pairing that still runs then; it has an end of its own */
#define NO_SECURITY   0x05   /* Authentication Failure, of HCI */

struct peer *bluetooth_peer(struct trothd *d, troth_link link)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (link != TROTH_NO_LINK && d->peers[i].link == link)
            return &d->peers[i];
    return NULL;
}

static void add_peer(struct trothd *d, const struct troth_event *e)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->peers[i].link == TROTH_NO_LINK) {
            d->peers[i] = (struct peer){
                .link = e->link,
                .addr = e->u.connected.peer,
                .identity = e->u.connected.identity,
                .bonded = e->u.connected.bonded,
                .due = d->options.security != TROTH_WIFI_MODE_NONE
                           ? runtime_now(d->runtime) + STRANGER_MS
                       : d->options.provision.protocols == PROVISION_ESPRESSIF
                           ? runtime_now(d->runtime) + SESSION_MS
                           : TROTH_NEVER,
            };
            return;
        }
}

/* ---- advertising ---- */

void bluetooth_window(struct trothd *d, bool on)
{
    struct troth_advertising adv = {0};
    if (d->stopping || !d->runtime)
        return;
    if (on && provision_is_open(d))
        provision_advertising(d, &adv);
    else if (on)
        troth_wifi_gatt_advertising(d->options.name, &adv);
    if (d->name_pending)
        adv.on = false;
    /* A link that is up when the window closes must not bond; who has a bond still encrypts. */
    struct troth_policy policy = *troth_policy(runtime_host(d->runtime));
    policy.refuse_pairing = !on;
    troth_set_policy(runtime_host(d->runtime), &policy);
    oob_window(d, on);
    int result = troth_advertise(runtime_host(d->runtime), &adv);
    if (result != TROTH_OK)
        out_error("cannot %s advertising: %s", on ? "start" : "stop", troth_result_words(result));
}

/* ---- strangers: whoever neither pairs nor encrypts may not hold a place for ever ---- */

static troth_ms strangers_deadline(const void *ctx)
{
    const struct trothd *d = ctx;
    troth_ms at = TROTH_NEVER;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->peers[i].link != TROTH_NO_LINK && d->peers[i].due < at)
            at = d->peers[i].due;
    return at;
}

static void strangers_tick(void *ctx, troth_ms now)
{
    struct trothd *d = ctx;
    struct troth_host *host = runtime_host(d->runtime);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        struct peer *p = &d->peers[i];
        if (p->link == TROTH_NO_LINK || p->due > now)
            continue;
        p->due = TROTH_NEVER;
        if (troth_link_level(host, p->link).key_size || provision_proven(d, p->link))
            continue;
        if (troth_is_pairing(host, p->link)) {
            p->due = now + LOOK_AGAIN_MS;
            continue;
        }
        line_stranger(d, p->link);
        if (troth_disconnect(host, p->link, NO_SECURITY) == TROTH_BUSY)
            p->due = now + LOOK_AGAIN_MS;
    }
}

/* ---- events ---- */

static void forget_progress(struct trothd *d)
{
    struct forgetting *f = &d->forgetting;
    if (!f->all_asked || f->open)
        return;
    line_forgot(f->removed, f->kept);
    memset(f, 0, sizeof *f);
}

static void on_bond_answer(struct trothd *d, bool removed)
{
    struct forgetting *f = &d->forgetting;
    if (!f->open)
        return;
    f->open--;
    if (removed)
        f->removed++;
    else
        f->kept++;
    forget_progress(d);
}

/* PROV_ and the end of the address, as Espressif's apps look for it. */
static void make_name(struct trothd *d, const struct troth_addr *identity)
{
    if (!d->name_pending)
        return;
    snprintf(d->made_name, sizeof d->made_name, "PROV_%02X%02X%02X", identity->b[2], identity->b[1],
             identity->b[0]);
    d->name_pending = false;
    provision_named(d);
    network_reach(d);
}

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
        make_name(d, &e->u.ready.identity);
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
        on_bond_answer(d, e->type == TROTH_EV_BOND_REMOVED);
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

/* Who answers now: whoever is attached, else the device's own. */
static struct agent *who_answers(const struct trothd *d)
{
    return agent_present(d->attached) ? d->attached : d->agent;
}

static uint8_t io_cap_now(const struct trothd *d)
{
    if (agent_present(d->attached))
        return (uint8_t)agent_io_cap(d->attached);
    return agent_present(d->agent) ? (uint8_t)d->options.io_cap : TROTH_NO_INPUT_NO_OUTPUT;
}

/*
 * What the options promise may not be there: nobody looks at the agent's socket now, or somebody
 * attached who can do more or less. Without the need for a person the pairing promises nobody.
 */
static bool on_pairing_request(struct trothd *d, const struct troth_ask *ask)
{
    struct troth_host *host = runtime_host(d->runtime);
    struct troth_answer answer = {.ok = true};
    answer.u.features = troth_policy(host)->features;
    answer.u.features.io_cap = io_cap_now(d);
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
    return agent_ask(who_answers(d), runtime_host(d->runtime), ask, text);
}

static void on_notice(void *ctx, enum runtime_notice what, const char *why, unsigned retry_ms)
{
    struct trothd *d = ctx;
    line_notice(d, what, why, retry_ms);
    if (what == RUNTIME_LOST && !retry_ms && !d->stopping)
        trothd_exit(d, 1);
}

/* ---- bonds ---- */

int bluetooth_forget(struct trothd *d, troth_link last)
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
    forget_progress(d);
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

/* ---- opening ---- */

bool bluetooth_open(struct trothd *d, char *why, size_t why_cap)
{
    struct troth_policy policy = {.features = TROTH_FEATURES_DEFAULT};
    policy.features.io_cap = (uint8_t)d->options.io_cap;
    troth_wifi_gatt_policy((enum troth_wifi_mode)d->options.security, &policy);
    policy_apply(&d->options.policy, &policy);
    struct runtime_config config = {
        .loop = d->loop,
        .where = d->options.transport,
        .store = d->store,
        .capture = d->options.capture,
        .retry = d->options.retry,
        .name = d->options.name,
        .policy = policy,
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
    struct runtime_clock strangers = {strangers_deadline, strangers_tick, d};
    struct runtime_clock oob = {oob_deadline, oob_tick, d};
    d->oob.due = TROTH_NEVER;
    if (runtime_add_clock(d->runtime, &strangers) != TROTH_OK ||
        runtime_add_clock(d->runtime, &oob) != TROTH_OK) {
        snprintf(why, why_cap, "no room for a clock");
        return false;
    }
    line_start(d);
    policy_tell_insecure(&d->options.policy, &policy);
    tell_weak_bonds(d);
    return true;
}
