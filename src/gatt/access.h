/* Who may do what: the one place where permissions are decided. */
#ifndef TROTH_GATT_ACCESS_H
#define TROTH_GATT_ACCESS_H

#include "gatt/db.h"

#include <troth/smp.h>

/*
 * 0 when a link of this level may do what takes this permission; else the error of Vol 3 Part C
 * 10.3.1. key_size 0: the policy's. bonded: keys for this peer exist, in use or not.
 */
enum troth_att_error access_error(const struct troth_level *level,
                                  const struct troth_policy *policy, uint8_t permission,
                                  uint8_t key_size, bool bonded);

/* The same for the work of an opcode on an attribute, its properties included. */
enum troth_att_error access_allows(const struct gatt *g, const struct db_attribute *a,
                                   uint8_t opcode);
/* ... for sending this characteristic's value unasked. */
enum troth_att_error access_pushes(const struct gatt *g, const struct troth_characteristic *c);

#endif
