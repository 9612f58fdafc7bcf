/*
 * What a false device may send our client, and what a false client may send that no generated type
 * holds: D2 and D3 from the sides that security_prov_hostile.c does not see.
 */
#include "unit/protocomm_bench.h"

#include "prov/srp6a.h"

#include <pb_decode.h>
#include <pb_encode.h>

#include "prov/proto/session.pb.h"

static struct ends e;
static uint8_t out[CAP];
static size_t out_len;

static pb_SessionData decode(const uint8_t *in, size_t len)
{
    pb_SessionData m = pb_SessionData_init_zero;
    pb_istream_t s = pb_istream_from_buffer(in, len);
    assert_true(pb_decode(&s, pb_SessionData_fields, &m));
    return m;
}

static int next(const pb_SessionData *m)
{
    uint8_t in[CAP];
    pb_ostream_t s = pb_ostream_from_buffer(in, CAP);
    assert_true(pb_encode(&s, pb_SessionData_fields, m));
    return troth_security_next(&e.client, in, s.bytes_written, out, CAP, &out_len);
}

/* The client before this response of an honest session, which is e.msg. */
static void client_before(uint8_t scheme, unsigned response)
{
    size_t len;
    ends_configure(&e, scheme);
    ends_open(&e);
    assert_int_equal(troth_security_hello(&e.client, e.msg[0], CAP, &e.len[0]), TROTH_OK);
    for (unsigned i = 1;; i += 2) {
        assert_int_equal(
            troth_security_serve(&e.device, e.msg[i - 1], e.len[i - 1], e.msg[i], CAP, &e.len[i]),
            TROTH_OK);
        if (i / 2 == response)
            return;
        assert_int_equal(troth_security_next(&e.client, e.msg[i], e.len[i], out, CAP, &len),
                         TROTH_OK);
        memcpy(e.msg[i + 1], out, len);
        e.len[i + 1] = len;
    }
}

/* One of the union's members, well formed; of security 1 with what another has in its place. */
static void fill(pb_SessionData *m, const pb_SessionData *honest, unsigned member, unsigned msg,
                 unsigned payload)
{
    *m = *honest;
    m->which_proto = (pb_size_t)(member ? member + 9 : 0);
    pb_size_t which = (pb_size_t)(payload ? payload + 19 : 0);
    if (member != honest->which_proto - 9u)
        memset(&m->proto, 0, sizeof m->proto);
    if (member == 1) {
        if (which != m->proto.sec0.which_payload)
            memset(&m->proto.sec0.payload, 0, sizeof m->proto.sec0.payload);
        m->proto.sec0.msg = (pb_Step)msg;
        m->proto.sec0.which_payload = which;
    } else if (member == 2) {
        m->proto.sec1.msg = (pb_Step)msg;
        m->proto.sec1.which_payload = which;
    } else if (member == 3) {
        if (which != m->proto.sec2.which_payload)
            memset(&m->proto.sec2.payload, 0, sizeof m->proto.sec2.payload);
        m->proto.sec2.msg = (pb_Step)msg;
        m->proto.sec2.which_payload = which;
    }
}

/* D2: every version with every member, message and payload, before each response. */
static void combinations(void **state)
{
    (void)state;
    unsigned taken = 0, cases = 0;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        for (unsigned response = 0; response < (scheme ? 2 : 1); response++) {
            client_before(scheme, response);
            const struct troth_security before = e.client;
            const unsigned i = 2 * response + 1;
            const pb_SessionData honest = decode(e.msg[i], e.len[i]);
            for (unsigned n = 0; n < 4 * 4 * 5 * 5; n++) {
                unsigned ver = n % 4, member = n / 4 % 4, msg = n / 16 % 5, payload = n / 80;
                pb_SessionData m;
                if (member == 1 && payload > 2)
                    continue;
                fill(&m, &honest, member, msg, payload);
                m.sec_ver = ver;
                e.client = before;
                bool ours = ver == scheme && member == scheme + 1u;
                bool due = ours && msg == i && payload == (scheme ? i + 1 : 2);
                cases++;
                taken += due;
                assert_int_equal(next(&m), due ? TROTH_OK : TROTH_FAILED);
                if (due)
                    continue;
                assert_int_equal(e.client.fault,
                                 ours ? TROTH_SECURITY_MALFORMED : TROTH_SECURITY_SCHEME);
                assert_int_equal(out_len, 0);
                assert_false(troth_security_ready(&e.client));
                assert_true(all_zero(&e.client.u, sizeof e.client.u));
            }
        }
    }
    assert_int_equal(taken, 5);
    assert_true(cases > 1500);
}

/* Every length of every field a client reads; only the one is taken, or the range there is. */
static void field_lengths(void **state)
{
    (void)state;
    unsigned taken = 0;
    for (unsigned response = 0; response < 2; response++) {
        client_before(1, response);
        const struct troth_security before = e.client;
        const pb_SessionData honest = decode(e.msg[2 * response + 1], e.len[2 * response + 1]);
        for (pb_size_t n = 0; n <= 32; n++) {
            for (unsigned field = 0; field < 2 - response; field++) {
                pb_SessionData m = honest;
                e.client = before;
                if (response)
                    m.proto.sec1.payload.sr1.device_verify_data.size = n;
                else if (field == 0)
                    m.proto.sec1.payload.sr0.device_pubkey.size = n;
                else if (n <= 16)
                    m.proto.sec1.payload.sr0.device_random.size = n;
                else
                    continue;
                bool whole = n == (field ? 16 : 32);
                assert_int_equal(next(&m), whole ? TROTH_OK : TROTH_FAILED);
                taken += whole;
                if (!whole)
                    assert_int_equal(e.client.fault, TROTH_SECURITY_MALFORMED);
            }
        }
    }
    assert_int_equal(taken, 3);
    client_before(2, 1);
    const struct troth_security before = e.client;
    const pb_SessionData honest = decode(e.msg[3], e.len[3]);
    for (pb_size_t n = 0; n <= 64; n++) {
        pb_SessionData m = honest;
        e.client = before;
        m.proto.sec2.payload.sr1.device_proof.size = n;
        assert_int_equal(next(&m), n == 64 ? TROTH_OK : TROTH_FAILED);
        if (n > 12)
            continue;
        m = honest;
        e.client = before;
        m.proto.sec2.payload.sr1.device_nonce.size = n;
        assert_int_equal(next(&m), n == 12 ? TROTH_OK : TROTH_FAILED);
    }
}

/* D3: A = k N takes more than 384 octets from k = 2 on, and none of that length is a key. */
static void long_keys(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 4; k++) {
        uint8_t kn[386] = {0}, *exact;
        unsigned carry = 0;
        for (unsigned i = 384; i-- > 0;) {
            carry += k * srp_n[i];
            kn[i + 2] = (uint8_t)carry;
            carry >>= 8;
        }
        kn[1] = (uint8_t)carry;
        for (size_t len = 384 + (k > 1); len <= 386; len++) {
            size_t body = 3 + 3 + len, at = 0; /* the name "u", then the key */
            ends_configure(&e, 2);
            ends_open(&e);
            exact = malloc(body + 10);
            assert_non_null(exact);
#define OCTET(v) (exact[at++] = (uint8_t)(v))
            OCTET(0x10), OCTET(2);
            OCTET(0x62), OCTET((body + 4) | 0x80), OCTET((body + 4) >> 7);
            OCTET(0xa2), OCTET(0x01), OCTET(body | 0x80), OCTET(body >> 7);
            OCTET(0x0a), OCTET(1), OCTET('u');
            OCTET(0x12), OCTET(len | 0x80), OCTET(len >> 7);
            memcpy(exact + at, kn + sizeof kn - len, len);
            at += len;
            assert_int_equal(troth_security_serve(&e.device, exact, at, out, CAP, &out_len),
                             TROTH_FAILED);
            assert_int_equal(e.device.fault,
                             len == 384 ? TROTH_SECURITY_KEY : TROTH_SECURITY_MALFORMED);
            assert_true(all_zero(&e.device.u, sizeof e.device.u));
            free(exact);
        }
    }
}

/*
 * D3: a B for which the base of the client's power is zero or one, as a device knows them that knows
 * the verifier already. The session key follows from the password all the same, as with any other B.
 */
static void telling_numbers(void **state)
{
    (void)state;
    static const uint8_t one[384] = {[383] = 1};
    uint8_t kv[384];
    ends_configure(&e, 2);
    const uint8_t zero[32] = {0};
    assert_true(srp_device_public(e.verifier, zero, kv)); /* k v + 1 */
    for (unsigned i = 0; i < 2; i++) {
        client_before(2, 0);
        pb_SessionData m = decode(e.msg[1], e.len[1]);
        if (i == 0)
            assert_true(troth_submod(kv, one, srp_n, m.proto.sec2.payload.sr0.device_pubkey.bytes));
        else
            memcpy(m.proto.sec2.payload.sr0.device_pubkey.bytes, kv, 384);
        assert_int_equal(next(&m), TROTH_OK);
        assert_int_equal(out_len, 75);
        /* Without M2 it is no device. */
        m = decode(e.msg[1], e.len[1]);
        assert_int_equal(next(&m), TROTH_FAILED);
    }
}

/* D9: a device's X25519 key of small order gives a secret that everybody knows. */
static void worthless_device_keys(void **state)
{
    (void)state;
    /* RFC 7748 section 7 speaks of them: 0, 1, the two of order 8, p - 1, and p, p + 1 */
    static const char *const keys[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (unsigned ours = 0; ours < 2; ours++) { /* our client's device, our device's client */
            client_before(1, 0);
            pb_SessionData m = decode(e.msg[ours ? 0 : 1], e.len[ours ? 0 : 1]);
            uint8_t in[CAP];
            vectors_hex(keys[i],
                        ours ? m.proto.sec1.payload.sc0.client_pubkey.bytes
                             : m.proto.sec1.payload.sr0.device_pubkey.bytes,
                        32);
            pb_ostream_t s = pb_ostream_from_buffer(in, CAP);
            assert_true(pb_encode(&s, pb_SessionData_fields, &m));
            struct troth_security *at = ours ? &e.device : &e.client;
            assert_int_equal(ours
                                 ? troth_security_serve(at, in, s.bytes_written, out, CAP, &out_len)
                                 : troth_security_next(at, in, s.bytes_written, out, CAP, &out_len),
                             TROTH_FAILED);
            assert_int_equal(at->fault, TROTH_SECURITY_KEY);
            assert_true(all_zero(&at->u, sizeof at->u));
        }
    }
}

/* D8: no session begins with another's initial counter block, key or nonce. */
static void nothing_is_constant(void **state)
{
    (void)state;
    uint8_t iv[20][16], nonce[20][8], key[20][32];
    for (uint8_t scheme = 1; scheme <= 2; scheme++) {
        ends_configure(&e, scheme);
        ends_open(&e);
        for (unsigned i = 0; i < 20; i++) {
            assert_int_equal(ends_handshake(&e), 4);
            const pb_SessionData first = decode(e.msg[1], e.len[1]);
            if (scheme == 1)
                memcpy(iv[i], first.proto.sec1.payload.sr0.device_random.bytes, 16);
            else
                memcpy(nonce[i], e.device.u.two.nonce, 8);
            memcpy(key[i], scheme == 1 ? e.device.u.one.stream.key : e.device.u.two.key, 32);
            for (unsigned k = 0; k < i; k++) {
                if (scheme == 1)
                    assert_memory_not_equal(iv[k], iv[i], 16);
                else
                    assert_memory_not_equal(nonce[k], nonce[i], 8);
                assert_memory_not_equal(key[k], key[i], 32);
            }
        }
    }
}

/* D11: a session keeps what messages need, and a handshake what is still to come. */
static void what_a_session_keeps(void **state)
{
    (void)state;
    client_before(1, 1);
    assert_true(all_zero(e.client.u.one.own_private, 32));
    assert_true(all_zero(e.device.u.one.own_private, 32));
    client_before(2, 1);
    assert_true(all_zero(e.client.u.two.secret, 32));
    ends_up(&e, 2);
    for (unsigned i = 0; i < 2; i++) {
        struct troth_security *s = i ? &e.client : &e.device;
        assert_false(all_zero(s->u.two.key, 32));
        memset(s->u.two.key, 0, 32);
        memset(s->u.two.nonce, 0, 12);
        assert_true(all_zero(&s->u, sizeof s->u));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(combinations),
        cmocka_unit_test(field_lengths),
        cmocka_unit_test(long_keys),
        cmocka_unit_test(telling_numbers),
        cmocka_unit_test(worthless_device_keys),
        cmocka_unit_test(nothing_is_constant),
        cmocka_unit_test(what_a_session_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
