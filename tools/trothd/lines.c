/* What trothd says: each happening once, in words for people and in fields for machines. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>

#include <troth/dataset.h>

#include "base/wipe.h"
#include "common/out.h"
#include "common/words_pairing.h"

#ifndef TROTH_VERSION
#define TROTH_VERSION "(development)"
#endif

/* PIN or Key Missing: the words for it are a central's; here the missing key is ours. */
#define KEY_MISSING 0x06

static const char *addr_type(const struct troth_addr *a)
{
    return a->type == TROTH_ADDR_PUBLIC ? "public" : "random";
}

static const char *peer_text(struct trothd *d, troth_link link)
{
    static char text[18];
    const struct peer *p = bluetooth_peer(d, link);
    if (!p)
        return "a peer";
    return troth_addr_text(&p->addr, text);
}

static unsigned bond_count(const struct trothd *d)
{
    return d->radio->bonds(d);
}

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

/* ---- at start ---- */

void line_start(const struct trothd *d)
{
    static const struct {
        enum out_tone tone;
        const char *name, *words;
    } modes[] = {
        [TROTH_WIFI_MODE_NONE] = {OUT_WARN, "none",
                                  "security: none (plaintext): INSECURE, anybody near can read and "
                                  "change what is sent; for evaluation only"},
        [TROTH_WIFI_MODE_ENCRYPT] = {OUT_PLAIN, "encrypt",
                                     "security: encrypt (LE Secure Connections; Just Works is "
                                     "allowed, so nothing proves who the client is)"},
        [TROTH_WIFI_MODE_AUTH] = {OUT_PLAIN, "authenticate",
                                  "security: authenticate (LE Secure Connections with a passkey or "
                                  "a comparison)"},
        [TROTH_WIFI_MODE_ENCRYPT_ANY] = {OUT_WARN, "encrypt-any",
                                         "security: encrypt-any: INSECURE, legacy pairing is "
                                         "accepted and a listener can break it"},
    };
    const struct options *o = &d->options;
    static const char *const session = "security: none of the link's: no pairing is asked for, the "
                                       "provisioning session protects itself";
    bool protocomm =
        o->security == TROTH_WIFI_MODE_NONE && o->provision.protocols == PROVISION_ESPRESSIF;
    static const char *const bluez =
        "security: encrypt (whatever pairing bluetoothd and the client "
        "agree on, so nothing proves who the client is)";
    bool any = o->on_bluez && o->security == TROTH_WIFI_MODE_ENCRYPT;
    enum out_tone tone = protocomm ? OUT_PLAIN : modes[o->security].tone;
    const char *agent = o->agent == AGENT_SOCKET     ? o->agent_path
                        : o->agent == AGENT_TERMINAL ? "the terminal"
                        : o->agent == AGENT_SCRIPT   ? "a script"
                        : o->agent == AGENT_STEP     ? "a step by step agent"
                        : o->agent == AGENT_REFUSE   ? "a refusal"
                        : o->agent != AGENT_DISPLAY  ? "nobody"
                        : o->service.display_command ? "the display command"
                                                     : "nobody: the label has it";
    unsigned bonds = bond_count(d);
    out_event(tone, "start",
              out_fields("version:s name:s security:s insecure:b io_cap:s agent:s bonds:u",
                         TROTH_VERSION, d->name_pending ? NULL : o->name, modes[o->security].name,
                         tone == OUT_WARN || o->policy.legacy_only ||
                             troth_policy_insecure(&d->policy, 0),
                         pairing_io_cap_words((uint8_t)o->io_cap), agent, bonds),
              "trothd " TROTH_VERSION ": %s",
              protocomm ? session
              : any     ? bluez
                        : modes[o->security].words);
    if (!out_is_json())
        out_event(OUT_PLAIN, "start", NULL, "IO capability %s, passkeys go to %s; %u bond%s",
                  pairing_io_cap_words((uint8_t)o->io_cap), agent, bonds, plural(bonds));
}

void line_weak_bond(const struct trothd *d, const struct troth_bond_keys *keys)
{
    char text[18], level[PAIRING_TEXT];
    struct troth_level has = troth_wifi_gatt_bond_level(keys);
    (void)d;
    troth_addr_text(&keys->identity, text);
    out_event(OUT_WARN, "weak_bond",
              out_fields("identity:s mitm:b sc:b key_size:u", text, has.mitm, has.sc,
                         (unsigned)has.key_size),
              "the bond with %s (%s) is weaker than this mode demands and is not honoured: remove "
              "the bond there and pair again",
              text, pairing_level_text(&has, level));
}

void line_stored_network(const struct troth_credentials *c)
{
    char ssid[TROTH_SSID_TEXT];
    if (!c) {
        out_event(OUT_PLAIN, "stored_network", NULL,
                  "no stored credentials; waiting for provisioning");
        return;
    }
    if (c->kind == TROTH_NET_THREAD) {
        struct troth_dataset d;
        troth_dataset_parse(&d, c->u.thread.dataset, c->u.thread.len, NULL);
        troth_thread_name_text(&d.name, ssid, sizeof ssid);
        wipe(&d, sizeof d);
        out_event(OUT_PLAIN, "stored_network", out_fields("thread:b name:s", true, ssid),
                  "attaching to the Thread network \"%s\" with the stored dataset", ssid);
        return;
    }
    troth_ssid_text(&c->u.wifi.ssid, ssid, sizeof ssid);
    out_event(OUT_PLAIN, "stored_network",
              out_fields("ssid:s security:s", ssid, troth_wifi_security_name(c->u.wifi.security)),
              "connecting to \"%s\" with the stored credentials", ssid);
}

/* ---- the controller ---- */

void line_notice(struct trothd *d, enum runtime_notice what, const char *why, unsigned retry_ms)
{
    switch (what) {
    case RUNTIME_CONNECTED:
        out_event(OUT_DIM, "transport", out_fields("up:b", true), "controller at %s", why);
        break;
    case RUNTIME_LOST:
        if (d->stopping)
            break;
        if (!retry_ms) {
            out_error("%s", why);
            break;
        }
        out_event(OUT_BAD, "transport", out_fields("up:b retry_ms:u", false, retry_ms),
                  "%s; trying again in %u.%u s", why, retry_ms / 1000, retry_ms / 100 % 10);
        break;
    case RUNTIME_STORE_FAILED:
    case RUNTIME_CAPTURE_FAILED:
    case RUNTIME_BAD_RECORD:
        out_error("%s", why);
        break;
    }
}

static void line_ready(const struct troth_event *e)
{
    char text[18];
    troth_addr_text(&e->u.ready.identity, text);
    out_event(OUT_DIM, "controller",
              out_fields("address:s address_type:s", text, addr_type(&e->u.ready.identity)),
              "controller ready: %s (%s)", text, addr_type(&e->u.ready.identity));
}

static void line_broken(const struct troth_event *e)
{
    out_event(OUT_BAD, "controller_failed",
              out_fields("status:x opcode:x", (unsigned)e->u.broken.hci_status,
                         (unsigned)e->u.broken.opcode),
              "the controller failed%s%s", e->u.broken.hci_status ? ": " : ": no answer",
              e->u.broken.hci_status ? troth_hci_words(e->u.broken.hci_status) : "");
}

/* ---- connections ---- */

static void line_connected(struct trothd *d, const struct troth_event *e)
{
    char addr[18], identity[18];
    const struct peer *p = bluetooth_peer(d, e->link);
    if (!p)
        return;
    troth_addr_text(&p->addr, addr);
    troth_addr_text(&p->identity, identity);
    bool other = !troth_addr_equal(&p->addr, &p->identity);
    out_event(OUT_PLAIN, "connected",
              out_fields("link:u address:s address_type:s bonded:b identity:s", (unsigned)e->link,
                         addr, addr_type(&p->addr), p->bonded, p->bonded ? identity : NULL),
              "connected: %s (%s)%s%s", addr, addr_type(&p->addr),
              p->bonded ? other ? ", bonded as " : ", bonded" : "",
              p->bonded && other ? identity : "");
}

static void line_disconnected(struct trothd *d, const struct troth_event *e)
{
    out_event(OUT_PLAIN, "disconnected",
              out_fields("link:u address:s reason:x reason_name:s", (unsigned)e->link,
                         peer_text(d, e->link), (unsigned)e->u.hci_status,
                         troth_hci_name(e->u.hci_status)),
              "disconnected: %s: %s (0x%02x)", peer_text(d, e->link),
              troth_hci_words(e->u.hci_status), e->u.hci_status);
}

/* ---- pairing ---- */

static void line_pairing(struct trothd *d, const struct troth_event *e)
{
    struct pairing_account a;
    char why[PAIRING_TEXT];
    pairing_account(&a, e->u.pairing.features);
    out_event(OUT_PLAIN, "pairing",
              out_fields("link:u address:s model:s sc:b rule:s", (unsigned)e->link,
                         peer_text(d, e->link), troth_model_name((uint8_t)e->u.pairing.model),
                         e->u.pairing.sc, pairing_rule_name(a.rule)),
              "pairing with %s: %s, %s. %s", peer_text(d, e->link),
              pairing_model_words((uint8_t)e->u.pairing.model),
              e->u.pairing.sc ? "LE Secure Connections" : "legacy pairing", pairing_why(&a, why));
}

/* Which keys crossed, as one word a kind. */
static void key_types(const struct troth_bond_keys *k, char *text, size_t cap)
{
    snprintf(text, cap, "%s%s%s", k->ltk[0].present || k->ltk[1].present ? "LTK" : "no LTK",
             k->has_irk ? ", IRK" : "", k->has_csrk[0] || k->has_csrk[1] ? ", CSRK" : "");
}

static void line_paired(struct trothd *d, const struct troth_event *e)
{
    char level[PAIRING_TEXT], keys[40] = "", identity[18] = "", with[32] = "";
    const struct troth_bond_keys *k = e->u.paired.keys;
    unsigned bonds = bond_count(d);
    if (k) {
        key_types(k, keys, sizeof keys);
        troth_addr_text(&k->identity, identity);
        const struct peer *p = bluetooth_peer(d, e->link);
        if (p && e->u.paired.stored && !troth_addr_equal(&p->addr, &k->identity))
            snprintf(with, sizeof with, " as %s", identity);
    }
    out_event(OUT_GOOD, "paired",
              out_fields("link:u address:s model:s mitm:b sc:b key_size:u bonded:b identity:s "
                         "keys:s bonds:u",
                         (unsigned)e->link, peer_text(d, e->link),
                         troth_model_name((uint8_t)e->u.paired.model), e->u.paired.level.mitm,
                         e->u.paired.level.sc, (unsigned)e->u.paired.level.key_size,
                         e->u.paired.stored, e->u.paired.stored ? identity : NULL, k ? keys : NULL,
                         bonds),
              "paired with %s: %s%s%s; %s%s; %u bond%s", peer_text(d, e->link),
              pairing_level_text(&e->u.paired.level, level), k ? "; keys: " : "", keys,
              e->u.paired.stored ? "bonded" : "not bonded: the next connection must pair again",
              with, bonds, plural(bonds));
}

static void line_pairing_failed(struct trothd *d, const struct troth_event *e)
{
    static const char *const by[] = {"us", "peer", "timeout", "link"};
    struct pairing_failure f;
    char why[PAIRING_TEXT] = "";
    const char *step = troth_smp_step_words(e->u.pairing_failed.step);
    pairing_failure(&f, e);
    if (f.have_model)
        pairing_why(&f.account, why);
    out_event(OUT_BAD, "pairing_failed",
              out_fields("link:u address:s reason:x reason_name:s by:s step:s", (unsigned)e->link,
                         peer_text(d, e->link), (unsigned)e->u.pairing_failed.reason,
                         e->u.pairing_failed.reason
                             ? troth_smp_reason_name(e->u.pairing_failed.reason)
                             : NULL,
                         by[e->u.pairing_failed.by & 3], step),
              "pairing with %s failed: %s%s%s%s%s", peer_text(d, e->link), f.what,
              f.meaning ? ": " : "", f.meaning ? f.meaning : "", *why ? ". " : "", why);
}

static void line_encrypted(struct trothd *d, const struct troth_event *e)
{
    char level[PAIRING_TEXT];
    const struct troth_level *l = &e->u.encrypted.level;
    bool ok = !e->u.encrypted.hci_status && l->key_size;
    out_event(ok ? OUT_GOOD : OUT_BAD, "encrypted",
              out_fields("link:u address:s ok:b status:x mitm:b sc:b bonded:b key_size:u",
                         (unsigned)e->link, peer_text(d, e->link), ok,
                         (unsigned)e->u.encrypted.hci_status, l->mitm, l->sc, l->bonded,
                         (unsigned)l->key_size),
              ok ? "encrypted: %s: %s" : "not encrypted: %s: %s", peer_text(d, e->link),
              ok ? pairing_level_text(l, level)
              : e->u.encrypted.hci_status == KEY_MISSING
                  ? "this device has no key for it, or none that will do"
              : e->u.encrypted.hci_status ? troth_hci_words(e->u.encrypted.hci_status)
                                          : "encryption was switched off");
}

static void line_bond(struct trothd *d, const struct troth_event *e)
{
    char text[18], level[PAIRING_TEXT];
    switch ((int)e->type) {
    case TROTH_EV_BOND_LOST:
        out_event(OUT_WARN, "bond_lost",
                  out_fields("link:u address:s mismatch:b", (unsigned)e->link,
                             peer_text(d, e->link), e->u.bond_lost.mismatch),
                  e->u.bond_lost.mismatch
                      ? "%s and this device hold different keys for their bond: remove it on both"
                      : "%s no longer has its bond with this device",
                  peer_text(d, e->link));
        break;
    case TROTH_EV_BOND_REFUSED:
        out_event(OUT_WARN, "bond_refused",
                  out_fields("link:u address:s mitm:b sc:b key_size:u", (unsigned)e->link,
                             peer_text(d, e->link), e->u.available.mitm, e->u.available.sc,
                             (unsigned)e->u.available.key_size),
                  "refused the bond of %s (%s): the mode demands more; remove the bond there and "
                  "pair again",
                  peer_text(d, e->link), pairing_level_text(&e->u.available, level));
        break;
    case TROTH_EV_BOND_REMOVED:
        troth_addr_text(&e->u.addr, text);
        out_event(OUT_PLAIN, "bond_removed", out_fields("identity:s bonds:u", text, bond_count(d)),
                  "forgot the bond with %s; %u left", text, bond_count(d));
        break;
    case TROTH_EV_BOND_NOT_REMOVED:
        troth_addr_text(&e->u.addr, text);
        out_event(OUT_BAD, "bond_not_removed", out_fields("identity:s", text),
                  "the bond with %s could not be removed: the store would not; it is back at the "
                  "next start",
                  text);
        break;
    }
}

void line_nobody(const struct trothd *d, const struct peer *p)
{
    char text[18] = "a peer";
    if (p)
        troth_addr_text(&p->addr, text);
    out_event(OUT_WARN, "nobody", out_fields("address:s", text),
              "%s wants to pair and nobody is there to see the passkey: refused; connect an agent "
              "to %s",
              text,
              d->options.agent_path     ? d->options.agent_path
              : d->options.agent_socket ? d->options.agent_socket
                                        : "the device");
}

void line_attached(const struct trothd *d, bool here)
{
    if (here)
        out_event(OUT_PLAIN, "agent",
                  out_fields("attached:b io_cap:s", true,
                             pairing_io_cap_words((uint8_t)agent_io_cap(d->attached))),
                  "an agent is attached: questions go there, the IO capability is %s",
                  pairing_io_cap_words((uint8_t)agent_io_cap(d->attached)));
    else
        out_event(OUT_PLAIN, "agent", out_fields("attached:b", false),
                  "the attached agent left: questions go to the device's own again");
}

void line_forgot(unsigned removed, unsigned kept)
{
    if (kept)
        out_event(
            OUT_BAD, "forgot", out_fields("bonds:u kept:u", removed, kept),
            "erased in part: the credentials and %u bond%s are forgotten, %u bond%s could not "
            "be removed and will be back; erase again when the store can be written",
            removed, plural(removed), kept, plural(kept));
    else
        out_event(OUT_PLAIN, "forgot", out_fields("bonds:u", removed),
                  "erased: the credentials and %u bond%s are forgotten", removed, plural(removed));
}

void line_stranger(struct trothd *d, troth_link link)
{
    out_event(OUT_WARN, "stranger",
              out_fields("link:u address:s", (unsigned)link, peer_text(d, link)),
              d->options.security == TROTH_WIFI_MODE_NONE
                  ? "%s began no session in time: disconnecting it, others may want its place"
                  : "%s neither paired nor encrypted in time: disconnecting it, others may want "
                    "its place",
              peer_text(d, link));
}

void line_event(struct trothd *d, const struct troth_event *e)
{
    switch ((int)e->type) {
    case TROTH_EV_READY:
        line_ready(e);
        break;
    case TROTH_EV_BROKEN:
        line_broken(e);
        break;
    case TROTH_EV_ADVERTISING:
        if (e->u.on)
            out_event(d->radio->links(d) ? OUT_DIM : OUT_PLAIN, "advertising",
                      out_fields("on:b name:s", true, d->options.name), "%sadvertising as '%s'",
                      d->radio->links(d) ? "still " : "", d->options.name);
        break;
    case TROTH_EV_CONNECTED:
        line_connected(d, e);
        break;
    case TROTH_EV_DISCONNECTED:
        line_disconnected(d, e);
        break;
    case TROTH_EV_PAIRING:
        line_pairing(d, e);
        break;
    case TROTH_EV_PAIRED:
        line_paired(d, e);
        break;
    case TROTH_EV_PAIRING_FAILED:
        line_pairing_failed(d, e);
        break;
    case TROTH_EV_SECURITY_UNANSWERED:
        out_event(OUT_WARN, "security_unanswered", out_fields("link:u", (unsigned)e->link),
                  "%s did not answer the request to pair or encrypt for 30 s",
                  peer_text(d, e->link));
        break;
    case TROTH_EV_ENCRYPTED:
        line_encrypted(d, e);
        break;
    case TROTH_EV_BOND_LOST:
    case TROTH_EV_BOND_REFUSED:
    case TROTH_EV_BOND_REMOVED:
    case TROTH_EV_BOND_NOT_REMOVED:
        line_bond(d, e);
        break;
    }
}

void line_stopped(void)
{
    out_event(OUT_PLAIN, "stopped", NULL, "stopped");
}
