/* What the stories of a store with its power cut share: a folder, the store in it, the cuts. */
#ifndef TROTH_TESTS_SUPPORT_POWERCUT_STORE_H
#define TROTH_TESTS_SUPPORT_POWERCUT_STORE_H

#include "ports/linux/store.h"
#include "support/powercut_vfs.h"
#include "support/world.h"

/* Setup and teardown of a test or a group: a folder, in memory where there is such a place, since
   thousands of recoveries sync for nobody. */
int powercut_folder(void **state);
int powercut_no_folder(void **state);
const char *powercut_path(void); /* of the store in it */

/* In run: NULL when the power went before the store was there. */
struct store *powercut_open(void);
/* In check: it opens, or the test fails. */
struct store *powercut_reopen(void);
/* What the device's host keeps is kept in the store too. */
void powercut_keep(struct device *d, struct store *s);

/* powercut_everywhere, and says how often the power was cut. */
unsigned powercut_story(void (*run)(void *context), void (*check)(void *context));

#endif
