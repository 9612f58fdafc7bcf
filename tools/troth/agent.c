/* troth agent: answers pairing questions, of a device's --agent-socket or of bluetoothd. */
#include "agent_bluez.h"
#include "commands.h"

#include "common/agent.h"
#include "common/cli.h"
#include "common/loop.h"
#include "common/out.h"
#include "common/secret.h"
#include "common/words_pairing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <troth/smp.h>

static int io_cap = -1;
static bool yes, refuse, step, json, bluez;
static const char *script;
static struct agent_bluez_options desk;

static const struct cli_option options[] = {
    {.name = "io",
     .kind = CLI_CHOICE,
     .target = &io_cap,
     .choices = cli_io_caps,
     .help = "what you can show and type (keyboard-display)"},
    {.name = "yes",
     .kind = CLI_FLAG,
     .target = &yes,
     .help = "unsafe: say yes to everything, without looking"},
    {.name = "refuse", .kind = CLI_FLAG, .target = &refuse, .help = "say no to everything"},
    {.name = "no", .kind = CLI_FLAG, .target = &refuse},
    {.name = "io-cap", .kind = CLI_CHOICE, .target = &io_cap, .choices = cli_io_caps},
    {.name = "capability",
     .letter = 'c',
     .kind = CLI_CHOICE,
     .target = &io_cap,
     .choices = cli_io_caps},
    {.name = "script",
     .kind = CLI_TEXT,
     .target = &script,
     .argument = "FILE",
     .help = "answer from a file, a line a call; fail on the\nunexpected"},
    {.name = "step",
     .kind = CLI_FLAG,
     .target = &step,
     .help = "stop at each call, show all it says, wait for Enter"},
    {.name = "bluez",
     .kind = CLI_FLAG,
     .target = &bluez,
     .help = "answer bluetoothd, of this machine; with it also:"},
    {.name = "adapter",
     .kind = CLI_TEXT,
     .target = &desk.adapter,
     .argument = "hciN",
     .help = "... of this adapter (the first)"},
    {.name = "no-default",
     .kind = CLI_FLAG,
     .target = &desk.no_default,
     .help = "... without being the default agent"},
    {.name = "accept-just-works",
     .kind = CLI_FLAG,
     .target = &desk.accept_just_works,
     .help = "... let anybody pair who need not prove anything"},
    {.name = "passkey",
     .letter = 'p',
     .kind = CLI_TEXT,
     .target = &desk.passkey,
     .argument = "FILE",
     .help = "... six digits for all, or lines of PEER and digits"},
    {.name = "services",
     .kind = CLI_TEXT,
     .target = &desk.services,
     .argument = "LIST",
     .help = "... services that may be used: UUIDs, all or none"},
    {.name = "answer-within",
     .kind = CLI_NUMBER,
     .target = &desk.within,
     .argument = "SECONDS",
     .help = "... refuse what nobody answers in that time",
     .min = 1,
     .max = 3600},
    {.name = "timeout",
     .kind = CLI_NUMBER,
     .target = &desk.timeout,
     .argument = "SECONDS",
     .help = "... leave after that time",
     .min = 1,
     .max = 1000000},
    {.name = "json", .kind = CLI_FLAG, .target = &json, .help = "for machines"},
    {0},
};

static const struct cli cli = {
    .program = "troth agent",
    .operands = "PATH | --bluez",
    .operands_max = 1,
    .about =
        "Attaches to the socket of trothd --agent-socket PATH: shows what its pairings ask and\n"
        "answers it, by hand or by rule, until the device stops or Ctrl-C. Meanwhile the\n"
        "device promises what you can do; afterwards its own agent answers again.\n"
        "With --bluez it answers what bluetoothd asks, until Ctrl-C, as the default agent unless\n"
        "that is taken back: who wants to pair, and what there is to compare or to type.",
    .options = options,
    .notes = "A script has a line a call, in order; # begins a comment:\n"
             "  display              a passkey is shown here; \"display 012345\": this one\n"
             "  passkey 012345       is typed; \"passkey no\" refuses\n"
             "  compare yes          or no; \"compare yes 012345\": if this is shown\n"
             "  consent yes          or no, to Just Works",
    .examples = "troth agent /run/trothd/agent\n"
                "troth agent /run/trothd/agent --io display-yes-no\n"
                "troth agent /run/trothd/agent --script answers.txt\n"
                "troth agent --bluez\n"
                "troth agent --bluez --io none --accept-just-works",
};

struct attachment {
    sd_event *loop;
    struct agent *agent;
    int fd;
    char line[2048];
    size_t len;
    bool told;
    int status;
};

static void leave(struct attachment *t, int status)
{
    if (!t->status)
        t->status = status;
    sd_event_exit(t->loop, 0);
}

static void put(struct attachment *t, cJSON *j)
{
    char *text = cJSON_PrintUnformatted(j);
    char line[256];
    int n = text ? snprintf(line, sizeof line, "%s\n", text) : -1;
    if (n > 0 && (size_t)n < sizeof line && send(t->fd, line, (size_t)n, MSG_NOSIGNAL) != n) {
        out_error("the device does not listen any more: %s", strerror(errno));
        leave(t, CLI_FAILED);
    }
    if (text)
        secret_wipe(text, strlen(text));
    secret_wipe(line, sizeof line);
    cJSON_free(text);
    cJSON_Delete(j);
}

/* ---- calls ---- */

/* As the question asks: a passkey goes back as digits. */
static void answer_passkey(void *host, uint32_t id, bool ok, uint32_t passkey)
{
    char digits[12];
    snprintf(digits, sizeof digits, "%06u", (unsigned)passkey);
    put(host, ok ? out_fields("id:u passkey:s", (unsigned)id, digits)
                 : out_fields("id:u yes:b", (unsigned)id, false));
    secret_wipe(digits, sizeof digits);
}

static void answer_yes_no(void *host, uint32_t id, bool ok, uint32_t passkey)
{
    (void)passkey;
    put(host, out_fields("id:u yes:b", (unsigned)id, ok));
}

static enum troth_model model_of(const char *name)
{
    for (uint8_t m = 0; name && m <= TROTH_OOB; m++)
        if (!strcmp(troth_model_name(m), name))
            return (enum troth_model)m;
    return TROTH_JUST_WORKS;
}

static const char *string_of(const cJSON *j, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, key));
}

static bool take_call(struct attachment *t, const cJSON *j, const char *word)
{
    static const char *const words[] = {[TROTH_AGENT_DISPLAY] = "display",
                                        [TROTH_AGENT_PASSKEY] = "passkey",
                                        [TROTH_AGENT_COMPARE] = "compare",
                                        [TROTH_AGENT_CONSENT] = "consent"};
    const char *digits = string_of(j, "passkey"), *peer = string_of(j, "peer");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(j, "id");
    int32_t value = digits ? agent_passkey(digits) : -1;
    struct troth_agent_call call = {
        .id = cJSON_IsNumber(id) ? (uint32_t)id->valuedouble : 0,
        .passkey = value < 0 ? 0 : (uint32_t)value,
        .model = model_of(string_of(j, "model")),
        .peer = peer ? peer : "the other side",
        .host = t,
    };
    for (int i = TROTH_AGENT_DISPLAY; i <= TROTH_AGENT_CONSENT; i++)
        if (!strcmp(words[i], word))
            call.type = (enum troth_agent_call_type)i;
    bool number = call.type == TROTH_AGENT_DISPLAY || call.type == TROTH_AGENT_COMPARE;
    if (!call.type || !call.id || (number && value < 0))
        return false;
    call.answer = call.type == TROTH_AGENT_PASSKEY ? answer_passkey : answer_yes_no;
    const struct troth_agent *a = agent_troth(t->agent);
    out_event(OUT_DIM, "call", out_fields("call:s peer:s", word, call.peer), "called: %s, for %s",
              word, call.peer);
    if (!a->call(a->ctx, &call) && call.type != TROTH_AGENT_DISPLAY)
        call.answer(t, call.id, false, 0);
    secret_wipe(&call, sizeof call);
    return true;
}

static bool take_hello(struct attachment *t, const cJSON *j)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(j, "troth_agent");
    const char *name = string_of(j, "name");
    if (!cJSON_IsNumber(version) || version->valueint != 1)
        return false;
    t->told = true;
    put(t, out_fields("io:s", pairing_io_cap_words((uint8_t)io_cap)));
    out_event(OUT_PLAIN, "attached",
              out_fields("name:s io:s", name, pairing_io_cap_words((uint8_t)io_cap)),
              "attached to %s, promising %s", name ? name : "the device",
              pairing_io_cap_words((uint8_t)io_cap));
    return true;
}

static bool take_closed(struct attachment *t, const cJSON *closed)
{
    const struct troth_agent *a = agent_troth(t->agent);
    out_event(OUT_DIM, "closed", NULL, "closed: the pairing goes on without it, or is over");
    a->closed(a->ctx, (uint32_t)closed->valuedouble);
    return true;
}

static void take_line(struct attachment *t, const char *line)
{
    cJSON *j = cJSON_Parse(line);
    const char *call = string_of(j, "call"), *error = string_of(j, "error");
    const cJSON *closed = cJSON_GetObjectItemCaseSensitive(j, "closed");
    bool ok = true;
    if (error) {
        out_error(strcmp(error, "busy") ? "the device complains: %s"
                                        : "another agent is attached (%s)",
                  error);
        leave(t, CLI_FAILED);
    } else if (!t->told) {
        ok = take_hello(t, j);
    } else if (call) {
        ok = take_call(t, j, call);
    } else if (cJSON_IsNumber(closed)) {
        ok = take_closed(t, closed);
    }
    cJSON_Delete(j);
    if (ok)
        return;
    out_error("what listens there is no device's --agent-socket, or one of another version");
    leave(t, CLI_FAILED);
}

static int on_device(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    struct attachment *t = ctx;
    char *end;
    (void)source;
    (void)events;
    ssize_t n = read(fd, t->line + t->len, sizeof t->line - 1 - t->len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        out_event(OUT_PLAIN, "detached", NULL, "the device has gone");
        leave(t, CLI_DONE);
        return 0;
    }
    t->len += (size_t)n;
    while ((end = memchr(t->line, '\n', t->len))) {
        *end++ = 0;
        take_line(t, t->line);
        t->len -= (size_t)(end - t->line);
        memmove(t->line, end, t->len);
    }
    secret_wipe(t->line + t->len, sizeof t->line - t->len);
    if (t->len == sizeof t->line - 1) {
        out_error("what listens there is no device's --agent-socket: its line has no end");
        leave(t, CLI_FAILED);
    }
    return 0;
}

/* ---- the course ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
    (void)source;
    (void)info;
    leave(ctx, CLI_DONE);
    return 0;
}

static bool attach(struct attachment *t, const char *path)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (!strncmp(path, "unix:", 5))
        path += 5;
    if (!*path || strlen(path) >= sizeof where.sun_path) {
        out_error("a socket's path has 1 to %zu octets", sizeof where.sun_path - 1);
        return false;
    }
    snprintf(where.sun_path, sizeof where.sun_path, "%s", path);
    t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (t->fd >= 0 && !connect(t->fd, (const struct sockaddr *)&where, sizeof where))
        return true;
    if (errno == EACCES)
        out_error("no permission for %s: only the user who runs the device, or root, answers for "
                  "it (ls -l %s)",
                  path, path);
    else
        out_error("no device listens at %s: %s; start trothd with --agent-socket %s", path,
                  strerror(errno), path);
    return false;
}

static bool open_agent(struct attachment *t)
{
    char why[512];
    struct agent_config config = {
        .loop = t->loop,
        .kind = yes                     ? AGENT_YES
                : refuse                ? AGENT_REFUSE
                : script                ? AGENT_SCRIPT
                : step                  ? AGENT_STEP
                : agent_have_terminal() ? AGENT_TERMINAL
                                        : AGENT_STDIN,
        .path = script,
    };
    t->agent = agent_open(&config, why, sizeof why);
    if (!t->agent)
        out_error("%s", why);
    return t->agent != NULL;
}

static bool open_loop(struct attachment *t)
{
    t->loop = loop_until(on_signal, t);
    if (!t->loop)
        out_error("no event loop could be made");
    return t->loop != NULL;
}

int cmd_agent(int argc, char **argv)
{
    struct attachment t = {.fd = -1};
    char **operands;
    int status = cli_parse(&cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(cli.program, json, stderr);
    if (yes + refuse + step + !!script > 1)
        return cli_misuse(&cli, "of --yes, --refuse, --script and --step only one can hold");
    if (bluez && operands[0])
        return cli_misuse(&cli, "'%s' is not expected with --bluez", operands[0]);
    if (!bluez && !operands[0])
        return cli_misuse(&cli, "PATH is missing, the socket of trothd --agent-socket; or --bluez");
    if (bluez) {
        desk.yes = yes;
        desk.no = refuse;
        desk.step = step;
        desk.script = script;
        desk.io_cap = io_cap;
        return agent_bluez(&cli, &desk);
    }
    if (desk.adapter || desk.no_default || desk.accept_just_works || desk.passkey ||
        desk.services || desk.within || desk.timeout)
        return cli_misuse(&cli, "what the help lists after --bluez goes with --bluez");
    if (io_cap < 0)
        io_cap = yes ? TROTH_DISPLAY_YES_NO : TROTH_KEYBOARD_DISPLAY;
    /* The script is read before anybody is told that somebody is there. */
    bool ok = open_loop(&t) && open_agent(&t) && attach(&t, operands[0]) &&
              sd_event_add_io(t.loop, NULL, t.fd, EPOLLIN, on_device, &t) >= 0 &&
              sd_event_loop(t.loop) >= 0;
    if (ok && !agent_script_kept(t.agent, true)) {
        out_error("not everything went as %s says", script);
        ok = false;
    }
    agent_close(t.agent);
    if (t.fd >= 0)
        close(t.fd);
    sd_event_unref(t.loop);
    secret_wipe(t.line, sizeof t.line);
    return !ok ? CLI_FAILED : t.status;
}
