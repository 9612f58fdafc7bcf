/* Protocomm beside the provisioning session: over GATT, over HTTP, or both. */
#include "trothd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "common/out.h"
#include "ports/linux/provision_http.h"

struct provision {
    struct trothd *d;
    struct provision_secrets secrets;
    struct troth_protocomm protocomm;
    struct troth_protocomm_gatt gatt;
    struct troth_service table; /* gatt's, behind a door */
    struct troth_gatt_service service;
    struct provision_http *http;
    struct provision_custom custom;
    struct troth_prov *prov;
    uint8_t kind;
    bool open;
    bool held;   /* for whoever has the session */
    bool trying; /* what a client gave */
};

/* ---- between protocomm and its transports ---- */

static void on_respond(void *ctx, uint32_t session, int result, const uint8_t *out, size_t len)
{
    struct provision *p = ctx;
    if (session < PROVISION_HTTP_SESSION)
        troth_protocomm_gatt_respond(&p->gatt, session, result, out, len);
    else if (p->http)
        provision_http_respond(p->http, session, result, out, len);
}

static int on_complete(void *ctx, uint32_t token, enum troth_gatt_status status)
{
    struct provision *p = ctx;
    int result = p->d->radio->complete(p->d, token, status);
    if (result == TROTH_BUSY)
        network_ask_again(p->d);
    return result;
}

static troth_ms on_now(void *ctx)
{
    (void)ctx;
    return clocks_now();
}

static void close_http(struct provision *p)
{
    provision_http_close(p->http);
    p->http = NULL;
}

static void stop(struct provision *p)
{
    struct trothd *d = p->d;
    if (!p->open)
        return;
    p->open = false;
    troth_protocomm_stop(&p->protocomm);
    troth_protocomm_gatt_close(&p->gatt, true);
    close_http(p);
    line_provision_stopped();
    network_reach(d);
    for (unsigned i = 0; i < TROTH_MAX_LINKS && d->options.provision.protocols != PROVISION_BOTH;
         i++)
        if (d->peers[i].link != TROTH_NO_LINK)
            d->radio->disconnect(d, d->peers[i].link, 0);
}

static void on_event(void *ctx, const struct troth_protocomm_event *e)
{
    switch (e->type) {
    case TROTH_PROTOCOMM_EV_SESSION:
        line_provision_session(e);
        break;
    case TROTH_PROTOCOMM_EV_FAULT:
        line_provision_fault(e);
        break;
    case TROTH_PROTOCOMM_EV_ENDED:
        break;
    case TROTH_PROTOCOMM_EV_STOP:
        stop(ctx);
        reach_stopped(((struct provision *)ctx)->d);
        break;
    }
}

/* ---- what others ask ---- */

static struct provision *of(const struct trothd *d)
{
    return d->provision && d->provision->prov ? d->provision : NULL;
}

bool provision_is_open(const struct trothd *d)
{
    return of(d) && of(d)->open && !of(d)->held;
}

bool provision_proven(const struct trothd *d, troth_link link)
{
    const struct provision *p = of(d);
    return p && p->protocomm.here && p->protocomm.session == link &&
           (p->protocomm.cfg.security.scheme == 0 || troth_security_ready(&p->protocomm.security));
}

bool provision_session_of(const struct trothd *d, troth_link link)
{
    const struct provision *p = of(d);
    return p && p->protocomm.here && p->protocomm.session == link;
}

bool provision_serving(const struct trothd *d)
{
    const struct provision *p = of(d);
    if (!p || !p->open || !p->protocomm.here || !troth_security_ready(&p->protocomm.security))
        return false;
    const struct troth_security_config *security = &p->protocomm.cfg.security;
    return security->scheme == 2 || (security->scheme == 1 && security->pop.len);
}

void provision_advertising(const struct trothd *d, struct troth_advertising *adv)
{
    troth_protocomm_gatt_advertising(&d->provision->gatt, d->options.name, adv);
}

void provision_named(struct trothd *d)
{
    if (!provision_is_open(d))
        return;
    line_provision_started(d, NULL);
    line_provision_qr(d, &d->provision->secrets, d->provision->kind);
}

void provision_sent(struct trothd *d)
{
    if (of(d))
        troth_protocomm_gatt_sent(&of(d)->gatt);
}

void provision_disconnected(struct trothd *d, troth_link link)
{
    if (of(d))
        troth_protocomm_gatt_disconnected(&of(d)->gatt, link);
}

/* ---- the door ---- */

static bool on_admit(void *ctx)
{
    const struct provision *p = ctx;
    return !p->held;
}

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    struct provision *p = ctx;
    if (a->write && !on_admit(p) && !provision_session_of(p->d, a->link))
        return TROTH_GATT_REFUSED;
    return p->gatt.service.access(&p->gatt, a);
}

/* ---- opening, also again after an erase ---- */

static bool open_http(struct provision *p, char *why, size_t cap)
{
    struct trothd *d = p->d;
    struct provision_http_config http = {.loop = d->loop,
                                         .where = d->options.provision.http,
                                         .protocomm = &p->protocomm,
                                         .now = on_now,
                                         .admit = on_admit,
                                         .ctx = p};
    if (!http.where)
        return true;
    p->http = provision_http_open(&http, why, cap);
    if (p->http)
        line_provision_started(d, provision_http_address(p->http));
    return p->http != NULL;
}

static bool open_it(struct provision *p, char *why, size_t cap)
{
    p->open = true;
    troth_protocomm_gatt_close(&p->gatt, false);
    if (!p->d->name_pending)
        provision_named(p->d);
    return open_http(p, why, cap);
}

/* Of what a client gave, not of a network that went and came. */
static void tell_state(struct provision *p, const struct troth_prov_event *e)
{
    bool begins = e->state == TROTH_PROV_CONNECTING && p->prov->fresh.kind;
    bool refused = e->state == TROTH_PROV_FAILED && p->prov->writer_here;
    if (begins || refused || p->trying)
        line_provision_network(p->prov, e, p->kind);
    p->trying = begins;
}

void provision_event(struct trothd *d, const struct troth_prov_event *e)
{
    struct provision *p = of(d);
    if (!p)
        return;
    if (e->type == TROTH_PROV_EV_STATE && p->open)
        tell_state(p, e);
    troth_protocomm_prov_event(&p->protocomm, e);
}

void provision_set_open(struct trothd *d, bool open)
{
    char why[256];
    struct provision *p = of(d);
    if (!p || open == p->open)
        return;
    if (!open)
        stop(p);
    else if (!open_it(p, why, sizeof why))
        out_error("%s", why);
}

void provision_hold(struct trothd *d, bool held)
{
    struct provision *p = of(d);
    if (!p || held == p->held)
        return;
    p->held = held;
    if (p->open)
        network_reach(d);
}

/* ---- time ---- */

static troth_ms deadline(const void *ctx)
{
    const struct provision *p = ctx;
    troth_ms at = troth_protocomm_deadline(&p->protocomm);
    return p->http ? earlier(at, provision_http_deadline(p->http)) : at;
}

static void tick(void *ctx, troth_ms now)
{
    struct provision *p = ctx;
    troth_protocomm_tick(&p->protocomm, now);
    if (p->http) /* still: provisioning may have stopped */
        provision_http_tick(p->http, now);
}

static enum troth_permission permission(const struct trothd *d)
{
    switch (d->options.security) {
    case TROTH_WIFI_MODE_NONE:
        return TROTH_OPEN;
    case TROTH_WIFI_MODE_AUTH:
        return TROTH_AUTHENTICATED_SC;
    }
    return TROTH_ENCRYPTED;
}

static bool serve(struct provision *p, char *why, size_t cap)
{
    struct trothd *d = p->d;
    const struct provision_options *o = &d->options.provision;
    struct provision_secrets *s = &p->secrets;
    struct troth_protocomm_config protocomm = {
        .security = {.scheme = (uint8_t)o->sec_ver,
                     .random = runtime_random,
                     .pop = {s->pop, s->pop_len},
                     .salt = {s->salt, s->salt_len},
                     .verifier = {s->verifier, s->verifier_len}},
        .prov = p->prov,
        .kind = p->kind,
        .keep_running = !o->auto_stop || d->options.service.window == WINDOW_ALWAYS,
        .respond = on_respond,
        .event = on_event,
        .ctx = p,
    };
    int result = troth_protocomm_init(&p->protocomm, &protocomm);
    if (result != TROTH_OK) {
        snprintf(why, cap, "%s",
                 o->sec_ver == 2 ? "salt and verifier cannot be used: a salt of 1 to 128 octets, "
                                   "no zero first, and a verifier of at most 384"
                                 : "this network cannot be provisioned by --provision espressif");
        return false;
    }
    provision_custom_open(&p->custom, d->loop, o, &p->protocomm);
    if (o->custom_data || o->custom_data_command)
        result =
            troth_protocomm_endpoint(&p->protocomm, "custom-data", provision_custom, &p->custom);
    struct troth_protocomm_gatt_config gatt = {.protocomm = &p->protocomm,
                                               .permission = permission(d),
                                               .complete = on_complete,
                                               .now = on_now,
                                               .ctx = p};
    troth_protocomm_gatt_init(&p->gatt, &gatt);
    troth_protocomm_gatt_close(&p->gatt, true);
    p->table = p->gatt.service;
    p->table.access = on_access;
    p->service.table = &p->table;
    p->service.ctx = p;
    struct runtime_clock clock = {deadline, tick, p};
    char fault[200] = "";
    if (result == TROTH_OK)
        result = d->radio->serve(d, &p->service, fault, sizeof fault);
    if (result == TROTH_OK)
        result = clocks_add(d->clocks, &clock);
    if (result != TROTH_OK)
        snprintf(why, cap, "cannot serve Espressif's provisioning: %s",
                 *fault ? fault : troth_result_words(result));
    return result == TROTH_OK;
}

bool provision_open(struct trothd *d, char *why, size_t cap)
{
    if (!(d->options.provision.protocols & PROVISION_ESPRESSIF))
        return true;
    struct provision *p = calloc(1, sizeof *p);
    if (!p) {
        snprintf(why, cap, "no memory for provisioning");
        return false;
    }
    p->d = d;
    d->provision = p;
    return provision_secrets_read(&p->secrets, &d->options.provision, why, cap);
}

bool provision_start(struct trothd *d, struct troth_prov *prov, bool provisioned, char *why,
                     size_t cap)
{
    struct provision *p = d->provision;
    if (!p)
        return true;
    uint8_t kinds = prov->cfg.net->kinds;
    p->kind = (uint8_t)d->options.provision.kind;
    if (!p->kind)
        p->kind = kinds & 1u << TROTH_NET_WIFI ? TROTH_NET_WIFI : TROTH_NET_THREAD;
    if (!(kinds & 1u << p->kind)) {
        snprintf(why, cap, "%s is for %s, and --network has no such network",
                 d->options.provision.label.network ? "the label" : "--provision-kind",
                 p->kind == TROTH_NET_THREAD ? "Thread" : "Wi-Fi");
        return false;
    }
    p->prov = prov;
    if (!serve(p, why, cap)) {
        p->prov = NULL;
        return false;
    }
    line_provision_security(d, p->kind);
    if (reach_by(d, PROVISION_ESPRESSIF))
        return open_it(p, why, cap);
    if (provisioned)
        line_provision_already();
    return true;
}

void provision_close(struct trothd *d)
{
    struct provision *p = d->provision;
    if (!p)
        return;
    provision_custom_close(&p->custom);
    close_http(p);
    if (p->prov)
        troth_protocomm_stop(&p->protocomm);
    d->provision = NULL;
    struct troth_qr *label = &d->options.provision.label;
    wipe(label->pop, sizeof label->pop);
    wipe(label->password, sizeof label->password);
    wipe(p, sizeof *p);
    free(p);
}
