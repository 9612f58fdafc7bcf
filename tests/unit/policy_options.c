/* The policy options of both programs: what each word becomes in a struct troth_policy. */
#include "common/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct policy_options said;
static const struct cli_option table[] = {POLICY_OPTIONS(said), {0}};
static struct troth_policy policy;

/* Over a program's own policy of nothing but features; value NULL: a flag. */
static bool say(const char *name, const char *value)
{
    char why[512] = "";
    const struct cli_option *o = cli_find(table, name);
    assert_non_null(o);
    memset(&said, 0, sizeof said);
    policy = (struct troth_policy){.features = TROTH_FEATURES_DEFAULT};
    bool ok = cli_set(o, value ? value : "yes", why, sizeof why);
    assert_int_equal(ok, !*why);
    policy_apply(&said, &policy);
    return ok;
}

static void nothing_said(void **state)
{
    (void)state;
    const struct troth_policy before = {.features = TROTH_FEATURES_DEFAULT};
    memset(&said, 0, sizeof said);
    policy = before;
    policy_apply(&said, &policy);
    assert_memory_equal(&policy, &before, sizeof policy);
    assert_null(troth_policy_insecure(&policy, 0));
}

static void each_option(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        uint8_t core;
    } cores[] = {{"5.3", 0x0c}, {"5.4", 0x0d}, {"6.0", 0x0e},
                 {"6.1", 0x0f}, {"6.2", 0x10}, {"6.3", 0x11}};
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) {
        assert_true(say("core", cores[i].word));
        assert_int_equal(policy.core, cores[i].core);
    }
    assert_false(say("core", "5.2"));
    assert_true(say("sc-only", NULL) && policy.sc_only);
    assert_true(say("require-mitm", NULL) && policy.require_mitm);
    assert_true(policy.features.auth_req & TROTH_AUTH_MITM);
    assert_true(say("min-key-size", "7"));
    assert_int_equal(policy.min_key_size, 7);
    assert_true(say("exact", NULL) && policy.exact);
    assert_true(say("no-bonding", NULL) && policy.no_bonding);
    assert_false(policy.features.auth_req & TROTH_AUTH_BOND);
    assert_true(say("pairing-attempts", "254"));
    assert_int_equal(policy.attempts, 254);
    assert_false(say("pairing-attempts", "255"));
    assert_true(say("just-works", "allow") && policy.just_works == TROTH_JUST_WORKS_ALLOWED);
    assert_true(say("just-works", "ask") && policy.just_works == TROTH_JUST_WORKS_ASKED);
    assert_true(say("just-works", "refuse") && policy.just_works == TROTH_JUST_WORKS_REFUSED);
    assert_true(say("privacy", NULL) && said.privacy);
    assert_true(say("rpa-timeout", "3600") && said.rpa_timeout_s == 3600);
}

static void models(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t bits;
    } all[] = {{"just-works", 0x01},
               {"passkey", 0x0e},
               {"compare", 0x10},
               {"oob", 0x20},
               {"passkey,oob", 0x2e},
               {"numeric-comparison,oob,oob", 0x30},
               {"oob,compare,passkey,just-works", 0x3f}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_true(say("models", all[i].text));
        assert_int_equal(policy.models, all[i].bits);
    }
    static const char *const wrong[] = {"",     ",",  "oob,",        ",oob",
                                        "oobs", "oo", "oob passkey", "OOB"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(say("models", wrong[i]));
}

static void insecure_ones_are_named(void **state)
{
    (void)state;
    assert_true(say("insecure-fixed-passkey", "012345") && policy.fixed_passkey);
    assert_int_equal(policy.passkey, 12345);
    assert_non_null(troth_policy_insecure(&policy, 0));
    assert_null(troth_policy_insecure(&policy, 1));
    assert_true(say("insecure-debug-keys", NULL) && policy.use_debug_keys);
    assert_true(policy.accept_debug_keys);
    assert_non_null(troth_policy_insecure(&policy, 1));
    assert_true(say("insecure-replace-weaker", NULL) && policy.replace_weaker);
    assert_non_null(troth_policy_insecure(&policy, 0));
    assert_true(say("insecure-unlimited-attempts", NULL) && policy.attempts == 255);
    assert_non_null(troth_policy_insecure(&policy, 0));
    assert_true(say("insecure-legacy-only", NULL));
    assert_false(policy.features.auth_req & TROTH_AUTH_SC);
}

/* A mode that demands more keeps what it demands. */
static void the_mode_is_not_weakened(void **state)
{
    (void)state;
    memset(&said, 0, sizeof said);
    said.min_key_size = 7;
    policy = (struct troth_policy){.features = TROTH_FEATURES_DEFAULT,
                                   .min_key_size = 16,
                                   .sc_only = true,
                                   .require_mitm = true,
                                   .just_works = TROTH_JUST_WORKS_REFUSED};
    policy_apply(&said, &policy);
    assert_int_equal(policy.min_key_size, 16);
    assert_true(policy.sc_only && policy.require_mitm);
    assert_int_equal(policy.just_works, TROTH_JUST_WORKS_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said),
        cmocka_unit_test(each_option),
        cmocka_unit_test(models),
        cmocka_unit_test(insecure_ones_are_named),
        cmocka_unit_test(the_mode_is_not_weakened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
