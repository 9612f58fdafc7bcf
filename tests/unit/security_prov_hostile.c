/*
 * What an attacker may try on protocomm's sessions: the rows of the threat list about handshakes,
 * nonces and secrets. Every refusal wipes, and the next honest session works.
 */
#include "unit/protocomm_bench.h"

#include "base/wipe.h"
#include "prov/srp6a.h"

#include <pb_decode.h>
#include <pb_encode.h>

#include "prov/proto/session.pb.h"

static struct ends e;
static uint8_t out[CAP];
static size_t out_len;

static size_t encode(const pb_SessionData *m, uint8_t *to)
{
    pb_ostream_t s = pb_ostream_from_buffer(to, CAP);
    assert_true(pb_encode(&s, pb_SessionData_fields, m));
    return s.bytes_written;
}

static pb_SessionData decode(const uint8_t *in, size_t len)
{
    pb_SessionData m = pb_SessionData_init_zero;
    pb_istream_t s = pb_istream_from_buffer(in, len);
    assert_true(pb_decode(&s, pb_SessionData_fields, &m));
    return m;
}

static int serve(const pb_SessionData *m)
{
    uint8_t in[CAP];
    size_t len = encode(m, in);
    return troth_security_serve(&e.device, in, len, out, CAP, &out_len);
}

static void refused(enum troth_security_fault fault)
{
    assert_int_equal(e.device.fault, fault);
    assert_int_equal(out_len, 0);
    assert_true(all_zero(&e.device.u, sizeof e.device.u));
    assert_false(troth_security_ready(&e.device));
}

/* The device at this message of an honest session: 0: before Cmd0, 1: before Cmd1, 2: ready. */
static void device_at(uint8_t scheme, unsigned step)
{
    ends_configure(&e, scheme);
    ends_open(&e);
    uint8_t msg[CAP];
    size_t len;
    assert_int_equal(troth_security_hello(&e.client, msg, CAP, &len), TROTH_OK);
    for (unsigned i = 0; i < step; i++) {
        assert_int_equal(troth_security_serve(&e.device, msg, len, out, CAP, &out_len), TROTH_OK);
        assert_int_equal(troth_security_next(&e.client, out, out_len, msg, CAP, &len), TROTH_OK);
    }
}

/* D1: the length of a user name is never anything but what it is. */
static void user_names(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 255, 256, 257, 65535, 65536, 65537};
    static uint8_t in[66000];
    ends_configure(&e, 2);
    ends_open(&e);
    assert_int_equal(troth_security_hello(&e.client, out, CAP, &out_len), TROTH_OK);
    pb_SessionData honest = decode(out, out_len);
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        /* by hand: no generated type holds such a name */
        size_t n = lengths[i], at = sizeof in;
        const uint8_t *a = honest.proto.sec2.payload.sc0.client_pubkey.bytes;
        size_t ends = at;
#define PUSH(octets, len) (at -= (len), memmove(in + at, (octets), (len)))
#define LENGTH(tag_hi, tag_lo)                                                                     \
    do {                                                                                           \
        size_t l = ends - at;                                                                      \
        uint8_t v[3] = {(uint8_t)(l | 0x80), (uint8_t)(l >> 7 | 0x80), (uint8_t)(l >> 14)};        \
        PUSH(v, 3);                                                                                \
        if (tag_hi)                                                                                \
            in[--at] = (tag_hi);                                                                   \
        in[--at] = (tag_lo);                                                                       \
    } while (0)
        PUSH(a, 384);
        PUSH("\x12\x80\x03", 3);
        size_t whole = ends;
        ends = at;
        at -= n;
        memset(in + at, 'u', n);
        if (n)
            LENGTH(0, 0x0a);
        ends = whole;
        LENGTH(0x01, 0xa2); /* sc0 */
        LENGTH(0, 0x62);    /* sec2 */
        PUSH("\x10\x02", 2);
        /* exactly as long as it is: beyond it ASan looks */
        size_t len = sizeof in - at;
        uint8_t *exact = malloc(len);
        assert_non_null(exact);
        memcpy(exact, in + at, len);
        int r = troth_security_serve(&e.device, exact, len, out, CAP, &out_len);
        free(exact);
        assert_int_equal(r, n >= 1 && n <= 255 ? TROTH_OK : TROTH_FAILED);
        if (r != TROTH_OK)
            refused(TROTH_SECURITY_MALFORMED);
    }
}

/* D2: every scheme with every message and every payload, at every step; only the due one is taken. */
static void combinations(void **state)
{
    (void)state;
    unsigned taken = 0, cases = 0;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        for (unsigned step = 0; step <= (scheme ? 2 : 1); step++) {
            for (unsigned ver = 0; ver <= 3; ver++) {
                for (unsigned member = 0; member <= 3; member++) {
                    for (unsigned msg = 0; msg <= 4; msg++) {
                        for (unsigned payload = 0; payload <= 4; payload++) {
                            pb_SessionData m = pb_SessionData_init_zero;
                            device_at(scheme, step);
                            m.sec_ver = ver;
                            m.which_proto = (pb_size_t)(member ? member + 9 : 0);
                            if (member == 1) {
                                if (payload > 2)
                                    continue;
                                m.proto.sec0.msg = (pb_Step)msg;
                                m.proto.sec0.which_payload =
                                    (pb_size_t)(payload ? payload + 19 : 0);
                            } else if (member == 2) {
                                m.proto.sec1.msg = (pb_Step)msg;
                                m.proto.sec1.which_payload =
                                    (pb_size_t)(payload ? payload + 19 : 0);
                                if (payload == 1) {
                                    m.proto.sec1.payload.sc0.client_pubkey.size = 32;
                                    m.proto.sec1.payload.sc0.client_pubkey.bytes[0] = 9;
                                } else if (payload == 3) {
                                    m.proto.sec1.payload.sc1.client_verify_data.size = 32;
                                }
                            } else if (member == 3) {
                                m.proto.sec2.msg = (pb_Step)msg;
                                m.proto.sec2.which_payload =
                                    (pb_size_t)(payload ? payload + 19 : 0);
                                if (payload == 1) {
                                    m.proto.sec2.payload.sc0.client_username.size = 1;
                                    m.proto.sec2.payload.sc0.client_pubkey.size = 384;
                                    m.proto.sec2.payload.sc0.client_pubkey.bytes[0] = 9;
                                } else if (payload == 3) {
                                    m.proto.sec2.payload.sc1.client_proof.size = 64;
                                }
                            }
                            bool due = ver == scheme && member == scheme + 1u && msg == 0 &&
                                       (payload == 1 || (scheme == 0 && payload == 0));
                            cases++;
                            taken += due;
                            assert_int_equal(serve(&m), due ? TROTH_OK : TROTH_FAILED);
                            if (!due)
                                refused(ver == scheme && member == scheme + 1u && step == 1 &&
                                                msg == 2 && payload == 3
                                            ? TROTH_SECURITY_PROOF
                                        : ver == scheme && member == scheme + 1u
                                            ? TROTH_SECURITY_MALFORMED
                                            : TROTH_SECURITY_SCHEME);
                        }
                        if (scheme == 2 && step && ver != 2)
                            break; /* slow to set up, and refused at the first look */
                    }
                    if (scheme == 2 && step && ver != 2)
                        break;
                }
            }
        }
    }
    assert_int_equal(taken, 4 + 3 + 3);
    assert_true(cases > 1000);
}

/* Lengths around the due one of every field the device reads. */
static void field_lengths(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= 32; n++) {
        device_at(1, 0);
        pb_SessionData m = decode(out, 0);
        m.sec_ver = 1;
        m.which_proto = pb_SessionData_sec1_tag;
        m.proto.sec1.which_payload = pb_Sec1_sc0_tag;
        m.proto.sec1.payload.sc0.client_pubkey.size = (pb_size_t)n;
        m.proto.sec1.payload.sc0.client_pubkey.bytes[0] = 9;
        assert_int_equal(serve(&m), n == 32 ? TROTH_OK : TROTH_FAILED);
    }
    static const unsigned keys[] = {0, 1, 383, 384};
    for (unsigned i = 0; i < 4; i++) {
        device_at(2, 0);
        pb_SessionData m = pb_SessionData_init_zero;
        m.sec_ver = 2;
        m.which_proto = pb_SessionData_sec2_tag;
        m.proto.sec2.which_payload = pb_Sec2_sc0_tag;
        m.proto.sec2.payload.sc0.client_username.size = 1;
        m.proto.sec2.payload.sc0.client_pubkey.size = (pb_size_t)keys[i];
        m.proto.sec2.payload.sc0.client_pubkey.bytes[0] = 9;
        assert_int_equal(serve(&m), keys[i] == 384 ? TROTH_OK : TROTH_FAILED);
    }
    for (unsigned n = 60; n <= 64; n++) { /* a proof whose head is right is no proof */
        device_at(2, 0);
        uint8_t msg[CAP];
        size_t len;
        assert_int_equal(troth_security_hello(&e.client, msg, CAP, &len), TROTH_OK);
        assert_int_equal(troth_security_serve(&e.device, msg, len, out, CAP, &out_len), TROTH_OK);
        assert_int_equal(troth_security_next(&e.client, out, out_len, msg, CAP, &len), TROTH_OK);
        pb_SessionData m = decode(msg, len);
        m.proto.sec2.payload.sc1.client_proof.size = (pb_size_t)n;
        assert_int_equal(serve(&m), n == 64 ? TROTH_OK : TROTH_FAILED);
    }
}

/* One of the fields the client reads of this response; NULL: there is no such. */
static pb_size_t *field_of(pb_SessionData *m, uint8_t scheme, unsigned turn, unsigned field)
{
    pb_Sec1 *one = &m->proto.sec1;
    pb_Sec2 *two = &m->proto.sec2;
    if (scheme == 1 && turn == 0)
        return field ? &one->payload.sr0.device_random.size : &one->payload.sr0.device_pubkey.size;
    if (scheme == 1)
        return field ? NULL : &one->payload.sr1.device_verify_data.size;
    if (turn == 0)
        return field ? &two->payload.sr0.device_salt.size : &two->payload.sr0.device_pubkey.size;
    return field ? &two->payload.sr1.device_nonce.size : &two->payload.sr1.device_proof.size;
}

/* What is short is not taken; of security 2's B and salt any octet will do. */
static void response_lengths(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t msg[CAP], scheme = i < 4 ? 1 : 2;
        unsigned turn = i / 2 % 2;
        size_t len;
        ends_configure(&e, scheme);
        ends_open(&e);
        assert_int_equal(troth_security_hello(&e.client, msg, CAP, &len), TROTH_OK);
        for (unsigned at = 0; at <= turn; at++) {
            if (at)
                assert_int_equal(troth_security_next(&e.client, out, out_len, msg, CAP, &len),
                                 TROTH_OK);
            assert_int_equal(troth_security_serve(&e.device, msg, len, out, CAP, &out_len),
                             TROTH_OK);
        }
        pb_SessionData m = decode(out, out_len);
        pb_size_t *size = field_of(&m, scheme, turn, i % 2);
        if (!size)
            continue;
        *size = scheme == 2 && turn == 0 ? 0 : (pb_size_t)(*size - 1);
        out_len = encode(&m, out);
        assert_int_equal(troth_security_next(&e.client, out, out_len, msg, CAP, &len),
                         TROTH_FAILED);
        assert_int_equal(e.client.fault, TROTH_SECURITY_MALFORMED);
        assert_true(all_zero(&e.client.u, sizeof e.client.u));
    }
}

/* D3: A that needs no password; on the client's side B; D9: an X25519 key that contributes nothing. */
static void worthless_keys(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        device_at(2, 0);
        pb_SessionData m = pb_SessionData_init_zero;
        m.sec_ver = 2;
        m.which_proto = pb_SessionData_sec2_tag;
        m.proto.sec2.which_payload = pb_Sec2_sc0_tag;
        m.proto.sec2.payload.sc0.client_username.size = 1;
        m.proto.sec2.payload.sc0.client_pubkey.size = 384;
        if (i == 1)
            memcpy(m.proto.sec2.payload.sc0.client_pubkey.bytes, srp_n, 384);
        if (i == 2)
            memset(m.proto.sec2.payload.sc0.client_pubkey.bytes, 0xff, 384);
        assert_int_equal(serve(&m), TROTH_FAILED);
        refused(TROTH_SECURITY_KEY);
    }
    for (unsigned i = 0; i < 3; i++) {
        uint8_t msg[CAP];
        device_at(2, 0);
        assert_int_equal(troth_security_hello(&e.client, msg, CAP, &out_len), TROTH_OK);
        assert_int_equal(troth_security_serve(&e.device, msg, out_len, out, CAP, &out_len),
                         TROTH_OK);
        pb_SessionData m = decode(out, out_len);
        pb_S2Resp0 *r = &m.proto.sec2.payload.sr0;
        if (i == 0)
            memset(r->device_pubkey.bytes, 0, 384);
        if (i == 1)
            memcpy(r->device_pubkey.bytes, srp_n, 384);
        if (i == 2) {
            r->device_pubkey.size = 1;
            r->device_pubkey.bytes[0] = 0;
        }
        size_t len = encode(&m, msg);
        assert_int_equal(troth_security_next(&e.client, msg, len, out, CAP, &out_len),
                         TROTH_FAILED);
        assert_int_equal(e.client.fault, TROTH_SECURITY_KEY);
        assert_true(all_zero(&e.client.u, sizeof e.client.u));
    }
    for (unsigned i = 0; i < 2; i++) { /* 0 and 1: of small order */
        pb_SessionData m = pb_SessionData_init_zero;
        device_at(1, 0);
        m.sec_ver = 1;
        m.which_proto = pb_SessionData_sec1_tag;
        m.proto.sec1.which_payload = pb_Sec1_sc0_tag;
        m.proto.sec1.payload.sc0.client_pubkey.size = 32;
        m.proto.sec1.payload.sc0.client_pubkey.bytes[0] = (uint8_t)i;
        assert_int_equal(serve(&m), TROTH_FAILED);
        refused(TROTH_SECURITY_KEY);
    }
}

/* D4: no nonce twice, both directions, and the session ends before the counter could come round. */
static void nonces(void **state)
{
    (void)state;
    enum { MESSAGES = 20000 };
    uint8_t first[12], m[16 + 1];
    size_t n;
    ends_up(&e, 2);
    memcpy(first, e.device.u.two.nonce, 12);
    for (uint32_t i = 1; i <= MESSAGES; i++) {
        struct troth_security *from = i % 2 ? &e.client : &e.device;
        struct troth_security *to = i % 2 ? &e.device : &e.client;
        /* strictly counting, so no pair of them is equal */
        assert_memory_equal(from->u.two.nonce, first, 8);
        const uint8_t *c = from->u.two.nonce + 8;
        assert_int_equal((uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3],
                         i);
        assert_int_equal(troth_security_seal(from, m, 1, m, &n), TROTH_OK);
        assert_int_equal(troth_security_open(to, m, n, m, &n), TROTH_OK);
    }
    memset(e.client.u.two.nonce + 8, 0xff, 4);
    memset(e.device.u.two.nonce + 8, 0xff, 4);
    assert_int_equal(troth_security_seal(&e.client, m, 1, m, &n), TROTH_OK);
    assert_int_equal(troth_security_open(&e.device, m, n, m, &n), TROTH_OK);
    assert_int_equal(troth_security_seal(&e.device, m, 1, m, &n), TROTH_FAILED);
    refused(TROTH_SECURITY_WORN_OUT);
    assert_int_equal(troth_security_open(&e.client, m, 17, m, &n), TROTH_FAILED);
    assert_int_equal(e.client.fault, TROTH_SECURITY_WORN_OUT);
    assert_int_equal(troth_security_seal(&e.client, m, 1, m, &n), TROTH_STATE);

    /* Two sessions never share one, and a device is never brought to the old rule. */
    uint8_t again[8];
    memcpy(again, first, 8);
    assert_int_equal(ends_handshake(&e), 4);
    assert_memory_not_equal(e.device.u.two.nonce, again, 8);
    ends_configure(&e, 2);
    e.client_cfg.patch = 0;
    assert_int_equal(troth_security_init(&e.client, &e.client_cfg, false), TROTH_INVALID);
    e.client_cfg.patch = 2;
    e.client_cfg.allow_patch_0 = true;
    assert_int_equal(troth_security_init(&e.client, &e.client_cfg, false), TROTH_INVALID);
    e.client_cfg.patch = 0;
    e.device_cfg.patch = 0;
    e.device_cfg.allow_patch_0 = true;
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 4);
    assert_int_equal(troth_security_seal(&e.client, m, 1, m, &n), TROTH_OK);
    assert_int_equal(troth_security_open(&e.device, m, n, m, &n), TROTH_OK);
    assert_int_equal(troth_security_seal(&e.device, m, 1, m, &n), TROTH_OK);
    assert_int_equal(troth_security_open(&e.client, m, n, m, &n), TROTH_FAILED);
    assert_int_equal(e.client.fault, TROTH_SECURITY_TAG);
}

/* Security 1 never uses an octet of its stream twice: it is one, counted through. */
static void the_stream(void **state)
{
    (void)state;
    ends_up(&e, 1);
    struct troth_ctr whole = e.client.u.one.stream;
    uint8_t zero[997] = {0}, stream[997], m[64];
    size_t at = 0, n;
    troth_aes256_ctr(&whole, zero, stream, sizeof stream);
    for (unsigned i = 0; at + i % 64 <= sizeof stream; i++) {
        struct troth_security *from = i % 2 ? &e.device : &e.client;
        struct troth_security *to = i % 2 ? &e.client : &e.device;
        assert_int_equal(troth_security_seal(from, zero, i % 64, m, &n), TROTH_OK);
        assert_memory_equal(m, stream + at, n);
        assert_int_equal(troth_security_open(to, m, n, m, &n), TROTH_OK);
        at += n;
    }
}

/* D5: broken off at every message, by either side; then a session works. */
static void broken_off(void **state)
{
    (void)state;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        for (unsigned step = 0; step <= (scheme ? 2 : 1); step++) {
            device_at(scheme, step);
            assert_int_equal(troth_security_ready(&e.device), step == (scheme ? 2 : 1));
            troth_security_end(&e.device);
            troth_security_end(&e.client);
            assert_true(all_zero(&e.device.u, sizeof e.device.u));
            assert_true(all_zero(&e.client.u, sizeof e.client.u));
            assert_int_equal(ends_handshake(&e), scheme ? 4 : 2);
            /* and a new session within one */
            assert_int_equal(ends_handshake(&e), scheme ? 4 : 2);
        }
    }
}

/* A wrong password, a wrong proof of possession, none: three messages, then nothing. */
static void wrong_secrets(void **state)
{
    (void)state;
    ends_configure(&e, 2);
    e.client_cfg.password = TEXT("abcd1235");
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 3);
    out_len = 0;
    refused(TROTH_SECURITY_PROOF);
    ends_configure(&e, 2);
    e.client_cfg.username = TEXT("wifiprow");
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 3);
    static const char *const pops[] = {"", "abcd1235", "abcd123"};
    for (unsigned i = 0; i < 3; i++) {
        ends_configure(&e, 1);
        e.client_cfg.pop = TEXT(pops[i]);
        ends_open(&e);
        assert_int_equal(ends_handshake(&e), 3);
        refused(TROTH_SECURITY_PROOF);
    }
    /* A device that does not know the verifier is found out by the client. */
    ends_configure(&e, 2);
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 4);
    pb_SessionData m = decode(e.msg[3], e.len[3]);
    m.proto.sec2.payload.sr1.device_proof.bytes[63] ^= 1;
    device_at(2, 1);
    uint8_t msg[CAP];
    size_t len = encode(&m, msg);
    assert_int_equal(troth_security_next(&e.client, msg, len, out, CAP, &out_len), TROTH_FAILED);
    assert_int_equal(e.client.fault, TROTH_SECURITY_PROOF);
    assert_true(all_zero(&e.client.u, sizeof e.client.u));
}

/* A client heeds a status, whatever else the response has. */
static void statuses(void **state)
{
    (void)state;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        ends_up(&e, scheme);
        struct ends honest = e;
        for (unsigned i = 1; i < (scheme ? 4 : 2); i += 2) {
            pb_SessionData m = decode(honest.msg[i], honest.len[i]);
            if (scheme == 0)
                m.proto.sec0.payload.sr.status = pb_CRYPTO_ERROR;
            else if (scheme == 1 && i == 1)
                m.proto.sec1.payload.sr0.status = pb_CRYPTO_ERROR;
            else if (scheme == 1)
                m.proto.sec1.payload.sr1.status = pb_CRYPTO_ERROR;
            else if (i == 1)
                m.proto.sec2.payload.sr0.status = pb_CRYPTO_ERROR;
            else
                m.proto.sec2.payload.sr1.status = pb_CRYPTO_ERROR;
            uint8_t msg[CAP];
            size_t len = encode(&m, msg);
            device_at(scheme, i / 2);
            assert_int_equal(troth_security_next(&e.client, msg, len, out, CAP, &out_len),
                             TROTH_FAILED);
            assert_int_equal(e.client.fault, TROTH_SECURITY_STATUS);
            assert_int_equal(e.client.status, pb_CRYPTO_ERROR);
        }
    }
}

/*
 * Every truncation and every flipped bit of every message of the handshake. What does not fail here
 * is in a field that this side need not understand; then the session is not up, or it is this one.
 */
static void harm(uint8_t scheme, unsigned i, const uint8_t *msg, size_t len)
{
    struct troth_security saved_device = e.device, saved_client = e.client;
    struct troth_security *at = i % 2 ? &e.client : &e.device;
    size_t bits = 8 * len;
    for (size_t n = 0; n < len + bits; n++) {
        if (scheme == 2 && i < 2 && n % 29) /* each is a modular exponentiation */
            continue;
        size_t l = n < len ? n : len;
        uint8_t *exact = malloc(l ? l : 1);
        assert_non_null(exact);
        memcpy(exact, msg, l);
        if (n >= len)
            exact[(n - len) / 8] ^= (uint8_t)(1u << (n - len) % 8);
        int r = i % 2 ? troth_security_next(at, exact, l, out, CAP, &out_len)
                      : troth_security_serve(at, exact, l, out, CAP, &out_len);
        free(exact);
        if (r == TROTH_FAILED) {
            assert_true(all_zero(&at->u, sizeof at->u));
            assert_int_equal(out_len, 0);
        } else if (i == 2 && scheme) {
            fail_msg("security %u: the device took a changed proof, %zu", scheme, n);
        } else if (i == 3 && scheme == 1) {
            fail_msg("security 1: the client took a changed proof, %zu", n);
        }
        e.device = saved_device;
        e.client = saved_client;
    }
}

static void every_bit(void **state)
{
    (void)state;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        uint8_t msg[CAP], resp[CAP];
        size_t len, resp_len;
        ends_configure(&e, scheme);
        ends_open(&e);
        assert_int_equal(troth_security_hello(&e.client, msg, CAP, &len), TROTH_OK);
        for (unsigned i = 0; len; i += 2) {
            harm(scheme, i, msg, len);
            assert_int_equal(troth_security_serve(&e.device, msg, len, resp, CAP, &resp_len),
                             TROTH_OK);
            harm(scheme, i + 1, resp, resp_len);
            assert_int_equal(troth_security_next(&e.client, resp, resp_len, msg, CAP, &len),
                             TROTH_OK);
        }
        assert_true(troth_security_ready(&e.client) && troth_security_ready(&e.device));
    }
}

/* Security 2 takes no changed message, and goes on with the right one. */
static void every_bit_sealed(void **state)
{
    (void)state;
    uint8_t sealed[64], m[64], plain[64];
    size_t n, len;
    ends_up(&e, 2);
    assert_int_equal(
        troth_security_seal(&e.client, (const uint8_t *)"twelve octets", 13, sealed, &len),
        TROTH_OK);
    for (size_t i = 0; i < len + 8 * len; i++) {
        size_t l = i < len ? i : len;
        memcpy(m, sealed, len);
        if (i >= len)
            m[(i - len) / 8] ^= (uint8_t)(1u << (i - len) % 8);
        assert_int_equal(troth_security_open(&e.device, m, l, plain, &n), TROTH_FAILED);
        assert_int_equal(e.device.fault, TROTH_SECURITY_TAG);
        if (l > 16)
            assert_true(all_zero(plain, l - 16));
    }
    assert_int_equal(troth_security_open(&e.device, sealed, len, plain, &n), TROTH_OK);
    assert_int_equal(troth_security_open(&e.device, sealed, len, plain, &n), TROTH_FAILED);
}

/* D9: security 1 has no integrity. A bit turned on its way turns the same bit of the message. */
static void security_1_takes_changed_messages(void **state)
{
    (void)state;
    uint8_t m[8] = "network";
    size_t n;
    ends_up(&e, 1);
    assert_int_equal(troth_security_seal(&e.client, m, 8, m, &n), TROTH_OK);
    m[0] ^= 'n' ^ 'N';
    assert_int_equal(troth_security_open(&e.device, m, 8, m, &n), TROTH_OK);
    assert_memory_equal(m, "Network", 8);
}

/* Configurations that cannot work are refused before anything is sent. */
static void configurations(void **state)
{
    (void)state;
    struct troth_security_config c;
#define REFUSED(is_device, change)                                                                 \
    do {                                                                                           \
        ends_configure(&e, 2);                                                                     \
        c = (is_device) ? e.device_cfg : e.client_cfg;                                             \
        change;                                                                                    \
        assert_int_equal(troth_security_init(&e.device, &c, (is_device)), TROTH_INVALID);          \
    } while (0)
    REFUSED(true, c.scheme = 3);
    REFUSED(true, c.random = NULL);
    REFUSED(true, c.salt.len = 0);
    REFUSED(true, c.salt.len = TROTH_SECURITY_SALT_MAX + 1);
    REFUSED(true, e.salt[0] = 0);
    REFUSED(true, c.verifier.len = 0);
    REFUSED(true, c.verifier.len = TROTH_BIG + 1);
    REFUSED(true, memset(e.verifier, 0, TROTH_BIG));
    REFUSED(true, memset(e.verifier, 0xff, TROTH_BIG));
    REFUSED(false, c.username.len = 0);
    REFUSED(false, c.username.len = TROTH_SECURITY_NAME_MAX + 1);
    for (uint8_t i = 0; i < 12; i++)
        assert_true(*troth_security_fault_words(i) && *troth_security_fault_name(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_names),
        cmocka_unit_test(combinations),
        cmocka_unit_test(field_lengths),
        cmocka_unit_test(response_lengths),
        cmocka_unit_test(worthless_keys),
        cmocka_unit_test(nonces),
        cmocka_unit_test(the_stream),
        cmocka_unit_test(broken_off),
        cmocka_unit_test(wrong_secrets),
        cmocka_unit_test(statuses),
        cmocka_unit_test(every_bit),
        cmocka_unit_test(every_bit_sealed),
        cmocka_unit_test(security_1_takes_changed_messages),
        cmocka_unit_test(configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
