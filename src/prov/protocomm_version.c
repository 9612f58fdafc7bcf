/* proto-ver: who the device is, before anything is proven. */
#include "base/bytes.h"

#include "prov/protocomm.h"

static void say(struct out *out, const char *text)
{
    out_bytes(out, text, strlen(text));
}

size_t protocomm_version(const struct troth_protocomm *pc, uint8_t *reply, size_t cap)
{
    struct out out = out_of(reply, cap);
    uint8_t scheme = pc->cfg.security.scheme;
    bool thread = pc->cfg.kind == TROTH_NET_THREAD;
    say(&out, "{\"prov\":{\"ver\":\"netprov-v1.2\",\"sec_ver\":");
    out_u8(&out, (uint8_t)('0' + scheme));
    say(&out, ",\"sec_patch_ver\":");
    say(&out, scheme == 2 ? "1" : "0");
    say(&out, ",\"cap\":[");
    if (scheme == 0)
        say(&out, "\"no_sec\",");
    else if (scheme == 1 && pc->cfg.security.pop.len == 0)
        say(&out, "\"no_pop\",");
    say(&out, thread ? "\"thread_prov\"" : "\"wifi_prov\"");
    if (pc->cfg.prov->cfg.net->ops->scan)
        say(&out, thread ? ",\"thread_scan\"" : ",\"wifi_scan\"");
    say(&out, "]}");
    if (pc->cfg.info) {
        say(&out, ",");
        say(&out, pc->cfg.info);
    }
    say(&out, "}");
    return out.bad ? 0 : out.len;
}
