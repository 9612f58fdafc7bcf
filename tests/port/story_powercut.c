/*
 * A whole story, the power cut at every write of its store: a lamp pairs with a phone over the air,
 * is given a network, then another, then pairs again, then is erased. Whenever the power goes, the
 * store opens, every record in it is whole, and what was told to anybody is there.
 */
#include "ports/linux/credentials.h"
#include "support/powercut_store.h"

#include <string.h>

#include <troth/net_sim.h>
#include <troth/prov.h>

/* What the lamp's owner has been told so far, and so must find again. */
struct told {
    unsigned pairings;                /* finished, stored */
    uint8_t ltk[2][16];               /* their keys */
    const char *network;              /* CONNECTED was shown with this one; NULL: not yet */
    const char *trying;               /* ... and this one may be there already */
    bool erasing, erased;
};

static struct told told;

/* ---- the lamp's host keeps its bonds in the store ---- */

static void lamp_told(struct device *d, const struct troth_event *e)
{
    (void)d;
    if (e->type != TROTH_EV_PAIRED || !e->u.paired.stored)
        return;
    memcpy(told.ltk[told.pairings++], e->u.paired.keys->ltk[0].key, 16);
}

static void pair(struct world *w, struct device *phone, struct device *lamp)
{
    unsigned before = told.pairings;
    if (troth_pair(phone->host, phone->link, NULL) != TROTH_OK)
        return;
    world_run(w, 500);
    if (told.pairings == before) /* the store failed: the link goes, and the power is out anyway */
        world_run(w, 2000);
    (void)lamp;
}

/* ---- its provisioning keeps the credentials there ---- */

struct provisioning {
    struct troth_prov prov;
    struct troth_net_sim sim;
    struct troth_net_sink sink;
    struct store *store;
    troth_ms now;
};

static void save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    struct provisioning *p = ctx;
    troth_prov_stored(&p->prov, serial, credentials_save(p->store, NULL, c) == TROTH_OK);
}

static void erase(void *ctx, uint32_t serial)
{
    struct provisioning *p = ctx;
    troth_prov_stored(&p->prov, serial, credentials_erase(p->store) == TROTH_OK);
}

static void prov_told(void *ctx, const struct troth_prov_event *e)
{
    (void)ctx;
    if (e->type == TROTH_PROV_EV_STATE && e->state == TROTH_PROV_CONNECTED &&
        e->reason == TROTH_NET_OK)
        told.network = told.trying;
    if (e->type == TROTH_PROV_EV_ERASED && e->u.erased.ok)
        told.erased = true;
}

static void live(struct provisioning *p, troth_ms ms)
{
    for (troth_ms end = p->now + ms;;) {
        troth_ms at = troth_prov_deadline(&p->prov), sim = troth_net_sim_deadline(&p->sim);
        at = sim < at ? sim : at;
        if (at > end)
            break;
        p->now = at > p->now ? at : p->now;
        troth_net_sim_tick(&p->sim, p->now);
        troth_prov_tick(&p->prov, p->now);
    }
    p->now += ms;
}

static void give_network(struct provisioning *p, const char *ssid)
{
    struct troth_credentials *c = troth_prov_stage(&p->prov, 1);
    assert_non_null(c);
    c->kind = TROTH_NET_WIFI;
    c->u.wifi.ssid.len = (uint8_t)strlen(ssid);
    memcpy(c->u.wifi.ssid.b, ssid, strlen(ssid));
    c->u.wifi.security = TROTH_WIFI_AUTO;
    c->u.wifi.password.len = 8;
    memcpy(c->u.wifi.password.b, "password", 8);
    told.trying = ssid;
    assert_int_equal(troth_prov_connect(&p->prov, 1), TROTH_OK);
    live(p, 20000);
}

static const struct troth_sim_network networks[] = {
    {.ssid = {5, "first"}, .security = TROTH_WIFI_WPA2_PSK, .password = {8, "password"}},
    {.ssid = {6, "second"}, .security = TROTH_WIFI_WPA2_PSK, .password = {8, "password"}},
};

static void provision(struct store *s, bool to_the_end)
{
    struct provisioning p = {.store = s, .now = 1};
    p.sink = (struct troth_net_sink){troth_prov_net_report, &p.prov};
    p.sim.networks = networks;
    p.sim.count = 2;
    p.sim.sink = &p.sink;
    troth_net_sim_init(&p.sim, p.now);
    struct troth_prov_config config = {.net = troth_net_sim_net(&p.sim),
                                       .save = save,
                                       .erase = erase,
                                       .event = prov_told,
                                       .ctx = &p};
    troth_prov_init(&p.prov, &config);
    troth_prov_start(&p.prov, NULL);
    give_network(&p, "first");
    give_network(&p, "second");
    if (to_the_end) {
        told.erasing = true;
        assert_int_equal(troth_prov_erase(&p.prov, 1), TROTH_OK);
        live(&p, 20000);
    }
}

/* ---- the story, and what must be true after it ---- */

static bool to_the_end;

static void run(void *context)
{
    (void)context;
    memset(&told, 0, sizeof told);
    struct store *s = powercut_open();
    if (!s)
        return;
    struct world *w = world_new(7);
    struct device *phone = world_device(w, "phone"), *lamp = world_device(w, "lamp");
    powercut_keep(lamp, s);
    lamp->on_event = lamp_told;
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
    pair(w, phone, lamp);
    provision(s, to_the_end);
    /* The phone forgets and pairs again: the bond is replaced. */
    if (told.pairings == 1 && lamp->link) {
        assert_int_equal(troth_bonds_remove(phone->host, &lamp->identity), TROTH_OK);
        world_run(w, 100);
        device_disconnect(phone);
        device_connect(phone, lamp);
        pair(w, phone, lamp);
    }
    world_free(w);
    store_close(s);
}

struct found {
    unsigned bonds, states, locals;
    uint8_t ltk[16];
};

static int look(void *context, const struct troth_addr *identity, int kind, const uint8_t *rec,
                size_t len)
{
    struct found *f = context;
    struct troth_bond_keys keys;
    struct troth_bond_state state;
    struct troth_local local;
    (void)identity;
    switch (kind) {
    case TROTH_RECORD_KEYS:
        assert_int_equal(troth_bond_keys_decode(&keys, rec, len), TROTH_OK);
        memcpy(f->ltk, keys.ltk[0].key, 16);
        f->bonds++;
        break;
    case TROTH_RECORD_STATE:
        assert_int_equal(troth_bond_state_decode(&state, rec, len), TROTH_OK);
        f->states++;
        break;
    default:
        assert_int_equal(troth_local_decode(&local, rec, len), TROTH_OK);
        f->locals++;
        break;
    }
    return 0;
}

static bool is(const struct troth_credentials *c, const char *ssid)
{
    return ssid && c->u.wifi.ssid.len == strlen(ssid) &&
           memcmp(c->u.wifi.ssid.b, ssid, strlen(ssid)) == 0;
}

static void check(void *context)
{
    (void)context;
    struct store *s = powercut_reopen();
    struct found f = {0};
    struct troth_credentials c;
    assert_int_equal(store_each(s, look, &f), 0);
    if (f.bonds > 1 || f.states > 1 || f.locals > 1 || (told.pairings && !f.bonds))
        fail_msg("%s: %u bonds, %u states, %u pairings told", powercut_where(), f.bonds, f.states,
                 told.pairings);
    /* The newest pairing anybody was told of, or the one after it. */
    if (told.pairings == 2 && memcmp(f.ltk, told.ltk[1], 16) != 0)
        fail_msg("%s: the replaced bond came back", powercut_where());

    int result = credentials_load(s, NULL, &c);
    bool none = result == TROTH_NOT_FOUND;
    if (result != TROTH_OK && !none)
        fail_msg("%s: credentials: %d", powercut_where(), result);
    if (told.erased ? !none : told.network && !(told.erasing && none) &&
                                  (none || !(is(&c, told.network) || is(&c, told.trying))))
        fail_msg("%s: told of %s, trying %s, found %.*s", powercut_where(),
                 told.network ? told.network : "none", told.trying, none ? 0 : c.u.wifi.ssid.len,
                 (const char *)c.u.wifi.ssid.b);
    store_close(s);
}

static void at_every_write(bool end)
{
    to_the_end = end;
    unsigned operations = powercut_story(run, check);
    /* It ran through once, and everything in it happened. */
    assert_int_equal(told.pairings, 2);
    assert_string_equal(told.network, "second");
    assert_int_equal(told.erased, end);
    assert_true(operations > 60);
}

static void pairing_and_provisioning(void **state)
{
    (void)state;
    at_every_write(false);
}

static void and_erasing(void **state)
{
    (void)state;
    at_every_write(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairing_and_provisioning),
                                       cmocka_unit_test(and_erasing)};
    return cmocka_run_group_tests(tests, powercut_folder, powercut_no_folder);
}
