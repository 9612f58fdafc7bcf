/* The network a person wants a device on: from options, files, stdin or prompts, and checked. */
#ifndef TROTH_TOOLS_CREDENTIALS_H
#define TROTH_TOOLS_CREDENTIALS_H

#include "client.h"

#include <troth/net.h>

struct credentials_options {
    const char *ssid, *ssid_hex, *password, *password_file;
    const char *passphrase; /* on the command line, as esp_prov takes it; empty: open */
    int security;           /* enum troth_wifi_security */
};

struct credentials {
    struct troth_wifi wifi; /* a secret: wipe */
    bool have_ssid, have_password;
};

/*
 * What the options give, before any radio. CLI_GO, or CLI_MISUSE with its sentence said: also when
 * something is missing and nobody is there to ask.
 */
int credentials_read(struct credentials *k, const struct cli *cli,
                     const struct credentials_options *o);
/* Asks for what is missing until it can work. */
bool credentials_ask(struct credentials *k, struct client *c);

#endif
