/*
 * A service of the system bus that may go and come back, as the bus itself may. Nothing waits:
 * every call's answer comes from the loop.
 */
#ifndef TROTH_LINUX_NET_BUS_H
#define TROTH_LINUX_NET_BUS_H

#include <systemd/sd-bus.h>

#include <troth/timer.h>

#define NM_SERVICE   "org.freedesktop.NetworkManager"
#define NM_PATH      "/org/freedesktop/NetworkManager"
#define NM_DEVICE    NM_SERVICE ".Device"
#define NM_TYPE_WIFI 2
#define NM_UNMANAGED 10
#define IWD_SERVICE  "net.connman.iwd"

#define NET_BUS       "org.freedesktop.DBus"
#define NET_BUS_PATH  "/org/freedesktop/DBus"
#define NET_BUS_CALLS 64

struct net_bus;

/* The answer of a call, or its error (sd_bus_message_is_method_error). tag: the call's own. */
typedef void net_bus_answer(void *ctx, uint32_t tag, sd_bus_message *reply);

struct net_bus_call {
    struct net_bus *bus;
    net_bus_answer *answer;
    uint32_t tag;
    sd_bus_slot *slot;
};

struct net_bus {
    sd_event *loop;
    const char *service;
    sd_bus *bus;
    char owner[64]; /* who has the service's name; "": nobody */
    sd_bus_slot *watch;
    struct net_bus_call call[NET_BUS_CALLS];
    struct timer again_timer;

    void (*up)(void *ctx);                      /* the service is there: add matches, ask */
    void (*down)(void *ctx, const char *why);   /* and calls are forgotten */
    void (*absent)(void *ctx, const char *why); /* at first, and when that changes */
    void *ctx;
    const char *trouble;
};

/* The rest of the struct is filled in. */
void net_bus_start(struct net_bus *b);
void net_bus_stop(struct net_bus *b);
void net_bus_tick(struct net_bus *b, troth_ms now);
troth_ms net_bus_deadline(const struct net_bus *b);

/*
 * The service's signals while its name stays with whoever has it now: in `up`. rule: what else,
 * "interface='...',member='...'". A rule naming the service would not do: sd-bus takes it to be kept
 * by the bus, which hands on whatever anybody addresses to us.
 */
sd_bus_slot *net_bus_watch(struct net_bus *b, const char *rule, sd_bus_message_handler_t handler,
                           void *ctx);

/* A call to the service, to be filled and sent; NULL: no bus. */
sd_bus_message *net_bus_message(struct net_bus *b, const char *path, const char *interface,
                                const char *method);
/* Takes the message. answer NULL: none is wanted. False: nothing will come. */
bool net_bus_send(struct net_bus *b, sd_bus_message *m, net_bus_answer *answer, uint32_t tag,
                  uint32_t seconds);
/* All at once. */
bool net_bus_ask(struct net_bus *b, net_bus_answer *answer, uint32_t tag, const char *path,
                 const char *interface, const char *method, const char *types, ...);

/* The name of an error: "net.connman.iwd.Failed"; "" if it is none. */
const char *net_bus_error(sd_bus_message *reply);
/* The service hung: nobody tells when it goes on, so it is to be asked again. */
bool net_bus_late(sd_bus_message *reply);
/* What it says, for people. */
const char *net_bus_error_text(sd_bus_message *reply);

/*
 * Goes through the properties of a dictionary a{sv} that is next in the message: take is called
 * within the variant, and may read it or leave it.
 */
bool net_bus_each(sd_bus_message *m, void (*take)(void *ctx, const char *key, sd_bus_message *m),
                  void *ctx);
/*
 * Goes through what GetManagedObjects answers, a{oa{sa{sv}}}, from its start: take is called before
 * the dictionary of one interface, and may go through it or leave it.
 */
bool net_bus_objects(sd_bus_message *m,
                     void (*take)(void *ctx, const char *path, const char *interface,
                                  sd_bus_message *m),
                     void *ctx);
/* Within the variant: its value, or what is given. */
uint32_t net_bus_u32(sd_bus_message *m, uint32_t otherwise);
const char *net_bus_string(sd_bus_message *m); /* s or o; "" */
bool net_bus_bool(sd_bus_message *m);

/* Can these octets be a string of D-Bus? UTF-8 without a NUL. */
bool net_bus_is_text(const uint8_t *octets, size_t len);

#endif
