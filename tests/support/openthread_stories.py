"""trothd with OpenThread's doubles as its network, provisioned over the air by troth in Espressif's
protocol: what both of its backends must do, and what each meets alone.

    play_openthread("agent"|"daemon")
"""
import subprocess, sys, time

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
    for name, text in (("label", "abcd1234\n"), ("seal", "5a" * 32), ("other-seal", "a5" * 32), ("key", HEATH), ("wrong", WRONG),
                       ("heath", dataset("Heath", HEATH)), ("falsified", dataset("Heath", WRONG)),
                       ("moor", dataset("Moor", MOOR, "3333333344444444", "abcd", 20)),
                       ("void", dataset("Void", MOOR, "5555555566666666", "beef", 25)),
                       ("partial", "000300000f" "01021234" "02081111111122222222" "0510" + HEATH),
                       ("partial-wrong", "000300000f" "01021234" "02081111111122222222" "0510" +
                        WRONG)):
        with open(name, "w") as f:
            os.fchmod(f.fileno(), 0o600)
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
        another(s)
    in_network(s, "Heath")
    s.end()


class Other:
    """ot-ctl, in the one session there is."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect("openthread-wpan0.sock")

    def ask(self, line):
        """Until Done; empty: it was thrown out."""
        text = ""
        try:
            self.socket.sendall(line.encode() + b"\n")
            while "Done\r\n" not in text and "Error " not in text:
                got = self.socket.recv(1000).decode()
                if not got:
                    return ""
                text += got
        except OSError:
            return ""
        return text


def another(s):
    """Somebody uses ot-daemon's command line while trothd is attached: he is not disturbed, nothing
    is touched, nobody is said to be gone. When trothd has something to ask it takes the session, and
    when that is taken from it in the middle it begins anew."""
    s.double.state()
    s.double.said.clear()
    s.device.said.clear()
    other = Other()
    for _ in range(5):
        time.sleep(1)  # longer than trothd is seen to leave its own session unused
        check("child" in other.ask("state"), "he was thrown out", s.double.said)
    s.double.state()
    check(s.double.calls() == ["state"] * 5, "who asked", s.double.calls())
    s.provision(0, "--reprov")
    s.double.do("hold", what="scan")
    asked = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", "moor")
    s.double.event("waiting", what="scan")
    check(other.ask("state") == "", "one session", s.double.said)
    other.socket.close()
    other = Other()  # in the middle of the scan, whose end is not his
    s.double.event("session")
    s.double.do("free", what="scan")
    asked.ends(0, "it recovers")
    said.append(asked.text())
    other.socket.close()
    in_network(s, "Moor | ü")
    text = s.device.text()
    check("network_backend_gone" not in text, "it never went", text)
    s.provision(0, "--reprov")
    attached(s.provision(0, "--dataset", "heath"))


MOOR_SET = dataset("Moor", MOOR, "3333333344444444", "abcd", 20)
VOID_SET = dataset("Void", MOOR, "5555555566666666", "beef", 25)
OPEN_SEAL, OTHER_SEAL = "file:seal", "file:other-seal"


def by_hand(s, what=MOOR_SET, name="Moor | ü"):
    """Somebody else's network, attached. What OpenThread then has."""
    s.double.do("stored", dataset=what)
    s.double.do("resume")
    s.double.event("role", role="child")
    in_network(s, name)
    return s.double.state()["dataset"]


def factory_reset(s, status, *arguments):
    p = Program("trothd", "--factory-reset", "--network", s.who, "--store", "device.db", *arguments)
    text = p.ends(status, "factory reset")
    said.append(text)
    return text


def stays(s, theirs, text):
    now = s.double.state()
    check((now["dataset"], now["role"]) == (theirs, "child"), "it stays, attached", now)
    check("keeps it" in text and "ot-ctl factoryreset" in text, "which is said", text)
    check(nothing_kept(), "nothing is kept")


def nothing_kept():
    """No key is in the store, nor what would be put back."""
    with open("device.db", "rb") as f:
        octets = f.read()
    return not any(bytes.fromhex(key) in octets for key in (HEATH, MOOR)) and \
        b"thread-before" not in octets and b"left" not in octets


def foreign(s):
    """--factory-reset forgets at OpenThread what is shown to be Troth's, and nothing else."""
    s.openthread()
    theirs = by_hand(s)
    stays(s, theirs, factory_reset(s, 0))  # nothing is stored
    s.trothd()
    attached(s.provision(0, "--dataset", "heath"))
    s.end_device()
    text = factory_reset(s, 0)  # ours
    check(s.double.state()["dataset"] is None and "keeps" not in text, "ours is forgotten", text)
    check(nothing_kept(), "nothing is kept")
    s.trothd()
    attached(s.provision(0, "--dataset", "heath"))
    s.end_device()
    theirs = by_hand(s)
    stays(s, theirs, factory_reset(s, 0))  # another came in its place
    for other in ((), ("--seal-key", OTHER_SEAL)):
        s.trothd("--seal-key", OPEN_SEAL)
        attached(s.provision(0, "--dataset", "heath"))
        s.end_device()
        ours = s.double.state()["dataset"]
        text = factory_reset(s, 0, *other)
        stays(s, ours, text)  # nothing can tell whose it is
        check("(sealed)" in text, "what was stored", text)
    s.trothd("--seal-key", OPEN_SEAL)
    attached(s.provision(0, "--dataset", "heath"))
    s.end_device()
    factory_reset(s, 0, "--seal-key", OPEN_SEAL)
    check(s.double.state()["dataset"] is None, "ours, with its key", s.double.said)
    s.trothd()
    attached(s.provision(0, "--dataset", "heath"))
    s.end_device()
    s.double.do("unread", name="Busy")  # and is not told what it has
    text = factory_reset(s, 1)
    check("once that is mended say --factory-reset again" in text, "what to do", text)
    check(s.double.state()["dataset"] is not None, "not known, not forgotten", s.double.said)
    s.double.do("unread", name="")
    factory_reset(s, 0)
    check(s.double.state()["dataset"] is None and nothing_kept(), "again", s.double.said)
    s.double.stop()
    forget()


def unread(s):
    """What cannot be read cannot be given back: it is not overwritten either."""
    s.openthread()
    theirs = by_hand(s)
    s.trothd("--timeout", "3")
    s.double.do("unread", name="Failed")
    s.double.state()
    s.double.said.clear()
    s.provision(1, "--dataset", "heath")
    s.device.told("network_backend_shortcoming")
    s.double.do("unread", name="")
    check(s.double.state()["dataset"] == theirs, "it is not touched", s.double.said)
    check(not [c for c in s.double.calls() if c.startswith(("Set", "dataset set", "Leave", "factory"))],
          "it is not touched", s.double.calls())
    s.end()


def before_it(s):
    """While OpenThread goes over to another network it still has its role in the one before: that is
    no success, though it be told at the last moment."""
    s.openthread()
    by_hand(s)
    s.trothd("--timeout", "5")
    s.double.do("hold", what="scan")
    asked = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", "falsified")
    s.double.event("waiting", what="scan")
    s.double.do("deaf", to="Set" if s.kind == "agent" else "thread stop")
    s.double.do("free", what="scan")
    s.double.event("deaf")
    s.double.do("role", role="router")  # of the one before
    asked.ends(1, "a role of the network before")
    said.append(asked.text())
    s.end()


def killed(s, at, seal=()):
    """trothd is killed in the middle of an attempt, as by a cut of power: what OpenThread had is
    active when trothd has come again, and nothing is kept of it."""
    s.openthread()
    theirs = by_hand(s)
    s.trothd(*seal)
    what, how = at
    s.double.do(what, **how)
    asked = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", "heath")
    s.double.event("deaf" if what == "deaf" else "waiting", **how)
    s.device.end(signal.SIGKILL)
    asked.end(signal.SIGTERM)
    said.extend((asked.text(), s.device.text()))
    s.device = None
    if seal:
        with open("device.db", "rb") as f:
            octets = f.read()
        check(b"thread-before" in octets and bytes.fromhex(MOOR) not in octets and
              bytes.fromhex(HEATH) not in octets, "it is kept sealed")
        none = Program("trothd", "--transport", "unix:air", "--network", s.who, "--store",
                       "device.db", "--seal-key", OTHER_SEAL)
        check("sealed" in none.ends(1, "another key") and b"thread-before" in octets, "it is said",
              none.text())
    if what == "hold":
        s.double.do("free", what=how["what"])
    return theirs


def again(s, theirs, *seal):
    if not s.device:
        s.trothd(*seal)
    for _ in range(100):
        now = s.double.state()
        if (now["dataset"], now["role"]) == (theirs, "child" if theirs else "disabled") and \
                nothing_kept():
            break
        time.sleep(0.1)
    else:
        check(False, "what was there is there again", (now, s.device.said, s.double.calls()))
    s.end_device()
    s.device = None


def steps(s):
    return [("hold", dict(what="scan"))] + [("deaf", dict(to=to)) for to in (
        ("Detach", "Set", "Attach") if s.kind == "agent" else
        ("thread stop", "dataset set active ...", "thread start"))] + [("hold", dict(what="attach"))]


def killed_anywhere(s):
    for at in steps(s):
        again(s, killed(s, at))
        s.double.stop()
        forget()
        print("killed at", at, flush=True)


def killed_and(s):
    """Sealed; somebody put a third network there meanwhile; forgotten before it came again; nothing
    was there; it was ours."""
    def tell(what):
        print("killed and", what, flush=True)
    attaching = ("hold", dict(what="attach"))
    again(s, killed(s, attaching, ("--seal-key", OPEN_SEAL)), "--seal-key", OPEN_SEAL)
    s.double.stop()
    forget()
    tell("sealed")

    killed(s, attaching)
    s.double.do("network", name="Void", ext_pan_id="5555555566666666", pan_id="beef", channel=25,
                key=MOOR)
    third = by_hand(s, VOID_SET, "Void")
    again(s, third)
    s.double.stop()
    forget()
    tell("a third")

    theirs = killed(s, attaching)
    text = factory_reset(s, 0)
    check("goes back to the network it had" in text, "what is said", text)
    s.double.event("role", role="child")
    check(s.double.state()["dataset"] == theirs and nothing_kept(), "theirs is back", s.double.said)
    s.double.stop()
    forget()
    tell("forgotten")

    s.openthread()
    s.trothd()
    s.double.do(attaching[0], **attaching[1])
    asked = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", "heath")
    s.double.event("waiting", what="attach")
    s.device.end(signal.SIGKILL)
    asked.end(signal.SIGTERM)
    s.double.do("free", what="attach")
    s.trothd()
    s.double.event("erased")
    again(s, None)
    tell("nothing before")

    s.trothd()
    attached(s.provision(0, "--dataset", "heath"))
    s.provision(0, "--reprov")
    s.double.do("hold", what="attach")
    asked = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", "moor")
    s.double.event("waiting", what="attach")
    s.device.end(signal.SIGKILL)
    asked.end(signal.SIGTERM)
    s.double.do("free", what="attach")
    s.trothd(advertising=False)
    s.device.event("status", status_name="CONNECTED")
    in_network(s, "Heath")
    s.end_device()
    with open("device.db", "rb") as f:
        check(b"thread-before" not in f.read(), "nothing is kept")
    s.double.stop()
    forget()


def erased_while_away(s, *arguments):
    """A device attached to Heath, and OpenThread away when it is told to forget all."""
    s.openthread()
    s.trothd("--control", "control", *arguments)
    attached(s.provision(0, "--dataset", "heath"))
    s.device.event("status", status_name="CONNECTED")
    s.double.do("down")
    s.device.event("network_backend_gone")
    tool(0, "erase", "--local", "control")
    s.device.event("network_backend_shortcoming")
    check("as soon as it is back" in s.device.text(), "what is still to be done is said",
          s.device.text())
    s.device.event("status", status_name="IDLE")
    with open("device.db", "rb") as f:
        check(b"left" in f.read(), "and stored")


def is_empty(s, what):
    for _ in range(100):
        now = s.double.state()
        if now["dataset"] is None and nothing_kept():
            return
        time.sleep(0.1)
    check(False, what, (now, s.double.calls()))


def forgotten(s):
    s.double.event("erased")
    s.device.told("network_backend_settled")
    is_empty(s, "it is forgotten there too")


def away_and_back(s):
    erased_while_away(s)
    s.double.do("up")
    forgotten(s)
    s.end()


def away_and_killed(s):
    """The device does not live to see it come back."""
    erased_while_away(s)
    s.device.end(signal.SIGKILL)
    said.append(s.device.text())
    s.double.do("up")
    check(s.double.state()["name"] == "Heath", "it has it still", s.double.said)
    s.trothd()
    forgotten(s)
    s.end()


def away_and_reset(s):
    erased_while_away(s)
    s.end_device()
    s.double.do("up")
    factory_reset(s, 0)
    check(s.double.state()["dataset"] is None and nothing_kept(), "by a reset", s.double.said)
    s.double.stop()
    forget()


def away_and_given(s, what, name, status=0):
    """A new network takes the place of the old one, or, if it does not work, nothing does."""
    erased_while_away(s, "--timeout", "6" if status else "20")
    asked = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", what)
    s.device.event("attempt")
    s.double.said.clear()
    s.double.do("up")
    text = asked.ends(status, what)
    said.append(text)
    if status == 0:
        attached(text, name)
        s.device.event("stored", ok=True)
        in_network(s, "Moor | ü" if name == "Moor" else name)
        check(not [e for line in s.double.said if (e := json.loads(line))["event"] == "erased"],
              "nothing was interrupted", s.double.said)
    else:
        s.double.event("erased")
        is_empty(s, "neither is there")
    with open("device.db", "rb") as f:
        check(b"left" not in f.read(), "nothing is left to do", s.device.text())
    s.end()


def away_and_another(s):
    away_and_given(s, "moor", "Moor")
    away_and_given(s, "heath", "Heath")
    away_and_given(s, "falsified", "", 1)


def is_wrong_and_undone(s, text):
    said.append(text)
    failed = one(text, "failed")
    check(failed["result"] == "NOT_FOUND" and "network key" in failed["text"], "a wrong key", failed)
    s.double.event("role", role="child")
    in_network(s, "Moor | ü")
    s.end()


def retried(s):
    """A wrong key, tried as often as by default: OpenThread leads a network of its own by it, and that
    is no success of the next attempt either."""
    s.openthread()
    by_hand(s)
    s.trothd("--timeout", "2", "--attempts", "3")
    is_wrong_and_undone(s, s.provision(1, "--dataset", "falsified"))


def hurried(s):
    """The same, tried once more by a person in the middle of the first attempt."""
    s.openthread()
    by_hand(s)
    s.trothd("--timeout", "8")
    first = client("provision", "thread", "PROV_LAMP", *LABEL, "--json", "--dataset", "falsified")
    s.double.event("role", role="leader")
    for _ in range(2 if s.kind == "daemon" else 0):
        s.double.event("session")  # in which the role is asked for
    first.end(signal.SIGTERM)
    is_wrong_and_undone(s, s.provision(1, "--dataset", "falsified"))


KEPT = (hurried, foreign, unread, before_it, killed_anywhere, killed_and)
AWAY = (away_and_back, away_and_killed, away_and_reset, away_and_another)


def play_openthread(kind, old=False, stories=None):
    """kind: "agent" or "daemon". old: an OpenThread of some years ago."""
    stories = stories or (
        (heard, restarted, wrong_key, retried, moved) if old else
        (heard, restarted, wrong_key, nobody, refused, moved, late, chosen, shared))

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
