/*
 * A security server that accepts only the specified authentication: bonding, MITM protection and
 * Secure Connections, all three. It has nothing but OOB data to give, so a client without them could
 * only pair by Just Works: it gets Pairing Failed 0x03 and the link is dropped (0x13). With "any"
 * the same server takes what it gets, and that client pairs by Just Works.
 *
 *     specified_auth_server WHERE STORE OOB_FILE [any]
 */
#include <stdio.h>
#include <string.h>

#include "common.h"

/* And .exact, unless "any" was said. */
static const struct troth_policy policy = {
    .features = {.io_cap = TROTH_NO_INPUT_NO_OUTPUT,
                 .auth_req = TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC,
                 .max_key_size = 16,
                 .initiator_keys = TROTH_DIST_ENC | TROTH_DIST_ID,
                 .responder_keys = TROTH_DIST_ENC | TROTH_DIST_ID},
};

struct server {
    struct runtime *runtime;
    const char *oob_file;
    bool any;
};

/* The key pair behind the data stays with the host. */
static void make_oob(const struct server *s)
{
    struct troth_oob ours;
    int result = troth_oob_make(runtime_host(s->runtime), &ours, runtime_now(s->runtime));

    show_result("OOB data", result);
    if (result == TROTH_OK && write_oob(s->oob_file, &ours))
        printf("OOB data for the next pairing: %s\n", s->oob_file);
    fflush(stdout);
}

static void on_event(void *ctx, const struct troth_event *e)
{
    const struct server *s = ctx;
    struct troth_host *host = runtime_host(s->runtime);
    uint8_t wanted = policy.features.auth_req;

    if (s->any) /* or a bond by Just Works would never be enough */
        wanted &= (uint8_t)~TROTH_AUTH_MITM;
    show_event(host, e);
    switch ((int)e->type) {
    case TROTH_EV_READY:
    case TROTH_EV_DISCONNECTED:
        make_oob(s); /* also because the old ones expire */
        be_found(host, true);
        break;
    case TROTH_EV_CONNECTED: /* one at a time, and protected from the start */
        be_found(host, false);
        show_result("Security Request", troth_security_request(host, e->link, wanted));
        break;
    }
}

int main(int argc, char **argv)
{
    struct server s = {.oob_file = argc > 3 ? argv[3] : NULL,
                       .any = argc == 5 && !strcmp(argv[4], "any")};
    struct runtime_config config = {.name = EXAMPLE_NAME,
                                    .policy = policy,
                                    .retry = true,
                                    .event = on_event,
                                    .notice = show_notice,
                                    .ctx = &s};
    char why[400] = "the system gives no event loop";

    if (argc != 4 && !s.any) {
        fprintf(stderr, "usage: specified_auth_server WHERE STORE OOB_FILE [any]\n"
                        "  WHERE is a controller: " TRANSPORT_EXAMPLES "\n");
        return 2;
    }
    config.policy.exact = !s.any;
    if (sd_event_default(&config.loop) < 0 ||
        !transport_parse(&config.where, argv[1], why, sizeof why) ||
        store_open(&config.store, argv[2], why, sizeof why) != TROTH_OK ||
        !(s.runtime = runtime_new(&config, why, sizeof why))) {
        fprintf(stderr, "specified_auth_server: %s\n", why);
        store_close(config.store);
        sd_event_unref(config.loop);
        return 1;
    }
    runtime_start(s.runtime);
    int result = sd_event_loop(config.loop);
    runtime_free(s.runtime);
    store_close(config.store);
    sd_event_unref(config.loop);
    return result < 0;
}
