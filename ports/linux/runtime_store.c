/* The host's records and the store that keeps them. */
#include <stdio.h>
#include <string.h>

#include "base/wipe.h"
#include "ports/linux/runtime_parts.h"

void runtime_store_answer(struct runtime *r, const struct troth_ask *ask)
{
    struct troth_answer answer = {.ok = true};
    int result;
    if (!r->cfg.store) {
        result = TROTH_OK;
    } else if (ask->u.store.remove) {
        result = store_delete(r->cfg.store, &ask->u.store.identity);
        if (result == TROTH_NOT_FOUND)
            result = TROTH_OK;
    } else {
        bool local = ask->u.store.kind == TROTH_RECORD_LOCAL;
        result = store_put(r->cfg.store, local ? NULL : &ask->u.store.identity, ask->u.store.kind,
                           ask->u.store.record, ask->u.store.len);
    }
    answer.ok = result == TROTH_OK;
    if (!answer.ok)
        runtime_tell(r, RUNTIME_STORE_FAILED, store_why(r->cfg.store), 0);
    if (troth_answer(&r->host, ask->id, &answer) == TROTH_BUSY) {
        r->stored_ask = ask->id; /* told from the loop */
        r->stored_ok = answer.ok;
    }
}

struct loading {
    struct runtime *r;
    struct troth_local *local; /* first pass; NULL: second */
    bool have;
    struct troth_bond_keys keys;
};

static void bad_record(struct runtime *r, const struct troth_addr *identity, const char *what,
                       int result)
{
    char text[18] = "", why[200];
    if (identity)
        troth_addr_text(identity, text);
    const char *fault = result == TROTH_UNSUPPORTED ? "was written by a newer troth"
                        : result == TROTH_FULL      ? "finds no room: the table of bonds is full"
                                                    : "is damaged";
    snprintf(why, sizeof why, "%s%s%s in the store %s; it is not used", what,
             identity ? " of " : "", text, fault);
    runtime_tell(r, RUNTIME_BAD_RECORD, why, 0);
}

static void load_bond(struct loading *l, const struct troth_bond_state *state)
{
    if (!l->have)
        return;
    l->have = false;
    int result = troth_bonds_load(&l->r->host, &l->keys, state);
    if (result != TROTH_OK)
        bad_record(l->r, &l->keys.identity, "the bond", result);
    wipe(&l->keys, sizeof l->keys);
}

static int load_local(struct loading *l, int kind, const uint8_t *rec, size_t len)
{
    if (kind != TROTH_RECORD_LOCAL)
        return 0;
    int result = troth_local_decode(l->local, rec, len);
    if (result != TROTH_OK) {
        memset(l->local, 0, sizeof *l->local);
        bad_record(l->r, NULL, "our own identity", result);
    }
    return 0;
}

static int load_one(void *context, const struct troth_addr *identity, int kind, const uint8_t *rec,
                    size_t len)
{
    struct loading *l = context;
    struct troth_bond_state state;
    int result;
    if (l->local)
        return load_local(l, kind, rec, len);
    if (kind == TROTH_RECORD_KEYS) {
        load_bond(l, NULL);
        result = troth_bond_keys_decode(&l->keys, rec, len);
        l->have = result == TROTH_OK;
        if (!l->have)
            bad_record(l->r, identity, "the bond", result);
    } else if (kind == TROTH_RECORD_STATE && l->have &&
               troth_addr_equal(identity, &l->keys.identity)) {
        result = troth_bond_state_decode(&state, rec, len);
        if (result != TROTH_OK)
            bad_record(l->r, identity, "what the bond remembers", result);
        load_bond(l, result == TROTH_OK ? &state : NULL);
    }
    return 0;
}

bool runtime_load(struct runtime *r, struct troth_local *local)
{
    struct loading l = {.r = r, .local = local};
    if (!r->cfg.store)
        return true;
    int result = store_each(r->cfg.store, load_one, &l);
    load_bond(&l, NULL);
    return result == TROTH_OK;
}
