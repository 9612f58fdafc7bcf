/* The options of Espressif-compatible provisioning. */
#include "provision.h"

#include <troth/wifi_gatt.h>

#include "ports/linux/provision_http.h"

const struct cli_choice provision_protocols[] = {
    {"troth", PROVISION_TROTH},
    {"espressif", PROVISION_ESPRESSIF},
    {"both", PROVISION_BOTH},
    {NULL, 0},
};
const struct cli_choice provision_kinds[] = {
    {"wifi", TROTH_NET_WIFI}, {"thread", TROTH_NET_THREAD}, {NULL, 0}};

bool provision_parse_http(void *target, const char *text, char *why, size_t cap)
{
    if (!provision_http_where(text, why, cap))
        return false;
    *(const char **)target = text;
    return true;
}

static bool given(const struct provision_options *o)
{
    return o->sec_ver != 2 || o->pop || o->pop_file || o->sec2_file || o->sec2_user ||
           o->sec2_password_file || o->http || o->custom_data || o->custom_data_command ||
           o->kind || o->qr_with_secrets || o->label_file;
}

const char *provision_check(const struct provision_options *o, int security)
{
    bool sec2 = o->sec2_file || o->sec2_user || o->sec2_password_file;
    bool label = *o->label.username && o->label.has_pop;
    if (!(o->protocols & PROVISION_ESPRESSIF))
        return given(o) ? "these options are of Espressif's provisioning: say --provision "
                          "espressif or --provision both as well"
                        : NULL;
    if (o->sec_ver != 1 && (o->pop || o->pop_file))
        return "a proof of possession goes with --sec-ver 1";
    if (o->pop && o->pop_file)
        return "--pop and --pop-file are two ways to say the same: give one";
    if (o->sec_ver != 2 && sec2)
        return "--sec2-... options go with --sec-ver 2, the default";
    if (o->sec_ver == 2 && o->sec2_file && (o->sec2_user || o->sec2_password_file))
        return "--sec2-salt-verifier is for production, --sec2-user for development: give one";
    if (o->sec_ver == 2 && !o->sec2_file && !label && !(o->sec2_user && o->sec2_password_file))
        return "security 2 needs --sec2-salt-verifier FILE, a --label-file with both secrets, or "
               "for development --sec2-user NAME and --sec2-password-file FILE";
    if (o->custom_data && o->custom_data_command)
        return "--custom-data and --custom-data-command are two places for the same: give one";
    if (o->sec_ver == 0 && security == TROTH_WIFI_MODE_NONE && o->protocols == PROVISION_BOTH)
        return "--provision both with neither --security nor --sec-ver protects nothing at all: "
               "choose one";
    return NULL;
}
