#include "common/words_pairing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define I (1u << TROTH_INITIATOR)
#define R (1u << TROTH_RESPONDER)

/* Appends to text, cut short rather than overrun. */
__attribute__((format(printf, 2, 3))) static void add(char text[PAIRING_TEXT], const char *format,
                                                      ...)
{
    size_t len = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, PAIRING_TEXT - len, format, args);
    va_end(args);
}

const char *pairing_side_name(enum troth_side side)
{
    return side == TROTH_INITIATOR ? "initiator" : "responder";
}

const char *pairing_io_cap_words(uint8_t io_cap)
{
    static const char *const words[] = {"DisplayOnly", "DisplayYesNo", "KeyboardOnly",
                                        "NoInputNoOutput", "KeyboardDisplay"};
    return io_cap < sizeof words / sizeof *words ? words[io_cap] : "(unknown)";
}

/* What each model asks of people, and what it is called. */
static const struct {
    const char *words, *people;
    uint8_t displays, types, compares, hands_over;
} models[] = {
    [TROTH_JUST_WORKS] = {"Just Works", "nobody has anything to do", 0, 0, 0, 0},
    [TROTH_PASSKEY_INITIATOR_INPUTS] = {"Passkey Entry (initiator types)",
                                        "the responder displays six digits, the initiator's user "
                                        "types them",
                                        R, I, 0, 0},
    [TROTH_PASSKEY_RESPONDER_INPUTS] = {"Passkey Entry (responder types)",
                                        "the initiator displays six digits, the responder's user "
                                        "types them",
                                        I, R, 0, 0},
    [TROTH_PASSKEY_BOTH_INPUT] = {"Passkey Entry (both type)",
                                  "the same six digits are chosen and typed on both sides", 0,
                                  I | R, 0, 0},
    [TROTH_NUMERIC_COMPARISON] = {"Numeric Comparison",
                                  "both sides display six digits, people compare them and confirm "
                                  "on both",
                                  I | R, 0, I | R, 0},
    [TROTH_OOB] = {"Out of Band", "data are handed over another way, such as NFC or a QR code", 0,
                   0, 0, 0},
};

const char *pairing_model_words(uint8_t model)
{
    return model < sizeof models / sizeof *models ? models[model].words : "(unknown)";
}

const char *pairing_people(enum troth_model model)
{
    return model < sizeof models / sizeof *models ? models[model].people : "(unknown)";
}

const char *pairing_rule_name(enum pairing_rule rule)
{
    static const char *const names[] = {"OOB", "NO_MITM", "IO_CAPABILITIES"};
    return names[rule];
}

void pairing_account(struct pairing_account *a, const struct troth_features features[2])
{
    const struct troth_features *i = &features[TROTH_INITIATOR], *r = &features[TROTH_RESPONDER];
    memset(a, 0, sizeof *a);
    memcpy(a->features, features, sizeof a->features);
    a->model = troth_model_of(i, r);
    a->sc = i->auth_req & r->auth_req & TROTH_AUTH_SC;
    a->authenticated = a->model != TROTH_JUST_WORKS;
    a->displays = models[a->model].displays;
    a->types = models[a->model].types;
    a->compares = models[a->model].compares;
    if (a->model == TROTH_OOB) {
        a->rule = PAIRING_RULE_OOB;
        /* Who holds data has it from the other. */
        a->hands_over = (uint8_t)((i->oob ? R : 0) | (r->oob ? I : 0));
    } else if (!((i->auth_req | r->auth_req) & TROTH_AUTH_MITM)) {
        a->rule = PAIRING_RULE_NO_MITM;
    } else {
        a->rule = PAIRING_RULE_IO;
    }
}

/* "the initiator" when only that one has (or lacks) it, "neither side", "both sides". */
static const char *who(bool initiator, bool responder)
{
    if (initiator)
        return responder ? "both sides" : "the initiator";
    return responder ? "the responder" : "neither side";
}

static bool has(const struct pairing_account *a, enum troth_side side, uint8_t bit)
{
    return a->features[side].auth_req & bit;
}

static void add_generation(const struct pairing_account *a, char text[PAIRING_TEXT])
{
    bool i = has(a, TROTH_INITIATOR, TROTH_AUTH_SC), r = has(a, TROTH_RESPONDER, TROTH_AUTH_SC);
    if (a->sc)
        add(text, "Both sides offer Secure Connections.");
    else if (!i && !r)
        add(text, "Legacy pairing: neither side offers Secure Connections.");
    else
        add(text, "Legacy pairing: %s does not offer Secure Connections.",
            i ? "the responder" : "the initiator");
}

char *pairing_why(const struct pairing_account *a, char text[PAIRING_TEXT])
{
    const struct troth_features *f = a->features;
    bool i_oob = f[TROTH_INITIATOR].oob, r_oob = f[TROTH_RESPONDER].oob;
    bool i_mitm = has(a, TROTH_INITIATOR, TROTH_AUTH_MITM);
    bool r_mitm = has(a, TROTH_RESPONDER, TROTH_AUTH_MITM);

    text[0] = 0;
    add_generation(a, text);
    if (a->rule == PAIRING_RULE_OOB) {
        add(text, " %s the other's out-of-band data, and in %s that decides.",
            i_oob && r_oob ? "Both sides hold"
            : i_oob        ? "The initiator holds"
                           : "The responder holds",
            a->sc ? "Secure Connections one is enough, and" : "legacy pairing, where both must,");
        return text;
    }
    if (i_oob || r_oob)
        add(text, " Only %s holds out-of-band data; legacy pairing uses them when both sides do.",
            who(i_oob, r_oob));
    if (a->rule == PAIRING_RULE_NO_MITM) {
        add(text, " Neither side asks for protection from somebody in the middle (MITM), so the IO "
                  "capabilities are not looked at: Just Works.");
        return text;
    }
    add(text,
        " %s for MITM protection, so the IO capabilities decide: initiator %s with responder "
        "%s gives %s.",
        i_mitm && r_mitm ? "Both sides ask"
        : i_mitm         ? "The initiator asks"
                         : "The responder asks",
        pairing_io_cap_words(f[TROTH_INITIATOR].io_cap),
        pairing_io_cap_words(f[TROTH_RESPONDER].io_cap), pairing_model_words(a->model));
    if (a->model == TROTH_JUST_WORKS)
        add(text, " %s asked for protection these capabilities cannot give.",
            i_mitm && r_mitm ? "Both"
            : i_mitm         ? "The initiator"
                             : "The responder");
    return text;
}

char *pairing_better(const struct pairing_account *a, char text[PAIRING_TEXT])
{
    text[0] = 0;
    struct troth_features f[2];
    memcpy(f, a->features, sizeof f);
    if (!a->authenticated) {
        f[TROTH_INITIATOR].auth_req |= TROTH_AUTH_MITM;
        enum troth_model asked = troth_model_of(&f[TROTH_INITIATOR], &f[TROTH_RESPONDER]);
        if (asked != TROTH_JUST_WORKS) {
            add(text, "If either side asked for MITM protection it would be %s.",
                pairing_model_words(asked));
        } else {
            /* Two screens without a keyboard can compare; legacy pairing cannot. */
            f[TROTH_INITIATOR].auth_req |= TROTH_AUTH_SC;
            f[TROTH_RESPONDER].auth_req |= TROTH_AUTH_SC;
            asked = troth_model_of(&f[TROTH_INITIATOR], &f[TROTH_RESPONDER]);
            if (asked != TROTH_JUST_WORKS)
                add(text,
                    "With Secure Connections on both sides, and MITM protection asked for, it "
                    "would be %s.",
                    pairing_model_words(asked));
            else
                add(text, "To be authenticated, one side needs a keyboard and the other a display "
                          "or a keyboard, or both a display and two buttons with Secure "
                          "Connections, or out-of-band data.");
        }
    }
    if (!a->sc && a->authenticated)
        add(text, "Secure Connections on both sides would make the key safe from eavesdroppers.");
    return text;
}

const char *pairing_level_words(const struct pairing_account *a)
{
    if (a->sc)
        return a->authenticated
                   ? "authenticated: safe from eavesdroppers and from somebody in the middle"
                   : "not authenticated: safe from eavesdroppers, not from somebody in the middle";
    if (a->model == TROTH_OOB)
        return "authenticated: as safe as the way the data were handed over";
    return a->authenticated
               ? "authenticated, but whoever recorded the pairing can try all passkeys and find "
                 "the key"
               : "not authenticated, and whoever recorded the pairing can compute the key";
}

char *pairing_level_text(const struct troth_level *level, char text[PAIRING_TEXT])
{
    text[0] = 0;
    if (!level->key_size)
        add(text, "not encrypted");
    else
        add(text, "%s, %s, %u-octet key", level->mitm ? "authenticated" : "not authenticated",
            level->sc ? "Secure Connections" : "legacy pairing", level->key_size);
    return text;
}

/* Equal but for case, '-' and '_'. text ends at len. */
static bool same_word(const char *text, size_t len, const char *word)
{
    char bare[32];
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '-' || text[i] == '_')
            continue;
        if (n == sizeof bare - 1)
            return false;
        bare[n++] = text[i];
    }
    bare[n] = 0;
    return !strcasecmp(bare, word);
}

static bool io_cap_parse(const char *text, size_t len, uint8_t *io_cap)
{
    static const struct {
        const char *word;
        uint8_t io_cap;
    } words[] = {
        {"displayonly", TROTH_DISPLAY_ONLY},
        {"display", TROTH_DISPLAY_ONLY},
        {"do", TROTH_DISPLAY_ONLY},
        {"displayyesno", TROTH_DISPLAY_YES_NO},
        {"yesno", TROTH_DISPLAY_YES_NO},
        {"dyn", TROTH_DISPLAY_YES_NO},
        {"keyboardonly", TROTH_KEYBOARD_ONLY},
        {"keyboard", TROTH_KEYBOARD_ONLY},
        {"ko", TROTH_KEYBOARD_ONLY},
        {"noinputnooutput", TROTH_NO_INPUT_NO_OUTPUT},
        {"none", TROTH_NO_INPUT_NO_OUTPUT},
        {"nio", TROTH_NO_INPUT_NO_OUTPUT},
        {"nino", TROTH_NO_INPUT_NO_OUTPUT},
        {"keyboarddisplay", TROTH_KEYBOARD_DISPLAY},
        {"kd", TROTH_KEYBOARD_DISPLAY},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (same_word(text, len, words[i].word)) {
            *io_cap = words[i].io_cap;
            return true;
        }
    }
    return false;
}

bool pairing_io_cap_parse(const char *text, uint8_t *io_cap)
{
    return io_cap_parse(text, strlen(text), io_cap);
}

/* "key=7" to "key=16" */
static bool key_size_parse(const char *text, size_t len, uint8_t *size)
{
    char word[8];
    for (uint8_t n = 7; n <= 16; n++) {
        snprintf(word, sizeof word, "key=%u", n);
        if (same_word(text, len, word)) {
            *size = n;
            return true;
        }
    }
    return false;
}

bool pairing_features_parse(const char *text, struct troth_features *f, const char **bad,
                            size_t *bad_len)
{
    static const struct {
        const char *word;
        uint8_t bit;
    } flags[] = {{"mitm", TROTH_AUTH_MITM},
                 {"sc", TROTH_AUTH_SC},
                 {"bond", TROTH_AUTH_BOND},
                 {"keypress", TROTH_AUTH_KEYPRESS}};
    f->oob = 0;
    f->auth_req = 0;
    for (bool first = true;; first = false) {
        size_t len = strcspn(text, ",");
        bool known = first ? io_cap_parse(text, len, &f->io_cap) : same_word(text, len, "oob");
        if (known && !first)
            f->oob = 1;
        if (!first && !known)
            known = key_size_parse(text, len, &f->max_key_size);
        for (size_t i = 0; !first && !known && i < sizeof flags / sizeof *flags; i++) {
            known = same_word(text, len, flags[i].word);
            if (known)
                f->auth_req |= flags[i].bit;
        }
        if (!known) {
            *bad = text;
            *bad_len = len;
            return false;
        }
        if (!text[len])
            return true;
        text += len + 1;
    }
}
