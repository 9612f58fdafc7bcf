/* Where a program keeps its things when nobody says where. */
#ifndef TROTH_TOOLS_PATHS_H
#define TROTH_TOOLS_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * `file` in $STATE_DIRECTORY (a service manager's), else in troth/ of the XDG state directory, else
 * for root in /var/lib/troth. The directory is made, for its owner alone. False: `why` says why.
 */
bool paths_state(char *path, size_t cap, const char *file, char *why, size_t why_cap);

#endif
