/* Advertising data, Core Specification Supplement Part A 1, Vol 3 Part C 11. */
#include <troth/gap.h>

#include <string.h>

bool troth_ad_put(uint8_t *data, uint8_t *len, uint8_t cap, uint8_t type, const void *value,
                  uint8_t value_len)
{
    if (*len > cap || cap - *len < 2 + value_len || value_len == 0xff)
        return false;
    uint8_t *p = data + *len;
    p[0] = (uint8_t)(1 + value_len);
    p[1] = type;
    if (value_len)
        memcpy(p + 2, value, value_len);
    *len = (uint8_t)(*len + 2 + value_len);
    return true;
}

const uint8_t *troth_ad_find(const uint8_t *data, uint8_t len, uint8_t type, uint8_t *value_len)
{
    /* A structure of length 0 ends the significant part. */
    for (unsigned at = 0; at + 1 < len && data[at]; at += 1u + data[at]) {
        if (at + 1u + data[at] > len)
            break;
        if (data[at + 1] == type) {
            *value_len = (uint8_t)(data[at] - 1);
            return data + at + 2;
        }
    }
    return NULL;
}
