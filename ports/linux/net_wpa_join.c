/*
 * Blocks of wpa_supplicant's configuration. A new network is a new block; it is saved when it has
 * worked, and only then do Troth's older ones go. Other people's are switched off for the time of
 * an attempt, as SELECT_NETWORK does, and on again afterwards.
 */
#include "ports/linux/net_wpa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

static void full(struct net_wpa *w)
{
    station_failed(&w->b, TROTH_NET_OTHER);
}

/* ---- the list of blocks ---- */

static bool current(const struct net_wpa *w, uint32_t tag)
{
    return w->b.leaving ? tag == w->b.leaving : station_joining(&w->b) && tag == w->b.attempt;
}

static void ask_whose(struct net_wpa *w);

static void on_whose(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    if (!current(w, tag) || w->asked >= w->blocks)
        return;
    struct wpa_block *block = &w->block[w->asked++];
    block->ours = !strcmp(reply, WPA_OURS);
    block->trying = !strcmp(reply, WPA_TRYING);
    ask_whose(w);
}

static void ask_whose(struct net_wpa *w)
{
    uint32_t tag = w->b.leaving ? w->b.leaving : w->b.attempt;
    if (w->asked == w->blocks)
        w->listed(w);
    else if (!wpa_ctrl_ask(&w->ctrl, on_whose, tag, "GET_NETWORK %d id_str",
                           w->block[w->asked].is.id))
        full(w);
}

static void on_list(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    if (!current(w, tag))
        return;
    w->blocks = w->asked = 0;
    for (const char *at = reply; *at && w->blocks < WPA_BLOCKS;) {
        size_t len = strcspn(at, "\n");
        struct wpa_block block = {0};
        if (wpa_list_line(&block.is, at, len))
            w->block[w->blocks++] = block;
        at += len + (at[len] == '\n');
    }
    ask_whose(w);
}

static void list(struct net_wpa *w, uint32_t tag, void (*then)(struct net_wpa *w))
{
    w->listed = then;
    if (!wpa_ctrl_ask(&w->ctrl, on_list, tag, "LIST_NETWORKS"))
        full(w);
}

/* ---- the block of an attempt ---- */

static void on_selected(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    if (current(w, tag) && strcmp(reply, "OK") != 0)
        station_failed(&w->b, TROTH_NET_OTHER);
}

static void select_block(struct net_wpa *w)
{
    w->selected = true;
    if (!wpa_ctrl_ask(&w->ctrl, on_selected, w->b.attempt, "SELECT_NETWORK %d", w->trying))
        full(w);
}

static void set_next(struct net_wpa *w);

static void on_set(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    char setting[WPA_SETTING];
    if (!current(w, tag))
        return;
    if (!strcmp(reply, "OK")) {
        w->step++;
        set_next(w);
        return;
    }
    wpa_setting(&w->b.asked, w->step, setting);
    bool how = !strncmp(setting, "key_mgmt", 8) || !strncmp(setting, "ieee80211w", 10);
    bool key = !strncmp(setting, "psk", 3) || !strncmp(setting, "sae_password", 12);
    wipe(setting, sizeof setting);
    station_failed(&w->b, how   ? TROTH_NET_UNSUPPORTED_SECURITY
                          : key ? TROTH_NET_BAD_PASSWORD
                                : TROTH_NET_OTHER);
}

static void set_next(struct net_wpa *w)
{
    char setting[WPA_SETTING];
    if (!wpa_setting(&w->b.asked, w->step, setting))
        select_block(w);
    else if (!wpa_ctrl_ask(&w->ctrl, on_set, w->b.attempt, "SET_NETWORK %d %s", w->trying, setting))
        full(w);
    wipe(setting, sizeof setting);
}

static void on_marked(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    (void)reply;
    if (current(w, tag))
        set_next(w);
}

static void on_added(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    char *end;
    long id = strtol(reply, &end, 10);
    bool ok = end != reply && !*end && id >= 0;
    if (!current(w, tag)) {
        if (ok) /* nobody wants it any more */
            wpa_ctrl_ask(&w->ctrl, NULL, 0, "REMOVE_NETWORK %ld", id);
        return;
    }
    if (!ok) {
        station_failed(&w->b, TROTH_NET_OTHER);
        return;
    }
    w->trying = (int)id;
    w->step = 0;
    if (!wpa_ctrl_ask(&w->ctrl, on_marked, tag, "SET_NETWORK %d id_str " WPA_TRYING, w->trying))
        full(w);
}

static void add(struct net_wpa *w)
{
    w->trying = -1;
    w->reused = false;
    if (!wpa_ctrl_ask(&w->ctrl, on_added, w->b.attempt, "ADD_NETWORK"))
        full(w);
}

static void on_status(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    char id[12];
    if (!current(w, tag))
        return;
    snprintf(id, sizeof id, "%d", w->trying);
    if (wpa_value_is(reply, "wpa_state", "COMPLETED") && wpa_value_is(reply, "id", id))
        wpa_look(w); /* joined before we came: nothing to be torn down */
    else
        select_block(w);
}

/*
 * Troth's block of that name is the one if what is asked for has worked in it. At first that is not
 * known: then it is tried, and a fresh one if it refuses.
 */
static int reusable(const struct net_wpa *w)
{
    bool known = w->good.ssid.len != 0;
    if (known ? !station_same(&w->good, &w->b.asked) : w->stale_block)
        return -1;
    for (unsigned i = 0; i < w->blocks; i++)
        if (w->block[i].ours && troth_ssid_equal(&w->block[i].is.ssid, &w->b.asked.ssid))
            return w->block[i].is.id;
    return -1;
}

static void note_before(struct net_wpa *w)
{
    if (w->have_before)
        return;
    w->have_before = true;
    w->befores = 0;
    for (unsigned i = 0; i < w->blocks; i++)
        if (!w->block[i].trying)
            w->before[w->befores++] = w->block[i].is;
}

static void on_blocks(struct net_wpa *w);

static void on_read_anew(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    (void)reply; /* it may have no file: then the blocks are what they are */
    if (current(w, tag))
        list(w, tag, on_blocks);
}

/* Left by a program that was killed, which had switched others off: as they are in the file. */
static bool read_anew(struct net_wpa *w)
{
    bool left = false;
    for (unsigned i = 0; i < w->blocks; i++)
        left |= w->block[i].trying && w->block[i].is.id != w->marker;
    if (!left || w->read_anew)
        return false;
    w->read_anew = true;
    if (!wpa_ctrl_ask(&w->ctrl, on_read_anew, w->b.attempt, "RECONFIGURE"))
        full(w);
    return true;
}

static void on_blocks(struct net_wpa *w)
{
    if (read_anew(w))
        return;
    note_before(w);
    for (unsigned i = 0; i < w->blocks; i++)
        if (w->block[i].trying)
            wpa_ctrl_ask(&w->ctrl, NULL, 0, "REMOVE_NETWORK %d", w->block[i].is.id);
    w->marker = -1;
    w->trying = reusable(w);
    w->reused = w->trying >= 0;
    if (!w->reused)
        add(w);
    else if (!wpa_ctrl_ask(&w->ctrl, on_status, w->b.attempt, "STATUS"))
        full(w);
}

void wpa_join(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    w->trying = -1;
    w->reused = w->checked = w->read_anew = false;
    w->misses = 0;
    list(w, b->attempt, on_blocks);
}

bool wpa_try_afresh(struct net_wpa *w)
{
    if (!w->reused || w->good.ssid.len)
        return false;
    w->stale_block = true;
    add(w);
    return true;
}

/* ---- afterwards ---- */

static bool others_are_off(const struct net_wpa *w)
{
    bool any = false;
    for (unsigned i = 0; w->have_before && w->selected && i < w->befores; i++)
        any |= !w->before[i].disabled;
    return any;
}

/* While others are off: should we be killed before they are on, it shows that they shall be. */
void wpa_undo(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    if (w->trying >= 0 && !w->reused && w->marker < 0 && others_are_off(w)) {
        w->marker = w->trying;
        wpa_ctrl_ask(&w->ctrl, NULL, 0, "DISABLE_NETWORK %d", w->marker);
    } else if (w->trying >= 0 && !w->reused)
        wpa_ctrl_ask(&w->ctrl, NULL, 0, "REMOVE_NETWORK %d", w->trying);
    w->trying = -1;
}

/* Others on again: which is used is for wpa_supplicant to say, unless one of them was. */
void wpa_restore(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    int last = -1;
    if (!w->have_before || !w->selected)
        return;
    for (unsigned i = 0; i < w->befores; i++)
        if (w->before[i].current)
            last = w->before[i].id;
    if (last >= 0)
        wpa_ctrl_ask(&w->ctrl, NULL, 0, "SELECT_NETWORK %d", last);
    for (unsigned i = 0; i < w->befores; i++)
        if (!w->before[i].disabled && w->before[i].id != last)
            wpa_ctrl_ask(&w->ctrl, NULL, 0, "ENABLE_NETWORK %d%s", w->before[i].id,
                         last >= 0 ? " no-connect" : "");
    if (w->marker >= 0)
        wpa_ctrl_ask(&w->ctrl, NULL, 0, "REMOVE_NETWORK %d", w->marker);
    w->marker = -1;
    w->have_before = w->selected = false;
}

static void on_saved(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    (void)tag;
    if (strcmp(reply, "OK") != 0)
        station_notice(&w->b, NET_SHORTCOMING,
                       "wpa_supplicant does not save networks: put update_config=1 into its "
                       "configuration. Until then it knows this one only while it runs");
}

void wpa_keep(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    bool save = !w->reused;
    w->good = b->asked;
    if (save)
        wpa_ctrl_ask(&w->ctrl, NULL, 0, "SET_NETWORK %d id_str " WPA_OURS, w->trying);
    for (unsigned i = 0; i < w->blocks; i++)
        if (w->block[i].ours && w->block[i].is.id != w->trying) {
            wpa_ctrl_ask(&w->ctrl, NULL, 0, "REMOVE_NETWORK %d", w->block[i].is.id);
            save = true;
        }
    for (unsigned i = 0; w->selected && i < w->befores; i++)
        if (!w->before[i].disabled && w->before[i].id != w->trying)
            wpa_ctrl_ask(&w->ctrl, NULL, 0, "ENABLE_NETWORK %d no-connect", w->before[i].id);
    if (save)
        wpa_ctrl_ask(&w->ctrl, on_saved, 0, "SAVE_CONFIG");
    w->have_before = w->selected = false;
}

static void on_gone(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    (void)reply;
    if (current(w, tag))
        station_left(&w->b);
}

static void on_leaving(struct net_wpa *w)
{
    bool any = false;
    for (unsigned i = 0; i < w->blocks; i++)
        if (w->block[i].ours || w->block[i].trying) {
            any |= w->block[i].ours;
            wpa_ctrl_ask(&w->ctrl, NULL, 0, "REMOVE_NETWORK %d", w->block[i].is.id);
            for (unsigned k = 0; k < w->befores; k++)
                if (w->before[k].id == w->block[i].is.id)
                    w->before[k--] = w->before[--w->befores];
        }
    wpa_restore(&w->b);
    if (any)
        wpa_ctrl_ask(&w->ctrl, on_saved, 0, "SAVE_CONFIG");
    if (!wpa_ctrl_ask(&w->ctrl, on_gone, w->b.leaving, "PING"))
        station_left(&w->b);
}

void wpa_leave(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    wipe(&w->good, sizeof w->good);
    w->stale_block = false;
    list(w, b->leaving, on_leaving);
}
