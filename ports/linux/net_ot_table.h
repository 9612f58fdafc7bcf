/* The tables in which OpenThread's command line shows what it heard. */
#ifndef TROTH_LINUX_NET_OT_TABLE_H
#define TROTH_LINUX_NET_OT_TABLE_H

#include <troth/net.h>

enum ot_column {
    OT_JOINABLE,
    OT_NAME,
    OT_EXT_PAN,
    OT_PAN,
    OT_ADDRESS,
    OT_CHANNEL,
    OT_RSSI,
    OT_LQI,
    OT_COLUMNS,
};

/* Where each column is: versions differ in which they show, and a name may hold anything. */
struct ot_table {
    uint16_t from[OT_COLUMNS], to[OT_COLUMNS]; /* to 0: not shown */
    bool ready;                                /* the line under the head came */
};

/* All zero before the first line. True: a row, in *result. */
bool ot_table_line(struct ot_table *t, const char *line, struct troth_scan_result *result);

#endif
