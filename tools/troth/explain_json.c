/* The tale as one JSON document. Fields are only ever added: version 1. */
#include "explain.h"

#include "smp/script.h"

#include <troth/gap.h>

#include <stdlib.h>

static cJSON *side_json(const struct troth_features *f)
{
    cJSON *keys[2],
        *j = out_fields("io_capability:s oob:b bonding:b mitm:b sc:b keypress:b ct2:b auth_req:x "
                        "max_key_size:u",
                        f->io_cap > TROTH_KEYBOARD_DISPLAY ? NULL : pairing_io_cap_words(f->io_cap),
                        f->oob, f->auth_req & TROTH_AUTH_BOND, f->auth_req & TROTH_AUTH_MITM,
                        f->auth_req & TROTH_AUTH_SC, f->auth_req & TROTH_AUTH_KEYPRESS,
                        f->auth_req & TROTH_AUTH_CT2, (unsigned)f->auth_req,
                        (unsigned)f->max_key_size);
    static const char *const names[] = {"enc", "id", "sign", "link"};
    for (int side = 0; side < 2; side++) {
        uint8_t dist = side == TROTH_INITIATOR ? f->initiator_keys : f->responder_keys;
        keys[side] = cJSON_AddArrayToObject(j, side == TROTH_INITIATOR ? "initiator_keys"
                                                                       : "responder_keys");
        for (unsigned bit = 0; bit < 4; bit++)
            if (dist & 1u << bit)
                cJSON_AddItemToArray(keys[side], cJSON_CreateString(names[bit]));
    }
    return j;
}

static const char *from(const struct tale_link *l, uint8_t lane)
{
    enum troth_side ours;
    if (lane != TALE_FROM_HOST && lane != TALE_FROM_PEER)
        return lane == TALE_BOTH ? "both" : lane == TALE_AT_HOST ? "host" : "link";
    if (!tale_host_side(l, &ours))
        return lane == TALE_FROM_HOST ? "this_host" : "peer";
    return (ours == TROTH_INITIATOR) == (lane == TALE_FROM_HOST) ? "initiator" : "responder";
}

static cJSON *steps_json(const struct tale_link *l, const struct chapter *c)
{
    cJSON *steps = cJSON_CreateArray();
    for (unsigned i = 0; i < c->count; i++) {
        const struct tale_step *s = &c->steps[i];
        cJSON *j = cJSON_CreateObject();
        cJSON_AddNumberToObject(j, "at", (double)s->us / 1e6);
        if (s->record)
            cJSON_AddNumberToObject(j, "record", (double)s->record);
        cJSON_AddStringToObject(j, "from", from(l, s->lane));
        cJSON_AddStringToObject(j, "what", s->label);
        if (*s->detail)
            cJSON_AddStringToObject(j, "detail", s->detail);
        cJSON_AddItemToArray(steps, j);
    }
    return steps;
}

static void add_failure(cJSON *j, const struct chapter *c)
{
    if (c->know_by && c->end != CHAPTER_SUCCEEDED)
        cJSON_AddStringToObject(j, "by", pairing_side_name((enum troth_side)c->by));
    if (c->end == CHAPTER_REFUSED) {
        cJSON_AddNumberToObject(j, "reason", c->reason);
        cJSON_AddStringToObject(j, "reason_name", troth_smp_reason_name(c->reason));
    }
    if (c->hci) {
        cJSON_AddNumberToObject(j, "hci_status", c->hci);
        cJSON_AddStringToObject(j, "hci_name", troth_hci_name(c->hci));
    }
    if (c->step && c->end != CHAPTER_SUCCEEDED)
        cJSON_AddStringToObject(j, "step", c->step);
}

static void add_model(cJSON *j, const struct chapter *c)
{
    if (!c->combined)
        return;
    cJSON_AddStringToObject(j, "model", troth_model_name((uint8_t)c->account.model));
    cJSON_AddStringToObject(j, "rule", pairing_rule_name(c->account.rule));
    cJSON_AddBoolToObject(j, "sc", c->account.sc);
    cJSON_AddBoolToObject(j, "authenticated", c->account.authenticated);
    cJSON_AddNumberToObject(j, "key_size", c->key_size);
    cJSON_AddBoolToObject(j, "bonding",
                          c->features[0].auth_req & c->features[1].auth_req & TROTH_AUTH_BOND);
    if (c->round)
        cJSON_AddNumberToObject(j, "rounds", c->round);
}

static void add_text(cJSON *j, const char *name, const char *text)
{
    if (*text)
        cJSON_AddStringToObject(j, name, text);
}

static cJSON *chapter_json(const struct tale_link *l, const struct chapter *c)
{
    struct story s;
    story_of(l, c, &s);
    cJSON *j = out_fields("kind:s outcome:s", chapter_kind_name(c->kind), chapter_end_name(c->end));
    cJSON_AddNumberToObject(j, "begin", (double)c->begin / 1e6);
    cJSON_AddNumberToObject(j, "end", (double)c->over / 1e6);
    cJSON_AddBoolToObject(j, "beginning_captured", !c->headless);
    for (int side = 0; side < 2; side++)
        if (c->crossed[side])
            cJSON_AddItemToObject(j, pairing_side_name((enum troth_side)side),
                                  side_json(&c->features[side]));
    add_model(j, c);
    add_failure(j, c);
    cJSON_AddBoolToObject(j, "encrypted", c->encrypted);
    cJSON_AddStringToObject(j, "title", s.title);
    add_text(j, "story", s.happened);
    add_text(j, "why", s.why);
    add_text(j, "cause", s.cause);
    add_text(j, c->end == CHAPTER_SUCCEEDED ? "better" : "cure", s.cure);
    cJSON_AddItemToObject(j, "steps", steps_json(l, c));
    cJSON_AddNumberToObject(j, "steps_dropped", c->dropped);
    return j;
}

static void add_address(cJSON *j, const char *name, const struct capture_address *a)
{
    char text[18];
    struct troth_addr plain = {.type = a->type & 1};
    for (int i = 0; i < 6; i++)
        plain.b[i] = a->b[i];
    if (a->known)
        cJSON_AddItemToObject(j, name,
                              out_fields("address:s type:s", troth_addr_text(&plain, text),
                                         address_type_name(a->type)));
}

static cJSON *link_json(const struct tale_link *l)
{
    enum troth_side side;
    cJSON *j = cJSON_CreateObject();
    cJSON_AddNumberToObject(j, "link", (double)l->number);
    cJSON_AddNumberToObject(j, "adapter", l->link.adapter);
    cJSON_AddNumberToObject(j, "handle", l->link.handle);
    cJSON_AddBoolToObject(j, "beginning_captured", l->link.connected);
    if (tale_host_side(l, &side))
        cJSON_AddStringToObject(j, "this_host", pairing_side_name(side));
    add_address(j, "host", &l->link.host);
    add_address(j, "peer", &l->link.peer);
    cJSON_AddNumberToObject(j, "begin", (double)l->begin / 1e6);
    cJSON_AddNumberToObject(j, "end", (double)l->over / 1e6);
    if (l->closed && !l->reset) {
        cJSON_AddNumberToObject(j, "disconnect_reason", l->reason);
        cJSON_AddStringToObject(j, "disconnect_name", troth_hci_name(l->reason));
        cJSON_AddBoolToObject(j, "disconnected_by_host", l->host_ended);
    }
    cJSON_AddBoolToObject(j, "failed", tale_failed(l));
    cJSON *chapters = cJSON_AddArrayToObject(j, "chapters");
    for (unsigned i = 0; i < l->count; i++)
        cJSON_AddItemToArray(chapters, chapter_json(l, &l->chapters[i]));
    return j;
}

void explain_json(const struct tale *t, FILE *to)
{
    char begin[32];
    cJSON *j = out_fields("format:s version:u file:s datalink:u complete:b", "troth-explain", 1,
                          t->path, (unsigned)t->datalink, t->complete);
    if (!t->complete)
        cJSON_AddStringToObject(j, "notice", t->notice);
    cJSON_AddNumberToObject(j, "packets", (double)t->records);
    cJSON_AddNumberToObject(j, "octets_missing", (double)t->bytes_missing);
    if (t->records)
        cJSON_AddStringToObject(j, "begin", time_words(t->first_us, begin));
    cJSON_AddNumberToObject(j, "seconds", (double)(t->last_us - t->first_us) / 1e6);
    cJSON_AddNumberToObject(j, "connections", (double)t->links_seen);
    cJSON_AddNumberToObject(j, "links_dropped", (double)t->dropped_links);
    cJSON *links = cJSON_AddArrayToObject(j, "links");
    bool failed = false;
    for (unsigned i = 0; i < t->count; i++) {
        if (t->links[i]->hidden)
            continue;
        failed |= tale_failed(t->links[i]);
        cJSON_AddItemToArray(links, link_json(t->links[i]));
    }
    cJSON_AddBoolToObject(j, "failed", failed);
    char *text = cJSON_PrintUnformatted(j);
    if (text)
        fprintf(to, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(j);
}
