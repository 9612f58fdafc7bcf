/* Two ends of a protocomm session, each with its own randomness: scripted octets, then dice. */
#ifndef TESTS_UNIT_PROTOCOMM_BENCH_H
#define TESTS_UNIT_PROTOCOMM_BENCH_H

#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <troth/protocomm_security.h>

#define CAP     TROTH_SECURITY_HANDSHAKE
#define TEXT(s) ((struct troth_piece){(s), strlen(s)})

struct chance {
    uint8_t script[128];
    size_t scripted, used;
    uint32_t dice, draws;
};

static inline void draw(void *ctx, uint8_t *out, size_t len)
{
    struct chance *c = ctx;
    c->draws++;
    for (size_t i = 0; i < len; i++) {
        if (c->used < c->scripted)
            out[i] = c->script[c->used++];
        else
            out[i] = (uint8_t)((c->dice = c->dice * 1664525u + 1013904223u) >> 24);
    }
}

static inline void script(struct chance *c, const cJSON *v, const char *name)
{
    c->scripted += vectors_hex(vectors_string(v, name), c->script + c->scripted,
                               sizeof c->script - c->scripted);
}

/* The credentials of the transcripts: wifiprov, abcd1234. */
struct ends {
    struct chance device_chance, client_chance;
    struct troth_security_config device_cfg, client_cfg;
    struct troth_security device, client;
    uint8_t salt[16], verifier[TROTH_BIG];
    uint8_t msg[4][CAP]; /* of the handshake, in order */
    size_t len[4];
};

static inline void ends_configure(struct ends *e, uint8_t scheme)
{
    static const uint8_t salt[16] = {0x03, 0x6e, 0xe0, 0xc7, 0xbc, 0xb9, 0xed, 0xa8,
                                     0x4c, 0x9e, 0xac, 0x97, 0xd9, 0x3d, 0xec, 0xf4};
    memset(e, 0, sizeof *e);
    memcpy(e->salt, salt, 16);
    e->device_chance.dice = 11;
    e->client_chance.dice = 22;
    e->device_cfg =
        (struct troth_security_config){.scheme = scheme, .random = draw, .ctx = &e->device_chance};
    e->client_cfg = (struct troth_security_config){
        .scheme = scheme, .random = draw, .ctx = &e->client_chance, .patch = 1};
    if (scheme == 1)
        e->device_cfg.pop = e->client_cfg.pop = TEXT("abcd1234");
    if (scheme == 2) {
        e->client_cfg.username = TEXT("wifiprov");
        e->client_cfg.password = TEXT("abcd1234");
        e->device_cfg.salt = (struct troth_piece){e->salt, 16};
        e->device_cfg.verifier = (struct troth_piece){e->verifier, TROTH_BIG};
        assert_int_equal(troth_security_credentials(&e->client_cfg.username,
                                                    &e->client_cfg.password, &e->device_cfg.salt,
                                                    e->verifier),
                         TROTH_OK);
    }
}

static inline void ends_open(struct ends *e)
{
    assert_int_equal(troth_security_init(&e->device, &e->device_cfg, true), TROTH_OK);
    assert_int_equal(troth_security_init(&e->client, &e->client_cfg, false), TROTH_OK);
}

/* How many messages crossed before one side refused; 4 (2 with security 0): the session is up. */
static inline unsigned ends_handshake(struct ends *e)
{
    unsigned n = 0;
    if (troth_security_hello(&e->client, e->msg[0], CAP, &e->len[0]) != TROTH_OK)
        return 0;
    for (;;) {
        n++;
        if (troth_security_serve(&e->device, e->msg[n - 1], e->len[n - 1], e->msg[n], CAP,
                                 &e->len[n]) != TROTH_OK)
            return n;
        n++;
        size_t next = 0;
        uint8_t out[CAP];
        if (troth_security_next(&e->client, e->msg[n - 1], e->len[n - 1], out, CAP, &next) !=
            TROTH_OK)
            return n;
        if (next == 0)
            return n;
        memcpy(e->msg[n], out, next);
        e->len[n] = next;
    }
}

static inline void ends_up(struct ends *e, uint8_t scheme)
{
    ends_configure(e, scheme);
    ends_open(e);
    assert_int_equal(ends_handshake(e), scheme ? 4 : 2);
    assert_true(troth_security_ready(&e->device) && troth_security_ready(&e->client));
}

static inline bool all_zero(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint8_t any = 0;
    while (n--)
        any |= *b++;
    return any == 0;
}

#endif
