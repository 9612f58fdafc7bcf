/*
 * The text of a provisioning QR code: one line of JSON that names a device, how it is reached, and,
 * if its label is to hold them, the secrets to begin a session.
 *
 *     {"ver":"v1","name":"PROV_F72E6B","username":"wifiprov","pop":"abcd1234","transport":"ble"}
 *
 * Or the same behind the address of a web page that draws it. Written and read without heap.
 */
#ifndef TROTH_QR_PAYLOAD_H
#define TROTH_QR_PAYLOAD_H

#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troth_qr_transport { TROTH_QR_BLE = 1, TROTH_QR_SOFTAP = 2 };

#define TROTH_QR_NAME_MAX       32   /* octets: a Bluetooth name or an SSID */
#define TROTH_QR_SECRET_MAX     128  /* octets of the others */
#define TROTH_QR_TEXT_MAX       2953 /* what a QR code holds, ISO/IEC 18004: octets, level L */
#define TROTH_QR_URL            "https://espressif.github.io/esp-jumpstart/qrcode.html?data="
#define TROTH_QR_URL_MAX        (sizeof TROTH_QR_URL + 3 * TROTH_QR_TEXT_MAX)
#define TROTH_QR_SECURITY_UNSET 0xff

/* Strings are UTF-8 and end with a NUL; empty: not there. Secrets: wipe. */
struct troth_qr {
    char name[TROTH_QR_NAME_MAX + 1];       /* the device's; mandatory */
    uint8_t transport;                      /* enum troth_qr_transport; mandatory */
    uint8_t security;                       /* 0, 1, 2 or TROTH_QR_SECURITY_UNSET: readers take 2 */
    uint8_t network;                        /* enum troth_net_kind; 0: not said */
    char username[TROTH_QR_SECRET_MAX + 1]; /* of security 2 */
    char pop[TROTH_QR_SECRET_MAX + 1];      /* proof of possession, or security 2's password */
    char password[TROTH_QR_SECRET_MAX + 1]; /* of the device's own Wi-Fi, with SoftAP */
    bool has_pop;                           /* pop was there, be it empty */
};

/*
 * Writes the JSON. `secrets` puts pop and password in: then whoever sees the code may provision the
 * device. Characters before the NUL, or TROTH_INVALID: out of range (no name, no transport, no
 * UTF-8), or cap is too small; TROTH_QR_TEXT_MAX + 1 never is.
 */
int troth_qr_write(const struct troth_qr *q, bool secrets, char *text, size_t cap);
/* The same as a link, all but letters, digits and -._~ escaped. TROTH_QR_URL_MAX is room enough. */
int troth_qr_write_url(const struct troth_qr *q, bool secrets, char *text, size_t cap);

/* What is wrong with a code's text. The words say what to do. */
enum troth_qr_fault {
    TROTH_QR_FINE = 0,
    TROTH_QR_FOREIGN,  /* neither JSON object nor link with one */
    TROTH_QR_TOO_LONG, /* more than TROTH_QR_TEXT_MAX characters, of a link TROTH_QR_URL_MAX */
    TROTH_QR_CUT,      /* ends too early */
    TROTH_QR_SYNTAX,   /* no JSON, no UTF-8, nested too deep, something behind its end */
    TROTH_QR_TWICE,    /* a key we know came again */
    TROTH_QR_TYPE,     /* of another type than its key asks for */
    TROTH_QR_VALUE,    /* too long, a NUL within, or none of the values of its key */
    TROTH_QR_NO_NAME,
    TROTH_QR_NO_TRANSPORT,
};
const char *troth_qr_fault_words(enum troth_qr_fault fault);
/*
 * Of exactly these characters: the JSON, or a link whose parameter "data" it is, escaped or not.
 * Keys nobody knows are skipped. Anything but TROTH_QR_FINE leaves q all zero.
 */
enum troth_qr_fault troth_qr_parse(struct troth_qr *q, const char *text, size_t len);

#ifdef __cplusplus
}
#endif
#endif
