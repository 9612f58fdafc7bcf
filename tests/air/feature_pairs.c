/*
 * Every pair of features, paired for real: 25 pairs of IO capabilities, and each side with and
 * without OOB data, MITM and Secure Connections. What must come of each is the matrix that somebody
 * else wrote (crypto.json, rows the initiator's) and Vol 3 Part H 2.3.5.1, tables 2.6 and 2.7.
 * First two whole hosts over the air; then each side alone against the lower tester.
 */
#include "support/tally.h"
#include "support/tester.h"
#include "support/vectors.h"
#include "support/world.h"

#include <string.h>

#define I     TROTH_INITIATOR
#define R     TROTH_RESPONDER
#define PAIRS (25 * 4 * 4 * 4)
#define TYPED 271828 /* where nobody displays anything */

static enum troth_model matrix[2][5][5]; /* [sc][initiator][responder] */

/* The matrix names who displays; the model names who types. */
static enum troth_model model_named(const char *name)
{
    static const char *const names[] = {
        [TROTH_JUST_WORKS] = "JW",
        [TROTH_PASSKEY_INITIATOR_INPUTS] = "PK_resp_displays",
        [TROTH_PASSKEY_RESPONDER_INPUTS] = "PK_init_displays",
        [TROTH_PASSKEY_BOTH_INPUT] = "PK_both_input",
        [TROTH_NUMERIC_COMPARISON] = "NC",
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i], name))
            return (enum troth_model)i;
    fail_msg("the matrix has a model '%s'", name);
    return TROTH_JUST_WORKS;
}

static int load_matrix(void **state)
{
    (void)state;
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
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(found, "output");
    for (int i = 0; i < 5; i++) /* so the indices are enum troth_io_cap */
        assert_string_equal(
            cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(in, "order"), i)->valuestring,
            order[i]);
    for (int n = 0; n < 2 * 25; n++) {
        const cJSON *table = cJSON_GetObjectItemCaseSensitive(out, which[n / 25]);
        const cJSON *cell = cJSON_GetArrayItem(cJSON_GetArrayItem(table, n / 5 % 5), n % 5);
        assert_non_null(cell);
        matrix[n / 25][n / 5 % 5][n % 5] = model_named(cell->valuestring);
    }
    cJSON_Delete(root);
    return 0;
}

/* Pair n, and what must come of it. The sizes and keys vary along: nothing rests on them. */
static struct flow pair_of(unsigned n)
{
    const uint8_t io[2] = {(uint8_t)(n % 5), (uint8_t)(n / 5 % 5)};
    const unsigned oob = n / 25 % 4, mitm = n / 100 % 4, sc = n / 400 % 4;
    struct flow f = {.name = "a pair of features", .sc = sc == 3};
    for (unsigned x = 0; x < 2; x++) {
        struct troth_features *side = &f.f[x];
        side->io_cap = io[x];
        side->oob = oob >> x & 1;
        side->auth_req = (uint8_t)(TROTH_AUTH_BOND | (mitm >> x & 1 ? TROTH_AUTH_MITM : 0) |
                                   (sc >> x & 1 ? TROTH_AUTH_SC : 0));
        side->max_key_size = (uint8_t)(16 - (x ? n / 7 : n) % 10);
        side->initiator_keys = side->responder_keys =
            TROTH_DIST_ENC | TROTH_DIST_ID | TROTH_DIST_SIGN;
    }
    if (f.sc ? oob != 0 : oob == 3)
        f.model = TROTH_OOB;
    else if (mitm)
        f.model = matrix[f.sc][io[I]][io[R]];
    else
        f.model = TROTH_JUST_WORKS;
    tally_case("%u: initiator io %u, responder io %u, oob %u%u, mitm %u%u, sc %u%u", n, io[0],
               io[1], oob & 1, oob >> 1, mitm & 1, mitm >> 1, sc & 1, sc >> 1);
    return f;
}

/* ---- two whole hosts ---- */

static struct world *w;
static struct device *side[2];

static void begin(void)
{
    w = world_new(3);
    side[I] = world_device(w, "initiator");
    side[R] = world_device(w, "responder");
    for (unsigned x = 0; x < 2; x++) {
        struct device *d = side[x];
        d->config.policy.min_key_size = 7;
        d->config.policy.attempts = 255;
        d->say[TROTH_ASK_COMPARE] = SAY_YES;
        d->say[TROTH_ASK_OOB_DATA] = SAY_YES;
        d->answer[TROTH_ASK_PASSKEY_INPUT].u.passkey = TYPED;
        device_on(d);
    }
}

/* Connects them as two that never met, each side's policy being its features and `demand`. */
static void meet(const struct flow *f, const struct troth_policy demand[2])
{
    static const uint8_t tk[16] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x58, 0x97, 0x93,
                                   0x23, 0x84, 0x62, 0x64, 0x33, 0x83, 0x27, 0x95};
    device_advertise(side[R]);
    for (unsigned x = 0; x < 2; x++) {
        struct device *d = side[x];
        struct troth_policy policy = demand[x];
        policy.features = f->f[x];
        assert_int_equal(troth_set_policy(d->host, &policy), TROTH_OK);
        d->logged = d->read = 0;
        d->showing = false;
        memset(d->asks, 0, sizeof d->asks);
        memset(d->asked, 0, sizeof d->asked);
        d->say[TROTH_ASK_PASSKEY_INPUT] =
            f->model == TROTH_PASSKEY_BOTH_INPUT ? SAY_YES : SAY_WHAT_IS_SHOWN;
        /* Who has the flag was given the other's data, and in legacy pairing both one TK. */
        struct troth_oob *oob = &side[!x]->answer[TROTH_ASK_OOB_DATA].u.oob;
        memset(oob, 0, sizeof *oob);
        if (f->f[!x].oob)
            assert_int_equal(troth_oob_make(d->host, oob, world_now(w)), TROTH_OK);
        oob->have_tk = true;
        memcpy(oob->tk, tk, 16);
    }
    device_connect(side[I], side[R]);
    struct troth_advertising off = {.on = false};
    assert_int_equal(troth_advertise(side[R]->host, &off), TROTH_OK);
}

static void part(void)
{
    device_disconnect(side[I]);
    expect(side[R], TROTH_EV_DISCONNECTED);
    for (unsigned x = 0; x < 2; x++) {
        const struct troth_bond *b = troth_bonds_get(side[x]->host, 0);
        if (!b)
            continue;
        struct troth_addr identity = b->keys.identity;
        assert_int_equal(troth_bonds_remove(side[x]->host, &identity), TROTH_OK);
        expect(side[x], TROTH_EV_BOND_REMOVED);
    }
}

/* Who was asked what. */
static void check_asks(const struct flow *f)
{
    const unsigned *i = side[I]->asks, *r = side[R]->asks;
    const bool numbers = f->model == TROTH_NUMERIC_COMPARISON;
    const bool oob = f->model == TROTH_OOB;
    TALLY(i[TROTH_ASK_PASSKEY_INPUT] ==
              (f->model == TROTH_PASSKEY_INITIATOR_INPUTS || f->model == TROTH_PASSKEY_BOTH_INPUT),
          "the initiator was asked for a passkey %u times", i[TROTH_ASK_PASSKEY_INPUT]);
    TALLY(r[TROTH_ASK_PASSKEY_INPUT] ==
              (f->model == TROTH_PASSKEY_RESPONDER_INPUTS || f->model == TROTH_PASSKEY_BOTH_INPUT),
          "the responder was asked for a passkey %u times", r[TROTH_ASK_PASSKEY_INPUT]);
    TALLY(i[TROTH_ASK_PASSKEY_DISPLAY] == (f->model == TROTH_PASSKEY_RESPONDER_INPUTS),
          "the initiator displayed a passkey %u times", i[TROTH_ASK_PASSKEY_DISPLAY]);
    TALLY(r[TROTH_ASK_PASSKEY_DISPLAY] == (f->model == TROTH_PASSKEY_INITIATOR_INPUTS),
          "the responder displayed a passkey %u times", r[TROTH_ASK_PASSKEY_DISPLAY]);
    TALLY(i[TROTH_ASK_COMPARE] == numbers && r[TROTH_ASK_COMPARE] == numbers,
          "%u and %u were asked to compare numbers", i[TROTH_ASK_COMPARE], r[TROTH_ASK_COMPARE]);
    TALLY(!numbers || side[I]->shown == side[R]->shown, "the numbers are not the same");
    for (unsigned x = 0; x < 2; x++)
        TALLY(side[x]->asks[TROTH_ASK_OOB_DATA] == (oob && f->f[x].oob),
              "side %u was asked for OOB data %u times", x, side[x]->asks[TROTH_ASK_OOB_DATA]);
}

static void check_level(const struct flow *f, const struct troth_level *level, const char *of,
                        unsigned x)
{
    const uint8_t a = f->f[I].max_key_size, b = f->f[R].max_key_size;
    TALLY(level->sc == f->sc && level->mitm == (f->model != TROTH_JUST_WORKS) &&
              level->key_size == (a < b ? a : b),
          "side %u: the level of %s is {mitm %d, sc %d, size %u}", x, of, level->mitm, level->sc,
          level->key_size);
}

static void check_paired(const struct flow *f, unsigned x)
{
    struct device *d = side[x];
    const struct troth_event *e = expect(d, TROTH_EV_PAIRED);
    TALLY(e->u.paired.model == f->model, "side %u: %s instead of %s", x,
          troth_model_name(e->u.paired.model), troth_model_name(f->model));
    TALLY(e->u.paired.side == x && e->u.paired.bonding && e->u.paired.stored,
          "side %u: the bond is missing", x);
    struct troth_level link = troth_link_level(d->host, d->link);
    struct troth_level kept = {e->u.paired.keys->key_size, e->u.paired.keys->mitm,
                               e->u.paired.keys->sc, true};
    check_level(f, &e->u.paired.level, "the pairing", x);
    check_level(f, &link, "the link", x);
    check_level(f, &kept, "the bond", x);
    TALLY(device_count(d, TROTH_EV_PAIRING_FAILED) == 0, "side %u: it failed as well", x);
    TALLY(device_count(d, TROTH_EV_PAIRING) == 1, "side %u: more than one pairing", x);
}

static void every_pair_over_the_air(void **state)
{
    (void)state;
    begin();
    tally_start();
    const struct troth_policy open = {.min_key_size = 7, .attempts = 255};
    for (unsigned n = 0; n < PAIRS; n++) {
        struct flow f = pair_of(n);
        /* Whether a MITM bit that comes to nothing is echoed changes nothing either. */
        struct troth_policy demand[2] = {open, open};
        demand[R].core = n % 2 ? TROTH_CORE_5_3 : TROTH_CORE_6_2;
        meet(&f, demand);
        assert_int_equal(troth_pair(side[I]->host, side[I]->link, NULL), TROTH_OK);
        check_paired(&f, I);
        check_paired(&f, R);
        check_asks(&f);
        part();
    }
    world_free(w);
    tally_end("pairs of features over the air", PAIRS);
}

/* One side takes nothing but authenticated Secure Connections. */
static void every_pair_with_one_that_demands(void **state)
{
    (void)state;
    begin();
    tally_start();
    const struct troth_policy open = {.min_key_size = 7, .attempts = 255};
    for (unsigned n = 0; n < 2 * PAIRS; n++) {
        struct flow f = pair_of(n / 2);
        if (f.sc && f.model != TROTH_JUST_WORKS)
            continue; /* it pairs, as above */
        struct troth_policy demand[2] = {open, open};
        demand[n % 2].require_mitm = demand[n % 2].sc_only = true;
        meet(&f, demand);
        assert_int_equal(troth_pair(side[I]->host, side[I]->link, NULL), TROTH_OK);
        for (unsigned x = 0; x < 2; x++) {
            const struct troth_event *e = expect(side[x], TROTH_EV_PAIRING_FAILED);
            TALLY(e->u.pairing_failed.reason == TROTH_SMP_AUTHENTICATION_REQUIREMENTS,
                  "side %u, of which %u demands: it failed with 0x%02x", x, n % 2,
                  e->u.pairing_failed.reason);
            TALLY(e->u.pairing_failed.by == (x == n % 2 ? TROTH_BY_US : TROTH_BY_PEER),
                  "side %u, of which %u demands: the other one failed it", x, n % 2);
            TALLY(!troth_link_level(side[x]->host, side[x]->link).key_size,
                  "side %u: the link is encrypted", x);
            TALLY(!troth_bonds_get(side[x]->host, 0), "side %u: a bond is kept", x);
        }
        part();
    }
    world_free(w);
    tally_end("pairs of features that one side refuses", 2 * 1000);
}

/* ---- each side alone, against one that shares no line with it ---- */

static void every_pair_against_the_tester(void **state)
{
    (void)state;
    static struct scene s;
    tally_start();
    for (unsigned n = 0; n < 2 * PAIRS; n++) {
        struct flow f = pair_of(n / 2);
        struct troth_policy policy = {
            .features = f.f[n % 2], .core = TROTH_CORE_5_3, .min_key_size = 7, .attempts = 255};
        scene_init(&s, &f, (enum troth_side)(n % 2), &policy);
        scene_run(&s);
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "the %s under test: %s", n % 2 ? "responder" : "initiator", wrong);
    }
    tally_end("pairs of features against the lower tester", 2 * PAIRS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_over_the_air),
        cmocka_unit_test(every_pair_with_one_that_demands),
        cmocka_unit_test(every_pair_against_the_tester),
    };
    return cmocka_run_group_tests(tests, load_matrix, NULL);
}
