/* Advertising and scanning, Vol 4 Part E 7.8.5-11; Vol 6 Part B 4.4. */
#include "air/internal.h"

#include <stdlib.h>

/* Advertising_Type, Vol 4 Part E 7.8.5 */
enum { ADV_IND, ADV_DIRECT_HIGH, ADV_SCAN_IND, ADV_NONCONN_IND, ADV_DIRECT_LOW };

/* Event_Type of a report, 7.7.65.2 */
enum { REPORT_DIRECT = 1, REPORT_SCAN_RSP = 4 };

static bool directed(uint8_t type)
{
    return type == ADV_DIRECT_HIGH || type == ADV_DIRECT_LOW;
}

static const char *adv_words(uint8_t type)
{
    static const char *const words[] = {"connectable", "directed", "scannable", "not connectable",
                                        "directed, low duty"};
    return words[type];
}

static void adv_event(struct air *air, struct job *job);

static void adv_schedule(struct air_controller *c, uint64_t after)
{
    struct job *job = air_job(0, adv_event);
    job->c = c;
    job->generation = c->adv_generation;
    air_schedule(c->air, job, c->air->now + after);
}

void adv_stop(struct air_controller *c)
{
    c->s.adv.on = false;
    c->adv_generation++;
}

/* Same address and same kind of packet, whatever its data: what controllers usually filter. */
static bool seen_before(struct air_controller *c, const struct air_address *a, uint8_t type)
{
    uint32_t n = c->s.scan.dup_count < DUP_SIZE ? c->s.scan.dup_count : DUP_SIZE;
    for (uint32_t i = 0; i < n; i++)
        if (c->s.scan.dup[i].type == type && address_equal(&c->s.scan.dup[i].a, a))
            return true;
    uint32_t at = c->s.scan.dup_count++ % DUP_SIZE;
    c->s.scan.dup[at].a = *a;
    c->s.scan.dup[at].type = type;
    return false;
}

static void report(struct air_controller *c, struct air_controller *scanner,
                   const struct air_address *shown, uint8_t type, const uint8_t *data, uint8_t len,
                   const struct air_address *direct_to, const struct air_address *to)
{
    struct air *air = c->air;
    uint8_t bytes[31];
    if (len)
        memcpy(bytes, data, len);
    struct air_crossing x = {.kind = AIR_ADV,
                             .from = c,
                             .to = scanner,
                             .now = air->now,
                             .adv_type = type,
                             .sender = c->s.adv.on_air,
                             .bytes = bytes,
                             .len = len,
                             .cap = sizeof bytes};
    if (to)
        x.receiver = *to;
    int copies = 1;
    switch (air_ask_hook(air, &x)) {
    case AIR_PASS:
    case AIR_REORDER: /* there is no order between advertising events */
        break;
    case AIR_DUPLICATE:
        copies = 2;
        break;
    case AIR_DELAY:
        break;
    case AIR_DROP:
    case AIR_CUT:
        return;
    }
    if (scanner->s.scan.filter && seen_before(scanner, shown, type))
        return;
    uint8_t ev[64];
    struct out out = out_of(ev, sizeof ev);
    out_u8(&out, 1);
    out_u8(&out, type);
    out_u8(&out, shown->type);
    out_bytes(&out, shown->a, 6);
    if (direct_to) {
        out_u8(&out, direct_to->type);
        out_bytes(&out, direct_to->a, 6);
    } else {
        out_u8(&out, (uint8_t)x.len);
        out_bytes(&out, bytes, x.len);
    }
    out_u8(&out, (uint8_t)air->cfg.rssi);
    for (; copies; copies--)
        air_le_event_at(scanner, direct_to ? 0x0B : 0x02, ev, out.len, air->now + x.delay_ms);
}

static void scanned(struct air_controller *c, struct air_controller *scanner,
                    const struct air_address *adva, const struct air_address *target)
{
    uint8_t type = c->s.adv.type, policy = scanner->s.scan.policy;
    const struct resolving *known = rl_resolve(scanner, adva);
    if (!known && rl_refuses(scanner, adva))
        return;
    const struct air_address *peer = known ? &known->identity : adva;
    if ((policy & 1) && !fal_has(scanner, peer))
        return;
    struct air_address shown = *peer;
    if (known)
        shown.type |= 2;
    if (directed(type)) {
        if (rl_is_self(scanner, scanner->s.scan.own_type, target))
            report(c, scanner, &shown, REPORT_DIRECT, NULL, 0, NULL, target);
        else if ((policy & 2) && air_is_rpa(target)) /* 7.7.65.11: it may be meant for us */
            report(c, scanner, &shown, REPORT_DIRECT, NULL, 0, target, target);
        return;
    }
    report(c, scanner, &shown, type, c->s.adv.data, c->s.adv.data_len, NULL, NULL);

    struct air_address own;
    if (!scanner->s.scan.active || type == ADV_NONCONN_IND ||
        !own_address(scanner, scanner->s.scan.own_type, peer, &own))
        return;
    const struct resolving *who = rl_resolve(c, &own);
    if (!who && rl_refuses(c, &own))
        return;
    if ((c->s.adv.policy & 1) && !fal_has(c, who ? &who->identity : &own))
        return;
    report(c, scanner, &shown, REPORT_SCAN_RSP, c->s.adv.rsp, c->s.adv.rsp_len, NULL, &own);
}

static void adv_event(struct air *air, struct job *job)
{
    struct air_controller *c = job->c;
    bool current = job->generation == c->adv_generation && c->s.adv.on;
    free(job);
    if (!current)
        return;
    uint8_t type = c->s.adv.type;
    if (c->s.adv.until && air->now >= c->s.adv.until) {
        adv_stop(c);
        air_trace(air, c, "ends directed advertising, nobody connected");
        connection_failed(c, E_ADV_TIMEOUT, PERIPHERAL);
        return;
    }
    struct air_address adva, target = {0};
    if (!own_address(c, c->s.adv.own_type, &c->s.adv.peer, &adva))
        return;
    c->s.adv.on_air = adva;
    if (directed(type))
        target_address(c, c->s.adv.own_type, &c->s.adv.peer, &target);

    for (struct air_controller *r = air->controllers; r; r = r->next) {
        if (r == c)
            continue;
        if (r->s.scan.on)
            scanned(c, r, &adva, &target);
        bool connectable = type == ADV_IND || directed(type);
        if (connectable && r->s.init.on &&
            try_connect(c, r, &adva, directed(type) ? &target : NULL))
            return;
    }
    if (type == ADV_DIRECT_HIGH)
        adv_schedule(c, 4);
    else /* advDelay, Vol 6 Part B 4.4.2.2.1 */
        adv_schedule(c, (c->s.adv.interval * 5u + 7) / 8 + air_random_below(air, 11));
}

uint8_t do_le_set_adv_params(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint16_t min = in_u16(p), max = in_u16(p);
    uint8_t type = in_u8(p), own_type = in_u8(p);
    struct air_address peer;
    peer.type = in_u8(p);
    in_copy(p, peer.a, 6);
    uint8_t channels = in_u8(p), policy = in_u8(p);
    VERIFY(!c->s.adv.on, E_DISALLOWED);
    VERIFY(type <= ADV_DIRECT_LOW && own_type <= 3 && peer.type <= 1 && policy <= 3, E_INVALID);
    VERIFY(channels && channels <= 7, E_INVALID);
    if (type != ADV_DIRECT_HIGH)
        VERIFY(min >= 0x20 && min <= max && max <= 0x4000, E_INVALID);
    VERIFY(own_type <= 1 || (c->features >> F_PRIVACY & 1), E_UNSUPPORTED);
    c->s.adv.interval = min;
    c->s.adv.type = type;
    c->s.adv.own_type = own_type;
    c->s.adv.peer = peer;
    c->s.adv.policy = directed(type) ? 0 : policy;
    return E_OK;
}

uint8_t do_le_read_adv_power(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c, (void)p;
    out_u8(r, 0);
    return E_OK;
}

static uint8_t take_data(struct in *p, uint8_t data[31], uint8_t *data_len)
{
    uint8_t len = in_u8(p);
    VERIFY(len <= 31, E_INVALID);
    in_copy(p, data, 31);
    *data_len = len;
    return E_OK;
}

uint8_t do_le_set_adv_data(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    return take_data(p, c->s.adv.data, &c->s.adv.data_len);
}

uint8_t do_le_set_scan_rsp(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    return take_data(p, c->s.adv.rsp, &c->s.adv.rsp_len);
}

uint8_t do_le_set_adv_enable(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t on = in_u8(p);
    VERIFY(on <= 1, E_INVALID);
    if (on == c->s.adv.on)
        return E_OK;
    if (!on) {
        adv_stop(c);
        air_trace(c->air, c, "stops advertising");
        return E_OK;
    }
    struct air_address own;
    VERIFY(own_address(c, c->s.adv.own_type, &c->s.adv.peer, &own), E_INVALID);
    uint8_t type = c->s.adv.type;
    if (type != ADV_SCAN_IND && type != ADV_NONCONN_IND)
        VERIFY(links_of(c) < LINKS_MAX, E_LIMIT);
    c->s.adv.on = true;
    c->s.adv.on_air = own;
    c->adv_generation++;
    c->s.adv.until = type == ADV_DIRECT_HIGH ? c->air->now + 1280 : 0;
    adv_schedule(c, c->air->cfg.crossing_ms);
    char text[18];
    air_address_text(own.a, text);
    air_trace(c->air, c, "advertises as %s (%s), %s", text, own.type ? "random" : "public",
              adv_words(type));
    return E_OK;
}

uint8_t do_le_set_scan_params(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t type = in_u8(p);
    uint16_t interval = in_u16(p), window = in_u16(p);
    uint8_t own_type = in_u8(p), policy = in_u8(p);
    VERIFY(!c->s.scan.on, E_DISALLOWED);
    VERIFY(type <= 1 && own_type <= 3 && policy <= 3, E_INVALID);
    VERIFY(interval >= 4 && interval <= 0x4000 && window >= 4 && window <= interval, E_INVALID);
    VERIFY(own_type <= 1 || (c->features >> F_PRIVACY & 1), E_UNSUPPORTED);
    VERIFY(policy <= 1 || (c->features >> F_EXT_FILTER & 1), E_UNSUPPORTED);
    c->s.scan.active = type;
    c->s.scan.own_type = own_type;
    c->s.scan.policy = policy;
    return E_OK;
}

uint8_t do_le_set_scan_enable(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t on = in_u8(p), filter = in_u8(p);
    VERIFY(on <= 1 && filter <= 1, E_INVALID);
    if (!on) {
        if (c->s.scan.on)
            air_trace(c->air, c, "stops scanning");
        c->s.scan.on = false;
        return E_OK;
    }
    VERIFY(!(c->s.scan.own_type & 1) || c->s.random_set, E_INVALID); /* 7.8.11 */
    if (!c->s.scan.on)
        air_trace(c->air, c, "scans%s", c->s.scan.active ? " actively" : "");
    c->s.scan.on = true;
    c->s.scan.filter = filter;
    c->s.scan.dup_count = 0;
    return E_OK;
}
