/* The security schemes of protocomm: published transcripts, both roles, and any numbers. */
#include "unit/protocomm_bench.h"

#include "prov/srp6a.h"

static struct ends e;
static uint8_t want[CAP];

static size_t hex(const cJSON *v, const char *name)
{
    return vectors_hex(vectors_string(v, name), want, sizeof want);
}

static void same(const cJSON *v, const char *name, const uint8_t *got, size_t len)
{
    assert_int_equal(hex(v, name), len);
    assert_memory_equal(got, want, len);
}

/* plain becomes cipher on the side that sends and plain again on the other. */
static void crosses(struct troth_security *from, struct troth_security *to, const cJSON *v,
                    const char *plain, const char *cipher)
{
    uint8_t in[256], sealed[272], out[272];
    size_t len, n = vectors_hex(vectors_string(v, plain), in, sizeof in);
    assert_int_equal(troth_security_seal(from, in, n, sealed, &len), TROTH_OK);
    same(v, cipher, sealed, len);
    assert_int_equal(troth_security_open(to, sealed, len, out, &len), TROTH_OK);
    assert_int_equal(len, n);
    assert_memory_equal(out, in, n);
}

static void application_data(const cJSON *v, const char *suffix)
{
    char req[40], resp[40];
    const cJSON *turn;
    snprintf(req, sizeof req, "req_cipher%s", suffix);
    snprintf(resp, sizeof resp, "resp_cipher%s", suffix);
    cJSON_ArrayForEach(turn, cJSON_GetObjectItem(v, "app_data_in_order"))
    {
        crosses(&e.client, &e.device, turn, "req_plain", req);
        crosses(&e.device, &e.client, turn, "resp_plain", resp);
    }
}

static void handshake_is(const cJSON *v)
{
    static const char *const names[] = {"session_cmd0", "session_resp0", "session_cmd1",
                                        "session_resp1"};
    for (unsigned i = 0; i < 4; i++)
        same(v, names[i], e.msg[i], e.len[i]);
}

static void transcript_0(void **state)
{
    (void)state;
    cJSON *all = vectors_load("protocomm.json");
    const cJSON *v = cJSON_GetObjectItem(all, "sec0");
    ends_up(&e, 0);
    same(v, "req", e.msg[0], e.len[0]);
    same(v, "resp", e.msg[1], e.len[1]);
    cJSON_Delete(all);
}

static void transcripts_1(void **state)
{
    (void)state;
    unsigned n = 0;
    cJSON *all = vectors_load("protocomm.json");
    for (const cJSON *v = all->child; v; v = v->next) {
        if (strncmp(v->string, "sec1_", 5))
            continue;
        ends_configure(&e, 1);
        e.device_cfg.pop = e.client_cfg.pop = TEXT(vectors_string(v, "pop_text"));
        script(&e.device_chance, v, "device_priv");
        script(&e.device_chance, v, "device_random_iv");
        script(&e.client_chance, v, "client_priv");
        ends_open(&e);
        assert_int_equal(ends_handshake(&e), 4);
        handshake_is(v);
        application_data(v, "");
        n++;
    }
    assert_int_equal(n, 3);
    cJSON_Delete(all);
}

/* The client byte for byte with any device; our device wherever it would send these numbers itself. */
static void transcripts_2(void **state)
{
    (void)state;
    unsigned n = 0, devices = 0;
    cJSON *all = vectors_load("protocomm.json");
    for (const cJSON *v = all->child; v; v = v->next) {
        if (strncmp(v->string, "sec2_", 5))
            continue;
        bool patch = cJSON_GetObjectItem(v, "sec_patch_ver")->valueint;
        bool edge = strcmp(v->string, "sec2_edge_B_leading_zero") == 0;
        ends_configure(&e, 2);
        e.client_cfg.username = TEXT(vectors_string(v, "username_text"));
        e.client_cfg.password = TEXT(vectors_string(v, "password_text"));
        e.client_cfg.patch = patch;
        e.client_cfg.allow_patch_0 = !patch;
        vectors_bytes(v, "salt", e.salt, 16);
        e.device_cfg.verifier.len = hex(v, "verifier");
        memcpy(e.verifier, want, e.device_cfg.verifier.len);
        script(&e.client_chance, v, "a");
        script(&e.device_chance, v, "b");
        uint8_t nonce[12];
        vectors_bytes(v, "nonce", nonce, 12);
        memcpy(e.device_chance.script + e.device_chance.scripted, nonce, 8);
        e.device_chance.scripted += 8;
        ends_open(&e);
        if (!edge) {
            assert_int_equal(ends_handshake(&e), 4);
            handshake_is(v);
            if (patch)
                application_data(v, "_and_tag");
            devices++;
        }
        /* The client against the transcript's device. */
        size_t len;
        uint8_t out[CAP];
        e.client_chance.used = 0;
        troth_security_end(&e.client);
        assert_int_equal(troth_security_hello(&e.client, out, CAP, &len), TROTH_OK);
        same(v, "session_cmd0", out, len);
        len = hex(v, "session_resp0");
        assert_int_equal(troth_security_next(&e.client, want, len, out, CAP, &len), TROTH_OK);
        same(v, "session_cmd1", out, len);
        len = hex(v, "session_resp1");
        assert_int_equal(troth_security_next(&e.client, want, len, out, CAP, &len), TROTH_OK);
        assert_int_equal(len, 0);
        /* ... and a device that begins as it did: another of our clients, at its end of the keys. */
        e.device = e.client;
        application_data(v, "_and_tag");
        n++;
    }
    assert_int_equal(n, 8);
    assert_int_equal(devices, 7);
    cJSON_Delete(all);
}

/* A B of 383 octets breaks clients in use: our device draws again. */
static void the_device_draws_again(void **state)
{
    (void)state;
    cJSON *all = vectors_load("protocomm.json");
    const cJSON *v = cJSON_GetObjectItem(all, "sec2_edge_B_leading_zero");
    ends_configure(&e, 2);
    e.device_chance.dice = 5;
    script(&e.client_chance, v, "a");
    script(&e.device_chance, v, "b");
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 4);
    assert_int_equal(e.device_chance.draws, 3); /* b, b, the nonce */
    assert_int_equal(e.len[1], 416);
    cJSON_Delete(all);
}

/* Both ends with this vector's draws, to the length of the device's first answer, in msg[1]. */
static size_t first_answer(const cJSON *v)
{
    size_t len;
    ends_configure(&e, 2);
    script(&e.client_chance, v, "a");
    script(&e.device_chance, v, "b");
    ends_open(&e);
    assert_int_equal(troth_security_hello(&e.client, e.msg[0], CAP, &len), TROTH_OK);
    assert_int_equal(troth_security_serve(&e.device, e.msg[0], len, e.msg[1], CAP, &len), TROTH_OK);
    return len;
}

/*
 * A device that drew again because of K, M1 or M2 would let whoever asks often enough strike out
 * passwords, each time three in 256 of those that are left: what it sends depends on B alone.
 */
static void no_draw_tells_of_the_password(void **state)
{
    (void)state;
    static const char *const edges[] = {"sec2_edge_K_leading_zero", "sec2_edge_M1_leading_zero",
                                        "sec2_edge_M2_leading_zero"};
    cJSON *all = vectors_load("protocomm.json");
    for (unsigned i = 0; i < 3; i++) {
        const cJSON *v = cJSON_GetObjectItem(all, edges[i]);
        size_t len = first_answer(v);
        assert_int_equal(e.device_chance.draws, 1);
        same(v, "session_resp0", e.msg[1], len);
    }
    cJSON_Delete(all);
}

static struct troth_piece number_of(const uint8_t *octets, size_t len)
{
    size_t zeros = srp_zeros(octets, len);
    return (struct troth_piece){octets + zeros, len - zeros};
}

/* Espressif's Android library drops the leading zeros of K and M1: it gets in all the same. */
static void zeros_dropped(void **state)
{
    (void)state;
    static const char *const edges[] = {"sec2_edge_K_leading_zero", "sec2_edge_M1_leading_zero"};
    cJSON *all = vectors_load("protocomm.json");
    for (unsigned i = 0; i < 2; i++) {
        const cJSON *v = cJSON_GetObjectItem(all, edges[i]);
        uint8_t k[64], a[384], b[384], m1[64], m2[64], cmd1[75] = {0x10, 2, 0x62, 0, 8, 2, 0xb2, 1};
        const struct troth_piece name = TEXT("wifiprov"), salt = {e.salt, 16};
        const struct troth_piece wire_a = {a, 384}, wire_b = {b, 384};
        vectors_bytes(v, "K", k, 64);
        vectors_bytes(v, "A", a, 384);
        vectors_bytes(v, "B", b, 384);
        size_t len = first_answer(v);
        const struct troth_piece key = number_of(k, 64);
        assert_int_equal(key.len, i == 0 ? 63 : 64);
        srp_client_proof(&name, &salt, &wire_a, &wire_b, &key, m1);
        const struct troth_piece proof = number_of(m1, 64);
        assert_int_equal(proof.len, i == 0 ? 64 : 63);
        cmd1[3] = (uint8_t)(proof.len + 7);
        cmd1[8] = (uint8_t)(proof.len + 2);
        cmd1[9] = 0x0a;
        cmd1[10] = (uint8_t)proof.len;
        memcpy(cmd1 + 11, proof.p, proof.len);
        assert_int_equal(troth_security_serve(&e.device, cmd1, 11 + proof.len, e.msg[3], CAP, &len),
                         TROTH_OK);
        srp_device_proof(&wire_a, m1, &key, m2);
        assert_int_equal(len, 89);
        assert_memory_equal(e.msg[3] + 11, m2, 64);
        uint8_t m[20], plain[20];
        troth_aes256_gcm_seal(key.p, e.msg[3] + 77, (const uint8_t *)"abcd", 4, m);
        assert_int_equal(troth_security_open(&e.device, m, 20, plain, &len), TROTH_OK);
        assert_memory_equal(plain, "abcd", 4);
    }
    cJSON_Delete(all);
}

/* A device with a random source stuck on a bad number gives up, and so does a client. */
static void stuck(void *ctx, uint8_t *out, size_t len)
{
    draw(ctx, out, len);
    ((struct chance *)ctx)->used = 0;
}

static void a_stuck_random_source(void **state)
{
    (void)state;
    cJSON *all = vectors_load("protocomm.json");
    ends_configure(&e, 2);
    script(&e.device_chance, cJSON_GetObjectItem(all, "sec2_edge_B_leading_zero"), "b");
    e.device_cfg.random = stuck;
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 1);
    assert_int_equal(e.device.fault, TROTH_SECURITY_LOCAL);
    assert_true(all_zero(&e.device.u, sizeof e.device.u));
    cJSON_Delete(all);
}

/* Messages of any length cross, both ways, in turn, through both schemes. */
static void any_messages(void **state)
{
    (void)state;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        ends_up(&e, scheme);
        struct chance dice = {.dice = scheme};
        for (unsigned i = 0; i < 600; i++) {
            uint8_t in[600], out[616];
            size_t len = i < 300 ? i : dice.dice % 600, n;
            draw(&dice, in, len);
            struct troth_security *from = i % 2 ? &e.device : &e.client;
            struct troth_security *to = i % 2 ? &e.client : &e.device;
            memcpy(out, in, len);
            assert_int_equal(troth_security_seal(from, out, len, out, &n), TROTH_OK);
            assert_int_equal(n, len + (scheme == 2 ? 16 : 0));
            if (scheme && len > 8)
                assert_memory_not_equal(out, in, len);
            assert_int_equal(troth_security_open(to, out, n, out, &n), TROTH_OK);
            assert_int_equal(n, len);
            assert_memory_equal(out, in, len);
        }
    }
}

/* Sessions of any randomness, with zeros at the head of whatever can have them. */
static void any_sessions(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        ends_configure(&e, i % 4 ? 2 : 1);
        e.device_chance.dice = 1000 + i;
        e.client_chance.dice = 2000 + i;
        if (i % 3 == 1) /* private keys that begin with zeros; the salt's zeros are within */
            e.device_chance.scripted = e.client_chance.scripted = 4;
        if (i % 5 == 1)
            memset(e.salt + 1, 0, 8);
        if (i % 5 == 2)
            e.device_cfg.salt.len = 1;
        if (e.device_cfg.scheme == 2)
            assert_int_equal(troth_security_credentials(&e.client_cfg.username,
                                                        &e.client_cfg.password, &e.device_cfg.salt,
                                                        e.verifier),
                             TROTH_OK);
        ends_open(&e);
        assert_int_equal(ends_handshake(&e), 4);
        uint8_t m[20] = "hello";
        size_t n;
        assert_int_equal(troth_security_seal(&e.client, m, 4, m, &n), TROTH_OK);
        assert_int_equal(troth_security_open(&e.device, m, n, m, &n), TROTH_OK);
        assert_memory_equal(m, "hell", 4);
    }
}

/* A verifier of 383 octets, as some files have it, is the same number. */
static void a_short_verifier(void **state)
{
    (void)state;
    ends_configure(&e, 2);
    uint8_t first = 1;
    for (unsigned i = 0; first; i++) {
        e.salt[15] = (uint8_t)i;
        e.salt[14] = (uint8_t)(i >> 8);
        troth_security_credentials(&e.client_cfg.username, &e.client_cfg.password,
                                   &e.device_cfg.salt, e.verifier);
        first = e.verifier[0];
    }
    e.device_cfg.verifier = (struct troth_piece){e.verifier + 1, TROTH_BIG - 1};
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 4);
}

/* A verifier that esp_prov made of a password it hashes otherwise: the second session succeeds. */
static void the_other_dialect(void **state)
{
    (void)state;
    cJSON *all = vectors_load("protocomm.json");
    const cJSON *v = cJSON_GetObjectItem(all, "divergence_inner_hash_leading_zero");
    ends_configure(&e, 2);
    e.client_cfg.password = TEXT(vectors_string(v, "password_text"));
    e.device_cfg.verifier.len = hex(v, "verifier_esp_prov");
    memcpy(e.verifier, want, e.device_cfg.verifier.len);
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 3);
    assert_int_equal(e.device.fault, TROTH_SECURITY_PROOF);
    assert_int_equal(troth_security_dialects(&e.client), TROTH_SHORT_INNER_HASH);
    e.client_cfg.dialect = troth_security_dialects(&e.client);
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 4);
    assert_int_equal(troth_security_dialects(&e.client), 0);
    assert_int_equal(troth_security_credentials(&e.client_cfg.username, &e.client_cfg.password,
                                                &e.device_cfg.salt, e.verifier),
                     TROTH_UNSUPPORTED);
    /* With an ordinary password there is no other. */
    ends_up(&e, 2);
    assert_int_equal(troth_security_dialects(&e.client), 0);
    cJSON_Delete(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcript_0),
        cmocka_unit_test(transcripts_1),
        cmocka_unit_test(transcripts_2),
        cmocka_unit_test(the_device_draws_again),
        cmocka_unit_test(no_draw_tells_of_the_password),
        cmocka_unit_test(zeros_dropped),
        cmocka_unit_test(a_stuck_random_source),
        cmocka_unit_test(any_messages),
        cmocka_unit_test(any_sessions),
        cmocka_unit_test(a_short_verifier),
        cmocka_unit_test(the_other_dialect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
