/*
 * A device on the air that pairs in one way and then in another, as it is told:
 *
 *   guest_impostor WHERE IO_CAP      as transport_parse has it; enum troth_io_cap
 *
 * It offers the endpoints of Espressif's provisioning without security, says what comes to them, and
 * lets the first who calls wait until it is told to go on. Lines:
 *
 *   request             a Security Request; MITM is only in its Pairing Response
 *   yes, type PASSKEY   answer what is asked
 *   weaken              from now on legacy pairing without MITM, begun with another Security Request,
 *                       by a keyboard and display: what Linux looks at before it takes less than
 *                       this link had. The Pairing Request is not answered yet
 *   accept              ... and now it is
 *   go                  answers who called an endpoint
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ports/linux/runtime.h"

enum { SESSION, CONFIG, VERSION };

static struct runtime *runtime;
static struct troth_policy policy = {.features = TROTH_FEATURES_DEFAULT,
                                     .attempts = 255,
                                     .stay_after_failure = true,
                                     .stay_after_timeout = true};
static troth_link its_link = TROTH_NO_LINK;
static uint32_t held, asked, request;
static bool holds = true, weak;

/* ---- what it offers ---- */

#define ENDPOINT(n, name)                                                                          \
    {                                                                                              \
        .uuid = {16,                                                                               \
                 {0x07, 0x5f, 0xe4, 0x88, 0x15, 0x29, 0x77, 0x43, 0xa6, 0x2f, 0x3f, 0x20,          \
                  0x51 + (n), 0xff, 0x77, 0x17}},                                                  \
        .id = (n), .properties = TROTH_PROP_READ | TROTH_PROP_WRITE, .description = (name)         \
    }
static const struct troth_characteristic endpoints[] = {ENDPOINT(SESSION, "prov-session"),
                                                        ENDPOINT(CONFIG, "prov-config"),
                                                        ENDPOINT(VERSION, "proto-ver")};

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    static const char version[] = "{\"prov\":{\"ver\":\"v1.1\",\"cap\":[\"no_sec\"]}}";
    static const char session[] = "\x52\x05\x08\x01\xaa\x01\x00"; /* S0_Session_Response */
    const char *value = a->id == SESSION ? session : a->id == VERSION ? version : "";
    size_t len = a->id == SESSION ? sizeof session - 1 : a->id == VERSION ? sizeof version - 1 : 0;
    (void)ctx;
    if (!a->write) {
        if (a->offset > len)
            return TROTH_GATT_INVALID_OFFSET;
        a->value = (const uint8_t *)value + a->offset;
        a->value_len = (uint16_t)(len - a->offset);
        return TROTH_GATT_OK;
    }
    printf("%s:", endpoints[a->id].description);
    for (unsigned i = 0; i < a->len; i++)
        putchar(a->data[i] >= ' ' && a->data[i] < 0x7f ? a->data[i] : '.');
    putchar('\n');
    held = a->token;
    return holds ? TROTH_GATT_LATER : TROTH_GATT_OK;
}

static const struct troth_service table = {
    .uuid = {16,
             {0x07, 0x5f, 0xe4, 0x88, 0x15, 0x29, 0x77, 0x43, 0xa6, 0x2f, 0x3f, 0x20, 0x50, 0xff,
              0x77, 0x17}},
    .characteristics = endpoints,
    .count = sizeof endpoints / sizeof *endpoints,
    .access = on_access,
};

static void advertise(struct troth_host *host)
{
    static const uint8_t flags = 0x06;
    struct troth_advertising adv = {.on = true, .connectable = true};
    troth_ad_put(adv.data, &adv.data_len, sizeof adv.data, TROTH_AD_FLAGS, &flags, 1);
    troth_ad_put(adv.data, &adv.data_len, sizeof adv.data, TROTH_AD_NAME_COMPLETE, "Lamp", 4);
    troth_advertise(host, &adv);
}

/* ---- what it does ---- */

static void on_event(void *ctx, const struct troth_event *e)
{
    struct troth_host *host = runtime_host(runtime);
    (void)ctx;
    switch ((int)e->type) {
    case TROTH_EV_READY:
        advertise(host);
        break;
    case TROTH_EV_ADVERTISING:
        if (e->u.on)
            puts("advertising");
        break;
    case TROTH_EV_CONNECTED:
        its_link = e->link;
        puts("connected");
        break;
    case TROTH_EV_DISCONNECTED:
        its_link = TROTH_NO_LINK;
        puts("disconnected");
        advertise(host);
        break;
    case TROTH_EV_PAIRING_FAILED:
        printf("failed: %s\n", troth_smp_reason_name(e->u.pairing_failed.reason));
        break;
    case TROTH_EV_PAIRED:
        printf("paired: %s\n", troth_model_name(e->u.paired.model));
        break;
    }
}

static bool on_ask(void *ctx, const struct troth_ask *ask)
{
    (void)ctx;
    if (ask->type == TROTH_ASK_PASSKEY_DISPLAY || ask->type == TROTH_ASK_COMPARE)
        printf("%s: %06u\n", ask->type == TROTH_ASK_COMPARE ? "compare" : "shown",
               (unsigned)ask->u.passkey.passkey);
    else if (ask->type == TROTH_ASK_PASSKEY_INPUT)
        puts("to be typed");
    else if (ask->type == TROTH_ASK_PAIRING_REQUEST && weak)
        puts("a request waits");
    else
        return false;
    *(ask->type == TROTH_ASK_PAIRING_REQUEST ? &request : &asked) = ask->id;
    return true; /* and nobody answers yet */
}

static void obey(const char *line)
{
    struct troth_host *host = runtime_host(runtime);
    if (!strcmp(line, "yes")) {
        troth_answer(host, asked, &(struct troth_answer){.ok = true});
    } else if (!strncmp(line, "type ", 5)) {
        struct troth_answer typed = {.ok = true, .u.passkey = (uint32_t)atoi(line + 5)};
        troth_answer(host, asked, &typed);
    } else if (!strcmp(line, "request")) {
        troth_security_request(host, its_link, TROTH_AUTH_BOND | TROTH_AUTH_SC);
    } else if (!strcmp(line, "weaken")) {
        weak = true;
        policy.features.io_cap = TROTH_KEYBOARD_DISPLAY;
        policy.features.auth_req = TROTH_AUTH_BOND;
        troth_set_policy(host, &policy);
        troth_security_request(host, its_link, TROTH_AUTH_BOND);
    } else if (!strcmp(line, "accept")) {
        struct troth_answer features = {.ok = true, .u.features = policy.features};
        troth_answer(host, request, &features);
    } else if (!strcmp(line, "go")) {
        holds = false;
        troth_gatt_complete(host, held, TROTH_GATT_OK, NULL, 0);
    }
    printf("%s: done\n", line);
}

static int on_line(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    static char text[256];
    static size_t used;
    char *end;
    (void)source;
    (void)events;
    ssize_t n = read(fd, text + used, sizeof text - 1 - used);
    if (n <= 0)
        return sd_event_exit(ctx, 0);
    used += (size_t)n;
    text[used] = 0;
    while ((end = strchr(text, '\n'))) {
        *end = 0;
        obey(text);
        used -= (size_t)(end + 1 - text);
        memmove(text, end + 1, used + 1);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct troth_gatt_service service = {.table = &table};
    struct runtime_config config = {.name = "Lamp", .event = on_event, .ask = on_ask};
    char why[400] = "usage: guest_impostor WHERE IO_CAP";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3) {
        policy.features.io_cap = (uint8_t)atoi(argv[2]);
        policy.features.auth_req |= TROTH_AUTH_MITM;
        config.policy = policy;
    }
    if (argc != 3 || sd_event_default(&config.loop) < 0 ||
        !transport_parse(&config.where, argv[1], why, sizeof why) ||
        !(runtime = runtime_new(&config, why, sizeof why)) ||
        troth_gatt_register(runtime_host(runtime), &service) != TROTH_OK ||
        sd_event_add_io(config.loop, NULL, 0, EPOLLIN, on_line, config.loop) < 0) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    runtime_start(runtime);
    int status = sd_event_loop(config.loop);
    runtime_free(runtime);
    sd_event_unref(config.loop);
    return status != 0;
}
