/* troth agent --bluez: answers what bluetoothd asks about pairings. */
#include "agent_bluez.h"

#include "common/agent_policy.h"
#include "common/loop.h"
#include "common/out.h"
#include "common/words_pairing.h"
#include "ports/linux/bluez_agent.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <troth/smp.h>

struct bluez_desk {
    const struct agent_bluez_options *o;
    sd_event *loop;
    struct bluez *bluez;
    struct agent *person;
    struct agent_policy policy;
    struct bluez_agent *agent;
    uint32_t service; /* that is being asked about; 0: none */
    int status;
};

static void leave(struct bluez_desk *d, int status)
{
    d->status = status;
    sd_event_exit(d->loop, 0);
}

/* ---- services, BR/EDR's mostly ---- */

/* One of "1812,0000110b-0000-1000-8000-00805f9b34fb". */
/* The next word of a list with commas, or false at its end. */
static bool next_word(const char **list, char word[40])
{
    if (!**list)
        return false;
    size_t len = strcspn(*list, ",");
    snprintf(word, 40, "%.*s", (int)len, *list);
    *list += len + ((*list)[len] == ',');
    return true;
}

/* A short one is of the Bluetooth SIG. */
static bool parse_uuid(struct troth_uuid *uuid, const char *word)
{
    char whole[40];
    snprintf(whole, sizeof whole, strlen(word) == 4 ? "0000%.4s-0000-1000-8000-00805f9b34fb" : "%s",
             word);
    return bluez_uuid_parse(uuid, whole);
}

static bool is_listed(const char *list, const char *text)
{
    struct troth_uuid wanted, one;
    char word[40];
    if (!bluez_uuid_parse(&wanted, text))
        return false;
    while (next_word(&list, word))
        if (!strcmp(word, "all") ||
            (parse_uuid(&one, word) && one.len == wanted.len && !memcmp(one.b, wanted.b, one.len)))
            return true;
    return false;
}

static bool is_list(const char *list)
{
    struct troth_uuid uuid;
    char word[40];
    while (next_word(&list, word))
        if (strcmp(word, "all") && strcmp(word, "none") && !parse_uuid(&uuid, word))
            return false;
    return true;
}

static void on_service_answer(void *ctx, const char *line)
{
    struct bluez_desk *d = ctx;
    uint32_t id = d->service;
    d->service = 0;
    bluez_agent_service(d->agent, id, line && (!strcasecmp(line, "yes") || !strcasecmp(line, "y")));
}

static enum bluez_agent_service on_service(void *ctx, const char *peer, const char *uuid,
                                           uint32_t id)
{
    struct bluez_desk *d = ctx;
    char prompt[128];
    bool yes = d->o->services ? is_listed(d->o->services, uuid) : d->o->yes;
    const char *by = d->o->services ? "by --services" : d->o->yes ? "by --yes" : "by --no";
    if (!d->o->services && !d->o->yes && !d->o->no && !d->service) {
        const char *addr = strrchr(peer, '('); /* a name would push the rest out of the prompt */
        snprintf(prompt, sizeof prompt, "May %.19s use the service %.36s? [yes/no] ",
                 addr ? addr : peer, uuid);
        d->service = id;
        if (agent_question(d->person, prompt, false, on_service_answer, d) == TROTH_OK)
            return BLUEZ_SERVICE_LATER;
        d->service = 0;
        by = "as nobody is there to answer (--services)";
    }
    out_event(yes ? OUT_GOOD : OUT_WARN, "service",
              out_fields("peer:s uuid:s yes:b", peer, uuid, yes), "%s: the service %s is %s, %s",
              peer, uuid, yes ? "allowed" : "refused", by);
    return yes ? BLUEZ_SERVICE_YES : BLUEZ_SERVICE_NO;
}

/* ---- what BlueZ says ---- */

static void on_registered(struct bluez_desk *d, const struct bluez_agent_news *news)
{
    const char *io = pairing_io_cap_words(d->policy.agent.io_cap);
    if (news->why)
        out_event(OUT_WARN, "not_default", out_fields("why:s", news->why),
                  "%s: it answers only the pairings that this program begins, which are none",
                  news->why);
    out_event(OUT_GOOD, "registered", out_fields("io:s default:b", io, news->is_default),
              "bluetoothd asks here now; promised: %s%s", io,
              news->is_default ? "; as the default agent"
                               : "; not as the default agent: others' pairings come here only if "
                                 "bluetoothd has no other agent");
}

static void on_told(void *ctx, const struct bluez_agent_news *news)
{
    struct bluez_desk *d = ctx;
    switch (news->type) {
    case BLUEZ_AGENT_REGISTERED:
        on_registered(d, news);
        break;
    case BLUEZ_AGENT_REFUSED:
        out_error("%s", news->why);
        leave(d, CLI_FAILED);
        break;
    case BLUEZ_AGENT_RELEASED:
        out_event(OUT_WARN, "released", NULL, "bluetoothd let this agent go");
        break;
    case BLUEZ_AGENT_ENTERED:
        out_event(OUT_DIM, "entered", out_fields("peer:s digits:u", news->peer, news->entered),
                  "%s: %u digits are typed there", news->peer, news->entered);
        break;
    case BLUEZ_AGENT_PIN:
        out_event(OUT_PLAIN, "pin", out_fields("peer:s", news->peer), "%s: type the PIN %s there",
                  news->peer, out_is_json() ? "" : news->pin);
        break;
    case BLUEZ_AGENT_NO_PIN:
        out_event(OUT_WARN, "no_pin", out_fields("peer:s", news->peer),
                  "%s wants a PIN, as before Bluetooth 2.1: refused", news->peer);
        break;
    case BLUEZ_AGENT_CANCELLED:
        if (d->service)
            agent_cancel(d->person, d);
        d->service = 0;
        out_event(OUT_DIM, "cancelled", NULL, "bluetoothd took its question back");
        break;
    }
}

static void on_down(void *ctx, const char *why)
{
    (void)ctx;
    out_event(OUT_WARN, "waiting", out_fields("why:s", why), "%s; waiting for it", why);
}

static void on_device(void *ctx, const struct bluez_device *dev, unsigned news)
{
    char addr[18], name[120] = "";
    (void)ctx;
    if (!(news & BLUEZ_PAIRING) || (news & (BLUEZ_NEW | BLUEZ_GONE)) ||
        dev->paired < dev->bonded) /* the other of the two is about to follow */
        return;
    troth_addr_text(&dev->addr, addr);
    if (dev->named)
        out_printable((const uint8_t *)dev->name, strlen(dev->name), name, sizeof name);
    out_event(dev->paired ? OUT_GOOD : OUT_PLAIN, dev->paired ? "paired" : "unpaired",
              out_fields("address:s name:s bonded:b", addr, *name ? name : NULL, dev->bonded),
              "%s%s%s%s is %s", *name ? name : addr, *name ? " (" : "", *name ? addr : "",
              *name ? ")" : "",
              !dev->paired  ? "no longer paired"
              : dev->bonded ? "paired and bonded"
                            : "paired");
}

/* ---- the course ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
    (void)source;
    (void)info;
    leave(ctx, CLI_DONE);
    return 0;
}

static int on_time(sd_event_source *source, uint64_t now, void *ctx)
{
    (void)source;
    (void)now;
    leave(ctx, CLI_DONE);
    return 0;
}

static bool open_loop(struct bluez_desk *d)
{
    d->loop = loop_until(on_signal, d);
    bool ok = d->loop != NULL;
    if (ok && d->o->timeout)
        ok = sd_event_add_time_relative(d->loop, NULL, CLOCK_MONOTONIC, d->o->timeout * 1000000ull,
                                        0, on_time, d) >= 0;
    if (!ok)
        out_error("no event loop could be made");
    return ok;
}

/* What is promised when nothing was said: no more than what can be kept. */
static uint8_t at_hand(const struct agent_bluez_options *o, bool somebody)
{
    if (o->io_cap >= 0)
        return (uint8_t)o->io_cap;
    if (o->no && !o->passkey)
        return TROTH_NO_INPUT_NO_OUTPUT;
    if (o->yes)
        return o->passkey ? TROTH_KEYBOARD_DISPLAY : TROTH_DISPLAY_YES_NO;
    if (o->accept_just_works && !somebody && !o->passkey)
        return TROTH_NO_INPUT_NO_OUTPUT;
    return TROTH_KEYBOARD_DISPLAY;
}

static bool open_agents(struct bluez_desk *d)
{
    char why[512];
    const struct agent_bluez_options *o = d->o;
    struct agent_config person = {
        .loop = d->loop,
        .kind = o->script               ? AGENT_SCRIPT
                : o->step               ? AGENT_STEP
                : agent_have_terminal() ? AGENT_TERMINAL
                                        : AGENT_STDIN,
        .path = o->script,
    };
    d->person = agent_open(&person, why, sizeof why);
    if (!d->person) {
        out_error("%s", why);
        return false;
    }
    d->policy = (struct agent_policy){.loop = d->loop,
                                      .yes = o->yes,
                                      .no = o->no,
                                      .accept_just_works = o->accept_just_works,
                                      .passkeys = o->passkey,
                                      .within_s = o->within,
                                      .to = agent_troth(d->person)};
    agent_policy_init(&d->policy);
    d->policy.agent.io_cap = at_hand(o, person.kind == AGENT_TERMINAL);
    return true;
}

static bool open_bluez(struct bluez_desk *d)
{
    char why[BLUEZ_WHY];
    struct bluez_listener listener = {.down = on_down, .device = on_device, .ctx = d};
    struct bluez_agent_config config = {.agent = &d->policy.agent,
                                        .as_default = !d->o->no_default,
                                        .service = on_service,
                                        .told = on_told,
                                        .ctx = d};
    d->bluez = bluez_new(d->loop, d->o->adapter, why, sizeof why);
    if (d->bluez && bluez_listen(d->bluez, &listener) == TROTH_OK)
        d->agent = bluez_agent_new(d->bluez, &config, why, sizeof why);
    if (!d->agent)
        out_error("%s", why);
    return d->agent != NULL;
}

int agent_bluez(const struct cli *cli, const struct agent_bluez_options *options)
{
    static struct bluez_desk d;
    d.o = options;
    if (options->services && !is_list(options->services))
        return cli_misuse(cli,
                          "--services %s: UUIDs with commas between, of four or 36 characters, "
                          "or all, or none",
                          options->services);
    bool ok = open_loop(&d) && open_agents(&d) && open_bluez(&d);
    if (ok) {
        bluez_start(d.bluez);
        ok = sd_event_loop(d.loop) >= 0 && d.status == CLI_DONE;
    }
    if (ok && !agent_script_kept(d.person, true)) {
        out_error("not everything went as %s says", options->script);
        ok = false;
    }
    bluez_agent_free(d.agent);
    agent_policy_end(&d.policy);
    bluez_free(d.bluez);
    agent_close(d.person);
    sd_event_unref(d.loop);
    return ok ? CLI_DONE : CLI_FAILED;
}
