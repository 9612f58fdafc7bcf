/* What a provisioning session keeps and forgets. */
#include "prov/session.h"

static void erase_done(struct troth_prov *p, bool ok)
{
    p->doing = REST;
    timer_stop(&p->leave_timer);
    prov_set_state(p, ok ? TROTH_PROV_IDLE : TROTH_PROV_FAILED,
                   ok ? TROTH_NET_OK : TROTH_NET_NOT_STORED);
    struct troth_prov_event *e = prov_emit(p, TROTH_PROV_EV_ERASED);
    e->u.erased.ok = ok;
    e->u.erased.writer = p->writer_here ? p->writer : TROTH_NO_LINK;
    prov_set_window(p, true, TROTH_PROV_BY_ERASE);
}

void prov_erase_check(struct troth_prov *p)
{
    if (p->doing == ERASING && p->left && p->forgotten)
        erase_done(p, true);
}

void prov_store_ended(struct troth_prov *p, bool ok)
{
    uint8_t what = p->storing;
    p->storing = NOTHING;
    timer_stop(&p->store_timer);
    if (what == SAVE) {
        if (p->doing == ERASING || p->want_save)
            return; /* overtaken: what is in the store is about to be replaced */
        p->stored = ok;
        prov_emit(p, TROTH_PROV_EV_STORED)->u.ok = ok;
        if (p->doing != SAVING)
            return;
        if (p->online) {
            p->doing = REST;
            prov_show_connected(p);
            prov_window_after_join(p);
        } else {
            prov_begin_rejoin(p);
            timer_start(&p->retry_timer, p->cfg.retry_ms);
        }
        return;
    }
    if (p->doing != ERASING)
        return;
    if (ok) {
        p->forgotten = true;
        prov_erase_check(p);
    } else if (++p->tries < p->cfg.attempts) {
        timer_start(&p->retry_timer, p->cfg.retry_ms);
    } else {
        erase_done(p, false);
    }
}

void prov_store_begin(struct troth_prov *p)
{
    p->storing = p->want_erase ? ERASE : SAVE;
    p->want_save = false;
    p->want_erase = false;
    if (++p->serial == 0)
        p->serial = 1;
    uint32_t serial = p->serial;
    timer_start(&p->store_timer, p->cfg.store_ms);
    if (p->storing == SAVE && p->cfg.save)
        p->cfg.save(p->cfg.ctx, serial, &p->good);
    else if (p->storing == ERASE && p->cfg.erase)
        p->cfg.erase(p->cfg.ctx, serial);
    else
        prov_store_ended(p, true); /* nothing is kept: nothing can be lost */
}
