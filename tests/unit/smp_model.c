/*
 * Which association model two sides get, and which key size: against a matrix that somebody else
 * wrote (crypto.json, rows the initiator's), and against the rules of Vol 3 Part H 2.3.5.1 and
 * 2.3.4 spelled out here.
 */
#include "support/tally.h"
#include "support/tester.h"
#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The matrix names who displays; the model names who types. */
static enum troth_model model_named(const char *name)
{
    static const struct {
        const char *name;
        enum troth_model model;
    } names[] = {
        {"JW", TROTH_JUST_WORKS},
        {"NC", TROTH_NUMERIC_COMPARISON},
        {"PK_init_displays", TROTH_PASSKEY_RESPONDER_INPUTS},
        {"PK_resp_displays", TROTH_PASSKEY_INITIATOR_INPUTS},
        {"PK_both_input", TROTH_PASSKEY_BOTH_INPUT},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i].name, name))
            return names[i].model;
    fail_msg("the matrix has a model '%s'", name);
    return TROTH_JUST_WORKS;
}

/* [sc][initiator][responder] */
static void load_matrix(enum troth_model m[2][5][5])
{
    static const char *const which[2] = {"legacy", "sc"};
    static const char *const order[5] = {"DisplayOnly", "DisplayYesNo", "KeyboardOnly",
                                         "NoInputNoOutput", "KeyboardDisplay"};
    cJSON *root = vectors_load("crypto.json"), *v;
    const cJSON *found = NULL;
    cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(root, "vectors"))
    {
        if (!strcmp(vectors_string(v, "function"), "SMP IO capability mapping"))
            found = v;
    }
    assert_non_null(found);
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(found, "inputs");
    assert_string_equal(vectors_string(in, "rows"), "initiator");
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(in, "order");
    for (int i = 0; i < 5; i++) /* so the indices are enum troth_io_cap */
        assert_string_equal(cJSON_GetArrayItem(names, i)->valuestring, order[i]);
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(found, "output");
    for (int sc = 0; sc < 2; sc++) {
        const cJSON *table = cJSON_GetObjectItemCaseSensitive(out, which[sc]);
        assert_int_equal(cJSON_GetArraySize(table), 5);
        for (int i = 0; i < 5; i++) {
            const cJSON *line = cJSON_GetArrayItem(table, i);
            assert_int_equal(cJSON_GetArraySize(line), 5);
            for (int r = 0; r < 5; r++)
                m[sc][i][r] = model_named(cJSON_GetArrayItem(line, r)->valuestring);
        }
    }
    cJSON_Delete(root);
}

static void test_every_choice(void **state)
{
    (void)state;
    enum troth_model matrix[2][5][5];
    load_matrix(matrix);
    tally_start();
    for (unsigned n = 0; n < 25 * 4 * 4 * 4; n++) {
        uint8_t io[2] = {(uint8_t)(n % 5), (uint8_t)(n / 5 % 5)};
        unsigned oob = n / 25 % 4, mitm = n / 100 % 4, sc = n / 400 % 4;
        struct troth_features f[2];
        memset(f, 0, sizeof f);
        for (unsigned x = 0; x < 2; x++) {
            f[x].io_cap = io[x];
            f[x].oob = oob >> x & 1;
            f[x].max_key_size = 16;
            if (mitm >> x & 1)
                f[x].auth_req |= TROTH_AUTH_MITM;
            if (sc >> x & 1)
                f[x].auth_req |= TROTH_AUTH_SC;
        }
        /* Tables 2.6 and 2.7, then 2.8. */
        enum troth_model want = TROTH_JUST_WORKS;
        if (sc == 3 ? oob != 0 : oob == 3)
            want = TROTH_OOB;
        else if (mitm)
            want = matrix[sc == 3][io[0]][io[1]];
        tally_case("initiator io %u, responder io %u, oob %u%u, mitm %u%u, sc %u%u", io[0], io[1],
                   oob & 1, oob >> 1, mitm & 1, mitm >> 1, sc & 1, sc >> 1);
        enum troth_model got = troth_model_of(&f[0], &f[1]);
        TALLY(got == want, "%s instead of %s", troth_model_name(got), troth_model_name(want));
        /* What the choice does not rest on changes nothing. */
        f[0].auth_req |= TROTH_AUTH_BOND | TROTH_AUTH_KEYPRESS;
        f[1].initiator_keys = f[1].responder_keys = 7;
        f[0].max_key_size = 7;
        TALLY(troth_model_of(&f[0], &f[1]) == want, "the model rests on other fields too");
    }
    tally_end("model choice", 1600);
}

/* The key size is the lesser maximum, if that is enough: 2.3.4. */
static void test_key_size(void **state)
{
    static const uint8_t minima[] = {7, 8, 12, 16, 0};
    static const uint8_t own[] = {7, 8, 13, 16};
    static struct scene s;
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 256 * 5 * 4 * 2 * 2; n++) {
        uint8_t theirs = (uint8_t)(n % 256), minimum = minima[n / 256 % 5];
        uint8_t ours = own[n / 1280 % 4];
        enum troth_side side = n / 5120 % 2;
        uint8_t least = minimum ? minimum : 16;
        if (ours < least)
            continue; /* a host that refuses itself */
        struct flow f = tester_flows[n / 10240 ? 5 : 0];
        f.f[side].max_key_size = ours;
        f.f[!side].max_key_size = theirs;
        struct troth_policy p = {.features = f.f[side], .min_key_size = minimum};
        tally_case("%s, we are the %s, ours %u, least %u, theirs %u", f.name,
                   side ? "responder" : "initiator", ours, least, theirs);
        uint8_t size = ours < theirs ? ours : theirs;
        bool bad = theirs < 7 || theirs > 16;
        scene_init(&s, &f, side, &p);
        scene_run(&s);
        if (!bad && size >= least) {
            const char *wrong = scene_success(&s);
            TALLY(!wrong, "%s", wrong);
            continue;
        }
        TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1, "it did not fail");
        if (bad)
            TALLY(s.b.failed_reason == TROTH_SMP_INVALID_PARAMETERS,
                  "a size out of range was answered 0x%02x, not 0x0A (2.3.4, 3.5.1)",
                  s.b.failed_reason);
        else
            TALLY(s.b.failed_reason == TROTH_SMP_ENCRYPTION_KEY_SIZE,
                  "a size below our least was answered 0x%02x, not 0x06", s.b.failed_reason);
        TALLY(!smp_bench_leftover(&s.b), "something is left");
    }
    tally_end("key sizes", 6000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_choice),
        cmocka_unit_test(test_key_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
