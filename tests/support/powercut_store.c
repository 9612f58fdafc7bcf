#include "support/powercut_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64], path[96];

int powercut_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/troth-powercut-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/store.db", folder);
    return 0;
}

int powercut_no_folder(void **state)
{
    char journal[112];
    (void)state;
    snprintf(journal, sizeof journal, "%s-journal", path);
    unlink(path);
    unlink(journal);
    return rmdir(folder);
}

const char *powercut_path(void)
{
    return path;
}

struct store *powercut_open(void)
{
    struct store *s;
    char why[256];
    return store_open(&s, path, why, sizeof why) == TROTH_OK ? s : NULL;
}

struct store *powercut_reopen(void)
{
    struct store *s;
    char why[256];
    if (store_open(&s, path, why, sizeof why) != TROTH_OK)
        fail_msg("%s: %s", powercut_where(), why);
    return s;
}

static bool also_store(struct device *d, const struct troth_ask *a)
{
    struct store *s = d->store_ctx;
    const struct troth_addr *who =
        a->u.store.kind == TROTH_RECORD_LOCAL ? NULL : &a->u.store.identity;
    if (a->u.store.remove) {
        int result = store_delete(s, who);
        return result == TROTH_OK || result == TROTH_NOT_FOUND;
    }
    return store_put(s, who, a->u.store.kind, a->u.store.record, a->u.store.len) == TROTH_OK;
}

void powercut_keep(struct device *d, struct store *s)
{
    d->also_store = also_store;
    d->store_ctx = s;
}

unsigned powercut_story(void (*run)(void *context), void (*check)(void *context))
{
    const struct powercut_scenario scenario = {.prefix = path, .run = run, .check = check};
    unsigned operations = powercut_everywhere(&scenario, 2);
    print_message("%u operations, the power cut at each\n", operations);
    return operations;
}
