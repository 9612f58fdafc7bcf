#include "support/transport_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_up(void *ctx)
{
    ((struct rig *)ctx)->ups++;
}

static void close_it(struct rig *r)
{
    transport_close(r->t);
    r->t = NULL;
}

static void on_packet(void *ctx, const uint8_t *h4, size_t len)
{
    struct rig *r = ctx;
    assert_true(r->packets < RIG_PACKETS);
    r->types[r->packets] = h4[0];
    r->lengths[r->packets++] = len;
    if (r->close_on_packet)
        close_it(r);
}

static void on_down(void *ctx, const char *why)
{
    struct rig *r = ctx;
    r->downs++;
    snprintf(r->why, sizeof r->why, "%s", why);
    close_it(r);
}

struct rig *rig_new(void)
{
    struct rig *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->far = -1;
    snprintf(r->dir, sizeof r->dir, "/tmp/troth-transport-XXXXXX");
    if (!mkdtemp(r->dir) || sd_event_new(&r->loop) < 0) {
        free(r);
        return NULL;
    }
    snprintf(r->path, sizeof r->path, "%s/hci", r->dir);
    return r;
}

void rig_hang_up(struct rig *r)
{
    if (r->far >= 0)
        close(r->far);
    r->far = -1;
}

void rig_free(struct rig *r)
{
    transport_close(r->t);
    rig_hang_up(r);
    unlink(r->path);
    rmdir(r->dir);
    sd_event_unref(r->loop);
    free(r);
}

void rig_open(struct rig *r)
{
    struct transport_where where;
    struct transport_handlers h = {on_up, on_packet, on_down, r};
    unsigned told = r->ups + r->downs;
    char why[300];
    assert_true(transport_parse(&where, r->where, why, sizeof why));
    r->t = transport_open(r->loop, &where, &h);
    assert_non_null(r->t);
    assert_int_equal(r->ups + r->downs, told);
}

void rig_run(struct rig *r)
{
    while (sd_event_run(r->loop, 20000) > 0)
        ;
}

void rig_give(const struct rig *r, const void *octets, size_t len)
{
    assert_int_equal(write(r->far, octets, len), (ssize_t)len);
}

size_t rig_sent(const struct rig *r, uint8_t *out, size_t cap)
{
    ssize_t n = read(r->far, out, cap);
    return n > 0 ? (size_t)n : 0;
}

void rig_crowd(struct rig *r, unsigned count)
{
    static uint8_t packet[1000], got[1000];
    packet[0] = 2;
    packet[3] = (uint8_t)((sizeof packet - 5) & 0xff);
    packet[4] = (sizeof packet - 5) >> 8;
    for (unsigned i = 0; i < count; i++) {
        packet[5] = (uint8_t)i;
        transport_send(r->t, packet, sizeof packet);
    }
    for (unsigned i = 0; i < count; i++) {
        for (size_t at = 0; at < sizeof got;) {
            size_t n = rig_sent(r, got + at, sizeof got - at);
            at += n;
            if (!n)
                assert_true(sd_event_run(r->loop, 1000000) > 0);
        }
        assert_int_equal(got[0], 2);
        assert_int_equal(got[5], (uint8_t)i);
    }
    assert_int_equal(r->downs, 0);
}
