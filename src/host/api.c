/* The public verbs: find the link, ask its layer, settle. */
#include "host/host.h"

/* OOB data that was given away serves one pairing, and no later than this. */
#define OOB_LIFE_MS 600000

#define TROTH_ALL_MODELS (2 * TROTH_MODEL_BIT(TROTH_OOB) - 1)

#define CALL(h) VERIFY(host_may_call(h), TROTH_BUSY)

/* Declares l, the link of this number. */
#define CALL_LINK(h, number)                                                                       \
    CALL(h);                                                                                       \
    struct host_link *l = host_link_of(h, number);                                                 \
    VERIFY(l, TROTH_NOT_FOUND)

static int done(struct troth_host *h, int result)
{
    host_settle(h);
    return result;
}

/* ---- host ---- */

static bool policy_valid(const struct troth_policy *p)
{
    return p->features.io_cap <= TROTH_KEYBOARD_DISPLAY && p->features.oob <= 1 &&
           p->features.max_key_size >= 7 && p->features.max_key_size <= 16 &&
           (!p->min_key_size || (p->min_key_size >= 7 && p->min_key_size <= 16)) &&
           p->just_works <= TROTH_JUST_WORKS_REFUSED && p->models <= TROTH_ALL_MODELS &&
           p->passkey <= 999999 &&
           !(p->exact && p->no_bonding && p->features.auth_req & TROTH_AUTH_BOND);
}

int troth_set_policy(struct troth_host *h, const struct troth_policy *policy)
{
    VERIFY(policy_valid(policy), TROTH_INVALID);
    h->config.policy = *policy;
    return TROTH_OK;
}

const struct troth_policy *troth_policy(const struct troth_host *h)
{
    return &h->config.policy;
}

int troth_set_link_policy(struct troth_host *h, troth_link link, const struct troth_policy *policy)
{
    struct host_link *l = host_link_of(h, link);
    VERIFY(l, TROTH_NOT_FOUND);
    VERIFY(!policy || policy_valid(policy), TROTH_INVALID);
    l->has_policy = policy != NULL;
    if (policy)
        l->policy = *policy;
    return TROTH_OK;
}

const struct troth_policy *troth_link_policy(const struct troth_host *h, troth_link link)
{
    const struct host_link *l = host_link_of(h, link);
    return l ? host_policy(l) : &h->config.policy;
}

/* ---- GAP ---- */

int troth_advertise(struct troth_host *h, const struct troth_advertising *adv)
{
    CALL(h);
    return done(h, gap_advertise(&h->gap, adv));
}

int troth_scan(struct troth_host *h, bool on, bool active)
{
    CALL(h);
    return done(h, gap_scan(&h->gap, on, active));
}

int troth_connect(struct troth_host *h, const struct troth_addr *peer, uint32_t timeout_ms)
{
    CALL(h);
    VERIFY(peer->type <= TROTH_ADDR_RANDOM, TROTH_INVALID);
    unsigned used = 0;
    int bond = bonds_resolve(&h->bonds, peer);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        const struct host_link *l = &h->link[i];
        if (!l->used)
            continue;
        used++;
        VERIFY(!troth_addr_equal(&l->peer, peer) && (bond < 0 || l->bond != bond), TROTH_STATE);
    }
    VERIFY(used < TROTH_MAX_LINKS, TROTH_FULL);
    const struct troth_bond_keys *keys = bond < 0 ? NULL : &h->bonds.bond[bond].keys;
    return done(h, gap_connect(&h->gap, peer, keys, timeout_ms));
}

int troth_connect_cancel(struct troth_host *h)
{
    CALL(h);
    return done(h, gap_connect_cancel(&h->gap, HCI_CANCELLED_BY_HOST));
}

int troth_disconnect(struct troth_host *h, troth_link link, uint8_t reason)
{
    /* What the command takes, Vol 4 Part E 7.1.6 */
    static const uint8_t reasons[] = {0x05, 0x13, 0x14, 0x15, 0x1a, 0x29, 0x3b};
    CALL_LINK(h, link);
    if (!reason)
        reason = HCI_REMOTE_USER_ENDED;
    bool known = false;
    for (unsigned i = 0; i < sizeof reasons; i++)
        known |= reason == reasons[i];
    VERIFY(known, TROTH_INVALID);
    host_link_disconnect(l, reason);
    return done(h, TROTH_OK);
}

int troth_update_params(struct troth_host *h, troth_link link, const struct troth_conn_params *p)
{
    CALL_LINK(h, link);
    VERIFY(hci_params_sane(p), TROTH_INVALID);
    if (l->role == TROTH_PERIPHERAL)
        return done(h, l2cap_ask_params(&l->l2cap, p) ? TROTH_OK : TROTH_BUSY);
    l->update = *p;
    l->pending |= HOST_UPDATE;
    return done(h, TROTH_OK);
}

/* ---- the Security Manager ---- */

int troth_pair(struct troth_host *h, troth_link link, const struct troth_features *features)
{
    CALL_LINK(h, link);
    return done(h, smp_pair(&l->smp, features));
}

int troth_security_request(struct troth_host *h, troth_link link, uint8_t auth_req)
{
    CALL_LINK(h, link);
    return done(h, smp_security_request(&l->smp, auth_req));
}

int troth_encrypt(struct troth_host *h, troth_link link)
{
    CALL_LINK(h, link);
    return done(h, smp_encrypt(&l->smp));
}

int troth_pairing_cancel(struct troth_host *h, troth_link link, uint8_t reason)
{
    CALL_LINK(h, link);
    return done(h, smp_cancel(&l->smp, reason));
}

int troth_keypress(struct troth_host *h, troth_link link, uint8_t type)
{
    CALL_LINK(h, link);
    return done(h, smp_keypress(&l->smp, type));
}

int troth_set_ltk(struct troth_host *h, troth_link link, const uint8_t *ltk, uint8_t len,
                  uint64_t rand, uint16_t ediv, bool mitm, bool sc)
{
    CALL_LINK(h, link);
    return done(h, smp_set_ltk(&l->smp, ltk, len, rand, ediv, mitm, sc));
}

static const struct troth_level no_level;

struct troth_level troth_link_level(const struct troth_host *h, troth_link link)
{
    const struct host_link *l = host_link_of(h, link);
    return l ? l->smp.level : no_level;
}

struct troth_level troth_available_level(const struct troth_host *h, troth_link link)
{
    const struct host_link *l = host_link_of(h, link);
    return l ? smp_available(&l->smp) : no_level;
}

bool troth_is_bonded(const struct troth_host *h, troth_link link)
{
    const struct host_link *l = host_link_of(h, link);
    return l && l->bond >= 0;
}

bool troth_has_ltk(const struct troth_host *h, troth_link link)
{
    return troth_available_level(h, link).key_size != 0;
}

bool troth_is_pairing(const struct troth_host *h, troth_link link)
{
    const struct host_link *l = host_link_of(h, link);
    return l && smp_pairing(&l->smp);
}

troth_ms troth_pairing_wait(const struct troth_host *h, troth_link link)
{
    const struct host_link *l = host_link_of(h, link);
    return l ? host_attempts_wait(l) : 0;
}

int troth_oob_make(struct troth_host *h, struct troth_oob *ours, troth_ms now)
{
    int result = smp_own_oob_make(&h->own_oob, ours, h->config.random, h->config.ctx);
    h->now = now;
    if (!result)
        timer_start(&h->oob_timer, OOB_LIFE_MS);
    return result;
}

int troth_oob_keep(const struct troth_host *h, struct troth_oob_pair *out)
{
    VERIFY(h->own_oob.pinned, TROTH_NOT_FOUND);
    memcpy(out->private_key, h->own_oob.private_key, 32);
    memcpy(out->random, h->own_oob.random, 16);
    return TROTH_OK;
}

int troth_oob_restore(struct troth_host *h, const struct troth_oob_pair *pair, troth_ms life,
                      troth_ms now)
{
    VERIFY(life && smp_own_oob_restore(&h->own_oob, pair), TROTH_INVALID);
    h->now = now;
    timer_start(&h->oob_timer, life < OOB_LIFE_MS ? (uint32_t)life : OOB_LIFE_MS);
    return TROTH_OK;
}

/* ---- bonds ---- */

int troth_bonds_load(struct troth_host *h, const struct troth_bond_keys *keys,
                     const struct troth_bond_state *state)
{
    VERIFY(h->hci.state == HCI_DOWN, TROTH_STATE);
    VERIFY(bonds_identity_valid(&keys->identity) && keys->key_size >= 7 && keys->key_size <= 16,
           TROTH_INVALID);
    const struct troth_level level = bonds_level(keys);
    int i = bonds_place(&h->bonds, &keys->identity, &level, 0);
    VERIFY(i >= 0, TROTH_FULL);
    struct troth_bond *b = &h->bonds.bond[i];
    VERIFY(!b->used || troth_addr_equal(&b->keys.identity, &keys->identity), TROTH_FULL);
    bonds_clear(&h->bonds, i);
    b->used = true;
    b->keys = *keys;
    if (state) {
        b->state = *state;
    } else {
        bonds_sign_nothing(&b->keys);
        /* Its next state stands beside the keys as they are stored: every counter is used. */
        b->state.sign_counter[0] = b->state.sign_counter[1] = UINT32_MAX;
    }
    memcpy(h->bonds.sign_kept[i], b->state.sign_counter, sizeof h->bonds.sign_kept[i]);
    bonds_made(&h->bonds, i);
    return TROTH_OK;
}

const struct troth_bond *troth_bonds_get(const struct troth_host *h, unsigned i)
{
    for (unsigned k = 0; k < TROTH_MAX_BONDS; k++)
        if (h->bonds.bond[k].used && i-- == 0)
            return &h->bonds.bond[k];
    return NULL;
}

const struct troth_bond *troth_bonds_find(const struct troth_host *h,
                                          const struct troth_addr *identity)
{
    int i = bonds_find(&h->bonds, identity);
    return i < 0 ? NULL : &h->bonds.bond[i];
}

int troth_bonds_remove(struct troth_host *h, const struct troth_addr *identity)
{
    CALL(h);
    VERIFY(bonds_find(&h->bonds, identity) >= 0, TROTH_NOT_FOUND);
    VERIFY(h->store.removals < TROTH_MAX_BONDS, TROTH_BUSY);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) /* being replaced at this moment */
        VERIFY(!h->link[i].used || !h->link[i].commit ||
                   !troth_addr_equal(&h->link[i].commit->identity, identity),
               TROTH_BUSY);
    return done(h, host_forget(h, identity) ? TROTH_OK : TROTH_BUSY);
}

/* ---- GATT ---- */

int troth_gatt_register(struct troth_host *h, struct troth_gatt_service *service)
{
    VERIFY(!h->db.sealed, TROTH_STATE);
    return gatt_db_add(&h->db, service);
}

int troth_gatt_notify(struct troth_host *h, const struct troth_gatt_service *service, uint8_t id,
                      const uint8_t *value, uint16_t len)
{
    CALL(h);
    int result = TROTH_OK;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        if (!h->link[i].used)
            continue;
        int one = gatt_notify(&h->link[i].gatt, service, id, value, len);
        if (one != TROTH_OK && one != TROTH_NOT_FOUND)
            result = one;
    }
    return done(h, result);
}

int troth_gatt_discover(struct troth_host *h, troth_link link)
{
    CALL_LINK(h, link);
    return done(h, gatt_discover(&l->gatt, NULL));
}

int troth_gatt_discover_service(struct troth_host *h, troth_link link,
                                const struct troth_uuid *uuid)
{
    CALL_LINK(h, link);
    return done(h, gatt_discover(&l->gatt, uuid));
}

int troth_gatt_read(struct troth_host *h, troth_link link, uint16_t handle)
{
    CALL_LINK(h, link);
    return done(h, gatt_read(&l->gatt, handle));
}

int troth_gatt_write(struct troth_host *h, troth_link link, uint16_t handle, const uint8_t *data,
                     uint16_t len)
{
    CALL_LINK(h, link);
    return done(h, gatt_write(&l->gatt, handle, data, len));
}

int troth_gatt_write_command(struct troth_host *h, troth_link link, uint16_t handle,
                             const uint8_t *data, uint16_t len)
{
    CALL_LINK(h, link);
    return done(h, gatt_write_command(&l->gatt, handle, data, len));
}

int troth_gatt_signed_write(struct troth_host *h, troth_link link, uint16_t handle,
                            const uint8_t *data, uint16_t len)
{
    CALL_LINK(h, link);
    return done(h, gatt_signed_write(&l->gatt, handle, data, len));
}

int troth_gatt_subscribe(struct troth_host *h, troth_link link, uint16_t ccc_handle, uint16_t bits)
{
    uint8_t b[2];
    put_le16(b, bits);
    return troth_gatt_write(h, link, ccc_handle, b, sizeof b);
}
