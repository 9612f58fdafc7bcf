/* troth provision with a device that speaks Espressif's protocol: the steps in their order. */
#include "protocomm_parts.h"
#include "provision.h"

#include "common/out.h"
#include "common/secret.h"

#include <errno.h>
#include <string.h>

static const char *kind_name(uint8_t kind)
{
    return kind == TROTH_NET_THREAD ? "thread" : "wifi";
}

static bool custom(struct protocomm *p)
{
    const struct provision_options *o = &provision_options;
    static uint8_t data[PROTOCOMM_MAX + 1]; /* one more: a longer file is noticed */
    if (o->custom_data)
        return protocomm_custom(p, (const uint8_t *)o->custom_data, strlen(o->custom_data));
    if (!o->custom_data_file)
        return true;
    bool is_stdin = !strcmp(o->custom_data_file, "-");
    FILE *f = is_stdin ? stdin : fopen(o->custom_data_file, "rb");
    if (!f)
        return protocomm_failed(p, "NO_CUSTOM_DATA", "cannot read %s: %s", o->custom_data_file,
                                strerror(errno));
    size_t n = fread(data, 1, sizeof data, f);
    bool ok = !ferror(f);
    if (!is_stdin)
        fclose(f);
    if (!ok)
        protocomm_failed(p, "NO_CUSTOM_DATA", "cannot read %s", o->custom_data_file);
    else if (!n) /* over BLE it would be no message at all */
        ok = protocomm_failed(p, "NO_CUSTOM_DATA",
                              "there is no custom data in %s: one octet is the least",
                              o->custom_data_file);
    else
        ok = protocomm_custom(p, data, n);
    secret_wipe(data, sizeof data);
    return ok;
}

static bool list(struct protocomm *p)
{
    static struct protocomm_networks all;
    if (!protocomm_scan(p, &all))
        return false;
    protocomm_scan_tell(p, &all);
    return true;
}

/* A picked network tells how it is protected. */
static void take_picked(struct credentials *k, const struct troth_scan_result *picked)
{
    k->wifi.ssid = picked->ssid;
    k->have_ssid = true;
    if (k->wifi.security != TROTH_WIFI_AUTO)
        return;
    if (picked->security == TROTH_WIFI_OPEN)
        k->have_password = true;
    if (picked->security == TROTH_WIFI_OPEN || picked->security == TROTH_WIFI_WPA3_SAE)
        k->wifi.security = picked->security;
}

/* What a person chose or typed, who may choose and type again. */
struct asked {
    bool network, secret;
};

static bool wifi_again(const void *ctx, uint8_t why)
{
    const struct asked *asked = ctx;
    return why == TROTH_PROTOCOMM_WHY_AUTH ? asked->secret : asked->network;
}

static bool ask_wifi(struct protocomm *p, struct credentials *k)
{
    struct troth_scan_result picked;
    if (!k->have_ssid && !client_interactive())
        return protocomm_failed(p, "NOBODY_TO_ASK",
                                "the device wants a Wi-Fi network: give --ssid and "
                                "--password-file FILE");
    if (!k->have_ssid && p->ver.can_scan) {
        if (!protocomm_pick(p, &picked))
            return false;
        take_picked(k, &picked);
    }
    return credentials_ask(k, p->c);
}

static bool wifi(struct protocomm *p, struct credentials *k)
{
    struct troth_credentials c = {.kind = TROTH_NET_WIFI};
    struct asked asked = {!k->have_ssid, !k->have_password};
    uint8_t security = k->wifi.security;
    enum protocomm_outcome how = PROTOCOMM_FAILED;
    do {
        if (!ask_wifi(p, k))
            return false;
        c.u.wifi = k->wifi;
        troth_wifi_resolve(&c.u.wifi);
        how = protocomm_join(p, &c, wifi_again, &asked);
        if (asked.secret) {
            secret_wipe(&k->wifi.password, sizeof k->wifi.password);
            k->have_password = false;
        }
        if (p->why != TROTH_PROTOCOMM_WHY_AUTH && asked.network) {
            k->have_ssid = false;
            k->wifi.security = security;
        }
    } while (how == PROTOCOMM_TRY_AGAIN);
    secret_wipe(&c, sizeof c);
    return how == PROTOCOMM_JOINED;
}

static bool thread_again(const void *ctx, uint8_t why)
{
    const struct asked *asked = ctx;
    (void)why; /* devices cannot tell a wrong key from a network that is not there */
    return asked->secret;
}

static bool thread(struct protocomm *p, struct provision_network *n)
{
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    struct asked asked = {.secret = !n->have_dataset && !n->have_key};
    enum protocomm_outcome how;
    do {
        if (!thread_dataset(p, n))
            return false;
        c.u.thread = n->dataset;
        how = protocomm_join(p, &c, thread_again, &asked);
        n->have_dataset = n->have_key = false;
    } while (how == PROTOCOMM_TRY_AGAIN);
    secret_wipe(&c, sizeof c);
    return how == PROTOCOMM_JOINED;
}

static bool steps(struct protocomm *p, struct provision_network *n)
{
    const struct provision_options *o = &provision_options;
    if (o->reset || o->reprov)
        return protocomm_control(p,
                                 o->reset ? TROTH_PROTOCOMM_OP_RESET : TROTH_PROTOCOMM_OP_REPROV);
    if (!custom(p))
        return false;
    if (o->list)
        return list(p);
    return p->kind == TROTH_NET_THREAD ? thread(p, n) : wifi(p, &n->wifi);
}

bool provision_by_protocomm(struct client *c, const struct protocomm_way *way,
                            struct protocomm_login *login, uint8_t kind,
                            struct provision_network *n)
{
    static struct protocomm p;
    memset(&p, 0, sizeof p);
    p.c = c;
    p.way = way;
    p.login = login;
    if (!protocomm_look(&p))
        return false;
    p.kind = p.ver.kind;
    if (kind && kind != p.kind)
        return protocomm_failed(&p, "OTHER_NETWORK", "the device is for %s: troth provision %s",
                                p.kind == TROTH_NET_THREAD ? "Thread" : "Wi-Fi", kind_name(p.kind));
    bool link_must = !way->http && (p.ver.scheme == 0 || client_options.policy.require_mitm);
    bool ok = (!link_must || security_demand(c)) && protocomm_begin(&p) && steps(&p, n);
    protocomm_end(&p);
    return ok;
}
