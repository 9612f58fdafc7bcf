/* Facts of a capture into links and chapters: who sent what, and how each attempt ended. */
#include "explain_parts.h"

#include "smp/script.h"

#include <troth/gap.h>

#include <stdlib.h>
#include <string.h>

/* Vol 3 Part H 3.4: 30 s, less what the two ends of an HCI see apart. */
#define TIMEOUT_US   INT64_C(29900000)
#define STEPS_MAX    300u /* of one chapter; a flood is counted, not kept */
#define LINKS_MAX    5000u
#define CHAPTERS_MAX 200u

/* Error codes of the controller, Vol 1 Part F 1.3. */
enum {
    HCI_KEY_MISSING = 0x06,
    HCI_REMOTE_USER_ENDED = 0x13,
    HCI_LOCAL_HOST_ENDED = 0x16,
    HCI_MIC_FAILURE = 0x3d
};

/* ---- room ---- */

static void *grow(struct tale *t, void *array, unsigned count, unsigned *cap, size_t size)
{
    if (count < *cap)
        return array;
    unsigned more = *cap ? 2 * *cap : 4;
    void *bigger = realloc(array, more * size);
    if (!bigger) {
        t->memory_gone = true;
        return NULL;
    }
    *cap = more;
    return bigger;
}

struct tale_step *tale_add_step(struct tale *t, struct chapter *c, const struct capture_fact *f,
                                enum tale_lane lane, enum out_tone tone, const char *label)
{
    static struct tale_step spare;
    c->last = f->us - t->first_us;
    if (c->count >= STEPS_MAX) {
        c->dropped++;
        spare = (struct tale_step){0};
        return &spare;
    }
    struct tale_step *steps = grow(t, c->steps, c->count, &c->cap, sizeof *steps);
    if (!steps)
        return &spare;
    c->steps = steps;
    steps[c->count] = (struct tale_step){.us = c->last,
                                         .record = f->record,
                                         .lane = (uint8_t)lane,
                                         .tone = (uint8_t)tone,
                                         .label = label};
    return &steps[c->count++];
}

static struct tale_link *tale_link(struct tale *t, struct capture_link *link)
{
    struct tale_link *l = link->user;
    if (l) {
        l->link = *link;
        return l;
    }
    if (!(l = calloc(1, sizeof *l))) {
        t->memory_gone = true;
        return NULL;
    }
    l->number = ++t->links_seen;
    l->link = *link;
    l->begin = link->us - t->first_us;
    link->user = l;
    return l;
}

struct chapter *tale_last(const struct tale_link *l)
{
    return l->count ? &l->chapters[l->count - 1] : NULL;
}

struct chapter *tale_running(const struct tale_link *l)
{
    struct chapter *c = tale_last(l);
    return c && c->end == CHAPTER_OPEN ? c : NULL;
}

bool tale_host_side(const struct tale_link *l, enum troth_side *side)
{
    *side = l->link.role == TROTH_CENTRAL ? TROTH_INITIATOR : TROTH_RESPONDER;
    return l->link.know_role;
}

/* Whose side that is; false: nobody knows the roles. */
bool tale_side_of(const struct tale_link *l, bool host, enum troth_side *side)
{
    bool known = tale_host_side(l, side);
    if (!host)
        *side = *side == TROTH_INITIATOR ? TROTH_RESPONDER : TROTH_INITIATOR;
    return known;
}

/* ---- chapters begin and end ---- */

static void note_att(struct tale *t, struct tale_link *l, struct chapter *c)
{
    static const char *const labels[] = {[0x05] = "ATT: Insufficient Authentication",
                                         [0x0c] = "ATT: Encryption Key Size Too Short",
                                         [0x0f] = "ATT: Insufficient Encryption"};
    struct capture_fact f = {.us = l->att_us + t->first_us, .record = l->att_record};
    c->att_error = l->att_error;
    tale_add_step(t, c, &f, l->att_by_host ? TALE_FROM_HOST : TALE_FROM_PEER, OUT_DIM,
                  labels[l->att_error]);
    l->att_error = 0;
}

struct chapter *tale_begin(struct tale *t, struct tale_link *l, enum chapter_kind kind,
                           const struct capture_fact *f)
{
    static struct chapter spare; /* where there is no room any more */
    struct chapter *chapters =
        l->count < CHAPTERS_MAX ? grow(t, l->chapters, l->count, &l->cap, sizeof *chapters) : NULL;
    if (!chapters) {
        free(spare.steps);
        spare = (struct chapter){.kind = (uint8_t)kind};
        return &spare;
    }
    l->chapters = chapters;
    struct chapter *c = &chapters[l->count++];
    int64_t now = f->us - t->first_us;
    *c = (struct chapter){.kind = (uint8_t)kind, .begin = now, .last = now};
    if (l->att_error && now - l->att_us < TIMEOUT_US)
        note_att(t, l, c);
    l->att_error = 0;
    return c;
}

void tale_finish(struct chapter *c, enum chapter_end end)
{
    const struct smp_step *next = chart_next(c);
    c->end = (uint8_t)end;
    c->over = c->last;
    if (!c->step && next)
        c->step = troth_smp_step_words(next->what);
}

/* ---- silence ---- */

/* 30 s without a PDU end a pairing, whatever comes later. */
static void let_time_pass(struct tale *t, struct tale_link *l, int64_t us)
{
    struct chapter *c = tale_running(l);
    if (!c || us - t->first_us - c->last < TIMEOUT_US)
        return;
    if (c->kind == CHAPTER_PAIRING && !c->headless) {
        const struct capture_fact then = {.us = t->first_us + c->last + TIMEOUT_US};
        chart_blame(c);
        tale_add_step(t, c, &then, TALE_NOTE, OUT_BAD, "nothing for 30 seconds");
        tale_finish(c, CHAPTER_TIMED_OUT);
    } else if (c->kind == CHAPTER_DEMAND) {
        tale_finish(c, CHAPTER_UNANSWERED);
    }
}

/* ---- the end of a link ---- */

static void take_disconnect(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_last(l);
    l->host_ended = true;
    if (!c || (c->end == CHAPTER_SUCCEEDED && !c->key_rejected))
        return;
    int64_t last = c->last;
    struct tale_step *s = tale_add_step(t, c, f, TALE_AT_HOST, OUT_DIM, "Disconnect");
    snprintf(s->detail, sizeof s->detail, "%s (0x%02x)", troth_hci_name(f->code), f->code);
    c->last = last;
}

/* What an open chapter comes to when its link is gone. */
static void end_open(struct tale_link *l, struct chapter *c, uint8_t hci)
{
    enum troth_side side;
    if (c->kind == CHAPTER_DEMAND) {
        tale_finish(c, CHAPTER_UNANSWERED);
        return;
    }
    if (c->kind == CHAPTER_ENCRYPTION || (c->encrypting && hci == HCI_MIC_FAILURE)) {
        tale_not_encrypted(c, hci);
        return;
    }
    c->hci = hci;
    c->know_by =
        (l->host_ended || hci == HCI_REMOTE_USER_ENDED) && tale_side_of(l, l->host_ended, &side);
    if (c->know_by)
        c->by = (uint8_t)side;
    if (chart_local(c))
        c->step = troth_smp_step_words(chart_local(c));
    else if (chart_at_encrypt(c))
        c->step = troth_smp_step_words(ENCRYPT);
    tale_finish(c, CHAPTER_LINK_LOST);
}

static void take_end(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_running(l);
    if (!c && l->att_error && f->what == CAPTURE_DISCONNECTED) {
        const struct capture_fact then = {.us = l->att_us + t->first_us, .record = l->att_record};
        c = tale_begin(t, l, CHAPTER_DEMAND, &then);
    }
    if (c)
        end_open(l, c, f->code);
    c = tale_last(l);
    if (c && c->end != CHAPTER_SUCCEEDED) {
        int64_t last = c->last;
        struct tale_step *s =
            tale_add_step(t, c, f, TALE_NOTE, OUT_DIM,
                          f->what == CAPTURE_RESET ? "the controller was reset" : "disconnected");
        if (f->what != CAPTURE_RESET)
            snprintf(s->detail, sizeof s->detail, "%s (0x%02x)", troth_hci_name(f->code), f->code);
        c->last = last;
    }
    l->closed = true;
    l->reset = f->what == CAPTURE_RESET;
    l->reason = f->code;
    l->over = f->us - t->first_us;
}

/* Links without a story are only counted. */
static void keep_or_drop(struct tale *t, struct capture_link *link)
{
    struct tale_link *l = link->user;
    link->user = NULL;
    if (!l)
        return;
    if (l->count && t->count < LINKS_MAX) {
        struct tale_link **links = grow(t, t->links, t->count, &t->cap, sizeof(struct tale_link *));
        if (links) {
            t->links = links;
            t->links[t->count++] = l;
            return;
        }
    }
    t->dropped_links += l->count != 0;
    t->dropped_failed |= tale_failed(l);
    for (unsigned i = 0; i < l->count; i++)
        free(l->chapters[i].steps);
    free(l->chapters);
    free(l);
}

static void sink(void *ctx, struct capture_link *link, const struct capture_fact *f)
{
    struct tale *t = ctx;
    struct tale_link *l = tale_link(t, link);
    if (!l)
        return;
    let_time_pass(t, l, f->us);
    switch (f->what) {
    case CAPTURE_CONNECTED:
        break;
    case CAPTURE_SMP:
        tale_smp(t, l, f);
        break;
    case CAPTURE_ATT_REFUSED:
        if (!tale_running(l)) {
            l->att_error = f->code;
            l->att_by_host = f->by_host;
            l->att_us = f->us - t->first_us;
            l->att_record = f->record;
        }
        break;
    case CAPTURE_ENABLE:
    case CAPTURE_LTK_REQUEST:
        tale_encrypt(t, l, f);
        break;
    case CAPTURE_ENABLE_REFUSED:
        tale_enable_refused(t, l, f);
        break;
    case CAPTURE_LTK_REPLY:
    case CAPTURE_LTK_NEGATIVE:
        tale_ltk_answer(t, l, f);
        break;
    case CAPTURE_ENCRYPTION:
        tale_encryption(t, l, f);
        break;
    case CAPTURE_DISCONNECT:
        take_disconnect(t, l, f);
        break;
    case CAPTURE_DISCONNECTED:
    case CAPTURE_RESET:
        take_end(t, l, f);
        keep_or_drop(t, link);
        break;
    }
}

/* ---- the whole capture ---- */

static void end_of_capture(void *ctx, struct capture_link *link)
{
    struct tale *t = ctx;
    struct tale_link *l = link->user;
    if (!l)
        return;
    l->link = *link;
    let_time_pass(t, l, t->last_us);
    struct chapter *c = tale_running(l);
    if (c)
        tale_finish(c, c->kind == CHAPTER_DEMAND ? CHAPTER_UNANSWERED : CHAPTER_CUT);
    l->over = t->last_us - t->first_us;
    keep_or_drop(t, link);
}

static int by_number(const void *a, const void *b)
{
    const struct tale_link *x = *(struct tale_link *const *)a, *y = *(struct tale_link *const *)b;
    return x->number < y->number ? -1 : x->number > y->number;
}

bool tale_read(struct tale *t, struct capture *c)
{
    struct capture_links *links = capture_links_new(sink, t);
    struct capture_packet p;
    enum capture_result result = CAPTURE_PACKET;
    if (!links)
        return false;
    t->datalink = capture_datalink(c);
    t->datalink_words = capture_datalink_words(c);
    while (!t->memory_gone && (result = capture_next(c, &p)) == CAPTURE_PACKET) {
        if (!t->records++)
            t->first_us = t->last_us = p.us;
        if (p.us > t->last_us)
            t->last_us = p.us;
        t->bytes_missing += p.missing;
        if (!capture_links_packet(links, &p))
            t->memory_gone = true;
    }
    capture_links_each(links, end_of_capture);
    t->links_seen = capture_links_seen(links);
    t->skipped = capture_links_skipped(links);
    t->complete = result == CAPTURE_END;
    t->damaged = !t->complete && result != CAPTURE_CUT;
    if (!t->complete)
        snprintf(t->notice, sizeof t->notice, "%s", capture_why(c));
    capture_links_free(links);
    if (t->count)
        qsort(t->links, t->count, sizeof *t->links, by_number);
    return !t->memory_gone;
}

void tale_free(struct tale *t)
{
    for (unsigned i = 0; i < t->count; i++) {
        for (unsigned j = 0; j < t->links[i]->count; j++)
            free(t->links[i]->chapters[j].steps);
        free(t->links[i]->chapters);
        free(t->links[i]);
    }
    free(t->links);
}

bool tale_failed(const struct tale_link *l)
{
    bool good = false;
    for (unsigned i = l->count; i-- > 0;) {
        const struct chapter *c = &l->chapters[i];
        good |= c->end == CHAPTER_SUCCEEDED;
        /* What was asked for came in the end: phones prompt for longer than 30 s. */
        if (c->end != CHAPTER_SUCCEEDED && !(c->end == CHAPTER_UNANSWERED && good))
            return true;
    }
    return false;
}
