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

/*
 * Where each column is: versions differ in which they show, a name may hold anything, and -100 dBm
 * shifts what is behind it. So up to the name places count, and behind it columns from the right.
 */
struct ot_table {
    uint16_t from[OT_COLUMNS], to[OT_COLUMNS]; /* to 0: not shown */
    uint8_t right[OT_COLUMNS];                 /* 1: the last one */
    bool ready;                                /* the line under the head came */
};

/* All zero before the first line. True: a row, in *result. */
bool ot_table_line(struct ot_table *t, const char *line, struct troth_scan_result *result);

#endif
