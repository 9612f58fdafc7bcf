#include "wifi.h"

#include "common/out.h"
#include "common/words_pairing.h"

#include <string.h>

/* One device, one service: what the loop's callbacks and the waits share. */
static struct {
    struct troth_wifi_client client;
    bool added, done;
    struct troth_wifi_client_event end;
    struct troth_ssid wanted;
} wifi;

static void on_wifi(void *ctx, const struct troth_wifi_client_event *e)
{
    (void)ctx;
    if (e->type == TROTH_WIFI_EV_DONE) {
        wifi.end = *e;
        wifi.done = true;
    } else if (e->op != TROTH_WIFI_OP_OPEN) {
        const char *name = troth_prov_state_name(e->state);
        out_event(OUT_PLAIN, "status", out_fields("state:s", name), "status: %s", name);
    }
}

static void on_host(struct client *c, const struct troth_event *e)
{
    (void)c;
    troth_wifi_client_feed(&wifi.client, e);
}

static troth_ms deadline(const void *ctx)
{
    return troth_wifi_client_deadline(ctx);
}

static void tick(void *ctx, troth_ms now)
{
    troth_wifi_client_tick(ctx, now);
}

static bool is_done(const struct client *c)
{
    (void)c;
    return wifi.done;
}

const struct troth_wifi_client_event *wifi_outcome(void)
{
    return &wifi.end;
}

static cJSON *details(const struct troth_wifi_client_event *e)
{
    char ssid[TROTH_SSID_TEXT];
    cJSON *j = out_fields(
        "state:s", e->state == TROTH_WIFI_STATE_UNKNOWN ? NULL : troth_prov_state_name(e->state));
    if (!e->details.known)
        return j;
    if (e->details.reason)
        cJSON_AddStringToObject(j, "reason", troth_net_reason_name(e->details.reason));
    if (e->details.ssid.len)
        cJSON_AddStringToObject(j, "ssid", troth_ssid_text(&e->details.ssid, ssid, sizeof ssid));
    cJSON_AddBoolToObject(j, "online", e->details.flags & TROTH_WIFI_ONLINE);
    cJSON_AddBoolToObject(j, "kept", e->details.flags & TROTH_WIFI_KEPT);
    cJSON_AddBoolToObject(j, "returning", e->details.flags & TROTH_WIFI_RETURNING);
    cJSON_AddBoolToObject(j, "stored", e->details.flags & TROTH_WIFI_STORED);
    return j;
}

/* The operation failed: what the device told, as one sentence. */
static bool failed(struct client *c)
{
    const struct troth_wifi_client_event *e = &wifi.end;
    const char *words = troth_wifi_client_words(e), *kept = troth_wifi_client_kept_words(e);
    char ssid[TROTH_SSID_TEXT];
    if (c->over) /* the cause behind it was told */
        return false;
    if (out_is_json()) {
        cJSON *j = details(e);
        cJSON_AddStringToObject(j, "result", troth_wifi_result_name((uint8_t)e->result));
        if (e->result == TROTH_WIFI_REFUSED)
            cJSON_AddStringToObject(j, "att_error", troth_att_error_name(e->att_error));
        out_event(OUT_BAD, "failed", j, "%s", words);
    }
    switch (e->result) {
    case TROTH_WIFI_REFUSED:
        client_fail(c, "the device refused %s (ATT error 0x%02x, %s): %s",
                    troth_wifi_characteristic_name(e->missing), e->att_error,
                    troth_att_error_name(e->att_error), words);
        break;
    case TROTH_WIFI_NO_CHARACTERISTIC:
        client_fail(c, "%s (%s)", words, troth_wifi_characteristic_name(e->missing));
        break;
    case TROTH_WIFI_LINK_LOST:
        if (c->way == &client_bluez) {
            client_left(c);
            break;
        }
        client_fail(c, "%s (%s)", words, troth_hci_name(c->hci_status));
        break;
    case TROTH_WIFI_DEVICE_FAILED:
        if (e->op == TROTH_WIFI_OP_PROVISION)
            client_fail(c, "the device did not join \"%s\"%s%s: %s",
                        troth_ssid_text(&wifi.wanted, ssid, sizeof ssid),
                        e->details.known ? ", " : "",
                        e->details.known ? troth_net_reason_name(e->details.reason) : "", words);
        else
            client_fail(c, "%s", words);
        break;
    default:
        client_fail(c, "%s", words);
        break;
    }
    if (kept)
        out_hint("Its earlier network is \"%s\": %s.",
                 troth_ssid_text(&e->details.ssid, ssid, sizeof ssid), kept);
    return false;
}

/* Runs what was started. */
static bool run(struct client *c, int r)
{
    if (r != TROTH_OK)
        return client_fail(c, "%s", troth_result_words(r));
    client_wait(c, is_done, 0); /* the operation has its own time limit */
    if (c->over)
        return false;
    return wifi.end.result == TROTH_WIFI_DONE || failed(c);
}

bool wifi_open(struct client *c)
{
    struct troth_wifi_client_config cfg = {
        .link = c->link,
        .peer = &c->gatt,
        .event = on_wifi,
        .require_mitm = client_options.policy.require_mitm,
        .allow_plaintext = client_options.allow_plaintext,
    };
    struct runtime_clock clock = {deadline, tick, &wifi.client};
    if (!security_encrypt(c) || (client_options.policy.require_mitm && !security_demand(c)))
        return false;
    troth_wifi_client_init(&wifi.client, &cfg);
    c->on_event = on_host;
    c->clock = clock;
    wifi.added = true;
    wifi.done = false;
    return run(c, troth_wifi_client_open(&wifi.client));
}

static void limit(void)
{
    if (client_options.timeout)
        wifi.client.cfg.follow_ms = client_options.timeout * 1000;
}

bool wifi_provision(struct client *c, const struct troth_wifi *w)
{
    char ssid[TROTH_SSID_TEXT], level[PAIRING_TEXT];
    struct troth_level now = client_level(c);
    wifi.wanted = w->ssid;
    troth_ssid_text(&w->ssid, ssid, sizeof ssid);
    out_event(OUT_PLAIN, "sending",
              out_fields("ssid:s security:s", ssid, troth_wifi_security_name(w->security)),
              "sending the network \"%s\" over a link that is %s", ssid,
              c->way->level_text(c, &now, level));
    limit();
    wifi.done = false;
    return run(c, troth_wifi_client_provision(&wifi.client, w));
}

bool wifi_erase(struct client *c)
{
    limit();
    wifi.done = false;
    return run(c, troth_wifi_client_erase(&wifi.client));
}

void wifi_close(struct client *c)
{
    c->on_event = NULL;
    if (wifi.added) {
        c->clock.tick = NULL;
        troth_wifi_client_close(&wifi.client);
    }
    wifi.added = false;
}

/* What is known of the device's network, as people read it. */
static void network_text(const struct troth_wifi_details *d, char *text, size_t cap)
{
    char ssid[TROTH_SSID_TEXT];
    if (!d->ssid.len) {
        snprintf(text, cap, "none");
        return;
    }
    snprintf(text, cap, "\"%s\", %s%s%s", troth_ssid_text(&d->ssid, ssid, sizeof ssid),
             d->flags & TROTH_WIFI_ONLINE      ? "joined"
             : d->flags & TROTH_WIFI_RETURNING ? "being rejoined"
                                               : "not joined",
             d->flags & TROTH_WIFI_KEPT ? ", kept after a failed change" : "",
             d->flags & TROTH_WIFI_STORED ? ", stored" : ", not stored");
}

void wifi_tell(struct client *c, const char *event)
{
    const struct troth_wifi_client_event *e = &wifi.end;
    struct troth_level level = client_level(c);
    char text[256], addr[18], protected[PAIRING_TEXT];
    c->way->level_text(c, &level, protected);
    if (out_is_json()) {
        cJSON *j = details(e);
        cJSON_AddStringToObject(j, "address", troth_addr_text(&c->identity, addr));
        cJSON_AddStringToObject(j, "type", device_addr_type(&c->identity));
        if (*c->device.name)
            cJSON_AddStringToObject(j, "name", c->device.name);
        cJSON_AddNumberToObject(j, "key_size", level.key_size);
        cJSON_AddBoolToObject(j, "sc", level.sc);
        cJSON_AddBoolToObject(j, "mitm", level.mitm);
        cJSON_AddBoolToObject(j, "bonded", c->bonded);
        client_drop_unknown(c, j);
        out_result(event, j, "%s: %s", troth_prov_state_name(e->state), troth_wifi_client_words(e));
        return;
    }
    printf("Device   %s\n", client_peer(c));
    printf("Status   %s: %s\n", troth_prov_state_name(e->state), troth_wifi_client_words(e));
    if (e->details.known) {
        network_text(&e->details, text, sizeof text);
        printf("Network  %s\n", text);
        if (e->details.reason)
            printf("Reason   %s: %s\n", troth_net_reason_name(e->details.reason),
                   troth_net_reason_words(e->details.reason));
    }
    printf("Link     %s\n", protected);
}
