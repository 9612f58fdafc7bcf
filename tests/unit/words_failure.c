/* What people read when a pairing fails: as the host's own event tells it, and as a capture does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/words_failure.h"

#include <stdio.h>
#include <string.h>

#include "smp/script.h"

#define ALL (TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC)

/* An iPhone: KeyboardDisplay, no out-of-band data. */
static const struct troth_features phone = {TROTH_KEYBOARD_DISPLAY, 0, ALL, 16, 3, 3};

static struct troth_features device(uint8_t io_cap, uint8_t oob, uint8_t auth_req)
{
    return (struct troth_features){io_cap, oob, auth_req, 16, 3, 3};
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" in \"%s\"", part, text);
}

/* Sentences: a capital, a stop, no gap, nothing cut off. */
static void is_prose(const char *text, size_t cap)
{
    size_t len = strlen(text);
    assert_true(len > 20 && len < cap - 1);
    assert_true(text[0] >= 'A' && text[0] <= 'Z');
    if (text[len - 1] != '.' || strstr(text, "  ") || strstr(text, "..") || strstr(text, " ."))
        fail_msg("no prose: \"%s\"", text);
}

static struct pairing_end_words refusal(const struct troth_features *responder, uint8_t reason,
                                        enum troth_side by)
{
    struct pairing_end_words w;
    struct pairing_end e = {.by = by,
                            .know_by = true,
                            .reason = reason,
                            .step = "Pairing Random",
                            .crossed = {true, responder != NULL},
                            .features = {phone}};
    if (responder)
        e.features[TROTH_RESPONDER] = *responder;
    pairing_end_words(&e, &w);
    return w;
}

static void every_reason_is_prose(void **state)
{
    (void)state;
    for (unsigned reason = 1; reason <= 0x11; reason++) {
        for (uint8_t cap = 0; cap <= TROTH_KEYBOARD_DISPLAY; cap++) {
            for (unsigned auth = 0; auth <= ALL; auth++) {
                for (unsigned variant = 0; variant < 8; variant++) {
                    struct pairing_end e = {.by = (enum troth_side)(variant & 1),
                                            .know_by = true,
                                            .know_ours = variant & 2,
                                            .ours = TROTH_RESPONDER,
                                            .reason = (uint8_t)reason,
                                            .step = "Pairing Random",
                                            .round = 3,
                                            .crossed = {true, true},
                                            .features = {phone}};
                    struct pairing_end_words w;
                    e.features[1] = device(cap, variant >> 2, (uint8_t)auth);
                    pairing_end_words(&e, &w);
                    is_prose(w.cause, sizeof w.cause);
                    is_prose(w.cure, sizeof w.cure);
                    e.crossed[1] = false;
                    pairing_end_words(&e, &w);
                    is_prose(w.cause, sizeof w.cause);
                    is_prose(w.cure, sizeof w.cure);
                }
            }
        }
    }
}

static void every_other_end_is_prose(void **state)
{
    static const uint8_t codes[] = {0x00, 0x05, 0x06, 0x08, 0x13, 0x16, 0x22, 0x3d, 0xff};
    (void)state;
    for (size_t i = 0; i < sizeof codes; i++) {
        for (int kind = PAIRING_END_SILENCE; kind <= PAIRING_END_ENCRYPTION; kind++) {
            for (int know = 0; know < 2; know++) {
                struct pairing_end e = {.kind = (enum pairing_end_kind)kind,
                                        .know_by = know,
                                        .hci = codes[i],
                                        .step = "Pairing Confirm",
                                        .crossed = {true, true},
                                        .features = {phone, device(TROTH_DISPLAY_ONLY, 0, ALL)}};
                struct pairing_end_words w;
                pairing_end_words(&e, &w);
                is_prose(w.cause, sizeof w.cause);
                is_prose(w.cure, sizeof w.cure);
            }
        }
        struct pairing_end_words w;
        pairing_bond_words(codes[i], false, TROTH_INITIATOR, &w);
        is_prose(w.cause, sizeof w.cause);
        is_prose(w.cure, sizeof w.cure);
    }
}

/* What a phone meets, by what the device is made to be. */
static void a_phone_and_its_devices(void **state)
{
    static const struct {
        uint8_t io_cap;
        enum troth_model model;
        const char *why;
    } cases[] = {
        {TROTH_NO_INPUT_NO_OUTPUT, TROTH_JUST_WORKS,
         "Both asked for protection these capabilities "
         "cannot give"},
        {TROTH_DISPLAY_ONLY, TROTH_PASSKEY_INITIATOR_INPUTS,
         "gives Passkey Entry (initiator types)"},
        {TROTH_DISPLAY_YES_NO, TROTH_NUMERIC_COMPARISON, "gives Numeric Comparison"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct troth_features f[2] = {phone, device(cases[i].io_cap, 0, ALL)};
        struct pairing_account a;
        char why[PAIRING_TEXT];
        pairing_account(&a, f);
        assert_int_equal(a.model, cases[i].model);
        assert_true(a.sc);
        has(pairing_why(&a, why), cases[i].why);
        assert_int_equal(pairing_unmet(f, TROTH_RESPONDER), i ? 0 : TROTH_AUTH_MITM);
    }
}

static void the_device_accepts_only_what_it_specifies(void **state)
{
    struct troth_features legacy_phone = phone, none = device(TROTH_NO_INPUT_NO_OUTPUT, 1, ALL);
    struct pairing_end e = {.by = TROTH_RESPONDER,
                            .know_by = true,
                            .reason = TROTH_SMP_AUTHENTICATION_REQUIREMENTS,
                            .crossed = {true, true}};
    struct pairing_end_words w;
    (void)state;
    /* Legacy: the device's OOB flag alone counts for nothing. */
    legacy_phone.auth_req = TROTH_AUTH_BOND | TROTH_AUTH_MITM;
    e.features[0] = legacy_phone;
    e.features[1] = none;
    pairing_end_words(&e, &w);
    has(w.cause, "asks for Secure Connections, and the initiator does not offer them");
    has(w.cause, "asks for MITM protection, and initiator KeyboardDisplay with responder "
                 "NoInputNoOutput gives Just Works");
    has(w.cause, "The OOB flag of the responder changes nothing");
    has(w.cause, "the initiator sent OOB flag 0");
    has(w.cause, "accepts only the authentication it specifies");
    has(w.cure, "DisplayOnly makes it Passkey Entry (initiator types)");
    assert_int_equal(pairing_unmet(e.features, TROTH_RESPONDER), TROTH_AUTH_SC | TROTH_AUTH_MITM);
    assert_int_equal(pairing_unmet(e.features, TROTH_INITIATOR), TROTH_AUTH_MITM);
    /* Secure Connections: one flag is enough, and the data have to be there. */
    w = refusal(&none, TROTH_SMP_OOB_NOT_AVAILABLE, TROTH_RESPONDER);
    has(w.cause, "The responder set its OOB flag, and in Secure Connections one flag is enough");
    has(w.cure, "switch OOB off, then it would be Just Works");
    /* Without a Pairing Response only the phone's features are known. */
    w = refusal(NULL, TROTH_SMP_AUTHENTICATION_REQUIREMENTS, TROTH_RESPONDER);
    has(w.cause, "refused at the Pairing Request");
    has(w.cause, "KeyboardDisplay, OOB flag 0");
}

static void who_types_is_told(void **state)
{
    struct troth_features shows = device(TROTH_DISPLAY_ONLY, 0, ALL);
    struct troth_features types = device(TROTH_KEYBOARD_ONLY, 0, ALL);
    struct pairing_end_words w = refusal(&shows, TROTH_SMP_CONFIRM_VALUE_FAILED, TROTH_RESPONDER);
    (void)state;
    has(w.cause, "did not have the same passkey");
    has(w.cure, "Type what the responder displays at the initiator");
    w = refusal(&types, TROTH_SMP_CONFIRM_VALUE_FAILED, TROTH_RESPONDER);
    has(w.cure, "Type what the initiator displays at the responder");
    w = refusal(&types, TROTH_SMP_PASSKEY_ENTRY_FAILED, TROTH_RESPONDER);
    has(w.cause, "not typed at the responder");
    has(w.cure, "that the initiator displays");
    struct troth_features none = device(TROTH_NO_INPUT_NO_OUTPUT, 0, ALL);
    w = refusal(&none, TROTH_SMP_CONFIRM_VALUE_FAILED, TROTH_RESPONDER);
    has(w.cause, "Nobody typed anything");
    has_not(w.cause, "passkey");
}

/* ---- a host's own event ---- */

static struct pairing_failure event_of(enum troth_side ours, enum troth_step_side by,
                                       uint8_t reason, uint8_t step)
{
    struct troth_event e = {.type = TROTH_EV_PAIRING_FAILED};
    struct pairing_failure f;
    e.u.pairing_failed.side = ours;
    e.u.pairing_failed.by = by;
    e.u.pairing_failed.reason = reason;
    e.u.pairing_failed.step = step;
    e.u.pairing_failed.have_model = true;
    e.u.pairing_failed.features[0] = phone;
    e.u.pairing_failed.features[1] = device(TROTH_NO_INPUT_NO_OUTPUT, 0, ALL);
    pairing_failure(&f, &e);
    assert_true(f.have_model);
    assert_string_equal(f.meaning, f.text);
    return f;
}

static void our_own_failures(void **state)
{
    (void)state;
    struct pairing_failure f =
        event_of(TROTH_INITIATOR, TROTH_BY_US, TROTH_SMP_AUTHENTICATION_REQUIREMENTS, VALIDATE);
    has(f.what, "we ended it (AUTHENTICATION_REQUIREMENTS, step: accepting the features)");
    has(f.text, "This side (the initiator) gets less than it asked for");
    has(f.text, "Give the other side (the responder) another IO capability");
    assert_true(f.text[strlen(f.text) - 1] != '.');
    f = event_of(TROTH_RESPONDER, TROTH_BY_PEER, TROTH_SMP_AUTHENTICATION_REQUIREMENTS, ACCEPT);
    has(f.what,
        "the other side refused (AUTHENTICATION_REQUIREMENTS, step: accepting the pairing)");
    has(f.text, "The other side (the initiator) gets less than it asked for");
    has(f.text, "Give this side (the responder) another IO capability");
}

static void our_own_silence_and_loss(void **state)
{
    (void)state;
    struct pairing_failure f = event_of(TROTH_INITIATOR, TROTH_BY_TIMEOUT, 0, SMP_DHKEY_CHECK);
    has(f.what, "no answer came for 30 seconds (step: Pairing DHKey Check)");
    has(f.text, "The other side (the responder) fell silent");
    f = event_of(TROTH_INITIATOR, TROTH_BY_TIMEOUT, 0, SECRET);
    has(f.text, "This side (the initiator)");
    f = event_of(TROTH_INITIATOR, TROTH_BY_LINK, 0, SMP_RANDOM);
    has(f.what, "the connection was lost (step: Pairing Random)");
    has(f.text, "lost while they were pairing");
}

static void features_of_a_command_line(void **state)
{
    struct troth_features f = {.max_key_size = 16};
    const char *bad;
    size_t len;
    (void)state;
    assert_true(pairing_features_parse("kd,mitm,key=7,sc,oob,bond,keypress", &f, &bad, &len));
    assert_int_equal(f.max_key_size, 7);
    assert_int_equal(f.oob, 1);
    assert_int_equal(f.auth_req, ALL | TROTH_AUTH_KEYPRESS);
    assert_false(pairing_features_parse("kd,key=17", &f, &bad, &len));
    assert_int_equal(len, 6);
    assert_false(pairing_features_parse("kd,key=", &f, &bad, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_is_prose),
        cmocka_unit_test(every_other_end_is_prose),
        cmocka_unit_test(a_phone_and_its_devices),
        cmocka_unit_test(the_device_accepts_only_what_it_specifies),
        cmocka_unit_test(who_types_is_told),
        cmocka_unit_test(our_own_failures),
        cmocka_unit_test(our_own_silence_and_loss),
        cmocka_unit_test(features_of_a_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
