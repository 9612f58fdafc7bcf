/* troth agent --bluez: the options of its own. */
#ifndef TROTH_TOOLS_AGENT_BLUEZ_H
#define TROTH_TOOLS_AGENT_BLUEZ_H

#include "common/agent.h"
#include "common/cli.h"

struct agent_bluez_options {
    bool yes, no, accept_just_works, no_default, step;
    int io_cap; /* enum troth_io_cap; -1: not said */
    const char *adapter, *passkey, *services, *script;
    unsigned timeout, within; /* seconds; 0: none */
};

/* The whole command, after out_init. Its exit status. */
int agent_bluez(const struct cli *cli, const struct agent_bluez_options *options);

#endif
