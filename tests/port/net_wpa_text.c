/* The texts of wpa_supplicant: flags, lines, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ports/linux/net_wpa_text.h"

static void texts(void **state)
{
    static const struct {
        const char *flags;
        enum troth_wifi_security is;
    } cases[] = {
        {"[ESS]", TROTH_WIFI_OPEN},
        {"[WPS][ESS]", TROTH_WIFI_OPEN},
        {"[WPA2-PSK-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][WPS][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-PSK+FT/PSK-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-FT/PSK-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-PSK+PSK-SHA256-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-PSK-SHA256-CCMP][ESS]", TROTH_WIFI_WPA2_PSK_SHA256},
        {"[WPA2-SAE-CCMP][SAE-H2E][ESS]", TROTH_WIFI_WPA3_SAE},
        {"[WPA2-SAE+FT/SAE-CCMP][ESS]", TROTH_WIFI_WPA3_SAE},
        {"[WPA2-PSK+SAE-CCMP][ESS]", TROTH_WIFI_WPA2_WPA3},
        {"[WPA2-PSK-SHA256+SAE-CCMP][ESS]", TROTH_WIFI_WPA2_WPA3},
        {"[WPA-PSK-TKIP][ESS]", TROTH_WIFI_OTHER},
        {"[WEP][ESS]", TROTH_WIFI_OTHER},
        {"[WPA2-EAP-CCMP][ESS]", TROTH_WIFI_OTHER},
        {"[WPA2-EAP-SHA256-CCMP][ESS]", TROTH_WIFI_OTHER},
        {"[WPA2-OWE-CCMP][ESS]", TROTH_WIFI_OTHER},
        {"[OWE-TRANS][ESS]", TROTH_WIFI_OTHER},
        {"[IBSS]", TROTH_WIFI_OTHER},
        {"[WPA2-PSK", TROTH_WIFI_OTHER},
        {"", TROTH_WIFI_OTHER},
    };
    static const char line[] = "02:00:00:00:00:01\t2412\t-30\t[ESS]\tA\\x00\\\"\\e\\n";
    struct troth_scan_result found;
    struct troth_ssid ssid;
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        if (wpa_flags_security(cases[i].flags) != cases[i].is)
            fail_msg("%s is taken for %s", cases[i].flags,
                     troth_wifi_security_name((uint8_t)wpa_flags_security(cases[i].flags)));
    assert_true(wpa_scan_line(&found, line, strlen(line)));
    assert_int_equal(found.ssid.len, 5);
    assert_memory_equal(found.ssid.b, "A\0\"\033\n", 5);
    for (size_t n = 0; n < strlen(line); n++) { /* cut anywhere */
        char *copy = malloc(n ? n : 1);
        memcpy(copy, line, n);
        wpa_scan_line(&found, copy, n);
        free(copy);
    }
    assert_false(wpa_ssid_parse(&ssid, "0123456789abcdef0123456789abcdefX", 33));
    assert_false(wpa_ssid_parse(&ssid, "\\q", 2));
    assert_false(wpa_ssid_parse(&ssid, "\\x1", 3));
    assert_false(wpa_ssid_parse(&ssid, "\\", 1));
    /* A number is in its own field, or the line is none. */
    static const char blocks[] = "\tHome\tany\t", nets[] = "02:00:00:00:00:01\t2412\t\t\t\n-40";
    struct wpa_listed listed;
    assert_false(wpa_list_line(&listed, blocks, sizeof blocks - 1));
    assert_false(wpa_list_line(&listed, "-1\tHome\tany\t", 12));
    assert_false(wpa_list_line(&listed, "3333333330\tHome\tany\t", 20));
    assert_true(wpa_list_line(&listed, "12\tHome\tany\t[CURRENT]", 21));
    assert_int_equal(listed.id, 12);
    assert_true(listed.current && listed.ssid.len == 4);
    assert_false(wpa_scan_line(&found, nets, strcspn(nets, "\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
