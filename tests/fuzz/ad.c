/* Advertising data: finding in anything, and putting what is then found. */
#include "fuzz/fuzz.h"

#include <troth/gap.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    uint8_t type = in_u8(&in), type2 = in_u8(&in), n = 0;
    size_t len = in.left < 255 ? in.left : 255;
    uint8_t *ad = take_exact(&in, &len);
    const uint8_t *found = troth_ad_find(ad, (uint8_t)len, type, &n);
    if (found) {
        never(found < ad + 2 || found + n > ad + len, "a value outside of the data");
        never(found[-1] != type || found[-2] != n + 1, "the value found is not of that type");
    }

    /* As much of it as fits, as values of two types; each is found again. */
    uint8_t out[255], out_len = 0, cap = (uint8_t)(type2 | 1);
    uint8_t half = (uint8_t)(len / 2);
    bool put = troth_ad_put(out, &out_len, cap, type, ad, half);
    never(put != (half + 2 <= cap), "a structure that fits is refused, or the other way round");
    never(put ? out_len != half + 2 : out_len != 0, "the length put is wrong");
    uint8_t before = out_len;
    bool second = troth_ad_put(out, &out_len, cap, type2, ad + half, (uint8_t)(len - half));
    never(out_len > cap, "more was put than fits");
    never(!second && out_len != before, "a refused structure left something");
    if (put) {
        found = troth_ad_find(out, out_len, type, &n);
        never(!found || n != half || memcmp(found, ad, half) != 0, "what was put is not found");
    }
    if (second && (type != type2 || !put)) {
        found = troth_ad_find(out, out_len, type2, &n);
        never(!found || n != len - half || memcmp(found, ad + half, n) != 0,
              "what was put second is not found");
    }
    free(ad);
    return 0;
}
