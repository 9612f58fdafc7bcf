/*
 * What tests/vectors/protocomm.json gives beside the messages themselves: the values between them,
 * each computed here from those before it, and the sizes. With security_prov.c, srp6a.c and
 * protocomm_messages.c no value of the file is left unread.
 */
#include "unit/protocomm_asks.h"

#include "prov/srp6a.h"

static size_t octets(const cJSON *v, const char *name, uint8_t *out, size_t cap)
{
    return vectors_hex(vectors_string(v, name), out, cap);
}

static void is(const cJSON *v, const char *name, const uint8_t *got, size_t len)
{
    uint8_t want[400];
    assert_int_equal(octets(v, name, want, sizeof want), len);
    if (memcmp(got, want, len) != 0)
        fail_msg("%s of %s", name, v->string);
}

static void keys_of_security_1(const cJSON *v)
{
    uint8_t own[32], theirs[32], public_key[32], got[96] = {0};
    struct troth_ctr stream = {.used = 0};
    const struct troth_piece pop = TEXT(vectors_string(v, "pop_text"));
    vectors_bytes(v, "client_priv", own, 32);
    vectors_bytes(v, "device_priv", theirs, 32);
    assert_true(troth_x25519_public_key(own, public_key));
    is(v, "client_pubkey", public_key, 32);
    assert_true(troth_x25519(theirs, public_key, got));
    is(v, "shared", got, 32);
    assert_true(troth_x25519_public_key(theirs, public_key));
    is(v, "device_pubkey", public_key, 32);
    assert_true(troth_x25519(own, public_key, stream.key));
    is(v, "shared", stream.key, 32);
    if (pop.len) {
        troth_sha256(&pop, 1, got);
        is(v, "pop_sha256", got, 32);
        for (size_t i = 0; i < 32; i++)
            stream.key[i] ^= got[i];
    } else {
        assert_string_equal(vectors_string(v, "pop_sha256"), "");
    }
    is(v, "key", stream.key, 32);
    vectors_bytes(v, "device_random_iv", stream.counter, 16);
    memset(got, 0, sizeof got);
    troth_aes256_ctr(&stream, got, got, sizeof got);
    is(v, "keystream_first_96", got, sizeof got);
}

static void number(const cJSON *v, const char *name, uint8_t out[TROTH_BIG])
{
    uint8_t b[TROTH_BIG];
    assert_true(srp_number(b, octets(v, name, b, sizeof b), out));
}

/* u = H(A | B), S = (A v^u)^b, K = H(S): the device's way; lengths; the nonce of each message. */
static void keys_of_security_2(const cJSON *v)
{
    uint8_t a[384], b[384], secret[32], s[384], u[64], key[64], nonce[12], sealed[64], plain[64];
    static const char *const messages[] = {"cmd0", "resp0", "cmd1", "resp1"};
    bool counts = cJSON_GetObjectItem(v, "sec_patch_ver")->valueint;
    number(v, "A", a);
    number(v, "B", b);
    const struct troth_piece both[] = {{a, 384}, {b, 384}};
    troth_sha512(both, 2, u);
    is(v, "u", u, 64);
    number(v, "verifier", s);
    assert_int_equal(octets(v, "b", secret, 32), 32);
    assert_true(troth_modexp(s, u, 64, srp_n, s) && troth_mulmod(s, a, srp_n, s) &&
                troth_modexp(s, secret, 32, srp_n, s));
    size_t zeros = srp_zeros(s, 384);
    is(v, "S", s + zeros, 384 - zeros);
    assert_int_equal(zeros != 0, strcmp(v->string, "sec2_edge_S_leading_zero") == 0);
    troth_sha512(&(struct troth_piece){s + zeros, 384 - zeros}, 1, key);
    is(v, "K", key, 64);
    is(v, "gcm_key", key, 32);
    for (unsigned i = 0; i < 4; i++) {
        char name[24], len[16];
        snprintf(name, sizeof name, "session_%s", messages[i]);
        snprintf(len, sizeof len, "len_%s", messages[i]);
        assert_int_equal(strlen(vectors_string(v, name)) / 2,
                         cJSON_GetObjectItem(v, len)->valueint);
    }
    const cJSON *turn;
    vectors_bytes(v, "nonce", nonce, 12);
    cJSON_ArrayForEach(turn, cJSON_GetObjectItem(v, "app_data_in_order"))
    {
        static const char *const way[] = {"req", "resp"};
        for (unsigned i = 0; i < 2; i++) {
            char name[24];
            snprintf(name, sizeof name, "%s_nonce", way[i]);
            is(turn, name, nonce, 12);
            snprintf(name, sizeof name, "%s_plain", way[i]);
            size_t n = octets(turn, name, plain, sizeof plain);
            troth_aes256_gcm_seal(key, nonce, plain, n, sealed);
            snprintf(name, sizeof name, "%s_cipher_and_tag", way[i]);
            is(turn, name, sealed, n + 16);
            nonce[11] = (uint8_t)(nonce[11] + counts);
        }
    }
}

static void values_between(void **state)
{
    (void)state;
    unsigned one = 0, two = 0;
    for (const cJSON *v = vectors->child; v; v = v->next) {
        if (strncmp(v->string, "sec1_", 5) == 0) {
            keys_of_security_1(v);
            one++;
        } else if (strncmp(v->string, "sec2_", 5) == 0) {
            uint8_t k[64];
            octets(cJSON_GetObjectItem(vectors, "group"), "k", k, 64);
            is(v, "k", k, 64);
            keys_of_security_2(v);
            two++;
        }
    }
    assert_int_equal(one, 3);
    assert_int_equal(two, 8);
}

/* A verifier or a salt that the two sides read differently: the proof fails, as is said there. */
static void divergences(void **state)
{
    (void)state;
    const cJSON *inner = cJSON_GetObjectItem(vectors, "divergence_inner_hash_leading_zero");
    const cJSON *salt = cJSON_GetObjectItem(vectors, "divergence_salt_leading_zero");
    static uint8_t salt_b[16], verifier[384];
    struct troth_piece name = TEXT("wifiprov"), password = TEXT("abcd1234");
    uint8_t x[2][64];
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(inner, "differ")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(salt, "differ")));
    assert_non_null(
        strstr(vectors_string(inner, "esp_prov_client_vs_device_with_rfc_verifier"), "fails"));
    assert_non_null(
        strstr(vectors_string(salt, "esp_prov_client_vs_device_with_that_salt"), "fails"));
    octets(salt, "salt_on_wire", salt_b, 16);
    const struct troth_piece s = {salt_b, 16};
    for (unsigned i = 0; i < 2; i++)
        srp_x(&name, &password, &s, i ? SRP_SHORT_SALT : SRP_RFC, x[i]);
    assert_memory_not_equal(x[0], x[1], 64);
    /* the device with the RFC's verifier, a client with esp_prov's reading */
    ends_configure(&e, 2);
    e.client_cfg.password = TEXT(vectors_string(inner, "password_text"));
    e.client_cfg.dialect = TROTH_SHORT_INNER_HASH;
    octets(inner, "salt", e.salt, 16);
    octets(inner, "verifier_rfc", verifier, 384);
    memcpy(e.verifier, verifier, 384);
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 3);
    assert_int_equal(e.device.fault, TROTH_SECURITY_PROOF);
    e.client_cfg.dialect = 0;
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 4);
}

/* A page of four of the longest results. */
static void sizes(void **state)
{
    (void)state;
    const cJSON *size = cJSON_GetObjectItem(vectors, "sizes");
    for (uint8_t kind = WIFI; kind <= THREAD; kind++) {
        const char *name =
            kind == WIFI ? "wifi_result_4_worst_plain" : "thread_result_4_worst_plain";
        up(2, kind);
        assert_int_equal(query(ASK(SCAN, kind, .start = 0)), TROTH_BUSY);
        for (unsigned i = 0; i < 4; i++) {
            struct troth_scan_result r = {.kind = kind,
                                          .channel = kind == WIFI ? 13 : 26,
                                          .rssi = -100,
                                          .lqi = kind == WIFI ? 0 : 255};
            memset(r.bssid, 0xb1, sizeof r.bssid);
            r.ssid.len = kind == WIFI ? 32 : 0;
            memset(r.ssid.b, 's', r.ssid.len);
            r.security = TROTH_WIFI_WPA3_SAE;
            r.thread.pan_id = 0xfffe;
            r.thread.name.len = 16;
            memset(r.thread.name.b, 'n', 16);
            memset(r.thread.ext_pan_id, 0xe1, 8);
            memset(r.ext_addr, 0xa1, 8);
            troth_net_scan_result(&net_sink, scan_id, &r);
        }
        troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
        opened();
        assert_int_equal(query(ASK(SCAN_PAGE, kind, .start = 0, .count = 4)), TROTH_OK);
        assert_int_equal(response.len, cJSON_GetObjectItem(size, name)->valueint);
        /* D7: and none beyond the four */
        static const char *const beyond[2][3] = {
            {"080472021005", "0804720408041001", "0804720408011004"},
            {"080aa201021005", "080aa2010408041001", "080aa2010408011004"}};
        for (unsigned i = 0; i < 3; i++)
            assert_true(send_hex(SCAN, beyond[kind == THREAD][i], TROTH_FAILED));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_between),
        cmocka_unit_test(divergences),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
