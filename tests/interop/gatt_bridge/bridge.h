/*
 * A GATT server or client under remote control: values of characteristics through a pipe, one JSON
 * object a line (../protocomm/README.md). What the values mean, the bridge does not know.
 */
#ifndef TROTH_TESTS_GATT_BRIDGE_H
#define TROTH_TESTS_GATT_BRIDGE_H

#include "ports/linux/runtime.h"

#define PLACES    12
#define VALUE_MAX 512 /* octets of a value, Vol 3 Part F 3.2.9 */
#define NAME_MAX  31  /* octets of a description */

struct message { /* of the pipe; what is absent is zero */
    char endpoint[NAME_MAX + 1];
    bool disconnect; /* {"event": "disconnect"} */
    bool has_value;
    uint8_t value[VALUE_MAX];
    size_t len;
    char error[64];
    bool closed;
};

struct bridge {
    sd_event *loop;
    struct runtime *runtime;
    struct troth_host *host;
    const char *name; /* the device's */
    struct troth_uuid service;
    bool encrypt; /* serve: values demand it; connect: pairs when it is demanded */
    bool notify, tx_power;
    const char *const *endpoints; /* serve */
    unsigned count;
    char line[16384];
    size_t line_len;
};

/* 128 bits as text; false: not that. */
bool uuid_parse(struct troth_uuid *u, const char *text);
/* {"endpoint", "hex"}; {"hex"}; {"error"}; {}. */
void say_request(const char *endpoint, const uint8_t *value, size_t len);
void say_value(const uint8_t *value, size_t len);
void say_error(const char *why, bool closed);
void say(const char *json);
/* A line for the test, on standard error. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What must not be: ends the bridge with status 1. */
void fail(struct bridge *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct side {
    bool (*open)(struct bridge *b);
    void (*event)(struct bridge *b, const struct troth_event *e);
    bool (*ask)(struct bridge *b, const struct troth_ask *ask);
    void (*message)(struct bridge *b, const struct message *m);
};
extern const struct side serving, connecting;

#endif
