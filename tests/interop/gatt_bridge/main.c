/*
 *     gatt_bridge WHERE serve   NAME [--encrypt] [--notify] [--tx-power] SERVICE ENDPOINT...
 *     gatt_bridge WHERE connect NAME [--encrypt]
 *
 * serve: advertises the service and the name; the characteristics of the service are its UUID with
 * FF4F, FF50 ... in it, described by the endpoints' names. Requests leave on standard output.
 * connect: to who advertises the name and one service of 128 bits. Requests come on standard input.
 */
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bridge.h"

static const struct side *side;
static int status;

/* ---- out ---- */

void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void fail(struct bridge *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    status = 1;
    sd_event_exit(b->loop, 0);
}

void say(const char *json)
{
    puts(json);
    fflush(stdout);
}

static void put_hex(const uint8_t *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        printf("%02x", value[i]);
}

void say_request(const char *endpoint, const uint8_t *value, size_t len)
{
    printf("{\"endpoint\": \"%s\", \"hex\": \"", endpoint);
    put_hex(value, len);
    say("\"}");
}

void say_value(const uint8_t *value, size_t len)
{
    printf("{\"hex\": \"");
    put_hex(value, len);
    say("\"}");
}

void say_error(const char *why, bool closed)
{
    printf("{\"error\": \"%s\"%s", why, closed ? ", \"closed\": true" : "");
    say("}");
}

/* ---- in ---- */

static int nibble(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

static bool take_hex(const char *text, uint8_t *out, size_t cap, size_t *len)
{
    for (*len = 0; text[0] && text[1]; text += 2) {
        int high = nibble(text[0]), low = nibble(text[1]);
        if (high < 0 || low < 0 || *len == cap)
            return false;
        out[(*len)++] = (uint8_t)(high << 4 | low);
    }
    return !*text;
}

bool uuid_parse(struct troth_uuid *u, const char *text)
{
    char hex[33];
    uint8_t big[16];
    size_t n = 0, len;
    for (; *text && n < 32; text++)
        if (*text != '-')
            hex[n++] = *text;
    hex[n] = 0;
    if (*text || n != 32 || !take_hex(hex, big, sizeof big, &len))
        return false;
    u->len = 16;
    for (unsigned i = 0; i < 16; i++)
        u->b[i] = big[15 - i];
    return true;
}

static const char *text_of(const cJSON *j, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(j, name));
    return text ? text : "";
}

static void take_line(struct bridge *b)
{
    static struct message m;
    memset(&m, 0, sizeof m);
    cJSON *j = cJSON_Parse(b->line);
    const char *hex = cJSON_GetStringValue(cJSON_GetObjectItem(j, "hex"));
    snprintf(m.endpoint, sizeof m.endpoint, "%s", text_of(j, "endpoint"));
    snprintf(m.error, sizeof m.error, "%s", text_of(j, "error"));
    m.disconnect = !strcmp(text_of(j, "event"), "disconnect");
    m.closed = cJSON_IsTrue(cJSON_GetObjectItem(j, "closed"));
    m.has_value = hex != NULL;
    if (!cJSON_IsObject(j))
        fail(b, "no JSON object: %s", b->line);
    else if (hex && !take_hex(hex, m.value, sizeof m.value, &m.len) && *m.endpoint)
        say_error("0x0d", false); /* of no attribute */
    else
        side->message(b, &m);
    cJSON_Delete(j);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    struct bridge *b = ctx;
    char octets[4096];
    ssize_t n = read(fd, octets, sizeof octets);
    (void)source;
    (void)events;
    if (n <= 0)
        return sd_event_exit(b->loop, 0);
    for (ssize_t i = 0; i < n; i++) {
        if (octets[i] != '\n' && b->line_len < sizeof b->line - 1) {
            b->line[b->line_len++] = octets[i];
            continue;
        }
        b->line[b->line_len] = 0;
        b->line_len = 0;
        take_line(b);
    }
    return 0;
}

/* ---- the host ---- */

static void on_event(void *ctx, const struct troth_event *e)
{
    side->event(ctx, e);
}

static bool on_ask(void *ctx, const struct troth_ask *ask)
{
    return side->ask(ctx, ask);
}

static void on_notice(void *ctx, enum runtime_notice notice, const char *why, unsigned retry_ms)
{
    (void)retry_ms;
    if (notice != RUNTIME_CONNECTED)
        fail(ctx, "%s", why);
}

static bool read_options(struct bridge *b, int argc, char **argv)
{
    int at = 4;
    if (argc < 4)
        return false;
    b->name = argv[3];
    for (; at < argc && !strncmp(argv[at], "--", 2); at++) {
        b->encrypt |= !strcmp(argv[at], "--encrypt");
        b->notify |= !strcmp(argv[at], "--notify");
        b->tx_power |= !strcmp(argv[at], "--tx-power");
    }
    if (!strcmp(argv[2], "connect")) {
        side = &connecting;
        return at == argc;
    }
    side = &serving;
    if (strcmp(argv[2], "serve") || at + 1 >= argc || !uuid_parse(&b->service, argv[at]))
        return false;
    b->endpoints = (const char *const *)argv + at + 1;
    b->count = (unsigned)(argc - at - 1);
    return b->count <= PLACES;
}

int main(int argc, char **argv)
{
    static struct bridge b;
    struct runtime_config config = {.policy.features = TROTH_FEATURES_DEFAULT,
                                    .event = on_event,
                                    .ask = on_ask,
                                    .notice = on_notice,
                                    .ctx = &b};
    char why[400] = "usage: gatt_bridge WHERE serve NAME [--encrypt] [--notify] [--tx-power] "
                    "SERVICE ENDPOINT... | gatt_bridge WHERE connect NAME [--encrypt]";
    if (!read_options(&b, argc, argv) || sd_event_default(&b.loop) < 0 ||
        sd_event_add_io(b.loop, NULL, STDIN_FILENO, EPOLLIN, on_input, &b) < 0 ||
        !transport_parse(&config.where, argv[1], why, sizeof why)) {
        note("%s", why);
        return 2;
    }
    config.loop = b.loop;
    config.name = b.name;
    b.runtime = runtime_new(&config, why, sizeof why);
    if (!b.runtime) {
        note("%s", why);
        return 1;
    }
    b.host = runtime_host(b.runtime);
    if (side->open(&b)) {
        runtime_start(b.runtime);
        sd_event_loop(b.loop);
    }
    runtime_free(b.runtime);
    sd_event_unref(b.loop);
    return status;
}
