/* Where a transport leads, as a string. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/linux/transport.h"

static bool bad(char *why, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool bad(char *why, size_t cap, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, cap, format, ap);
    va_end(ap);
    return false;
}

static bool parse_tcp(struct transport_where *w, const char *rest, char *why, size_t cap)
{
    const char *host = rest, *colon = strrchr(rest, ':');
    size_t len;
    if (*rest == '[') {
        const char *end = strchr(rest, ']');
        if (!end)
            return bad(why, cap, "'%s' opens a bracket and does not close it, as in tcp:[::1]:9000",
                       w->text);
        host = rest + 1;
        len = (size_t)(end - host);
        colon = end[1] == ':' ? end + 1 : NULL;
    } else {
        if (colon && memchr(rest, ':', (size_t)(colon - rest)))
            return bad(why, cap, "'%s': an IPv6 address needs brackets, as in tcp:[::1]:9000",
                       w->text);
        len = colon ? (size_t)(colon - rest) : strlen(rest);
    }
    if (!len)
        return bad(why, cap, "'%s' names no host, as tcp:127.0.0.1:9000 does", w->text);
    if (len >= sizeof w->host)
        return bad(why, cap, "the host in '%.40s...' is too long", w->text);
    if (!colon || !colon[1])
        return bad(why, cap, "'%s' names no port, as tcp:127.0.0.1:9000 does", w->text);
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end || port < 1 || port > 65535)
        return bad(why, cap, "'%s' is no port: a number from 1 to 65535", colon + 1);
    memcpy(w->host, host, len);
    w->host[len] = 0;
    snprintf(w->port, sizeof w->port, "%lu", port);
    w->kind = TRANSPORT_TCP;
    return true;
}

static bool parse_unix(struct transport_where *w, const char *rest, char *why, size_t cap)
{
    if (!*rest)
        return bad(why, cap, "'%s' names no path, as unix:/run/troth/air does", w->text);
    if (strlen(rest) >= sizeof w->path)
        return bad(why, cap, "the path of a Unix socket has at most %zu octets, this one %zu",
                   sizeof w->path - 1, strlen(rest));
    snprintf(w->path, sizeof w->path, "%s", rest);
    w->kind = TRANSPORT_UNIX;
    return true;
}

/* "DEV,BAUD[,flow]"; a device may have commas in its own name, hence from the end. */
static bool parse_uart(struct transport_where *w, const char *rest, char *why, size_t cap)
{
    char copy[sizeof w->text], *end;
    snprintf(copy, sizeof copy, "%s", rest);
    char *comma = strrchr(copy, ',');
    if (comma && strcmp(comma, ",flow") == 0) {
        w->flow = true;
        *comma = 0;
        comma = strrchr(copy, ',');
    }
    if (!comma || !comma[1])
        return bad(why, cap, "'%s' names no baud rate, as uart:/dev/ttyACM0,1000000 does", w->text);
    unsigned long baud = strtoul(comma + 1, &end, 10);
    if (comma[1] < '0' || comma[1] > '9' || *end || baud < 1200 || baud > 20000000)
        return bad(
            why, cap,
            "'%s' is no baud rate: a number from 1200 to 20000000, then \",flow\" if RTS and "
            "CTS are wired",
            comma + 1);
    *comma = 0;
    if (copy[0] != '/')
        return bad(why, cap, "'%s' names no device, as uart:/dev/ttyACM0,1000000 does", w->text);
    if (strlen(copy) >= sizeof w->path)
        return bad(why, cap, "the device in '%.40s...' has too long a name", w->text);
    memcpy(w->path, copy, strlen(copy) + 1);
    w->baud = (unsigned)baud;
    w->kind = TRANSPORT_UART;
    return true;
}

static bool parse_user(struct transport_where *w, const char *rest, char *why, size_t cap)
{
    char *end;
    unsigned long n = strtoul(rest, &end, 10);
    if (*rest < '0' || *rest > '9' || *end || n > 0xfffe)
        return bad(why, cap, "'%s' is no adapter: hci: and its number, as in hci:0", w->text);
    w->adapter = (uint16_t)n;
    w->kind = TRANSPORT_USER;
    return true;
}

bool transport_parse(struct transport_where *w, const char *text, char *why, size_t why_cap)
{
    static const struct {
        const char *prefix;
        bool (*parse)(struct transport_where *w, const char *rest, char *why, size_t cap);
    } kinds[] = {
        {"tcp:", parse_tcp},     {"unix:", parse_unix}, {"uart:", parse_uart},
        {"hci:hci", parse_user}, {"hci:", parse_user},  {"hci", parse_user},
    };
    memset(w, 0, sizeof *w);
    if (strlen(text) >= sizeof w->text)
        return bad(why, why_cap, "'%.40s...' is too long for a transport", text);
    snprintf(w->text, sizeof w->text, "%s", text);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, len) == 0)
            return kinds[i].parse(w, text + len, why, why_cap);
    }
    if (strncmp(text, "bluez", 5) == 0)
        return bad(why, why_cap, "'%s' is bluetoothd, not a controller: write " TRANSPORT_EXAMPLES,
                   text);
    return bad(why, why_cap, "'%s' is no transport: write " TRANSPORT_EXAMPLES, text);
}

bool transport_acl_overtakes(const struct transport_where *w)
{
    return w->kind == TRANSPORT_USER; /* what is below it, USB or not, it does not say */
}
