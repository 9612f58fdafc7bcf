/* BlueZ's host: bluetoothd does it, and asks our agent. What it does not tell is unknown here too. */
#include "client_bluez.h"

#include "common/out.h"
#include "common/words_pairing.h"
#include "ports/linux/bluez_link.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_KEY 7 /* octets: BlueZ does not tell, and the specification allows no less */

#define LOOK_USEC 50000

#define UNKNOWN_MODEL 0xff /* "(unknown)" in words */

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
    if (!c->bluez_side->proved && (!c->paired || c->bluez_side->unknown))
        cJSON_DeleteItemFromObject(fields, "mitm");
    if (c->bluez_side->unknown)
        cJSON_DeleteItemFromObject(fields, "model");
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
             : c->paired && !c->bluez_side->unknown
                 ? "not authenticated; BlueZ does not tell more"
                 : "encrypted; BlueZ does not tell whether authenticated, nor the key's "
                   "size");
    return text;
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
    /* Every model but Just Works asks: us, or of what our Pair does not have, another's agent. */
    s->proved = s->asked;
    s->unknown = !s->asked && (s->elsewhere || (client_options.no_default && !s->whole));
    c->model = s->asked     ? s->model
               : s->unknown ? (enum troth_model)UNKNOWN_MODEL
                            : TROTH_JUST_WORKS;
    c->level = level_of(s);
    cJSON *fields = out_fields("model:s mitm:b bonded:b", troth_model_name((uint8_t)c->model),
                               c->level.mitm, c->stored);
    client_drop_unknown(c, fields);
    out_event(OUT_GOOD, "paired", fields, "paired: %s, %s", bz_level_text(c, &c->level, text),
              c->stored ? "bonded" : "not bonded");
    if (s->unknown && !client_options.policy.require_mitm)
        out_hint("The device began to pair by itself, and BlueZ does not tell which pairing a "
                 "question was of: it proves nothing.");
    else if (!s->asked && !s->unknown)
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
    if (e->type == TROTH_EV_DISCONNECTED)
        s->asked = s->elsewhere = false;
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
    client_bluez_bridge(s);
    /* As default: a device that asks for security by itself is no pairing that we began. */
    struct bluez_agent_config agent = {.agent = &s->bridge,
                                       .as_default = !client_options.no_default,
                                       .path = "/org/troth/client",
                                       .told = client_bluez_told,
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

/* There being no bond, it is certain that we shall pair. */
static bool will_pair(const struct client *c)
{
    return c->pairs || (client_options.policy.require_mitm && !client_options.no_pair);
}

static int bz_connect(struct client *c, unsigned ms)
{
    struct bluez_side *s = c->bluez_side;
    const struct bluez_device *d = bluez_device_of(c->bluez, &c->device.addr);
    s->asked = s->said_no = s->elsewhere = false;
    if (!bluez_client_made(s->client, &c->device.addr)) /* connecting again takes nothing away */
        s->unknown = s->proved = false;
    s->whole = d && !d->connected && !d->paired && will_pair(c);
    if (s->whole && !security_no_impostor(c))
        return TROTH_STATE;
    out_event(OUT_DIM, "limits", out_fields("host:s", "bluez"),
              "over BlueZ: legacy pairing cannot be refused, and neither the size of a key nor "
              "whether an older bond is authenticated is told");
    return s->whole ? bluez_client_connect_pairing(s->client, &c->device.addr, ms)
                    : bluez_client_connect(s->client, &c->device.addr, ms);
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
    const struct bluez_side *s = c->bluez_side;
    const char *why = s->pin && s->elsewhere
                          ? "somebody asked for a PIN meanwhile, after which bluetoothd repeats a "
                            "failed pairing without a word; systemctl restart bluetooth ends "
                            "that, and btmgmt bredr off before it keeps it away"
                      : s->unknown ? "the device began to pair before we did, and BlueZ does not "
                                     "tell which pairing a question was of; try again"
                                   : "nothing was compared or typed";
    bool undone = bz_forget(c) == TROTH_OK && client_wait(c, is_removed, 5000);
    return client_fail(c,
                       "pairing with %s proved nobody's identity (%s), which --require-mitm "
                       "demands; the bond is %s",
                       client_peer(c), why,
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
    bz_open,       bz_start,       bz_scan,   bz_connect, bz_encrypt,          bz_pair,
    bz_bond,       bz_bond_serves, bz_proves, bz_forget,  client_bluez_answer, client_bluez_put,
    bz_level_text, bz_close,
};
