/*
 * JSON (RFC 8259) read without heap, strictly, as it comes: whoever reads asks for what it expects
 * next. The first fault stays; then every call fails.
 */
#ifndef TROTH_PROV_JSON_H
#define TROTH_PROV_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_fault {
    JSON_FINE,
    JSON_CUT,    /* it ends too early */
    JSON_BROKEN, /* it is no JSON, no UTF-8, or nested too deep */
};

struct json {
    const char *p, *end;
    bool link; /* %HH stands for an octet, as in a URL */
    enum json_fault fault;
};

/* A text value: where it goes (NULL: nowhere), with a NUL behind it, and what has gone there. */
struct json_text {
    char *p;
    size_t len, cap;
    bool over; /* longer than cap, or with a NUL in it */
};

/* False, always. */
bool json_fail(struct json *r, enum json_fault fault);
/* The next octet, and in *n how many characters stand for it; -1: there is none. */
int json_look(struct json *r, size_t *n);
/* The same past white space. What comes next: { [ " a digit ... It is not taken. */
int json_peek(struct json *r);
/* Takes this octet, past white space. */
bool json_expect(struct json *r, char c);
bool json_string(struct json *r, struct json_text *s);
bool json_number(struct json *r);
/* Whatever value comes, 8 deep at most. */
bool json_skip(struct json *r);
/* Behind a member or element: takes a comma. */
bool json_more(struct json *r);

#endif
