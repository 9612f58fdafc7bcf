/* Whoever sits before a host: types what the other shows, compares, fetches OOB data, says yes. */
#ifndef TESTS_FAULTS_PERSON_H
#define TESTS_FAULTS_PERSON_H

#include "faults/duo.h"

/* A new pairing is ahead: what has to be carried out of band, is. */
void person_begins(struct half *h);
bool person_ask(void *half, const struct troth_ask *a);
void person_event(struct half *h, const struct troth_event *e);
/* Looks at both displays, and after the store, now and then. */
void person_looks(struct half *h);
/* When to look again at the latest. */
troth_ms person_deadline(const struct half *h);

/* The one each side's person answers TROTH_ASK_KEYPAIR with. */
const uint8_t *person_private_key(uint8_t side);

#endif
