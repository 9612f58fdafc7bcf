/* What the options of troth provision mean together. */
#include "http.h"
#include "provision.h"

#include "common/out.h"
#include "common/qr_read.h"
#include "common/secret.h"

#include <errno.h>
#include <string.h>
#include <troth/qr_payload.h>
#include <unistd.h>

struct provision_options provision_options = {
    .scheme = -1, .salt_len = 16, .wifi = {.security = TROTH_WIFI_AUTO}};

const struct cli_choice provision_schemes[] = {{"0", 0}, {"1", 1}, {"2", 2}, {NULL, 0}};
const struct cli_choice provision_formats[] = {
    {"c", FORMAT_C}, {"json", FORMAT_JSON}, {"binary", FORMAT_BINARY}, {NULL, 0}};

bool provision_parse_transport(void *target, const char *text, char *why, size_t cap)
{
    struct provision_options *o = target;
    if (!*text) {
        snprintf(why, cap, "it may not be empty");
        return false;
    }
    if (!strcmp(text, "ble")) {
        o->way = PROVISION_BLE;
    } else if (!strcmp(text, "softap") || !strcmp(text, "httpd")) {
        o->way = PROVISION_HTTP;
    } else if (!strcmp(text, "console")) {
        snprintf(why, cap, "the console is not spoken; ble and softap are");
        return false;
    } else {
        client_options.transport = text;
    }
    return true;
}

bool provision_parse_adapter(void *target, const char *text, char *why, size_t cap)
{
    struct provision_options *o = target;
    const char *digits = strncmp(text, "hci", 3) ? "" : text + 3;
    if (!*digits || strlen(digits) > 5 || strspn(digits, "0123456789") != strlen(digits)) {
        snprintf(why, cap, "an adapter of bluetoothd is named like hci0");
        return false;
    }
    snprintf(o->adapter, sizeof o->adapter, "bluez:%s", text);
    return true;
}

bool provision_parse_any(void *target, const char *text, char *why, size_t cap)
{
    (void)why;
    (void)cap;
    *(const char **)target = text;
    return true;
}

/* ---- what goes together ---- */

int provision_check(const struct cli *cli)
{
    struct provision_options *o = &provision_options;
    char why[256];
    if (o->reset + o->reprov + o->list > 1)
        return cli_misuse(cli, "of --reset, --reprov and --list only one can be given");
    if (*o->adapter && client_options.transport)
        return cli_misuse(cli, "--ble_adapter is --transport %s: only one can be given",
                          o->adapter);
    if (*o->adapter)
        client_options.transport = o->adapter;
    if ((o->custom_data && !*o->custom_data))
        o->custom_data = NULL;
    if (o->proto_ver && !*o->proto_ver)
        o->proto_ver = NULL;
    if (o->service_name && !*o->service_name)
        o->service_name = NULL;
    if (o->custom_data && o->custom_data_file)
        return cli_misuse(cli, "of --custom_data and --custom-data-file only one can be given");
    if (o->custom_data_file && strcmp(o->custom_data_file, "-") &&
        access(o->custom_data_file, R_OK))
        return cli_misuse(cli, "--custom-data-file %s: %s", o->custom_data_file, strerror(errno));
    if (!o->generate && (o->format || o->out))
        return cli_misuse(cli, "--cred-format and --cred-out go with --sec2-gen-cred");
    if (o->http && (o->way == PROVISION_BLE || (o->service_name && o->way == PROVISION_HTTP)))
        return cli_misuse(cli, "--http names the way to the device, and --transport another");
    if (o->http)
        o->way = PROVISION_HTTP;
    else if (o->way == PROVISION_HTTP)
        o->http = o->service_name ? o->service_name : "192.168.4.1:80";
    if (o->way == PROVISION_HTTP && !http_parse(o->http, why, sizeof why))
        return cli_misuse(cli, "%s: %s", o->http, why);
    return CLI_GO;
}

bool provision_wants_protocomm(void)
{
    const struct provision_options *o = &provision_options;
    return o->scheme >= 0 || o->qr || o->pop || o->pop_file || o->username || o->password ||
           o->password_file || o->proto_ver || o->custom_data || o->custom_data_file || o->reset ||
           o->reprov || o->list || o->service_name || o->way != PROVISION_UNSAID;
}

bool provision_wants_no_network(void)
{
    return provision_options.reset || provision_options.reprov || provision_options.list;
}

/* ---- secrets ---- */

void provision_warn(void)
{
    const struct provision_options *o = &provision_options;
    const struct {
        const char *given, *option, *instead;
    } secrets[] = {
        {o->pop, "--pop", "--pop-file"},
        {o->password, "--sec2_pwd", "--sec2-password-file"},
        {o->wifi.passphrase, "--passphrase", "--password-file"},
        {o->dataset, "--dataset_tlvs", "--dataset"},
        {o->custom_data, "--custom_data", "--custom-data-file"},
    };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (secrets[i].given && *secrets[i].given)
            out_event(OUT_WARN, "warning", out_fields("option:s", secrets[i].option),
                      "%s: others can read a command line; %s FILE keeps the secret (- is stdin)",
                      secrets[i].option, secrets[i].instead);
}

static int take(const struct cli *cli, struct protocomm_secret *s, const char *text,
                const char *option)
{
    size_t n = strlen(text);
    if (n > sizeof s->b)
        return cli_misuse(cli, "%s: at most %zu octets are taken", option, sizeof s->b);
    memcpy(s->b, text, n);
    s->len = (uint16_t)n;
    s->given = true;
    return CLI_GO;
}

static int take_file(const struct cli *cli, struct protocomm_secret *s, const char *file)
{
    char why[256];
    size_t n;
    if (!secret_read(file, s->b, sizeof s->b, &n, why, sizeof why))
        return cli_misuse(cli, "%s", why);
    s->len = (uint16_t)n;
    s->given = true;
    return CLI_GO;
}

static int take_either(const struct cli *cli, struct protocomm_secret *s, const char *text,
                       const char *file, const char *option)
{
    if (text && file)
        return cli_misuse(cli, "of %s and its file only one can be given", option);
    return text ? take(cli, s, text, option) : file ? take_file(cli, s, file) : CLI_GO;
}

/* The text of a code, or a picture with one. */
static bool read_qr(const char *path, struct troth_qr *q, char *why, size_t cap)
{
    static uint8_t text[TROTH_QR_URL_MAX];
    size_t n;
    if (qr_is_picture_file(path))
        return qr_read_payload(path, q, why, cap);
    if (!secret_read(path, text, sizeof text, &n, why, cap))
        return false;
    bool picture = qr_is_picture(text, n);
    enum troth_qr_fault fault = picture ? TROTH_QR_FOREIGN : troth_qr_parse(q, (char *)text, n);
    secret_wipe(text, sizeof text);
    if (fault)
        snprintf(why, cap, "--qr %s: %s", path,
                 picture ? "a picture is read from a file, not from stdin: name the file"
                         : troth_qr_fault_words(fault));
    return !fault;
}

/* What a code tells, options tell louder. */
static int take_qr(const struct cli *cli, struct protocomm_login *l, char *name, size_t cap)
{
    struct provision_options *o = &provision_options;
    struct troth_qr q;
    char why[512];
    if (!read_qr(o->qr, &q, why, sizeof why))
        return cli_misuse(cli, "%s", why);
    snprintf(name, cap, "%s", q.name);
    o->qr_kind = q.network;
    if (q.security != TROTH_QR_SECURITY_UNSET && o->scheme < 0)
        o->scheme = q.security;
    if (*q.username && !l->username.given)
        take(cli, &l->username, q.username, "--qr");
    if (q.has_pop && !l->pop.given)
        take(cli, &l->pop, q.pop, "--qr");
    if (q.has_pop && !l->password.given)
        take(cli, &l->password, q.pop, "--qr");
    if (o->way == PROVISION_UNSAID && q.transport == TROTH_QR_SOFTAP) {
        o->way = PROVISION_HTTP;
        o->http = "192.168.4.1:80";
        http_parse(o->http, why, sizeof why);
    }
    secret_wipe(&q, sizeof q);
    return CLI_GO;
}

int provision_login(const struct cli *cli, struct protocomm_login *l, char *name, size_t cap)
{
    const struct provision_options *o = &provision_options;
    memset(l, 0, sizeof *l);
    *name = 0;
    l->ver = o->proto_ver;
    int status = take_either(cli, &l->pop, o->pop, o->pop_file, "--pop");
    if (status == CLI_GO && o->username && *o->username)
        status = take(cli, &l->username, o->username, "--sec2-username");
    if (status == CLI_GO)
        status = take_either(cli, &l->password, o->password, o->password_file, "--sec2_pwd");
    if (status == CLI_GO && o->qr)
        status = take_qr(cli, l, name, cap);
    l->scheme = o->scheme;
    return status;
}
