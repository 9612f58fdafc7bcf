/*
 * The Wi-Fi service over a real session: writes, reads, networks and stores of any kind. The value
 * of the password is never read back, statuses are those of the protocol, staged octets go.
 */
#include "fuzz/fuzz.h"

#include <troth/wifi_gatt.h>

static struct troth_prov prov;
static struct troth_wifi_gatt gatt;
static uint32_t attempt, serial;
static bool store_open, store_later;
static int notify_result;
static uint8_t join_result;
static bool leaving; /* an erase leaves the network first, and shows IDLE once all is gone */

static int net_join(void *ctx, uint32_t id, const struct troth_credentials *c)
{
    (void)ctx;
    attempt = id;
    leaving = false;
    never(c->kind != TROTH_NET_WIFI, "credentials of another kind were tried");
    return join_result ? TROTH_FAILED : TROTH_OK;
}

static int net_leave(void *ctx, uint32_t id)
{
    (void)ctx;
    attempt = id;
    leaving = true;
    return TROTH_OK;
}

static const struct troth_net_ops net_ops = {net_join, net_leave, NULL, NULL};
static const struct troth_net net = {&net_ops, NULL, 1u << TROTH_NET_WIFI};

static void save(void *ctx, uint32_t n, const struct troth_credentials *c)
{
    (void)ctx;
    (void)c;
    serial = n;
    store_open = true;
    if (!store_later)
        troth_prov_stored(&prov, n, true);
}

static void erase(void *ctx, uint32_t n)
{
    save(ctx, n, NULL);
}

static void prov_event(void *ctx, const struct troth_prov_event *e)
{
    (void)ctx;
    troth_wifi_gatt_event(&gatt, e);
}

static int notify(void *ctx, enum troth_wifi_gatt_id id, const uint8_t *value, uint16_t len)
{
    (void)ctx;
    never(id != TROTH_WIFI_STATUS && id != TROTH_WIFI_DETAILS, "something secret is notified");
    never(id == TROTH_WIFI_STATUS && (len != 1 || value[0] > TROTH_PROV_FAILED),
          "a status the service does not have");
    never(len > TROTH_WIFI_DETAILS_MAX, "details longer than they may be");
    return notify_result;
}

static void forget(void *ctx, troth_link eraser)
{
    (void)ctx;
    (void)eraser;
}

static void access(struct in *in, bool write)
{
    const struct troth_service *service = troth_wifi_gatt_service(TROTH_WIFI_MODE_NONE, true);
    uint8_t what = in_u8(in);
    size_t n = in_u8(in) % 80;
    struct troth_gatt_access a = {.link = (troth_link)(1 + (what >> 3 & 3)),
                                  .id = (uint8_t)(1 + what % 7),
                                  .write = write,
                                  .prepared = what & 0x20,
                                  .check = (what & 0x60) == 0x60,
                                  .command = write && (what & 0x80),
                                  .len = 0};
    a.offset = a.prepared || !write ? in_u8(in) : 0;
    uint8_t *value = take_exact(in, &n);
    if (write) {
        a.data = value;
        a.len = (uint16_t)n;
    }
    enum troth_gatt_status status = service->access(&gatt, &a);
    never(status == TROTH_GATT_LATER, "an answer that never comes");
    if (!write && status == TROTH_GATT_OK) {
        uint8_t copy[TROTH_VALUE_MAX];
        never(a.value_len > sizeof copy, "a value too long");
        never(a.value_len && a.id == TROTH_WIFI_PASSWORD, "the password was read");
        if (a.value_len)
            memcpy(copy, a.value, a.value_len);
    }
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    uint8_t world = in_u8(&in);
    struct troth_prov_config p = {.net = &net, .save = save, .erase = erase, .event = prov_event};
    struct troth_wifi_gatt_config g = {
        .prov = &prov, .details = true, .notify = notify, .forget_bonds = forget};
    store_later = world & 1;
    join_result = world & 2;
    notify_result = TROTH_OK;
    store_open = leaving = false;
    attempt = 0;
    troth_prov_init(&prov, &p);
    troth_wifi_gatt_init(&gatt, &g);
    troth_prov_start(&prov, NULL);
    troth_ms now = 1000;
    while (in.left) {
        uint8_t op = in_u8(&in);
        switch (op % 10) {
        case 0:
        case 1:
        case 2:
            access(&in, true);
            break;
        case 3:
            access(&in, false);
            break;
        case 4: {
            struct troth_net_report r = {.type = in_u8(&in) % 8, .id = attempt};
            r.id += in_u8(&in) >> 7;
            r.reason = in_u8(&in) % 16;
            /* A backend reports facts with octets of their own; none are needed here. */
            if (r.type == TROTH_NET_JOINED || r.type == TROTH_NET_JOIN_FAILED ||
                r.type == TROTH_NET_LOST || r.type == TROTH_NET_LEFT)
                troth_prov_net_report(&prov, &r);
            break;
        }
        case 5:
            if (store_open) {
                store_open = false;
                troth_prov_stored(&prov, serial, in_u8(&in) & 1);
            }
            break;
        case 6: {
            troth_ms ms = in_u8(&in);
            now += ms * ms * 10;
            troth_prov_tick(&prov, now);
            break;
        }
        case 7: {
            troth_link link = (troth_link)(in_u8(&in) % 5);
            troth_prov_gone(&prov, link);
            troth_wifi_gatt_disconnected(&gatt, link);
            break;
        }
        case 8:
            notify_result = op & 0x80 ? TROTH_BUSY : TROTH_OK;
            troth_wifi_gatt_sent(&gatt);
            break;
        default:
            join_result = op & 0x80;
            troth_prov_open_window(&prov, 1000);
            break;
        }
        struct troth_prov_status s;
        troth_prov_status(&prov, &s);
        never(s.state > TROTH_PROV_FAILED, "a state the session does not have");
        never(s.state == TROTH_PROV_CONNECTED && !s.online && !leaving,
              "CONNECTED without a network");
        never(s.state == TROTH_PROV_CONNECTING && troth_prov_deadline(&prov) == TROTH_NEVER,
              "a try could wait for ever");
    }
    return 0;
}
