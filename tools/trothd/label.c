/*
 * The label of a device, from a file: exactly the text of the QR code printed on it, as JSON or as a
 * link. What the label says the device does, and no option may contradict it.
 */
#include "trothd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/out.h"

static bool read_text(const char *path, char *text, size_t cap, size_t *len)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    errno = 0;
    *len = fread(text, 1, cap, f);
    bool ok = !ferror(f) && *len < cap;
    if (!ok && !errno)
        errno = EFBIG;
    fclose(f);
    return ok;
}

bool label_read(const char *path, struct troth_qr *label, char *why, size_t cap)
{
    char text[TROTH_QR_URL_MAX + 64];
    size_t len;
    bool ok = read_text(path, text, sizeof text, &len);
    if (!ok) {
        snprintf(why, cap, "cannot read the label file %s: %s", path, strerror(errno));
    } else {
        while (len && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
            len--;
        enum troth_qr_fault fault = troth_qr_parse(label, text, len);
        ok = fault == TROTH_QR_FINE;
        if (!ok)
            snprintf(why, cap, "the label file %s: %s", path, troth_qr_fault_words(fault));
    }
    wipe(text, sizeof text);
    return ok;
}

void label_look_after(const char *path)
{
    struct stat st;
    if (stat(path, &st) || !S_ISREG(st.st_mode))
        return;
    if (st.st_mode & 077)
        out_event(OUT_WARN, "warning", out_fields("file:s", path),
                  "others can read or change %s, and it holds a secret: chmod 600 it", path);
    else if (st.st_uid && st.st_uid != geteuid())
        out_event(OUT_WARN, "warning", out_fields("file:s", path),
                  "%s holds a secret, and is somebody else's: chown it", path);
}

static const char *disagreement(const struct provision_options *o, const char *name)
{
    const struct troth_qr *l = &o->label;
    if (name && strcmp(name, l->name))
        return "--name is not the name on the label: leave it out, or take another label";
    if (l->security != TROTH_QR_SECURITY_UNSET && o->sec_ver != PROVISION_SEC_UNSAID &&
        o->sec_ver != l->security)
        return "--sec-ver is not what the label says: leave it out, or take another label";
    if (o->kind && l->network && o->kind != l->network)
        return "--provision-kind is not what the label says: leave it out, or take another label";
    if (l->transport == TROTH_QR_SOFTAP && !o->http)
        return "the label says that this device is reached over its own Wi-Fi: that needs "
               "--provision-http";
    return NULL;
}

/* Security 2 unless somebody says otherwise, as the readers of labels take it. */
static const char *secrets_fault(const struct provision_options *o)
{
    const struct troth_qr *l = &o->label;
    if (o->sec_ver == 2 && l->has_pop && !*l->username)
        return "the label has a secret and no user name: security 2 needs one (\"username\"), and "
               "for security 1 the label says \"security\":1";
    if (o->sec_ver == 2 && l->has_pop && !*l->pop)
        return "the label's \"pop\" is empty: it is the password of security 2";
    if (o->sec_ver == 2 && *l->username && !l->has_pop && !o->sec2_file)
        return "the label has no \"pop\", the password: add it, or give --sec2-salt-verifier";
    if (l->has_pop && (o->pop || o->pop_file))
        return "the label has the proof of possession: leave --pop and --pop-file out";
    if (o->sec_ver == 0 && l->has_pop)
        return "the label has a secret, and security 0 asks for none: take it off the label";
    if (*l->username && (o->sec2_user || o->sec2_password_file))
        return "the label has the user name: leave --sec2-user and --sec2-password-file out";
    return NULL;
}

bool provision_settle(struct provision_options *o, const char **name, char *why, size_t cap)
{
    const char *fault = NULL;
    if (o->label_file && o->protocols & PROVISION_ESPRESSIF) {
        if (!label_read(o->label_file, &o->label, why, cap))
            return false;
        fault = disagreement(o, *name);
        if (!fault) {
            *name = o->label.name;
            o->kind = o->kind ? o->kind : o->label.network;
            if (o->sec_ver == PROVISION_SEC_UNSAID && o->label.security != TROTH_QR_SECURITY_UNSET)
                o->sec_ver = o->label.security;
        }
    }
    if (o->sec_ver == PROVISION_SEC_UNSAID)
        o->sec_ver = 2;
    if (!fault && *o->label.name)
        fault = secrets_fault(o);
    if (fault)
        snprintf(why, cap, "%s: %s", o->label_file, fault);
    return !fault;
}
