/* What proves a client: a proof of possession, or salt and verifier. */
#include "trothd.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/wipe.h"
#include "common/secret.h"

#define FILE_MAX    8192
#define SALT_LEN    16
#define FILE_SHAPES "{\"salt\": \"HEX\", \"verifier\": \"HEX\"}, or two C arrays of these names"

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
    if (!ok)
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

static bool make_verifier(struct provision_secrets *s, const struct provision_options *o, char *why,
                          size_t cap)
{
    size_t len = 0;
    if (!secret_read(o->sec2_password_file, (uint8_t *)s->password, sizeof s->password - 1, &len,
                     why, cap))
        return false;
    do {
        runtime_random(NULL, s->salt, SALT_LEN);
    } while (s->salt[0] == 0);
    s->salt_len = SALT_LEN;
    s->verifier_len = sizeof s->verifier;
    struct troth_piece user = {o->sec2_user, strlen(o->sec2_user)}, password = {s->password, len},
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
    switch (o->sec_ver) {
    case 2:
        return o->sec2_file ? read_verifier(s, o->sec2_file, why, cap)
                            : make_verifier(s, o, why, cap);
    case 1:
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
