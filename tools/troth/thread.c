/* The Thread network a person wants a device on. */
#include "protocomm_parts.h"
#include "provision.h"

#include "common/out.h"
#include "common/secret.h"

#include <string.h>
#include <strings.h>
#include <troth/dataset.h>

static const char *fault_text(enum troth_dataset_fault fault, uint8_t type, char *text, size_t cap)
{
    snprintf(text, cap, "%s%s%s%s", troth_dataset_fault_words(fault), type != 0xff ? " (" : "",
             type != 0xff ? troth_dataset_type_name(type) : "", type != 0xff ? ")" : "");
    return text;
}

static int take_dataset(const struct cli *cli, struct provision_network *n, const char *option,
                        const char *hex, size_t len)
{
    char text[256];
    uint8_t type = 0xff;
    enum troth_dataset_fault fault = troth_dataset_from_text(&n->dataset, hex, len);
    if (!fault)
        fault = troth_dataset_check(n->dataset.dataset, n->dataset.len, &type);
    if (fault)
        return cli_misuse(cli, "%s: %s", option, fault_text(fault, type, text, sizeof text));
    n->have_dataset = true;
    return CLI_GO;
}

static int read_dataset(const struct cli *cli, struct provision_network *n)
{
    const struct provision_options *o = &provision_options;
    uint8_t line[TROTH_DATASET_TEXT + 64];
    char why[256];
    size_t len;
    if (o->dataset && o->dataset_file)
        return cli_misuse(cli, "of --dataset and --dataset_tlvs only one can be given");
    if (o->dataset && *o->dataset)
        return take_dataset(cli, n, "--dataset_tlvs", o->dataset, strlen(o->dataset));
    if (!o->dataset_file)
        return CLI_GO;
    if (!secret_read(o->dataset_file, line, sizeof line, &len, why, sizeof why))
        return cli_misuse(cli, "%s", why);
    int status = take_dataset(cli, n, "--dataset", (const char *)line, len);
    secret_wipe(line, sizeof line);
    return status;
}

/* 32 hexadecimal digits, as all datasets are written: the same reader. */
static bool take_key(uint8_t key[16], const char *text, size_t len)
{
    struct troth_thread t;
    if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
        text += 2;
        len -= 2;
    }
    bool ok = troth_dataset_from_text(&t, text, len) == TROTH_DATASET_FINE && t.len == 16;
    if (ok)
        memcpy(key, t.dataset, 16);
    secret_wipe(&t, sizeof t);
    return ok;
}

static int read_key(const struct cli *cli, struct provision_network *n)
{
    const char *file = provision_options.network_key_file;
    uint8_t line[64];
    char why[256];
    size_t len;
    if (!file)
        return CLI_GO;
    if (!secret_read(file, line, sizeof line, &len, why, sizeof why))
        return cli_misuse(cli, "%s", why);
    n->have_key = take_key(n->network_key, (const char *)line, len);
    secret_wipe(line, sizeof line);
    return n->have_key ? CLI_GO
                       : cli_misuse(cli, "--network-key-file: a network key is 32 hexadecimal "
                                         "digits");
}

static int read_thread(const struct cli *cli, struct provision_network *n, bool must)
{
    const struct provision_options *o = &provision_options;
    int status = read_dataset(cli, n);
    if (status == CLI_GO && n->have_dataset && (o->network || o->network_key_file))
        return cli_misuse(cli, "a dataset names the network and has its key: neither --network nor "
                               "--network-key-file goes with it");
    if (status == CLI_GO)
        status = read_key(cli, n);
    if (status == CLI_GO && must && !n->have_dataset && !client_interactive() &&
        !(o->network && n->have_key))
        return cli_misuse(cli, "there is no terminal to ask at: give --dataset FILE, or --network "
                               "NAME and --network-key-file FILE");
    return status;
}

int provision_network(const struct cli *cli, uint8_t kind, struct provision_network *n)
{
    const struct provision_options *o = &provision_options;
    bool thread =
        (o->dataset && *o->dataset) || o->dataset_file || o->network || o->network_key_file;
    bool wifi = o->wifi.ssid || o->wifi.ssid_hex;
    memset(n, 0, sizeof *n);
    n->wifi.wifi.security = (uint8_t)o->wifi.security;
    if (provision_wants_no_network())
        return CLI_GO;
    int status = kind != TROTH_NET_WIFI ? read_thread(cli, n, kind == TROTH_NET_THREAD) : CLI_GO;
    /* Of an unknown kind, and nothing said of Thread: Wi-Fi's is what must be there. */
    if (status == CLI_GO && !kind && !thread && !wifi && !client_interactive())
        return cli_misuse(cli, "there is no terminal to ask at: give --ssid and --password-file "
                               "FILE, or for a Thread device --dataset FILE");
    if (status == CLI_GO && (kind == TROTH_NET_WIFI || (!kind && (wifi || !thread))))
        status = credentials_read(&n->wifi, cli, &o->wifi);
    return status;
}

/* ---- by scan ---- */

static bool is_named(const struct troth_scan_result *r, const char *who)
{
    char text[17];
    size_t n = strlen(who);
    for (size_t i = 0; i < 8; i++)
        snprintf(text + 2 * i, 3, "%02x", r->thread.ext_pan_id[i]);
    return !strcasecmp(text, who) || (n == r->thread.name.len && !memcmp(who, r->thread.name.b, n));
}

/* The one network that is meant; several routers of one are one. */
static bool find(struct protocomm *p, const char *who, struct troth_scan_result *picked)
{
    static struct protocomm_networks all;
    const struct troth_scan_result *found = NULL;
    if (!protocomm_scan(p, &all))
        return false;
    for (unsigned i = 0; i < all.count; i++) {
        const struct troth_scan_result *r = &all.list[i];
        if (!is_named(r, who))
            continue;
        if (found && memcmp(found->thread.ext_pan_id, r->thread.ext_pan_id, 8))
            return protocomm_failed(
                p, "AMBIGUOUS",
                "several networks are called \"%s\": give the extended PAN ID of "
                "one, which --list shows",
                who);
        if (!found || r->rssi > found->rssi)
            found = r;
    }
    if (!found)
        return protocomm_failed(
            p, "NOT_SEEN", "the device sees no network \"%s\"; --list shows what it sees", who);
    *picked = *found;
    return true;
}

/* Without have_picked after it: another network is meant. */
static bool ask_key(struct protocomm *p, struct provision_network *n)
{
    char line[128], prompt[96];
    bool other = !provision_options.network;
    snprintf(prompt, sizeof prompt, "Network key (not shown%s)",
             other ? "; empty to pick another network" : "");
    while (!n->have_key) {
        if (!client_ask(p->c, prompt, true, line, sizeof line))
            return false;
        if (other && !*line) {
            n->have_picked = false;
            return true;
        }
        n->have_key = take_key(n->network_key, line, strlen(line));
        secret_wipe(line, sizeof line);
        if (!n->have_key)
            out_hint("A network key is 32 hexadecimal digits.");
    }
    return true;
}

static bool ask_network(struct protocomm *p, struct provision_network *n)
{
    const char *who = provision_options.network;
    do {
        if (!n->have_picked && !(who ? find(p, who, &n->picked) : protocomm_pick(p, &n->picked)))
            return false;
        n->have_picked = true;
        if (!ask_key(p, n))
            return false;
    } while (!n->have_picked);
    return true;
}

bool thread_dataset(struct protocomm *p, struct provision_network *n)
{
    if (n->have_dataset)
        return true;
    if (!provision_options.network && !client_interactive())
        return protocomm_failed(p, "NOBODY_TO_ASK",
                                "the device wants a Thread network: give --dataset FILE, or "
                                "--network NAME and --network-key-file FILE");
    if (!ask_network(p, n))
        return false;
    n->dataset.len = 0;
    if (troth_dataset_pick(&n->dataset, &n->picked, n->network_key) != TROTH_OK)
        return protocomm_failed(p, "STRANGE_ANSWER",
                                "what the device told of that network makes no dataset; give "
                                "--dataset FILE");
    n->have_dataset = true;
    return true;
}
