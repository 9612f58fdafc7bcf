/* Signed Writes in both directions with both CSRKs poisoned: right, wrong, repeated. */
#include "constant_time/secret.h"
#include "crypto/toolbox.h"
#include "fuzz/gatt_link.h"

static const struct troth_characteristic characteristics[] = {
    {TROTH_UUID16(0xfe01), 1, TROTH_PROP_SIGNED_WRITE, TROTH_OPEN, TROTH_OPEN, TROTH_OPEN, 7, NULL},
};

static enum troth_gatt_status access(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    (void)a;
    return TROTH_GATT_OK;
}

static const struct troth_service table = {TROTH_UUID16(0xfe00), characteristics, 1, access, NULL};
static unsigned delivered;

static void look_command(struct gatt_link *l, const struct troth_gatt_access *a)
{
    (void)l;
    (void)a;
    delivered++;
}

static void look(struct gatt_link *l, enum gatt_slot slot, const uint8_t *pdu, size_t len)
{
    (void)l;
    (void)slot;
    reveal(pdu, len); /* the air carries it */
}

static void receive(struct gatt_link *l, uint16_t handle, uint32_t counter, uint8_t damage)
{
    uint8_t pdu[32] = {0xd2, (uint8_t)handle, (uint8_t)(handle >> 8), 'x'};
    toolbox_sign(l->csrk, pdu, 4, counter, pdu + 4);
    reveal(pdu, sizeof pdu);
    pdu[15] ^= damage;
    struct in in = in_of(pdu, 16);
    gatt_link_rx(l, &in, 16);
    gatt_link_stored(l, true);
}

int main(int argc, char **argv)
{
    static struct gatt_link l;
    static struct troth_gatt_service service;
    (void)argc;
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "usage: valgrind --error-exitcode=1 %s\n", argv[0]);
        return 2;
    }
    service = (struct troth_gatt_service){.table = &table};
    gatt_link_open(&l, &service, 1);
    l.look = look;
    l.look_command = look_command;
    l.has_bond = true;
    poison(l.csrk, sizeof l.csrk);
    uint16_t handle = gatt_db_value_handle(&l.db, &service, 1);
    receive(&l, handle, 0, 0);
    receive(&l, handle, 1, 0x40);
    receive(&l, handle, 0, 0);
    receive(&l, handle, 7, 0);
    if (gatt_signed_write(&l.g, handle, (const uint8_t *)"y", 1) != TROTH_OK)
        delivered = 0;
    gatt_link_stored(&l, true);
    bool ok = delivered == 2 && l.sent[GATT_SLOT_PUSH] == 1;
    if (!ok)
        fprintf(stderr, "%u delivered, %u sent\n", delivered, l.sent[GATT_SLOT_PUSH]);
    return !ok;
}
