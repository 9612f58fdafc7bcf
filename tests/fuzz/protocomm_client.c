/*
 * What a device's responses tell a client. Octets: what was asked (operation, kind, count), then the
 * response. What is refused leaves nothing; no failure reads as success; and what our own device
 * makes of our own requests is one of its answers.
 */
#include "fuzz/fuzz.h"

#include <troth/protocomm_client.h>

static void told(const struct troth_protocomm_ask *ask, const struct troth_protocomm_answer *a)
{
    if (ask->op == TROTH_PROTOCOMM_OP_STATUS) {
        never(a->u.status.state > TROTH_PROTOCOMM_CONNECTION_FAILED, "no such state");
        never(a->u.status.why > TROTH_PROTOCOMM_WHY_OTHER, "no such reason");
        never(!*troth_protocomm_why_words(ask->kind, a->u.status.why), "a reason without words");
        never(a->u.status.ssid.len > 32 || a->u.status.info.thread.name.len > 16,
              "a name longer than it may be");
        never(!memchr(a->u.status.info.address, 0, sizeof a->u.status.info.address),
              "an address without end");
        never(a->u.status.attempt_failed && ask->kind == TROTH_NET_THREAD, "attempts of Thread");
    } else if (ask->op == TROTH_PROTOCOMM_OP_SCAN_PAGE) {
        never(a->u.page.count == 0 || a->u.page.count > ask->count, "a page of another length");
        for (unsigned i = 0; i < a->u.page.count; i++) {
            const struct troth_scan_result *r = &a->u.page.result[i];
            never(r->kind != ask->kind, "a network of another kind");
            never(r->ssid.len > 32 || r->thread.name.len > 16, "a name longer than it may be");
            never(!*troth_wifi_auth_mode_name(a->u.page.auth_mode[i]), "a mode without a name");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct troth_protocomm_answer none;
    static struct troth_protocomm_answer a;
    struct in in = in_of(data, size);
    uint8_t op = in_u8(&in), count = in_u8(&in);
    struct troth_protocomm_ask ask = {.op = op & 15,
                                      .kind =
                                          (uint8_t)(op & 16 ? TROTH_NET_THREAD : TROTH_NET_WIFI),
                                      .start = count >> 4,
                                      .count = 1u + count % TROTH_PROTOCOMM_PAGE};
    size_t n = in.left;
    uint8_t *exact = take_exact(&in, &n);
    memset(&a, 0xa5, sizeof a);
    int r = troth_protocomm_read(&ask, exact, n, &a);
    free(exact);
    never(r != TROTH_OK && r != TROTH_FAILED && r != TROTH_INVALID, "neither read nor refused");
    never(r == TROTH_INVALID && memcmp(&a, &none, sizeof a) != 0, "what is refused left something");
    never((r == TROTH_FAILED) != (a.status != 0), "a failure without its status");
    never(!*troth_protocomm_status_name(a.status), "a status without a name");
    if (r == TROTH_OK)
        told(&ask, &a);
    return 0;
}
