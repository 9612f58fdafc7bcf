/* The simulated Thread networks. */
#include <string.h>

#include <troth/dataset.h>

#include "base/wipe.h"
#include "net/sim.h"

struct troth_ssid sim_name(const struct troth_sim_network *n)
{
    uint8_t channel;
    if (n->kind != TROTH_NET_THREAD)
        return n->ssid;
    struct troth_thread_id id = sim_thread_id(n, &channel);
    struct troth_ssid name = {.len = id.name.len};
    memcpy(name.b, id.name.b, id.name.len);
    return name;
}

/* What the device gives must be so; what it does not give it searches for. */
static bool meant(const struct troth_dataset *asked, const struct troth_dataset *n)
{
    return (!asked->has_channel || asked->channel == n->channel) &&
           (!asked->has_pan_id || asked->pan_id == n->pan_id) &&
           (!asked->has_ext_pan_id || memcmp(asked->ext_pan_id, n->ext_pan_id, 8) == 0);
}

static enum troth_net_reason judge(const struct troth_sim_network *n, bool key)
{
    if (!key)
        return n->wrong_as ? (enum troth_net_reason)n->wrong_as : TROTH_NET_WRONG_KEY;
    return n->no_address ? TROTH_NET_NO_ADDRESS : TROTH_NET_OK;
}

const struct troth_sim_network *sim_thread_find(const struct troth_net_sim *s,
                                                const struct troth_thread *asked,
                                                enum troth_net_reason *verdict)
{
    struct troth_dataset want, has;
    const struct troth_sim_network *best = NULL;
    bool best_key = false;
    troth_dataset_parse(&want, asked->dataset, asked->len, NULL);
    bool named = want.has_channel || want.has_pan_id || want.has_ext_pan_id;
    for (unsigned i = 0; i < s->count; i++) {
        const struct troth_sim_network *n = &s->networks[i];
        if (n->kind != TROTH_NET_THREAD || sim_away(s, n))
            continue;
        troth_dataset_parse(&has, n->dataset.dataset, n->dataset.len, NULL);
        bool key = memcmp(want.network_key, has.network_key, 16) == 0;
        /* By its key alone a device knows only networks that have it. */
        if (!meant(&want, &has) || (!named && !key))
            continue;
        if (!best || key > best_key || (key == best_key && n->rssi > best->rssi)) {
            best = n;
            best_key = key;
        }
    }
    wipe(&want, sizeof want);
    wipe(&has, sizeof has);
    *verdict = best ? judge(best, best_key) : TROTH_NET_NOT_FOUND;
    return best;
}

struct troth_ssid sim_thread_asked(const struct troth_sim_network *n,
                                   const struct troth_thread *asked)
{
    struct troth_ssid name = {.len = 0};
    uint8_t len;
    const uint8_t *given = troth_dataset_find(asked, TROTH_DATASET_NETWORK_NAME, &len);
    if (!given)
        return n ? sim_name(n) : name;
    name.len = len;
    memcpy(name.b, given, len);
    return name;
}

struct troth_thread_id sim_thread_id(const struct troth_sim_network *n, uint8_t *channel)
{
    struct troth_dataset d;
    troth_dataset_parse(&d, n->dataset.dataset, n->dataset.len, NULL);
    struct troth_thread_id id = {.pan_id = d.pan_id, .name = d.name};
    memcpy(id.ext_pan_id, d.ext_pan_id, 8);
    *channel = (uint8_t)d.channel;
    wipe(&d, sizeof d);
    return id;
}

void sim_thread_result(const struct troth_sim_network *n, struct troth_scan_result *r)
{
    memset(r, 0, sizeof *r);
    r->kind = TROTH_NET_THREAD;
    r->rssi = n->rssi;
    r->thread = sim_thread_id(n, &r->channel);
    memcpy(r->ext_addr, n->ext_addr, 8);
    r->lqi = n->lqi;
    r->version = n->version;
    r->joinable = n->joinable;
}
