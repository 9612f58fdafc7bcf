/* Towards a host: events, behind its masks. */
#include "air/internal.h"

#include <stdlib.h>

/* May free the controller (the host detaches from its callback): touch nothing afterwards. */
void air_run_to_host(struct air *air, struct job *job)
{
    (void)air;
    struct air_controller *c = job->c;
    c->to_host(c->ctx, job->bytes, job->len);
    free(job);
}

void air_to_host(struct air_controller *c, const uint8_t *h4, size_t len, uint64_t at)
{
    struct job *job = air_job(len, air_run_to_host);
    job->c = c;
    memcpy(job->bytes, h4, len);
    air_schedule(c->air, job, at);
}

static bool wanted(const struct air_controller *c, uint8_t code)
{
    switch (code) {
    case 0x0E: /* Command Complete, Command Status, Number Of Completed Packets: not maskable */
    case 0x0F:
    case 0x13:
        return true;
    }
    return code <= 0x40 ? c->s.events >> (code - 1) & 1 : c->s.events2 >> (code - 0x40) & 1;
}

void air_event_at(struct air_controller *c, uint8_t code, const uint8_t *params, size_t len,
                  uint64_t at)
{
    ASSERT(len <= 255);
    if (!wanted(c, code))
        return;
    uint8_t packet[3 + 255] = {0x04, code, (uint8_t)len};
    memcpy(packet + 3, params, len);
    air_to_host(c, packet, 3 + len, at);
}

void air_event(struct air_controller *c, uint8_t code, const uint8_t *params, size_t len)
{
    air_event_at(c, code, params, len, c->air->now);
}

bool air_le_wanted(const struct air_controller *c, uint8_t subevent)
{
    return wanted(c, 0x3E) && (c->s.le_events >> (subevent - 1) & 1);
}

void air_le_event_at(struct air_controller *c, uint8_t subevent, const uint8_t *params, size_t len,
                     uint64_t at)
{
    ASSERT(len <= 254);
    if (!air_le_wanted(c, subevent))
        return;
    uint8_t buffer[255] = {subevent};
    memcpy(buffer + 1, params, len);
    air_event_at(c, 0x3E, buffer, len + 1, at);
}

void air_le_event(struct air_controller *c, uint8_t subevent, const uint8_t *params, size_t len)
{
    air_le_event_at(c, subevent, params, len, c->air->now);
}
