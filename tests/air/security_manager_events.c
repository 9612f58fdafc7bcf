/*
 * The Security Manager as an application hears from it, event by event and question by question, and
 * what holds when nobody listens: what docs/SECURITY_MANAGER.md says is shown here.
 */
#include "phone_and_lamp.h"

static void policy(struct device *d)
{
    assert_int_equal(troth_set_policy(d->host, &d->config.policy), TROTH_OK);
}

/* ---- the listeners ---- */

static void the_responder_refuses(void **state)
{
    (void)state;
    lamp->say[TROTH_ASK_PAIRING_REQUEST] = SAY_NO;
    lamp->reason = TROTH_SMP_AUTHENTICATION_REQUIREMENTS;
    meet();
    pair();
    expect_failed(lamp, phone, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    assert_null(troth_bonds_get(phone->host, 0));
}

/* Both are asked about the combined features; each may refuse them. */
static void either_validates(void **state)
{
    (void)state;
    with_a_passkey();
    meet();
    paired();
    assert_int_equal(phone->asks[TROTH_ASK_VALIDATE], 1);
    assert_int_equal(lamp->asks[TROTH_ASK_VALIDATE], 1);
    for (int side = 0; side < 2; side++) {
        const struct troth_ask *a = &(side ? lamp : phone)->asked[TROTH_ASK_VALIDATE];
        assert_int_equal(a->u.pairing.side, side);
        assert_int_equal(a->u.pairing.model, TROTH_PASSKEY_INITIATOR_INPUTS);
        assert_true(a->u.pairing.sc);
        assert_int_equal(a->u.pairing.features[I].io_cap, TROTH_KEYBOARD_ONLY);
        assert_int_equal(a->u.pairing.features[R].io_cap, TROTH_DISPLAY_ONLY);
    }
    for (int side = 0; side < 2; side++) {
        struct device *one = side ? lamp : phone, *other = side ? phone : lamp;
        phone->say[TROTH_ASK_VALIDATE] = SAY_YES;
        one->say[TROTH_ASK_VALIDATE] = SAY_NO;
        one->reason = TROTH_SMP_UNSPECIFIED_REASON;
        pair();
        expect_failed(one, other, TROTH_SMP_UNSPECIFIED_REASON);
        world_run(w, 100);
    }
}

static void numbers_are_compared(void **state)
{
    (void)state;
    phone->config.policy.features.io_cap = lamp->config.policy.features.io_cap =
        TROTH_DISPLAY_YES_NO;
    phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    phone->say[TROTH_ASK_COMPARE] = lamp->say[TROTH_ASK_COMPARE] = SAY_LATER;
    meet();
    pair();
    uint32_t number = expect_ask(phone, TROTH_ASK_COMPARE)->u.passkey.passkey;
    assert_int_equal(expect_ask(lamp, TROTH_ASK_COMPARE)->u.passkey.passkey, number);
    assert_int_equal(phone->asked[TROTH_ASK_COMPARE].u.passkey.model, TROTH_NUMERIC_COMPARISON);
    struct troth_answer no = {.ok = false};
    assert_int_equal(troth_answer(lamp->host, lamp->asked[TROTH_ASK_COMPARE].id, &no), TROTH_OK);
    expect_failed(lamp, phone, TROTH_SMP_NUMERIC_COMPARISON_FAILED);
    phone->say[TROTH_ASK_COMPARE] = lamp->say[TROTH_ASK_COMPARE] = SAY_YES;
    pair();
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.level.mitm);
}

/* Each way of typing: who is asked to show, who to type, and with which model. */
static void passkeys_are_typed(void **state)
{
    (void)state;
    static const struct {
        uint8_t phone, lamp, model;
        bool phone_types, lamp_types;
    } rows[] = {
        {TROTH_KEYBOARD_ONLY, TROTH_DISPLAY_ONLY, TROTH_PASSKEY_INITIATOR_INPUTS, true, false},
        {TROTH_DISPLAY_ONLY, TROTH_KEYBOARD_ONLY, TROTH_PASSKEY_RESPONDER_INPUTS, false, true},
        {TROTH_KEYBOARD_ONLY, TROTH_KEYBOARD_ONLY, TROTH_PASSKEY_BOTH_INPUT, true, true},
    };
    for (unsigned i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        begin(NULL);
        unsigned row = i / 2;
        phone->config.policy.features.io_cap = rows[row].phone;
        lamp->config.policy.features.io_cap = rows[row].lamp;
        phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
        if (i & 1)
            phone->config.policy.features.auth_req &= (uint8_t)~TROTH_AUTH_SC;
        bool invented = rows[row].phone_types && rows[row].lamp_types;
        phone->say[TROTH_ASK_PASSKEY_INPUT] = lamp->say[TROTH_ASK_PASSKEY_INPUT] =
            invented ? SAY_YES : SAY_WHAT_IS_SHOWN;
        phone->answer[TROTH_ASK_PASSKEY_INPUT].u.passkey = 4711;
        lamp->answer[TROTH_ASK_PASSKEY_INPUT].u.passkey = 4711;
        meet();
        pair();
        const struct troth_event *e = expect(phone, TROTH_EV_PAIRED);
        assert_int_equal(e->u.paired.model, rows[row].model);
        assert_int_equal(e->u.paired.level.sc, !(i & 1));
        assert_int_equal(phone->asks[TROTH_ASK_PASSKEY_INPUT], rows[row].phone_types);
        assert_int_equal(lamp->asks[TROTH_ASK_PASSKEY_INPUT], rows[row].lamp_types);
        assert_int_equal(phone->asks[TROTH_ASK_PASSKEY_DISPLAY], !rows[row].phone_types);
        assert_int_equal(lamp->asks[TROTH_ASK_PASSKEY_DISPLAY], !rows[row].lamp_types);
        end(NULL);
    }
}

static void a_passkey_is_six_digits(void **state)
{
    (void)state;
    static const struct {
        uint32_t passkey;
        const char *text;
    } rows[] = {{0, "000000"},      {7, "000007"},      {123, "000123"}, {19655, "019655"},
                {100000, "100000"}, {999999, "999999"}, {1000000, ""},   {UINT32_MAX, ""}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[7];
        memset(text, 'x', sizeof text);
        troth_passkey_text(rows[i].passkey, text);
        assert_string_equal(text, rows[i].text);
    }
    /* One that begins with zeros is shown and typed like any other, and a seventh digit is none. */
    with_a_passkey();
    lamp->config.policy.fixed_passkey = true;
    lamp->config.policy.passkey = 123;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    meet();
    pair();
    const struct troth_ask *a = expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
    char text[7];
    troth_passkey_text(expect_ask(lamp, TROTH_ASK_PASSKEY_DISPLAY)->u.passkey.passkey, text);
    assert_string_equal(text, "000123");
    struct troth_answer answer = {.ok = true};
    answer.u.passkey = 1000000;
    assert_int_equal(troth_answer(phone->host, a->id, &answer), TROTH_INVALID);
    answer.u.passkey = 123;
    assert_int_equal(troth_answer(phone->host, a->id, &answer), TROTH_OK);
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.level.mitm);
}

/* ---- a bonded central with nobody listening ---- */

static void a_bonded_central_trades_nothing_for_nothing(void **state)
{
    (void)state;
    meet();
    paired(); /* Just Works */
    struct troth_bond_keys old = troth_bonds_get(phone->host, 0)->keys;

    /* On a link that is not encrypted, however good the rest. */
    with_a_passkey();
    policy(phone);
    policy(lamp);
    meet_again();
    pair();
    expect_failed(phone, lamp, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);

    /* Encrypted, and by Just Works: whoever asks for no MITM protection gets none. */
    encrypted();
    phone->config.policy.features.auth_req &= (uint8_t)~TROTH_AUTH_MITM;
    policy(phone);
    pair();
    expect_failed(phone, lamp, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);

    /*
     * Encrypted, the peer asks for more and would bring it about, and our own features have no MITM
     * bit.
     */
    lamp->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    policy(lamp);
    assert_int_equal(troth_security_request(lamp->host, lamp->link,
                                            TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC),
                     TROTH_OK);
    const struct troth_event *e = expect(lamp, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(e->u.pairing_failed.reason, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_PEER);

    /* Encrypted, with the bit, and Just Works all the same: the lamp can show nothing. */
    phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    lamp->config.policy.features.io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    policy(phone);
    policy(lamp);
    pair();
    expect_failed(phone, lamp, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    struct troth_bond_keys kept = troth_bonds_get(phone->host, 0)->keys;
    assert_memory_equal(&kept, &old, sizeof old);
    assert_int_equal(device_count(phone, TROTH_EV_PAIRED), 1);

    /* All three as they must be: at the lamp's request, with nobody asked. */
    with_a_passkey();
    policy(lamp);
    assert_int_equal(troth_security_request(lamp->host, lamp->link,
                                            TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC),
                     TROTH_OK);
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.level.mitm);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    assert_true(troth_bonds_get(phone->host, 0)->keys.mitm);
}

/* Who listens decides, and may be as generous as it likes. */
static void unless_somebody_listens(void **state)
{
    (void)state;
    phone->say[TROTH_ASK_VALIDATE] = SAY_YES;
    meet();
    paired();
    meet_again();
    pair();
    expect(lamp, TROTH_EV_BOND_LOST); /* a bonded peer that pairs in clear: as if it had lost it */
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.stored);
    assert_true(phone->asked[TROTH_ASK_VALIDATE].u.pairing.bonded);
}

/* ---- pairing complete ---- */

static void same_ltk(const struct troth_bond_keys *a, const struct troth_bond_keys *b, int x,
                     bool there)
{
    assert_int_equal(a->ltk[x].present, there);
    assert_int_equal(b->ltk[x].present, there);
    if (!there)
        return;
    assert_memory_equal(a->ltk[x].key, b->ltk[x].key, 16);
    assert_int_equal(a->ltk[x].rand, b->ltk[x].rand);
    assert_int_equal(a->ltk[x].ediv, b->ltk[x].ediv);
}

/* What each side is told of a pairing in which these keys were asked for. */
static void complete(bool sc, uint8_t of_phone, uint8_t of_lamp)
{
    begin(NULL);
    struct troth_features *f = &phone->config.policy.features;
    f->initiator_keys = of_phone;
    f->responder_keys = of_lamp;
    if (!sc)
        f->auth_req &= (uint8_t)~TROTH_AUTH_SC;
    lamp->config.policy.features.initiator_keys |= TROTH_DIST_SIGN;
    lamp->config.policy.features.responder_keys |= TROTH_DIST_SIGN;
    meet();
    pair();
    const struct troth_event *p = expect(phone, TROTH_EV_PAIRED);
    const struct troth_event *l = expect(lamp, TROTH_EV_PAIRED);
    const struct troth_bond_keys *pk = p->u.paired.keys, *lk = l->u.paired.keys;
    uint8_t given[2] = {of_phone, of_lamp};
    for (int x = 0; x < 2; x++) {
        if (sc)
            given[x] &= (uint8_t)~TROTH_DIST_ENC; /* derived, not distributed */
        assert_int_equal(p->u.paired.distributed[x], given[x]);
        assert_int_equal(l->u.paired.distributed[x], given[x]);
        same_ltk(pk, lk, x, sc ? x == 0 : given[x] & TROTH_DIST_ENC);
        if (sc && x == 0)
            assert_true(pk->ltk[0].rand == 0 && pk->ltk[0].ediv == 0);
    }
    if (!sc && (given[I] & given[R] & TROTH_DIST_ENC))
        assert_memory_not_equal(pk->ltk[I].key, pk->ltk[R].key, 16);
    assert_int_equal(p->u.paired.side, I);
    assert_int_equal(l->u.paired.side, R);
    assert_true(p->u.paired.bonding && l->u.paired.bonding);
    assert_int_equal(p->u.paired.level.sc, sc);
    /* The peer's IRK and identity; one's own are where they were, in troth_host_config.local. */
    assert_int_equal(pk->has_irk, !!(given[R] & TROTH_DIST_ID));
    assert_int_equal(lk->has_irk, !!(given[I] & TROTH_DIST_ID));
    if (pk->has_irk)
        assert_memory_equal(pk->irk, lamp->host->config.local.irk, 16);
    if (lk->has_irk)
        assert_memory_equal(lk->irk, phone->host->config.local.irk, 16);
    assert_true(troth_addr_equal(&pk->identity, &lamp->identity)); /* else the address on air */
    assert_true(troth_addr_equal(&lk->identity, &phone->identity));
    assert_int_equal(pk->has_csrk[0], !!(given[I] & TROTH_DIST_SIGN));
    assert_int_equal(pk->has_csrk[1], !!(given[R] & TROTH_DIST_SIGN));
    assert_int_equal(lk->has_csrk[0], !!(given[R] & TROTH_DIST_SIGN));
    assert_int_equal(lk->has_csrk[1], !!(given[I] & TROTH_DIST_SIGN));
    end(NULL);
}

static void all_keys_are_told_of(void **state)
{
    (void)state;
    for (int sc = 0; sc < 2; sc++)
        for (uint8_t i = 0; i < 8; i++)
            for (uint8_t r = 0; r < 8; r++)
                complete(sc, i, r);
}

/* Paired, and nothing kept: one side asked for no bond. */
static void without_a_bond(void **state)
{
    (void)state;
    lamp->config.policy.features.auth_req &= (uint8_t)~TROTH_AUTH_BOND;
    meet();
    pair();
    const struct troth_event *e = expect(phone, TROTH_EV_PAIRED);
    assert_false(e->u.paired.bonding || e->u.paired.stored || e->u.paired.level.bonded);
    assert_true(e->u.paired.keys->ltk[0].present); /* what it was is told all the same */
    assert_true(troth_link_level(phone->host, phone->link).key_size == 16);
    assert_false(troth_is_bonded(phone->host, phone->link));
    assert_null(troth_bonds_get(phone->host, 0));
    assert_null(troth_bonds_get(lamp->host, 0));
}

/* ---- the timeout ---- */

static enum air_verdict deaf(void *ctx, struct air_crossing *c)
{
    (void)ctx;
    return c->kind == AIR_ACL && !c->from_central ? AIR_DROP : AIR_PASS;
}

static void thirty_seconds(void **state)
{
    (void)state;
    phone->config.policy.stay_after_timeout = true;
    lamp->config.policy.stay_after_timeout = true;
    meet();
    air_set_hook(world_air(w), deaf, NULL);
    uint64_t began = world_now(w);
    pair();
    const struct troth_event *e = expect(phone, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_TIMEOUT);
    assert_int_equal(e->u.pairing_failed.reason, 0);
    assert_in_range(world_now(w) - began, 30000, 30100);
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    air_set_hook(world_air(w), NULL, NULL);
    /* No SMP any more on this link, either way. */
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_STATE);
    assert_int_equal(troth_security_request(lamp->host, lamp->link, 1), TROTH_STATE);
    expect_none(phone, TROTH_EV_DISCONNECTED);
    meet_again();
    paired();
}

/* ---- names ---- */

static void every_constant_has_its_name(void **state)
{
    (void)state;
    static const char *const reasons[] = {"PASSKEY_ENTRY_FAILED",
                                          "OOB_NOT_AVAILABLE",
                                          "AUTHENTICATION_REQUIREMENTS",
                                          "CONFIRM_VALUE_FAILED",
                                          "PAIRING_NOT_SUPPORTED",
                                          "ENCRYPTION_KEY_SIZE",
                                          "COMMAND_NOT_SUPPORTED",
                                          "UNSPECIFIED_REASON",
                                          "REPEATED_ATTEMPTS",
                                          "INVALID_PARAMETERS",
                                          "DHKEY_CHECK_FAILED",
                                          "NUMERIC_COMPARISON_FAILED",
                                          "BR_EDR_PAIRING_IN_PROGRESS",
                                          "CROSS_TRANSPORT_KEY_DERIVATION_GENERATION_NOT_ALLOWED",
                                          "KEY_REJECTED",
                                          "BUSY"};
    static const char *const caps[] = {"DISPLAY_ONLY", "DISPLAY_YES_NO", "KEYBOARD_ONLY",
                                       "NO_INPUT_NO_OUTPUT", "KEYBOARD_DISPLAY"};
    static const char *const models[] = {"JUST_WORKS",
                                         "PASSKEY_ENTRY_INIT_INPUTS",
                                         "PASSKEY_ENTRY_RSP_INPUTS",
                                         "PASSKEY_ENTRY_BOTH_INPUTS",
                                         "NUMERIC_COMPARISON",
                                         "OOB"};
    for (unsigned v = 0; v < 256; v++) {
        assert_string_equal(troth_smp_reason_name((uint8_t)v),
                            v >= 1 && v <= 16 ? reasons[v - 1] : "(unknown)");
        assert_string_equal(troth_io_cap_name((uint8_t)v), v < 5 ? caps[v] : "(unknown)");
        assert_string_equal(troth_model_name((uint8_t)v), v < 6 ? models[v] : "(unknown)");
        assert_int_equal(strcmp(troth_smp_reason_words((uint8_t)v), "(unknown)") == 0, v > 16);
    }
    /* The numbers are the specification's, and those of other stacks' constants. */
    assert_int_equal(TROTH_KEYBOARD_DISPLAY, 4);
    assert_int_equal(TROTH_NUMERIC_COMPARISON, 4);
    assert_int_equal(TROTH_SMP_CTKD_NOT_ALLOWED, 0x0e);
    assert_int_equal(TROTH_SMP_BUSY, 0x10);
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_responder_refuses),
        T(either_validates),
        T(numbers_are_compared),
        cmocka_unit_test(passkeys_are_typed),
        T(a_passkey_is_six_digits),
        T(a_bonded_central_trades_nothing_for_nothing),
        T(unless_somebody_listens),
        cmocka_unit_test(all_keys_are_told_of),
        T(without_a_bond),
        T(thirty_seconds),
        cmocka_unit_test(every_constant_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
