/* What client_bluez.c and client_bluez_agent.c share. */
#ifndef TROTH_TROTH_CLIENT_BLUEZ_H
#define TROTH_TROTH_CLIENT_BLUEZ_H

#include "client.h"

#include "ports/linux/bluez_agent.h"
#include "ports/linux/bluez_client.h"

#define QUESTIONS 4

struct bluez_side {
    struct client *c;
    struct bluez_client *client;
    struct bluez_agent *agent;
    struct troth_agent bridge;
    struct troth_agent_call open[QUESTIONS]; /* bluetoothd's; id 0: free */
    bool asked;                              /* of this device, within our Pair */
    enum troth_model model;                  /* ... what that says of the model */
    sd_event_source *look;                   /* at whether the link is encrypted by now */
    bool said_no;                            /* ... to what was asked */
    bool elsewhere; /* it was asked of a pairing whose end nobody tells: that proves nothing */
    bool pin;   /* one was asked for, by whomever: bluetoothd may repeat a failed pairing untold */
    bool whole; /* our Pair was there before the link: it has every pairing since */
    bool unknown; /* of the pairing that made the bond: its model */
    bool proved;  /* the bond was made here and now, with something compared or typed */
};

/* ---- client_bluez_agent.c ---- */

/* Makes the agent that bluetoothd's is to hand its questions to. */
void client_bluez_bridge(struct bluez_side *s);
/* As struct client_way has them. */
void client_bluez_answer(struct client *c, uint32_t ask_id, const struct troth_answer *answer);
bool client_bluez_put(struct client *c, struct agent *agent, const struct troth_ask *ask);
/* Of bluez_agent_config. */
void client_bluez_told(void *ctx, const struct bluez_agent_news *news);

#endif
