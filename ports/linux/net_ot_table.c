/*
 *     | Network Name     | Extended PAN     | PAN  | MAC Address      | Ch | dBm | LQI |
 *     +------------------+------------------+------+------------------+----+-----+-----+
 *     | OpenThread       | dead00beef00cafe | ffff | f1d92a82c8d8fe43 | 11 | -20 |   0 |
 */
#include "ports/linux/net_ot_table.h"

#include <stdlib.h>
#include <string.h>

static void cell(const char *line, uint16_t from, uint16_t to, char *out, size_t cap)
{
    size_t len = strlen(line), n = 0;
    if (to > len)
        to = (uint16_t)len;
    while (from < to && line[from] == ' ')
        from++;
    while (to > from && line[to - 1] == ' ')
        to--;
    for (; from < to && n < cap - 1; from++)
        out[n++] = line[from];
    out[n] = 0;
}

static void take_head(struct ot_table *t, const char *line)
{
    static const char *const names[OT_COLUMNS] = {
        [OT_JOINABLE] = "J",
        [OT_NAME] = "Network Name",
        [OT_EXT_PAN] = "Extended PAN",
        [OT_PAN] = "PAN",
        [OT_ADDRESS] = "MAC Address",
        [OT_CHANNEL] = "Ch",
        [OT_RSSI] = "dBm",
        [OT_LQI] = "LQI",
    };
    char name[24];
    uint8_t behind = 0;
    *t = (struct ot_table){.ready = false};
    for (const char *bar = line; (bar = strchr(bar + 1, '|'));)
        behind++;
    for (const char *bar = line, *next; (next = strchr(bar + 1, '|')); bar = next) {
        uint16_t from = (uint16_t)(bar + 1 - line), to = (uint16_t)(next - line);
        cell(line, from, to, name, sizeof name);
        for (unsigned i = 0; i < OT_COLUMNS; i++)
            if (!strcmp(name, names[i])) {
                t->from[i] = from;
                t->to[i] = to;
                t->right[i] = behind;
            }
        behind--;
    }
}

static bool octets(const char *text, uint8_t *out, size_t len)
{
    if (strlen(text) != 2 * len || strspn(text, "0123456789abcdefABCDEF") != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char two[3] = {text[2 * i], text[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return true;
}

/* The cell between the right-th bar from the end and the one behind it. */
static void cell_from_right(const char *line, uint8_t right, char *out, size_t cap)
{
    size_t from = strlen(line), to = from;
    for (unsigned bars = 0; bars <= right && from > 0;)
        if (line[--from] == '|' && bars++ < right)
            to = from;
    cell(line, (uint16_t)(from + 1), (uint16_t)to, out, cap);
}

static bool take_row(const struct ot_table *t, const char *line, struct troth_scan_result *r)
{
    char text[OT_COLUMNS][24];
    uint8_t pan[2];
    *r = (struct troth_scan_result){.kind = TROTH_NET_THREAD};
    for (unsigned i = 0; i < OT_COLUMNS; i++)
        if (i <= OT_NAME || !t->to[i])
            cell(line, t->from[i], t->to[i], text[i], sizeof text[i]);
        else
            cell_from_right(line, t->right[i], text[i], sizeof text[i]);
    if (!octets(text[OT_PAN], pan, 2) || !octets(text[OT_ADDRESS], r->ext_addr, 8) ||
        (t->to[OT_EXT_PAN] && !octets(text[OT_EXT_PAN], r->thread.ext_pan_id, 8)))
        return false;
    r->thread.pan_id = (uint16_t)(pan[0] << 8 | pan[1]);
    r->thread.name.len = (uint8_t)strnlen(text[OT_NAME], sizeof r->thread.name.b);
    memcpy(r->thread.name.b, text[OT_NAME], r->thread.name.len);
    r->channel = (uint8_t)atoi(text[OT_CHANNEL]);
    r->rssi = (int8_t)atoi(text[OT_RSSI]);
    r->lqi = (uint8_t)atoi(text[OT_LQI]);
    r->joinable = text[OT_JOINABLE][0] == '1';
    return true;
}

bool ot_table_line(struct ot_table *t, const char *line, struct troth_scan_result *result)
{
    if (line[0] == '+')
        t->ready = true;
    else if (line[0] == '|' && !t->ready)
        take_head(t, line);
    else if (line[0] == '|')
        return take_row(t, line, result);
    return false;
}
