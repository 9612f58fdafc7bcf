/*
 * A host of ours under remote control, for pairing with a foreign one: a command a line on standard
 * input, what happened a line on standard output. Both roles at once; forgets everything at its end.
 *
 *     peer WHERE
 *
 * Commands, with the words of <troth/smp.h>; numbers are decimal:
 *     offer IO_CAP OOB AUTH_REQ KEY_SIZE    the features from now on
 *     advertise                             connectable, until the end
 *     connect ADDRESS                       a random one
 *     pair | security | encrypt | disconnect | forget
 *     passkey DIGITS | yes | no | cancel REASON | keypress TYPE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/linux/runtime.h"

struct peer {
    sd_event *loop;
    struct runtime *runtime;
    struct troth_host *host;
    troth_link link;
    uint32_t ask;
    char line[128];
    size_t len;
};

static void level(const char *what, const struct troth_level *l)
{
    printf("%s size=%u mitm=%d sc=%d bonded=%d", what, (unsigned)l->key_size, l->mitm, l->sc,
           l->bonded);
}

static void on_event(void *ctx, const struct troth_event *e)
{
    static const char *const by[] = {"us", "peer", "timeout", "link"};
    struct peer *p = ctx;
    char addr[18];

    switch ((int)e->type) {
    case TROTH_EV_READY:
        printf("ready %s", troth_addr_text(&e->u.ready.identity, addr));
        break;
    case TROTH_EV_ADVERTISING:
        printf("advertising %d", e->u.on);
        break;
    case TROTH_EV_CONNECTED:
        p->link = e->link;
        printf("connected bonded=%d", e->u.connected.bonded);
        break;
    case TROTH_EV_DISCONNECTED:
        p->link = TROTH_NO_LINK;
        printf("disconnected %u", (unsigned)e->u.hci_status);
        break;
    case TROTH_EV_PAIRING:
        printf("pairing %s", troth_model_name((uint8_t)e->u.pairing.model));
        break;
    case TROTH_EV_PAIRED:
        level("paired", &e->u.paired.level);
        printf(" stored=%d %s", e->u.paired.stored, troth_model_name((uint8_t)e->u.paired.model));
        break;
    case TROTH_EV_PAIRING_FAILED:
        printf("failed %u by=%s", (unsigned)e->u.pairing_failed.reason, by[e->u.pairing_failed.by]);
        break;
    case TROTH_EV_SECURITY_REQUESTED:
        printf("requested %u", (unsigned)e->u.auth_req);
        break;
    case TROTH_EV_KEYPRESS:
        printf("keypress %u", (unsigned)e->u.keypress);
        break;
    case TROTH_EV_ENCRYPTED:
        level("encrypted", &e->u.encrypted.level);
        printf(" status=%u pairing=%d", (unsigned)e->u.encrypted.hci_status,
               troth_is_pairing(p->host, e->link));
        break;
    case TROTH_EV_BOND_LOST:
        printf("bond lost mismatch=%d", e->u.bond_lost.mismatch);
        break;
    case TROTH_EV_BOND_REMOVED:
        printf("forgot %s", troth_addr_text(&e->u.addr, addr));
        break;
    default:
        printf("event %d", (int)e->type);
        break;
    }
    putchar('\n');
    fflush(stdout);
}

static bool on_ask(void *ctx, const struct troth_ask *ask)
{
    struct peer *p = ctx;
    switch ((int)ask->type) {
    case TROTH_ASK_PASSKEY_DISPLAY:
        printf("display %06u\n", (unsigned)ask->u.passkey.passkey);
        break;
    case TROTH_ASK_PASSKEY_INPUT:
        p->ask = ask->id;
        printf("type\n");
        break;
    case TROTH_ASK_COMPARE:
        p->ask = ask->id;
        printf("compare %06u\n", (unsigned)ask->u.passkey.passkey);
        break;
    default:
        return false;
    }
    fflush(stdout);
    return true;
}

static int answer(struct peer *p, bool ok, unsigned passkey)
{
    struct troth_answer a = {.ok = ok, .u.passkey = passkey};
    return troth_answer(p->host, p->ask, &a);
}

static int offer(struct peer *p, const char *text)
{
    unsigned io_cap, oob, auth_req, size;
    struct troth_policy policy = {.attempts = 255, .min_key_size = 7};

    if (sscanf(text, "%u %u %u %u", &io_cap, &oob, &auth_req, &size) != 4)
        return TROTH_INVALID;
    policy.features = (struct troth_features){(uint8_t)io_cap,
                                              (uint8_t)oob,
                                              (uint8_t)auth_req,
                                              (uint8_t)size,
                                              TROTH_DIST_ENC | TROTH_DIST_ID,
                                              TROTH_DIST_ENC | TROTH_DIST_ID};
    return troth_set_policy(p->host, &policy);
}

static int forget(struct peer *p)
{
    const struct troth_bond *bond = troth_bonds_get(p->host, 0);
    if (bond)
        return troth_bonds_remove(p->host, &bond->keys.identity);
    printf("forgot nothing\n");
    fflush(stdout);
    return TROTH_OK;
}

static int obey(struct peer *p, const char *verb, const char *rest)
{
    struct troth_advertising adv = {.on = true, .connectable = true, .interval_ms = 20};
    struct troth_addr addr = {.type = TROTH_ADDR_RANDOM};
    unsigned number = (unsigned)strtoul(rest, NULL, 10);

    if (!strcmp(verb, "offer"))
        return offer(p, rest);
    if (!strcmp(verb, "advertise"))
        return troth_advertise(p->host, &adv);
    if (!strcmp(verb, "connect") && troth_addr_parse(&addr, rest))
        return troth_connect(p->host, &addr, 10000);
    if (!strcmp(verb, "pair"))
        return troth_pair(p->host, p->link, NULL);
    if (!strcmp(verb, "security"))
        return troth_security_request(p->host, p->link, troth_policy(p->host)->features.auth_req);
    if (!strcmp(verb, "encrypt"))
        return troth_encrypt(p->host, p->link);
    if (!strcmp(verb, "disconnect"))
        return troth_disconnect(p->host, p->link, 0);
    if (!strcmp(verb, "forget"))
        return forget(p);
    if (!strcmp(verb, "passkey"))
        return answer(p, true, number);
    if (!strcmp(verb, "yes") || !strcmp(verb, "no"))
        return answer(p, *verb == 'y', 0);
    if (!strcmp(verb, "cancel"))
        return troth_pairing_cancel(p->host, p->link, (uint8_t)number);
    if (!strcmp(verb, "keypress"))
        return troth_keypress(p->host, p->link, (uint8_t)number);
    return TROTH_INVALID;
}

static void take(struct peer *p)
{
    char verb[16] = "";
    int at = 0;
    sscanf(p->line, "%15s %n", verb, &at);
    int result = obey(p, verb, p->line + at);
    if (result != TROTH_OK) {
        printf("refused %s: %s\n", verb, troth_result_words(result));
        fflush(stdout);
    }
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    struct peer *p = ctx;
    char octets[256];
    ssize_t n = read(fd, octets, sizeof octets);

    (void)source;
    (void)events;
    if (n <= 0)
        return sd_event_exit(p->loop, 0);
    for (ssize_t i = 0; i < n; i++) {
        if (octets[i] != '\n' && p->len < sizeof p->line - 1) {
            p->line[p->len++] = octets[i];
            continue;
        }
        p->line[p->len] = 0;
        p->len = 0;
        take(p);
    }
    return 0;
}

static void on_notice(void *ctx, enum runtime_notice notice, const char *why, unsigned retry_ms)
{
    struct peer *p = ctx;
    (void)retry_ms;
    if (notice == RUNTIME_CONNECTED)
        return;
    fprintf(stderr, "%s\n", why);
    sd_event_exit(p->loop, 1);
}

int main(int argc, char **argv)
{
    struct peer p = {0};
    struct runtime_config config = {.policy.features = TROTH_FEATURES_DEFAULT,
                                    .event = on_event,
                                    .ask = on_ask,
                                    .notice = on_notice,
                                    .ctx = &p};
    char why[400] = "usage: peer WHERE";

    if (argc != 2 || sd_event_default(&p.loop) < 0 ||
        sd_event_add_io(p.loop, NULL, STDIN_FILENO, EPOLLIN, on_input, &p) < 0 ||
        !transport_parse(&config.where, argv[1], why, sizeof why)) {
        fprintf(stderr, "%s\n", why);
        return 2;
    }
    config.loop = p.loop;
    p.runtime = runtime_new(&config, why, sizeof why);
    if (!p.runtime) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    p.host = runtime_host(p.runtime);
    runtime_start(p.runtime);
    int status = sd_event_loop(p.loop);
    runtime_free(p.runtime);
    sd_event_unref(p.loop);
    return status ? 1 : 0;
}
