/* Thread networks in the simulated network's file. */
#include "ports/linux/netsim_parse.h"

#include <string.h>

#include "base/wipe.h"

/* Exactly so many octets as hexadecimal digits. Some are secret: they are not repeated. */
static bool digits(struct netsim_parser *p, const char *key, const char *v, uint8_t *out, size_t n)
{
    bool fits = strlen(v) == 2 * n;
    for (size_t i = 0; fits && i < 2 * n; i += 2) {
        int high = netsim_hex(v[i]), low = netsim_hex(v[i + 1]);
        fits = high >= 0 && low >= 0;
        out[i / 2] = (uint8_t)(high << 4 | (low & 15));
    }
    return fits || netsim_complain(p, "%s must be %zu hexadecimal digits", key, 2 * n);
}

static bool set_dataset(struct netsim_parser *p, const char *key, const char *v)
{
    struct troth_thread *t = &netsim_row(p)->dataset;
    enum troth_dataset_fault fault = troth_dataset_from_text(t, v, strlen(v));
    if (fault == TROTH_DATASET_FINE)
        fault = troth_dataset_check(t->dataset, t->len, NULL);
    return fault == TROTH_DATASET_FINE ||
           fault == TROTH_DATASET_NO_KEY || /* may be in its own key */
           netsim_complain(p, "%s: %s", key, troth_dataset_fault_words(fault));
}

static bool set_name(struct netsim_parser *p, const char *key, const char *v)
{
    struct troth_thread_name *n = &p->fields.name;
    struct troth_dataset d = {.has_channel = false};
    struct troth_thread t = {.len = 0};
    if (!netsim_octets(p, key, v, n->b, &n->len, sizeof n->b))
        return false;
    d.name = *n;
    return (n->len && troth_dataset_build(&t, &d) == TROTH_OK) ||
           netsim_complain(p, "name must be a text of 1 to 16 octets in UTF-8");
}

static bool set_key(struct netsim_parser *p, const char *key, const char *v)
{
    p->fields.has_network_key = true;
    return digits(p, key, v, p->fields.network_key, 16);
}

static bool set_ext_pan_id(struct netsim_parser *p, const char *key, const char *v)
{
    p->fields.has_ext_pan_id = true;
    return digits(p, key, v, p->fields.ext_pan_id, 8);
}

static bool set_pan_id(struct netsim_parser *p, const char *key, const char *v)
{
    uint8_t b[2];
    if (v[0] == '0' && (v[1] == 'x' || v[1] == 'X'))
        v += 2;
    p->fields.has_pan_id = true;
    if (!digits(p, key, v, b, 2))
        return false;
    p->fields.pan_id = (uint16_t)(b[0] << 8 | b[1]);
    return p->fields.pan_id != 0xffff || netsim_complain(p, "%s ffff stands for all networks", key);
}

static bool set_channel(struct netsim_parser *p, const char *key, const char *v)
{
    long n;
    if (!netsim_number(p, key, v, 11, 26, &n))
        return false;
    p->fields.has_channel = true;
    p->fields.channel = (uint16_t)n;
    return true;
}

static bool set_prefix(struct netsim_parser *p, const char *key, const char *v)
{
    p->fields.has_mesh_local_prefix = true;
    return digits(p, key, v, p->fields.mesh_local_prefix, 8) &&
           (p->fields.mesh_local_prefix[0] == 0xfd ||
            netsim_complain(p, "%s must begin with fd", key));
}

static bool set_passphrase(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_octets(p, key, v, p->passphrase, &p->passphrase_len, sizeof p->passphrase) &&
           (p->passphrase_len >= 6 || netsim_complain(p, "%s needs 6 to 255 octets", key));
}

static bool set_ext_addr(struct netsim_parser *p, const char *key, const char *v)
{
    return digits(p, key, v, netsim_row(p)->ext_addr, 8);
}

static bool set_lqi(struct netsim_parser *p, const char *key, const char *v)
{
    long n;
    bool ok = netsim_number(p, key, v, 0, 255, &n);
    if (ok)
        netsim_row(p)->lqi = (uint8_t)n;
    return ok;
}

static bool set_version(struct netsim_parser *p, const char *key, const char *v)
{
    long n;
    bool ok = netsim_number(p, key, v, 0, 15, &n);
    if (ok)
        netsim_row(p)->version = (uint8_t)n;
    return ok;
}

static bool set_joinable(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_yes(p, key, v, &netsim_row(p)->joinable);
}

static bool set_role(struct netsim_parser *p, const char *key, const char *v)
{
    static const struct netsim_word words[] = {{"child", TROTH_THREAD_CHILD},
                                               {"router", TROTH_THREAD_ROUTER},
                                               {"leader", TROTH_THREAD_LEADER},
                                               {NULL, 0}};
    return netsim_one_of(p, key, v, words, &netsim_row(p)->role);
}

static bool set_router_ms(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_ms(p, key, v, &netsim_row(p)->router_ms);
}

static bool set_wrong_key(struct netsim_parser *p, const char *key, const char *v)
{
    static const struct netsim_word words[] = {{"wrong-key", TROTH_NET_WRONG_KEY},
                                               {"not-found", TROTH_NET_NOT_FOUND},
                                               {"timeout", TROTH_NET_TIMEOUT},
                                               {NULL, 0}};
    return netsim_one_of(p, key, v, words, &netsim_row(p)->wrong_as);
}

const struct netsim_key netsim_thread_keys[NETSIM_THREAD_KEYS] = {
    {NETSIM_THREAD, "dataset", set_dataset},
    {NETSIM_THREAD, "name", set_name},
    {NETSIM_THREAD, "network_key", set_key},
    {NETSIM_THREAD, "ext_pan_id", set_ext_pan_id},
    {NETSIM_THREAD, "pan_id", set_pan_id},
    {NETSIM_THREAD, "channel", set_channel},
    {NETSIM_THREAD, "mesh_local_prefix", set_prefix},
    {NETSIM_THREAD, "passphrase", set_passphrase},
    {NETSIM_THREAD, "ext_addr", set_ext_addr},
    {NETSIM_THREAD, "lqi", set_lqi},
    {NETSIM_THREAD, "version", set_version},
    {NETSIM_THREAD, "joinable", set_joinable},
    {NETSIM_THREAD, "role", set_role},
    {NETSIM_THREAD, "router_ms", set_router_ms},
    {NETSIM_THREAD, "wrong_key", set_wrong_key},
};

void netsim_thread_begin(struct netsim_parser *p)
{
    wipe(&p->fields, sizeof p->fields);
    wipe(p->passphrase, sizeof p->passphrase);
    p->passphrase_len = 0;
    *netsim_row(p) = (struct troth_sim_network){
        .kind = TROTH_NET_THREAD,
        .rssi = -50,
        .ext_addr = {2, 0, 0, 0, 0, 0, 0, (uint8_t)p->n->count},
        .lqi = 10,
        .version = 4,
    };
}

/* What the file does not say of a network, but a network has. */
static void add_unsaid(struct netsim_parser *p, const struct troth_dataset *said)
{
    struct troth_dataset *f = &p->fields;
    uint8_t n = (uint8_t)p->n->count;
    if (!said->has_channel) {
        f->has_channel = true;
        f->channel = 15;
    }
    if (!said->has_pan_id) {
        f->has_pan_id = true;
        f->pan_id = (uint16_t)(0x1200 | n);
    }
    if (!said->has_ext_pan_id) {
        f->has_ext_pan_id = true;
        memset(f->ext_pan_id, 0, 8);
        f->ext_pan_id[0] = 2;
        f->ext_pan_id[7] = n;
    }
}

static bool complete(struct netsim_parser *p, struct troth_thread *t)
{
    struct troth_dataset said;
    bool made = troth_dataset_build(t, &p->fields) == TROTH_OK;
    troth_dataset_parse(&said, t->dataset, t->len, NULL);
    bool name = said.name.len, key = said.has_network_key;
    add_unsaid(p, &said);
    made = made && troth_dataset_build(t, &p->fields) == TROTH_OK;
    if (made && p->passphrase_len) {
        troth_dataset_parse(&said, t->dataset, t->len, NULL);
        p->fields.has_pskc =
            name && troth_dataset_pskc((const char *)p->passphrase, p->passphrase_len,
                                       said.ext_pan_id, &said.name, p->fields.pskc) == TROTH_OK;
        made = troth_dataset_build(t, &p->fields) == TROTH_OK;
    }
    wipe(&said, sizeof said);
    if (!name)
        return netsim_complain(p, "this Thread network has no name");
    if (!key)
        return netsim_complain(p, "this Thread network has no network_key");
    if (!made)
        return netsim_complain(p, "the dataset has no room for what its other keys add");
    return true;
}

bool netsim_thread_end(struct netsim_parser *p)
{
    bool ok = complete(p, &netsim_row(p)->dataset);
    wipe(&p->fields, sizeof p->fields);
    wipe(p->passphrase, sizeof p->passphrase);
    return ok;
}
