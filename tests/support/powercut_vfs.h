/*
 * Power cuts under SQLite. A VFS over the ordinary one that knows what a disk has been told to keep:
 * everything written since a file's last sync is only in flight. At the chosen operation the power
 * goes: that operation and all later ones fail. Then the files are rewritten as a disk might hold
 * them, one of several ways, and the program starts again on the ordinary VFS.
 *
 * An operation is whatever changes a file: write, truncate, sync, delete, creation by SQLite.
 * A sync makes its file's contents and its name last, as the Unix VFS does for journals; a file that
 * SQLite found when it opened it is there. One process, one thread, files under one prefix.
 */
#ifndef TROTH_TESTS_SUPPORT_POWERCUT_VFS_H
#define TROTH_TESTS_SUPPORT_POWERCUT_VFS_H

#include <stdbool.h>

/* ---- every cut of a scenario ---------------------------------------------------------------- */

struct powercut_scenario {
    const char *prefix; /* of the paths of all its files, e.g. that of the database */
    /* Before: on the ordinary VFS, from no files at all. May be NULL. */
    void (*prepare)(void *context);
    /* What the power is cut in: opens the database, works, closes all, whatever fails. */
    void (*run)(void *context);
    /* After: opens it again on the ordinary VFS and fails the test if something is not as it must
       be. Called many times for one run. */
    void (*check)(void *context);
    /* If not NULL, what opening again does, to be cut itself; then check. Opens and closes. */
    void (*recover)(void *context);
    void *context;
};

/*
 * Runs it with the power cut before its first operation, its second, ... until it runs through, and
 * checks each the ways a disk may have kept it: nothing in flight, everything, everything but what
 * the last operation did, and `seeds` random ones with torn sectors and garbage where a file grew.
 * Returns the number of operations of the whole run.
 */
unsigned powercut_everywhere(const struct powercut_scenario *scenario, unsigned seeds);

/* What is being tried, for the message of a check that fails. */
const char *powercut_where(void);

/* ---- its pieces ----------------------------------------------------------------------------- */

/* Makes the VFS the default and cuts before the n-th operation from here; 0: never. */
void powercut_start(const char *prefix, unsigned n);
unsigned powercut_operations(void); /* since start */
bool powercut_happened(void);
/* Back to the ordinary VFS. Every connection is closed by now. What was in flight is still known. */
void powercut_stop(void);

enum powercut_kept { POWERCUT_NOTHING, POWERCUT_ALL, POWERCUT_ALL_BUT_LAST, POWERCUT_RANDOM };
/* Rewrites the files as the disk held them; again with another choice if wanted. */
void powercut_land(enum powercut_kept kept, unsigned seed);

#endif
