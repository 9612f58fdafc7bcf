/*
 * SM/../SCCT: cross-transport key derivation, Vol 3 Part H 2.4.2.4 and 2.4.2.5. There is no BR/EDR
 * here, so no key crosses: the derivations are checked, by the published values and against the
 * tester's own, and that a link encrypts with what was derived.
 */
#include "support/tester_cases.h"

#include "crypto/toolbox.h"
#include "support/tester_crypto.h"
#include "support/vectors.h"

/* By CT2 of both sides: h7 with a salt, or h6 with a key ID; then h6 with the second key ID. */
struct way {
    bool to_ltk, h7;
    const char *first, *second;  /* key IDs as written */
    const char *vector, *member; /* in the file of vectors */
};

static const struct way lk_h6 = {true, false, "tmp2", "brle", "LinkKey->LTK h6 (CT2=0)", "LK"},
                        lk_h7 = {true, true, "tmp2", "brle", "LinkKey->LTK h7 (CT2=1)", "LK"},
                        ltk_h6 = {false, false, "tmp1", "lebr", "LTK->LinkKey h6 (CT2=0)", "LTK"},
                        ltk_h7 = {false, true, "tmp1", "lebr", "LTK->LinkKey h7 (CT2=1)", "LTK"};

static void by_tester(const struct way *w, const uint8_t key[16], uint8_t out[16])
{
    uint8_t salt[16] = {0}, between[16];
    memcpy(salt + 12, w->first, 4);
    if (w->h7)
        tc_h7(salt, key, between);
    else
        tc_h6(key, w->first, between);
    tc_h6(between, w->second, out);
}

static void by_troth(const struct way *w, const uint8_t key[16], uint8_t out[16])
{
    if (w->to_ltk)
        toolbox_ltk(key, w->h7, out);
    else
        toolbox_link_key(key, w->h7, out);
}

static void published(const struct way *w)
{
    cJSON *root = vectors_load("crypto.json"), *v;
    unsigned seen = 0;
    cJSON_ArrayForEach(v, cJSON_GetObjectItem(root, "vectors"))
    {
        if (strcmp(vectors_string(v, "function"), w->vector) != 0)
            continue;
        uint8_t key[16], want[16], out[16];
        vectors_wire(cJSON_GetObjectItem(v, "inputs"), w->member, key, 16);
        vectors_wire(v, "output", want, 16);
        by_troth(w, key, out);
        assert_memory_equal(out, want, 16);
        by_tester(w, key, out);
        assert_memory_equal(out, want, 16);
        seen++;
    }
    cJSON_Delete(root);
    assert_true(seen > 0);
}

/* A BR/EDR link key becomes an LTK, and the LE link encrypts with it. */
static void to_ltk(struct bed *b, enum lt_role role, const struct way *w)
{
    static const struct feat f = FEAT(IO_NONE, 0, BOND | SC);
    uint8_t link_key[16], ours[16];
    published(w);
    bed_up(b, role, &f, &f, M_JUST_WORKS);
    peer_draw(&b->p, link_key, 16);
    by_tester(w, link_key, b->p.key);
    by_troth(w, link_key, ours);
    assert_memory_equal(ours, b->p.key, 16);
    assert_int_equal(troth_set_ltk(&b->u.host, b->u.link, ours, 16, 0, 0, false, true), TROTH_OK);
    b->p.sc = true;
    b->p.key_size = 16;
    bed_encrypt_bonded(b);
}

/* The LTK becomes a link key before it is shortened to the seven octets the LE link has. */
static void to_link_key(struct bed *b, enum lt_role role, const struct way *w)
{
    struct feat iut = FEAT(IO_NONE, 0, BOND | SC), offer = FEAT(IO_NONE, 0, BOND | SC | CT2);
    uint8_t mackey[16], ltk[16], ours[16], theirs[16], shortened[16];
    struct troth_addr addr[2];
    offer.max_key = 7;
    offer.keys[0] |= LINK;
    offer.keys[1] |= LINK;
    published(w);
    bed_up(b, role, &iut, &offer, M_JUST_WORKS);
    bed_pair(b);
    assert_int_equal(b->p.key_size, 7);
    assert_int_equal((b->p.feat[role][5] | b->p.feat[role][6]) & LINK, 0);
    assert_int_equal(b->p.feat[role][3] & CT2, 0);

    for (int x = 0; x < 2; x++) {
        addr[x].type = b->p.l.addr[x][0];
        memcpy(addr[x].b, b->p.l.addr[x] + 1, 6);
    }
    toolbox_f5(b->p.dhkey, b->p.nonce[CEN], b->p.nonce[PER], &addr[CEN], &addr[PER], mackey, ltk);
    by_troth(w, ltk, ours);
    by_tester(w, b->p.full_key, theirs);
    by_tester(w, b->p.key, shortened);
    assert_memory_equal(ours, theirs, 16);
    assert_memory_not_equal(ours, shortened, 16);
}

#define CASE(name, how, role, way)                                                                 \
    static void name(struct bed *b)                                                                \
    {                                                                                              \
        how(b, role, &way);                                                                        \
    }

CASE(cen_lk_h6, to_ltk, CEN, lk_h6)
CASE(cen_lk_h7, to_ltk, CEN, lk_h7)
CASE(per_lk_h6, to_ltk, PER, lk_h6)
CASE(per_lk_h7, to_ltk, PER, lk_h7)
CASE(cen_ltk_h6, to_link_key, CEN, ltk_h6)
CASE(cen_ltk_h7, to_link_key, CEN, ltk_h7)
CASE(per_ltk_h6, to_link_key, PER, ltk_h6)
CASE(per_ltk_h7, to_link_key, PER, ltk_h7)

static const struct conformance_case cases[] = {
    {"SM/CEN/SCCT/BV-03-C", cen_lk_h6, TO_6_2, NO_PROFILE},
    {"SM/CEN/SCCT/BV-10-C", cen_lk_h6, FROM_6_3, NO_PROFILE},
    {"SM/CEN/SCCT/BV-05-C", cen_lk_h7, TO_6_2, NO_PROFILE},
    {"SM/CEN/SCCT/BV-11-C", cen_lk_h7, FROM_6_3, NO_PROFILE},
    {"SM/PER/SCCT/BV-04-C", per_lk_h6, TO_6_2, NO_PROFILE},
    {"SM/PER/SCCT/BV-11-C", per_lk_h6, FROM_6_3, NO_PROFILE},
    {"SM/PER/SCCT/BV-06-C", per_lk_h7, TO_6_2, NO_PROFILE},
    {"SM/PER/SCCT/BV-12-C", per_lk_h7, FROM_6_3, NO_PROFILE},
    {"SM/CEN/SCCT/BV-07-C", cen_ltk_h6, TO_6_2, NO_PROFILE},
    {"SM/CEN/SCCT/BV-09-C", cen_ltk_h7, TO_6_2, NO_PROFILE},
    {"SM/CEN/SCCT/BV-12-C", cen_ltk_h6, FROM_6_3, NO_PROFILE},
    {"SM/CEN/SCCT/BV-13-C", cen_ltk_h7, FROM_6_3, NO_PROFILE},
    {"SM/PER/SCCT/BV-08-C", per_ltk_h6, TO_6_2, NO_PROFILE},
    {"SM/PER/SCCT/BV-10-C", per_ltk_h7, TO_6_2, NO_PROFILE},
    {"SM/PER/SCCT/BV-13-C", per_ltk_h6, FROM_6_3, NO_PROFILE},
    {"SM/PER/SCCT/BV-14-C", per_ltk_h7, FROM_6_3, NO_PROFILE},
};

int main(void)
{
    return CONFORMANCE("SCCT", cases);
}
