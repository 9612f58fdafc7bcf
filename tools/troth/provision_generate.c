/* Salt and verifier of security 2, for the firmware of a device. */
#include "provision.h"

#include "common/files.h"
#include "common/out.h"
#include "common/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct made {
    uint8_t salt[TROTH_SECURITY_SALT_MAX], verifier[TROTH_BIG];
    size_t salt_len;
};

/* ---- as text ---- */

static void put_array(FILE *to, const char *name, const uint8_t *b, size_t len)
{
    fprintf(to, "static const char %s[] = {", name);
    for (size_t i = 0; i < len; i++)
        fprintf(to, "%s0x%02x%s", i % 16 ? " " : "\n    ", b[i], i + 1 < len ? "," : "");
    fprintf(to, "\n};\n");
}

static void put_hex(FILE *to, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fprintf(to, "%02x", b[i]);
}

static void put(FILE *to, const struct made *m, bool json)
{
    if (json) {
        fprintf(to, "{\"salt\":\"");
        put_hex(to, m->salt, m->salt_len);
        fprintf(to, "\",\"verifier\":\"");
        put_hex(to, m->verifier, sizeof m->verifier);
        fprintf(to, "\"}\n");
        return;
    }
    fprintf(to, "/* For a device of security 2 (SRP-6a). */\n");
    put_array(to, "sec2_salt", m->salt, m->salt_len);
    fprintf(to, "\n");
    put_array(to, "sec2_verifier", m->verifier, sizeof m->verifier);
}

/* ---- where ---- */

static bool put_file(const char *name, const char *end, const void *b, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", name, end);
    if (files_put(path, b, len, false, true))
        return true;
    out_error("%s cannot be written: %s", path, strerror(errno));
    return false;
}

static bool save(const struct made *m, int format)
{
    const char *out = provision_options.out;
    char *text = NULL;
    size_t len = 0;
    if (format == FORMAT_BINARY)
        return put_file(out, ".salt", m->salt, m->salt_len) &&
               put_file(out, ".verifier", m->verifier, sizeof m->verifier);
    if (!out) {
        put(stdout, m, format == FORMAT_JSON);
        return true;
    }
    FILE *memory = open_memstream(&text, &len);
    if (!memory)
        return false;
    put(memory, m, format == FORMAT_JSON);
    bool ok = fclose(memory) == 0 && put_file(out, "", text, len);
    free(text);
    return ok;
}

/* ---- the whole ---- */

/* A first octet of zero is one that clients treat differently. */
static bool make_salt(struct made *m)
{
    m->salt_len = provision_options.salt_len;
    do {
        if (getrandom(m->salt, m->salt_len, 0) != (ssize_t)m->salt_len)
            return false;
    } while (!m->salt[0]);
    return true;
}

static int ask(const struct cli *cli, struct protocomm_secret *s, const char *prompt,
               const char *option)
{
    char why[256];
    size_t n;
    if (s->given)
        return CLI_GO;
    if (!client_interactive())
        return cli_misuse(cli, "there is no terminal to ask at: give %s", option);
    if (!secret_prompt(prompt, s->b, sizeof s->b, &n, why, sizeof why))
        return cli_misuse(cli, "%s", why);
    s->len = (uint16_t)n;
    return CLI_GO;
}

static bool is_ascii(const struct protocomm_secret *s)
{
    for (size_t i = 0; i < s->len; i++)
        if (s->b[i] >= 0x80)
            return false;
    return true;
}

int provision_generate(const struct cli *cli, struct protocomm_login *l)
{
    static struct made m;
    int format = provision_options.format;
    if (provision_options.scheme >= 0 && provision_options.scheme != 2)
        return cli_misuse(cli, "--sec2-gen-cred is for security 2");
    if (!format)
        format = client_options.json ? FORMAT_JSON : FORMAT_C;
    if (format == FORMAT_BINARY && !provision_options.out)
        return cli_misuse(cli, "--cred-format binary needs --cred-out FILE");
    if (!l->username.given || !l->username.len)
        return cli_misuse(cli, "--sec2-gen-cred needs --sec2-username NAME");
    if (!is_ascii(&l->username))
        return cli_misuse(cli, "--sec2-username: clients agree on ASCII only");
    int status =
        ask(cli, &l->password, "Password for security 2", "--sec2-password-file FILE (- is stdin)");
    if (status != CLI_GO)
        return status;
    out_init(cli->program, false, stderr);
    provision_warn();
    const struct troth_piece username = {l->username.b, l->username.len};
    const struct troth_piece password = {l->password.b, l->password.len};
    if (!l->password.len)
        return cli_misuse(cli, "a password may not be empty");
    bool ok = make_salt(&m);
    const struct troth_piece salt = {m.salt, m.salt_len};
    int r = ok ? troth_security_credentials(&username, &password, &salt, m.verifier) : TROTH_FAILED;
    if (r == TROTH_UNSUPPORTED)
        out_error("choose another password: with this user name its hash begins with a zero octet, "
                  "which some of the clients in use drop and others keep, so that some would "
                  "be turned away (one password in 256 is so)");
    else if (r != TROTH_OK)
        out_error("no credentials could be made: %s", troth_result_words(r));
    ok = r == TROTH_OK && save(&m, format);
    secret_wipe(&m, sizeof m);
    return ok ? CLI_DONE : CLI_FAILED;
}
