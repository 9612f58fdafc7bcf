/* The text of provisioning QR codes: whatever is read is written and read again; no secret unasked. */
#include "fuzz/fuzz.h"

#include <troth/qr_payload.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct troth_qr q, back, none;
    static char text[TROTH_QR_URL_MAX];
    struct in in = in_of(data, size);
    size_t n = size;
    char *exact = (char *)take_exact(&in, &n);
    memset(&q, 0xa5, sizeof q);
    enum troth_qr_fault fault = troth_qr_parse(&q, exact, n);
    never(!troth_qr_fault_words(fault), "a fault without words");
    free(exact);
    if (fault != TROTH_QR_FINE) {
        never(memcmp(&q, &none, sizeof q) != 0, "what is refused left something");
        return 0;
    }
    never(!q.name[0] || !q.transport, "a code without a device is taken");
    for (unsigned link = 0; link < 2; link++) {
        int len = link ? troth_qr_write_url(&q, true, text, sizeof text)
                       : troth_qr_write(&q, true, text, TROTH_QR_TEXT_MAX + 1);
        never(len <= 0 || text[len], "a code that was read cannot be written");
        never(troth_qr_parse(&back, text, (size_t)len) != TROTH_QR_FINE, "nor read again");
        never(memcmp(&q, &back, sizeof q) != 0, "it changed on its way");
        len = link ? troth_qr_write_url(&q, false, text, sizeof text)
                   : troth_qr_write(&q, false, text, sizeof text);
        never(len <= 0 || troth_qr_parse(&back, text, (size_t)len) != TROTH_QR_FINE,
              "without its secrets it is broken");
        never(back.has_pop || back.pop[0] || back.password[0], "a secret is written unasked");
    }
    return 0;
}
