/* Reading an HTTP request. */
#include "ports/linux/http_request.h"

#include <string.h>
#include <strings.h>

enum {
    BAD_REQUEST = 400,
    NOT_ALLOWED = 405,
    LENGTH_REQUIRED = 411,
    TOO_LARGE = 413,
    HEAD_TOO_LARGE = 431,
    NOT_IMPLEMENTED = 501,
    VERSION = 505,
};

struct fields {
    bool length, cookie, expect, connection;
};

static bool is(const char *p, size_t len, const char *word)
{
    return len == strlen(word) && !strncasecmp(p, word, len);
}

/* Where the header ends, behind its empty line; NULL: not yet, or *bad: never. */
static const char *head_end(const char *in, size_t len, bool *bad)
{
    size_t most = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
    *bad = false;
    for (size_t i = 0; i < most; i++) {
        bool lf = in[i] == '\n', after_cr = i > 0 && in[i - 1] == '\r';
        if (lf != after_cr || in[i] == 0) {
            *bad = true;
            return NULL;
        }
        if (lf && i >= 3 && in[i - 2] == '\n')
            return in + i + 1;
    }
    return NULL;
}

static const char *line_end(const char *p)
{
    while (*p != '\r')
        p++;
    return p;
}

static int request_line(struct http_request *r, const char *p, const char *end)
{
    const char *method = p, *target;
    while (p < end && *p >= 'A' && *p <= 'Z')
        p++;
    if (p == method || p == end || *p != ' ')
        return BAD_REQUEST;
    size_t method_len = (size_t)(p - method);
    target = ++p;
    while (p<end && * p> ' ' && *p < 0x7f)
        p++;
    if (p == end || *p != ' ' || *target != '/')
        return BAD_REQUEST;
    r->path = target;
    r->path_len = (size_t)(p - target);
    const char *query = memchr(target, '?', r->path_len);
    if (query)
        r->path_len = (size_t)(query - target);
    p++;
    if (end - p != 8 || memcmp(p, "HTTP/1.", 7) != 0)
        return BAD_REQUEST;
    if (p[7] != '0' && p[7] != '1')
        return VERSION;
    r->close = p[7] == '0';
    return method_len == 4 && !memcmp(method, "POST", 4) ? 0 : NOT_ALLOWED;
}

static bool token(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] <= ' ' || p[i] >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", p[i]))
            return false;
    return len > 0;
}

static int content_length(struct http_request *r, const char *p, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (p[i] < '0' || p[i] > '9')
            return BAD_REQUEST;
        n = n * 10 + (size_t)(p[i] - '0');
        if (n > HTTP_BODY_MAX)
            return TOO_LARGE;
    }
    r->body_len = n;
    return n ? 0 : BAD_REQUEST; /* no message is empty */
}

/* Twice the same field that decides something: two readers might see two requests. */
static bool again(bool *seen)
{
    bool was = *seen;
    *seen = true;
    return was;
}

static int field(struct http_request *r, struct fields *f, const char *p, const char *end)
{
    const char *colon = memchr(p, ':', (size_t)(end - p));
    if (!colon || !token(p, (size_t)(colon - p)))
        return BAD_REQUEST;
    const char *name = p, *value = colon + 1;
    size_t name_len = (size_t)(colon - p);
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t len = (size_t)(end - value);
    if (is(name, name_len, "Content-Length")) {
        return again(&f->length) ? BAD_REQUEST : content_length(r, value, len);
    } else if (is(name, name_len, "Cookie")) {
        if (again(&f->cookie))
            return BAD_REQUEST;
        r->cookie = value;
        r->cookie_len = len;
    } else if (is(name, name_len, "Connection")) {
        if (is(value, len, "close"))
            r->close = true;
    } else if (is(name, name_len, "Expect")) {
        r->expects = is(value, len, "100-continue");
    } else if (is(name, name_len, "Origin")) {
        r->origin = true;
    } else if (is(name, name_len, "Transfer-Encoding")) {
        return NOT_IMPLEMENTED;
    }
    return 0;
}

int http_request_read(struct http_request *r, const char *in, size_t len)
{
    struct fields f = {false};
    bool bad;
    memset(r, 0, sizeof *r);
    if (len && (*in < 'A' || *in > 'Z'))
        return BAD_REQUEST;
    const char *body = head_end(in, len, &bad);
    if (bad)
        return BAD_REQUEST;
    if (!body)
        return len >= HTTP_HEAD_MAX ? HEAD_TOO_LARGE : HTTP_MORE;
    const char *end = line_end(in);
    int status = request_line(r, in, end);
    for (const char *p = end + 2; !status && p < body - 2; p = end + 2) {
        end = line_end(p);
        status = field(r, &f, p, end);
    }
    if (status)
        return status;
    if (!f.length)
        return LENGTH_REQUIRED;
    r->body = (const uint8_t *)body;
    r->len = (size_t)(body - in) + r->body_len;
    return r->len <= len ? HTTP_WHOLE : HTTP_MORE;
}
