/* <troth/agent.h>: an application's own agent between the asks and the answers. */
#include "support/world.h"

#include <stdio.h>
#include <string.h>

#include <troth/agent.h>

static struct world *w;
static struct device *phone, *lamp;

struct mine {
    struct troth_agent agent;
    bool there, answers, yes;
    uint32_t types;
    unsigned calls[TROTH_AGENT_CONSENT + 1], closed;
    struct troth_agent_call last;
    char peer[32];
};
static struct mine agents[2]; /* the phone's, the lamp's */

static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    struct mine *m = ctx;
    if (!m->there)
        return false;
    m->calls[call->type]++;
    m->last = *call;
    snprintf(m->peer, sizeof m->peer, "%s", call->peer);
    m->last.peer = m->peer;
    if (m->answers && call->type != TROTH_AGENT_DISPLAY)
        call->answer(call->host, call->id, m->yes, m->types);
    return true;
}

static void on_closed(void *ctx, uint32_t id)
{
    struct mine *m = ctx;
    m->closed += id == m->last.id;
}

/* The world's ask callback, with the agent before it. */
static bool (*world_ask)(void *ctx, const struct troth_ask *ask);

static bool ask(void *ctx, const struct troth_ask *a)
{
    struct device *d = ctx;
    struct mine *m = &agents[d == lamp];
    if (troth_agent_ask(&m->agent, d->host, a, d == lamp ? "the phone" : "the lamp"))
        return true;
    bool ours = a->type == TROTH_ASK_PASSKEY_DISPLAY || a->type == TROTH_ASK_PASSKEY_INPUT ||
                a->type == TROTH_ASK_COMPARE || a->type == TROTH_ASK_CONSENT;
    return !ours && world_ask(ctx, a);
}

static void on_event(struct device *d, const struct troth_event *e)
{
    troth_agent_event(&agents[d == lamp].agent, e);
}

static void meet(uint8_t phones, uint8_t lamps)
{
    w = world_new(3);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    for (unsigned i = 0; i < 2; i++) {
        struct device *d = i ? lamp : phone;
        agents[i] = (struct mine){.there = true, .answers = true, .yes = true};
        agents[i].agent = (struct troth_agent){
            .io_cap = i ? lamps : phones, .call = on_call, .closed = on_closed, .ctx = &agents[i]};
        world_ask = d->config.ask;
        d->config.ask = ask;
        d->on_event = on_event;
        d->config.policy.features.io_cap = agents[i].agent.io_cap;
        d->config.policy.features.auth_req |= TROTH_AUTH_MITM;
        d->config.policy.just_works = TROTH_JUST_WORKS_ASKED;
        device_on(d);
    }
    device_advertise(lamp);
    device_connect(phone, lamp);
}

static void pair(void)
{
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
}

static uint8_t failed(void)
{
    expect(phone, TROTH_EV_PAIRING_FAILED);
    return expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason;
}

static void comparing(void **state)
{
    (void)state;
    for (unsigned yes = 0; yes < 2; yes++) {
        meet(TROTH_DISPLAY_YES_NO, TROTH_DISPLAY_YES_NO);
        agents[1].yes = yes;
        pair();
        if (yes)
            assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.level.mitm);
        else
            assert_int_equal(failed(), TROTH_SMP_NUMERIC_COMPARISON_FAILED);
        assert_int_equal(agents[0].calls[TROTH_AGENT_COMPARE], 1);
        assert_int_equal(agents[0].last.passkey, agents[1].last.passkey);
        assert_int_equal(agents[0].last.model, TROTH_NUMERIC_COMPARISON);
        assert_string_equal(agents[0].peer, "the lamp");
        world_free(w);
    }
}

static void typing_later(void **state)
{
    (void)state;
    meet(TROTH_KEYBOARD_ONLY, TROTH_DISPLAY_ONLY);
    agents[0].answers = false;
    pair();
    world_run(w, 3000);
    assert_int_equal(agents[1].calls[TROTH_AGENT_DISPLAY], 1);
    assert_int_equal(agents[0].calls[TROTH_AGENT_PASSKEY], 1);
    assert_int_equal(agents[1].closed, 0);
    struct troth_agent_call *call = &agents[0].last;
    call->answer(call->host, call->id, true, agents[1].last.passkey);
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.level.mitm);
    expect(lamp, TROTH_EV_PAIRED);
    assert_int_equal(agents[1].closed, 1);       /* off the display */
    call->answer(call->host, call->id, true, 1); /* late: harmless */
    world_free(w);
}

static void refusing_to_type(void **state)
{
    (void)state;
    meet(TROTH_KEYBOARD_ONLY, TROTH_DISPLAY_ONLY);
    agents[0].yes = false;
    pair();
    assert_int_equal(failed(), TROTH_SMP_PASSKEY_ENTRY_FAILED);
    assert_int_equal(agents[1].closed, 1);
    world_free(w);
}

static void a_question_closes_when_the_link_goes(void **state)
{
    (void)state;
    meet(TROTH_KEYBOARD_ONLY, TROTH_DISPLAY_ONLY);
    agents[0].answers = false;
    pair();
    world_run(w, 3000);
    device_disconnect(lamp);
    expect(phone, TROTH_EV_DISCONNECTED);
    assert_int_equal(agents[0].closed, 1);
    agents[0].last.answer(agents[0].last.host, agents[0].last.id, true, 0);
    world_free(w);
}

static void nobody_there_is_a_no(void **state)
{
    (void)state;
    for (unsigned there = 0; there < 2; there++) {
        meet(TROTH_NO_INPUT_NO_OUTPUT, TROTH_NO_INPUT_NO_OUTPUT);
        agents[1].there = there;
        pair();
        if (there)
            assert_int_equal(expect(lamp, TROTH_EV_PAIRED)->u.paired.model, TROTH_JUST_WORKS);
        else
            assert_int_equal(failed(), TROTH_SMP_UNSPECIFIED_REASON);
        assert_int_equal(agents[1].calls[TROTH_AGENT_CONSENT], there);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),
        cmocka_unit_test(typing_later),
        cmocka_unit_test(refusing_to_type),
        cmocka_unit_test(a_question_closes_when_the_link_goes),
        cmocka_unit_test(nobody_there_is_a_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
