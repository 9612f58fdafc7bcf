/* What is on the air, for people and for machines. */
#include "air/internal.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

void air_address_text(const uint8_t a[6], char text[18])
{
    snprintf(text, 18, "%02X:%02X:%02X:%02X:%02X:%02X", a[5], a[4], a[3], a[2], a[1], a[0]);
}

bool air_address_parse(const char *text, uint8_t address[6])
{
    unsigned b[6];
    int end = 0;
    if (strlen(text) != 17 ||
        sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[5], &b[4], &b[3], &b[2], &b[1], &b[0], &end) !=
            6 ||
        end != 17)
        return false;
    for (int i = 0; i < 6; i++)
        address[i] = (uint8_t)b[i];
    return true;
}

const char *air_error_text(uint8_t code)
{
    switch (code) {
    case 0x05:
        return "authentication failure";
    case E_KEY_MISSING:
        return "PIN or key missing";
    case E_TIMEOUT:
        return "connection timeout, the peer was not heard any more";
    case E_REMOTE_USER:
        return "remote user ended the connection";
    case 0x14:
        return "remote device has low resources";
    case 0x15:
        return "remote device is powered off";
    case E_LOCAL_HOST:
        return "ended by its own host";
    case E_REMOTE_FEATURE:
        return "unsupported remote feature";
    case E_LL_TIMEOUT:
        return "the peer did not answer in time";
    case 0x29:
        return "pairing with unit key not supported";
    case 0x3B:
        return "unacceptable connection parameters";
    case E_MIC:
        return "MIC failure, the two keys differ";
    case E_NOT_ESTABLISHED:
        return "connection failed to be established";
    }
    return "error";
}

void air_status(const struct air *air, void (*each)(void *ctx, const struct air_status *),
                void *ctx)
{
    for (struct air_controller *c = air->controllers; c; c = c->next) {
        struct air_status s = {.what = AIR_STATUS_CONTROLLER, .number = c->number};
        s.name = c->name;
        memcpy(s.identity.a, c->address, 6);
        s.advertising = c->s.adv.on;
        s.connectable = c->s.adv.on && c->s.adv.type != 2 && c->s.adv.type != 3;
        s.scanning = c->s.scan.on;
        s.initiating = c->s.init.on;
        if (s.advertising)
            s.advertises_as = c->s.adv.on_air;
        each(ctx, &s);
    }
    for (const struct link *l = air->links; l; l = l->next) {
        if (!l->end[CENTRAL].up && !l->end[PERIPHERAL].up)
            continue;
        struct air_status s = {.what = AIR_STATUS_LINK, .link = l->id};
        for (int i = 0; i < 2; i++) {
            s.side[i].controller = l->end[i].number;
            s.side[i].on_air = l->end[i].on_air;
            s.side[i].identity = l->end[i].identity;
            s.side[i].handle = l->end[i].handle;
            s.side[i].encrypted = l->end[i].tx_on;
            s.side[i].bytes = l->end[i].sent;
        }
        s.interval = l->interval;
        s.latency = l->latency;
        s.timeout = l->timeout;
        s.encrypted = l->end[CENTRAL].tx_on && l->end[PERIPHERAL].tx_on;
        s.key_size = s.encrypted ? apparent_key_size(l->end[CENTRAL].ltk) : 0;
        each(ctx, &s);
    }
}

static void add_address(cJSON *to, const char *name, const struct air_address *a)
{
    char text[18];
    air_address_text(a->a, text);
    cJSON *o = cJSON_AddObjectToObject(to, name);
    cJSON_AddStringToObject(o, "address", text);
    cJSON_AddStringToObject(o, "type", a->type ? "random" : "public");
}

struct lists {
    cJSON *controllers, *links;
};

static void add(void *ctx, const struct air_status *s)
{
    static const char *const roles[] = {"central", "peripheral"};
    struct lists *lists = ctx;
    cJSON *o = cJSON_CreateObject();
    if (s->what == AIR_STATUS_CONTROLLER) {
        cJSON_AddNumberToObject(o, "number", s->number);
        cJSON_AddStringToObject(o, "name", s->name);
        add_address(o, "identity", &s->identity);
        cJSON_AddBoolToObject(o, "advertising", s->advertising);
        cJSON_AddBoolToObject(o, "connectable", s->connectable);
        cJSON_AddBoolToObject(o, "scanning", s->scanning);
        cJSON_AddBoolToObject(o, "initiating", s->initiating);
        if (s->advertising)
            add_address(o, "advertises_as", &s->advertises_as);
        cJSON_AddItemToArray(lists->controllers, o);
        return;
    }
    cJSON_AddNumberToObject(o, "link", s->link);
    for (int i = 0; i < 2; i++) {
        cJSON *side = cJSON_AddObjectToObject(o, roles[i]);
        cJSON_AddNumberToObject(side, "controller", s->side[i].controller);
        add_address(side, "on_air", &s->side[i].on_air);
        add_address(side, "identity", &s->side[i].identity);
        cJSON_AddNumberToObject(side, "handle", s->side[i].handle);
        cJSON_AddNumberToObject(side, "bytes_sent", (double)s->side[i].bytes);
    }
    cJSON_AddNumberToObject(o, "interval_ms", s->interval * 1.25);
    cJSON_AddNumberToObject(o, "latency", s->latency);
    cJSON_AddNumberToObject(o, "supervision_timeout_ms", s->timeout * 10);
    cJSON_AddBoolToObject(o, "encrypted", s->encrypted);
    cJSON_AddNumberToObject(o, "apparent_key_size", s->key_size);
    cJSON_AddItemToArray(lists->links, o);
}

char *air_status_json(const struct air *air)
{
    cJSON *root = cJSON_CreateObject();
    struct lists lists = {cJSON_AddArrayToObject(root, "controllers"),
                          cJSON_AddArrayToObject(root, "links")};
    air_status(air, add, &lists);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}
