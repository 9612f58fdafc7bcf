/* Which of the backends: by name, or by looking. */
#include "ports/linux/net_backend.h"

#include <stdio.h>
#include <string.h>

#include "ports/linux/net_station.h"
#include "ports/linux/net_thread.h"

static const struct {
    const char *word;
    enum net_choice choice;
} words[] = {
    {"auto", NET_AUTO},          {"wpa", NET_WPA},
    {"wpa_supplicant", NET_WPA}, {"networkmanager", NET_NETWORKMANAGER},
    {"nm", NET_NETWORKMANAGER},  {"iwd", NET_IWD},
    {"otbr", NET_OTBR},          {"ot", NET_OT},
    {"ot-daemon", NET_OT},       {"thread", NET_THREAD},
};

static bool parse_interface(struct net_where *w, const char *name, char *why, size_t cap)
{
    if (!*name || strlen(name) >= sizeof w->ifname || strpbrk(name, "/ \t")) {
        snprintf(why, cap, "the name of an interface is expected behind the colon, such as wlan0");
        return false;
    }
    snprintf(w->ifname, sizeof w->ifname, "%s", name);
    return true;
}

/* "/DIR/IFACE": sockets that are not in their usual place. */
static bool parse_socket(struct net_where *w, const char *path, char *why, size_t cap)
{
    const char *name = strrchr(path, '/');
    size_t len = (size_t)(name - path);
    if (len >= sizeof w->dir) {
        snprintf(why, cap, "the path of the socket is too long");
        return false;
    }
    snprintf(w->dir, sizeof w->dir, "%.*s", (int)len, path);
    return !name[1] || parse_interface(w, name + 1, why, cap); /* "/DIR/": the first there */
}

bool net_parse(struct net_where *where, const char *text, char *why, size_t cap)
{
    size_t len = strcspn(text, ":");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) != len || strncmp(text, words[i].word, len) != 0)
            continue;
        *where = (struct net_where){.choice = words[i].choice};
        if (!text[len])
            return true;
        if ((where->choice == NET_WPA || where->choice == NET_OT || where->choice == NET_THREAD) &&
            text[len + 1] == '/')
            return parse_socket(where, text + len + 1, why, cap);
        return parse_interface(where, text + len + 1, why, cap);
    }
    snprintf(why, cap, "it must be " NET_EXAMPLES);
    return false;
}

bool net_is_thread(const struct net_where *where)
{
    return where->choice == NET_OTBR || where->choice == NET_OT || where->choice == NET_THREAD;
}

struct net_backend *net_open(const struct net_where *where, const struct net_config *config,
                             char *why, size_t cap)
{
    struct net_where found = *where;
    if ((found.choice == NET_AUTO || found.choice == NET_THREAD) && !net_probe(&found, why, cap))
        return NULL;
    switch (found.choice) {
    case NET_NETWORKMANAGER:
        return net_nm_open(&found, config, why, cap);
    case NET_IWD:
        return net_iwd_open(&found, config, why, cap);
    case NET_OTBR:
        return net_otbr_open(&found, config, why, cap);
    case NET_OT:
        return net_ot_open(&found, config, why, cap);
    case NET_WPA:
    case NET_AUTO:
    case NET_THREAD:
        break;
    }
    return net_wpa_open(&found, config, why, cap);
}
