/* A chapter in words: what it was, what happened, why, and what to do. */
#include "explain.h"

#include "smp/script.h"

#include <troth/gap.h>

#include <stdarg.h>
#include <string.h>
#include <time.h>

#define PIN_OR_KEY_MISSING 0x06

__attribute__((format(printf, 2, 3))) static void add(char text[STORY_TEXT], const char *format,
                                                      ...)
{
    size_t len = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, STORY_TEXT - len, format, args);
    va_end(args);
}

/* ---- small words ---- */

const char *chapter_end_name(uint8_t end)
{
    static const char *const names[] = {
        [CHAPTER_OPEN] = "open",
        [CHAPTER_SUCCEEDED] = "succeeded",
        [CHAPTER_REFUSED] = "refused",
        [CHAPTER_TIMED_OUT] = "timed_out",
        [CHAPTER_LINK_LOST] = "link_lost",
        [CHAPTER_NOT_ENCRYPTED] = "not_encrypted",
        [CHAPTER_UNANSWERED] = "unanswered",
        [CHAPTER_RESTARTED] = "restarted",
        [CHAPTER_CUT] = "no_outcome",
    };
    return names[end];
}

const char *chapter_kind_name(uint8_t kind)
{
    static const char *const names[] = {[CHAPTER_PAIRING] = "pairing",
                                        [CHAPTER_ENCRYPTION] = "encryption",
                                        [CHAPTER_DEMAND] = "demand"};
    return names[kind];
}

const char *address_type_name(uint8_t type)
{
    static const char *const names[] = {"public", "random", "public identity", "random identity"};
    return type < 4 ? names[type] : "unknown type";
}

char *address_words(const struct capture_address *a, char text[48])
{
    char addr[18];
    struct troth_addr plain = {.type = a->type & 1};
    memcpy(plain.b, a->b, 6);
    if (a->known)
        snprintf(text, 48, "%s (%s)", troth_addr_text(&plain, addr), address_type_name(a->type));
    else
        snprintf(text, 48, "address not in the capture");
    return text;
}

char *keys_words(uint8_t dist, char text[32])
{
    snprintf(text, 32, "%s%s%s%s", dist & TROTH_DIST_ENC ? "+Enc" : "",
             dist & TROTH_DIST_ID ? "+Id" : "", dist & TROTH_DIST_SIGN ? "+Sign" : "",
             dist & TROTH_DIST_LINK ? "+Link" : "");
    if (!*text)
        snprintf(text, 32, "+none");
    memmove(text, text + 1, strlen(text));
    return text;
}

char *features_words(const struct troth_features *f, char text[128])
{
    char i[32], r[32], io[24];
    if (f->io_cap > TROTH_KEYBOARD_DISPLAY)
        snprintf(io, sizeof io, "IO capability 0x%02x", f->io_cap);
    else
        snprintf(io, sizeof io, "%s", pairing_io_cap_words(f->io_cap));
    snprintf(text, 128, "%s, OOB %u,%s%s%s%s%s %u octets, keys I:%s R:%s", io, f->oob,
             f->auth_req & TROTH_AUTH_BOND ? " bonding," : "",
             f->auth_req & TROTH_AUTH_MITM ? " MITM," : "",
             f->auth_req & TROTH_AUTH_SC ? " SC," : "",
             f->auth_req & TROTH_AUTH_KEYPRESS ? " keypress," : "",
             f->auth_req & TROTH_AUTH_CT2 ? " CT2," : "", f->max_key_size,
             keys_words(f->initiator_keys, i), keys_words(f->responder_keys, r));
    return text;
}

char *time_words(int64_t us, char text[32])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    if (us < 0 || !gmtime_r(&seconds, &tm) || !strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &tm))
        snprintf(text, 32, "an unknown time");
    return text;
}

bool host_is_left(const struct tale_link *l)
{
    enum troth_side side;
    return !tale_host_side(l, &side) || side == TROTH_INITIATOR;
}

char *side_words(const struct tale_link *l, bool host, char text[40])
{
    enum troth_side side;
    bool known = tale_host_side(l, &side);
    if (!known)
        snprintf(text, 40, "%s", host ? "this host" : "the peer");
    else
        snprintf(text, 40, "%s%s", (side == TROTH_INITIATOR) == host ? "initiator" : "responder",
                 host ? " (this host)" : "");
    return text;
}

/* "the initiator (this host)" */
static const char *the_side(const struct tale_link *l, uint8_t side, char text[48])
{
    enum troth_side ours;
    bool known = tale_host_side(l, &ours);
    snprintf(text, 48, "the %s%s", pairing_side_name((enum troth_side)side),
             known && (uint8_t)ours == side ? " (this host)" : "");
    return text;
}

/* ---- titles ---- */

static const char *reason_title(uint8_t reason)
{
    static const char *const words[] = {
        [TROTH_SMP_PASSKEY_ENTRY_FAILED] = "the passkey was not entered",
        [TROTH_SMP_OOB_NOT_AVAILABLE] = "no out-of-band data",
        [TROTH_SMP_AUTHENTICATION_REQUIREMENTS] = "authentication requirements not met",
        [TROTH_SMP_CONFIRM_VALUE_FAILED] = "the confirm values do not match",
        [TROTH_SMP_PAIRING_NOT_SUPPORTED] = "pairing not supported now",
        [TROTH_SMP_ENCRYPTION_KEY_SIZE] = "the key would be too short",
        [TROTH_SMP_COMMAND_NOT_SUPPORTED] = "a command is not supported",
        [TROTH_SMP_UNSPECIFIED_REASON] = "no reason was given",
        [TROTH_SMP_REPEATED_ATTEMPTS] = "too many attempts",
        [TROTH_SMP_INVALID_PARAMETERS] = "a message has invalid parameters",
        [TROTH_SMP_DHKEY_CHECK_FAILED] = "the DHKey check failed",
        [TROTH_SMP_NUMERIC_COMPARISON_FAILED] = "the numbers were not confirmed",
        [TROTH_SMP_BR_EDR_PAIRING_IN_PROGRESS] = "classic pairing is in progress",
        [TROTH_SMP_CTKD_NOT_ALLOWED] = "no keys for the other transport",
        [TROTH_SMP_KEY_REJECTED] = "a key was rejected",
        [TROTH_SMP_BUSY] = "the other side is busy",
    };
    return reason < sizeof words / sizeof *words && words[reason] ? words[reason]
                                                                  : "an unknown reason";
}

static void title(const struct chapter *c, struct story *s)
{
    static const char *const pairing[] = {
        [CHAPTER_SUCCEEDED] = "Pairing succeeded",
        [CHAPTER_REFUSED] = "Pairing failed",
        [CHAPTER_TIMED_OUT] = "Pairing timed out",
        [CHAPTER_LINK_LOST] = "Pairing broken off: the connection ended",
        [CHAPTER_NOT_ENCRYPTED] = "Pairing failed: the link was not encrypted",
        [CHAPTER_UNANSWERED] = "Pairing failed",
        [CHAPTER_RESTARTED] = "Pairing abandoned: another one began",
        [CHAPTER_CUT] = "Pairing without an outcome in this capture",
    };
    static const char *const encryption[] = {
        [CHAPTER_SUCCEEDED] = "Encrypted with a stored key",
        [CHAPTER_REFUSED] = "Encryption failed",
        [CHAPTER_TIMED_OUT] = "Encryption failed",
        [CHAPTER_LINK_LOST] = "Encryption failed",
        [CHAPTER_NOT_ENCRYPTED] = "Encryption with a stored key failed",
        [CHAPTER_UNANSWERED] = "Encryption failed",
        [CHAPTER_RESTARTED] = "Encryption failed",
        [CHAPTER_CUT] = "Encryption without an outcome in this capture",
    };
    const char *words = c->kind == CHAPTER_PAIRING      ? pairing[c->end]
                        : c->kind == CHAPTER_ENCRYPTION ? encryption[c->end]
                        : c->auth_req || c->asked       ? "Security Request unanswered"
                                                        : "Security demanded, and nothing done";
    if (c->key_rejected)
        snprintf(s->title, sizeof s->title, "Pairing failed: the keys were rejected afterwards");
    else if (c->kind == CHAPTER_PAIRING && c->end == CHAPTER_REFUSED)
        snprintf(s->title, sizeof s->title, "Pairing failed: %s", reason_title(c->reason));
    else
        snprintf(s->title, sizeof s->title, "%s", words);
}

/* ---- what happened ---- */

static void who(const struct tale_link *l, const struct chapter *c, struct story *s)
{
    enum troth_side side;
    bool known = tale_host_side(l, &side);
    if (!l->link.connected)
        add(s->happened, "The connection is older than the capture, so the addresses are not in "
                         "it. ");
    if (c->headless && c->kind == CHAPTER_PAIRING)
        add(s->happened, "The beginning of this pairing is not in the capture. ");
    if (c->asked && known && c->kind != CHAPTER_DEMAND)
        add(s->happened, "The responder asked for security with a Security Request. ");
    else if (c->att_error && c->kind != CHAPTER_DEMAND)
        add(s->happened, "It began because ATT refused an access without it. ");
}

static void keys_given(const struct chapter *c, struct story *s)
{
    char i[32], r[32], id[48];
    if (!(c->gave[0] | c->gave[1]))
        return;
    add(s->happened, " Keys: the initiator gave %s, the responder gave %s.",
        keys_words(c->gave[TROTH_INITIATOR], i), keys_words(c->gave[TROTH_RESPONDER], r));
    for (int side = 0; side < 2; side++)
        if (c->know_identity[side])
            add(s->happened, " The identity of the %s is %s.",
                pairing_side_name((enum troth_side)side), address_words(&c->identity[side], id));
}

static void succeeded(const struct tale_link *l, const struct chapter *c, struct story *s)
{
    double seconds = (double)(c->over - c->begin) / 1e6;
    char level[PAIRING_TEXT];
    enum troth_side side;
    if (c->kind == CHAPTER_ENCRYPTION) {
        if (c->headless)
            add(s->happened, "The link was encrypted; how that began is not in the capture.");
        else if (tale_host_side(l, &side))
            add(s->happened,
                "%s started encryption with a key from an earlier pairing (%s), and the other side "
                "had it too: no pairing was needed.",
                side == TROTH_INITIATOR ? "This host" : "The peer",
                c->legacy_key ? "a legacy bond" : "a Secure Connections bond");
        return;
    }
    if (!c->combined) {
        add(s->happened, "As far as it was seen, it worked: the link is encrypted.");
        return;
    }
    struct troth_level got = {c->key_size, c->account.authenticated, c->account.sc, false};
    bool bonding = c->features[0].auth_req & c->features[1].auth_req & TROTH_AUTH_BOND;
    add(s->happened, "It took %.1f s and ended well: %s, %s.", seconds,
        pairing_level_text(&got, level),
        bonding ? "bonded on both sides' request" : "not bonded, as not both sides asked for it");
    keys_given(c, s);
}

static void ended(const struct tale_link *l, const struct chapter *c, struct story *s,
                  const struct pairing_end_words *w)
{
    char text[48];
    switch (c->end) {
    case CHAPTER_SUCCEEDED:
        succeeded(l, c, s);
        break;
    case CHAPTER_REFUSED:
        if (c->know_by)
            add(s->happened,
                "%s ended it with Pairing Failed, reason %s (0x%02x), at this step: "
                "%s.",
                the_side(l, c->by, text), troth_smp_reason_name(c->reason), c->reason, c->step);
        else
            add(s->happened, "It ended with Pairing Failed, reason %s (0x%02x).",
                troth_smp_reason_name(c->reason), c->reason);
        break;
    case CHAPTER_TIMED_OUT:
        add(s->happened, "Nothing came for 30 seconds");
        if (c->know_by)
            add(s->happened, "; %s owed the next step: %s", the_side(l, c->by, text),
                c->step ? c->step : "unknown");
        add(s->happened, ".");
        break;
    case CHAPTER_NOT_ENCRYPTED:
        add(s->happened,
            c->no_key_here ? "The peer started encryption, and this host answered "
                             "that it has no key for it."
                           : "%s.",
            w->what);
        break;
    case CHAPTER_LINK_LOST:
        add(s->happened, "%s.", w->what);
        break;
    case CHAPTER_RESTARTED:
        add(s->happened, "Before it was over, another Pairing Request came. The specification "
                         "answers that with Pairing Failed 0x08; here a new pairing is told from "
                         "there on.");
        break;
    case CHAPTER_UNANSWERED:
        if (c->asked)
            add(s->happened,
                "%s asked for security, and for 30 seconds or until the end nothing "
                "came of it: no encryption, no pairing, no refusal.",
                the_side(l, TROTH_RESPONDER, text));
        else
            add(s->happened, "ATT refused an access for want of security, and the client neither "
                             "encrypted nor paired before the connection ended.");
        break;
    case CHAPTER_CUT:
        add(s->happened, "Its end is not in the capture; the last that was seen of it is below.");
        break;
    default:
        break;
    }
}

/* A capital after every stop. */
static void capitals(char *text)
{
    for (bool start = true; *text; text++) {
        if (start && *text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
        start = *text == ' ' && (start || text[-1] == '.');
    }
}

/* ---- cause and cure ---- */

static void failure(const struct chapter *c, struct pairing_end_words *w)
{
    struct pairing_end e = {.know_by = c->know_by,
                            .by = (enum troth_side)c->by,
                            .reason = c->reason,
                            .hci = c->hci,
                            .step = c->step,
                            .crossed = {c->crossed[0], c->crossed[1]},
                            .features = {c->features[0], c->features[1]}};
    memset(w, 0, sizeof *w);
    if (c->combined && c->account.sc && c->round < 20)
        e.round = c->round + 1;
    if (c->kind == CHAPTER_ENCRYPTION && c->end == CHAPTER_NOT_ENCRYPTED) {
        pairing_bond_words(c->hci, false, TROTH_INITIATOR, w);
        return;
    }
    switch (c->end) {
    case CHAPTER_REFUSED:
        if (!c->know_by)
            e.by = TROTH_RESPONDER;
        e.kind = PAIRING_END_REFUSED;
        break;
    case CHAPTER_TIMED_OUT:
        e.kind = PAIRING_END_SILENCE;
        break;
    case CHAPTER_LINK_LOST:
        e.kind = PAIRING_END_LINK;
        break;
    case CHAPTER_NOT_ENCRYPTED:
        e.kind = PAIRING_END_ENCRYPTION;
        break;
    default:
        return;
    }
    pairing_end_words(&e, w);
}

static void unanswered(const struct chapter *c, struct story *s)
{
    if (c->asked) {
        snprintf(s->cause, sizeof s->cause,
                 "The initiator is free to ignore a Security Request: its person did not answer "
                 "the question, its stack has no pairing, or its application does not want it.");
        snprintf(s->cure, sizeof s->cure,
                 "Look for a pairing question on the initiator's screen; else let its application "
                 "pair by itself.");
    } else {
        snprintf(s->cause, sizeof s->cause,
                 "The server protects what the client wanted, and the client did not pair: its "
                 "application or its stack does not react to that error.");
        snprintf(s->cure, sizeof s->cure,
                 "Pair first, then read or write; on a stack that never pairs by itself, start the "
                 "pairing from the application.");
    }
}

/* What the steps showed beyond the reason. */
static void remarks(const struct chapter *c, struct story *s)
{
    size_t len = strlen(s->cause);
    if (c->malformed)
        snprintf(s->cause + len, sizeof s->cause - len,
                 "%sA message before it was malformed: see the steps.", len ? " " : "");
    else if (c->out_of_turn && c->end != CHAPTER_SUCCEEDED && c->end != CHAPTER_RESTARTED)
        snprintf(s->cause + len, sizeof s->cause - len,
                 "%sA message before it came out of turn: see the steps.", len ? " " : "");
    if (c->debug_key)
        add(s->happened, " A debug key was used: whoever records this pairing can read along.");
}

void story_of(const struct tale_link *l, const struct chapter *c, struct story *s)
{
    struct pairing_end_words w;
    memset(s, 0, sizeof *s);
    title(c, s);
    who(l, c, s);
    failure(c, &w);
    ended(l, c, s, &w);
    memcpy(s->cause, w.cause, sizeof s->cause);
    memcpy(s->cure, w.cure, sizeof s->cure);
    if (c->end == CHAPTER_UNANSWERED)
        unanswered(c, s);
    if (c->combined) {
        s->model = pairing_model_words((uint8_t)c->account.model);
        pairing_why(&c->account, s->why);
        if (c->end == CHAPTER_SUCCEEDED)
            pairing_better(&c->account, s->cure);
    }
    remarks(c, s);
    capitals(s->happened);
    if (c->no_key_here) {
        snprintf(s->cause, sizeof s->cause,
                 "The peer has a bond with this host, and this host has none with it any longer: "
                 "it was reset, its bond was removed, or it is another host with the same "
                 "address.");
        snprintf(s->cure, sizeof s->cure,
                 "Remove the bond at the peer (forget this device there), then pair again.");
    }
}
