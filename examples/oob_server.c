/*
 * A security server by Out of Band: it has no display and no keys, but a way to hand over 32 octets
 * that radio does not take part in. Here they go into a file; a device has them on a label, an NFC
 * tag or a cable. They serve one pairing, then new ones are made.
 *
 *     oob_server WHERE STORE OOB_FILE
 */
#include <stdio.h>

#include "common.h"

static const struct troth_policy policy = {
    .features = {.io_cap = TROTH_NO_INPUT_NO_OUTPUT,
                 .auth_req = TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC,
                 .max_key_size = 16,
                 .initiator_keys = TROTH_DIST_ENC | TROTH_DIST_ID,
                 .responder_keys = TROTH_DIST_ENC | TROTH_DIST_ID},
    .sc_only = true,
    .require_mitm = true, /* who has not got the data is refused, not let in by Just Works */
};

struct server {
    struct runtime *runtime;
    const char *oob_file;
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

    show_event(host, e);
    switch ((int)e->type) {
    case TROTH_EV_READY:
    case TROTH_EV_DISCONNECTED:
        make_oob(s); /* also because the old ones expire */
        be_found(host, true);
        break;
    case TROTH_EV_CONNECTED: /* one at a time, and protected from the start */
        be_found(host, false);
        show_result("Security Request",
                    troth_security_request(host, e->link, policy.features.auth_req));
        break;
    }
}

int main(int argc, char **argv)
{
    struct server s = {.oob_file = argc == 4 ? argv[3] : NULL};
    struct runtime_config config = {.name = EXAMPLE_NAME,
                                    .policy = policy,
                                    .retry = true,
                                    .event = on_event,
                                    .notice = show_notice,
                                    .ctx = &s};
    char why[400] = "the system gives no event loop";

    if (argc != 4) {
        fprintf(stderr, "usage: oob_server WHERE STORE OOB_FILE\n"
                        "  WHERE is a controller: " TRANSPORT_EXAMPLES "\n");
        return 2;
    }
    if (sd_event_default(&config.loop) < 0 ||
        !transport_parse(&config.where, argv[1], why, sizeof why) ||
        store_open(&config.store, argv[2], why, sizeof why) != TROTH_OK ||
        !(s.runtime = runtime_new(&config, why, sizeof why))) {
        fprintf(stderr, "oob_server: %s\n", why);
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
