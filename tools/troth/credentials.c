#include "credentials.h"

#include "common/hex.h"
#include "common/out.h"
#include "common/secret.h"

#include <string.h>

/* Why no such network can exist; NULL: it can. */
static const char *password_fault(const struct troth_wifi *w, char *text, size_t cap)
{
    switch (troth_wifi_check(w)) {
    case TROTH_NET_OK:
        return NULL;
    case TROTH_NET_BAD_PASSWORD:
        if (w->security == TROTH_WIFI_WPA3_SAE)
            snprintf(text, cap, "a WPA3 password has 1 to 64 octets");
        else
            snprintf(
                text, cap,
                "a WPA2 passphrase has 8 to 63 characters, or is 64 hexadecimal digits; this one "
                "has %u octets",
                w->password.len);
        return text;
    case TROTH_NET_UNSUPPORTED_SECURITY:
        return "this kind of security is not known";
    default:
        return "an SSID has 1 to 32 octets";
    }
}

static bool take_hex(struct troth_ssid *ssid, const char *hex)
{
    size_t n = strlen(hex);
    if (!n || n > 2 * sizeof ssid->b || !hex_octets(hex, n, ssid->b, n / 2))
        return false;
    ssid->len = (uint8_t)(n / 2);
    return true;
}

static bool take_text(struct troth_ssid *ssid, const char *text)
{
    size_t n = strlen(text);
    if (!n || n > sizeof ssid->b)
        return false;
    memcpy(ssid->b, text, n);
    ssid->len = (uint8_t)n;
    return true;
}

static int read_ssid(struct credentials *k, const struct cli *cli,
                     const struct credentials_options *o)
{
    if (o->ssid && o->ssid_hex)
        return cli_misuse(cli, "of --ssid and --ssid-hex only one can be given");
    if (o->ssid && !take_text(&k->wifi.ssid, o->ssid))
        return cli_misuse(cli, "--ssid: an SSID has 1 to 32 octets, and this one has %zu",
                          strlen(o->ssid));
    if (o->ssid_hex && !take_hex(&k->wifi.ssid, o->ssid_hex))
        return cli_misuse(cli,
                          "--ssid-hex: 1 to 32 octets are expected, two hexadecimal digits each");
    k->have_ssid = o->ssid || o->ssid_hex;
    return CLI_GO;
}

static int read_password(struct credentials *k, const struct cli *cli,
                         const struct credentials_options *o)
{
    const char *path = o->password_file ? o->password_file : o->password;
    char why[256];
    size_t len;
    if (o->password && o->password_file)
        return cli_misuse(cli, "of --password and --password-file only one can be given");
    if (o->passphrase && path)
        return cli_misuse(cli, "of --passphrase, --password and --password-file only one can be "
                               "given");
    if (o->passphrase) {
        size_t n = strlen(o->passphrase);
        if (n > sizeof k->wifi.password.b)
            return cli_misuse(cli, "--passphrase: a password has at most 64 octets");
        memcpy(k->wifi.password.b, o->passphrase, n);
        k->wifi.password.len = (uint8_t)n;
        k->have_password = true;
        return CLI_GO;
    }
    if (o->password && strcmp(o->password, "-"))
        return cli_misuse(cli,
                          "--password takes only -, for stdin: others can read a command line; "
                          "or give --password-file FILE");
    if (path && o->security == TROTH_WIFI_OPEN)
        return cli_misuse(cli, "--security open: an open network has no password");
    if (path) {
        if (!secret_read(path, k->wifi.password.b, sizeof k->wifi.password.b, &len, why,
                         sizeof why))
            return cli_misuse(cli, "%s", why);
        k->wifi.password.len = (uint8_t)len;
    }
    k->have_password = path || o->security == TROTH_WIFI_OPEN;
    return CLI_GO;
}

int credentials_read(struct credentials *k, const struct cli *cli,
                     const struct credentials_options *o)
{
    char text[160];
    memset(k, 0, sizeof *k);
    k->wifi.security = (uint8_t)o->security;
    int status = read_ssid(k, cli, o);
    if (status == CLI_GO)
        status = read_password(k, cli, o);
    if (status != CLI_GO)
        return status;
    if (!client_interactive()) {
        if (!k->have_ssid)
            return cli_misuse(cli, "there is no terminal to ask at: give --ssid (or --ssid-hex)");
        if (!k->have_password)
            return cli_misuse(cli, "there is no terminal to ask at: give --password-file FILE or "
                                   "--password - (or --security open)");
    }
    if (k->have_password) {
        struct troth_wifi w = k->wifi;
        if (!k->have_ssid)
            w.ssid.len = 1; /* only the password is in question */
        const char *fault = password_fault(&w, text, sizeof text);
        secret_wipe(&w, sizeof w);
        if (fault)
            return cli_misuse(cli, "%s", fault);
    }
    return CLI_GO;
}

static bool ask_ssid(struct credentials *k, struct client *c)
{
    char line[128];
    do {
        if (!client_ask(c, "Network name (SSID)", false, line, sizeof line))
            return false;
        if (take_text(&k->wifi.ssid, line))
            k->have_ssid = true;
        else
            out_hint("An SSID has 1 to 32 octets, and this one has %zu.", strlen(line));
    } while (!k->have_ssid);
    return true;
}

static bool ask_password(struct credentials *k, struct client *c)
{
    char line[256], text[160];
    bool ok = true;
    while (ok && !k->have_password) {
        ok = client_ask(c, "Password (not shown; empty for an open network)", true, line,
                        sizeof line);
        size_t n = ok ? strlen(line) : 0;
        const char *fault = "A password has at most 64 octets.";
        if (n <= sizeof k->wifi.password.b) {
            memcpy(k->wifi.password.b, line, n);
            k->wifi.password.len = (uint8_t)n;
            fault = password_fault(&k->wifi, text, sizeof text);
        }
        if (ok && fault)
            out_hint("%s", fault);
        k->have_password = !fault;
        secret_wipe(line, sizeof line);
    }
    return ok;
}

bool credentials_ask(struct credentials *k, struct client *c)
{
    return (k->have_ssid || ask_ssid(k, c)) && (k->have_password || ask_password(k, c));
}
