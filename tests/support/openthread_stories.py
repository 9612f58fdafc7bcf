"""trothd with OpenThread's doubles as its network, provisioned over the air by troth in Espressif's
protocol: what both of its backends must do, and what each meets alone.

    play_openthread("agent"|"daemon")
"""
import subprocess, sys

from programs import *

HEATH = "00112233445566778899aabbccddeeff"
MOOR = "ffeeddccbbaa99887766554433221100"
WRONG = "0123456789abcdef0123456789abcdef"
NETWORKS = (dict(name="Heath", ext_pan_id="1111111122222222", pan_id="1234", channel=15, key=HEATH),
            dict(name="Moor | ü", ext_pan_id="3333333344444444", pan_id="abcd", channel=20,
                 key=MOOR, ext_addr="d2b05ec0ffee1234", rssi=-101, lqi=7))
LABEL = ("--sec2-username", "threadprov", "--sec2-password-file", "label")
said = []


class Double(Program):
    def __init__(self, *arguments):
        self.said = []
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.environ["TROTH_SOURCE"] + "/tests/support/openthread.py",
             *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        running.append(self)
        self.event("ready")

    def do(self, what, /, **arguments):
        self.type(json.dumps({"do": what, **arguments}))
        self.event("did")

    def state(self):
        self.do("state")
        return next(e for line in reversed(self.said) if (e := json.loads(line))["event"] == "state")

    def calls(self):
        return [e["name"] for line in self.said if (e := json.loads(line))["event"] == "call"]

    def stop(self):
        self.process.stdin.close()
        self.process.stdin = None
        self.end()


def bus():
    """A bus of its own, as the system's."""
    with open("bus.conf", "w") as f:
        f.write('<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" '
                '"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd"><busconfig>'
                f'<listen>unix:path={os.getcwd()}/bus</listen><policy context="default">'
                '<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>'
                '</busconfig>')

    class Bus(Program):
        def __init__(self):
            self.said = []
            self.process = subprocess.Popen(
                ["dbus-daemon", "--config-file=bus.conf", "--nofork", "--print-address"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True)
            running.append(self)
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = self.until(lambda line: True)

    return Bus()


def one(text, name):
    found = [e for line in text.splitlines() if line.startswith("{")
             and (e := json.loads(line))["event"] == name]
    check(len(found) == 1, f"not one {name}", text)
    return found[0]


class Story:
    """A double and a trothd at once; every line they say is kept, to look for keys."""

    def __init__(self, kind, old):
        self.kind, self.old, self.double, self.device = kind, old, None, None
        self.who = "otbr:wpan0" if kind == "agent" else f"ot:{os.getcwd()}/wpan0"

    def openthread(self, *options, networks=NETWORKS):
        where = ("wpan0",) if self.kind == "agent" else ("wpan0", os.getcwd())
        if self.old:
            options = ("old", *options)
        self.double = Double(self.kind, *where, *options)
        for network in networks:
            self.double.do("network", **network)
        return self.double

    def trothd(self, *arguments, advertising=True):
        self.device = Program(
            "trothd", "--transport", "unix:air", "--network", self.who, "--store", "device.db",
            "--name", "PROV_LAMP", "--provision", "espressif", "--provision-kind", "thread",
            "--sec2-user", "threadprov", "--sec2-password-file", "label", "--auto-stop", "no",
            "--attempts", "1", "--json", *arguments)
        if advertising:
            self.device.event("advertising")
        return self.device

    def provision(self, status, *arguments):
        p = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", *arguments)
        text = p.ends(status, str(arguments))
        said.append(text)
        return text

    def end_device(self):
        self.device.end(signal.SIGTERM)
        said.append(self.device.text())

    def end(self):
        self.end_device()
        self.double.stop()
        forget()


def dataset(name, key, ext="1111111122222222", pan="1234", channel=15, timestamp="0000000000020000"):
    return (f"0e08{timestamp}000300{channel:04x}0208{ext}0708fdad70bfe5aa15dd0510{key}"
            f"03{len(name.encode()):02x}{name.encode().hex()}0102{pan}")


def files():
    for name, text in (("label", "abcd1234\n"), ("key", HEATH), ("wrong", WRONG),
                       ("heath", dataset("Heath", HEATH)), ("falsified", dataset("Heath", WRONG)),
                       ("moor", dataset("Moor", MOOR, "3333333344444444", "abcd", 20)),
                       ("void", dataset("Void", MOOR, "5555555566666666", "beef", 25)),
                       ("partial", "000300000f" "01021234" "02081111111122222222" "0510" + HEATH),
                       ("partial-wrong", "000300000f" "01021234" "02081111111122222222" "0510" +
                        WRONG)):
        with open(name, "w") as f:
            f.write(text)


def attached(text, name="Heath"):
    got = one(text, "result")
    check((got["state"], got["network"]) == ("ATTACHED", name), "attached", text)


def in_network(s, name, role="child"):
    state = s.double.state()
    check((state["running"], state["name"], state["role"]) == (name, name, role),
          f"OpenThread is {role} in {name}", state)


def heard(s):
    """What is in range, with a name where OpenThread says names; the key for one of them."""
    s.openthread()
    s.trothd()
    found = [e for line in s.provision(0, "--list").splitlines()
             if (e := json.loads(line))["event"] == "network"]
    check([(e["pan_id"], e["ext_addr"], e["channel"], e["rssi"], e["lqi"]) for e in found] ==
          [(0x1234, "ceb04c89f89bafa9", 15, -50, 100), (0xabcd, "d2b05ec0ffee1234", 20, -101, 7)],
          "the list", found)
    named = s.kind == "daemon" or s.old
    check([e["network"] for e in found] == (["Heath", "Moor | ü"] if named else ["", ""]) and
          [e["ext_pan_id"] for e in found] == (["1111111122222222", "3333333344444444"] if named
                                               else ["0" * 16] * 2), "names", found)
    if named:
        attached(s.provision(0, "--network", "Heath", "--network-key-file", "key"))
    else:
        attached(s.provision(0, "--dataset", "heath"))
    in_network(s, "Heath")
    s.end()


def restarted(s):
    """Attached already when trothd comes: nothing is touched, though the network completed the
    dataset. And it is forgotten there too when trothd is told to forget."""
    s.openthread()
    s.trothd()
    attached(s.provision(0, "--dataset", "partial"), "")
    s.end_device()
    before = s.double.state()
    check(before["name"] == "Heath", "the network completed it", before)
    s.double.said.clear()
    s.trothd(advertising=False)
    s.device.told("status", status_name="CONNECTED")
    now = s.double.state()
    touched = [c for c in s.double.calls() if c.startswith(
        ("Set", "Attach", "Detach", "Reset", "thread", "dataset set", "ifconfig"))]
    check(now == before and not touched, "it was touched", (now, touched))
    s.end_device()
    reset = Program("trothd", "--factory-reset", "--network", s.who, "--store", "device.db")
    reset.ends(0, "factory reset")
    check(s.double.state()["dataset"] is None, "it is forgotten", s.double.said)
    s.double.stop()
    forget()


def wrong_key(s):
    """In range, and the key is another: even as the leader of a network of its own it is told so,
    and what was active before, which Troth did not add, is active again."""
    s.openthread()
    s.double.do("stored", dataset=dataset("Moor", MOOR, "3333333344444444", "abcd", 20))
    s.double.do("resume")
    s.double.told("role", role="child")
    in_network(s, "Moor | ü")
    s.trothd("--timeout", "2")
    for what, lone in (("falsified", "leader"), ("partial-wrong", "detached")):
        failed = one(s.provision(1, "--dataset", what), "failed")
        check(failed["result"] == "NOT_FOUND" and "network key" in failed["text"], what, failed)
        check(s.device.told("provisioning", state="failed")["reason"] == "WRONG_KEY",
              "what the device says", s.device.text())
        s.double.event("role", role="child")
        roles = [e["role"] for line in s.double.said if (e := json.loads(line))["event"] == "role"
                 and e["role"] != "disabled"]
        check(roles[-3:] == [lone, "detached", "child"], f"it was {lone}", roles)
        in_network(s, "Moor | ü")
        said.append(s.device.text())
        s.device.said.clear()
        s.double.said.clear()
        s.provision(0, "--reset")
        in_network(s, "Moor | ü")
    s.end()


def nobody(s):
    """Nobody of it in range: the first of its network leads it."""
    s.openthread(networks=())
    s.trothd()
    attached(s.provision(0, "--dataset", "void"), "Void")
    in_network(s, "Void", "leader")
    s.end()


def refused(s):
    """OpenThread takes no such dataset; the network before is used on."""
    s.openthread()
    s.trothd("--timeout", "2")
    attached(s.provision(0, "--dataset", "heath"))
    s.provision(0, "--reprov")
    s.double.do("refuse", name="InvalidArgs")
    failed = one(s.provision(1, "--dataset", "moor"), "failed")
    check(failed["result"] in ("BAD_DATASET", "OTHER", "NOT_FOUND"), "refused", failed)
    check(s.device.told("provisioning", state="failed")["reason"] == "BAD_DATASET",
          "what the device says", s.device.text())
    s.double.event("role", role="child")
    in_network(s, "Heath")
    s.end()


def moved(s):
    """From one network to another, while OpenThread is attached to the first."""
    s.openthread()
    s.trothd()
    attached(s.provision(0, "--dataset", "heath"))
    s.provision(0, "--reprov")
    s.double.said.clear()
    attached(s.provision(0, "--dataset", "moor"), "Moor")
    in_network(s, "Moor | ü")
    s.end()


def late(s):
    """OpenThread comes after trothd, goes in the middle, and comes again."""
    if s.kind == "agent":
        s.openthread("down")
    s.trothd(advertising=False)
    s.device.told("network_backend_gone")
    s.device.told("advertising")
    if s.kind == "agent":
        s.double.do("up")
    else:
        s.openthread()
    s.device.told("network_backend_here", text="OpenThread manages wpan0")
    attached(s.provision(0, "--dataset", "heath"))
    s.device.event("status", status_name="CONNECTED")
    s.double.do("down")
    s.device.event("network_backend_gone")
    s.double.do("up")
    s.device.event("network_backend_here")
    s.device.event("status", status_name="CONNECTED")
    in_network(s, "Heath")
    s.double.do("hold", what="attach")
    s.provision(0, "--reprov")
    asked = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", "moor")
    s.double.event("waiting", what="attach")
    s.double.do("down")
    s.double.do("free", what="attach")
    s.double.do("up")
    asked.ends(1, "it went in the middle")
    said.append(asked.text())
    s.device.told("attempt_failed", reason="BACKEND_GONE")
    s.device.event("status", status_name="CONNECTED")
    in_network(s, "Heath")
    s.end()


def chosen(s):
    """--network thread finds who is there, or says whom it looked for."""
    where = s.who.replace("ot:", "thread:").replace("otbr:", "thread:")
    nobody = Program("trothd", "--transport", "unix:air", "--network", where, "--store", "device.db")
    text = nobody.ends(1, "nobody is there")
    check("io.openthread.BorderRouter.wpan0" in text and "openthread-wpan0.sock" in text, "whom",
          text)
    s.openthread()
    s.who = where
    s.trothd()
    s.device.told("network_backend_here", text="OpenThread manages wpan0")
    attached(s.provision(0, "--dataset", "heath"))
    in_network(s, "Heath")
    s.end()


def shared(s):
    """Others use OpenThread too: on the bus another's scan is under way, which makes a leader no
    success; the socket is taken away, and nothing is touched when it is taken back."""
    s.openthread()
    s.trothd("--timeout", "2")
    if s.kind == "agent":
        s.double.do("listen")
        s.provision(1, "--dataset", "falsified")
        check(s.device.told("attempt_failed")["reason"] == "TIMEOUT", "a leader", s.device.text())
        s.provision(0, "--reset")
        s.double.do("listen")
    attached(s.provision(0, "--dataset", "heath"))
    s.device.event("status", status_name="CONNECTED")
    if s.kind == "daemon":
        s.double.said.clear()
        with socket.socket(socket.AF_UNIX) as other:
            other.connect("openthread-wpan0.sock")
            s.device.event("network_backend_gone")
            s.device.event("status", status_name="CONNECTED")
            check(other.recv(1) == b"", "one session")
        touched = [c for c in s.double.calls() if c.startswith(("thread", "dataset set", "ifconfig"))]
        check(not touched, "it was touched", touched)
    in_network(s, "Heath")
    s.end()


def play_openthread(kind, old=False):
    """kind: "agent" or "daemon". old: an OpenThread of some years ago."""
    stories = (heard, restarted, wrong_key, moved) if old else \
        (heard, restarted, wrong_key, nobody, refused, moved, late, chosen, shared)

    def main():
        files()
        air()
        if kind == "agent":
            bus()
        for story in stories:
            story(Story(kind, old))
            print(story.__name__, flush=True)
        text = "\n".join(said)
        for key in (HEATH, MOOR, WRONG):
            check(key not in text.lower(), "a key was said", text)
    play(main, 115)
