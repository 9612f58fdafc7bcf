/*
 * A security server by Just Works: nobody sees or types anything. The link is encrypted and the
 * bond kept, but who is at the other end was not proved.
 *
 *     just_works_server WHERE STORE
 */
#include <stdio.h>

#include "common.h"

static const struct troth_policy policy = {
    .features = {.io_cap = TROTH_NO_INPUT_NO_OUTPUT,
                 .auth_req = TROTH_AUTH_BOND | TROTH_AUTH_SC,
                 .max_key_size = 16,
                 .initiator_keys = TROTH_DIST_ENC | TROTH_DIST_ID,
                 .responder_keys = TROTH_DIST_ENC | TROTH_DIST_ID},
    .sc_only = true,
};

struct server {
    struct runtime *runtime;
};

static void on_event(void *ctx, const struct troth_event *e)
{
    struct troth_host *host = runtime_host(((struct server *)ctx)->runtime);

    show_event(host, e);
    switch ((int)e->type) {
    case TROTH_EV_READY:
    case TROTH_EV_DISCONNECTED:
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
    struct server s = {0};
    struct runtime_config config = {.name = EXAMPLE_NAME,
                                    .policy = policy,
                                    .retry = true,
                                    .event = on_event,
                                    .notice = show_notice,
                                    .ctx = &s};
    char why[400] = "the system gives no event loop";

    if (argc != 3) {
        fprintf(stderr, "usage: just_works_server WHERE STORE\n"
                        "  WHERE is a controller: " TRANSPORT_EXAMPLES "\n");
        return 2;
    }
    if (sd_event_default(&config.loop) < 0 ||
        !transport_parse(&config.where, argv[1], why, sizeof why) ||
        store_open(&config.store, argv[2], why, sizeof why) != TROTH_OK ||
        !(s.runtime = runtime_new(&config, why, sizeof why))) {
        fprintf(stderr, "just_works_server: %s\n", why);
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
