/*
 * Bring-up as a table: one command a row. An optional row may be refused with any error; a required
 * one, or an answer shorter than its clause says, ends bring-up.
 */
#include "base/bytes.h"
#include "hci/hci.h"

struct row {
    uint16_t opcode;
    bool required;
    uint8_t octet, bit; /* in the supported commands (Vol 4 Part E 6.27); octet 0xff: not asked */
    uint8_t result_len; /* least octets behind the status */
    bool (*when)(const struct hci *x);
    void (*build)(const struct hci *x, struct hci_command *c);
    bool (*take)(struct hci *x, const uint8_t *p); /* false: nonsense */
};

#define ALWAYS_SUPPORTED 0xff, 0

static bool shares_buffers(const struct hci *x)
{
    return !x->acl_count;
}
static bool can_long_data(const struct hci *x)
{
    return x->features[0] & 0x20;
}
static bool can_privacy(const struct hci *x)
{
    return x->features[0] & 0x40;
}

static void build_event_mask(const struct hci *x, struct hci_command *c) /* 7.3.1 */
{
    (void)x;
    /* Disconnection Complete 4, Encryption Change 7, Hardware Error 15, Data Buffer Overflow 25,
     * Encryption Key Refresh Complete 47, LE Meta 61 */
    static const uint8_t mask[8] = {0x90, 0x80, 0x00, 0x02, 0x00, 0x80, 0x00, 0x20};
    hci_put_octets(c, HCI_SET_EVENT_MASK, mask, 8);
}

/* 7.3.69: nothing, so Encryption Change [v1] */
static void build_event_mask_2(const struct hci *x, struct hci_command *c)
{
    (void)x;
    static const uint8_t mask[8] = {0};
    hci_put_octets(c, HCI_SET_EVENT_MASK_PAGE_2, mask, 8);
}

/* 7.8.1. Old controllers refuse a mask with bits they do not know: what comes with a feature is
 * asked for where the feature is. */
static void build_le_event_mask(const struct hci *x, struct hci_command *c)
{
    /* Connection Complete 0, Advertising Report 1, Connection Update Complete 2, Long Term Key
     * Request 4 */
    uint8_t mask[8] = {0x17};
    if (x->features[0] & 0x02)
        mask[0] |= 0x20; /* Remote Connection Parameter Request 5 */
    if (can_privacy(x))
        mask[1] |= 0x02; /* Enhanced Connection Complete 9 */
    hci_put_octets(c, HCI_LE_SET_EVENT_MASK, mask, 8);
}

/* 7.3.79: a dual-mode controller wants to be told */
static void build_le_host(const struct hci *x, struct hci_command *c)
{
    (void)x;
    static const uint8_t p[2] = {1, 0};
    hci_put_octets(c, HCI_WRITE_LE_HOST_SUPPORT, p, 2);
}

/* 7.8.35: 251 octets, 2120 us */
static void build_data_length(const struct hci *x, struct hci_command *c)
{
    (void)x;
    static const uint8_t p[4] = {0xfb, 0x00, 0x48, 0x08};
    hci_put_octets(c, HCI_LE_WRITE_SUGGESTED_DATA_LENGTH, p, 4);
}

static bool take_version(struct hci *x, const uint8_t *p)
{
    x->version = p[0];
    return true;
}

static bool take_commands(struct hci *x, const uint8_t *p)
{
    memcpy(x->commands, p, sizeof x->commands);
    x->know_commands = true;
    return true;
}

static bool take_le_buffers(struct hci *x, const uint8_t *p)
{
    x->acl_len = get_le16(p);
    x->acl_count = p[2];
    if (!x->acl_len || !x->acl_count) { /* shared with BR/EDR, 7.8.2 */
        x->acl_len = x->acl_count = 0;
        return true;
    }
    return x->acl_len >= 27;
}

static bool take_buffers(struct hci *x, const uint8_t *p)
{
    x->acl_len = get_le16(p);
    x->acl_count = get_le16(p + 3);
    return x->acl_len >= 27 && x->acl_count;
}

static bool take_address(struct hci *x, const uint8_t *p)
{
    /* All zeros and all ones are what a controller without an address says. */
    uint8_t any = 0, all = 0xff;
    for (unsigned i = 0; i < 6; i++) {
        any |= p[i];
        all &= p[i];
    }
    x->has_public = any && all != 0xff;
    x->public_addr.type = TROTH_ADDR_PUBLIC;
    memcpy(x->public_addr.b, p, 6);
    return true;
}

static bool take_features(struct hci *x, const uint8_t *p)
{
    memcpy(x->features, p, sizeof x->features);
    return true;
}

static bool take_resolving(struct hci *x, const uint8_t *p)
{
    x->resolving_size = p[0];
    return true;
}

static const struct row rows[] = {
    {HCI_RESET, true, ALWAYS_SUPPORTED, 0, NULL, NULL, NULL},
    {HCI_READ_LOCAL_VERSION, false, ALWAYS_SUPPORTED, 8, NULL, NULL, take_version},
    {HCI_READ_LOCAL_COMMANDS, false, ALWAYS_SUPPORTED, 64, NULL, NULL, take_commands},
    {HCI_SET_EVENT_MASK, true, ALWAYS_SUPPORTED, 0, NULL, build_event_mask, NULL},
    {HCI_SET_EVENT_MASK_PAGE_2, false, 22, 2, 0, NULL, build_event_mask_2, NULL},
    {HCI_WRITE_LE_HOST_SUPPORT, false, 24, 6, 0, NULL, build_le_host, NULL},
    {HCI_LE_READ_LOCAL_FEATURES, false, ALWAYS_SUPPORTED, 8, NULL, NULL, take_features},
    {HCI_LE_SET_EVENT_MASK, true, ALWAYS_SUPPORTED, 0, NULL, build_le_event_mask, NULL},
    {HCI_LE_READ_BUFFER_SIZE, true, ALWAYS_SUPPORTED, 3, NULL, NULL, take_le_buffers},
    {HCI_READ_BUFFER_SIZE, true, ALWAYS_SUPPORTED, 7, shares_buffers, NULL, take_buffers},
    {HCI_READ_BD_ADDR, false, ALWAYS_SUPPORTED, 6, NULL, NULL, take_address},
    {HCI_LE_WRITE_SUGGESTED_DATA_LENGTH, false, 34, 0, 0, can_long_data, build_data_length, NULL},
    {HCI_LE_READ_RESOLVING_LIST_SIZE, false, 34, 6, 1, can_privacy, NULL, take_resolving},
};
#define ROWS (sizeof rows / sizeof rows[0])
_Static_assert(ROWS <= 16, "struct hci.mute has a bit for each");

void hci_start(struct hci *x)
{
    uint16_t mute = x->mute;
    hci_init(x, x->send, x->ctx);
    x->mute = mute;
    x->state = HCI_RISING;
    x->credits = 1; /* Vol 4 Part E 4.4: one command may be sent after power-on or reset */
}

bool hci_supports(const struct hci *x, uint8_t octet, uint8_t bit)
{
    return x->know_commands && x->commands[octet] >> bit & 1;
}

bool hci_unanswered(struct hci *x)
{
    if (x->state != HCI_RISING || !x->open || rows[x->row].required)
        return false;
    x->mute |= (uint16_t)(1u << x->row);
    hci_start(x);
    return true;
}

static bool skipped(const struct hci *x, const struct row *r)
{
    if ((r->when && !r->when(x)) || x->mute >> (r - rows) & 1)
        return true;
    return x->know_commands && r->octet != 0xff && !(x->commands[r->octet] >> r->bit & 1);
}

bool hci_rise(struct hci *x)
{
    if (x->state != HCI_RISING || x->open)
        return false;
    while (x->row < ROWS && skipped(x, &rows[x->row]))
        x->row++;
    if (x->row == ROWS) {
        x->state = HCI_UP;
        return true;
    }
    if (!x->credits)
        return false;
    const struct row *r = &rows[x->row];
    struct hci_command c;
    hci_put(&c, r->opcode);
    if (r->build)
        r->build(x, &c);
    hci_issue(x, &c, TROTH_NO_LINK);
    return true;
}

bool hci_rise_answer(struct hci *x, const struct hci_event *e)
{
    const struct row *r = &rows[x->row];
    bool good = e->u.command.complete && !e->u.command.status;
    if (good && (e->u.command.len < r->result_len || (r->take && !r->take(x, e->u.command.result))))
        goto failed;
    if (!good && r->required)
        goto failed;
    x->row++;
    return true;
failed:
    x->state = HCI_DOWN;
    return false;
}
