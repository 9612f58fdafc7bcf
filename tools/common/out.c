/* Lines for people, objects for machines. */
#include "common/out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <troth/net.h>

#include "common/journal.h"

static const char *program = "troth";
static bool json, journal;
static FILE *events;

void out_init(const char *name, bool as_json, FILE *where)
{
    program = name;
    json = as_json;
    events = where;
}

bool out_is_json(void)
{
    return json;
}

void out_to_journal(void)
{
    journal = !json && journal_is_at(STDOUT_FILENO);
}

/* False: it is to be printed. */
static bool to_journal(enum out_tone tone, const char *event, const cJSON *fields, const char *text)
{
    static const int priorities[] = {[OUT_PLAIN] = 6,
                                     [OUT_GOOD] = 5,
                                     [OUT_WARN] = 4,
                                     [OUT_BAD] = 3,
                                     [OUT_DIM] = 7}; /* of syslog */
    return journal && journal_send(priorities[tone], event, fields, text);
}

/* ---- colour ---- */

static bool colourful(FILE *where)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !json && !(no && *no) && !(term && !strcmp(term, "dumb")) && isatty(fileno(where));
}

const char *out_sgr(enum out_tone tone, FILE *where)
{
    static const char *const sgr[] = {
        [OUT_PLAIN] = "",       [OUT_GOOD] = "\033[32m", [OUT_WARN] = "\033[33m",
        [OUT_BAD] = "\033[31m", [OUT_DIM] = "\033[2m",
    };
    return tone != OUT_PLAIN && colourful(where) ? sgr[tone] : "";
}

const char *out_sgr_end(FILE *where)
{
    return colourful(where) ? "\033[0m" : "";
}

/* ---- fields ---- */

static void add_field(cJSON *object, const char *key, char type, va_list *ap)
{
    char text[16];
    const char *string;
    switch (type) {
    case 's':
        string = va_arg(*ap, const char *);
        if (string)
            cJSON_AddStringToObject(object, key, string);
        break;
    case 'i':
        cJSON_AddNumberToObject(object, key, va_arg(*ap, int));
        break;
    case 'u':
        cJSON_AddNumberToObject(object, key, va_arg(*ap, unsigned));
        break;
    case 'b':
        cJSON_AddBoolToObject(object, key, va_arg(*ap, int));
        break;
    case 'x':
        snprintf(text, sizeof text, "0x%02x", va_arg(*ap, unsigned));
        cJSON_AddStringToObject(object, key, text);
        break;
    case 'j':
        cJSON_AddItemToObject(object, key, va_arg(*ap, cJSON *));
        break;
    default: /* a mistake of ours in a literal */
        abort();
    }
}

cJSON *out_fields(const char *keys, ...)
{
    cJSON *object = cJSON_CreateObject();
    va_list ap;
    va_start(ap, keys);
    while (*keys) {
        char key[40];
        size_t len = strcspn(keys, ":");
        if (!keys[len] || len >= sizeof key)
            abort();
        memcpy(key, keys, len);
        key[len] = 0;
        add_field(object, key, keys[len + 1], &ap);
        keys += len + 2;
        keys += strspn(keys, " ");
    }
    va_end(ap);
    return object;
}

/* ---- saying it ---- */

static void say_json(const char *event, cJSON *fields, const char *text)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", event);
    if (fields) {
        cJSON *item;
        while ((item = fields->child))
            cJSON_AddItemToObject(object, item->string, cJSON_DetachItemViaPointer(fields, item));
    }
    cJSON_AddStringToObject(object, "text", text);
    char *line = cJSON_PrintUnformatted(object);
    if (line)
        printf("%s\n", line);
    fflush(stdout);
    cJSON_free(line);
    cJSON_Delete(object);
}

static void say(enum out_tone tone, FILE *where, const char *event, cJSON *fields,
                const char *format, va_list ap)
{
    char text[1400];
    vsnprintf(text, sizeof text, format, ap);
    if (json) {
        say_json(event, fields, text);
    } else if (!to_journal(tone, event, fields, text)) {
        fprintf(where, "%s%s%s\n", out_sgr(tone, where), text,
                tone == OUT_PLAIN ? "" : out_sgr_end(where));
        fflush(where);
    }
    cJSON_Delete(fields);
}

void out_event(enum out_tone tone, const char *event, cJSON *fields, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(tone, events ? events : stderr, event, fields, format, ap);
    va_end(ap);
}

void out_result(const char *event, cJSON *fields, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(OUT_PLAIN, stdout, event, fields, format, ap);
    va_end(ap);
}

void out_error(const char *format, ...)
{
    char text[1400];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (json)
        say_json("error", NULL, text);
    if (to_journal(OUT_BAD, "error", NULL, text))
        return;
    fprintf(stderr, "%s%s: %s%s\n", out_sgr(OUT_BAD, stderr), program, text, out_sgr_end(stderr));
}

void out_hint(const char *format, ...)
{
    if (json)
        return;
    va_list ap;
    va_start(ap, format);
    fputs(out_sgr(OUT_DIM, stderr), stderr);
    vfprintf(stderr, format, ap);
    fprintf(stderr, "%s\n", out_sgr_end(stderr));
    va_end(ap);
}

int out_finish(int status)
{
    if ((fflush(stdout) || ferror(stdout)) && !status) {
        out_error("standard output cannot be written: some of what was said is lost");
        status = 1;
    }
    return status;
}

/* ---- octets from the air ---- */

/* Octets of the character that starts here, as its first octet claims it. */
static size_t claimed(uint8_t first)
{
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

char *out_printable(const uint8_t *bytes, size_t len, char *text, size_t cap)
{
    size_t at = 0, used = 0;
    text[0] = 0;
    while (at < len) {
        /* A character at a time through the rule for SSIDs: one taste for all of them. */
        char one[TROTH_SSID_TEXT];
        struct troth_ssid ssid = {0};
        size_t n = claimed(bytes[at]) <= len - at ? claimed(bytes[at]) : 1;
        ssid.len = (uint8_t)n;
        memcpy(ssid.b, bytes + at, n);
        troth_ssid_text(&ssid, one, sizeof one);
        size_t m = strlen(one);
        if (used + m >= cap)
            break;
        memcpy(text + used, one, m + 1);
        used += m;
        at += n;
    }
    return text;
}
