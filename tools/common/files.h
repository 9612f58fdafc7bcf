/* Small files of secrets: written whole or not at all, for their owner alone. */
#ifndef TROTH_TOOLS_FILES_H
#define TROTH_TOOLS_FILES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Puts these octets there at once, mode 0600. fresh: fails (EEXIST) when something is there. safe:
 * on the disk when it returns. False: errno; what was there is as it was.
 */
bool files_put(const char *path, const char *bytes, size_t len, bool fresh, bool safe);
/* All of them to a descriptor. */
bool files_put_all(int fd, const char *bytes, size_t len);

#endif
