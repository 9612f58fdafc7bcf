/*
 * What wpa_supplicant says. Any text is read to its end; a line says the same whatever follows it;
 * and a network in range can say nothing but its own name, whatever octets that has.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "ports/linux/net_wpa_text.h"

/* As wpa_supplicant prints an SSID, from its documentation. */
static size_t print_ssid(char *out, const uint8_t *ssid, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        static const char special[] = "\"\\\033\n\r\t", names[] = "\"\\enrt";
        const char *at = ssid[i] ? strchr(special, ssid[i]) : NULL;
        if (at)
            n += (size_t)sprintf(out + n, "\\%c", names[at - special]);
        else if (ssid[i] >= 32 && ssid[i] < 127)
            out[n++] = (char)ssid[i];
        else
            n += (size_t)sprintf(out + n, "\\x%02x", ssid[i]);
    }
    return n;
}

static bool same(const struct troth_scan_result *a, const struct troth_scan_result *b)
{
    return a->kind == b->kind && a->channel == b->channel && a->rssi == b->rssi &&
           a->security == b->security && !memcmp(a->bssid, b->bssid, 6) &&
           troth_ssid_equal(&a->ssid, &b->ssid);
}

static bool is_security(uint8_t s)
{
    return s == TROTH_WIFI_OPEN || s == TROTH_WIFI_WPA2_PSK || s == TROTH_WIFI_WPA2_PSK_SHA256 ||
           s == TROTH_WIFI_WPA3_SAE || s == TROTH_WIFI_WPA2_WPA3 || s == TROTH_WIFI_OTHER;
}

static void line_in_words(const char *line, size_t len)
{
    struct troth_scan_result r, alone;
    struct wpa_listed l, l_alone;
    char *exact = malloc(len + 1);
    if (!exact)
        abort();
    memcpy(exact, line, len);
    exact[len] = 0;
    bool is = wpa_scan_line(&r, line, len);
    never(is != wpa_scan_line(&alone, exact, len), "what follows makes a line a network");
    if (is) {
        never(!same(&r, &alone), "what follows a line changes its network");
        never(r.ssid.len > 32 || r.rssi > 0 || !is_security(r.security), "no such network");
    }
    is = wpa_list_line(&l, line, len);
    never(is != wpa_list_line(&l_alone, exact, len), "what follows makes a line a block");
    if (is)
        never(l.id != l_alone.id || l.id < 0 || l.current != l_alone.current ||
                  l.disabled != l_alone.disabled || !troth_ssid_equal(&l.ssid, &l_alone.ssid),
              "what follows a line changes its block");
    free(exact);
}

static void reply(const uint8_t *octets, size_t len)
{
    struct troth_net_info info;
    char *text = malloc(len + 1);
    if (!text)
        abort();
    memcpy(text, octets, len);
    text[len] = 0;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        line_in_words(at, n);
        at += n + (at[n] == '\n');
    }
    wpa_status_info(&info, text);
    never(!is_security(info.security), "no such security");
    never(wpa_value_is(text, "wpa_state", "COMPLETED") && !strstr(text, "wpa_state=COMPLETED"),
          "a state nobody wrote");
    free(text);
}

/* A name from the air between two networks that must stay what they are. */
static void hostile_name(const uint8_t *ssid, size_t len)
{
    static const char before[] = "02:00:00:00:00:01\t2412\t-40\t[WPA2-PSK-CCMP][ESS]\tMeadow\n"
                                 "02:00:00:00:00:02\t5180\t-50\t[ESS]\t";
    static const char after[] = "\n02:00:00:00:00:03\t2484\t-60\t[WPA2-SAE-CCMP][ESS]\tOrchard\n";
    char text[sizeof before + sizeof after + 32 * 4];
    struct troth_scan_result r[3];
    unsigned n = 0;
    size_t at = sizeof before - 1;
    memcpy(text, before, at);
    at += print_ssid(text + at, ssid, len);
    memcpy(text + at, after, sizeof after);
    for (const char *line = text; *line;) {
        size_t end = strcspn(line, "\n");
        never(n == 3, "a name became a network");
        never(!wpa_scan_line(&r[n++], line, end), "a network is missed");
        line += end + 1;
    }
    never(n != 3, "a name swallowed a network");
    never(r[0].security != TROTH_WIFI_WPA2_PSK || r[1].security != TROTH_WIFI_OPEN ||
              r[2].security != TROTH_WIFI_WPA3_SAE || r[1].channel != 36 || r[2].channel != 14 ||
              r[1].rssi != -50,
          "a name changed a network");
    never(r[1].ssid.len != len || memcmp(r[1].ssid.b, ssid, len), "a name changed on its way");
}

/* What is set holds one value: nothing that ends a line, or a text, of its configuration. */
static void setting(const struct troth_wifi *w)
{
    static const char *const keys[] = {"ssid ",       "scan_ssid 1", "priority 1",
                                       "key_mgmt ",   "auth_alg ",   "proto RSN",
                                       "ieee80211w ", "psk ",        "sae_password "};
    char text[WPA_SETTING];
    unsigned step = 0;
    for (; wpa_setting(w, step, text); step++) {
        bool known = false;
        size_t n = strnlen(text, sizeof text);
        never(step > 20, "settings without end");
        never(n >= sizeof text - 1, "a setting that was cut");
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            known |= !strncmp(text, keys[i], strlen(keys[i]));
        never(!known, "a setting nobody asked for");
        for (size_t i = 0; i < n; i++)
            never((uint8_t)text[i] < 0x20 || text[i] == 0x7f, "a control character is set");
        if (!strncmp(text, "ssid ", 5))
            never(n != 5 + 2u * w->ssid.len || strspn(text + 5, "0123456789abcdef") != n - 5,
                  "a name that is set as text");
        if (!strncmp(text, "psk \"", 5))
            never(n != 6u + w->password.len || text[n - 1] != '"',
                  "a passphrase that is not whole");
    }
    never(step < 6, "too few settings");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    struct troth_wifi w = {.ssid.len = in_u8(&in) % 33};
    w.security = in_u8(&in) % 7;
    w.password.len = in_u8(&in) % 65;
    in_copy(&in, w.ssid.b, w.ssid.len < in.left ? w.ssid.len : in.left);
    hostile_name(w.ssid.b, w.ssid.len);
    size_t n = w.password.len < in.left ? w.password.len : in.left;
    in_copy(&in, w.password.b, n);
    if (troth_wifi_check(&w) == TROTH_NET_OK)
        setting(&w);
    reply(data, size);
    if (size > 3)
        reply(data + 3, size - 3);
    return 0;
}
