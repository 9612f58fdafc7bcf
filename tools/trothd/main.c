/* trothd: the device. Opens its parts in order, runs the loop, closes them in the other order. */
#include "trothd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "base/wipe.h"
#include "common/cli.h"
#include "common/loop.h"
#include "common/out.h"
#include "common/paths.h"

void trothd_exit(struct trothd *d, int status)
{
    if (!d->status)
        d->status = status;
    sd_event_exit(d->loop, d->status);
}

/* The first signal says goodbye to whoever is connected, a second one does not wait for it. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
    struct trothd *d = context;
    (void)source;
    (void)info;
    if (d->stopping) {
        trothd_exit(d, 0);
        return 0;
    }
    d->stopping = true;
    sd_notify(0, "STOPPING=1");
    d->radio->finish(d);
    return 0;
}

static bool open_loop(struct trothd *d, char *why, size_t cap)
{
    d->loop = loop_until(on_signal, d);
    int r = d->loop ? 0 : -errno;
    if (r >= 0)
        r = sd_event_set_watchdog(d->loop, true); /* where systemd asks for it: WatchdogSec= */
    if (r < 0)
        snprintf(why, cap, "cannot make an event loop: %s", strerror(-r));
    return r >= 0;
}

bool trothd_open_store(struct trothd *d, char *why, size_t cap)
{
    char path[4096];
    const char *given = d->options.store;
    if (!given && !paths_state(path, sizeof path, "trothd.db", why, cap))
        return false;
    /* A reset needs no key: it only could not name the network. */
    if (d->options.seal_key && !seal_open(&d->seal, d->options.seal_key, why, cap) &&
        !d->options.factory_reset)
        return false;
    if (store_open(&d->store, given ? given : path, why, cap) != TROTH_OK)
        return false;
    if (*why) /* opened, and something was mended */
        out_error("%s", why);
    /* Two devices on one store would each overwrite what the other remembers. */
    int result = store_lock(d->store);
    if (result == TROTH_BUSY)
        snprintf(why, cap,
                 "%.800s is in use by another trothd: stop that one, or choose another --store",
                 given ? given : path);
    else if (result != TROTH_OK)
        snprintf(why, cap, "%s", store_why(d->store));
    return result == TROTH_OK;
}

static void on_attached(void *ctx, bool here)
{
    struct trothd *d = ctx;
    line_attached(d, here);
    if (d->radio)
        d->radio->agent_changed(d);
}

static bool open_agent(struct trothd *d, char *why, size_t cap)
{
    struct agent_config config = {
        .loop = d->loop, .kind = d->options.agent, .path = d->options.agent_path};
    d->display = display_open(d, &config, why, cap);
    if (*why)
        return false;
    struct agent_config attached = {.loop = d->loop,
                                    .kind = AGENT_ATTACHED,
                                    .path = d->options.agent_socket,
                                    .name = d->options.name,
                                    .attached = on_attached,
                                    .ctx = d};
    d->agent = agent_open(&config, why, cap);
    if (d->agent && d->options.agent_socket)
        d->attached = agent_open(&attached, why, cap);
    return d->agent && (d->attached || !d->options.agent_socket);
}

static int run(struct trothd *d)
{
    char why[1024] = "";
    if (!d->options.name) {
        d->name_pending = true;
        snprintf(d->made_name, sizeof d->made_name, "PROV_");
        d->options.name = d->made_name;
    }
    if (!provision_open(d, why, sizeof why) || !open_loop(d, why, sizeof why) ||
        !reach_open(d, why, sizeof why) || !control_open(d, why, sizeof why) ||
        !trothd_open_store(d, why, sizeof why) || !network_open(d, why, sizeof why) ||
        !open_agent(d, why, sizeof why) || !bluetooth_open(d, why, sizeof why) ||
        !network_start(d, why, sizeof why) || !notify_open(d, why, sizeof why)) {
        out_error("%s", why);
        return CLI_FAILED;
    }
    d->radio->start(d);
    /* Ready to serve even while the controller is away: that is said, and tried again. */
    sd_notify(0, "READY=1");
    int r = sd_event_loop(d->loop);
    if (r >= 0)
        return r;
    out_error("the event loop failed: %s", strerror(-r));
    return CLI_FAILED;
}

int main(int argc, char **argv)
{
    struct trothd d = {0};
    cli_standard_files();
    out_init("trothd", false, stdout);
    int status = options_read(&d.options, argc, argv);
    if (status != CLI_GO)
        return out_finish(status);
    out_init("trothd", d.options.json, stdout);
    out_to_journal();
    status = d.options.factory_reset ? reset(&d) : run(&d);
    oob_close(&d);
    control_close(&d);
    provision_close(&d);
    reach_close(&d);
    bluetooth_close(&d);
    agent_close(d.agent);
    display_close(d.display);
    agent_close(d.attached);
    network_close(&d);
    store_close(d.store);
    wipe(&d.seal, sizeof d.seal);
    sd_event_unref(d.loop);
    if (d.stopping && !status)
        line_stopped();
    return out_finish(status);
}
