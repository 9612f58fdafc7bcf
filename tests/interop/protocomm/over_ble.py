"""The stories of tests/interop/protocomm_ble_troth.sh and protocomm_ble_trothd.sh."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.environ["TROTH_SOURCE"] + "/tests/support"]
import security  # noqa: E402
import wire  # noqa: E402
from client import Client, Failed  # noqa: E402
from programs import (Program, air, check, client, forget, play, running, signal)  # noqa: E402
from screen import Screen  # noqa: E402
from support import DEMO, KEY, network  # noqa: E402
from transport import Pipe  # noqa: E402

BRIDGE = os.environ["TROTH_BUILD"] + "/tests/interop_gatt_bridge"
SERVICE = "021a9004-0382-4aea-bff4-6b3f1c5adfb4"
OLD_SERVICE = "1775244d-6b43-439b-877c-060f2d9bed07"    # where the application names none
ENDPOINTS = ("prov-ctrl", "prov-scan", "prov-session", "prov-config", "proto-ver", "custom-data")
NAME = "PROV_1A2B3C"
NIMBLE, BLUEDROID, OLD = (("--stack", s) for s in ("nimble", "bluedroid", "bluedroid-old"))
POP = ("--sec", "1", "--pop", "abcd1234")
LABEL = ("--sec2-username", "wifiprov", "--sec2-password-file", "label")
WIFI = ("--ssid", "net0", "--password-file", "passphrase")
QUICK = network(polls=0)


# ---- the independent device behind the bridge ----

class Peer:
    """device.py and the bridge, each the other's standard input and output."""

    def __init__(self, *options, bridge=(), service=SERVICE):
        to_device, to_bridge = os.pipe(), os.pipe()
        self.events, self.notes = open("events", "w+"), open("notes", "w+")
        self.device = subprocess.Popen([sys.executable, HERE + "/device.py", "--pipe", "--events",
                                        *options], stdin=to_device[0], stdout=to_bridge[1],
                                       stderr=self.events)
        self.bridge = subprocess.Popen([BRIDGE, "unix:air", "serve", NAME, *bridge, service,
                                        *ENDPOINTS], stdin=to_bridge[0], stdout=to_device[1],
                                       stderr=self.notes)
        for fd in to_device + to_bridge:
            os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.bridge.terminate()
        self.bridge.wait()
        self.device.wait()      # its input ended
        if kind is not None:
            print(self.read(self.events), self.read(self.notes), sep="\n")
        self.events.close()
        self.notes.close()
        forget("client.db")

    @staticmethod
    def read(file):
        file.seek(0)
        return file.read()

    def told(self, name):
        lines = [json.loads(line) for line in self.read(self.events).splitlines()]
        return [e for e in lines if e["event"] == name]

    def provision(self, *arguments, status=0):
        """troth provision: its one result, or its one failure."""
        said = client("provision", *arguments, "--json").ends(status, str(arguments))
        told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        wanted = "failed" if status else "result"
        found = [e for e in told if e["event"] == wanted]
        check(len(found) == 1, f"{arguments}: not one {wanted}", said)
        return found[0]


def securities_of_devices():
    """Every security, patch level, firmware and stack, Wi-Fi."""
    cases = [
        (("--sec", "0", "--firmware", "idf-4.4", *NIMBLE), ("--sec-ver", "0"), ()),
        (("--sec", "0", *BLUEDROID), ("--sec-ver", "0"), ("--tx-power",)),
        ((*POP, "--firmware", "idf-4.4", *OLD), ("--pop-file", "label"), ("--tx-power",)),
        ((*POP, "--firmware", "idf-3", *OLD), ("--pop-file", "label"), ()),
        ((*POP, *NIMBLE), ("--pop-file", "label"), ("--notify",)),
        (("--sec", "1", *NIMBLE), (), ()),
        (("--sec", "2", "--firmware", "idf-5.0", *BLUEDROID), LABEL, ("--tx-power",)),
        (("--sec", "2", "--firmware", "idf-5.4.1", *BLUEDROID), LABEL, ()),
        (("--sec", "2", "--patch", "0", *NIMBLE), LABEL, ("--notify",)),
        (("--sec", "2", "--empty", "absent", *NIMBLE), LABEL, ("--encrypt",)),
    ]
    for made, options, bridge in cases:
        service = OLD_SERVICE if "idf-4.4" in made else SERVICE
        with Peer(*made, *QUICK, bridge=bridge, service=service) as d:
            got = d.provision("wifi", NAME, *options, *WIFI)
            check((got["state"], got["ssid"]) == ("CONNECTED", "net0"), f"{made}: joined", got)
            check(d.told("joined"), f"{made}: the device joined", d.read(d.events))
            paired = "encrypted 0" in d.read(d.notes)
            check(paired == ("0" in options or "--encrypt" in bridge), f"{made}: pairing", d.notes)


def short_key():
    """A public key of 383 octets, which is read in parts like any."""
    with Peer("--sec", "2", "--shape", "short-B", *NIMBLE, *QUICK) as d:
        d.provision("wifi", NAME, *LABEL, *WIFI, "--timeout", "60")


def thread_devices():
    with open("key", "w") as f:
        f.write(KEY.hex())
    with open("dataset", "w") as f:
        f.write(DEMO.hex())
    routers = [{"name": f"Old{n}", "key": "22" * 16, "ext_pan_id": f"{n:016x}", "pan_id": "0abc"}
               for n in range(9)]
    routers.append({"name": "OpenThreadDemo", "key": KEY.hex()})
    family = ("--family", "thread", *network(polls=1, thread=routers))
    scanned = ("--network", "OpenThreadDemo", "--network-key-file", "key")
    for made, options in ((("--sec", "2", *BLUEDROID), (*LABEL, *scanned)),
                          (("--sec", "2", "--patch", "0", *NIMBLE), (*LABEL, "--dataset", "dataset")),
                          ((*POP, *BLUEDROID), ("--pop-file", "label", *scanned)),
                          (("--sec", "0", *NIMBLE), ("--sec-ver", "0", *scanned))):
        with Peer(*made, *family) as d:
            got = d.provision("thread", NAME, *options)
            check((got["state"], got["network"], got["pan_id"]) ==
                  ("ATTACHED", "OpenThreadDemo", 0x1234), f"{made}: attached", got)


def refusals():
    """A wrong secret, in both stacks' ways; then the right one. A network that is not there."""
    for stack in (NIMBLE, BLUEDROID):
        for made, wrong, right in ((POP, ("--pop-file", "other"), ("--pop-file", "label")),
                                   (("--sec", "2"), (*LABEL[:3], "other"), LABEL)):
            with Peer(*made, *stack, *QUICK) as d:
                got = d.provision("wifi", NAME, *wrong, *WIFI, status=1)
                check(got["result"] == "WRONG_PROOF", f"{made} {stack}: a wrong secret", got)
                got = d.provision("wifi", NAME, *right, "--ssid", "Void", "--password-file",
                                  "passphrase", status=1)
                check(got["result"] == "NOT_FOUND", f"{made} {stack}: no such network", got)
                got = d.provision("wifi", NAME, *right, *WIFI, status=1)
                check(got["result"] == "INTERNAL_ERROR" and "--reset" in got["text"],
                      f"{made} {stack}: not without a reset", got)
                d.provision("wifi", NAME, *right, "--reset")
                d.provision("wifi", NAME, *right, *WIFI)


def typed_again():
    """A person mistypes; the device hangs up, and is connected to again."""
    for made, questions in ((POP, ("proof of possession: ",)),
                            (("--sec", "2"), ("user name.*: ", "password.*: "))):
        with Peer(*made, *BLUEDROID, *QUICK) as d:
            screen = Screen("provision", "wifi", NAME, *WIFI, "--transport", "unix:air", "--store",
                            "client.db")
            for secret in ("abcd1235", "abcd1234"):
                for question in questions:
                    screen.shows(question)
                    screen.types("wifiprov" if "user" in question else secret)
            screen.shows('connected to "net0"')
            screen.ends(0, ("abcd1234", "abcd1235"))
            check(screen.text.count("connected to PROV") == 2 and len(d.told("refused")) == 1,
                  f"{made}: connected twice", screen.text)


def verifiers_of_esp_prov():
    """Its x, whose inner hash lost a zero: a second session, even where the first ends the link."""
    word = next(w for w in (f"word{n}" for n in range(100000))
                if security.inner_hash(b"wifiprov", w.encode())[0] == 0)
    with open("word", "w") as f:
        f.write(word)
    for stack in (NIMBLE, BLUEDROID):
        with Peer("--sec", "2", "--password", word, "--verifier-of", "esp-prov", *stack,
                  *QUICK) as d:
            d.provision("wifi", NAME, *LABEL[:3], "word", *WIFI)
            check(len(d.told("refused")) == 1, f"{stack}: one refusal", d.read(d.events))


def custom_data():
    """As long as the link's message: one write, or many."""
    for length in (1, 228, 229, 465, 496):
        with open("data", "wb") as f:
            f.write(bytes(n % 251 for n in range(length)))
        with Peer("--sec", "2", *NIMBLE, "--no-auto-stop", *QUICK) as d:
            d.provision("wifi", NAME, *LABEL, *WIFI, "--custom-data-file", "data")
            check([e["hex"] for e in d.told("custom")] ==
                  [bytes(n % 251 for n in range(length)).hex()], f"{length} octets",
                  d.read(d.events))
            d.provision("wifi", NAME, *LABEL, "--reprov")
            check(d.told("reprov"), "provisioned again", d.read(d.events))


# ---- trothd, and the independent client behind the bridge ----

class Lamp:
    """trothd with Espressif's provisioning."""

    def __init__(self, *options):
        self.p = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf",
                         "--store", "device.db", "--agent", "none", "--attempts", "1", "--json",
                         "--name", NAME, "--provision", "espressif", *options)
        self.p.event("advertising")
        self.links = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for link in self.links:
            link.close()
        if kind is not None:
            print(self.p.text())
        check(self.p.end(signal.SIGTERM) == 0, "trothd ends", self.p.text())
        forget()

    def client(self, *bridge, **how):
        """The independent client, behind a bridge of its own."""
        link = Pipe.spawn(" ".join(("exec", BRIDGE, "unix:air", "connect", NAME, *bridge)))
        self.links.append(link)
        how = {"pop": b"abcd1234", "username": b"wifiprov", "password": b"abcd1234", **how}
        return Client(link, **how)

    def state(self, state):
        return self.p.told("provisioning", state=state)


def fails(kind, do, *arguments):
    try:
        do(*arguments)
    except Failed as failed:
        check(failed.kind == kind, f"fails as {kind}", f"{failed.kind}: {failed}")
        return failed
    raise SystemExit(f"FAILED: {do.__name__} does not fail")


DEVELOPMENT = ("--sec2-user", "wifiprov", "--sec2-password-file", "label")


def joined(c):
    """The network is given, and joined."""
    if c.family == "thread":
        c.set_thread(c.picked("Heath", KEY))
    else:
        c.set_wifi(b"Meadow", b"passw0rd")
    c.apply()
    return c.wait(0.2)


def securities_of_trothd():
    """Every security, both kinds of network, both styles of empty messages."""
    for options, sec in ((DEVELOPMENT, 2), (("--sec-ver", "1", "--pop-file", "label"), 1),
                         (("--sec-ver", "1"), 1), (("--sec-ver", "0"), 0)):
        for kind, empty in (("wifi", "absent"), ("thread", "present")):
            with Lamp(*options, "--provision-kind", kind) as lamp:
                c = lamp.client(empty=empty)
                told = c.proto_ver(b"ESP")
                check((told["sec"], told["patch"], told["family"]) == (sec, int(sec == 2), kind),
                      "proto-ver", told)
                c.session()
                found = c.scan()["networks"]
                check(len(found) == (9 if kind == "wifi" else 1), "the scan", found)
                check(joined(c)["network"], f"{options}: joined")
                lamp.state("successful")
                lamp.state("stopped")


def patience():
    """Sessions end with the link, a new one kills the old; status and proto-ver before, after."""
    with Lamp(*DEVELOPMENT, "--custom-data", "got") as lamp:
        c = lamp.client()
        c.proto_ver()
        c.session()
        data = bytes(n % 256 for n in range(480))
        check(c.custom(data)["reply"] == b"SUCCESS\0", "custom data")
        with open("got", "rb") as f:
            check(f.read() == data, "what was kept of it")
        check(c.status()["state"] == "Connecting", "before all")
        old = c.security
        c.reconnect()
        check(c.proto_ver()["sec"] == 2, "another link")
        c.security = old
        fails("transport", c.status)
        c.session()
        c.session()
        fails("status", c.reprov)
        c.reset()
        c.set_wifi(b"Meadow", b"wr0ngw0rd")
        c.apply()
        check(fails("network", c.wait, 0.2).facts["reason"] == "AuthError", "a wrong passphrase")
        joined(c)


def wrong_secrets():
    """A few wrong proofs are free, then there is a pause; the right one gets in. Nonces of the old
    kind, and messages before there is a session, do not."""
    for options, wrong in ((DEVELOPMENT, {"password": b"abcd1235"}), (DEVELOPMENT, {"username": b"x"}),
                           (("--sec-ver", "1", "--pop-file", "label"), {"pop": b"abcd1235"})):
        with Lamp(*options) as lamp:
            c = lamp.client(**wrong)
            c.proto_ver()
            fails("transport", c.status) if c.security else fails("usage", c.status)
            for _ in range(2):
                fails("transport", c.session)
            fails("transport", c.session)
            told = lamp.p.told("prov_session_failed", failures=3)
            check(told["wait_ms"] >= 1000, "a pause", told)
            c.pop, c.username, c.password = b"abcd1234", b"wifiprov", b"abcd1234"
            fails("transport", c.session)   # within the pause
            check(c.proto_ver(), "the version is told all the same")
            while True:
                try:
                    c.session()
                    break
                except Failed as failed:
                    check(failed.kind == "transport", "a pause", failed)
            joined(c)
    with Lamp(*DEVELOPMENT) as lamp:
        c = lamp.client(patch=0)
        c.proto_ver()
        c.session()
        fails("auth", c.status)     # its request was understood; the answer has another nonce


def encryption_forced():
    """The link must be encrypted: refused in ATT's words; whoever pairs gets in."""
    with Lamp(*DEVELOPMENT, "--security", "encrypt") as lamp:
        check("0x0" in str(fails("transport", lamp.client().proto_ver)), "refused")
        lamp.links.pop().close()
        c = lamp.client("--encrypt")
        c.proto_ver()
        c.session()
        joined(c)


STORIES = {
    "troth": (securities_of_devices, short_key, thread_devices, refusals, typed_again,
              verifiers_of_esp_prov, custom_data),
    "trothd": (securities_of_trothd, patience, wrong_secrets, encryption_forced),
}


def main():
    for name, text in (("label", "abcd1234\n"), ("other", "abcd1235\n"), ("passphrase", "passw0rd\n")):
        with open(name, "w") as f:
            f.write(text)
    with open("networks.conf", "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = wpa2\npassword = passw0rd\nsignal = -40\n" +
                "".join(f"[network]\nssid = {'n' * 31}{n}\nsignal = -{60 + n}\n" for n in range(8)) +
                f"[thread]\nname = Heath\nnetwork_key = {KEY.hex()}\nchannel = 15\npan_id = 1234\n"
                "ext_pan_id = 1111111122222222\nmesh_local_prefix = fdad70bfe5aa15dd\n")
    air()
    for story in STORIES[sys.argv[1]]:
        story()
        print(story.__name__, flush=True)


play(main)
