/* Where a pairing stands in its message chart (smp/script.h), seen from outside. */
#include "explain_parts.h"

#include "smp/script.h"

/* The row of the PDU that is due; NULL: none is, or no chart is known. */
const struct smp_step *chart_next(const struct chapter *c)
{
    const struct smp_step *row = c->at;
    while (row) {
        switch ((enum smp_dir)row->dir) {
        case I2R:
        case R2I:
            if (!smp_is_key_row(row) ||
                (c->dist[row->dir == I2R ? TROTH_INITIATOR : TROTH_RESPONDER] & row->arg))
                return row;
            row++;
            break;
        case LOCAL:
        case INIT:
        case RESP:
            if (row->what == ENCRYPT && !c->encrypted)
                return NULL;
            row++;
            break;
        case AGAIN:
            row++;
            break;
        case THEN:
            if (row->what == KEYS)
                row = smp_script_keys;
            else
                row = c->combined ? smp_script_for(c->account.sc, c->account.model) : NULL;
            break;
        case FINISH:
            return NULL;
        }
    }
    return NULL;
}

/* Whether the chart stands before ENCRYPT. */
bool chart_at_encrypt(const struct chapter *c)
{
    const struct smp_step *row = c->at;
    while (row && row->dir == LOCAL && row->what != ENCRYPT)
        row++;
    return row && row->dir == LOCAL && row->what == ENCRYPT && !c->encrypted;
}

void chart_advance(struct chapter *c, const struct smp_step *row)
{
    c->at = row + 1;
    if (c->at->dir == AGAIN)
        c->at = ++c->round < 20 ? c->at - c->at->arg : c->at + 1;
}

/* The local step between what crossed last and what is due, if a person or its data is asked. */
uint8_t chart_local(const struct chapter *c)
{
    const struct smp_step *row = c->at, *next = chart_next(c);
    for (; row && row != next && row->dir >= LOCAL && row->dir <= RESP; row++)
        if ((row->what == SECRET && c->combined && c->account.model != TROTH_JUST_WORKS) ||
            (row->what == VERIFY_USER && c->account.model == TROTH_NUMERIC_COMPARISON))
            return row->what;
    return 0;
}

void chart_complete(struct chapter *c)
{
    if (c->kind == CHAPTER_PAIRING && c->end == CHAPTER_OPEN && c->encrypted &&
        (c->headless || (c->at && !chart_next(c))))
        tale_finish(c, CHAPTER_SUCCEEDED);
}

void chart_combine(struct chapter *c)
{
    const struct troth_features *i = &c->features[TROTH_INITIATOR];
    const struct troth_features *r = &c->features[TROTH_RESPONDER];
    if (!c->crossed[TROTH_INITIATOR] || !c->crossed[TROTH_RESPONDER])
        return;
    c->combined = true;
    pairing_account(&c->account, c->features);
    c->key_size = i->max_key_size < r->max_key_size ? i->max_key_size : r->max_key_size;
    uint8_t kinds = TROTH_DIST_ID | TROTH_DIST_SIGN | (c->account.sc ? 0 : TROTH_DIST_ENC);
    c->dist[TROTH_INITIATOR] = i->initiator_keys & r->initiator_keys & kinds;
    c->dist[TROTH_RESPONDER] = i->responder_keys & r->responder_keys & kinds;
}

/* Who owes what the chart has next. */
void chart_blame(struct chapter *c)
{
    const struct smp_step *next = chart_next(c);
    uint8_t local = chart_local(c);
    c->know_by = next != NULL;
    if (next)
        c->by = next->dir == I2R ? TROTH_INITIATOR : TROTH_RESPONDER;
    if (local && next)
        c->step = troth_smp_step_words(local);
    else if (chart_at_encrypt(c))
        c->step = troth_smp_step_words(ENCRYPT);
}
