/*
 * HCI packets as pure encode and decode, Vol 4 Part E 5.4 and 7. The controller is not trusted: a
 * decoder reads nothing that the packet's own length does not cover. Octets that a later version
 * appended to an event are ignored (Vol 4 Part E 5.4.4).
 */
#ifndef TROTH_HCI_CODEC_H
#define TROTH_HCI_CODEC_H

#include <troth/gap.h>

/* H4 packet types, Vol 4 Part A 2 */
#define HCI_H4_COMMAND 0x01
#define HCI_H4_ACL     0x02
#define HCI_H4_EVENT   0x04

/* Opcodes: OGF in the upper six bits, OCF below. */
enum hci_opcode {
    HCI_DISCONNECT = 0x0406,
    HCI_SET_EVENT_MASK = 0x0c01,
    HCI_RESET = 0x0c03,
    HCI_SET_EVENT_MASK_PAGE_2 = 0x0c63,
    HCI_WRITE_LE_HOST_SUPPORT = 0x0c6d,
    HCI_READ_LOCAL_VERSION = 0x1001,
    HCI_READ_LOCAL_COMMANDS = 0x1002,
    HCI_READ_BUFFER_SIZE = 0x1005,
    HCI_READ_BD_ADDR = 0x1009,
    HCI_LE_SET_EVENT_MASK = 0x2001,
    HCI_LE_READ_BUFFER_SIZE = 0x2002,
    HCI_LE_READ_LOCAL_FEATURES = 0x2003,
    HCI_LE_SET_RANDOM_ADDRESS = 0x2005,
    HCI_LE_SET_ADVERTISING_PARAMETERS = 0x2006,
    HCI_LE_SET_ADVERTISING_DATA = 0x2008,
    HCI_LE_SET_SCAN_RESPONSE_DATA = 0x2009,
    HCI_LE_SET_ADVERTISING_ENABLE = 0x200a,
    HCI_LE_SET_SCAN_PARAMETERS = 0x200b,
    HCI_LE_SET_SCAN_ENABLE = 0x200c,
    HCI_LE_CREATE_CONNECTION = 0x200d,
    HCI_LE_CREATE_CONNECTION_CANCEL = 0x200e,
    HCI_LE_CONNECTION_UPDATE = 0x2013,
    HCI_LE_ENABLE_ENCRYPTION = 0x2019,
    HCI_LE_LTK_REPLY = 0x201a,
    HCI_LE_LTK_NEGATIVE_REPLY = 0x201b,
    HCI_LE_PARAMETER_REQUEST_REPLY = 0x2020,
    HCI_LE_PARAMETER_REQUEST_NEGATIVE_REPLY = 0x2021,
    HCI_LE_WRITE_SUGGESTED_DATA_LENGTH = 0x2024,
    HCI_LE_ADD_RESOLVING = 0x2027,
    HCI_LE_REMOVE_RESOLVING = 0x2028,
    HCI_LE_READ_RESOLVING_LIST_SIZE = 0x202a,
    HCI_LE_SET_ADDRESS_RESOLUTION = 0x202d,
    HCI_LE_SET_RPA_TIMEOUT = 0x202e,
    HCI_LE_SET_PRIVACY_MODE = 0x204e,
};

/* Status codes the host itself acts on, Vol 1 Part F 1.3 */
#define HCI_OK                      0x00
#define HCI_UNKNOWN_COMMAND         0x01
#define HCI_UNKNOWN_CONNECTION      0x02
#define HCI_HARDWARE_FAILURE        0x03
#define HCI_KEY_MISSING             0x06
#define HCI_DISALLOWED              0x0c
#define HCI_INVALID_PARAMETERS      0x12
#define HCI_REMOTE_USER_ENDED       0x13
#define HCI_LOW_RESOURCES           0x14
#define HCI_LOCAL_HOST_ENDED        0x16
#define HCI_UNSPECIFIED_ERROR       0x1f
#define HCI_UNACCEPTABLE_PARAMETERS 0x3b
#define HCI_MIC_FAILURE             0x3d
#define HCI_NOT_ESTABLISHED         0x3e
#define HCI_CANCELLED_BY_HOST       0x44

/* ---- commands ---- */

struct hci_command {
    uint16_t opcode;
    uint8_t len;
    uint8_t p[39];
};

/* One without parameters. */
void hci_put(struct hci_command *c, uint16_t opcode);
/* One with parameters that are octets already. */
void hci_put_octets(struct hci_command *c, uint16_t opcode, const void *p, uint8_t len);
/* One that only switches: Set Advertising Enable. */
void hci_put_enable(struct hci_command *c, uint16_t opcode, bool on);
void hci_put_disconnect(struct hci_command *c, uint16_t handle, uint8_t reason);
void hci_put_random_address(struct hci_command *c, const struct troth_addr *addr);
/* interval in units of 0.625 ms. */
void hci_put_advertising(struct hci_command *c, uint16_t interval, bool connectable,
                         uint8_t own_type);
/* Advertising or scan response data: always 31 octets behind the length. */
void hci_put_advertising_data(struct hci_command *c, uint16_t opcode, const uint8_t *data,
                              uint8_t len);
void hci_put_scan_parameters(struct hci_command *c, bool active, uint8_t own_type);
void hci_put_scan_enable(struct hci_command *c, bool on, bool filter_duplicates);
void hci_put_create_connection(struct hci_command *c, const struct troth_addr *peer,
                               uint8_t own_type, const struct troth_conn_params *params);
void hci_put_update(struct hci_command *c, uint16_t handle, const struct troth_conn_params *params);
void hci_put_encrypt(struct hci_command *c, uint16_t handle, uint64_t rand, uint16_t ediv,
                     const uint8_t ltk[16]);
void hci_put_ltk_reply(struct hci_command *c, uint16_t handle, const uint8_t ltk[16]);
void hci_put_ltk_negative(struct hci_command *c, uint16_t handle);
void hci_put_parameter_reply(struct hci_command *c, uint16_t handle,
                             const struct troth_conn_params *params);
void hci_put_parameter_negative(struct hci_command *c, uint16_t handle, uint8_t reason);

void hci_put_resolving_add(struct hci_command *c, const struct troth_addr *identity,
                           const uint8_t peer_irk[16], const uint8_t local_irk[16]);
void hci_put_resolving_remove(struct hci_command *c, const struct troth_addr *identity);
void hci_put_rpa_timeout(struct hci_command *c, uint16_t seconds);
/* device: else network privacy mode. */
void hci_put_privacy_mode(struct hci_command *c, const struct troth_addr *identity, bool device);

/* ---- events ---- */

enum hci_event_type {
    HCI_EV_OTHER, /* well-formed, of no interest */
    HCI_EV_COMMAND,
    HCI_EV_DISCONNECTED,
    HCI_EV_ENCRYPTION_CHANGED, /* Key Refresh Complete too */
    HCI_EV_COMPLETED_PACKETS,
    HCI_EV_HARDWARE_ERROR,
    HCI_EV_CONNECTED, /* LE Connection Complete and LE Enhanced Connection Complete */
    HCI_EV_REPORTS,
    HCI_EV_UPDATED,
    HCI_EV_LTK_REQUEST,
    HCI_EV_PARAMETER_REQUEST,
};

struct hci_event {
    enum hci_event_type type;
    union {
        struct { /* Command Complete or Command Status */
            uint8_t credits;
            uint16_t opcode; /* 0: only the credits */
            uint8_t status;
            bool complete;         /* not merely Command Status */
            const uint8_t *result; /* what follows the status */
            uint8_t len;
        } command;
        struct {
            uint8_t status;
            uint16_t handle;
            uint8_t reason;
        } disconnected;
        struct {
            uint8_t status;
            uint16_t handle;
            bool on;
            bool refresh;
        } encryption;
        struct {
            uint8_t count;
            const uint8_t *entries; /* count times handle, packets */
        } completed;
        struct {
            uint8_t code;
        } hardware;
        struct {
            uint8_t status;
            uint16_t handle;
            uint8_t role;           /* enum troth_role */
            struct troth_addr peer; /* as the air carried it */
            bool has_local_rpa;
            struct troth_addr local_rpa;
            uint16_t interval, latency, timeout;
        } connected;
        struct {
            uint8_t count;
            const uint8_t *p; /* for hci_take_report */
            uint8_t len;
        } reports;
        struct {
            uint8_t status;
            uint16_t handle;
            uint16_t interval, latency, timeout;
        } updated;
        struct {
            uint16_t handle;
            uint64_t rand;
            uint16_t ediv;
        } ltk_request;
        struct {
            uint16_t handle;
            struct troth_conn_params params;
        } parameter_request;
    } u;
};

struct hci_report {
    uint8_t kind;           /* 0 ADV_IND, 1 ADV_DIRECT_IND, 2 ADV_SCAN_IND, 3 NONCONN, 4 SCAN_RSP */
    struct troth_addr addr; /* 2 and 3 (resolved identities) read as public and random */
    const uint8_t *data;
    uint8_t len;
    int8_t rssi;
};

/* p: an event packet without its H4 type. False: malformed. */
bool hci_take_event(const uint8_t *p, size_t len, struct hci_event *e);
/* The next of u.reports, which it shortens. False: no more, or the rest is malformed. */
bool hci_take_report(struct hci_event *e, struct hci_report *r);

/* The ranges of Vol 4 Part E 7.8.18, and a supervision timeout longer than two silent periods. */
bool hci_params_sane(const struct troth_conn_params *p);

#endif
