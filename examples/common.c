#include "common.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- being found ---- */

void be_found(struct troth_host *host, bool on)
{
    static const uint8_t flags = 0x06; /* general discoverable, no BR/EDR */
    struct troth_advertising adv = {.on = on, .connectable = true};

    troth_ad_put(adv.data, &adv.data_len, sizeof adv.data, TROTH_AD_FLAGS, &flags, 1);
    troth_ad_put(adv.data, &adv.data_len, sizeof adv.data, TROTH_AD_NAME_COMPLETE, EXAMPLE_NAME,
                 sizeof EXAMPLE_NAME - 1);
    show_result("advertising", troth_advertise(host, &adv));
}

/* ---- what a person reads ---- */

static const char *addr(const struct troth_addr *a)
{
    static char text[18];
    return troth_addr_text(a, text);
}

static void show_hci(const char *what, uint8_t status)
{
    printf("%s: 0x%02X, %s\n", what, (unsigned)status, troth_hci_words(status));
}

static void show_keys(const char *whose, uint8_t distributed)
{
    printf("  %-20s%s%s%s%s\n", whose, distributed & TROTH_DIST_ENC ? " LTK" : "",
           distributed & TROTH_DIST_ID ? " IRK+identity" : "",
           distributed & TROTH_DIST_SIGN ? " CSRK" : "", distributed ? "" : " none");
}

static void show_level(const struct troth_level *level, bool bonding)
{
    printf("  auth mode:           %s%s%s, %u-octet key\n", bonding ? "bonding, " : "",
           level->mitm ? "MITM, " : "no MITM, ",
           level->sc ? "Secure Connections" : "legacy pairing", (unsigned)level->key_size);
}

static void show_bonds(const struct troth_host *host)
{
    const struct troth_bond *bond;
    unsigned n = 0;

    while (troth_bonds_get(host, n))
        n++;
    printf("bonded devices: %u\n", n);
    for (unsigned i = 0; (bond = troth_bonds_get(host, i)); i++)
        printf("  %s (%s)\n", addr(&bond->keys.identity),
               bond->keys.identity.type == TROTH_ADDR_PUBLIC ? "public" : "random");
}

static void show_paired(const struct troth_host *host, const struct troth_event *e)
{
    bool initiator = e->u.paired.side == TROTH_INITIATOR;

    printf("pair status: success, %s\n", troth_model_name((uint8_t)e->u.paired.model));
    if (e->u.paired.level.sc)
        printf("  LTK:                 made by both sides, not sent\n");
    show_keys("keys we gave:", e->u.paired.distributed[!initiator]);
    show_keys("keys we received:", e->u.paired.distributed[initiator]);
    show_level(&e->u.paired.level, e->u.paired.bonding);
    if (e->u.paired.bonding && !e->u.paired.stored)
        printf("  the bond is not kept: the device gave no identity\n");
    show_bonds(host);
}

static void show_failed(const struct troth_host *host, const struct troth_event *e)
{
    static const char *const by[] = {"we ended it", "the other side ended it", "time ran out",
                                     "the link was lost"};
    uint8_t reason = e->u.pairing_failed.reason;

    printf("pair status: failed, %s\n", by[e->u.pairing_failed.by]);
    if (reason)
        printf("  reason 0x%02X, %s\n", (unsigned)reason, troth_smp_reason_name(reason));
    printf("  %s\n", troth_smp_reason_words(reason));
    show_bonds(host);
}

void show_event(struct troth_host *host, const struct troth_event *e)
{
    switch ((int)e->type) {
    case TROTH_EV_READY:
        printf("ready: %s\n", addr(&e->u.ready.identity));
        show_bonds(host);
        break;
    case TROTH_EV_BROKEN:
        show_hci("the controller failed", e->u.broken.hci_status);
        break;
    case TROTH_EV_ADVERTISING:
        printf(e->u.on ? "advertising as \"" EXAMPLE_NAME "\"\n" : "advertising stopped\n");
        break;
    case TROTH_EV_CONNECTED:
        printf("connected: %s%s\n", addr(&e->u.connected.identity),
               e->u.connected.bonded ? ", bonded" : "");
        break;
    case TROTH_EV_DISCONNECTED:
        show_hci("disconnected", e->u.hci_status);
        break;
    case TROTH_EV_CONNECT_FAILED:
        show_hci("not connected", e->u.hci_status);
        break;
    case TROTH_EV_PAIRED:
        show_paired(host, e);
        break;
    case TROTH_EV_PAIRING_FAILED:
        show_failed(host, e);
        break;
    case TROTH_EV_ENCRYPTED:
        if (e->u.encrypted.hci_status) {
            show_hci("not encrypted", e->u.encrypted.hci_status);
        } else if (!troth_is_pairing(host, e->link)) { /* else TROTH_EV_PAIRED follows */
            printf("encrypted from the bond, without pairing\n");
            show_level(&e->u.encrypted.level, e->u.encrypted.level.bonded);
        }
        break;
    case TROTH_EV_BOND_LOST:
        printf("the other side %s: remove the bond and pair again\n",
               e->u.bond_lost.mismatch ? "has another key" : "lost the bond");
        break;
    case TROTH_EV_SECURITY_UNANSWERED:
        printf("the other side does not answer the Security Request\n");
        break;
    case TROTH_EV_WITHDRAWN:
        printf("the question above no longer matters\n");
        break;
    }
    fflush(stdout);
}

void show_notice(void *ctx, enum runtime_notice notice, const char *why, unsigned retry_ms)
{
    (void)ctx;
    if (notice == RUNTIME_CONNECTED)
        return;
    fprintf(stderr, "%s%s\n", why, retry_ms ? "; trying again" : "");
}

void show_result(const char *what, int result)
{
    if (result != TROTH_OK)
        fprintf(stderr, "%s: %s\n", what, troth_result_words(result));
}

/* ---- what a person types ---- */

static struct {
    void (*line)(void *ctx, const char *text);
    void *ctx;
    char text[64];
    size_t len;
} input;

static int on_input(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    char octets[64];
    ssize_t n = read(fd, octets, sizeof octets);

    (void)events;
    (void)ctx;
    for (ssize_t i = 0; i < n; i++) {
        if (octets[i] == '\n') {
            input.text[input.len] = 0;
            input.len = 0;
            input.line(input.ctx, input.text);
        } else if (input.len < sizeof input.text - 1) {
            input.text[input.len++] = octets[i];
        }
    }
    if (n > 0)
        return 0;
    input.line(input.ctx, NULL);
    return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

bool take_lines(sd_event *loop, void (*line)(void *ctx, const char *text), void *ctx, char *why,
                size_t why_cap)
{
    input.line = line;
    input.ctx = ctx;
    snprintf(why, why_cap, "standard input must be a terminal or a pipe");
    return sd_event_add_io(loop, NULL, STDIN_FILENO, EPOLLIN, on_input, NULL) >= 0;
}

/* ---- what goes another way than the air ---- */

bool write_oob(const char *path, const struct troth_oob *oob)
{
    uint8_t octets[32];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    memcpy(octets, oob->confirm, 16);
    memcpy(octets + 16, oob->random, 16);
    bool ok = fd >= 0 && write(fd, octets, sizeof octets) == sizeof octets;
    if (!ok)
        perror(path);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool read_oob(const char *path, struct troth_oob *oob)
{
    uint8_t octets[32];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, octets, sizeof octets);

    if (n < 0)
        perror(path);
    else if (n != sizeof octets)
        fprintf(stderr, "%s: these are no OOB data, which have 32 octets\n", path);
    if (fd >= 0)
        close(fd);
    if (n != sizeof octets)
        return false;
    memcpy(oob->confirm, octets, 16);
    memcpy(oob->random, octets + 16, 16);
    oob->have_sc = true;
    return true;
}
