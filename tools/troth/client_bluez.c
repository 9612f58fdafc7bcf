/* BlueZ's host: bluetoothd does it, and asks our agent. What it does not tell is unknown here too. */
#include "client.h"

#include "common/out.h"
#include "common/words_pairing.h"
#include "ports/linux/bluez_agent.h"
#include "ports/linux/bluez_client.h"
#include "ports/linux/bluez_link.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_KEY 7 /* octets: BlueZ does not tell, and the specification allows no less */

#define LOOK_USEC 50000
#define QUESTIONS 4

struct bluez_side {
    struct client *c;
    struct bluez_client *client;
    struct bluez_agent *agent;
    struct troth_agent bridge;
    struct troth_agent_call open[QUESTIONS]; /* bluetoothd's; id 0: free */
    bool asked;                              /* of this device, in the running pairing */
    enum troth_model model;                  /* ... what that says of the model */
    sd_event_source *look;                   /* at whether the link is encrypted by now */
    bool said_no;                            /* ... to what was asked */
    bool proved; /* the bond was made here and now, with something compared or typed */
};

/* ---- options ---- */

int client_bluez_check(const struct cli *cli)
{
    const struct client_options *o = &client_options;
    const struct policy_options *p = &o->policy;
    const struct {
        bool given;
        const char *option, *why;
    } all[] = {
        {o->oob || o->oob_out || o->oob_made, "--oob, --oob-out, --oob-made",
         "BlueZ takes no out-of-band data"},
        {o->store, "--store", "the bonds are bluetoothd's"},
        {o->capture, "--capture", "bluetoothd has the controller; btmon -w FILE captures"},
        {p->core, "--core", "the kernel decides"},
        {p->sc_only, "--sc-only", "bluetoothd takes legacy pairing as well"},
        {p->min_key_size, "--min-key-size", "BlueZ does not tell the size of a key"},
        {p->models, "--models", "BlueZ does not let a program choose; --io-cap is what it can say"},
        {p->just_works > 1, "--just-works",
         "bluetoothd does not ask before it; --require-mitm undoes it afterwards"},
        {p->exact, "--exact", "BlueZ does not tell what a pairing gave"},
        {p->no_bonding, "--no-bonding", "bluetoothd always bonds"},
        {p->attempts || p->unlimited_attempts, "--pairing-attempts", "bluetoothd does not count"},
        {p->privacy || p->rpa_timeout_s, "--privacy, --rpa-timeout",
         "it is for Privacy in /etc/bluetooth/main.conf"},
        {p->fixed_passkey, "--insecure-fixed-passkey", "the kernel makes the passkey"},
        {p->debug_keys, "--insecure-debug-keys", "the kernel makes the keys"},
        {p->replace_weaker, "--insecure-replace-weaker",
         "it is for JustWorksRepairing in /etc/bluetooth/main.conf"},
        {o->no_pair && o->no_default, "--no-pair beside --no-default",
         "bluetoothd pairs by itself, and only the default agent can refuse"},
        {p->legacy_only, "--insecure-legacy-only", "the kernel decides"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].given)
            return cli_misuse(cli, "over BlueZ there is no %s: %s", all[i].option, all[i].why);
    return CLI_GO;
}

void client_drop_unknown(const struct client *c, cJSON *fields)
{
    if (c->way != &client_bluez)
        return;
    cJSON_DeleteItemFromObject(fields, "sc");
    cJSON_DeleteItemFromObject(fields, "key_size");
    if (!c->bluez_side->proved && !c->paired)
        cJSON_DeleteItemFromObject(fields, "mitm");
    cJSON_AddStringToObject(fields, "host", "bluez");
}

/* ---- the level, as far as it is known ---- */

static struct troth_level level_of(const struct bluez_side *s)
{
    const struct bluez_device *d = bluez_client_device(s->client);
    struct troth_level level = {0};
    if (!d || !d->connected || !d->paired)
        return level;
    /* bluetoothd begins to encrypt when a bonded device connects, and does not wait for it. */
    enum bluez_link link = bluez_link(bluez_adapter(s->c->bluez), d);
    if (link == BLUEZ_LINK_PLAIN || (link == BLUEZ_LINK_UNKNOWN && !d->resolved))
        return level;
    level.key_size = LEAST_KEY;
    level.mitm = s->proved;
    level.bonded = d->bonded;
    return level;
}

static struct troth_level level(void *ctx)
{
    const struct client *c = ctx;
    return level_of(c->bluez_side);
}

static char *bz_level_text(const struct client *c, const struct troth_level *l, char *text)
{
    snprintf(text, PAIRING_TEXT, "%s",
             !l->key_size ? "not encrypted"
             : l->mitm    ? "authenticated; BlueZ does not tell the key's size, nor whether it was "
                            "Secure Connections"
             : c->paired  ? "not authenticated; BlueZ does not tell more"
                          : "encrypted; BlueZ does not tell whether authenticated, nor the key's "
                            "size");
    return text;
}

/* ---- the agent: bluetoothd's questions as the library's asks ---- */

static enum troth_ask_type type_of(const struct troth_agent_call *call)
{
    static const enum troth_ask_type all[] = {[TROTH_AGENT_DISPLAY] = TROTH_ASK_PASSKEY_DISPLAY,
                                              [TROTH_AGENT_PASSKEY] = TROTH_ASK_PASSKEY_INPUT,
                                              [TROTH_AGENT_COMPARE] = TROTH_ASK_COMPARE,
                                              [TROTH_AGENT_CONSENT] = TROTH_ASK_CONSENT};
    return all[call->type];
}

static struct troth_agent_call *open_call(struct bluez_side *s, uint32_t id)
{
    for (unsigned i = 0; i < QUESTIONS; i++)
        if (s->open[i].id == id)
            return &s->open[i];
    return NULL;
}

/*
 * While we are here bluetoothd's other pairings ask us as well. What is last in parentheses is the
 * address; what is before it anybody may call himself.
 */
static bool is_of_ours(struct bluez_side *s, const char *peer)
{
    const struct bluez_device *d = bluez_client_device(s->client);
    char addr[18];
    const char *open = strrchr(peer, '(');
    if (!d)
        return false;
    troth_addr_text(&d->addr, addr);
    return open ? !strncmp(open + 1, addr, strlen(addr)) && !strcmp(open + 1 + strlen(addr), ")")
                : !strcmp(peer, addr);
}

/* The device asked for security before we did. As own host: Just Works needs no person's word. */
static bool consent(struct bluez_side *s, const struct troth_agent_call *call)
{
    bool yes = !client_options.no && !client_options.policy.require_mitm;
    if (client_options.policy.require_mitm)
        client_fail(s->c,
                    "%s would pair by Just Works, which proves nobody's identity, and "
                    "--require-mitm refuses that",
                    client_peer(s->c));
    s->asked = false;
    call->answer(call->host, call->id, yes, 0);
    return true;
}

static bool may_pair(struct bluez_side *s)
{
    if (!client_options.no_pair)
        return true;
    return client_fail(s->c, "%s wants to be paired with, and --no-pair forbids it",
                       client_peer(s->c));
}

static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    struct bluez_side *s = ctx;
    struct troth_agent_call *o = open_call(s, 0);
    if (!o || !is_of_ours(s, call->peer)) {
        out_event(OUT_WARN, "warning", NULL,
                  "%s wants to pair with this machine meanwhile, and was refused", call->peer);
        return false;
    }
    if (!may_pair(s))
        return false;
    if (call->type == TROTH_AGENT_CONSENT)
        return consent(s, call);
    *o = *call;
    o->peer = NULL;
    s->asked = true;
    s->model = call->type == TROTH_AGENT_COMPARE   ? TROTH_NUMERIC_COMPARISON
               : call->type == TROTH_AGENT_PASSKEY ? TROTH_PASSKEY_INITIATOR_INPUTS
                                                   : TROTH_PASSKEY_RESPONDER_INPUTS;
    struct troth_ask ask = {.id = call->id, .type = type_of(call), .link = BLUEZ_CLIENT_LINK};
    if (call->type != TROTH_AGENT_CONSENT) {
        ask.u.passkey.passkey = call->passkey;
        ask.u.passkey.model = s->model;
    }
    if (!security_ask(s->c, &ask)) {
        if ((o = open_call(s, call->id)))
            memset(o, 0, sizeof *o);
        return false;
    }
    return true;
}

static void on_closed(void *ctx, uint32_t id)
{
    struct bluez_side *s = ctx;
    struct agent *all[] = {s->c->agent, s->c->typist};
    struct troth_agent_call *o = open_call(s, id);
    if (o)
        memset(o, 0, sizeof *o);
    for (size_t i = 0; i < 2; i++)
        if (all[i] && agent_troth(all[i])->closed)
            agent_troth(all[i])->closed(agent_troth(all[i])->ctx, id);
}

static void answer_call(struct bluez_side *s, uint32_t id, bool yes, uint32_t passkey)
{
    struct troth_agent_call *o = id ? open_call(s, id) : NULL;
    if (!o)
        return;
    struct troth_agent_call call = *o;
    memset(o, 0, sizeof *o);
    s->said_no = !yes;
    call.answer(call.host, id, yes, passkey);
}

static void bz_answer(struct client *c, uint32_t ask_id, const struct troth_answer *answer)
{
    answer_call(c->bluez_side, ask_id, answer->ok, answer->u.passkey);
}

static void by_agent(void *host, uint32_t id, bool yes, uint32_t passkey)
{
    answer_call(host, id, yes, passkey);
}

static bool bz_put(struct client *c, struct agent *agent, const struct troth_ask *ask)
{
    struct troth_agent_call *o = open_call(c->bluez_side, ask->id);
    if (!agent || !o)
        return false;
    struct troth_agent_call call = *o;
    if (call.type == TROTH_AGENT_DISPLAY)
        memset(o, 0, sizeof *o); /* nothing is answered */
    call.peer = client_peer(c);
    call.answer = by_agent;
    call.host = c->bluez_side;
    return agent_troth(agent)->call(agent_troth(agent)->ctx, &call);
}

static void on_agent(void *ctx, const struct bluez_agent_news *news)
{
    struct bluez_side *s = ctx;
    switch (news->type) {
    case BLUEZ_AGENT_REFUSED:
        client_fail(s->c, "%s", news->why);
        break;
    case BLUEZ_AGENT_REGISTERED:
        s->c->ready = true;
        if (news->why && client_options.verbose)
            out_event(OUT_WARN, "warning", NULL, "%s", news->why);
        break;
    case BLUEZ_AGENT_ENTERED:
        if (client_options.verbose)
            out_event(OUT_DIM, "keypress", out_fields("entered:u", news->entered),
                      "%u digits are typed on the device", news->entered);
        break;
    default:
        break;
    }
}

/* ---- what came of it ---- */

static void tell_paired(struct bluez_side *s)
{
    struct client *c = s->c;
    const struct bluez_device *d = bluez_client_device(s->client);
    char text[PAIRING_TEXT];
    c->paired = true;
    c->bonded = c->stored = d && d->bonded;
    if (d)
        c->identity = d->addr;
    /* For a pairing begun here every model but Just Works asks. */
    c->model = s->asked ? s->model : TROTH_JUST_WORKS;
    s->proved = s->asked && s->model != TROTH_JUST_WORKS;
    c->level = level_of(s);
    cJSON *fields = out_fields("model:s mitm:b bonded:b", troth_model_name((uint8_t)c->model),
                               c->level.mitm, c->stored);
    client_drop_unknown(c, fields);
    out_event(OUT_GOOD, "paired", fields, "paired: %s, %s", bz_level_text(c, &c->level, text),
              c->stored ? "bonded" : "not bonded");
    if (!s->asked)
        out_hint("Nothing was asked, so it was Just Works: nobody proved who the device is.");
}

static void pair_failed(struct bluez_side *s, const char *why)
{
    struct client *c = s->c;
    bool said = c->over;
    c->pairing_failed = true;
    if (s->said_no)
        why = s->model == TROTH_NUMERIC_COMPARISON ? "the numbers were said to differ"
                                                   : "it was refused here";
    s->asked = s->said_no = false;
    out_event(OUT_BAD, "pairing_failed", out_fields("host:s why:s", "bluez", why),
              "pairing failed");
    client_fail(c, "pairing with %s failed: %s", client_peer(c), why);
    if (!said && c->io_cap == TROTH_NO_INPUT_NO_OUTPUT)
        out_hint("We could neither show nor type anything: run at a terminal, or give --passkey "
                 "FILE (or --passkey -).");
}

static void on_client(void *ctx, enum bluez_client_news news, const char *why)
{
    struct bluez_side *s = ctx;
    struct client *c = s->c;
    switch (news) {
    case BLUEZ_CLIENT_UP:
        break; /* ready once the agent is registered */
    case BLUEZ_CLIENT_DOWN:
    case BLUEZ_CLIENT_SCAN_FAILED:
        client_fail(c, "%s", why);
        break;
    case BLUEZ_CLIENT_CONNECT_FAILED:
        c->connect_failed = true;
        client_fail(c, "%s could not be connected to: %s", client_peer(c), why);
        break;
    case BLUEZ_CLIENT_PAIRED:
        tell_paired(s);
        break;
    case BLUEZ_CLIENT_PAIR_FAILED:
        pair_failed(s, why);
        break;
    case BLUEZ_CLIENT_REMOVED:
        c->bond_removed = true;
        break;
    case BLUEZ_CLIENT_REMOVE_FAILED:
        client_fail(c, "%s", why);
        break;
    }
}

static void on_event(void *ctx, const struct troth_event *e)
{
    struct bluez_side *s = ctx;
    if (e->type == TROTH_EV_CONNECTED)
        s->c->level = level_of(s);
    client_event(s->c, e);
}

/* ---- the way ---- */

static int discover(void *ctx, const struct troth_uuid *service)
{
    const struct client *c = ctx;
    return bluez_client_discover(c->bluez_side->client, service);
}

static int read_value(void *ctx, uint16_t handle)
{
    const struct client *c = ctx;
    return bluez_client_read(c->bluez_side->client, handle);
}

static int write_value(void *ctx, uint16_t handle, const uint8_t *data, uint16_t len)
{
    const struct client *c = ctx;
    return bluez_client_write(c->bluez_side->client, handle, data, len);
}

static int subscribe(void *ctx, uint16_t ccc_handle, uint16_t bits)
{
    const struct client *c = ctx;
    return bluez_client_subscribe(c->bluez_side->client, ccc_handle, bits);
}

static bool bz_open(struct client *c)
{
    char why[BLUEZ_WHY];
    struct bluez_side *s = calloc(1, sizeof *s);
    if (!s)
        return client_fail(c, "no memory");
    c->bluez_side = s;
    s->c = c;
    c->gatt = (struct troth_gatt_peer){discover, read_value, write_value, subscribe, level, c};
    c->bluez = bluez_new(c->loop, c->adapter, why, sizeof why);
    if (!c->bluez)
        return client_fail(c, "%s", why);
    struct bluez_client_config client = {
        .bluez = c->bluez, .event = on_event, .told = on_client, .ctx = s};
    s->client = bluez_client_new(&client);
    if (!s->client)
        return client_fail(c, "no memory");
    s->bridge =
        (struct troth_agent){.io_cap = c->io_cap, .call = on_call, .closed = on_closed, .ctx = s};
    /* As default: a device that asks for security by itself is no pairing that we began. */
    struct bluez_agent_config agent = {.agent = &s->bridge,
                                       .as_default = !client_options.no_default,
                                       .path = "/org/troth/client",
                                       .told = on_agent,
                                       .ctx = s};
    s->agent = bluez_agent_new(c->bluez, &agent, why, sizeof why);
    return s->agent || client_fail(c, "%s", why);
}

static void bz_start(struct client *c)
{
    bluez_start(c->bluez);
}

static int bz_scan(struct client *c, bool on)
{
    return bluez_client_scan(c->bluez_side->client, on);
}

static int bz_connect(struct client *c, unsigned ms)
{
    c->bluez_side->asked = c->bluez_side->said_no = c->bluez_side->proved = false;
    out_event(OUT_DIM, "limits", out_fields("host:s", "bluez"),
              "over BlueZ: legacy pairing cannot be refused, and neither the size of a key nor "
              "whether an older bond is authenticated is told");
    return bluez_client_connect(c->bluez_side->client, &c->device.addr, ms);
}

static int look_again(sd_event_source *source, uint64_t now, void *ctx)
{
    struct bluez_side *s = ctx;
    (void)now;
    s->c->level = level_of(s);
    s->c->encrypted = s->c->level.key_size != 0;
    if (!s->c->encrypted) {
        sd_event_source_set_time_relative(source, LOOK_USEC);
        sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    }
    return 0;
}

/* bluetoothd does, whenever a bonded device connects; nobody tells when it is done. */
static int bz_encrypt(struct client *c)
{
    struct bluez_side *s = c->bluez_side;
    s->look = sd_event_source_disable_unref(s->look);
    return sd_event_add_time_relative(c->loop, &s->look, CLOCK_MONOTONIC, LOOK_USEC, 0, look_again,
                                      s) < 0
               ? TROTH_FAILED
               : TROTH_OK;
}

static int bz_pair(struct client *c)
{
    return bluez_client_pair(c->bluez_side->client);
}

static bool bz_bond(struct client *c, unsigned i, struct troth_addr *identity, char *name,
                    size_t name_cap)
{
    const struct bluez_device *d = bluez_devices(c->bluez);
    for (; d; d = d->next) {
        if (!d->paired || i--)
            continue;
        *identity = d->addr;
        out_printable((const uint8_t *)d->name, d->named ? strlen(d->name) : 0, name, name_cap);
        return true;
    }
    return false;
}

static int bz_forget(struct client *c)
{
    const struct bluez_device *d = bluez_client_device(c->bluez_side->client);
    return d ? bluez_client_remove(c->bluez_side->client, d->path) : TROTH_STATE;
}

static bool is_removed(const struct client *c)
{
    return c->bond_removed;
}

static bool bz_proves(struct client *c)
{
    if (!client_options.policy.require_mitm || c->bluez_side->proved)
        return true;
    bool undone = bz_forget(c) == TROTH_OK && client_wait(c, is_removed, 5000);
    return client_fail(c,
                       "pairing with %s proved nobody's identity (nothing was compared or typed), "
                       "which --require-mitm demands; the bond is %s",
                       client_peer(c),
                       undone ? "removed again, and the device has to forget it too"
                              : "still there: troth bonds --bluez remove it");
}

static bool bz_bond_serves(struct client *c)
{
    char addr[18];
    if (c->paired) /* just now: the device asked for it */
        return bz_proves(c);
    if (!client_options.policy.require_mitm || c->bluez_side->proved)
        return true;
    return client_fail(c,
                       "BlueZ does not tell whether the bond with %s is authenticated, which "
                       "--require-mitm demands; to pair anew: troth bonds --bluez remove %s, then "
                       "this again",
                       client_peer(c), troth_addr_text(&c->identity, addr));
}

static void bz_close(struct client *c)
{
    struct bluez_side *s = c->bluez_side;
    if (!s)
        return;
    sd_event_source_disable_unref(s->look);
    bluez_agent_free(s->agent);
    bluez_client_free(s->client);
    bluez_free(c->bluez);
    memset(s, 0, sizeof *s);
    free(s);
    c->bluez_side = NULL;
    c->bluez = NULL;
}

const struct client_way client_bluez = {
    bz_open,        bz_start,  bz_scan,   bz_connect, bz_encrypt, bz_pair,       bz_bond,
    bz_bond_serves, bz_proves, bz_forget, bz_answer,  bz_put,     bz_level_text, bz_close,
};
