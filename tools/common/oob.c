#include "common/oob.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/files.h"
#include "common/qr_read.h"
#include "common/secret.h"

bool oob_read(const char *path, struct troth_oob_block *block, long *age_s, char *why,
              size_t why_cap)
{
    char text[TROTH_OOB_TEXT_MAX + 64];
    struct stat st;
    size_t len = 0;
    *age_s = -1;
    memset(block, 0, sizeof *block);
    if (strcmp(path, "-") && !stat(path, &st) && S_ISREG(st.st_mode)) {
        time_t now = time(NULL);
        *age_s = now > st.st_mtime ? (long)(now - st.st_mtime) : 0;
    }
    if (qr_is_picture_file(path))
        return qr_read_oob(path, block, why, why_cap);
    if (!secret_read(path, (uint8_t *)text, sizeof text, &len, why, why_cap))
        return false;
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    enum troth_oob_fault fault = troth_oob_from_text(block, text, len);
    secret_wipe(text, sizeof text);
    if (fault)
        snprintf(why, why_cap, "%s is no out-of-band block: %s",
                 strcmp(path, "-") ? path : "standard input", troth_oob_fault_words(fault));
    return !fault;
}

bool oob_fresh(const char *path, long age_s, char *why, size_t why_cap)
{
    if (age_s < OOB_LIFE_S)
        return true;
    snprintf(why, why_cap,
             "the out-of-band block in %s is %ld minutes old, and one lives for %d: make a new one "
             "on the other side",
             path, age_s / 60, OOB_LIFE_S / 60);
    return false;
}

bool oob_write(const char *path, const struct troth_oob_block *block, char *why, size_t why_cap)
{
    char text[TROTH_OOB_TEXT_MAX + 1];
    int len = troth_oob_to_text(block, text, sizeof text - 1);
    if (len < 0) {
        snprintf(why, why_cap, "an out-of-band block of this device cannot be written");
        return false;
    }
    text[len++] = '\n';
    bool ok = strcmp(path, "-") ? files_put(path, text, (size_t)len, false, false)
                                : files_put_all(STDOUT_FILENO, text, (size_t)len);
    secret_wipe(text, sizeof text);
    if (!ok)
        snprintf(why, why_cap, "cannot write the out-of-band block to %s: %s", path,
                 strerror(errno));
    return ok;
}

static void take_name(struct troth_oob_block *b, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    if (len > TROTH_OOB_NAME_MAX) {
        b->name_short = true;
        len = TROTH_OOB_NAME_MAX;
        while (len && ((uint8_t)name[len] & 0xc0) == 0x80) /* between characters */
            len--;
    }
    b->name_len = (uint8_t)len;
    if (len)
        memcpy(b->name, name, len);
}

bool oob_make(struct troth_oob_block *b, struct troth_host *h, const struct troth_addr *self,
              enum troth_oob_role role, const char *name, bool tk, troth_ms now)
{
    memset(b, 0, sizeof *b);
    b->addr = *self;
    b->role = (uint8_t)role;
    take_name(b, name);
    bool ok = troth_oob_make(h, &b->oob, now) == TROTH_OK;
    if (ok && tk) {
        b->oob.have_tk = true;
        ok = getrandom(b->oob.tk, sizeof b->oob.tk, 0) == (ssize_t)sizeof b->oob.tk;
    }
    if (!ok)
        secret_wipe(b, sizeof *b);
    return ok;
}

void oob_answer(struct troth_oob *answer, enum troth_side side, const struct troth_oob_block *ours,
                const struct troth_oob_block *theirs)
{
    const struct troth_oob_block *first = side == TROTH_INITIATOR ? ours : theirs,
                                 *second = side == TROTH_INITIATOR ? theirs : ours;
    memset(answer, 0, sizeof *answer);
    if (theirs && theirs->oob.have_sc)
        *answer = theirs->oob;
    const struct troth_oob_block *tk = first && first->oob.have_tk     ? first
                                       : second && second->oob.have_tk ? second
                                                                       : NULL;
    answer->have_tk = tk != NULL;
    if (tk)
        memcpy(answer->tk, tk->oob.tk, sizeof answer->tk);
}

bool oob_is_of(const struct troth_oob_block *block, const struct troth_addr *peer)
{
    return troth_addr_equal(&block->addr, peer) || troth_addr_is_rpa(peer);
}
