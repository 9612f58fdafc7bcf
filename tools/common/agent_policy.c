#include "common/agent_policy.h"

#include "common/agent.h"
#include "common/out.h"
#include "common/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <troth/gap.h>

/* "Lamp (C0:FF:EE:00:00:01)": by its address, by its name, which anybody may bear, or both. */
static bool is_peer(const char *peer, const char *who)
{
    struct troth_addr addr;
    char name[300];
    const char *open = strrchr(peer, '(');
    if (!strcmp(who, "*") || !strcasecmp(peer, who))
        return true;
    if (!open || open == peer)
        return false;
    if (troth_addr_parse(&addr, who))
        return !strncasecmp(open + 1, who, strlen(who)) && !strcmp(open + 1 + strlen(who), ")");
    snprintf(name, sizeof name, "%.*s", (int)(open - peer - 1), peer);
    return !strcasecmp(name, who);
}

/* -1: not of this peer; -2: not a line of this file. */
static int32_t take_line(char *line, const char *peer)
{
    line[strcspn(line, "#\r\n")] = 0;
    char *end = line + strlen(line);
    while (end > line && strchr(" \t", end[-1]))
        *--end = 0;
    line += strspn(line, " \t");
    if (!*line)
        return -1;
    int32_t value = agent_passkey(line);
    if (value >= 0)
        return value;
    char *digits = strrchr(line, ' ');
    if (!digits || (value = agent_passkey(digits)) < 0)
        return -2;
    while (digits > line && strchr(" \t", digits[-1]))
        digits--;
    *digits = 0;
    return is_peer(peer, line) ? value : -1;
}

int32_t agent_policy_passkey(const char *path, const char *peer, char *why, size_t why_cap)
{
    char line[512];
    int32_t value = -1;
    FILE *f = fopen(path, "re");
    if (!f) {
        snprintf(why, why_cap, "--passkey %s: %s", path, strerror(errno));
        return -1;
    }
    setvbuf(f, NULL, _IONBF, 0); /* no copy is left */
    for (unsigned n = 1; value == -1 && fgets(line, sizeof line, f); n++)
        if ((value = take_line(line, peer)) == -2)
            snprintf(why, why_cap,
                     "--passkey %s: line %u is neither six digits nor PEER and six "
                     "digits",
                     path, n);
    if (value == -1)
        snprintf(why, why_cap, "--passkey %s has none for %s", path, peer);
    fclose(f);
    secret_wipe(line, sizeof line);
    return value < 0 ? -1 : value;
}

/* ---- questions ---- */

static struct agent_policy_call *find(struct agent_policy *p, uint32_t id)
{
    for (unsigned i = 0; i < POLICY_OPEN; i++)
        if (p->open[i].call.id == id)
            return &p->open[i];
    return NULL;
}

static void drop(struct agent_policy_call *o)
{
    o->timer = sd_event_source_disable_unref(o->timer);
    secret_wipe(o, sizeof *o);
}

static const char *name_of(const struct troth_agent_call *call)
{
    static const char *const names[] = {[TROTH_AGENT_DISPLAY] = "display",
                                        [TROTH_AGENT_PASSKEY] = "passkey",
                                        [TROTH_AGENT_COMPARE] = "compare",
                                        [TROTH_AGENT_CONSENT] = "consent"};
    return names[call->type];
}

static void settle(struct agent_policy_call *o, bool yes, uint32_t passkey, const char *by)
{
    struct troth_agent_call call = o->call;
    const char *name = name_of(&call);
    out_event(yes ? OUT_GOOD : OUT_WARN, "answered",
              out_fields("call:s peer:s yes:b by:s", name, o->peer, yes, by), "%s: %s, %s", o->peer,
              yes ? "accepted" : "refused", by);
    drop(o);
    call.answer(call.host, call.id, yes, passkey);
    secret_wipe(&call, sizeof call);
}

/* From the agent behind. */
static void on_answer(void *host, uint32_t id, bool yes, uint32_t passkey)
{
    struct agent_policy_call *o = find(host, id);
    if (o)
        settle(o, yes, passkey, "by hand");
}

static int on_time(sd_event_source *source, uint64_t now, void *ctx)
{
    struct agent_policy_call *o = ctx;
    struct agent_policy *p = o->policy;
    uint32_t id = o->call.id;
    (void)source;
    (void)now;
    settle(o, false, 0, "as nobody answered in time");
    p->to->closed(p->to->ctx, id);
    return 0;
}

static void tell(const struct troth_agent_call *call, const char *peer)
{
    static const char *const words[] = {
        [TROTH_AGENT_DISPLAY] = "a passkey is shown here, to be typed there",
        [TROTH_AGENT_PASSKEY] = "the passkey it shows is to be typed here",
        [TROTH_AGENT_COMPARE] = "both show a number, which is to be compared",
        [TROTH_AGENT_CONSENT] = "it wants to pair, and nothing proves who it is"};
    out_event(OUT_PLAIN, "call", out_fields("call:s peer:s", name_of(call), peer), "%s: %s", peer,
              words[call->type]);
}

static bool by_file(struct agent_policy *p, struct agent_policy_call *o)
{
    char why[512];
    int32_t passkey = agent_policy_passkey(p->passkeys, o->peer, why, sizeof why);
    if (passkey < 0)
        out_error("%s", why);
    settle(o, passkey >= 0, passkey < 0 ? 0 : (uint32_t)passkey, "by the passkey file");
    return true;
}

static bool by_rule(struct agent_policy *p, struct agent_policy_call *o)
{
    enum troth_agent_call_type type = o->call.type;
    if (type == TROTH_AGENT_CONSENT && p->accept_just_works)
        return settle(o, true, 0, "by --accept-just-works"), true;
    if (type == TROTH_AGENT_PASSKEY && p->passkeys)
        return by_file(p, o);
    if (p->no)
        return settle(o, false, 0, "by --no"), true;
    if (p->yes && type != TROTH_AGENT_PASSKEY)
        return settle(o, true, 0, "by --yes, unseen"), true;
    return false;
}

static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    struct agent_policy *p = ctx;
    struct agent_policy_call *o = find(p, 0);
    tell(call, call->peer);
    if (call->type == TROTH_AGENT_DISPLAY)
        return p->to->call(p->to->ctx, call);
    if (!o)
        return false;
    o->policy = p;
    o->call = *call;
    snprintf(o->peer, sizeof o->peer, "%s", call->peer);
    if (by_rule(p, o))
        return true;
    struct troth_agent_call copy = *call;
    copy.answer = on_answer;
    copy.host = p;
    if (p->within_s)
        sd_event_add_time_relative(p->loop, &o->timer, CLOCK_MONOTONIC, p->within_s * 1000000ull, 0,
                                   on_time, o);
    if (p->to->call(p->to->ctx, &copy))
        return true;
    if ((o = find(p, call->id)))
        drop(o);
    out_event(OUT_WARN, "answered",
              out_fields("call:s peer:s yes:b by:s", name_of(call), call->peer, false, "nobody"),
              "%s: refused, as nobody is there to answer", call->peer);
    return false;
}

static void on_closed(void *ctx, uint32_t id)
{
    struct agent_policy *p = ctx;
    struct agent_policy_call *o = find(p, id);
    if (o) {
        out_event(OUT_WARN, "withdrawn", out_fields("peer:s", o->peer),
                  "%s: the question is void; the pairing ended", o->peer);
        drop(o);
    }
    p->to->closed(p->to->ctx, id);
}

void agent_policy_init(struct agent_policy *p)
{
    p->agent.call = on_call;
    p->agent.closed = on_closed;
    p->agent.ctx = p;
}

void agent_policy_end(struct agent_policy *p)
{
    for (unsigned i = 0; i < POLICY_OPEN; i++)
        drop(&p->open[i]);
}
