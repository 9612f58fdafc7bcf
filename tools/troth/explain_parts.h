/* What the files that make a tale share: links and chapters on one side, their rules on the other. */
#ifndef TROTH_TOOLS_EXPLAIN_PARTS_H
#define TROTH_TOOLS_EXPLAIN_PARTS_H

#include "explain.h"

/* ---- explain_tale.c: room ---- */

/* Never NULL: where there is no room the step is counted and goes nowhere. */
struct tale_step *tale_add_step(struct tale *t, struct chapter *c, const struct capture_fact *f,
                                enum tale_lane lane, enum out_tone tone, const char *label);
/* Never NULL. Pointers to the link's earlier chapters are void afterwards. */
struct chapter *tale_begin(struct tale *t, struct tale_link *l, enum chapter_kind kind,
                           const struct capture_fact *f);
void tale_finish(struct chapter *c, enum chapter_end end);
/* The link's last chapter, and it only if it is open; NULL: none. */
struct chapter *tale_last(const struct tale_link *l);
struct chapter *tale_running(const struct tale_link *l);
/* Whose side that is; false: nobody knows the roles. */
bool tale_side_of(const struct tale_link *l, bool host, enum troth_side *side);

/* ---- explain_chart.c: the message chart ---- */

/* The row of the PDU that is due; NULL: none is, or no chart is known. */
const struct smp_step *chart_next(const struct chapter *c);
void chart_advance(struct chapter *c, const struct smp_step *row);
/* Whether the chart stands before ENCRYPT. */
bool chart_at_encrypt(const struct chapter *c);
/* The local step between what crossed last and what is due, if a person or its data is asked. */
uint8_t chart_local(const struct chapter *c);
/* Both features have crossed: the model, the key size, the keys to come. */
void chart_combine(struct chapter *c);
/* Ends the chapter well when nothing more is due. */
void chart_complete(struct chapter *c);
/* Who owes what the chart has next. */
void chart_blame(struct chapter *c);

/* ---- explain_smp.c and explain_encryption.c: facts into steps ---- */

void tale_smp(struct tale *t, struct tale_link *l, const struct capture_fact *f);
void tale_encrypt(struct tale *t, struct tale_link *l, const struct capture_fact *f);
void tale_ltk_answer(struct tale *t, struct tale_link *l, const struct capture_fact *f);
void tale_encryption(struct tale *t, struct tale_link *l, const struct capture_fact *f);
void tale_enable_refused(struct tale *t, struct tale_link *l, const struct capture_fact *f);
void tale_not_encrypted(struct chapter *c, uint8_t hci);

#endif
