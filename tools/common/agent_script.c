/*
 * Agents without a person: always yes, always no, and a script. A script has one line a call, in
 * order; empty lines and those that begin with # do not count:
 *
 *     display              a passkey will be displayed
 *     display 012345       this one
 *     passkey 012345       will be asked for: type this. "passkey no" refuses
 *     compare yes          two numbers will be compared; "compare yes 012345": this one is shown
 *     consent no           Just Works will ask
 */
#include "common/agent_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "common/out.h"

static bool decide_always(struct agent *a, const struct troth_agent_call *call, uint32_t *passkey)
{
    (void)passkey;
    return a->cfg.kind == AGENT_YES && call->type != TROTH_AGENT_PASSKEY;
}

const struct agent_way agent_automatic = {.decide = decide_always};

/* ---- scripts ---- */

#define STEPS 64

struct step {
    enum troth_agent_call_type call;
    bool yes;
    int32_t passkey; /* to type, or that must be shown; -1: none, any */
};

struct agent_script {
    unsigned count, at;
    bool broken;
    struct step step[STEPS];
};

static const char *const words[] = {[TROTH_AGENT_DISPLAY] = "display",
                                    [TROTH_AGENT_PASSKEY] = "passkey",
                                    [TROTH_AGENT_COMPARE] = "compare",
                                    [TROTH_AGENT_CONSENT] = "consent"};

static bool parse(char *line, struct step *step)
{
    char *save, *word = strtok_r(line, " \t", &save), *first = strtok_r(NULL, " \t", &save),
                *second = strtok_r(NULL, " \t", &save);
    memset(step, 0, sizeof *step);
    for (int c = TROTH_AGENT_DISPLAY; c <= TROTH_AGENT_CONSENT; c++)
        if (!strcmp(word, words[c]))
            step->call = (enum troth_agent_call_type)c;
    bool no = first && !strcmp(first, "no");
    step->yes = first && !strcmp(first, "yes");
    step->passkey = -1;
    switch (step->call) {
    case TROTH_AGENT_DISPLAY:
        if (first)
            step->passkey = agent_passkey(first);
        return !second && (!first || step->passkey >= 0);
    case TROTH_AGENT_PASSKEY:
        step->passkey = first && !no ? agent_passkey(first) : -1;
        step->yes = step->passkey >= 0;
        return !second && (no || step->yes);
    case TROTH_AGENT_COMPARE:
        if (second)
            step->passkey = agent_passkey(second);
        return (no || step->yes) && (!second || step->passkey >= 0);
    case TROTH_AGENT_CONSENT:
        return !second && (no || step->yes);
    }
    return false;
}

static bool read_script(struct agent *a, FILE *f, char *why, size_t cap)
{
    char line[256];
    struct agent_script *s = a->script;
    for (unsigned number = 1; fgets(line, sizeof line, f); number++) {
        line[strcspn(line, "\r\n")] = 0;
        size_t blank = strspn(line, " \t");
        if (!line[blank] || line[blank] == '#')
            continue;
        if (s->count == STEPS) {
            snprintf(why, cap, "%s:%u: a script has at most %d lines", a->cfg.path, number, STEPS);
            return false;
        }
        if (!parse(line, &s->step[s->count++])) {
            snprintf(why, cap,
                     "%s:%u: expected \"display [012345]\", \"passkey 012345|no\", \"compare "
                     "yes|no [012345]\" or \"consent yes|no\"",
                     a->cfg.path, number);
            return false;
        }
    }
    wipe(line, sizeof line);
    return true;
}

static bool open_script(struct agent *a, char *why, size_t cap)
{
    FILE *f = fopen(a->cfg.path, "re");
    if (!f) {
        snprintf(why, cap, "cannot read the agent's script %s: %s", a->cfg.path, strerror(errno));
        return false;
    }
    a->script = calloc(1, sizeof *a->script);
    bool ok = a->script && read_script(a, f, why, cap);
    if (!a->script)
        snprintf(why, cap, "no memory for a script");
    fclose(f);
    return ok;
}

static void close_script(struct agent *a)
{
    if (a->script)
        wipe(a->script, sizeof *a->script);
    free(a->script);
}

static bool unexpected(struct agent *a, const struct troth_agent_call *call)
{
    struct agent_script *s = a->script;
    s->broken = true;
    if (s->at >= s->count)
        out_error("the agent's script %s is at its end, and \"%s\" was called; taken as no",
                  a->cfg.path, words[call->type]);
    else
        out_error("the agent's script %s expects \"%s\"%s, and \"%s\" was called%s; taken as no",
                  a->cfg.path, words[s->step[s->at].call],
                  s->step[s->at].passkey >= 0 ? " of a certain number" : "", words[call->type],
                  s->step[s->at].call == call->type ? " of another" : "");
    return false;
}

static bool decide(struct agent *a, const struct troth_agent_call *call, uint32_t *passkey)
{
    struct agent_script *s = a->script;
    const struct step *step = &s->step[s->at];
    if (s->broken || s->at >= s->count || step->call != call->type)
        return unexpected(a, call);
    if (call->type == TROTH_AGENT_PASSKEY)
        *passkey = step->yes ? (uint32_t)step->passkey : 0;
    else if (step->passkey >= 0 && call->passkey != (uint32_t)step->passkey)
        return unexpected(a, call);
    s->at++;
    return step->yes;
}

const struct agent_way agent_script = {
    .open = open_script, .close = close_script, .decide = decide};

bool agent_script_kept(const struct agent *a, bool at_end)
{
    return !a || !a->script ||
           (!a->script->broken && (!at_end || a->script->at == a->script->count));
}
