/*
 * The three security schemes, either side. Octets: scheme, side, secrets; then messages, each raw or
 * an honest peer's, harmed or not, and what is sealed and opened.
 *
 * Nobody but the honest peer brings a session up, and then both have one key; a fault wipes; what
 * was sealed opens once; and an honest session works afterwards.
 */
#include "fuzz/fuzz.h"

#include <troth/protocomm_security.h>

#define CAP TROTH_SECURITY_HANDSHAKE

static uint64_t seed;
static struct troth_security ours, peer; /* peer: an honest one, on the other side */
static bool device;                      /* we are */
static uint8_t said[CAP + 16];           /* the peer's last message, to us */
static size_t said_len;
static uint8_t out[CAP + 16];

static void draw(void *ctx, uint8_t *octets, size_t len)
{
    draw_octets(ctx, octets, len);
}

static bool all_zero(const void *p, size_t n)
{
    static const uint8_t zeros[2 * TROTH_BIG + 512];
    never(n > sizeof zeros, "too much to look at");
    return memcmp(p, zeros, n) == 0;
}

/* Both hold the same key of messages, or there is none. */
static void same_key(void)
{
    if (ours.cfg.scheme == 0 || !troth_security_ready(&ours) || !troth_security_ready(&peer))
        return;
    never(ours.cfg.scheme == 1 ? memcmp(ours.u.one.stream.key, peer.u.one.stream.key, 32) != 0
                               : memcmp(ours.u.two.key, peer.u.two.key, 32) != 0,
          "two ends of a session with two keys");
}

static void judge(int r, size_t len, bool was_ready)
{
    never(r != TROTH_OK && r != TROTH_FAILED && r != TROTH_STATE, "no such result");
    never(r != TROTH_OK && len != 0, "a failure that says something");
    never(r == TROTH_FAILED && ours.fault == TROTH_SECURITY_FINE, "a failure without fault");
    never(!*troth_security_fault_words(ours.fault), "a fault without words");
    if (r == TROTH_FAILED && ours.fault != TROTH_SECURITY_TAG)
        never(!all_zero(&ours.u, sizeof ours.u) || troth_security_ready(&ours),
              "a fault leaves a session");
    bool proven = troth_security_ready(&ours) && !was_ready && ours.cfg.scheme;
    never(proven && (ours.cfg.scheme == 2 || ours.cfg.pop.len) &&
              (device ? peer.step == 0 : !troth_security_ready(&peer)),
          "a session with nobody who knows the secret");
    same_key();
}

/* A message comes to us. */
static size_t take(const uint8_t *octets, size_t n)
{
    size_t len = 0;
    bool ready = troth_security_ready(&ours);
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        abort();
    memcpy(exact, octets, n);
    int r = device ? troth_security_serve(&ours, exact, n, out, CAP, &len)
                   : troth_security_next(&ours, exact, n, out, CAP, &len);
    free(exact);
    never(len > CAP, "longer than there is room");
    judge(r, len, ready && !device);
    return len;
}

/* The peer answers what we said, or begins. */
static void peer_takes(const uint8_t *octets, size_t n)
{
    said_len = 0;
    if (device)
        troth_security_next(&peer, octets, n, said, CAP, &said_len);
    else
        troth_security_serve(&peer, octets, n, said, CAP, &said_len);
    same_key();
}

static void begin(void)
{
    size_t len;
    if (device) {
        troth_security_hello(&peer, said, CAP, &said_len);
    } else {
        troth_security_hello(&ours, out, CAP, &len);
        peer_takes(out, len);
    }
}

static void honest(void)
{
    begin();
    for (unsigned i = 0; i < 3 && said_len; i++) {
        size_t len = take(said, said_len);
        if (!len)
            break;
        peer_takes(out, len);
    }
    never(!troth_security_ready(&ours) || !troth_security_ready(&peer),
          "an honest session does not come up");
}

/* Octets that were sealed, perhaps harmed, to the other side. */
static void cross(struct in *in, bool to_us)
{
    struct troth_security *from = to_us ? &peer : &ours, *to = to_us ? &ours : &peer;
    size_t n = in_u8(in) & 63, len, got;
    uint8_t harm = in_u8(in), m[80], plain[64], opened[80];
    uint8_t *exact = take_exact(in, &n);
    memcpy(plain, exact, n);
    bool from_ready = troth_security_ready(from), to_ready = troth_security_ready(to);
    uint8_t nonce[12];
    memcpy(nonce, from->u.two.nonce, 12);
    int r = troth_security_seal(from, exact, n, m, &len);
    free(exact);
    never(!from_ready && r != TROTH_STATE, "sealed without a session");
    if (from->cfg.scheme == 2 && r == TROTH_OK && from->cfg.patch) {
        never(memcmp(nonce, from->u.two.nonce, 12) == 0, "a nonce stays");
        never(all_zero(nonce + 8, 4), "the counter came round");
    }
    if (r != TROTH_OK)
        return;
    if (harm & 0x80)
        m[len ? harm % len : 0] ^= 1;
    if (harm & 0x40 && len)
        len--;
    r = troth_security_open(to, m, len, opened, &got);
    never(!to_ready && r != TROTH_STATE, "opened without a session");
    if (!to_ready)
        return;
    bool harmed = harm & 0xc0 && (len || harm & 0x40);
    if (ours.cfg.scheme == 2) {
        never(harmed && r == TROTH_OK, "a harmed message opens");
        never(harmed && to->fault != TROTH_SECURITY_TAG && to->fault != TROTH_SECURITY_WORN_OUT,
              "it fails otherwise");
    } else {
        never(r != TROTH_OK, "there is no integrity, but it fails");
    }
    if (r == TROTH_OK && !harmed && ours.cfg.scheme == 0)
        never(got != n || memcmp(plain, opened, n) != 0, "another message");
}

/* Ends that are in step carry what they are given, both ways. */
static void carries(void)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t m[32] = "twelve octets";
        size_t n, got;
        struct troth_security *from = i ? &ours : &peer, *to = i ? &peer : &ours;
        never(troth_security_seal(from, m, 13, m, &n) != TROTH_OK ||
                  troth_security_open(to, m, n, m, &got) != TROTH_OK || got != 13 ||
                  memcmp(m, "twelve octets", 13) != 0,
              "an honest message is lost");
    }
}

static void step(struct in *in)
{
    uint8_t op = in_u8(in);
    size_t n = in_u8(in);
    switch (op & 7) {
    case 0: { /* raw */
        n |= (size_t)(op & 0x18) << 5;
        uint8_t *raw = take_exact(in, &n);
        size_t len = take(raw, n);
        free(raw);
        if (op & 0x80 && len)
            peer_takes(out, len);
        break;
    }
    case 1: /* the honest message, harmed in up to three places */
    case 2: {
        uint8_t m[CAP];
        size_t len = said_len;
        memcpy(m, said, len);
        for (unsigned i = 0; i < (op >> 3 & 3u) && len; i++) {
            size_t at = in_u16(in) % len;
            m[at] ^= in_u8(in);
        }
        if (op & 0x80 && n < len)
            len = n;
        len = take(m, len);
        if (len)
            peer_takes(out, len);
        break;
    }
    case 3:
        begin();
        break;
    case 4:
        troth_security_end(n & 1 ? &ours : &peer);
        said_len = n & 1 ? said_len : 0;
        break;
    case 5:
        cross(in, n & 1);
        break;
    case 6: /* to the end of the counter */
        if (ours.cfg.scheme == 2 && troth_security_ready(&ours) && troth_security_ready(&peer)) {
            memset(ours.u.two.nonce + 8, 0xff, 4);
            memset(peer.u.two.nonce + 8, 0xff, 4);
            ours.u.two.nonce[11] = peer.u.two.nonce[11] = (uint8_t)n;
        }
        break;
    default:
        honest();
        carries();
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t verifier[TROTH_BIG], salt[TROTH_SECURITY_SALT_MAX];
    struct in in = in_of(data, size);
    uint8_t way = in_u8(&in), salt_len = in_u8(&in);
    seed = in_u8(&in);
    device = way & 4;
    struct troth_security_config d = {.scheme = way % 4 % 3, .random = draw, .ctx = &seed};
    if (d.scheme == 1 && !(way & 8))
        d.pop = (struct troth_piece){"abcd1234", 8};
    struct troth_security_config c = d;
    c.patch = !(way & 16);
    c.allow_patch_0 = true;
    c.username = (struct troth_piece){"wifiprov", 8};
    c.password = (struct troth_piece){"abcd1234", 8};
    draw(&seed, salt, sizeof salt);
    salt[0] |= 1;
    d.salt = (struct troth_piece){salt, 1u + salt_len % TROTH_SECURITY_SALT_MAX};
    d.verifier = (struct troth_piece){verifier, TROTH_BIG};
    if (d.scheme == 2 &&
        troth_security_credentials(&c.username, &c.password, &d.salt, verifier) != TROTH_OK)
        return 0;
    bool guesses = way & 32 && device && (d.scheme == 2 || d.pop.len);
    if (guesses && d.scheme == 2)
        c.password = (struct troth_piece){"guess", 5};
    else if (guesses)
        c.pop = (struct troth_piece){"guess", 5};
    bool right = !guesses && c.patch;
    said_len = 0;
    never(troth_security_init(device ? &ours : &peer, &d, true) != TROTH_OK ||
              troth_security_init(device ? &peer : &ours, &c, false) != TROTH_OK,
          "no configuration");
    for (unsigned i = 0; i < 60 && in.left; i++) {
        if (!right && (in.p[0] & 7) == 7) { /* what is not honest is not awaited */
            in_u8(&in);
            begin();
            continue;
        }
        step(&in);
        never(guesses && troth_security_ready(&ours), "a session with who guesses");
    }
    if (right) {
        honest();
        carries();
    }
    troth_security_end(&ours);
    never(!all_zero(&ours.u, sizeof ours.u), "secrets are left");
    return 0;
}
