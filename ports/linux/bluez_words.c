/* BlueZ's texts: its errors as sentences, its UUIDs, its names of adapters. */
#include "ports/linux/bluez.h"

#include <stdio.h>
#include <string.h>

#include <troth/gatt.h>
#include <troth/net.h>

#include "net/utf8.h"

#define ERROR "org.bluez.Error."

bool bluez_parse(const char *text, const char **adapter)
{
    if (strncmp(text, "bluez", 5) != 0 || (text[5] && text[5] != ':') ||
        (text[5] == ':' && !text[6]))
        return false;
    *adapter = text[5] ? text + 6 : NULL;
    return true;
}

/* ---- errors ---- */

static const struct {
    const char *name, *words;
} known[] = {
    {"org.freedesktop.DBus.Error.ServiceUnknown",
     "bluetoothd is not running: systemctl start bluetooth"},
    {"org.freedesktop.DBus.Error.NameHasNoOwner",
     "bluetoothd is not running: systemctl start bluetooth"},
    {"org.freedesktop.DBus.Error.Spawn.", /* and its kin */
     "bluetoothd is not running and could not be started: systemctl status bluetooth"},
    {"org.freedesktop.systemd1.",
     "bluetoothd is not running and could not be started: systemctl status bluetooth"},
    {"org.freedesktop.DBus.Error.AccessDenied",
     "the D-Bus policy does not let this user talk to bluetoothd: run it as root or as a member of "
     "the group bluetooth, or mend /etc/dbus-1/system.d/bluetooth.conf"},
    {"org.freedesktop.DBus.Error.NoReply",
     "bluetoothd did not answer in time: systemctl restart bluetooth"},
    {"org.freedesktop.DBus.Error.Timeout",
     "bluetoothd did not answer in time: systemctl restart bluetooth"},
    {"org.freedesktop.DBus.Error.Disconnected", "the D-Bus system bus is gone"},
    {"org.freedesktop.DBus.Error.UnknownObject",
     "bluetoothd no longer knows this device or adapter: scan again"},
    {"org.freedesktop.DBus.Error.UnknownMethod",
     "this bluetoothd does not have it: a newer BlueZ is needed, or the adapter cannot"},
    {ERROR "NotReady", "the adapter is powered off: bluetoothctl power on, and rfkill unblock "
                       "bluetooth if that is refused"},
    {ERROR "NotPermitted", "bluetoothd does not permit it"},
    {ERROR "AlreadyExists", "it is there already"},
    {ERROR "InProgress", "bluetoothd is busy with the same already: try again"},
    {ERROR "DoesNotExist", "bluetoothd does not know it"},
    {ERROR "NotSupported", "bluetoothd or the adapter does not support it"},
    {ERROR "NotAuthorized", "bluetoothd does not authorize it"},
    {ERROR "NotAvailable", "it is not available"},
    {ERROR "NotConnected", "the device is not connected"},
    {ERROR "AlreadyConnected", "the device is connected already"},
    {ERROR "InvalidArguments", "bluetoothd does not take such arguments"},
    {ERROR "AuthenticationFailed",
     "pairing failed: the passkey or the comparison was wrong, or one "
     "side forgot its bond; forget it on both and pair again"},
    {ERROR "AuthenticationCanceled", "pairing was cancelled"},
    {ERROR "AuthenticationRejected", "the other side refused to pair"},
    {ERROR "AuthenticationTimeout", "nobody answered the pairing in time"},
    {ERROR "ConnectionAttemptFailed",
     "the device did not answer: is it near, on, and advertising?"},
    {ERROR "Canceled", "it was cancelled"},
    {ERROR "Rejected", "it was refused"},
    {ERROR "Failed", NULL}, /* only its message says what */
};

const char *bluez_why(const char *doing, const sd_bus_error *error, char why[BLUEZ_WHY])
{
    const char *name = error && error->name ? error->name : "no reason";
    const char *message = error && error->message ? error->message : "";
    const char *words = NULL;
    bool failed = !strcmp(name, ERROR "Failed");
    for (size_t i = 0; !words && i < sizeof known / sizeof *known; i++) {
        size_t len = strlen(known[i].name);
        bool kin = known[i].name[len - 1] == '.' && !strncmp(name, known[i].name, len);
        if (kin || !strcmp(name, known[i].name))
            words = known[i].words;
    }
    /* "Not Permitted" as the words of NotPermitted says nothing; anything longer may. */
    bool more = *message && !failed && words && strchr(message, ' ') != strrchr(message, ' ');
    snprintf(why, BLUEZ_WHY, "%s%s%s%s%s%s%s", doing ? "cannot " : "", doing ? doing : "",
             doing ? ": " : "",
             words    ? words
             : failed ? "bluetoothd says "
                      : name,
             words || !*message ? ""
             : failed           ? "\""
                                : ": ",
             words ? "" : message, !words && failed ? "\"" : "");
    size_t len = strlen(why);
    if (more && !strncmp(name, ERROR, strlen(ERROR)))
        snprintf(why + len, BLUEZ_WHY - len, " (%s)", message);
    return why;
}

bool bluez_is(const sd_bus_error *error, const char *name)
{
    return error && error->name && !strncmp(error->name, ERROR, strlen(ERROR)) &&
           !strcmp(error->name + strlen(ERROR), name);
}

/* ---- devices ---- */

#define NAME_MAX_SHOWN 96 /* octets: the address after it must not be pushed out of sight */

/* A name from the air, by the rule for SSIDs: one taste for all of them. */
static void plain_name(const char *name, char text[NAME_MAX_SHOWN + 1])
{
    const uint8_t *at = (const uint8_t *)name;
    size_t left = strlen(name), used = 0, n;
    uint32_t c;
    for (; left; at += n, left -= n) {
        char shown[TROTH_SSID_TEXT];
        struct troth_ssid one = {0};
        n = utf8_take(at, left, &c);
        n = n ? n : 1;
        if (used + n > NAME_MAX_SHOWN)
            break;
        one.len = (uint8_t)n;
        memcpy(one.b, at, n);
        bool escaped = !strncmp(troth_ssid_text(&one, shown, sizeof shown), "\\x", 2);
        memcpy(text + used, at, n);
        if (escaped)
            memset(text + used, '?', n);
        used += n;
    }
    text[used] = 0;
}

char *bluez_peer_text(const struct bluez_device *d, char text[BLUEZ_PEER])
{
    char addr[18], name[NAME_MAX_SHOWN + 1];
    troth_addr_text(&d->addr, addr);
    if (!d->named)
        return strcpy(text, addr);
    plain_name(d->name, name);
    snprintf(text, BLUEZ_PEER, "%s (%s)", name, addr);
    return text;
}

/* ---- UUIDs ---- */

static const uint8_t base[16] = {0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00, 0x00, 0x80,
                                 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool bluez_uuid_parse(struct troth_uuid *uuid, const char *text)
{
    uint8_t b[16];
    unsigned n = 0;
    for (const char *p = text; *p;) {
        if (*p == '-' && (n == 4 || n == 6 || n == 8 || n == 10))
            p++;
        int high = digit(p[0]), low = high < 0 ? -1 : digit(p[1]);
        if (low < 0 || n == 16)
            return false;
        b[15 - n++] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    if (n != 16)
        return false;
    uuid->len = memcmp(b, base, 12) || b[14] || b[15] ? 16 : 2;
    memset(uuid->b, 0, sizeof uuid->b);
    memcpy(uuid->b, uuid->len == 16 ? b : b + 12, uuid->len);
    return true;
}

char *bluez_uuid_text(const struct troth_uuid *uuid, char text[37])
{
    uint8_t b[16];
    memcpy(b, base, sizeof b);
    memcpy(uuid->len == 16 ? b : b + 12, uuid->b, uuid->len == 16 ? 16 : 2);
    snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[15], b[14], b[13], b[12], b[11], b[10], b[9], b[8], b[7], b[6], b[5], b[4], b[3],
             b[2], b[1], b[0]);
    return text;
}

uint8_t bluez_meant(uint8_t att_error)
{
    static const uint8_t all[] = {TROTH_ATT_VALUE_NOT_ALLOWED, TROTH_ATT_INSUFFICIENT_RESOURCES,
                                  TROTH_ATT_WRITE_REQUEST_REJECTED};
    for (size_t i = 0; i < sizeof all; i++)
        if (att_error == (0x80 | (all[i] & 0x1f)))
            return all[i];
    return att_error;
}
