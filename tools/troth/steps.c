/* The steps on the way to a device: look, find, connect, ask the person. */
#include "client.h"

#include "common/out.h"

#include <string.h>

#define READY_MS   15000
#define FIND_MS    10000
#define CONNECT_MS 15000
#define DOUBLE_MS  400 /* after the first sight of a name: another may bear it too */

static unsigned patience(unsigned otherwise)
{
    return client_options.timeout ? client_options.timeout * 1000 : otherwise;
}

static bool is_ready(const struct client *c)
{
    return c->ready;
}

bool client_start(struct client *c)
{
    c->way->start(c);
    if (client_wait(c, is_ready, READY_MS))
        return oob_prepare(c);
    if (c->way == &client_bluez)
        return client_fail(c, "bluetoothd does not answer: systemctl status bluetooth");
    return client_fail(c, "the controller at %s does not answer; is it one, and is it free?",
                       c->where.text);
}

bool client_scan(struct client *c, bool (*enough)(const struct client *c), unsigned ms)
{
    int r = c->way->scan(c, true);
    if (r != TROTH_OK)
        return client_fail(c, "cannot scan: %s", troth_result_words(r));
    client_wait(c, enough, ms);
    if (!c->over)
        c->way->scan(c, false);
    return !c->over;
}

/* What client_find looks for: the predicate has no room for it. */
static const char *wanted;

static bool is_found(const struct client *c)
{
    const struct device *d = devices_find(&c->devices, wanted);
    return d && d->connectable;
}

/* A bond's identity address need not be on air: the host finds it behind its private ones. */
static bool find_bond(struct client *c, const struct troth_addr *addr)
{
    struct device *d = &c->device;
    memset(d, 0, sizeof *d);
    d->rssi = 127;
    for (unsigned i = 0; c->way->bond(c, i, &d->addr, d->name, sizeof d->name); i++)
        if (!memcmp(d->addr.b, addr->b, sizeof addr->b))
            return true;
    return false;
}

bool client_find(struct client *c, const char *who)
{
    struct troth_addr addr;
    bool by_address = troth_addr_parse(&addr, who);
    c->by_name = !by_address;
    unsigned ms = patience(FIND_MS);
    if (by_address && find_bond(c, &addr))
        return true;
    out_event(OUT_PLAIN, "looking", out_fields("device:s", who), "looking for %s", who);
    wanted = who;
    if (!client_scan(c, is_found, ms))
        return false;
    if (is_found(c) && !by_address && !client_scan(c, NULL, DOUBLE_MS))
        return false;
    const struct device *d = devices_find(&c->devices, who);
    if (!d)
        return client_fail(c,
                           "no device \"%s\" was found in %u s: is it switched on, near and "
                           "advertising? troth scan --all lists what is there",
                           who, ms / 1000);
    if (!d->connectable)
        return client_fail(c,
                           "\"%s\" is there, but takes no connections now: open its pairing "
                           "window, or disconnect who is connected to it",
                           who);
    if (!by_address && devices_matching(&c->devices, who) > 1)
        return client_fail(c,
                           "several devices are called \"%s\": give the address of one, which "
                           "troth scan lists",
                           who);
    c->device = *d;
    return true;
}

static bool is_connected(const struct client *c)
{
    return c->link != TROTH_NO_LINK || c->connect_failed;
}

bool client_connect(struct client *c)
{
    unsigned ms = patience(CONNECT_MS);
    out_event(OUT_PLAIN, "connecting", NULL, "connecting to %s", client_peer(c));
    int r = c->way->connect(c, ms);
    if (r != TROTH_OK)
        return client_fail(c, "cannot connect: %s", troth_result_words(r));
    /* The host's own limit comes first; this one is for a controller that went silent. */
    client_wait(c, is_connected, ms + 3000);
    if (c->link != TROTH_NO_LINK)
        return !c->over && security_no_impostor(c) && oob_right_device(c);
    if (c->connect_failed)
        return client_fail(c,
                           "%s could not be connected to: %s; come closer, or see whether "
                           "another phone or computer holds it",
                           client_peer(c), troth_hci_words(c->hci_status));
    return client_fail(c, "%s did not answer in %u s; is it switched on, near and advertising?",
                       client_peer(c), ms / 1000);
}

bool client_reach(struct client *c, const char *who)
{
    return client_start(c) && client_find(c, who) && client_connect(c);
}

const char *client_peer(const struct client *c)
{
    static char text[128];
    char addr[18];
    troth_addr_text(&c->device.addr, addr);
    if (*c->device.name)
        snprintf(text, sizeof text, "%s (%s)", c->device.name, addr);
    else
        snprintf(text, sizeof text, "%s", addr);
    return text;
}

bool client_left(struct client *c)
{
    char addr[18];
    if (c->way == &client_bluez && c->bonded && !c->paired && !c->encrypted)
        return client_fail(c,
                           "%s was gone before the link was encrypted, as a device that lost its "
                           "side of the bond, as after a reset, or another device with its "
                           "address. If you trust it: troth bonds --bluez remove %s, then this "
                           "again",
                           client_peer(c), troth_addr_text(&c->identity, addr));
    return client_fail(c, "the connection to %s ended: %s", client_peer(c),
                       c->way == &client_bluez ? "BlueZ does not tell why"
                                               : troth_hci_words(c->hci_status));
}

/* ---- asking the person ---- */

struct answer {
    char *line;
    size_t cap;
    bool came, given;
};
static struct answer answer; /* one question at a time */

static void take_answer(void *ctx, const char *line)
{
    struct answer *a = ctx;
    a->came = true;
    a->given = line && strlen(line) < a->cap;
    if (a->given)
        memcpy(a->line, line, strlen(line) + 1);
    else if (line)
        out_error("that line is too long");
}

static bool is_answered(const struct client *c)
{
    return answer.came || c->disconnected;
}

bool client_ask(struct client *c, const char *prompt, bool secret, char *line, size_t cap)
{
    answer = (struct answer){.line = line, .cap = cap};
    if (agent_question(c->agent, prompt, secret, take_answer, &answer) != TROTH_OK)
        return client_fail(c, "nobody is there to answer \"%s\"", prompt);
    client_wait(c, is_answered, 0);
    if (!answer.came)
        agent_cancel(c->agent, &answer);
    if (c->disconnected)
        return client_left(c);
    return answer.given ? !c->over : client_fail(c, "no answer was given; nothing was changed");
}
