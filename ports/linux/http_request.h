/*
 * One HTTP/1.1 request (RFC 9112) out of octets, as strictly as provisioning needs it: POST, a
 * path, a length. No I/O; what is found points into the octets.
 */
#ifndef TROTH_PORTS_LINUX_HTTP_REQUEST_H
#define TROTH_PORTS_LINUX_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX 4096 /* octets of request line and header fields */
#define HTTP_BODY_MAX 4096

struct http_request {
    const char *path; /* with its slash, without a query */
    size_t path_len;
    const char *cookie; /* the whole field's value; NULL: none came */
    size_t cookie_len;
    const uint8_t *body;
    size_t body_len;
    bool origin;  /* a web page sends it */
    bool close;   /* no other request will follow */
    bool expects; /* Expect: 100-continue; set as soon as the head is there */
    size_t len;   /* octets of it all */
};

#define HTTP_MORE  0 /* not all of it is there yet */
#define HTTP_WHOLE 1
/* HTTP_MORE, HTTP_WHOLE, or the status code that refuses it: nothing after it can be read then. */
int http_request_read(struct http_request *r, const char *in, size_t len);

#endif
