/* The library's own host, on a controller. */
#include "client.h"
#include "notes.h"

#include "common/out.h"
#include "common/words_pairing.h"

#include <string.h>

#include <troth/agent.h>

static void on_notice(void *ctx, enum runtime_notice notice, const char *why, unsigned retry_ms)
{
    struct client *c = ctx;
    (void)retry_ms;
    switch (notice) {
    case RUNTIME_CONNECTED:
        if (client_options.verbose)
            out_event(OUT_DIM, "transport", out_fields("where:s", c->where.text),
                      "connected to the controller at %s", c->where.text);
        break;
    case RUNTIME_LOST:
        client_fail(c, "%s", why);
        break;
    case RUNTIME_STORE_FAILED:
        client_fail(c, "%s", why);
        break;
    case RUNTIME_CAPTURE_FAILED:
    case RUNTIME_BAD_RECORD:
        out_event(OUT_WARN, "warning", NULL, "%s", why);
        break;
    }
}

/* The device may be on BlueZ, whoever we are. */
static void on_event(void *ctx, const struct troth_event *e)
{
    struct troth_event done = *e;
    if (e->type == TROTH_EV_GATT_DONE && e->u.done.result == TROTH_FAILED)
        done.u.done.att_error = bluez_meant(e->u.done.att_error);
    client_event(ctx, &done);
}

static bool open_runtime(struct client *c)
{
    char why[256];
    struct runtime_config cfg = {
        .loop = c->loop,
        .where = c->where,
        .store = c->store,
        .capture = client_options.capture,
        .name = "troth",
        .event = on_event,
        .ask = security_ask,
        .notice = on_notice,
        .ctx = c,
    };
    security_policy(c, &cfg.policy);
    cfg.privacy = client_options.policy.privacy;
    cfg.rpa_timeout_s = (uint16_t)client_options.policy.rpa_timeout_s;
    policy_tell_insecure(&client_options.policy, &cfg.policy);
    c->runtime = runtime_new(&cfg, why, sizeof why);
    if (!c->runtime)
        return client_fail(c, "%s", why);
    c->host = runtime_host(c->runtime);
    return true;
}

static bool open_store(struct client *c)
{
    char why[512], path[4096];
    if (!client_store_path(path, sizeof path, why, sizeof why) ||
        store_open(&c->store, path, why, sizeof why) != TROTH_OK)
        return client_fail(c, "%s", why);
    if (*why)
        out_event(OUT_WARN, "warning", NULL, "%s", why);
    return true;
}

/* ---- the device's GATT ---- */

static int discover(void *ctx, const struct troth_uuid *service)
{
    struct client *c = ctx;
    return service ? troth_gatt_discover_service(c->host, c->link, service)
                   : troth_gatt_discover(c->host, c->link);
}

static int read_value(void *ctx, uint16_t handle)
{
    struct client *c = ctx;
    return troth_gatt_read(c->host, c->link, handle);
}

static int write_value(void *ctx, uint16_t handle, const uint8_t *data, uint16_t len)
{
    struct client *c = ctx;
    return troth_gatt_write(c->host, c->link, handle, data, len);
}

static int subscribe(void *ctx, uint16_t ccc_handle, uint16_t bits)
{
    struct client *c = ctx;
    return troth_gatt_subscribe(c->host, c->link, ccc_handle, bits);
}

static struct troth_level level(void *ctx)
{
    struct client *c = ctx;
    return troth_link_level(c->host, c->link);
}

/* ---- the way ---- */

static bool own_open(struct client *c)
{
    c->gatt = (struct troth_gatt_peer){discover, read_value, write_value, subscribe, level, c};
    return open_store(c) && open_runtime(c);
}

static void own_start(struct client *c)
{
    runtime_start(c->runtime);
}

static int own_scan(struct client *c, bool on)
{
    return troth_scan(c->host, on, true);
}

static int own_connect(struct client *c, unsigned ms)
{
    return troth_connect(c->host, &c->device.addr, ms);
}

static int own_encrypt(struct client *c)
{
    return troth_encrypt(c->host, c->link);
}

static int own_pair(struct client *c)
{
    return troth_pair(c->host, c->link, NULL);
}

static bool own_bond(struct client *c, unsigned i, struct troth_addr *identity, char *name,
                     size_t name_cap)
{
    const struct troth_bond *bond = troth_bonds_get(c->host, i);
    struct note note;
    if (!bond)
        return false;
    *identity = bond->keys.identity;
    snprintf(name, name_cap, "%s", note_get(c->store, identity, &note) ? note.name : "");
    return true;
}

/* The policy sees to that, when the bond is used. */
static bool own_bond_serves(struct client *c)
{
    (void)c;
    return true;
}

static int own_forget(struct client *c)
{
    return troth_bonds_remove(c->host, &c->identity);
}

static void own_answer(struct client *c, uint32_t ask_id, const struct troth_answer *answer)
{
    troth_answer(c->host, ask_id, answer);
}

static bool own_put(struct client *c, struct agent *agent, const struct troth_ask *ask)
{
    return agent_ask(agent, c->host, ask, client_peer(c));
}

static char *own_level_text(const struct client *c, const struct troth_level *l, char *text)
{
    (void)c;
    return pairing_level_text(l, text);
}

static void finished(void *ctx)
{
    *(bool *)ctx = true;
}

static void own_close(struct client *c)
{
    if (c->runtime && runtime_links(c->runtime)) {
        bool done = false;
        runtime_finish(c->runtime, 0, finished, &done);
        /* It ends within a second of itself; the loop may fail. */
        while (!done && sd_event_run(c->loop, 2000000) > 0)
            ;
    }
    runtime_free(c->runtime);
    store_close(c->store);
    c->runtime = NULL;
    c->store = NULL;
}

const struct client_way client_own = {
    own_open,   own_start, own_scan,        own_connect,     own_encrypt,
    own_pair,   own_bond,  own_bond_serves, own_bond_serves, own_forget,
    own_answer, own_put,   own_level_text,  own_close,
};
