#include "client.h"

#include "common/out.h"
#include "common/paths.h"
#include "common/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct client_options client_options = {.io_cap = -1};

/* ---- waiting ---- */

bool client_fail(struct client *c, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (!c->over) {
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        out_error("%s", text);
    }
    c->over = true;
    return false;
}

bool client_wait(struct client *c, bool (*done)(const struct client *c), unsigned ms)
{
    troth_ms end = runtime_now(c->runtime) + ms;
    while (!c->over && !(done && done(c))) {
        uint64_t usec = UINT64_MAX;
        troth_ms now = runtime_now(c->runtime);
        troth_ms next = c->clock.tick ? c->clock.deadline(c->clock.ctx) : TROTH_NEVER;
        if (ms && now >= end)
            return false;
        if (next <= now) {
            c->clock.tick(c->clock.ctx, now);
            continue;
        }
        if (next > end && ms)
            next = end;
        if (next != TROTH_NEVER)
            usec = (next - now) * 1000;
        int r = sd_event_run(c->loop, usec);
        if (r < 0 && r != -EINTR)
            return client_fail(c, "the event loop failed: %s", strerror(-r));
    }
    return !c->over;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *ctx)
{
    (void)source;
    (void)si;
    client_fail(ctx, "interrupted");
    return 0;
}

/* ---- what the host says ---- */

static void report(struct client *c, const struct troth_event *e)
{
    bool fresh;
    struct device *d = devices_report(&c->devices, e, &fresh);
    if (d && c->on_device)
        c->on_device(c, d, fresh);
}

static void connected(struct client *c, const struct troth_event *e)
{
    if (e->u.connected.role != TROTH_CENTRAL || c->link != TROTH_NO_LINK)
        return;
    c->link = e->link;
    c->identity = e->u.connected.identity;
    c->bonded = e->u.connected.bonded;
    if (c->oob.kept && !oob_forget(c)) {
        client_fail(c, "our out-of-band block has served its one pairing meanwhile: make a new one "
                       "with troth oob make");
        return;
    }
    out_event(OUT_PLAIN, "connected",
              out_fields("name:s bonded:b", *c->device.name ? c->device.name : NULL, c->bonded),
              "connected to %s%s", client_peer(c), c->bonded ? ", there is a bond" : "");
}

void client_event(void *ctx, const struct troth_event *e)
{
    struct client *c = ctx;
    agent_event(c->agent, e);
    agent_event(c->typist, e);
    if (e->link != TROTH_NO_LINK && e->type != TROTH_EV_CONNECTED && e->link != c->link)
        return;
    switch (e->type) {
    case TROTH_EV_READY:
        c->ready = true;
        c->self = e->u.ready.identity;
        break;
    case TROTH_EV_BROKEN:
        client_fail(c, "the controller at %s is of no use: %s", c->where.text,
                    e->u.broken.hci_status ? troth_hci_words(e->u.broken.hci_status)
                                           : "it does not answer, or not as a controller does");
        break;
    case TROTH_EV_REPORT:
        report(c, e);
        break;
    case TROTH_EV_CONNECTED:
        connected(c, e);
        break;
    case TROTH_EV_CONNECT_FAILED:
        c->connect_failed = true;
        c->hci_status = e->u.hci_status;
        break;
    case TROTH_EV_DISCONNECTED:
        c->disconnected = true;
        c->hci_status = e->u.hci_status;
        break;
    case TROTH_EV_MTU:
        if (client_options.verbose)
            out_event(OUT_DIM, "mtu", out_fields("mtu:u", (unsigned)e->u.mtu), "ATT_MTU is %u",
                      e->u.mtu);
        break;
    default:
        break;
    }
    security_event(c, e);
    if (c->on_event)
        c->on_event(c, e);
}

/* ---- opening and closing ---- */

bool client_interactive(void)
{
    return !client_options.agent && agent_have_terminal();
}

static bool is_stdin(const char *file)
{
    return file && !strcmp(file, "-");
}

static bool open_agents(struct client *c)
{
    char why[256];
    struct agent_config a = {.loop = c->loop, .kind = AGENT_NONE};
    if (client_options.agent_given) {
        a.kind = client_options.agent_kind;
        a.path = client_options.agent_path;
    } else if (agent_have_terminal()) {
        a.kind = AGENT_TERMINAL;
    }
    if (a.kind != AGENT_NONE && !(c->agent = agent_open(&a, why, sizeof why)))
        return client_fail(c, "%s", why);
    if (is_stdin(client_options.passkey) || is_stdin(client_options.compare)) {
        struct agent_config typist = {.loop = c->loop, .kind = AGENT_STDIN};
        if (!(c->typist = agent_open(&typist, why, sizeof why)))
            return client_fail(c, "%s", why);
    }
    return true;
}

/* A hang-up must not leave the terminal mute after a password's question; under nohup it is none. */
static void watch_hangup(struct client *c)
{
    struct sigaction was;
    sigset_t set;
    if (sigaction(SIGHUP, NULL, &was) || was.sa_handler == SIG_IGN)
        return;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sd_event_add_signal(c->loop, NULL, SIGHUP, on_signal, c); /* the loop's until its end */
}

static bool open_loop(struct client *c)
{
    static const int signals[] = {SIGINT, SIGTERM};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < 2; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (sd_event_new(&c->loop) < 0)
        return client_fail(c, "no event loop could be made");
    for (size_t i = 0; i < 2; i++) {
        if (sd_event_add_signal(c->loop, &c->signals[i], signals[i], on_signal, c) < 0)
            return client_fail(c, "signals could not be watched");
    }
    watch_hangup(c);
    return true;
}

bool client_store_path(char *path, size_t cap, char *why, size_t why_cap)
{
    if (!client_options.store)
        return paths_state(path, cap, "troth.db", why, why_cap);
    snprintf(path, cap, "%s", client_options.store);
    return true;
}

struct troth_level client_level(const struct client *c)
{
    return c->gatt.level(c->gatt.ctx);
}

bool client_is_bonded(struct client *c)
{
    struct troth_addr identity;
    char name[96];
    for (unsigned i = 0; c->way->bond(c, i, &identity, name, sizeof name); i++)
        if (!memcmp(&identity, &c->identity, sizeof identity))
            return true;
    return false;
}

int client_open_without_radio(struct client *c, const struct cli *cli)
{
    memset(c, 0, sizeof *c);
    c->cli = cli;
    out_init(cli->program, client_options.json, stderr);
    int status = security_check(c);
    if (status != CLI_GO)
        return status;
    if (open_loop(c) && open_agents(c))
        return CLI_GO;
    client_close(c);
    return CLI_FAILED;
}

static const char *transport_text(void)
{
    const char *where = client_options.transport;
    return where && *where ? where : getenv("TROTH_TRANSPORT");
}

bool client_names_bluez(void)
{
    const char *where = transport_text(), *adapter;
    return where && bluez_parse(where, &adapter);
}

int client_open(struct client *c, const struct cli *cli)
{
    char why[512];
    memset(c, 0, sizeof *c);
    c->cli = cli;
    out_init(cli->program, client_options.json, stderr);

    const char *where = transport_text();
    if (!where || !*where)
        return cli_misuse(cli, "no controller is named: give --transport, for example "
                               "--transport " TRANSPORT_EXAMPLES ", or set TROTH_TRANSPORT");
    c->way = bluez_parse(where, &c->adapter) ? &client_bluez : &client_own;
    if (c->way == &client_own && !transport_parse(&c->where, where, why, sizeof why))
        return cli_misuse(cli, "%s", why);
    int status = c->way == &client_bluez ? client_bluez_check(cli) : CLI_GO;
    if (status == CLI_GO)
        status = security_check(c);
    if (status != CLI_GO)
        return status;
    if (open_loop(c) && open_agents(c) && c->way->open(c))
        return CLI_GO;
    client_close(c);
    return CLI_FAILED;
}

void client_close(struct client *c)
{
    c->on_event = NULL;
    c->on_device = NULL;
    c->clock.tick = NULL;
    if (c->way)
        c->way->close(c);
    agent_close(c->agent);
    agent_close(c->typist);
    secret_wipe(&c->oob, sizeof c->oob);
    for (size_t i = 0; i < 2; i++)
        sd_event_source_unref(c->signals[i]);
    sd_event_unref(c->loop);
    c->agent = c->typist = NULL;
    c->loop = NULL;
}
