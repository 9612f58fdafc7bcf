/* The options of a device somebody ships. */
#include "trothd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "common/argv.h"
#include "common/secret.h"

const struct cli_choice service_windows[] = {
    {"boot", WINDOW_BOOT},     {"command", WINDOW_COMMAND}, {"lost", WINDOW_LOST},
    {"always", WINDOW_ALWAYS}, {"never", WINDOW_NEVER},     {NULL, 0},
};

bool service_parse_command(void *target, const char *text, char *why, size_t cap)
{
    struct argv a;
    if (!argv_split(&a, text, why, cap))
        return false;
    *(const char **)target = text;
    return true;
}

static const char *read_passkey(struct options *o, char *why, size_t cap)
{
    uint8_t text[64] = {0};
    size_t len = 0;
    bool ok = secret_read(o->service.passkey_file, text, sizeof text - 1, &len, why, cap);
    int32_t passkey = ok ? agent_passkey((const char *)text) : -1;
    wipe(text, sizeof text);
    if (!ok)
        return why;
    if (passkey < 0) {
        snprintf(why, cap, "%s: the first line of a passkey file is six digits, as in 012345",
                 o->service.passkey_file);
        return why;
    }
    o->policy.fixed_passkey = true;
    o->policy.passkey = (uint32_t)passkey;
    return NULL;
}

const char *service_settle(struct options *o, char *why, size_t cap)
{
    const struct service_options *s = &o->service;
    bool shows = s->display_command || s->passkey_file;
    if (s->passkey_file && o->policy.fixed_passkey)
        return "--insecure-fixed-passkey and --insecure-fixed-passkey-file say the same: give one";
    if (s->passkey_file && o->policy.unlimited_attempts)
        return "a passkey that stays can be guessed: --insecure-fixed-passkey-file does not go "
               "with --insecure-unlimited-attempts";
    if (s->display_command && o->agent != AGENT_NONE)
        return "--display-command shows passkeys where nobody else does: it goes with --agent none";
    if (o->agent == AGENT_NONE && shows) {
        if (o->io_cap >= 0 && o->io_cap != TROTH_DISPLAY_ONLY)
            return "a command or a label only shows passkeys: leave --io-cap out, or say "
                   "display-only";
        o->agent = AGENT_DISPLAY;
    }
    if (s->time_s && s->window == WINDOW_NEVER)
        return "--window-time says how long a window stays open, and --window never opens none";
    return s->passkey_file ? read_passkey(o, why, cap) : NULL;
}

bool service_control_path(const struct service_options *o, char *path, size_t cap, char *why,
                          size_t why_cap)
{
    const char *runtime = getenv("RUNTIME_DIRECTORY"); /* of a service manager; : divides */
    int n = 0;
    *path = *why = 0;
    if (o->control)
        n = snprintf(path, cap, "%s", strcmp(o->control, "none") ? o->control : "");
    else if (runtime && *runtime)
        n = snprintf(path, cap, "%.*s/control", (int)strcspn(runtime, ":"), runtime);
    if (n >= 0 && (size_t)n < cap)
        return *path;
    *path = 0;
    snprintf(why, why_cap, "the control socket needs a path of at most %zu octets", cap - 1);
    return false;
}
