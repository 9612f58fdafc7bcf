/* Answers by rule: which rule takes which question, passkeys from a file, and what is left to the
 * person behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/agent_policy.h"
#include "common/out.h"

#define PEER "Porch lamp (C0:FF:EE:00:00:01)"

static struct {
    struct agent_policy p;
    struct troth_agent person;
    bool nobody;
    unsigned asked, closed, answered;
    struct troth_agent_call call;
    bool yes;
    uint32_t passkey;
    char file[32];
} rig;

static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    (void)ctx;
    rig.asked++;
    rig.call = *call;
    return !rig.nobody;
}

static void on_closed(void *ctx, uint32_t id)
{
    (void)ctx;
    assert_int_equal(id, 1);
    rig.closed++;
}

static void on_answer(void *host, uint32_t id, bool yes, uint32_t passkey)
{
    assert_ptr_equal(host, &rig);
    assert_int_equal(id, 1);
    rig.answered++;
    rig.yes = yes;
    rig.passkey = passkey;
}

static bool ask(enum troth_agent_call_type type)
{
    struct troth_agent_call call = {
        .type = type, .id = 1, .passkey = 7, .peer = PEER, .answer = on_answer, .host = &rig};
    return rig.p.agent.call(rig.p.agent.ctx, &call);
}

static int set_up(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    rig.person = (struct troth_agent){.call = on_call, .closed = on_closed};
    rig.p.to = &rig.person;
    agent_policy_init(&rig.p);
    snprintf(rig.file, sizeof rig.file, "/tmp/troth-policy-XXXXXX");
    int fd = mkstemp(rig.file);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    agent_policy_end(&rig.p);
    unlink(rig.file);
    return 0;
}

static int32_t from_file(const char *text, const char *peer)
{
    char why[512] = "";
    FILE *f = fopen(rig.file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    int32_t value = agent_policy_passkey(rig.file, peer, why, sizeof why);
    assert_int_equal(value < 0, *why != 0);
    return value;
}

static void a_passkey_is_found_for_its_peer(void **state)
{
    (void)state;
    assert_int_equal(from_file("012345\n", PEER), 12345);
    assert_int_equal(from_file("# mine\n\n  012 345  # with blanks\n", PEER), 12345);
    assert_int_equal(from_file("c0:ff:ee:00:00:01 000001", PEER), 1);
    assert_int_equal(from_file("porch lamp 000002\n", PEER), 2);
    assert_int_equal(from_file(PEER "\t 000003\n", PEER), 3);
    assert_int_equal(from_file("* 000004\n", PEER), 4);
    assert_int_equal(from_file("C0:FF:EE:00:00:02 000001\nlamp 000002\n* 000005\n", PEER), 5);
    assert_int_equal(from_file("Porch lamp 000006\n* 000005\n", PEER), 6);
    assert_int_equal(from_file("C0:FF:EE:00:00:01 000007\n", "C0:FF:EE:00:00:01"), 7);
    /* an address is no name that somebody else goes by */
    assert_int_equal(
        from_file("C0:FF:EE:00:00:02 000001\n* 000008\n", "C0:FF:EE:00:00:02 (C0:FF:EE:00:00:01)"),
        8);
}

static void and_otherwise_there_is_none(void **state)
{
    static const char *const none[] = {"", "#012345\n", "C0:FF:EE:00:00:02 000001\n",
                                       "Porch 000001\n", "lamp 000001\n"};
    static const char *const wrong[] = {"12345\n", "1234567\n", "Porch lamp\n",
                                        "Porch lamp 12345\n* 000001\n"};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(from_file(none[i], PEER), -1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(from_file(wrong[i], PEER), -1);
    char why[512];
    assert_int_equal(agent_policy_passkey("/nonexistent", PEER, why, sizeof why), -1);
}

static void without_a_rule_the_person_answers(void **state)
{
    (void)state;
    assert_true(ask(TROTH_AGENT_COMPARE));
    assert_int_equal(rig.asked, 1);
    assert_int_equal(rig.answered, 0);
    rig.call.answer(rig.call.host, rig.call.id, true, 0);
    assert_int_equal(rig.answered, 1);
    assert_true(rig.yes);
    rig.call.answer(rig.call.host, rig.call.id, false, 0); /* late */
    assert_int_equal(rig.answered, 1);
    assert_true(ask(TROTH_AGENT_PASSKEY));
    rig.call.answer(rig.call.host, rig.call.id, true, 123456);
    assert_int_equal(rig.passkey, 123456);
}

static void nobody_is_a_no_of_the_caller(void **state)
{
    (void)state;
    rig.nobody = true;
    assert_false(ask(TROTH_AGENT_COMPARE));
    assert_false(ask(TROTH_AGENT_DISPLAY));
    assert_int_equal(rig.answered, 0);
}

static void just_works_by_rule_and_nothing_else(void **state)
{
    (void)state;
    rig.p.accept_just_works = true;
    assert_true(ask(TROTH_AGENT_CONSENT));
    assert_int_equal(rig.asked, 0);
    assert_true(rig.answered == 1 && rig.yes);
    assert_true(ask(TROTH_AGENT_COMPARE));
    assert_int_equal(rig.asked, 1);
}

static void just_works_beside_no(void **state)
{
    (void)state;
    rig.p.accept_just_works = rig.p.no = true;
    assert_true(ask(TROTH_AGENT_CONSENT));
    assert_true(rig.yes);
    assert_true(ask(TROTH_AGENT_COMPARE));
    assert_true(rig.answered == 2 && !rig.yes);
}

static void yes_types_nothing(void **state)
{
    (void)state;
    rig.p.yes = true;
    assert_true(ask(TROTH_AGENT_COMPARE) && rig.yes);
    assert_true(ask(TROTH_AGENT_CONSENT) && rig.yes);
    assert_int_equal(rig.asked, 0);
    assert_true(ask(TROTH_AGENT_DISPLAY)); /* shown, whoever answers */
    assert_true(ask(TROTH_AGENT_PASSKEY));
    assert_int_equal(rig.asked, 2);
}

static void a_passkey_file_types(void **state)
{
    (void)state;
    from_file("000042\n", PEER);
    rig.p.passkeys = rig.file;
    assert_true(ask(TROTH_AGENT_PASSKEY));
    assert_true(rig.yes);
    assert_int_equal(rig.passkey, 42);
    from_file("", PEER);
    assert_true(ask(TROTH_AGENT_PASSKEY));
    assert_false(rig.yes);
    assert_int_equal(rig.asked, 0);
}

static void what_is_withdrawn_is_answered_no_more(void **state)
{
    (void)state;
    assert_true(ask(TROTH_AGENT_COMPARE));
    rig.p.agent.closed(rig.p.agent.ctx, 1);
    assert_int_equal(rig.closed, 1);
    rig.call.answer(rig.call.host, rig.call.id, true, 0);
    assert_int_equal(rig.answered, 0);
}

static void what_nobody_answers_in_time_is_refused(void **state)
{
    (void)state;
    assert_true(sd_event_new(&rig.p.loop) >= 0);
    rig.p.within_s = 1;
    assert_true(ask(TROTH_AGENT_COMPARE));
    while (!rig.answered)
        assert_true(sd_event_run(rig.p.loop, 5000000) > 0);
    assert_false(rig.yes);
    assert_int_equal(rig.closed, 1);
    rig.p.loop = sd_event_unref(rig.p.loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_passkey_is_found_for_its_peer),
        TEST(and_otherwise_there_is_none),
        TEST(without_a_rule_the_person_answers),
        TEST(nobody_is_a_no_of_the_caller),
        TEST(just_works_by_rule_and_nothing_else),
        TEST(just_works_beside_no),
        TEST(yes_types_nothing),
        TEST(a_passkey_file_types),
        TEST(what_is_withdrawn_is_answered_no_more),
        TEST(what_nobody_answers_in_time_is_refused),
    };
    out_init("test", false, stderr);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
