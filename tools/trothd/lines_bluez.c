/* What trothd says of bluetoothd, and which options it cannot honour there. */
#include "radio_bluez.h"

#include <stdio.h>

#include "common/out.h"

const char *radio_bluez_check(const struct options *o)
{
    const struct policy_options *p = &o->policy;
    if (o->capture)
        return "--capture: bluetoothd has the HCI; btmon -w FILE writes what crosses it";
    if (o->oob_file || o->peer_oob)
        return "--oob-file and --peer-oob: BlueZ takes no out-of-band data from a program; use the "
               "own host (--transport hci:0)";
    if (p->sc_only)
        return "--sc-only: on BlueZ that is a setting of the whole adapter: btmgmt sc only";
    if (p->require_mitm && o->security != TROTH_WIFI_MODE_AUTH)
        return "--require-mitm: on BlueZ the services demand it, say --security authenticate";
    if (p->models || p->exact || p->core)
        return "--models, --exact and --core: bluetoothd and the kernel choose how to pair; use "
               "the "
               "own host (--transport hci:0)";
    if (p->min_key_size)
        return "--min-key-size: BlueZ does not hold a service to a key size; the whole adapter's "
               "is "
               "in the kernel's debugfs";
    if (p->no_bonding)
        return "--no-bonding: BlueZ bonds with whoever pairs; use the own host (--transport hci:0)";
    if (p->attempts || p->unlimited_attempts)
        return "--pairing-attempts: BlueZ does not count failed pairings, nor does it tell of them";
    if (p->privacy || p->rpa_timeout_s)
        return "--privacy: on BlueZ that is a setting of the whole adapter: Privacy in "
               "/etc/bluetooth/main.conf";
    if (p->fixed_passkey || p->debug_keys || p->replace_weaker || p->legacy_only)
        return "the --insecure- options are the own host's: BlueZ makes passkeys and keys itself";
    return NULL;
}

void line_bluez_reset(unsigned bonds)
{
    out_event(OUT_WARN, "bluez_bonds", out_fields("bonds:u", bonds),
              "bluetoothd still holds %u bond%s of this device: removed when trothd next runs on "
              "it, or by troth bonds remove --bluez",
              bonds, bonds == 1 ? "" : "s");
}

void line_bluez_start(const struct trothd *d)
{
    out_event(OUT_PLAIN, "bluez", NULL,
              "bluetoothd carries this device and enforces its security; it tells neither how a "
              "pairing was done nor that one failed, and has ATT errors of its own "
              "(docs/BLUEZ.md)");
    if (d->options.security == TROTH_WIFI_MODE_ENCRYPT)
        out_event(OUT_WARN, "bluez", out_fields("legacy_pairing:b", true),
                  "BlueZ cannot hold one service to LE Secure Connections: a client that insists "
                  "may pair by legacy pairing, which a listener can break. --security authenticate "
                  "shuts that out, and so does `btmgmt sc only` for the whole adapter");
}

void line_bluez_up(const struct trothd *d, const struct bluez_adapter *a)
{
    char text[18];
    troth_addr_text(&a->addr, text);
    (void)d;
    out_event(
        OUT_DIM, "controller",
        out_fields("address:s address_type:s adapter:s powered:b", text,
                   a->addr.type == TROTH_ADDR_PUBLIC ? "public" : "random", a->path, a->powered),
        "bluetoothd has the adapter %s (%s)%s", a->path, text, a->powered ? "" : ", powered off");
}

void line_bluez_down(const struct trothd *d, const char *why)
{
    (void)d;
    out_event(OUT_BAD, "transport", out_fields("up:b why:s", false, why), "%s; waiting for it",
              why);
}

void line_bluez_power(const struct bluez_adapter *a)
{
    out_event(OUT_WARN, "power", out_fields("adapter:s", a->path),
              "the adapter is powered off: powering it on");
}

void line_bluez_connected(const struct peer *p, const struct bluez_device *device)
{
    char addr[18], peer[BLUEZ_PEER];
    troth_addr_text(&p->addr, addr);
    out_event(OUT_PLAIN, "connected",
              out_fields("link:u address:s address_type:s bonded:b identity:s name:s",
                         (unsigned)p->link, addr,
                         p->addr.type == TROTH_ADDR_PUBLIC ? "public" : "random", p->bonded,
                         p->bonded ? addr : NULL, device->named ? device->name : NULL),
              "connected: %s%s", bluez_peer_text(device, peer), p->bonded ? ", bonded" : "");
}

void line_bluez_disconnected(const struct peer *p)
{
    char addr[18];
    troth_addr_text(&p->addr, addr);
    out_event(OUT_PLAIN, "disconnected", out_fields("link:u address:s", (unsigned)p->link, addr),
              "disconnected: %s", addr);
}

void line_bluez_paired(const struct trothd *d, const struct peer *p,
                       const struct bluez_device *device)
{
    char addr[18], identity[18], peer[BLUEZ_PEER];
    troth_addr_text(&p->addr, addr);
    troth_addr_text(&device->addr, identity);
    out_event(
        OUT_GOOD, "paired",
        out_fields("link:u address:s bonded:b identity:s", (unsigned)p->link, addr, true, identity),
        "paired with %s: bonded, by bluetoothd%s", bluez_peer_text(device, peer),
        d->options.security == TROTH_WIFI_MODE_AUTH
            ? "; whether by a passkey or a comparison shows when it touches the service"
            : "");
}

void line_bluez_agent(const struct bluez_agent_news *news)
{
    switch (news->type) {
    case BLUEZ_AGENT_REGISTERED:
        if (news->is_default)
            out_event(OUT_DIM, "bluez_agent", out_fields("default:b", true),
                      "bluetoothd asks this device about pairings");
        else
            out_event(OUT_WARN, "bluez_agent", out_fields("default:b why:s", false, news->why),
                      "bluetoothd asks another agent about pairings that begin outside%s%s",
                      news->why ? ": " : "", news->why ? news->why : "");
        break;
    case BLUEZ_AGENT_REFUSED:
        out_error("%s", news->why);
        break;
    case BLUEZ_AGENT_RELEASED:
        out_event(OUT_DIM, "bluez_agent", out_fields("released:b", true),
                  "bluetoothd let the agent go");
        break;
    case BLUEZ_AGENT_ENTERED:
        out_event(OUT_DIM, "entered", out_fields("digits:u", news->entered),
                  "%s: %u digits of the passkey are typed", news->peer, news->entered);
        break;
    case BLUEZ_AGENT_PIN:
    case BLUEZ_AGENT_NO_PIN:
        out_event(OUT_WARN, "pin", out_fields("peer:s", news->peer),
                  "%s wants to pair by a PIN, as old devices of classic Bluetooth do: not here",
                  news->peer ? news->peer : "a device");
        break;
    case BLUEZ_AGENT_CANCELLED:
        out_event(OUT_PLAIN, "pairing_cancelled", out_fields("peer:s", news->peer),
                  "bluetoothd took its question back: the pairing ended otherwise");
        break;
    }
}
