/* The session with a device: what it is, the handshake, sealed messages. */
#include "espressif.h"
#include "protocomm_parts.h"

#include "common/out.h"
#include "common/secret.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool protocomm_failed(struct protocomm *p, const char *result, const char *format, ...)
{
    char text[512];
    va_list args;
    if (p->c->over)
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (out_is_json())
        out_event(OUT_BAD, "failed", out_fields("result:s", result), "%s", text);
    return client_fail(p->c, "%s", text);
}

/* ---- what is it? ---- */

static bool is_version(const struct protocomm *p, const char *wanted, const uint8_t *reply,
                       size_t len)
{
    return !strcasecmp(wanted, p->ver.ver) ||
           (strlen(wanted) == len && !strncasecmp(wanted, (const char *)reply, len));
}

/* ---- which security, and with what ---- */

static void warn(const char *text)
{
    out_event(OUT_WARN, "warning", NULL, "%s", text);
}

/* What a device tells of itself is not protected: it may not talk us into less than was meant. */
static bool accept_scheme(struct protocomm *p)
{
    const struct protocomm_login *l = p->login;
    if (p->ver.scheme > 2)
        return protocomm_failed(p, "UNKNOWN_SECURITY",
                                "the device wants security %u, which this version does not know",
                                p->ver.scheme);
    if (l->scheme >= 0 && l->scheme != p->ver.scheme)
        return protocomm_failed(
            p, "OTHER_SECURITY",
            "the device speaks security %u, and --sec-ver asks for %d: if it is "
            "the device that is meant, give --sec-ver %u",
            p->ver.scheme, l->scheme, p->ver.scheme);
    if (p->ver.scheme < 2 && l->username.given && l->scheme < 0)
        return protocomm_failed(p, "OTHER_SECURITY",
                                "a user name is for security 2, and the device speaks security %u: "
                                "is it the device that is meant?",
                                p->ver.scheme);
    if (p->ver.scheme == 0 && l->scheme != 0)
        return protocomm_failed(p, "NO_SECURITY",
                                "the device speaks security 0: nothing would protect the network's "
                                "secrets; --sec-ver 0 accepts that");
    if (p->ver.scheme == 0)
        warn("security 0: whoever listens reads the network's secrets");
    if (p->ver.scheme == 1 && p->ver.no_pop)
        warn(l->pop.given && l->pop.len
                 ? "the device takes no proof of possession: the one given proves nothing, and "
                   "another device may pose as it"
                 : "without a proof of possession another device may pose as this one");
    if (p->ver.scheme == 2 && p->ver.patch == 0)
        warn("the device's firmware is old: its security 2 uses one nonce for every message, which "
             "protects little against who listens; update it");
    return true;
}

bool protocomm_look(struct protocomm *p)
{
    static const uint8_t anything[] = "---";
    uint8_t reply[1024];
    char ver[4 * sizeof p->ver.ver];
    size_t len = 0;
    enum protocomm_sent how = p->way->exchange(p->c, "proto-ver", anything, sizeof anything - 1,
                                               reply, sizeof reply, &len);
    if (how != PROTOCOMM_ANSWERED)
        return protocomm_failed(p, "NO_VERSION", "the device does not say its version: %s",
                                p->way->why());
    if (troth_proto_ver_read(reply, len, &p->ver) != TROTH_OK)
        return protocomm_failed(p, "STRANGE_ANSWER",
                                "the device's version is not one that is understood; is this a "
                                "device to be provisioned?");
    out_printable((const uint8_t *)p->ver.ver, strlen(p->ver.ver), ver, sizeof ver);
    out_event(OUT_PLAIN, "version",
              out_fields("version:s security:u patch:u network:s", ver, (unsigned)p->ver.scheme,
                         (unsigned)p->ver.patch,
                         p->ver.kind == TROTH_NET_THREAD ? "thread" : "wifi"),
              "the device speaks %s with security %u, for %s", ver, p->ver.scheme,
              p->ver.kind == TROTH_NET_THREAD ? "Thread" : "Wi-Fi");
    if (p->login->ver && !is_version(p, p->login->ver, reply, len))
        return protocomm_failed(p, "OTHER_VERSION", "the device's version is \"%s\", not \"%s\"",
                                ver, p->login->ver);
    return accept_scheme(p);
}

static bool ask_secret(struct protocomm *p, struct protocomm_secret *s, const char *prompt,
                       bool hidden, const char *option)
{
    char line[PROTOCOMM_SECRET_MAX + 1];
    if (s->given)
        return true;
    if (!client_interactive())
        return protocomm_failed(p, "NOBODY_TO_ASK", "the device wants to know the %s: give %s",
                                prompt, option);
    if (!client_ask(p->c, prompt, hidden, line, sizeof line))
        return false;
    s->len = (uint16_t)strlen(line);
    memcpy(s->b, line, s->len);
    s->given = s->typed = true;
    secret_wipe(line, sizeof line);
    return true;
}

static bool ask_login(struct protocomm *p)
{
    struct protocomm_login *l = p->login;
    if (p->ver.scheme == 1 && !p->ver.no_pop)
        return ask_secret(p, &l->pop, "proof of possession", true, "--pop-file FILE (- is stdin)");
    if (p->ver.scheme != 2)
        return true;
    if (!ask_secret(p, &l->username, "user name of security 2", false, "--sec2-username NAME") ||
        !ask_secret(p, &l->password, "password of security 2", true,
                    "--sec2-password-file FILE (- is stdin)"))
        return false;
    return l->username.len || protocomm_failed(p, "NO_USER_NAME", "a user name may not be empty");
}

/* ---- the handshake ---- */

static int set_up(struct protocomm *p, uint8_t dialect)
{
    struct protocomm_login *l = p->login;
    struct troth_security_config cfg = {
        .scheme = p->ver.scheme,
        .random = runtime_random,
        .username = {l->username.b, l->username.len},
        .password = {l->password.b, l->password.len},
        .patch = p->ver.patch,
        .allow_patch_0 = true,
        .dialect = dialect,
    };
    if (!p->ver.no_pop)
        cfg.pop = (struct troth_piece){l->pop.b, l->pop.len};
    return troth_security_init(&p->security, &cfg, false);
}

static const char *secret_name(const struct protocomm *p)
{
    return p->ver.scheme == 1 ? "proof of possession" : "user name or the password";
}

static bool no_session(struct protocomm *p, enum protocomm_sent how, unsigned turn)
{
    if (how == PROTOCOMM_ANSWERED && p->security.fault == TROTH_SECURITY_STATUS)
        return protocomm_failed(p, "REFUSED", "the device refused the session: %s",
                                troth_protocomm_status_name(p->security.status));
    if (how == PROTOCOMM_ANSWERED)
        return protocomm_failed(p, troth_security_fault_name(p->security.fault), "%s",
                                troth_security_fault_words(p->security.fault));
    if (turn == 0 || p->ver.scheme == 0)
        return protocomm_failed(p, "NO_SESSION", "the device begins no session: %s", p->way->why());
    return protocomm_failed(p, "WRONG_PROOF",
                            "the device refused the %s (%s); it is on its label or in its manual",
                            secret_name(p), p->way->why());
}

/* One try. refused: the device did not take our proof. */
static bool shake_hands(struct protocomm *p, bool *refused, enum protocomm_sent *how,
                        unsigned *turn)
{
    uint8_t out[TROTH_SECURITY_HANDSHAKE], in[TROTH_SECURITY_HANDSHAKE];
    size_t len, got;
    int r = troth_security_hello(&p->security, out, sizeof out, &len);
    *how = PROTOCOMM_ANSWERED;
    for (*turn = 0; r == TROTH_OK && len; ++*turn) {
        *how = p->way->exchange(p->c, "prov-session", out, len, in, sizeof in, &got);
        if (*how != PROTOCOMM_ANSWERED) {
            *refused = *how == PROTOCOMM_REFUSED && *turn;
            return false;
        }
        r = troth_security_next(&p->security, in, got, out, sizeof out, &len);
    }
    return r == TROTH_OK;
}

static void forget(struct protocomm_secret *s)
{
    if (s->typed)
        secret_wipe(s, sizeof *s);
}

/* What a person typed may be typed again, in another session. */
static bool ask_again(struct protocomm *p)
{
    struct protocomm_login *l = p->login;
    if (!(p->ver.scheme == 1 ? l->pop.typed : l->username.typed || l->password.typed))
        return false;
    out_event(OUT_BAD, "refused", NULL, "the device refused the %s", secret_name(p));
    forget(&l->pop);
    forget(&l->username);
    forget(&l->password);
    troth_security_end(&p->security);
    return p->way->again(p->c) && ask_login(p);
}

bool protocomm_begin(struct protocomm *p)
{
    uint8_t dialect = 0, others = 0;
    enum protocomm_sent how;
    unsigned turn;
    if (!ask_login(p))
        return false;
    for (;;) {
        if (!dialect)
            out_event(OUT_PLAIN, "session", NULL, "beginning a session");
        bool refused = false;
        if (set_up(p, dialect) != TROTH_OK)
            return protocomm_failed(p, "BAD_LOGIN",
                                    "with this user name, password or patch level %u no session "
                                    "can be begun",
                                    p->ver.patch);
        if (shake_hands(p, &refused, &how, &turn))
            break;
        if (refused && !dialect)
            others = troth_security_dialects(&p->security);
        /* The next combination of the flags that may fit. */
        dialect = refused ? (uint8_t)((dialect - others) & others) : 0;
        if (!dialect && refused && ask_again(p))
            continue;
        if (!dialect)
            return no_session(p, how, turn);
        troth_security_end(&p->security);
        if (!p->way->again(p->c))
            return no_session(p, how, turn);
    }
    out_event(OUT_GOOD, "established", out_fields("security:u", (unsigned)p->ver.scheme),
              "the session is established, with security %u", p->ver.scheme);
    return true;
}

void protocomm_end(struct protocomm *p)
{
    troth_security_end(&p->security);
}

/* ---- messages ---- */

bool protocomm_send(struct protocomm *p, const char *endpoint, const uint8_t *in, size_t len,
                    uint8_t *out, size_t cap, size_t *out_len)
{
    static uint8_t sealed[PROTOCOMM_MAX + TROTH_SECURITY_OVERHEAD];
    static uint8_t reply[PROTOCOMM_MAX + TROTH_SECURITY_OVERHEAD];
    size_t n, most = (p->way->http ? PROTOCOMM_MAX : TROTH_VALUE_MAX) -
                     (p->ver.scheme == 2 ? TROTH_SECURITY_OVERHEAD : 0);
    if (len > most)
        return protocomm_failed(p, "TOO_LONG",
                                "that is too long: a message over %s has at most %zu octets",
                                p->way->http ? "HTTP" : "BLE", most);
    if (troth_security_seal(&p->security, in, len, sealed, &n) != TROTH_OK)
        return protocomm_failed(p, troth_security_fault_name(p->security.fault), "%s",
                                troth_security_fault_words(p->security.fault));
    enum protocomm_sent how = p->way->exchange(p->c, endpoint, sealed, n, reply, PROTOCOMM_MAX, &n);
    secret_wipe(sealed, sizeof sealed); /* security 0 seals nothing */
    if (how != PROTOCOMM_ANSWERED)
        return protocomm_failed(
            p, "REFUSED", "the device refused a request to %s: %s%s", endpoint, p->way->why(),
            !strcmp(endpoint, "prov-config") ? "; another client may have ended this session" : "");
    if (troth_security_open(&p->security, reply, n, reply, &n) != TROTH_OK)
        return protocomm_failed(p, troth_security_fault_name(p->security.fault), "%s",
                                troth_security_fault_words(p->security.fault));
    if (n > cap)
        return protocomm_failed(p, "STRANGE_ANSWER", "the device's answer is too long");
    memcpy(out, reply, n);
    *out_len = n;
    return true;
}

bool protocomm_ask(struct protocomm *p, const struct troth_protocomm_ask *ask,
                   struct troth_protocomm_answer *answer)
{
    uint8_t in[512], out[PROTOCOMM_MAX];
    size_t len;
    memset(answer, 0, sizeof *answer);
    int r = troth_protocomm_ask(ask, in, sizeof in, &len);
    if (r == TROTH_UNSUPPORTED)
        return protocomm_failed(
            p, "UNSUPPORTED",
            "such devices take passphrases of at most 63 characters, and no raw "
            "PSK");
    if (r != TROTH_OK)
        return protocomm_failed(p, "INVALID", "these credentials cannot work");
    bool sent =
        protocomm_send(p, troth_protocomm_op_endpoint(ask->op), in, len, out, sizeof out, &len);
    secret_wipe(in, sizeof in);
    if (!sent)
        return false;
    r = troth_protocomm_read(ask, out, len, answer);
    if (r == TROTH_INVALID)
        return protocomm_failed(p, "STRANGE_ANSWER",
                                "the device's answer from %s is not one of the protocol",
                                troth_protocomm_op_endpoint(ask->op));
    return r == TROTH_OK;
}
