/*
 * troth provision: what its commands share. Options in our own spellings and in those of esp_prov,
 * which docs/ESP_PROV.md lists beside each other.
 */
#ifndef TROTH_TOOLS_PROVISION_H
#define TROTH_TOOLS_PROVISION_H

#include "credentials.h"
#include "espressif.h"

enum provision_way { PROVISION_UNSAID = 0, PROVISION_BLE, PROVISION_HTTP };

struct provision_options {
    int way; /* enum provision_way */
    const char *http, *service_name;
    char adapter[16]; /* "bluez:hci0"; empty: not said */
    int scheme; /* -1: what the device says */
    const char *proto_ver, *qr;
    uint8_t qr_kind; /* enum troth_net_kind; 0: the code does not say */
    const char *pop, *pop_file, *username, *password, *password_file;
    const char *custom_data, *custom_data_file;
    bool reset, reprov, list;
    /* Wi-Fi */
    struct credentials_options wifi;
    /* Thread */
    const char *dataset, *dataset_file, *network, *network_key_file;
    /* credentials of security 2 for a device */
    bool generate;
    unsigned salt_len;
    int format;
    const char *out;
};
extern struct provision_options provision_options;

extern const struct cli_choice provision_schemes[], provision_formats[];
enum provision_format { FORMAT_UNSAID, FORMAT_C, FORMAT_JSON, FORMAT_BINARY };

bool provision_parse_transport(void *target, const char *text, char *why, size_t cap);
/* As the transport bluez:hciN: esp_prov's Bluetooth is bluetoothd. */
bool provision_parse_adapter(void *target, const char *text, char *why, size_t cap);
bool provision_parse_any(void *target, const char *text, char *why, size_t cap);

/* ---- option tables ---- */

#define PROVISION_HIDDEN(word, where)                                                              \
    {                                                                                              \
        .name = word, .kind = CLI_PARSE, .parse = provision_parse_any, .target = &(where),         \
        .argument = "TEXT"                                                                         \
    }

/* Before CLIENT_OPTIONS, whose --transport names a controller only. */
#define PROVISION_SESSION_OPTIONS                                                                  \
    {.name = "http",                                                                               \
     .kind = CLI_TEXT,                                                                             \
     .target = &provision_options.http,                                                            \
     .argument = "HOST[:PORT]",                                                                    \
     .help = "the device is on an IP network, often its own"},                                     \
        {.name = "qr",                                                                             \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.qr,                                                          \
         .argument = "FILE",                                                                       \
         .help = "the device's QR code, a picture or its text: its name,\nnetwork and secrets"},                        \
        {.name = "sec-ver",                                                                        \
         .kind = CLI_CHOICE,                                                                       \
         .target = &provision_options.scheme,                                                      \
         .choices = provision_schemes,                                                             \
         .help = "take this security only (default: 1 or 2, as the\ndevice says)"},                \
        {.name = "pop-file",                                                                       \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.pop_file,                                                    \
         .argument = "FILE",                                                                       \
         .help = "security 1: its first line is the proof of\npossession; - is stdin"},            \
        {.name = "sec2-username",                                                                  \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.username,                                                    \
         .argument = "NAME",                                                                       \
         .help = "security 2: the user name"},                                                     \
        {.name = "sec2-password-file",                                                             \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.password_file,                                               \
         .argument = "FILE",                                                                       \
         .help = "security 2: its first line is the password; - is stdin"},                        \
        {.name = "proto-ver",                                                                      \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.proto_ver,                                                   \
         .argument = "TEXT",                                                                       \
         .help = "take a device of this version only"},                                            \
        {.name = "custom-data-file",                                                               \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.custom_data_file,                                            \
         .argument = "FILE",                                                                       \
         .help = "first send this file to the endpoint custom-data"},                              \
        {.name = "list",                                                                           \
         .kind = CLI_FLAG,                                                                         \
         .target = &provision_options.list,                                                        \
         .help = "only list the networks that the device sees"},                                   \
        {.name = "reset",                                                                          \
         .kind = CLI_FLAG,                                                                         \
         .target = &provision_options.reset,                                                       \
         .help = "only let the device forget a network that failed"},                              \
        {.name = "reprov",                                                                         \
         .kind = CLI_FLAG,                                                                         \
         .target = &provision_options.reprov,                                                      \
         .help = "only let the device leave its network"},                                         \
        {.name = "sec2-gen-cred",                                                                  \
         .kind = CLI_FLAG,                                                                         \
         .target = &provision_options.generate,                                                    \
         .help = "only make salt and verifier of security 2 for a\ndevice's firmware"},            \
        {.name = "sec2-salt-len",                                                                  \
         .kind = CLI_NUMBER,                                                                       \
         .target = &provision_options.salt_len,                                                    \
         .argument = "OCTETS",                                                                     \
         .help = "... with a salt of this length (16)",                                            \
         .min = 1,                                                                                 \
         .max = TROTH_SECURITY_SALT_MAX},                                                          \
        {.name = "cred-format",                                                                    \
         .kind = CLI_CHOICE,                                                                       \
         .target = &provision_options.format,                                                      \
         .choices = provision_formats,                                                             \
         .help = "... as C arrays, JSON, or files of octets"},                                     \
        {.name = "cred-out",                                                                       \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.out,                                                         \
         .argument = "FILE",                                                                       \
         .help =                                                                                   \
             "... there; binary: into FILE.salt and FILE.verifier"}, /* esp_prov's spellings */    \
        {.name = "transport",                                                                      \
         .letter = 't',                                                                            \
         .kind = CLI_PARSE,                                                                        \
         .parse = provision_parse_transport,                                                       \
         .target = &provision_options,                                                             \
         .argument = "WHERE"},                                                                     \
        PROVISION_HIDDEN("service_name", provision_options.service_name),                          \
        {.name = "ble_adapter",                                                                    \
         .kind = CLI_PARSE,                                                                        \
         .parse = provision_parse_adapter,                                                         \
         .target = &provision_options,                                                             \
         .argument = "NAME"},                                                                      \
        {.name = "sec_ver",                                                                        \
         .kind = CLI_CHOICE,                                                                       \
         .target = &provision_options.scheme,                                                      \
         .choices = provision_schemes},                                                            \
        PROVISION_HIDDEN("pop", provision_options.pop),                                            \
        PROVISION_HIDDEN("sec2_username", provision_options.username),                             \
        PROVISION_HIDDEN("sec2_pwd", provision_options.password),                                  \
        {.name = "sec2_gen_cred", .kind = CLI_FLAG, .target = &provision_options.generate},        \
        {.name = "sec2_salt_len",                                                                  \
         .kind = CLI_NUMBER,                                                                       \
         .target = &provision_options.salt_len,                                                    \
         .argument = "OCTETS",                                                                     \
         .min = 1,                                                                                 \
         .max = TROTH_SECURITY_SALT_MAX},                                                          \
        PROVISION_HIDDEN("proto_ver", provision_options.proto_ver),                                \
        PROVISION_HIDDEN("custom_data", provision_options.custom_data),                            \
        PROVISION_HIDDEN("passphrase", provision_options.wifi.passphrase),                         \
    {                                                                                              \
        .name = "dataset_tlvs", .kind = CLI_PARSE, .parse = provision_parse_any,                   \
        .target = &provision_options.dataset, .argument = "HEX"                                    \
    }

#define PROVISION_WIFI_OPTIONS                                                                     \
    {.name = "ssid",                                                                               \
     .kind = CLI_TEXT,                                                                             \
     .target = &provision_options.wifi.ssid,                                                       \
     .argument = "NAME",                                                                           \
     .help = "the network's name"},                                                                \
        {.name = "ssid-hex",                                                                       \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.wifi.ssid_hex,                                               \
         .argument = "HEX",                                                                        \
         .help = "... as octets, when it is not text"},                                            \
        {.name = "password-file",                                                                  \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.wifi.password_file,                                          \
         .argument = "FILE",                                                                       \
         .help = "its first line is the password"},                                                \
        {.name = "password",                                                                       \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.wifi.password,                                               \
         .argument = "-",                                                                          \
         .help = "the password is the first line of stdin"},                                       \
    {                                                                                              \
        .name = "security", .kind = CLI_CHOICE, .target = &provision_options.wifi.security,        \
        .choices = cli_wifi_securities, .help = "how the network is protected (default: auto)"     \
    }

#define PROVISION_THREAD_OPTIONS                                                                   \
    {.name = "dataset",                                                                            \
     .kind = CLI_TEXT,                                                                             \
     .target = &provision_options.dataset_file,                                                    \
     .argument = "FILE",                                                                           \
     .help = "its first line is the network's operational dataset, in\nhexadecimal; - is stdin"},  \
        {.name = "network",                                                                        \
         .kind = CLI_TEXT,                                                                         \
         .target = &provision_options.network,                                                     \
         .argument = "NAME",                                                                       \
         .help = "the network of this name or extended PAN ID among\nthose that the device sees"}, \
    {                                                                                              \
        .name = "network-key-file", .kind = CLI_TEXT,                                              \
        .target = &provision_options.network_key_file, .argument = "FILE",                         \
        .help = "... its first line is that network's key, 32\nhexadecimal digits; - is stdin"     \
    }

/* ---- what the options mean ---- */

/* What is given twice, and what asks for the impossible. CLI_GO or CLI_MISUSE. */
int provision_check(const struct cli *cli);
/* The QR code and the secrets of the session. name: the device's, when a code tells it. */
int provision_login(const struct cli *cli, struct protocomm_login *login, char *name, size_t cap);
/* Secrets on the command line: says that others read them there. */
void provision_warn(void);
/* Something only a device of Espressif's protocol understands was asked for. */
bool provision_wants_protocomm(void);
/* There is no network to be told: a list, a reset. */
bool provision_wants_no_network(void);
/* Generates credentials instead of provisioning. The exit status. */
int provision_generate(const struct cli *cli, struct protocomm_login *login);

/* ---- the network ---- */

struct provision_network {
    struct credentials wifi; /* wipe */
    bool have_dataset, have_key, have_picked;
    struct troth_scan_result picked; /* by a person, or by its name */
    struct troth_thread dataset;
    uint8_t network_key[16];
};
/* What the options give for this kind; 0: for both. CLI_GO or CLI_MISUSE. */
int provision_network(const struct cli *cli, uint8_t kind, struct provision_network *n);
/* The dataset, by the options or by scan, pick and key; the key alone for what is picked. */
bool thread_dataset(struct protocomm *p, struct provision_network *n);

/*
 * The whole, with a device that speaks Espressif's protocol. kind 0: what the device is for.
 * over_ble: secrets may need the link's own protection.
 */
bool provision_by_protocomm(struct client *c, const struct protocomm_way *way,
                            struct protocomm_login *login, uint8_t kind,
                            struct provision_network *n);

#endif
