/* What trothd says about Espressif-compatible provisioning: the life of it, never its secrets. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <troth/dataset.h>
#include <troth/qr_payload.h>

#include "base/wipe.h"
#include "common/out.h"
#include "common/qr_draw.h"

static const char *kind_name(uint8_t kind)
{
    return kind == TROTH_NET_THREAD ? "thread" : "wifi";
}

static const char *transport_of(uint32_t session)
{
    return session < 0x10000 ? "BLE" : "HTTP";
}

void line_provision_security(const struct trothd *d, uint8_t kind)
{
    const struct provision_options *o = &d->options.provision;
    bool pop = o->pop || o->pop_file || (o->sec_ver == 1 && *o->label.pop);
    bool development = o->sec_ver == 2 && !o->sec2_file && o->sec2_user;
    bool warn = o->sec_ver == 0 || (o->sec_ver == 1 && !pop);
    const char *words =
        o->sec_ver == 0 ? "security 0: INSECURE, nothing is proven or encrypted; for evaluation "
                          "only"
        : o->sec_ver == 1
            ? pop ? "security 1 with a proof of possession; changed messages go unnoticed"
                  : "security 1 without a proof of possession: INSECURE, anybody near may be the "
                    "client"
        : o->sec2_file ? "security 2, salt and verifier from a file"
        : !development ? "security 2, user name and password from a label file, which this device "
                         "has to keep to itself"
                       : "security 2 in DEVELOPMENT MODE: this device knows the password; in "
                         "production give --sec2-salt-verifier";
    out_event(warn ? OUT_WARN : OUT_PLAIN, "protocomm",
              out_fields("sec_ver:u pop:b development:b insecure:b network:s", o->sec_ver, pop,
                         development, warn, kind_name(kind)),
              "Espressif's provisioning, %s: %s",
              kind == TROTH_NET_THREAD ? "of a Thread network" : "of a Wi-Fi network", words);
    if (d->options.security != TROTH_WIFI_MODE_NONE)
        out_event(OUT_PLAIN, "pairing_prompt", out_fields("prompt:b", true),
                  "phone apps see a pairing prompt before they can provision, Espressif's (ESP BLE "
                  "Provisioning) too; --provision espressif --security none does without");
}

void line_provision_started(const struct trothd *d, const char *http)
{
    if (http)
        out_event(OUT_GOOD, "provisioning", out_fields("state:s http:s", "started", http),
                  "Provisioning started over HTTP at %s", http);
    else
        out_event(OUT_GOOD, "provisioning",
                  out_fields("state:s service_name:s", "started", d->options.name),
                  "Provisioning started with service name : %s", d->options.name);
}

void line_provision_already(void)
{
    out_event(OUT_PLAIN, "provisioning", out_fields("state:s", "already"),
              "already provisioned: not opened again; trothd --factory-reset forgets the network");
}

/* Whole, or not at all: false. */
static bool copy(char *to, size_t cap, const void *from, size_t len)
{
    bool fits = len < cap && (!len || !memchr(from, 0, len));
    if (fits && len)
        memcpy(to, from, len);
    to[fits ? len : 0] = 0;
    return fits;
}

/*
 * The code's content, all of its secrets included; true: it has some that this device knows. fits:
 * [0] without secrets, [1] with them.
 */
static bool fill_qr(struct troth_qr *q, const struct trothd *d, const struct provision_secrets *s,
                    uint8_t kind, bool fits[2])
{
    const struct provision_options *o = &d->options.provision;
    fits[0] = fits[1] = true;
    if (*o->label.name) {
        *q = o->label;
        return q->has_pop || *q->password;
    }
    *q = (struct troth_qr){
        .transport = TROTH_QR_BLE, .security = (uint8_t)o->sec_ver, .network = kind};
    fits[0] = copy(q->name, sizeof q->name, d->options.name, strlen(d->options.name));
    if (o->sec2_user && o->sec_ver == 2)
        fits[0] &= copy(q->username, sizeof q->username, o->sec2_user, strlen(o->sec2_user));
    q->has_pop = (o->sec_ver == 1 && s->pop_len) || *s->password;
    fits[1] =
        fits[0] & (o->sec_ver == 1 ? copy(q->pop, sizeof q->pop, s->pop, s->pop_len)
                                   : copy(q->pop, sizeof q->pop, s->password, strlen(s->password)));
    return q->has_pop;
}

static const char *qr_note(const struct provision_options *o, bool known, bool with, bool by_itself)
{
    if (with)
        return " (whoever sees it can provision this device)";
    if (by_itself && known)
        return " (the secret is left out: only a terminal, or --qr-with-secrets, shows it)";
    if (known)
        return " (the secret is left out: it belongs on the label, --label-file)";
    return o->sec_ver == 2 ? " (the password is left out: this device does not know it)" : "";
}

static void say_qr(const char *text, const char *url, const char *note, bool with, bool to_person)
{
    unsigned columns = 0;
    enum qr_drawn drawn = to_person ? qr_draw(stdout, text, &columns) : QR_NO_TERMINAL;
    out_event(OUT_PLAIN, "qr", out_fields("payload:s url:s secrets:b", text, url, with),
              "QR code: %s%s", text, note);
    if (drawn == QR_TOO_NARROW)
        out_event(OUT_WARN, "qr", NULL, "%s, and it needs %u columns", qr_drawn_words(drawn),
                  columns);
    else if (drawn == QR_TOO_LONG)
        out_event(OUT_WARN, "qr", NULL, "%s", qr_drawn_words(drawn));
    if (!out_is_json())
        out_event(OUT_PLAIN, "qr", NULL, "the same as a link, which draws it in a browser: %s",
                  url);
}

/*
 * Secrets by themselves only where a person looks: on a terminal, in development mode or from a
 * label. Lines that a log may keep have them by --qr-with-secrets alone.
 */
void line_provision_qr(const struct trothd *d, const struct provision_secrets *s, uint8_t kind)
{
    const struct provision_options *o = &d->options.provision;
    struct troth_qr q;
    char text[TROTH_QR_TEXT_MAX + 1], url[TROTH_QR_URL_MAX];
    bool to_person = !out_is_json() && isatty(STDOUT_FILENO);
    bool by_itself = *o->label.name || (o->sec_ver == 2 && o->sec2_user);
    bool fits[2], known = fill_qr(&q, d, s, kind, fits);
    bool with = known && (o->qr_with_secrets || (by_itself && to_person));
    if (fits[with] && troth_qr_write(&q, with, text, sizeof text) > 0 &&
        troth_qr_write_url(&q, with, url, sizeof url) > 0)
        say_qr(text, url, qr_note(o, known, with, by_itself), with, to_person);
    else
        out_error("the name, the user name or the secret does not fit a QR code: there is none");
    wipe(&q, sizeof q);
    wipe(text, sizeof text);
    wipe(url, sizeof url);
}

void line_provision_session(const struct troth_protocomm_event *e)
{
    out_event(OUT_GOOD, "prov_session", out_fields("transport:s", transport_of(e->session)),
              "a client began a session over %s", transport_of(e->session));
}

void line_provision_fault(const struct troth_protocomm_event *e)
{
    bool proof = e->fault == TROTH_SECURITY_PROOF;
    char wait[80] = "";
    if (proof && e->wait_ms)
        snprintf(wait, sizeof wait, "; %u in a row: none is taken for %u s", e->failures,
                 (e->wait_ms + 999) / 1000);
    out_event(OUT_WARN, "prov_session_failed",
              out_fields("transport:s fault:s failures:u wait_ms:u", transport_of(e->session),
                         troth_security_fault_name((uint8_t)e->fault), proof ? e->failures : 0,
                         proof ? e->wait_ms : 0),
              "a session over %s failed: %s%s", transport_of(e->session),
              troth_security_fault_words((uint8_t)e->fault), wait);
}

static void line_received(const struct troth_prov *p)
{
    char name[TROTH_SSID_TEXT] = "";
    if (p->fresh.kind == TROTH_NET_THREAD) {
        struct troth_dataset d;
        troth_dataset_parse(&d, p->fresh.u.thread.dataset, p->fresh.u.thread.len, NULL);
        troth_thread_name_text(&d.name, name, sizeof name);
        for (unsigned i = 0; !d.name.len && d.has_ext_pan_id && i < 8; i++)
            snprintf(name + 2 * i, 3, "%02x", d.ext_pan_id[i]);
        wipe(&d, sizeof d);
    } else {
        troth_ssid_text(&p->fresh.u.wifi.ssid, name, sizeof name);
    }
    out_event(OUT_PLAIN, "credentials",
              out_fields("network:s name:s", kind_name(p->fresh.kind), name),
              "received the credentials of %s network \"%s\"",
              p->fresh.kind == TROTH_NET_THREAD ? "the Thread" : "the Wi-Fi", name);
}

void line_provision_network(const struct troth_prov *p, const struct troth_prov_event *e,
                            uint8_t kind)
{
    switch (e->state) {
    case TROTH_PROV_CONNECTING:
        if (e->reason == TROTH_NET_OK && p->fresh.kind)
            line_received(p);
        break;
    case TROTH_PROV_CONNECTED:
        out_event(OUT_GOOD, "provisioning", out_fields("state:s", "successful"),
                  kind == TROTH_NET_THREAD ? "Thread attached: provisioning successful"
                                           : "Wi-Fi connected: provisioning successful");
        break;
    case TROTH_PROV_FAILED: /* what the reason means is in the status line before it */
        out_event(OUT_BAD, "provisioning",
                  out_fields("state:s reason:s cure:s", "failed",
                             troth_net_reason_name((uint8_t)e->reason),
                             troth_net_reason_words_for(kind, (uint8_t)e->reason)),
                  "Provisioning failed! Reason: %s. The client may send other credentials",
                  troth_net_reason_name((uint8_t)e->reason));
        break;
    default:
        break;
    }
}

void line_provision_stopped(void)
{
    out_event(OUT_PLAIN, "provisioning", out_fields("state:s", "stopped"), "Provisioning stopped");
}

void line_provision_custom(size_t len, bool kept, const char *path)
{
    if (kept)
        out_event(OUT_PLAIN, "custom_data", out_fields("octets:u", (unsigned)len),
                  "custom data: %zu octets, kept in %s", len, path);
    else
        out_error("the custom data cannot be written to %s: the client is told so", path);
}

void line_provision_command(bool ok, int status, bool too_long)
{
    if (ok)
        out_event(OUT_PLAIN, "custom_data", NULL, "custom data: the command took it");
    else if (too_long)
        out_error("the command for custom data ran or said too much: 10 s and %d octets are the "
                  "most",
                  TROTH_PROTOCOMM_MAX);
    else
        out_error("the command for custom data failed with status %d: the client is told so",
                  status);
}
