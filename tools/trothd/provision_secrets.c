/* What proves a client: a proof of possession, or salt and verifier. */
#include "trothd.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/wipe.h"
#include "common/secret.h"

#define FILE_MAX 8192
#define SALT_LEN 16
#define FILE_SHAPES                                                                                \
    "{\"salt\": \"HEX\", \"verifier\": \"HEX\"}, two C arrays of these names, or for X the files " \
    "X.salt and X.verifier"

/* ---- salt and verifier from a file ---- */

static bool read_file(const char *path, char *text, size_t cap)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = fread(text, 1, cap - 1, f);
    bool ok = !ferror(f) && feof(f);
    if (!ok && !errno)
        errno = EFBIG;
    fclose(f);
    text[n] = 0;
    return ok;
}

static bool digits(const char *two, uint8_t *octet)
{
    if (!isxdigit((unsigned char)two[0]) || !isxdigit((unsigned char)two[1]))
        return false;
    char pair[3] = {two[0], two[1], 0};
    *octet = (uint8_t)strtoul(pair, NULL, 16);
    return true;
}

static bool from_json(const cJSON *root, const char *name, uint8_t *out, size_t cap, size_t *len)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));
    size_t n = text ? strlen(text) : 0;
    if (!n || n % 2 || n / 2 > cap)
        return false;
    for (*len = 0; *len < n / 2; (*len)++)
        if (!digits(text + 2 * *len, &out[*len]))
            return false;
    return true;
}

/* `static const char sec2_salt[] = { 0x1f, ... };` */
static bool from_array(const char *text, const char *name, uint8_t *out, size_t cap, size_t *len)
{
    const size_t n = strlen(name);
    const char *p = strstr(text, name), *end;
    while (p && p[n] != '[') /* a word of a comment or a heading */
        p = strstr(p + n, name);
    p = p ? strchr(p, '{') : NULL;
    end = p ? strchr(p, '}') : NULL;
    *len = 0;
    while (end && (p = strstr(p, "0x")) && p < end) {
        if (*len == cap || !digits(p + 2, &out[*len]) || isxdigit((unsigned char)p[4]))
            return false;
        (*len)++;
        p += 4;
    }
    return end && *len;
}

/* What troth provision --sec2-gen-cred --cred-format binary --cred-out X writes: X.salt, X.verifier */
static bool from_binary(const char *path, const char *end, uint8_t *out, size_t cap, size_t *len)
{
    char name[4096];
    bool ok = (size_t)snprintf(name, sizeof name, "%s%s", path, end) < sizeof name;
    FILE *f = ok ? fopen(name, "re") : NULL;
    if (!f)
        return false;
    *len = fread(out, 1, cap, f);
    ok = *len && !ferror(f) && fgetc(f) == EOF;
    fclose(f);
    if (!ok)
        errno = EINVAL;
    return ok;
}

static bool is_there(const char *path, const char *end)
{
    char name[4096];
    return (size_t)snprintf(name, sizeof name, "%s%s", path, end) < sizeof name &&
           !access(name, F_OK);
}

static bool read_binary(struct provision_secrets *s, const char *path, char *why, size_t cap)
{
    if (from_binary(path, ".salt", s->salt, sizeof s->salt, &s->salt_len) &&
        from_binary(path, ".verifier", s->verifier, sizeof s->verifier, &s->verifier_len))
        return true;
    snprintf(why, cap,
             "cannot take salt and verifier from %s.salt and %s.verifier: %s (1 to %zu and 1 to "
             "%zu octets are expected)",
             path, path, strerror(errno), sizeof s->salt, sizeof s->verifier);
    return false;
}

static bool parse_file(struct provision_secrets *s, const char *text)
{
    if (text[strspn(text, " \t\r\n")] != '{')
        return from_array(text, "salt", s->salt, sizeof s->salt, &s->salt_len) &&
               from_array(text, "verifier", s->verifier, sizeof s->verifier, &s->verifier_len);
    cJSON *root = cJSON_Parse(text);
    bool ok = root && from_json(root, "salt", s->salt, sizeof s->salt, &s->salt_len) &&
              from_json(root, "verifier", s->verifier, sizeof s->verifier, &s->verifier_len);
    cJSON_Delete(root);
    return ok;
}

static bool read_verifier(struct provision_secrets *s, const char *path, char *why, size_t cap)
{
    char text[FILE_MAX];
    errno = 0;
    bool ok = read_file(path, text, sizeof text);
    if (!ok && errno == ENOENT && (is_there(path, ".salt") || is_there(path, ".verifier")))
        ok = read_binary(s, path, why, cap);
    else if (!ok)
        snprintf(why, cap, "cannot read salt and verifier from %s: %s", path, strerror(errno));
    else if (!(ok = parse_file(s, text)))
        snprintf(why, cap, "%s holds no salt and verifier: " FILE_SHAPES " are expected", path);
    wipe(text, sizeof text);
    if (ok && s->salt[0] == 0) {
        snprintf(why, cap,
                 "the salt in %s begins with a zero, which some clients drop: make another", path);
        return false;
    }
    return ok;
}

/* ---- made at start ---- */

/* The label's secrets, against a verifier from a file: a label of another device is noticed. */
static bool is_of_label(const struct provision_secrets *s, const struct troth_qr *l)
{
    uint8_t made[TROTH_BIG], padded[TROTH_BIG] = {0};
    struct troth_piece user = {l->username, strlen(l->username)},
                       password = {l->pop, strlen(l->pop)}, salt = {s->salt, s->salt_len};
    memcpy(padded + sizeof padded - s->verifier_len, s->verifier, s->verifier_len);
    bool same = troth_security_credentials(&user, &password, &salt, made) == TROTH_OK &&
                !memcmp(made, padded, sizeof made);
    wipe(made, sizeof made);
    wipe(padded, sizeof padded);
    return same;
}

static bool make_verifier(struct provision_secrets *s, const struct provision_options *o, char *why,
                          size_t cap)
{
    const char *name = *o->label.username ? o->label.username : o->sec2_user;
    size_t len = strlen(o->label.pop);
    if (*o->label.username)
        memcpy(s->password, o->label.pop, len);
    else if (!secret_read(o->sec2_password_file, (uint8_t *)s->password, sizeof s->password - 1,
                          &len, why, cap))
        return false;
    do {
        runtime_random(NULL, s->salt, SALT_LEN);
    } while (s->salt[0] == 0);
    s->salt_len = SALT_LEN;
    s->verifier_len = sizeof s->verifier;
    struct troth_piece user = {name, strlen(name)}, password = {s->password, len},
                       salt = {s->salt, SALT_LEN};
    int result = troth_security_credentials(&user, &password, &salt, s->verifier);
    if (result == TROTH_UNSUPPORTED)
        snprintf(why, cap,
                 "clients in use disagree on this password (the hash of user name and "
                 "password begins with a zero): choose another");
    else if (result != TROTH_OK)
        snprintf(why, cap, "user name and password must have 1 to %d octets",
                 TROTH_SECURITY_NAME_MAX);
    return result == TROTH_OK;
}

bool provision_secrets_read(struct provision_secrets *s, const struct provision_options *o,
                            char *why, size_t cap)
{
    const struct troth_qr *label = &o->label;
    if (o->label_file)
        label_look_after(o->label_file);
    switch (o->sec_ver) {
    case 2:
        if (!o->sec2_file)
            return make_verifier(s, o, why, cap);
        if (!read_verifier(s, o->sec2_file, why, cap))
            return false;
        if (*label->username && label->has_pop && !is_of_label(s, label)) {
            snprintf(why, cap,
                     "salt and verifier in %s are not of the user name and password on the label "
                     "%s: make them again with troth provision --sec2-gen-cred",
                     o->sec2_file, o->label_file);
            return false;
        }
        memcpy(s->password, label->pop, sizeof label->pop);
        return true;
    case 1:
        if (label->has_pop) {
            s->pop_len = strlen(label->pop);
            memcpy(s->pop, label->pop, s->pop_len);
            return true;
        }
        if (o->pop_file)
            return secret_read(o->pop_file, s->pop, sizeof s->pop, &s->pop_len, why, cap);
        s->pop_len = o->pop ? strlen(o->pop) : 0;
        if (s->pop_len > sizeof s->pop) {
            snprintf(why, cap, "a proof of possession has at most %zu octets", sizeof s->pop);
            return false;
        }
        if (s->pop_len)
            memcpy(s->pop, o->pop, s->pop_len);
        break;
    }
    return true;
}
