/*
 * The other side of every security server here. Like a phone it can show, compare and type, so the
 * server decides what the person has to do; with OOB_FILE it also holds the server's OOB data.
 * Finds the server, lets it ask for security, and leaves. With a bond it encrypts without pairing.
 *
 *     client WHERE STORE [OOB_FILE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static const struct troth_policy policy = {
    .features = {.io_cap = TROTH_KEYBOARD_DISPLAY,
                 .auth_req = TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC,
                 .max_key_size = 16,
                 .initiator_keys = TROTH_DIST_ENC | TROTH_DIST_ID,
                 .responder_keys = TROTH_DIST_ENC | TROTH_DIST_ID},
    .sc_only = true,
};

struct client {
    sd_event *loop;
    struct runtime *runtime;
    const char *oob_file; /* NULL: none */
    uint32_t ask;         /* what the person is asked; 0: nothing */
    bool types;           /* ... is a passkey, else yes or no */
    int status;
};

static void on_gone(void *ctx)
{
    struct client *c = ctx;
    sd_event_exit(c->loop, c->status);
}

static int on_late(sd_event_source *source, uint64_t usec, void *ctx)
{
    struct client *c = ctx;
    (void)source;
    (void)usec;
    runtime_finish(c->runtime, 0, on_gone, c);
    return 0;
}

/* A name is no proof: whoever answers to it still has to pair, or to have the bond's key. */
static void on_report(struct troth_host *host, const struct troth_event *e)
{
    uint8_t len;
    const uint8_t *name =
        troth_ad_find(e->u.report.data, e->u.report.len, TROTH_AD_NAME_COMPLETE, &len);

    if (!name || len != strlen(EXAMPLE_NAME) || memcmp(name, EXAMPLE_NAME, len) != 0)
        return;
    show_result("scanning", troth_scan(host, false, false));
    show_result("connecting", troth_connect(host, &e->u.report.addr, 10000));
}

static void on_event(void *ctx, const struct troth_event *e)
{
    struct client *c = ctx;
    struct troth_host *host = runtime_host(c->runtime);

    show_event(host, e);
    switch ((int)e->type) {
    case TROTH_EV_READY:
        show_result("scanning", troth_scan(host, true, false));
        break;
    case TROTH_EV_REPORT:
        on_report(host, e);
        break;
    case TROTH_EV_ENCRYPTED:
        if (troth_is_pairing(host, e->link) || e->u.encrypted.hci_status)
            break; /* TROTH_EV_PAIRED, or the server's leave, is still to come */
        /* fall through */
    case TROTH_EV_PAIRED:
        c->status = 0;
        runtime_finish(c->runtime, 0, on_gone, c);
        break;
    case TROTH_EV_PAIRING_FAILED: /* the server may have a word to say: it hangs up, or we do */
        sd_event_add_time_relative(c->loop, NULL, CLOCK_MONOTONIC, 1000000, 0, on_late, c);
        break;
    case TROTH_EV_CONNECT_FAILED:
    case TROTH_EV_DISCONNECTED:
    case TROTH_EV_BROKEN:
        runtime_finish(c->runtime, 0, on_gone, c);
        break;
    }
}

static bool on_ask(void *ctx, const struct troth_ask *ask)
{
    struct client *c = ctx;
    struct troth_answer answer = {.ok = true};

    switch ((int)ask->type) {
    case TROTH_ASK_SECURITY_REQUEST: /* no bond serves: what we offer in our Pairing Request */
        answer.u.features = policy.features;
        answer.u.features.oob = c->oob_file != NULL;
        break;
    case TROTH_ASK_OOB_DATA:
        answer.ok = c->oob_file && read_oob(c->oob_file, &answer.u.oob);
        break;
    case TROTH_ASK_PASSKEY_INPUT:
        printf("type the passkey that the other device shows\n");
        fflush(stdout);
        c->types = true;
        c->ask = ask->id;
        return true;
    case TROTH_ASK_COMPARE:
        printf("does the other device show %06u? yes or no\n", (unsigned)ask->u.passkey.passkey);
        fflush(stdout);
        c->types = false;
        c->ask = ask->id;
        return true;
    default:
        return false; /* the host's own answer holds */
    }
    return troth_answer(runtime_host(c->runtime), ask->id, &answer) == TROTH_OK;
}

static void on_line(void *ctx, const char *text)
{
    struct client *c = ctx;
    struct troth_answer answer = {.ok = text && !strcmp(text, "yes")};

    if (text && c->types) {
        answer.ok = strlen(text) == 6 && strspn(text, "0123456789") == 6;
        answer.u.passkey = answer.ok ? (uint32_t)strtoul(text, NULL, 10) : 0;
    }
    if (c->ask) /* TROTH_STALE: it was withdrawn, and that was shown */
        troth_answer(runtime_host(c->runtime), c->ask, &answer);
    c->ask = 0;
}

static void on_notice(void *ctx, enum runtime_notice notice, const char *why, unsigned retry_ms)
{
    const struct client *c = ctx;

    show_notice(ctx, notice, why, retry_ms);
    if (notice == RUNTIME_LOST)
        sd_event_exit(c->loop, 1);
}

int main(int argc, char **argv)
{
    struct client c = {.oob_file = argc == 4 ? argv[3] : NULL, .status = 1};
    struct runtime_config config = {
        .policy = policy, .event = on_event, .ask = on_ask, .notice = on_notice, .ctx = &c};
    char why[400] = "the system gives no event loop";

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: client WHERE STORE [OOB_FILE]\n"
                        "  WHERE is a controller: " TRANSPORT_EXAMPLES "\n");
        return 2;
    }
    if (sd_event_default(&config.loop) < 0 ||
        !take_lines(config.loop, on_line, &c, why, sizeof why) ||
        !transport_parse(&config.where, argv[1], why, sizeof why) ||
        store_open(&config.store, argv[2], why, sizeof why) != TROTH_OK ||
        !(c.runtime = runtime_new(&config, why, sizeof why))) {
        fprintf(stderr, "client: %s\n", why);
        store_close(config.store);
        sd_event_unref(config.loop);
        return 1;
    }
    c.loop = config.loop;
    runtime_start(c.runtime);
    int status = sd_event_loop(c.loop);
    runtime_free(c.runtime);
    store_close(config.store);
    sd_event_unref(config.loop);
    return status ? 1 : 0;
}
