/* An agent that only displays, by means of its own: what it cannot do it is never asked. */
#include <stdio.h>

#include "base/wipe.h"
#include "common/agent_parts.h"

static void show(struct agent *a, struct question *q)
{
    char digits[8];
    snprintf(digits, sizeof digits, "%06u", (unsigned)(q->call.passkey % 1000000));
    if (a->cfg.display)
        a->cfg.display(a->cfg.ctx, digits, q->peer);
    wipe(digits, sizeof digits);
}

static void gone(struct agent *a, const struct question *q)
{
    (void)q;
    if (a->cfg.display)
        a->cfg.display(a->cfg.ctx, NULL, NULL);
}

const struct agent_way agent_display = {.show = show, .gone = gone, .displays = true};
