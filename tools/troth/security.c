/* What a command does about the protection of its link: who answers, what is allowed, what is said. */
#include "client.h"
#include "notes.h"

#include "common/out.h"
#include "common/secret.h"
#include "common/words_pairing.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PAIR_MS    120000 /* people type; the protocol's own timer is shorter on every step */
#define ENCRYPT_MS 35000  /* longer than the 30 s after which a pairing gives itself up */

/* ---- what is possible here ---- */

static bool somebody(void)
{
    return client_options.agent_given ? client_options.agent_kind != AGENT_NONE
                                      : agent_have_terminal();
}

static bool says_yes_or_no(void)
{
    return client_options.compare || client_options.yes || client_options.no;
}

static const char *impossible(int io_cap)
{
    bool types = somebody() || client_options.passkey;
    bool compares = somebody() || says_yes_or_no();
    switch (io_cap) {
    case TROTH_KEYBOARD_ONLY:
    case TROTH_KEYBOARD_DISPLAY:
        return types ? NULL
                     : "nobody can type a passkey here: run at a terminal, or give "
                       "--passkey FILE (or --passkey -)";
    case TROTH_DISPLAY_YES_NO:
        return compares ? NULL
                        : "nobody can compare numbers here: run at a terminal, or give "
                          "--compare FILE (or --compare -), --no or --yes";
    case TROTH_DISPLAY_ONLY:
        return somebody() ? NULL
                          : "nobody would see the passkey here: run at a terminal, or give "
                            "--agent unix:PATH";
    default:
        return NULL;
    }
}

static uint8_t at_hand(void)
{
    if (somebody())
        return TROTH_KEYBOARD_DISPLAY;
    if (client_options.passkey)
        return TROTH_KEYBOARD_ONLY;
    if (says_yes_or_no())
        return TROTH_DISPLAY_YES_NO;
    return TROTH_NO_INPUT_NO_OUTPUT;
}

int security_check(struct client *c)
{
    const struct client_options *o = &client_options;
    if (o->allow_plaintext && o->policy.require_mitm)
        return cli_misuse(c->cli, "--allow-plaintext and --require-mitm contradict each other");
    if (o->policy.legacy_only && (!o->allow_legacy || o->policy.sc_only))
        return cli_misuse(c->cli, "--insecure-legacy-only goes with --allow-legacy, and not with "
                                  "--sc-only: nothing else could be paired with");
    if (o->policy.sc_only && o->allow_legacy)
        return cli_misuse(c->cli, "--sc-only and --allow-legacy contradict each other");
    if (o->yes + o->no + !!o->compare > 1)
        return cli_misuse(c->cli, "of --compare, --yes and --no only one can hold");
    client_options.agent_given = o->agent;
    if (o->agent && !agent_parse(o->agent, &client_options.agent_kind, &client_options.agent_path))
        return cli_misuse(
            c->cli, "--agent %s: write it like unix:/run/user/1000/agent; or one of " AGENT_WORDS,
            o->agent);
    if (o->passkey && strcmp(o->passkey, "-") && access(o->passkey, R_OK))
        return cli_misuse(c->cli,
                          "--passkey %s: this file cannot be read; the option takes a file or -, "
                          "not the digits, which others could see",
                          o->passkey);
    if (o->compare && strcmp(o->compare, "-") && access(o->compare, R_OK))
        return cli_misuse(c->cli,
                          "--compare %s: this file cannot be read; the option takes a file "
                          "or -",
                          o->compare);
    if (o->io_cap >= 0) {
        const char *why = impossible(o->io_cap);
        if (why)
            return cli_misuse(c->cli, "--io-cap %s: %s", pairing_io_cap_words((uint8_t)o->io_cap),
                              why);
        c->io_cap = (uint8_t)o->io_cap;
    } else {
        c->io_cap = at_hand();
    }
    bool oob = o->oob || o->oob_out || o->oob_made;
    if (o->policy.require_mitm && !oob && c->io_cap == TROTH_NO_INPUT_NO_OUTPUT)
        return cli_misuse(c->cli,
                          "--require-mitm needs somebody to type or to compare: run at a "
                          "terminal, or give --passkey FILE or --compare FILE (- is stdin), or "
                          "--oob FILE");
    return oob_check(c);
}

void security_policy(const struct client *c, struct troth_policy *policy)
{
    const struct client_options *o = &client_options;
    static const struct troth_features usual = TROTH_FEATURES_DEFAULT;
    memset(policy, 0, sizeof *policy);
    policy->features = usual;
    policy->features.io_cap = c->io_cap;
    if (c->io_cap != TROTH_NO_INPUT_NO_OUTPUT)
        policy->features.auth_req |= TROTH_AUTH_MITM;
    policy->sc_only = !o->allow_legacy;
    policy_apply(&o->policy, policy);
    oob_policy(c, policy);
}

/* ---- questions ---- */

static bool refuse(struct client *c, const struct troth_ask *ask, uint8_t reason)
{
    struct troth_answer no = {.ok = false, .reason = reason};
    c->way->answer(c, ask->id, &no);
    return true;
}

static bool accept(struct client *c, const struct troth_ask *ask)
{
    struct troth_answer yes = {.ok = true};
    c->way->answer(c, ask->id, &yes);
    return true;
}

/* Nobody answers: the default, a no, holds. */
static bool nobody(struct client *c, const char *what)
{
    client_fail(c, "%s", what);
    return false;
}

static bool type_from_file(struct client *c, const struct troth_ask *ask)
{
    uint8_t line[64];
    char why[256];
    size_t len = 0;
    int32_t passkey = -1;
    if (!secret_read(client_options.passkey, line, sizeof line - 1, &len, why, sizeof why)) {
        client_fail(c, "%s", why);
    } else {
        line[len] = 0;
        passkey = agent_passkey((const char *)line);
        if (passkey < 0)
            client_fail(c, "--passkey %s: its first line is no passkey, which is six digits",
                        client_options.passkey);
    }
    secret_wipe(line, sizeof line);
    if (passkey < 0)
        return refuse(c, ask, TROTH_SMP_PASSKEY_ENTRY_FAILED);
    struct troth_answer typed = {.ok = true, .u.passkey = (uint32_t)passkey};
    c->way->answer(c, ask->id, &typed);
    secret_wipe(&typed, sizeof typed);
    return true;
}

static bool compare_from_file(struct client *c, const struct troth_ask *ask)
{
    uint8_t line[64];
    char why[256];
    size_t len = 0;
    bool yes = false;
    if (!secret_read(client_options.compare, line, sizeof line - 1, &len, why, sizeof why)) {
        client_fail(c, "%s", why);
    } else {
        line[len] = 0;
        yes = !strcasecmp((const char *)line, "yes");
        if (!yes && strcasecmp((const char *)line, "no"))
            client_fail(c, "--compare %s: its first line is neither yes nor no",
                        client_options.compare);
    }
    return yes ? accept(c, ask) : refuse(c, ask, 0);
}

static bool ask_passkey(struct client *c, const struct troth_ask *ask)
{
    if (client_options.passkey && strcmp(client_options.passkey, "-"))
        return type_from_file(c, ask);
    if (client_options.passkey)
        return c->way->put(c, c->typist, ask);
    return c->way->put(c, c->agent, ask) ||
           nobody(c,
                  "the passkey that the device shows has to be typed: run at a terminal, or give "
                  "--passkey FILE (or --passkey -)");
}

static bool ask_compare(struct client *c, const struct troth_ask *ask)
{
    if (client_options.yes)
        return accept(c, ask);
    if (client_options.no)
        return refuse(c, ask, 0);
    if (client_options.compare && strcmp(client_options.compare, "-"))
        return compare_from_file(c, ask);
    if (client_options.compare)
        return c->way->put(c, c->typist, ask);
    if (ask->type == TROTH_ASK_CONSENT)
        return c->way->put(c, c->agent, ask) ||
               nobody(c, "nothing proves who the device is, and somebody has to consent: run at a "
                         "terminal, or give --compare FILE (or --compare -), --no or --yes");
    return c->way->put(c, c->agent, ask) ||
           nobody(c,
                  "two numbers have to be compared: run at a terminal, or give --compare FILE (or "
                  "--compare -), --no or --yes");
}

/* A bond is not traded for a new one without being asked to. */
static bool ask_more(struct client *c, const struct troth_ask *ask, bool bonded)
{
    if (client_options.no_pair) {
        client_fail(c, "%s wants to be paired with, and --no-pair forbids it", client_peer(c));
        return refuse(c, ask, TROTH_SMP_PAIRING_NOT_SUPPORTED);
    }
    if (bonded) {
        char addr[18];
        const struct troth_bond *b = troth_bonds_find(c->host, &c->identity);
        bool enough = b && ask->type == TROTH_ASK_SECURITY_REQUEST &&
                      (b->keys.mitm ||
                       !(ask->u.pairing.features[TROTH_RESPONDER].auth_req & TROTH_AUTH_MITM));
        if (enough) /* for the device: it is we who do not take it */
            security_too_weak(
                c, &(struct troth_level){b->keys.key_size, b->keys.mitm, b->keys.sc, true});
        else
            client_fail(
                c,
                "%s wants more protection than the bond with it gives; to pair anew: troth bonds "
                "remove %s, then this again",
                client_peer(c), troth_addr_text(&c->identity, addr));
        return refuse(c, ask, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    }
    return false;
}

bool security_ask(void *ctx, const struct troth_ask *ask)
{
    struct client *c = ctx;
    switch (ask->type) {
    case TROTH_ASK_SECURITY_REQUEST:
        return ask_more(c, ask, ask->u.pairing.bonded);
    case TROTH_ASK_RAISE:
        return ask_more(c, ask, ask->u.raise.bonded) || accept(c, ask);
    case TROTH_ASK_PASSKEY_INPUT:
        return ask_passkey(c, ask);
    case TROTH_ASK_COMPARE:
    case TROTH_ASK_CONSENT:
        return ask_compare(c, ask);
    case TROTH_ASK_OOB_DATA:
        return oob_ask(c, ask);
    case TROTH_ASK_PASSKEY_DISPLAY:
        return c->way->put(c, c->agent, ask) ||
               nobody(c,
                      "a passkey has to be shown to somebody: run at a terminal, or give --agent "
                      "unix:PATH");
    default:
        return false;
    }
}

/* ---- steps ---- */

static bool is_decided(const struct client *c)
{
    return c->encrypted || c->encrypt_failed || c->disconnected;
}

bool security_encrypt(struct client *c)
{
    if (!c->bonded)
        return true;
    if (!c->way->bond_serves(c))
        return false;
    if (client_level(c).key_size)
        return true;
    int r = c->way->encrypt(c);
    /* BUSY: the host began by itself. */
    if (r != TROTH_OK && r != TROTH_BUSY)
        return client_fail(c, "the link to %s cannot be encrypted: %s", client_peer(c),
                           troth_result_words(r));
    client_wait(c, is_decided, ENCRYPT_MS);
    if (c->over || c->encrypted)
        return !c->over;
    if (c->disconnected)
        return client_left(c);
    return client_fail(c, "the link to %s could not be encrypted: %s", client_peer(c),
                       c->encrypt_failed ? troth_hci_words(c->hci_status)
                                         : "the device did not answer");
}

static bool is_over(const struct client *c)
{
    return c->paired || c->pairing_failed || c->disconnected;
}

bool security_pair(struct client *c)
{
    int r = c->way->pair(c);
    /* BUSY: the device asked for it first. */
    if (r != TROTH_OK && r != TROTH_BUSY)
        return client_fail(c, "cannot pair: %s", troth_result_words(r));
    client_wait(c, is_over, PAIR_MS);
    if (c->paired && !c->over)
        return c->way->proves(c);
    if (c->over)
        return false;
    if (c->disconnected)
        return client_left(c);
    return client_fail(c, "pairing took too long; look at the device and try again");
}

bool security_demand(struct client *c)
{
    struct troth_level level = client_level(c);
    if (level.key_size && (level.mitm || !client_options.policy.require_mitm))
        return true;
    if (!level.key_size && client_options.allow_plaintext) {
        out_event(OUT_WARN, "warning", NULL,
                  "the link is not encrypted: anybody near can read what is sent");
        return true;
    }
    if (client_options.no_pair)
        return client_fail(c,
                           "the link to %s is not %s, and --no-pair forbids to pair: nothing was "
                           "sent",
                           client_peer(c), level.key_size ? "authenticated" : "encrypted");
    return security_pair(c);
}

bool security_no_impostor(struct client *c)
{
    struct troth_addr identity;
    char name[96];
    if (!c->by_name || c->bonded || !*c->device.name)
        return true;
    for (unsigned i = 0; c->way->bond(c, i, &identity, name, sizeof name); i++) {
        char known[18], here[18];
        if (strcasecmp(name, c->device.name))
            continue;
        troth_addr_text(&identity, known);
        troth_addr_text(&c->device.addr, here);
        return client_fail(c,
                           "the \"%s\" there is a bond with is %s, and this is %s, another device "
                           "of that name. If it is meant, give its address; if the old one is "
                           "gone: troth bonds %sremove %s",
                           c->device.name, known, here, c->way == &client_bluez ? "--bluez " : "",
                           known);
    }
    return true;
}

static bool is_removed(const struct client *c)
{
    return c->bond_removed;
}

bool security_forget(struct client *c)
{
    if (!client_is_bonded(c))
        return true;
    int r = c->way->forget(c);
    if (r != TROTH_OK)
        return client_fail(c, "the bond could not be removed: %s", troth_result_words(r));
    if (!client_wait(c, is_removed, 5000))
        return client_fail(c, "the bond could not be removed: the store does not answer");
    return true;
}
