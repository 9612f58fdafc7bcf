/* The Wi-Fi provisioning service, device side. */
#include <string.h>

#include <troth/wifi_gatt.h>

#include "base/check.h"
#include "base/wipe.h"

#define AD_MAX 31

/* ---- what is written ---- */

static enum troth_gatt_status write_octets(const struct troth_gatt_access *a, uint8_t *len,
                                           uint8_t *value, uint8_t least, uint8_t most)
{
    VERIFY(a->offset == 0, TROTH_GATT_INVALID_OFFSET);
    VERIFY(a->len >= least && a->len <= most, TROTH_GATT_INVALID_LENGTH);
    if (a->check)
        return TROTH_GATT_OK;
    wipe(value, most);
    if (a->len)
        memcpy(value, a->data, a->len);
    *len = (uint8_t)a->len;
    return TROTH_GATT_OK;
}

static enum troth_gatt_status write_security(const struct troth_gatt_access *a, uint8_t *security)
{
    VERIFY(a->offset == 0 && a->len == 1, TROTH_GATT_INVALID_LENGTH);
    /* 4 and 5 are taken, as the service always did; the connect then fails for a reason. */
    VERIFY(a->data[0] <= TROTH_WIFI_WPA2_WPA3 || a->data[0] == TROTH_WIFI_AUTO,
           TROTH_GATT_NOT_ALLOWED);
    if (!a->check)
        *security = a->data[0];
    return TROTH_GATT_OK;
}

static enum troth_gatt_status write_control(struct troth_wifi_gatt *w,
                                            const struct troth_gatt_access *a)
{
    VERIFY(a->offset == 0 && a->len == 1, TROTH_GATT_INVALID_LENGTH);
    if (a->check)
        return TROTH_GATT_OK;
    int result = TROTH_OK; /* an unknown operation is none: success */
    if (a->data[0] == TROTH_WIFI_CONNECT)
        result = troth_prov_connect(w->cfg.prov, a->link);
    else if (a->data[0] == TROTH_WIFI_ERASE)
        result = troth_prov_erase(w->cfg.prov, a->link);
    return result == TROTH_OK ? TROTH_GATT_OK : TROTH_GATT_BUSY;
}

static enum troth_gatt_status write_staged(struct troth_wifi_gatt *w,
                                           const struct troth_gatt_access *a)
{
    struct troth_wifi scratch = {.ssid.len = 0}; /* a check changes nothing */
    struct troth_wifi *wifi = &scratch;
    if (a->check) {
        VERIFY(troth_prov_can_stage(w->cfg.prov, a->link), TROTH_GATT_NO_RESOURCES);
    } else {
        struct troth_credentials *c = troth_prov_stage(w->cfg.prov, a->link);
        VERIFY(c, TROTH_GATT_NO_RESOURCES);
        if (c->kind != TROTH_NET_WIFI) {
            wipe(c, sizeof *c);
            c->kind = TROTH_NET_WIFI;
            c->u.wifi.security = TROTH_WIFI_AUTO;
        }
        wifi = &c->u.wifi;
    }
    switch (a->id) {
    case TROTH_WIFI_SSID:
        return write_octets(a, &wifi->ssid.len, wifi->ssid.b, 1, sizeof wifi->ssid.b);
    case TROTH_WIFI_PASSWORD:
        return write_octets(a, &wifi->password.len, wifi->password.b, 0, sizeof wifi->password.b);
    default:
        return write_security(a, &wifi->security);
    }
}

/* ---- what is read ---- */

static uint16_t put_status(struct troth_wifi_gatt *w)
{
    struct troth_prov_status s;
    troth_prov_status(w->cfg.prov, &s);
    w->value[0] = (uint8_t)s.state;
    return 1;
}

static uint16_t put_details(struct troth_wifi_gatt *w)
{
    struct troth_prov_status s;
    troth_prov_status(w->cfg.prov, &s);
    w->value[0] = (uint8_t)s.reason;
    w->value[1] = s.attempts_left;
    w->value[2] =
        (uint8_t)((s.online ? TROTH_WIFI_ONLINE : 0) | (s.kept ? TROTH_WIFI_KEPT : 0) |
                  (s.returning ? TROTH_WIFI_RETURNING : 0) | (s.stored ? TROTH_WIFI_STORED : 0));
    w->value[3] = s.ssid.len;
    memcpy(w->value + 4, s.ssid.b, s.ssid.len);
    return (uint16_t)(4 + s.ssid.len);
}

static uint16_t put(struct troth_wifi_gatt *w, enum troth_wifi_gatt_id id)
{
    return id == TROTH_WIFI_STATUS ? put_status(w) : put_details(w);
}

static enum troth_gatt_status read_value(struct troth_wifi_gatt *w, struct troth_gatt_access *a)
{
    uint16_t len = put(w, (enum troth_wifi_gatt_id)a->id);
    VERIFY(a->offset <= len, TROTH_GATT_INVALID_OFFSET);
    a->value = w->value + a->offset;
    a->value_len = (uint16_t)(len - a->offset);
    return TROTH_GATT_OK;
}

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    struct troth_wifi_gatt *w = ctx;
    bool readable = a->id == TROTH_WIFI_STATUS || (a->id == TROTH_WIFI_DETAILS && w->cfg.details);
    if (!a->write)
        return readable ? read_value(w, a) : TROTH_GATT_REFUSED;
    switch (a->id) {
    case TROTH_WIFI_SSID:
    case TROTH_WIFI_PASSWORD:
    case TROTH_WIFI_SECURITY:
        return write_staged(w, a);
    case TROTH_WIFI_CONTROL:
        return write_control(w, a);
    }
    return TROTH_GATT_REFUSED;
}

/* ---- the tables ---- */

#define WRITE(n, level)                                                                            \
    {                                                                                              \
        .uuid = TROTH_WIFI_GATT_UUID(n), .id = (n), .properties = TROTH_PROP_WRITE,                \
        .read = (level), .write = (level), .subscribe = (level)                                    \
    }
#define SHOW(n, level)                                                                             \
    {                                                                                              \
        .uuid = TROTH_WIFI_GATT_UUID(n), .id = (n),                                                \
        .properties = TROTH_PROP_READ | TROTH_PROP_NOTIFY, .read = (level), .write = (level),      \
        .subscribe = (level)                                                                       \
    }
#define TABLE(level)                                                                               \
    {                                                                                              \
        WRITE(TROTH_WIFI_SSID, level), WRITE(TROTH_WIFI_PASSWORD, level),                          \
            WRITE(TROTH_WIFI_SECURITY, level), WRITE(TROTH_WIFI_CONTROL, level),                   \
            SHOW(TROTH_WIFI_STATUS, level), SHOW(TROTH_WIFI_DETAILS, level)                        \
    }
#define CHARACTERISTICS 6

static const struct troth_characteristic open_table[CHARACTERISTICS] = TABLE(TROTH_OPEN);
static const struct troth_characteristic encrypt_table[CHARACTERISTICS] = TABLE(TROTH_ENCRYPTED);
static const struct troth_characteristic auth_table[CHARACTERISTICS] =
    TABLE(TROTH_AUTHENTICATED_SC);

#define SERVICE(table, n)                                                                          \
    {                                                                                              \
        TROTH_WIFI_GATT_UUID(TROTH_WIFI_SERVICE), (table), (n), on_access, NULL                    \
    }

const struct troth_service *troth_wifi_gatt_service(enum troth_wifi_mode mode, bool details)
{
    static const struct troth_service services[3][2] = {
        {SERVICE(open_table, CHARACTERISTICS - 1), SERVICE(open_table, CHARACTERISTICS)},
        {SERVICE(encrypt_table, CHARACTERISTICS - 1), SERVICE(encrypt_table, CHARACTERISTICS)},
        {SERVICE(auth_table, CHARACTERISTICS - 1), SERVICE(auth_table, CHARACTERISTICS)},
    };
    switch (mode) {
    case TROTH_WIFI_MODE_NONE:
        return &services[0][details];
    case TROTH_WIFI_MODE_ENCRYPT:
    case TROTH_WIFI_MODE_ENCRYPT_ANY:
        return &services[1][details];
    case TROTH_WIFI_MODE_AUTH:
        break;
    }
    return &services[2][details];
}

/* ---- what a mode asks of the link ---- */

void troth_wifi_gatt_policy(enum troth_wifi_mode mode, struct troth_policy *policy)
{
    uint8_t *auth_req = &policy->features.auth_req;
    switch (mode) {
    case TROTH_WIFI_MODE_NONE:
        return;
    case TROTH_WIFI_MODE_ENCRYPT_ANY:
        *auth_req |= TROTH_AUTH_BOND | TROTH_AUTH_SC;
        policy->sc_only = false;
        return;
    case TROTH_WIFI_MODE_ENCRYPT:
        *auth_req |= TROTH_AUTH_BOND | TROTH_AUTH_SC;
        policy->sc_only = true;
        return;
    case TROTH_WIFI_MODE_AUTH:
        break;
    }
    *auth_req |= TROTH_AUTH_BOND | TROTH_AUTH_SC | TROTH_AUTH_MITM;
    policy->sc_only = true;
    policy->require_mitm = true;
    policy->min_key_size = 16;
    if (policy->features.io_cap == TROTH_NO_INPUT_NO_OUTPUT)
        policy->features.io_cap = TROTH_DISPLAY_ONLY; /* it displays the passkey */
}

uint8_t troth_wifi_gatt_security_request(enum troth_wifi_mode mode)
{
    switch (mode) {
    case TROTH_WIFI_MODE_NONE:
        return 0;
    case TROTH_WIFI_MODE_ENCRYPT:
    case TROTH_WIFI_MODE_ENCRYPT_ANY:
        return TROTH_AUTH_BOND | TROTH_AUTH_SC;
    case TROTH_WIFI_MODE_AUTH:
        break;
    }
    return TROTH_AUTH_BOND | TROTH_AUTH_SC | TROTH_AUTH_MITM;
}

bool troth_wifi_gatt_bond_ok(enum troth_wifi_mode mode, const struct troth_level *level)
{
    switch (mode) {
    case TROTH_WIFI_MODE_NONE:
        return true;
    case TROTH_WIFI_MODE_ENCRYPT_ANY:
        return level->key_size != 0;
    case TROTH_WIFI_MODE_ENCRYPT:
        return level->key_size != 0 && level->sc;
    case TROTH_WIFI_MODE_AUTH:
        break;
    }
    return level->key_size == 16 && level->sc && level->mitm;
}

struct troth_level troth_wifi_gatt_bond_level(const struct troth_bond_keys *keys)
{
    return (struct troth_level){
        .key_size = keys->key_size, .mitm = keys->mitm, .sc = keys->sc, .bonded = true};
}

void troth_wifi_gatt_advertising(const char *name, struct troth_advertising *adv)
{
    static const struct troth_uuid uuid = TROTH_WIFI_GATT_UUID(TROTH_WIFI_SERVICE);
    static const uint8_t flags = 0x06; /* LE General Discoverable, BR/EDR Not Supported */
    size_t len = strlen(name);
    uint8_t type = TROTH_AD_NAME_COMPLETE;
    if (len > TROTH_WIFI_NAME_MAX) {
        type = TROTH_AD_NAME_SHORT;
        len = TROTH_WIFI_NAME_MAX;
        while (len && ((uint8_t)name[len] & 0xc0) == 0x80)
            len--; /* not in the middle of a character */
    }
    adv->on = true;
    adv->connectable = true;
    adv->data_len = 0;
    adv->scan_response_len = 0;
    bool fits = troth_ad_put(adv->data, &adv->data_len, AD_MAX, TROTH_AD_FLAGS, &flags, 1);
    if (len)
        fits &= troth_ad_put(adv->data, &adv->data_len, AD_MAX, type, name, (uint8_t)len);
    fits &= troth_ad_put(adv->scan_response, &adv->scan_response_len, AD_MAX, TROTH_AD_UUID128_ALL,
                         uuid.b, uuid.len);
    ASSERT(fits);
}

/* ---- what is told ---- */

static bool told(struct troth_wifi_gatt *w, enum troth_wifi_gatt_id id)
{
    uint16_t len = put(w, id);
    return w->cfg.notify(w->cfg.ctx, id, w->value, len) != TROTH_BUSY;
}

/* The status first: who sees FAILED may then ask for the details. */
static void flush(struct troth_wifi_gatt *w)
{
    if (w->pending_status && told(w, TROTH_WIFI_STATUS))
        w->pending_status = false;
    if (w->pending_details && !w->pending_status && told(w, TROTH_WIFI_DETAILS))
        w->pending_details = false;
    if (w->pending_forget && !w->pending_status) {
        w->pending_forget = false;
        if (w->cfg.forget_bonds)
            w->cfg.forget_bonds(w->cfg.ctx, w->eraser);
    }
}

void troth_wifi_gatt_init(struct troth_wifi_gatt *w, const struct troth_wifi_gatt_config *cfg)
{
    ASSERT(cfg->prov && cfg->notify);
    memset(w, 0, sizeof *w);
    w->cfg = *cfg;
}

void troth_wifi_gatt_event(struct troth_wifi_gatt *w, const struct troth_prov_event *event)
{
    switch (event->type) {
    case TROTH_PROV_EV_STATE:
        w->pending_status = true;
        break;
    case TROTH_PROV_EV_ATTEMPT_FAILED:
    case TROTH_PROV_EV_KEPT:
    case TROTH_PROV_EV_LOST:
    case TROTH_PROV_EV_STORED:
        break;
    case TROTH_PROV_EV_ERASED:
        w->pending_forget = event->u.erased.ok;
        w->eraser = event->u.erased.writer;
        break;
    default:
        return;
    }
    w->pending_details = w->cfg.details;
    flush(w);
}

void troth_wifi_gatt_sent(struct troth_wifi_gatt *w)
{
    flush(w);
}

void troth_wifi_gatt_disconnected(struct troth_wifi_gatt *w, troth_link link)
{
    if (w->pending_forget && w->eraser == link)
        w->eraser = TROTH_NO_LINK;
    troth_prov_gone(w->cfg.prov, link);
    flush(w);
}
