/* What the files of protocomm.h share. */
#ifndef TROTH_TOOLS_PROTOCOMM_PARTS_H
#define TROTH_TOOLS_PROTOCOMM_PARTS_H

#include "espressif.h"

/* Says it once, with --json also {"event": "failed", "result": ...}. Returns false. */
bool protocomm_failed(struct protocomm *p, const char *result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Lets time pass. False: it is over. */
bool protocomm_pause(struct protocomm *p, unsigned ms);

#endif
