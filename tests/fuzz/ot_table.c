/*
 * The tables of OpenThread's command line: any lines are read, and a network in range can say
 * nothing but its own name.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "ports/linux/net_ot_table.h"

static bool line_of(struct ot_table *t, const char *text, size_t len, struct troth_scan_result *r)
{
    char *exact = malloc(len + 1);
    if (!exact)
        abort();
    memcpy(exact, text, len);
    exact[len] = 0;
    bool is = ot_table_line(t, exact, r);
    free(exact);
    if (is)
        never(r->kind != TROTH_NET_THREAD || r->thread.name.len > sizeof r->thread.name.b,
              "no such network");
    return is;
}

static void any_lines(const uint8_t *octets, size_t len)
{
    struct ot_table t = {.ready = false};
    struct troth_scan_result r;
    const char *at = (const char *)octets, *end = at + len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        line_of(&t, at, strnlen(at, n), &r);
        at += n + 1;
    }
}

/*
 * As its command line prints them: a name padded to 16 octets, then what is not the network's to
 * choose. The name has no NUL and, as a C string in a line, no line end.
 */
static void hostile_name(const char *name, int rssi)
{
    static const char *const heads[] = {
        "| J | Network Name     | Extended PAN     | PAN  | MAC Address      | Ch | dBm | LQI |",
        "| Network Name     | Extended PAN     | PAN  | MAC Address      | Ch | dBm | LQI |",
        "| PAN  | MAC Address      | Ch | dBm | LQI |",
    };
    char row[200];
    for (unsigned h = 0; h < 3; h++) {
        struct ot_table t = {.ready = false};
        struct troth_scan_result r;
        never(line_of(&t, heads[h], strlen(heads[h]), &r), "a head is a network");
        never(line_of(&t, "+---+", 5, &r), "a rule is a network");
        int n = 0;
        if (h == 0)
            n = snprintf(row, sizeof row, "| 1 ");
        if (h < 2)
            n += snprintf(row + n, sizeof row - 100, "| %-16s | dead00beef00cafe ", name);
        n += snprintf(row + n, 100, "| 1a2b | f1d92a82c8d8fe43 | 11 | %3d | %3d |", rssi, 7);
        never(!line_of(&t, row, (size_t)n, &r), "a name hides its network");
        never(r.thread.pan_id != 0x1a2b || r.ext_addr[0] != 0xf1 || r.ext_addr[7] != 0x43 ||
                  r.channel != 11 || r.rssi != rssi || r.lqi != 7,
              "a name changed what is behind it");
        if (h == 2)
            continue;
        size_t len = strlen(name);
        never(memcmp(r.thread.ext_pan_id, "\xde\xad\0\xbe\xef\0\xca\xfe", 8) != 0,
              "a name changed the Extended PAN ID");
        never(h == 0 && !r.joinable, "a name changed what is before it");
        while (len && name[len - 1] == ' ')
            len--;
        size_t from = strspn(name, " ");
        len = len > from ? len - from : 0;
        never(r.thread.name.len != len || memcmp(r.thread.name.b, name + from, len) != 0,
              "a name changed on its way");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    char name[17] = "";
    uint8_t len = in_u8(&in) % 17;
    int rssi = -(in_u8(&in) % 129);
    in_copy(&in, name, len < in.left ? len : in.left);
    for (unsigned i = 0; i < len; i++)
        if (name[i] == '\n' || name[i] == '\r')
            name[i] = '|';
    hostile_name(name, rssi);
    any_lines(data, size);
    return 0;
}
