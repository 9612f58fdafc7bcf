/* A command's out-of-band data: the device's block, ours, and the one made by an earlier process. */
#include "client.h"

#include "common/out.h"
#include "common/secret.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "oob made" in the store: version, expiry in seconds since 1970, private key, random, TK. */
#define MADE     "oob made"
#define MADE_LEN (1 + 8 + 32 + 16 + 1 + 16)

int oob_check(struct client *c)
{
    const struct client_options *o = &client_options;
    struct client_oob *oob = &c->oob;
    char why[512];
    long age;
    if (o->oob_out && o->oob_made)
        return cli_misuse(c->cli, "--oob-out makes a block and --oob-made takes the one there is: "
                                  "give one of them");
    if (!o->oob)
        return CLI_GO;
    if (!oob_read(o->oob, &oob->theirs, &age, why, sizeof why) ||
        !oob_fresh(o->oob, age, why, sizeof why))
        return cli_misuse(c->cli, "%s", why);
    oob->have_theirs = true;
    const struct troth_oob *has = &oob->theirs.oob;
    if (oob->theirs.role == TROTH_OOB_CENTRAL)
        return cli_misuse(c->cli,
                          "the block in %s is of a central, which connects itself: it "
                          "belongs to the device's --peer-oob",
                          o->oob);
    if (!has->have_sc && !has->have_tk)
        return cli_misuse(c->cli,
                          "the block in %s only names its device: nothing in it protects a "
                          "pairing",
                          o->oob);
    if (!has->have_sc && !o->allow_legacy)
        return cli_misuse(c->cli,
                          "the block in %s serves legacy pairing only: make one with "
                          "Secure Connections values, or say --allow-legacy",
                          o->oob);
    if (!has->have_tk && o->policy.legacy_only)
        return cli_misuse(c->cli, "the block in %s has no TK, and legacy pairing needs one",
                          o->oob);
    return CLI_GO;
}

static bool uses_oob(const struct client_options *o)
{
    return o->oob || o->oob_out || o->oob_made;
}

void oob_policy(const struct client *c, struct troth_policy *policy)
{
    const struct client_options *o = &client_options;
    if (!uses_oob(o))
        return;
    /* Out of band is what was asked for: nothing else will do unless it is named. */
    if (!o->policy.models)
        policy->models = TROTH_MODEL_BIT(TROTH_OOB);
    policy->features.auth_req |= TROTH_AUTH_MITM;
    /* The flag says that we hold the device's data; in legacy pairing it is the TK we may have. */
    policy->features.oob = c->oob.have_theirs || o->policy.legacy_only;
    if (c->oob.have_theirs && !c->oob.theirs.oob.have_sc)
        policy->features.auth_req &= (uint8_t)~TROTH_AUTH_SC;
}

/* ---- ours ---- */

static uint64_t get64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static bool keep(struct client *c)
{
    uint8_t bytes[MADE_LEN] = {1};
    struct troth_oob_pair pin;
    uint64_t end = (uint64_t)time(NULL) + OOB_LIFE_S;
    bool ok = troth_oob_keep(c->host, &pin) == TROTH_OK;
    for (int i = 0; i < 8; i++)
        bytes[1 + i] = (uint8_t)(end >> 8 * i);
    memcpy(bytes + 9, pin.private_key, 32);
    memcpy(bytes + 41, pin.random, 16);
    bytes[57] = c->oob.ours.oob.have_tk;
    memcpy(bytes + 58, c->oob.ours.oob.tk, 16);
    ok = ok && store_blob_put(c->store, MADE, bytes, sizeof bytes) == TROTH_OK;
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(&pin, sizeof pin);
    return ok || client_fail(c, "the block could not be kept: %s", store_why(c->store));
}

/* Its life goes on from where the other process left it. */
static bool restore(struct client *c)
{
    uint8_t bytes[MADE_LEN];
    struct troth_oob_pair pin;
    size_t len;
    uint64_t now = (uint64_t)time(NULL);
    bool there = store_blob_get(c->store, MADE, bytes, sizeof bytes, &len) == TROTH_OK &&
                 len == sizeof bytes && bytes[0] == 1;
    uint64_t end = there ? get64(bytes + 1) : 0;
    bool alive = end > now && end - now <= OOB_LIFE_S;
    if (alive) {
        memcpy(pin.private_key, bytes + 9, 32);
        memcpy(pin.random, bytes + 41, 16);
        c->oob.have_ours = troth_oob_restore(c->host, &pin, (end - now) * 1000,
                                             runtime_now(c->runtime)) == TROTH_OK;
        c->oob.ours.oob.have_tk = bytes[57];
        memcpy(c->oob.ours.oob.tk, bytes + 58, 16);
        c->oob.kept = true;
    } else if (there) {
        oob_forget(c);
    }
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(&pin, sizeof pin);
    return c->oob.have_ours ||
           client_fail(c, there ? "the block that troth oob make made has expired, it lives for "
                                  "ten minutes: make a new one"
                                : "there is no block of ours, or it has served its one pairing: "
                                  "troth oob make makes one");
}

bool oob_forget(struct client *c)
{
    bool was_there = store_blob_delete(c->store, MADE) == TROTH_OK;
    c->oob.kept = false;
    return was_there;
}

bool oob_own(struct client *c, const char *path, bool tk, bool later)
{
    char why[512];
    struct client_oob *oob = &c->oob;
    oob->have_ours = oob_make(&oob->ours, c->host, &c->self, TROTH_OOB_CENTRAL, NULL, tk,
                              runtime_now(c->runtime));
    if (!oob->have_ours)
        return client_fail(c, "no out-of-band block can be made: the host has no key pair");
    if (later && !keep(c))
        return false;
    return oob_write(path, &oob->ours, why, sizeof why) || client_fail(c, "%s", why);
}

bool oob_prepare(struct client *c)
{
    const struct client_options *o = &client_options;
    char line[8];
    if (o->oob_made)
        return restore(c);
    if (!o->oob_out)
        return true;
    bool tk = o->allow_legacy && !c->oob.theirs.oob.have_tk;
    if (!oob_own(c, o->oob_out, tk, false))
        return false;
    out_event(OUT_PLAIN, "oob", out_fields("file:s", o->oob_out),
              "our out-of-band block is in %s; it serves this pairing", o->oob_out);
    return !client_interactive() ||
           client_ask(c, "Give it to the device, then press Enter", false, line, sizeof line);
}

/* ---- the device's ---- */

bool oob_right_device(struct client *c)
{
    char block[18], here[18];
    if (!c->oob.have_theirs || c->bonded || oob_is_of(&c->oob.theirs, &c->device.addr))
        return true;
    return client_fail(c,
                       "the block in %s is of %s, and this is %s: give the block of this device, "
                       "or the address of that one",
                       client_options.oob, troth_addr_text(&c->oob.theirs.addr, block),
                       troth_addr_text(&c->device.addr, here));
}

bool oob_ask(struct client *c, const struct troth_ask *ask)
{
    struct troth_answer answer = {.ok = true};
    if (!c->oob.have_theirs && !c->oob.have_ours)
        return false;
    oob_answer(&answer.u.oob, TROTH_INITIATOR, c->oob.have_ours ? &c->oob.ours : NULL,
               c->oob.have_theirs ? &c->oob.theirs : NULL);
    /* Of the wrong kind: the device chose the other pairing. */
    if (troth_answer(c->host, ask->id, &answer) == TROTH_INVALID) {
        answer.ok = false;
        troth_answer(c->host, ask->id, &answer);
    }
    secret_wipe(&answer, sizeof answer);
    return true;
}

const char *oob_device(const struct client *c)
{
    static char text[18];
    return c->oob.have_theirs ? troth_addr_text(&c->oob.theirs.addr, text) : NULL;
}
