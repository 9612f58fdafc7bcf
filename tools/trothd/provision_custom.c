/* Custom data: kept in a file, or handed to a command whose output is the response. */
#include "trothd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/files.h"
#include "common/out.h"

#define COMMAND_MS 10000u /* so long may it run */

static const char done[] = "SUCCESS"; /* its NUL goes as well: what clients of the protocol show */

/* ---- a file ---- */

static int keep(const char *path, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    bool kept = files_put(path, (const char *)in, len, false, true);
    line_provision_custom(len, kept, path);
    memcpy(out, done, sizeof done);
    *out_len = sizeof done;
    return kept ? TROTH_OK : TROTH_FAILED;
}

/* ---- a command ---- */

static void let_go(struct provision_custom *c)
{
    wipe(c->reply, sizeof c->reply);
    memset(&c->child, 0, sizeof c->child);
}

static void on_done(void *ctx)
{
    struct provision_custom *c = ctx;
    size_t len = c->child.len;
    bool ok = child_did_well(&c->child);
    line_provision_command(ok, c->child.status, c->child.too_long || c->child.late);
    if (ok && !len) {
        memcpy(c->reply, done, sizeof done);
        len = sizeof done;
    }
    /* STALE: the client did not wait for it. */
    troth_protocomm_complete(c->protocomm, c->serial, ok ? TROTH_OK : TROTH_FAILED, c->reply,
                             ok ? len : 0);
    let_go(c);
}

static int run(struct provision_custom *c, const char *command, uint32_t serial, const uint8_t *in,
               size_t len)
{
    char why[300];
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct child_order order = {.argv = argv,
                                .input = child_input(in, len),
                                .output = c->reply,
                                .room = sizeof c->reply,
                                .errors = true,
                                .group = true,
                                .ms = COMMAND_MS};
    bool ok = false;
    if (order.input < 0)
        snprintf(why, sizeof why, "%s", strerror(errno));
    else
        ok = child_start(&c->child, &order, c->loop, on_done, c, why, sizeof why);
    if (order.input >= 0)
        close(order.input);
    c->serial = serial;
    if (!ok)
        out_error("the command for custom data: %s", why);
    return ok ? TROTH_PROTOCOMM_LATER : TROTH_FAILED;
}

/* ---- the endpoint ---- */

int provision_custom(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
                     size_t *out_len)
{
    struct provision_custom *c = ctx;
    if (c->path)
        return keep(c->path, in, len, out, out_len);
    return c->child.pid ? TROTH_FAILED : run(c, c->command, serial, in, len);
}

void provision_custom_open(struct provision_custom *c, sd_event *loop,
                           const struct provision_options *o, struct troth_protocomm *protocomm)
{
    c->loop = loop;
    c->path = o->custom_data;
    c->command = o->custom_data_command;
    c->protocomm = protocomm;
}

void provision_custom_close(struct provision_custom *c)
{
    if (!c->loop)
        return;
    child_finish(&c->child, 0);
    let_go(c);
}
