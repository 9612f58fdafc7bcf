/*
 * --display-command: a passkey, and that it is void, each handed to a run of a command as one line
 * of JSON on its standard input. Runs follow each other; who needs long misses what is old by then.
 */
#include "trothd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/argv.h"
#include "common/child.h"
#include "common/out.h"

#define RUN_MS  10000u /* so long may it run */
#define LAST_MS 2000u  /* ... when trothd ends */

struct display {
    sd_event *loop;
    struct argv argv;
    char passkey[8]; /* to be shown; empty: none */
    char peer[160];
    bool due;   /* the command does not know yet */
    bool shown; /* what it was told last was a passkey */
    struct child child;
};

static void next(struct display *s);

static void on_done(void *ctx)
{
    struct display *s = ctx;
    char words[80];
    child_words(&s->child, words, sizeof words);
    if (!child_did_well(&s->child))
        out_error("the display command %s%s", words,
                  s->shown ? ": nobody may have seen the passkey" : "");
    next(s);
}

/* -1: errno. */
static int input(const struct display *s)
{
    cJSON *j = *s->passkey ? out_fields("passkey:s peer:s", s->passkey, s->peer)
                           : out_fields("withdrawn:b", true);
    char *text = cJSON_PrintUnformatted(j);
    size_t len = text ? strlen(text) : 0;
    int fd = -1;
    errno = ENOMEM;
    if (text) {
        text[len] = '\n'; /* where its NUL was */
        fd = child_input(text, len + 1);
        explicit_bzero(text, len);
    }
    cJSON *digits = cJSON_GetObjectItemCaseSensitive(j, "passkey");
    if (digits && digits->valuestring)
        explicit_bzero(digits->valuestring, strlen(digits->valuestring));
    cJSON_free(text);
    cJSON_Delete(j);
    return fd;
}

/* In the loop; or, when trothd ends, waiting for it. */
static void tell(struct display *s, bool last)
{
    char why[300] = "";
    int in = input(s);
    const struct child_order order = {.argv = (const char *const *)s->argv.word,
                                      .input = in,
                                      .group = true,
                                      .ms = last ? LAST_MS : RUN_MS};
    if (in < 0)
        snprintf(why, sizeof why, "%s", strerror(errno));
    else if (last)
        child_run(&s->child, &order, why, sizeof why);
    else
        child_start(&s->child, &order, s->loop, on_done, s, why, sizeof why);
    if (in >= 0)
        close(in);
    if (*why)
        out_error("the display command: %s", why);
}

/* Tells the command what is to be seen now, unless it runs or knows. */
static void next(struct display *s)
{
    bool news = *s->passkey || s->shown;
    if (!s->due || s->child.pid || !news) {
        s->due = s->due && s->child.pid;
        return;
    }
    s->due = false;
    s->shown = *s->passkey;
    tell(s, false);
}

static void on_display(void *ctx, const char *passkey, const char *peer)
{
    struct display *s = ctx;
    snprintf(s->passkey, sizeof s->passkey, "%s", passkey ? passkey : "");
    snprintf(s->peer, sizeof s->peer, "%s", peer ? peer : "");
    s->due = true;
    next(s);
}

/* ---- opening and closing ---- */

struct display *display_open(struct trothd *d, struct agent_config *agent, char *why, size_t cap)
{
    char fault[300];
    const char *command = d->options.service.display_command;
    if (d->options.service.passkey_file)
        label_look_after(d->options.service.passkey_file);
    if (d->options.agent != AGENT_DISPLAY || !command)
        return NULL;
    struct display *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, cap, "no memory for a display");
        return NULL;
    }
    s->loop = d->loop;
    if (!argv_split(&s->argv, command, fault, sizeof fault) ||
        !argv_runs(&s->argv, fault, sizeof fault)) {
        snprintf(why, cap, "--display-command cannot be run: %s", fault);
        free(s);
        return NULL;
    }
    agent->display = on_display;
    agent->ctx = s;
    return s;
}

void display_close(struct display *s)
{
    if (!s)
        return;
    child_finish(&s->child, LAST_MS);
    wipe(s->passkey, sizeof s->passkey);
    if (s->shown)
        tell(s, true);
    wipe(s, sizeof *s);
    free(s);
}
