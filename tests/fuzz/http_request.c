/*
 * HTTP requests, as provisioning over HTTP reads them: whatever it is cut into, it is the same
 * request or refused for the same reason, and nothing is read beyond what came.
 */
#include "fuzz/fuzz.h"

#include "ports/linux/http_request.h"

static int read_exact(struct http_request *r, const uint8_t *octets, size_t len)
{
    char *exact = malloc(len ? len : 1);
    if (!exact)
        abort();
    memcpy(exact, octets, len);
    int result = http_request_read(r, exact, len);
    if (result == HTTP_WHOLE) {
        const char *end = exact + r->len;
        never(r->len > len, "longer than what came");
        never(r->path_len == 0 || *r->path != '/', "a path that is none");
        never(r->path < exact || r->path + r->path_len > (const char *)r->body,
              "a path from elsewhere");
        never(memchr(r->path, ' ', r->path_len) || memchr(r->path, '?', r->path_len),
              "a path with more than a path");
        never(r->cookie && (r->cookie < exact || r->cookie + r->cookie_len > (const char *)r->body),
              "a cookie from elsewhere");
        never(r->body_len == 0 || r->body_len > HTTP_BODY_MAX, "a body of no length there is");
        never((const char *)r->body + r->body_len != end, "a body from elsewhere");
        never((size_t)((const char *)r->body - exact) > HTTP_HEAD_MAX, "a head without bounds");
    } else {
        never(result != HTTP_MORE && (result < 400 || result > 599), "no such status");
    }
    free(exact);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request whole, part;
    int result = read_exact(&whole, data, size);
    size_t end = result == HTTP_WHOLE ? whole.len : size;
    never(result == HTTP_MORE && size >= HTTP_HEAD_MAX + HTTP_BODY_MAX, "it wants more for ever");
    /* Every beginning: more is wanted, until it is judged, and then once and for all. */
    size_t step = end > 600 ? end / 97 : 1;
    int before = HTTP_MORE;
    for (size_t n = 0; n < end; n += step) {
        int now = read_exact(&part, data, n);
        never(now == HTTP_WHOLE, "a request ended before its end");
        never(before != HTTP_MORE && now != before, "it was judged twice");
        before = now;
    }
    never(before != HTTP_MORE && before != result, "it was judged twice");
    if (result != HTTP_WHOLE)
        return 0;
    never(read_exact(&part, data, whole.len) != HTTP_WHOLE, "the same alone is no request");
    never(part.path_len != whole.path_len || part.body_len != whole.body_len ||
              part.cookie_len != whole.cookie_len || part.close != whole.close ||
              part.origin != whole.origin,
          "what follows changed it");
    return 0;
}
