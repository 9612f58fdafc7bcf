/*
 * The story on one screen: a device without a network, a client, and the air between them. Every
 * verdict comes from somebody else than the two: the air, the stores, the simulated network.
 */
#include "tools/demo/stage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME          "Troth demo"
#define HOME          "Meadow"
#define HOME_PASSWORD "clover and rye"
#define OTHER         "Harbour"

static char agent[160];

static void start_device(struct stage *s)
{
    stage_start(s, DEVICE,
                (const char *const[]){"trothd", "--transport", s->transport, "--name", NAME,
                                      "--security", "authenticate", "--io-cap", "display-only",
                                      "--agent", agent, "--store", stage_path(s, "device.db"),
                                      "--network", s->network, NULL});
}

static bool device_has_display(struct stage *s)
{
    return witness_file(s, "agent") || !s->actors[DEVICE].pid;
}

static const char *password_file(struct stage *s, const char *password)
{
    stage_write(s, "password", password);
    return stage_path(s, "password");
}

static int provision(struct stage *s, const char *ssid, const char *password)
{
    s->link_encrypted = false;
    s->link_key_size = 0;
    s->passkey[0] = 0;
    stage_start(s, CLIENT,
                (const char *const[]){
                    "troth", "provision", "wifi", NAME, "--transport", s->transport, "--store",
                    stage_path(s, "client.db"), "--io-cap", "keyboard-only", "--ssid", ssid,
                    "--password-file", password_file(s, password), "--passkey", "-", NULL});
    return stage_wait(s, CLIENT, s->interactive ? 120 : 60);
}

static bool joined_home(struct stage *s)
{
    char ssid[33];
    witness_joined(s, ssid);
    return strcmp(ssid, HOME) == 0;
}

static bool same_key(const struct troth_bond_keys *a, const struct troth_bond_keys *b)
{
    return memcmp(a->ltk[0].key, b->ltk[0].key, 16) == 0;
}

static void act_provision(struct stage *s)
{
    char ssid[64], password[80], joined[33];
    struct troth_bond_keys device, client;

    stage_say(s, "1. A device nobody knows, and a client that looks around");
    stage_start(s, CLIENT,
                (const char *const[]){"troth", "scan", "--transport", s->transport, "--store",
                                      stage_path(s, "client.db"), "--for", "1", NULL});
    stage_verdict(s, stage_wait(s, CLIENT, 20) == 0, "the client looked around");

    stage_say(s, "2. Pairing with a passkey, and credentials over the encrypted link");
    if (s->interactive)
        printf("The simulated networks: \"" HOME "\", password \"" HOME_PASSWORD "\"; \"" OTHER
               "\", password unknown to you.\nEnter alone takes the first.\n");
    int status = -1;
    for (int tries = 0; tries < 3 && status != 0; tries++) {
        if (tries > 0)
            stage_say(s, "That did not work; the client said why. Once more.");
        stage_ask(s, "SSID", HOME, false, ssid, sizeof ssid);
        stage_ask(s, "password (not shown)", HOME_PASSWORD, true, password, sizeof password);
        status = provision(s, ssid, password);
        if (!s->interactive)
            break;
    }
    witness_joined(s, joined);
    stage_verdict(s, status == 0, "the client's exit status is 0");
    stage_verdict(s, s->passkey[0] != 0, "the device displayed a passkey");
    stage_verdict(s, s->link_encrypted && s->link_key_size == 16,
                  "the air saw the link encrypted with a 16-octet key");
    stage_verdict(s,
                  witness_bonds(s, "device.db", &device) == 1 &&
                      witness_bonds(s, "client.db", &client) == 1,
                  "each store holds one bond");
    stage_verdict(s, device.sc && device.mitm && same_key(&device, &client),
                  "made by LE Secure Connections with MITM protection, the same key in both");
    stage_verdict(s, joined[0] && strcmp(joined, ssid) == 0, "the network \"%s\" has the device",
                  ssid);
    unsigned char credentials[1024];
    stage_verdict(s, witness_credentials(s, "device.db", credentials, sizeof credentials) > 0,
                  "and the device keeps the credentials");
}

static void act_restart(struct stage *s)
{
    struct troth_bond_keys before, after;

    stage_say(s, "3. The device loses power and comes back: nobody types anything");
    witness_bonds(s, "client.db", &before);
    stage_kill(s, DEVICE);
    unlink(stage_path(s, "networks.conf.state"));
    unlink(stage_path(s, "agent")); /* its coming back is awaited below */
    start_device(s);
    stage_verdict(s, stage_until(s, joined_home, 20), "it rejoined by itself: the network has it");
    if (!stage_until(s, device_has_display, 10))
        return;
    stage_watch_display(s);
    s->link_encrypted = false;
    s->link_key_size = 0;
    s->passkey[0] = 0;
    stage_start(s, CLIENT,
                (const char *const[]){"troth", "status", NAME, "--transport", s->transport,
                                      "--store", stage_path(s, "client.db"), NULL});
    stage_verdict(s, stage_wait(s, CLIENT, 30) == 0, "the client read the protected status");
    stage_verdict(s, s->link_encrypted && s->link_key_size == 16,
                  "the air saw the link encrypted again");
    stage_verdict(s,
                  !s->passkey[0] && witness_bonds(s, "client.db", &after) == 1 &&
                      same_key(&before, &after),
                  "from the bond: no passkey, no pairing, the same key");
}

static void act_wrong_password(struct stage *s)
{
    unsigned char before[1024], after[1024];

    stage_say(s, "4. A wrong password for another network: the old one is kept");
    size_t had = witness_credentials(s, "device.db", before, sizeof before);
    int status = provision(s, OTHER, "not the password");
    stage_verdict(s, status == 1, "the client's exit status is 1, and it said why");
    stage_verdict(s, stage_until(s, joined_home, 30),
                  "the network \"" HOME "\" has the device again");
    size_t has = witness_credentials(s, "device.db", after, sizeof after);
    stage_verdict(s, had > 0 && had == has && memcmp(before, after, had) == 0,
                  "the stored credentials are the old ones");
}

int story_pairing(struct stage *s)
{
    stage_write(s, "networks.conf",
                "# The networks of this simulated house.\n"
                "[network]\nssid = " HOME "\nsecurity = wpa2\npassword = " HOME_PASSWORD
                "\nsignal = -48\n\n"
                "[network]\nssid = " OTHER "\nsecurity = wpa2\npassword = salt and tar\n"
                "signal = -67\n");
    snprintf(agent, sizeof agent, "unix:%s", stage_path(s, "agent"));
    if (stage_air(s)) {
        start_device(s);
        if (stage_until(s, device_has_display, 10) && s->actors[DEVICE].pid) {
            stage_watch_display(s);
            act_provision(s);
            act_restart(s);
            act_wrong_password(s);
        } else {
            stage_verdict(s, false, "the device is up");
        }
    }
    return s->failures != 0;
}
