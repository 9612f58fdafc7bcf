# troth provision with trothd as a device that speaks Espressif's protocol: over BLE, found by its
# advertisement, its name, its QR code or a person; security 0, 1, 2; pairing where the link demands
# it; and over HTTP.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
import json
from programs import *
from screen import Screen

LABEL = ("--sec2-username", "wifiprov", "--sec2-password-file", "label")
DEVICE = ("--sec2-user", "wifiprov", "--sec2-password-file", "label")
NET = ("--ssid", "Meadow", "--password-file", "clover")
KEY = "00112233445566778899aabbccddeeff"


def esp(*arguments, name="PROV_LAMP"):
    return device("--provision", "espressif", *arguments, "--name", name)


def provision(status, *arguments, stdin=None):
    p = client("provision", *arguments, "--json", store="client.db",
               **({"stdin": subprocess.PIPE} if stdin else {}))
    if stdin:
        p.type(stdin)
    return p.ends(status, str(arguments))


def one(text, name):
    found = [e for line in text.splitlines() if line.startswith("{")
             and (e := json.loads(line))["event"] == name]
    check(len(found) == 1, f"not one {name}", text)
    return found[0]


def ended(d):
    d.end(signal.SIGTERM)
    forget()


def wifi():
    """Whatever is there; a wrong label, custom data, the network."""
    d = esp(*DEVICE, "--custom-data", "got")
    check(one(provision(0, "wifi", *LABEL, "--list"), "network")["network"] == "Meadow", "list")
    with open("wrong", "w") as f:
        f.write("abcd1235\n")
    failed = one(provision(1, "wifi", "PROV_LAMP", *LABEL[:3], "wrong", *NET), "failed")
    check(failed["result"] == "WRONG_PROOF", "a wrong password", failed)
    failed = one(provision(1, "wifi", "PROV_LAMP", *LABEL, "--ssid", "Void", "--password-file", "clover"),
                 "failed")
    check(failed["result"] == "NOT_FOUND", "no such network", failed)
    with open("data", "wb") as f:
        f.write(bytes(range(200)))
    got = one(provision(0, "wifi", "PROV_LAMP", *LABEL, *NET, "--custom-data-file", "data"),
              "result")
    check((got["state"], got["ssid"]) == ("CONNECTED", "Meadow"), "joined", got)
    with open("got", "rb") as f:
        check(f.read() == bytes(range(200)), "custom data")
    ended(d)


def securities():
    d = esp("--sec-ver", "1", "--pop-file", "label")
    one(provision(0, "--transport", "ble", "--service_name", "PROV_LAMP", "--pop", "abcd1234",
                  "--ssid", "Meadow", "--passphrase", "clover and rye"), "result")
    ended(d)
    d = esp("--sec-ver", "0")
    failed = one(provision(1, "wifi", "PROV_LAMP", *NET), "failed")
    check(failed["result"] == "NO_SECURITY", "security 0 by itself", failed)
    said = provision(1, "wifi", "PROV_LAMP", *NET, "--sec-ver", "0", "--no-pair")
    check("not encrypted" in one(said, "error")["text"], "security 0 in the clear", said)
    said = provision(0, "wifi", "PROV_LAMP", *NET, "--sec-ver", "0")
    one(said, "paired")
    one(said, "result")
    ended(d)


def made_here():
    """A device that never has the password: salt and verifier from --sec2_gen_cred."""
    made = tool(0, "provision", "--sec2_gen_cred", "--sec2_username", "wifiprov",
                "--sec2-password-file", "label")
    for form in (made, tool(0, "provision", "--sec2_gen_cred", *LABEL, "--cred-format", "json")):
        with open("made", "w") as f:
            f.write(form)
        d = esp("--sec2-salt-verifier", "made")
        one(provision(0, "wifi", "PROV_LAMP", *LABEL, *NET), "result")
        ended(d)


def demanded():
    """The link must be encrypted: pairs when the device refuses, and uses the bond later."""
    d = esp(*DEVICE, "--security", "encrypt")
    said = provision(0, "wifi", "PROV_LAMP", *LABEL, "--list")
    one(said, "paired")
    said = provision(0, "wifi", "PROV_LAMP", *LABEL, *NET)
    check('"event":"paired"' not in said, "the bond is used", said)
    ended(d)
    d = esp(*DEVICE, "--security", "encrypt")
    provision(1, "wifi", "PROV_LAMP", *LABEL, "--list", "--no-pair")
    ended(d)


def both():
    """Two protocols: the 8b84 service by itself, Espressif's for who asks for it."""
    d = device("--provision", "both", *DEVICE, "--security", "encrypt")
    said = provision(0, "wifi", "Lamp", *NET)
    check('"event":"version"' not in said, "the 8b84 service", said)
    ended(d)
    d = device("--provision", "both", *DEVICE, "--security", "encrypt")
    one(provision(0, "wifi", "Lamp", *NET, *LABEL), "version")
    ended(d)
    d = device()
    said = provision(1, "wifi", "Lamp", *NET, *LABEL)
    check("no endpoints" in one(said, "error")["text"], "not its protocol", said)
    said = provision(1, "thread", "Lamp", "--dataset", "dataset")
    check("no endpoints" in one(said, "error")["text"], "not its protocol", said)
    ended(d)


def thread():
    """A network the device sees and its key; a whole dataset; a key that is not the network's."""
    d = esp(*DEVICE, "--provision-kind", "thread", "--auto-stop", "no")
    router = one(provision(0, "thread", "PROV_LAMP", *LABEL, "--list"), "network")
    check((router["network"], router["pan_id"], router["ext_pan_id"]) ==
          ("Heath", 0x1234, "1111111122222222"), "list", router)
    failed = one(provision(1, "thread", "PROV_LAMP", *LABEL, "--network", "Heath",
                           "--network-key-file", "other"), "failed")
    check(failed["result"] == "NOT_FOUND" and "network key" in failed["text"], "another key", failed)
    check(d.told("provisioning", state="failed")["reason"] == "WRONG_KEY", "what the device says")
    for network in (("--network", "Heath", "--network-key-file", "key"), ("--dataset", "dataset")):
        provision(0, "thread", "PROV_LAMP", *LABEL, "--reset" if "key" in network else "--reprov")
        got = one(provision(0, "thread", "PROV_LAMP", *LABEL, *network), "result")
        check((got["state"], got["network"]) == ("ATTACHED", "Heath"), "attached", got)
    ended(d)


def codes():
    d = esp(*DEVICE)
    with open("qr", "w") as f:
        json.dump({"ver": "v1", "name": "PROV_LAMP", "username": "wifiprov", "pop": "abcd1234",
                   "transport": "ble"}, f)
    one(provision(0, "wifi", "--qr", "qr", *NET), "result")
    ended(d)


def person():
    """Looks, looks again, picks a device, a network and says the secrets."""
    d = esp(*DEVICE)
    screen = Screen("provision", "wifi", "--transport", "unix:air", "--store", "client.db")
    for answer in ("0", "1"):
        screen.shows(r"\[ +1\] PROV_LAMP .*Espressif provisioning")
        screen.shows(r"by number \(0 looks again\): ")
        screen.types(answer)
    screen.shows("user name of security 2.*: ")
    screen.types("wifiprov")
    screen.shows("password of security 2.*: ")
    screen.types("abcd1234")
    screen.shows(r"\[ 1\] Meadow .* WPA2-PSK")
    screen.shows(r"by number \(0 to rescan\): ")
    screen.types("1")
    screen.shows("Password .*: ")
    screen.types("clover and rye")
    screen.shows('connected to "Meadow"')
    screen.ends(0, ("abcd1234", "clover and rye"))
    ended(d)


def over_http():
    d = esp(*DEVICE, "--custom-data", "got", "--provision-http", "127.0.0.1:0")
    where = next(e["http"] for line in d.said if "http" in (e := json.loads(line)))

    def ask(status, *arguments):
        return tool(status, "provision", "wifi", "--http", where, "--json", *arguments)

    check(one(ask(0, *LABEL, "--list"), "network")["network"] == "Meadow", "list")
    failed = one(ask(1, *LABEL[:3], "wrong", *NET), "failed")
    check(failed["result"] == "WRONG_PROOF", "a wrong password", failed)
    got = one(ask(0, *LABEL, *NET, "--custom-data-file", "data"), "result")
    check(got["state"] == "CONNECTED", "joined", got)
    ended(d)


def main():
    for name, text in (("label", "abcd1234\n"), ("clover", "clover and rye\n"), ("key", KEY),
                       ("other", "f" * 32)):
        with open(name, "w") as f:
            f.write(text)
    with open("dataset", "w") as f:
        f.write("000300000f" "01021234" "02081111111122222222" "0510" + KEY)
    with open("networks.conf", "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = wpa2\npassword = clover and rye\n"
                f"[thread]\nname = Heath\nnetwork_key = {KEY}\nchannel = 15\npan_id = 1234\n"
                "ext_pan_id = 1111111122222222\nmesh_local_prefix = fdad70bfe5aa15dd\n")
    air()
    for story in (wifi, securities, made_here, demanded, both, thread, codes, person, over_http):
        story()
        print(story.__name__, flush=True)


play(main)
PY
