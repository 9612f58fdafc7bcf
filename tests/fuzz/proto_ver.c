/* proto-ver as a client reads it: whole or nothing, and the same whatever is behind its end. */
#include "fuzz/fuzz.h"

#include <troth/protocomm_client.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct troth_proto_ver none;
    struct troth_proto_ver v, again;
    struct in in = in_of(data, size);
    size_t n = size;
    uint8_t *exact = take_exact(&in, &n);
    memset(&v, 0xa5, sizeof v);
    memset(&again, 0x5a, sizeof again);
    int r = troth_proto_ver_read(exact, n, &v);
    never(troth_proto_ver_read(exact, n, &again) != r, "read twice, it is another");
    free(exact);
    never(r != TROTH_OK && r != TROTH_INVALID, "neither read nor refused");
    if (r != TROTH_OK) {
        never(memcmp(&v, &none, sizeof v) != 0, "what is refused left something");
        return 0;
    }
    never(memcmp(&v, &again, sizeof v) != 0, "some of it is left from before");
    never(memchr(v.ver, 0, sizeof v.ver) == NULL, "a version without end");
    never(v.kind != (v.thread_prov ? TROTH_NET_THREAD : TROTH_NET_WIFI), "another network");
    never(v.can_scan && !v.wifi_scan && !v.thread_scan, "it scans without being able to");
    never(v.sec_ver != TROTH_PROTO_VER_UNSET ? v.scheme != v.sec_ver : v.scheme > 1,
          "another scheme than it says");
    return 0;
}
