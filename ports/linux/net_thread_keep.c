/* What is kept while OpenThread is given another dataset. */
#include "ports/linux/net_thread_keep.h"

#include <string.h>

#include <troth/dataset.h>

#include "base/wipe.h"

/* ---- datasets ---- */

bool thread_same(const struct troth_thread *asked, const struct troth_thread *active)
{
    static const uint8_t types[] = {TROTH_DATASET_NETWORK_KEY, TROTH_DATASET_EXT_PAN_ID};
    if (troth_dataset_parse(NULL, asked->dataset, asked->len, NULL) != TROTH_DATASET_FINE ||
        troth_dataset_parse(NULL, active->dataset, active->len, NULL) != TROTH_DATASET_FINE)
        return false;
    for (unsigned i = 0; i < sizeof types; i++) {
        uint8_t len, other_len;
        const uint8_t *value = troth_dataset_find(asked, types[i], &len);
        const uint8_t *other = troth_dataset_find(active, types[i], &other_len);
        if (value ? !other || len != other_len || !equal_secret(value, other, len) : i == 0)
            return false;
    }
    return true;
}

bool thread_equal(const struct troth_thread *a, const struct troth_thread *b)
{
    return a->len == b->len && equal_secret(a->dataset, b->dataset, a->len);
}

static bool is_of(const struct troth_thread *kept, const struct troth_thread *active)
{
    return thread_equal(kept, active) || thread_same(kept, active);
}

/* ---- before an attempt ---- */

void thread_keep_open(struct thread_keep *k, const struct net_keep *where)
{
    k->where = *where;
    thread_keep_look(k);
}

void thread_keep_look(struct thread_keep *k)
{
    if (!k->had)
        k->had = k->safe = k->where.load && k->where.load(k->where.ctx, &k->kept);
}

void thread_keep_found(struct thread_keep *k, const struct troth_thread *active,
                       const struct troth_thread *asked, bool forgotten)
{
    struct net_kept *kept = &k->kept;
    if (!k->had) {
        *(forgotten ? &kept->over : &kept->before) = *active;
    } else if (!thread_equal(&kept->before, active) &&
               !(thread_equal(&kept->tried, active) && thread_equal(asked, active))) {
        kept->over = *active;
        k->safe = false;
    }
    k->had = true;
}

/*
 * Our own stored dataset over its own network needs none of this: it would be tried again anyway.
 */
bool thread_keep_safe(struct thread_keep *k, const struct troth_thread *asked,
                      const struct troth_thread *ours)
{
    struct net_kept *kept = &k->kept;
    if (!kept->tried.len && (thread_equal(&kept->before, asked) ||
                             (thread_equal(ours, asked) && thread_same(asked, &kept->before))))
        return true;
    if (k->safe && thread_equal(&kept->tried, asked))
        return true;
    kept->tried = *asked;
    k->safe = !k->where.save || k->where.save(k->where.ctx, kept);
    return k->safe;
}

/* ---- after it ---- */

bool thread_keep_third(const struct thread_keep *k, const struct troth_thread *active)
{
    const struct net_kept *kept = &k->kept;
    return active->len && !is_of(&kept->before, active) && !is_of(&kept->over, active) &&
           !is_of(&kept->tried, active);
}

bool thread_keep_back(const struct thread_keep *k, const struct troth_thread *active)
{
    const struct net_kept *kept = &k->kept;
    if (thread_equal(&kept->before, active))
        return true;
    return kept->before.len && thread_same(&kept->before, active) &&
           !thread_same(&kept->tried, active) && !thread_same(&kept->over, active);
}

void thread_keep_leave(struct thread_keep *k)
{
    struct net_kept *kept = &k->kept;
    if (!k->had || !kept->tried.len)
        return;
    if (!kept->over.len)
        kept->over = kept->before;
    wipe(&kept->before, sizeof kept->before);
    if (k->where.save)
        k->where.save(k->where.ctx, kept);
}

void thread_keep_drop(struct thread_keep *k, const struct troth_thread *joined)
{
    k->had = k->safe = false;
    wipe(&k->kept, sizeof k->kept);
    if (k->where.drop)
        k->where.drop(k->where.ctx, joined);
}

void thread_keep_close(struct thread_keep *k)
{
    wipe(k, sizeof *k);
}
