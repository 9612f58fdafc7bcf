/* The simulated network's file and its truth file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include <troth/dataset.h>

#include "ports/linux/netsim_file.h"

#define D70                                                                                        \
    "00000000000000000000000000000000000000000000000000000000000000000000000"                      \
    "000000000000000000000000000000000000000000000000000000000000000000000"
#define D210 D70 D70 D70
#define K32  "00112233445566778899aabbccddeeff"

static struct netsim n;
static char error[256];

static bool parse(const char *text)
{
    error[0] = 0;
    return netsim_parse(&n, "file", text, strlen(text), error, sizeof error);
}

static void test_everything_a_file_can_say(void **state)
{
    (void)state;
    assert_true(parse("# a comment\r\n"
                      "; another\n"
                      "[simulator]\n"
                      "scan_ms = 50\n"
                      "\n"
                      "[ network ]\r\n"
                      "  ssid =  My \\x00\\xffnet\\\\  \n"
                      "security=wpa2/wpa3\n"
                      "password = #not; a = comment\\x20\n"
                      "bssid = 0A:0b:0c:0D:0E:0F\n"
                      "channel = 11\n"
                      "signal = -77\n"
                      "address = 2001:db8::7\n"
                      "join_ms = 1\n"
                      "wrong_password = timeout\n"
                      "no_address = yes\n"
                      "silent = no\n"
                      "flaky = 3\n"
                      "lose_ms = 4\n"
                      "down_ms = 5\n"
                      "up_ms = 6\n"
                      "[network]\n"
                      "ssid = Cafe\n"
                      "[network]\n"
                      "ssid = Home\n"
                      "passphrase = open sesame")); /* no newline at the end */
    assert_int_equal(n.count, 3);
    assert_int_equal(n.scan_ms, 50);
    const struct troth_sim_network *a = &n.networks[0];
    assert_int_equal(a->ssid.len, 9);
    assert_memory_equal(a->ssid.b, "My \0\xffnet\\", 9);
    assert_int_equal(a->security, TROTH_WIFI_WPA2_WPA3);
    assert_int_equal(a->password.len, 18);
    assert_memory_equal(a->password.b, "#not; a = comment ", 18);
    assert_memory_equal(a->bssid, "\x0a\x0b\x0c\x0d\x0e\x0f", 6);
    assert_int_equal(a->channel, 11);
    assert_int_equal(a->rssi, -77);
    assert_string_equal(a->address, "2001:db8::7");
    assert_int_equal(a->wrong_as, TROTH_NET_TIMEOUT);
    assert_true(a->no_address && !a->silent);
    assert_int_equal(a->join_ms + a->flaky * 10 + a->lose_ms * 100, 431);
    assert_int_equal(a->down_ms * 10 + a->up_ms, 56);
    assert_int_equal(n.networks[1].security, TROTH_WIFI_OPEN);
    assert_int_equal(n.networks[2].security, TROTH_WIFI_WPA2_PSK);
    assert_int_equal(n.networks[2].bssid[5], 3);
    netsim_close(&n);
    assert_true(parse(""));
    assert_int_equal(n.count, 0);
}

#define KEY "051000112233445566778899aabbccddeeff"

static void assert_dataset(const struct troth_sim_network *a, const char *digits)
{
    char text[TROTH_DATASET_TEXT];
    assert_int_equal(a->kind, TROTH_NET_THREAD);
    assert_true(troth_dataset_to_text(&a->dataset, text, sizeof text) > 0);
    assert_string_equal(text, digits);
}

static void test_everything_a_thread_section_can_say(void **state)
{
    (void)state;
    assert_true(parse("[thread]\n"
                      "passphrase = 12SECRETPASSWORD34\n"
                      "name = Test Network\n"
                      "network_key = 00112233445566778899AABBCCDDEEFF\n"
                      "channel = 26\n"
                      "pan_id = 0x0042\n"
                      "ext_pan_id = 0001020304050607\n"
                      "mesh_local_prefix = fdad70bfe5aa15dd\n"
                      "ext_addr = 1e4d2bb3a614163f\n"
                      "signal = -77\n"
                      "lqi = 255\n"
                      "version = 5\n"
                      "joinable = yes\n"
                      "role = leader\n"
                      "router_ms = 8\n"
                      "wrong_key = not-found\n"
                      "address = fd00::7\n"
                      "join_ms = 1\n"
                      "no_address = yes\n"
                      "silent = yes\n"
                      "flaky = 3\n"
                      "lose_ms = 4\n"
                      "down_ms = 5\n"
                      "up_ms = 6\n"
                      "[thread]\n"
                      "network_key = 00112233445566778899aabbccddeeff\n"
                      "name = \\x61\n"
                      "[network]\n"
                      "ssid = Home\n"
                      "[thread]\n"
                      "pan_id = 4321\n"
                      "dataset = fe01aa000300000b" KEY "01021234030162\n"
                      "[thread]\n"
                      "dataset = 030162\n"
                      "network_key = " K32 "\n"));
    assert_int_equal(n.count, 5);
    const struct troth_sim_network *a = &n.networks[0];
    assert_dataset(a, "000300001a020800010203040506070708fdad70bfe5aa15dd" KEY
                      "030c54657374204e6574776f726b010200420410c3f59368445a1b6106be420a706d4cc9");
    assert_memory_equal(a->ext_addr, "\x1e\x4d\x2b\xb3\xa6\x14\x16\x3f", 8);
    assert_int_equal(a->rssi, -77);
    assert_int_equal(a->lqi, 255);
    assert_int_equal(a->version, 5);
    assert_int_equal(a->role, TROTH_THREAD_LEADER);
    assert_int_equal(a->router_ms, 8);
    assert_int_equal(a->wrong_as, TROTH_NET_NOT_FOUND);
    assert_true(a->joinable && a->no_address && a->silent);
    assert_string_equal(a->address, "fd00::7");
    assert_int_equal(a->join_ms + a->flaky * 10 + a->lose_ms * 100, 431);
    assert_int_equal(a->down_ms * 10 + a->up_ms, 56);
    /* What is not said a network has all the same, each section its own. */
    assert_dataset(&n.networks[1], KEY "030161000300000f02080200000000000002"
                                       "01021202");
    assert_int_equal(n.networks[1].ext_addr[7], 2);
    assert_int_equal(n.networks[1].lqi, 10);
    assert_false(n.networks[1].joinable);
    assert_int_equal(n.networks[2].kind, 0);
    assert_string_equal(n.networks[2].address, "");
    assert_dataset(&n.networks[3], "fe01aa000300000b" KEY "0102432103016202080200000000000004");
    netsim_close(&n);
}

static void test_every_complaint_names_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"ssid = x", "file:1: 'ssid' is in no section"},
        {"[net]", "file:1: unknown section [net]"},
        {"\n[network", "file:2: a section looks like"},
        {"[network] x", "file:1: a section looks like"},
        {"[simulator]\n[simulator]", "file:2: [simulator] is here twice"},
        {"[simulator]\nssid = x", "file:2: unknown key 'ssid' in [simulator]"},
        {"[simulator]\nscan_ms = soon", "file:2: scan_ms must be a number from 0"},
        {"[network]\nssid", "file:2: expected key = value, got 'ssid'"},
        {"[network]\npassword = x", "file:1: this network has no ssid"},
        {"\n[network]\n[network]\nssid=x", "file:2: this network has no ssid"},
        {"[network]\nssid =", "file:2: ssid is empty"},
        {"[network]\nssid = x\nssid = y", "file:3: ssid is given twice"},
        {"[network]\nssid = 123456789012345678901234567890123", "file:2: ssid is longer than 32"},
        {"[network]\nssid = \\n", "file:2: in ssid a backslash must be"},
        {"[network]\nssid = \\x1", "file:2: in ssid a backslash must be"},
        {"[network]\nssid = a\\", "file:2: in ssid a backslash must be"},
        {"[network]\nssid = x\nsecurity = wep", "file:3: security must be one of open, wpa2"},
        {"[network]\nssid = x\nsecurity = wpa2", "file:1: security WPA2-PSK needs another"},
        {"[network]\nssid = x\npassword = short", "file:1: security WPA2-PSK needs another"},
        {"[network]\nssid = x\npassword = 12345678\npassphrase = 12345678",
         "file:4: passphrase: the password is given already"},
        {"[network]\nssid = x\nbssid = 1:2", "file:3: bssid must look like"},
        {"[network]\nssid = x\nbssid = 02:00:00:00:00:01:02", "file:3: bssid must look like"},
        {"[network]\nssid = x\nchannel = 0", "file:3: channel must be a number from 1"},
        {"[network]\nssid = x\nsignal = 3", "file:3: signal must be a number from -127"},
        {"[network]\nssid = x\nsignal =", "file:3: signal must be a number"},
        {"[network]\nssid = x\nflaky = 1x", "file:3: flaky must be a number"},
        {"[network]\nssid = x\nflaky = 99999999999999999999", "file:3: flaky must be a number"},
        {"[network]\nssid = x\nno_address = 1", "file:3: no_address must be yes or no"},
        {"[network]\nssid = x\nwrong_password = x", "file:3: wrong_password must be one of"},
        {"[network]\nssid = x\naddress =", "file:3: address must be an IP address"},
        {"[network]\nssid = x\ndown_ms = 9\nup_ms = 9", "file:1: up_ms must be later"},
        {"[network]\n\033]0;x\007 = red", "file:2: unknown key '\\x1b]0;x\\x07' in [network]"},
        {"[network]\nssid = x\ncolour = red", "file:3: unknown key 'colour' in [network]"},
        {"[network]\nname = x", "file:2: unknown key 'name' in [network]"},
        {"[thread]\nssid = x", "file:2: unknown key 'ssid' in [thread]"},
        {"[thread]\nname = x", "file:1: this Thread network has no network_key"},
        {"\n[thread]\n[thread]", "file:2: this Thread network has no name"},
        {"[thread]\nname =", "file:2: name must be a text"},
        {"[thread]\nname = 12345678901234567", "file:2: name is longer than 16"},
        {"[thread]\nname = \\xff", "file:2: name must be a text of 1 to 16"},
        {"[thread]\nnetwork_key = 0123secret", "file:2: network_key must be 32 hexadecimal digits"},
        {"[thread]\nnetwork_key = " K32 "00", "file:2: network_key must be 32"},
        {"[thread]\nnetwork_key = " K32 "\nnetwork_key = " K32,
         "file:3: network_key is given twice"},
        {"[thread]\nchannel = 10", "file:2: channel must be a number from 11 to 26, not '10'"},
        {"[thread]\npan_id = 42", "file:2: pan_id must be 4 hexadecimal digits"},
        {"[thread]\npan_id = 0xFFFF", "file:2: pan_id ffff stands for all"},
        {"[thread]\next_pan_id = 11111111222222", "file:2: ext_pan_id must be 16"},
        {"[thread]\next_addr = x", "file:2: ext_addr must be 16"},
        {"[thread]\nmesh_local_prefix = fe80000000000000", "file:2: mesh_local_prefix must begin"},
        {"[thread]\npassphrase = 12345", "file:2: passphrase needs 6 to 255"},
        {"[thread]\nrole = king", "file:2: role must be one of child, router, leader, not 'king'"},
        {"[thread]\nlqi = 256", "file:2: lqi must be a number from 0 to 255"},
        {"[thread]\nversion = 16", "file:2: version must be a number"},
        {"[thread]\njoinable = 1", "file:2: joinable must be yes or no"},
        {"[thread]\nrouter_ms = x", "file:2: router_ms must be a number"},
        {"[thread]\nwrong_key = x", "file:2: wrong_key must be one of"},
        {"[thread]\ndataset = 0", "file:2: dataset: it has an odd number"},
        {"[thread]\ndataset = 0x", "file:2: dataset: there is a character"},
        {"[thread]\nname = x\ndataset = c8d8" D210 "000000000000" KEY,
         "file:1: the dataset has no room"},
        {"[thread]\ndataset = 0510", "file:2: dataset: it ends in the middle"},
        {"[thread]\ndataset = 0102ffff" KEY, "file:2: dataset: its PAN ID is 0xffff"},
        {"[thread]\nname = x\nnetwork_key = " K32 "\ndown_ms = 9\nup_ms = 9",
         "file:1: up_ms must be later"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(parse(rows[i].text));
        if (strncmp(error, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("row %zu: %s", i, error);
        assert_null(strstr(error, "secret"));
    }
    assert_false(netsim_parse(&n, "file", "[network]\nssid=a\0b", 18, error, sizeof error));
    assert_non_null(strstr(error, "\\x00"));
    char long_line[700];
    memset(long_line, 'x', sizeof long_line);
    assert_false(netsim_parse(&n, "file", long_line, sizeof long_line, error, sizeof error));
    char many[40 * 20] = "";
    for (int i = 0; i < 33; i++)
        strcat(many, "[network]\nssid = x\n");
    assert_false(parse(many));
    assert_non_null(strstr(error, "more than 32"));
    assert_false(netsim_load(&n, "/nonexistent/file", error, sizeof error));
    assert_non_null(strstr(error, "/nonexistent/file: No such file"));
}

static void ignore(void *ctx, const struct troth_net_report *r)
{
    (void)ctx;
    (void)r;
}

static cJSON *read_truth(const char *path)
{
    static char text[16384];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    assert_null(strstr(text, "sesame"));
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    return root;
}

static const char *text_at(const cJSON *o, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(o, key));
    return s ? s : "(null)";
}

static void join(uint32_t id, const char *ssid, const char *password, troth_ms *now)
{
    struct troth_credentials c = {.kind = TROTH_NET_WIFI, .u.wifi.security = TROTH_WIFI_WPA2_PSK};
    c.u.wifi.ssid.len = (uint8_t)strlen(ssid);
    memcpy(c.u.wifi.ssid.b, ssid, strlen(ssid));
    c.u.wifi.password.len = (uint8_t)strlen(password);
    memcpy(c.u.wifi.password.b, password, strlen(password));
    const struct troth_net *net = troth_net_sim_net(&n.sim);
    assert_int_equal(net->ops->join(net->ctx, id, &c), TROTH_OK);
    troth_net_sim_tick(&n.sim, *now);
    troth_net_sim_tick(&n.sim, *now += 1000);
}

static void test_the_truth_file(void **state)
{
    (void)state;
    static const struct troth_net_sink sink = {ignore, NULL};
    char folder[] = "/tmp/netsim-XXXXXX", path[64], beside[80], table[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/net.state", folder);
    snprintf(table, sizeof table, "%s/net", folder);
    FILE *f = fopen(table, "wb");
    fputs("[network]\nssid = H\\xc3\\xa4us\\x01\npassword = open sesame\n", f);
    fclose(f);
    assert_true(netsim_load(&n, table, error, sizeof error));
    troth_ms now = 1;
    netsim_start(&n, &sink, path, now);
    cJSON *t = read_truth(path);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(t, "joined")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(t, "attempts")), 0);
    cJSON_Delete(t);

    join(4, "H\xc3\xa4us\x01", "wrong sesame", &now);
    join(9, "H\xc3\xa4us\x01", "open sesame", &now);
    t = read_truth(path);
    const cJSON *joined = cJSON_GetObjectItem(t, "joined");
    assert_string_equal(text_at(joined, "ssid"), "H\xc3\xa4us\\x01");
    assert_string_equal(text_at(joined, "ssid_hex"), "48c3a4757301");
    assert_string_equal(text_at(joined, "ip"), "192.0.2.10");
    assert_string_equal(text_at(joined, "security"), "WPA2-PSK");
    assert_string_equal(text_at(joined, "bssid"), "02:00:00:00:00:01");
    assert_int_equal(cJSON_GetObjectItem(joined, "attempt")->valueint, 9);
    assert_true(cJSON_GetObjectItem(joined, "since")->valuedouble > 1e9);
    const cJSON *attempts = cJSON_GetObjectItem(t, "attempts");
    assert_int_equal(cJSON_GetArraySize(attempts), 2);
    assert_string_equal(text_at(cJSON_GetArrayItem(attempts, 0), "result"), "failed");
    assert_string_equal(text_at(cJSON_GetArrayItem(attempts, 0), "reason"), "WRONG_PASSWORD");
    assert_string_equal(text_at(cJSON_GetArrayItem(attempts, 1), "result"), "joined");
    cJSON_Delete(t);

    troth_net_sim_lose(&n.sim, TROTH_NET_LINK_LOST);
    t = read_truth(path);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(t, "joined")));
    attempts = cJSON_GetObjectItem(t, "attempts");
    assert_string_equal(text_at(cJSON_GetArrayItem(attempts, 1), "result"), "lost");
    cJSON_Delete(t);

    for (uint32_t id = 10; id < 40; id++)
        join(id, "H\xc3\xa4us\x01", "wrong sesame", &now);
    t = read_truth(path);
    attempts = cJSON_GetObjectItem(t, "attempts");
    assert_int_equal(cJSON_GetArraySize(attempts), NETSIM_ATTEMPTS);
    assert_int_equal(
        cJSON_GetObjectItem(cJSON_GetArrayItem(attempts, NETSIM_ATTEMPTS - 1), "attempt")->valueint,
        39);
    cJSON_Delete(t);

    snprintf(beside, sizeof beside, "%s.new", path);
    assert_int_not_equal(access(beside, F_OK), 0);
    assert_int_equal(n.state_errno, 0);
    unlink(path);
    unlink(table);
    rmdir(folder);
    join(41, "x", "open sesame", &now);
    assert_int_not_equal(n.state_errno, 0); /* told, and nothing else is harmed */
    netsim_close(&n);
}

static void test_the_truth_of_thread(void **state)
{
    (void)state;
    static const struct troth_net_sink sink = {ignore, NULL};
    char folder[] = "/tmp/netsim-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/net.state", folder);
    assert_true(parse("[thread]\nname = Meadow\npan_id = 0042\nrouter_ms = 500\n"
                      "ext_pan_id = 1111111122222222\nnetwork_key = " K32));
    troth_ms now = 1;
    netsim_start(&n, &sink, path, now);
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    troth_dataset_from_text(&c.u.thread, KEY, strlen(KEY));
    const struct troth_net *net = troth_net_sim_net(&n.sim);
    assert_int_equal(net->ops->join(net->ctx, 5, &c), TROTH_OK);
    static const char *const roles[] = {"child", "router"};
    for (int i = 0; i < 2; i++) {
        troth_net_sim_tick(&n.sim, now);
        troth_net_sim_tick(&n.sim, now += 1000);
        cJSON *t = read_truth(path);
        const cJSON *joined = cJSON_GetObjectItem(t, "joined");
        assert_string_equal(text_at(joined, "kind"), "thread");
        assert_string_equal(text_at(joined, "ssid"), "Meadow");
        assert_string_equal(text_at(joined, "role"), roles[i]);
        assert_string_equal(text_at(joined, "pan_id"), "0x0042");
        assert_string_equal(text_at(joined, "ext_pan_id"), "1111111122222222");
        assert_string_equal(text_at(joined, "ext_addr"), "0200000000000001");
        assert_string_equal(text_at(joined, "ip"), "fd00::10");
        assert_int_equal(cJSON_GetObjectItem(joined, "channel")->valueint, 15);
        const cJSON *attempts = cJSON_GetObjectItem(t, "attempts");
        assert_int_equal(cJSON_GetArraySize(attempts), 1);
        assert_string_equal(text_at(cJSON_GetArrayItem(attempts, 0), "result"), "joined");
        char *all = cJSON_PrintUnformatted(t);
        assert_null(strstr(all, "8899aabb"));
        cJSON_free(all);
        cJSON_Delete(t);
    }
    netsim_close(&n);
    unlink(path);
    rmdir(folder);
}

static void test_the_examples_are_read(void **state)
{
    (void)state;
    assert_true(netsim_load(&n, TROTH_SOURCE_DIR "/examples/networks.conf", error, sizeof error));
    assert_int_equal(n.count, 2);
    assert_true(netsim_load(&n, TROTH_SOURCE_DIR "/examples/thread.conf", error, sizeof error));
    assert_int_equal(n.count, 3);
    for (unsigned i = 0; i < n.count; i++)
        assert_int_equal(n.networks[i].kind, TROTH_NET_THREAD);
    netsim_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_a_file_can_say),
        cmocka_unit_test(test_everything_a_thread_section_can_say),
        cmocka_unit_test(test_the_truth_of_thread),
        cmocka_unit_test(test_the_examples_are_read),
        cmocka_unit_test(test_every_complaint_names_its_line),
        cmocka_unit_test(test_the_truth_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
