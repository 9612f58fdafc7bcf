"""troth agent --bluez in the guest: answers bluetoothd when troth, which is on the host with a host
stack of its own, pairs with the guest; by hand and by rule, as the default agent and not."""
from guest import *


class Agent:
    """troth agent --bluez in the guest."""

    def __init__(self, g, *options, default=True):
        self.p = g.start("exec troth agent --bluez --json " + " ".join(options))
        self.p.event("registered", default=default)

    def end(self):
        check(self.p.end(15) == 0, "the agent stops", self.p.text())


def pair(*arguments):
    return program("troth", "pair", "Kettle", "--transport", "unix:air", "--store", "troth.db",
                   *arguments, stdin=subprocess.PIPE)


def spoken(match):
    return "".join(match.groups())


def six(said):
    return spoken(said.match(r"\b(\d{3}) ?(\d{3})\b"))


def advertise(g):
    """A name and nothing else; no agent comes with it."""
    g.run("btmgmt --index 0 add-adv -c -g -d 07094b6574746c65 1 </dev/null", seconds=20)


def forget(g, expected=1):
    """What pairing left, at both ends."""
    said = g.run("troth bonds --bluez list --json")
    bonds = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    check(len(bonds) == expected, f"{expected} bonds in bluetoothd", said)
    for bond in bonds:
        check(bond["bonded"] and bond["adapter"] == "hci0", "a bond of this adapter", said)
        said = g.run(f"troth bonds --bluez remove {bond['address']} 2>&1")
        check("forget this machine too" in said, "both ends have to forget", said)
    check("has no bonds" in g.run("troth bonds --bluez 2>&1"), "all are gone")
    if expected:
        program("troth", "bonds", "remove", "Kettle", "--store", "troth.db").ends(0, "removed")


def by_hand(g):
    # Just Works: somebody consents
    a = Agent(g, "--io", "none")
    t = pair("--io-cap", "none")
    a.p.event("call", call="consent")
    a.p.type("no")
    a.p.event("answered", yes=False, by="by hand")
    check("refused" in t.ends(1, "consent is refused"), "why", t.text())
    t = pair("--io-cap", "none")
    a.p.event("call", call="consent")
    a.p.type("yes")
    a.p.event("paired", bonded=True)
    check("not authenticated" in t.ends(0, "Just Works"), "the level", t.text())
    a.end()
    forget(g)

    # we type what troth shows
    a = Agent(g, "--io", "keyboard-only")
    t = pair("--io-cap", "display-only", "--agent", "step")
    passkey = six(t)
    t.type("")
    a.p.event("call", call="passkey")
    a.p.type(passkey)
    a.p.event("paired")
    check("authenticated, Secure" in t.ends(0, "passkey typed here"), "the level", t.text())
    a.end()
    forget(g)

    # both show the same
    a = Agent(g, "--io", "display-yes-no")
    t = pair("--io-cap", "display-yes-no", "--compare", "-")
    a.p.event("call", call="compare")
    check(six(a.p) == six(t), "the same number at both ends", a.p.text() + t.text())
    a.p.type("yes")
    t.type("yes")
    a.p.event("paired")
    check("authenticated, Secure" in t.ends(0, "compared"), "the level", t.text())
    a.end()
    forget(g)


def by_rule(g):
    # troth types what bluetoothd shows
    a = Agent(g, "--io", "display-only", "--yes")
    t = pair("--io-cap", "keyboard-only", "--passkey", "-")
    a.p.event("call", call="display")
    t.type(six(a.p))
    check("authenticated, Secure" in t.ends(0, "passkey typed there"), "the level", t.text())
    a.end()
    forget(g)

    # the digits of a file
    g.file("/tmp/keys", "# somebody else's, and everybody's\nC0:FF:EE:00:00:99 000000\n* 123456\n")
    a = Agent(g, "--io", "keyboard-only", "--passkey", "/tmp/keys")
    t = pair("--io-cap", "display-only", "--agent", "step", "--insecure-fixed-passkey", "123456")
    a.p.event("answered", yes=True, by="by the passkey file")
    t.type("")
    check("authenticated, Secure" in t.ends(0, "passkey of a file"), "the level", t.text())
    a.end()
    forget(g)

    a = Agent(g, "--accept-just-works", "--io", "none")
    t = pair("--io-cap", "none")
    a.p.event("answered", yes=True, by="by --accept-just-works")
    t.ends(0, "Just Works by rule")
    a.end()
    forget(g)

    a = Agent(g, "--no")
    t = pair("--io-cap", "display-yes-no", "--yes")
    a.p.event("answered", yes=False, by="by --no")
    t.ends(1, "refused by rule")
    a.end()


def not_default(g):
    """Nobody asks an agent that is not the default one about what others begin."""
    default = Agent(g, "--no")
    a = Agent(g, "--no-default", "--yes", default=False)
    pair("--io-cap", "display-yes-no", "--yes").ends(1, "the default agent refuses")
    default.p.event("answered", yes=False, by="by --no")
    a.end()
    check('"call"' not in a.p.text(), "the other was not asked", a.p.text())
    default.end()
    forget(g, 0)


def privileges(g):
    """Debian's policy lets any user be the agent; one that does not is told as such."""
    as_maker = "exec busybox su maker -c 'exec troth agent --bluez --json --yes'"
    a = g.start(as_maker)
    a.event("registered", default=True)
    t = pair("--io-cap", "display-yes-no", "--yes")
    a.event("answered", yes=True)
    t.ends(0, "a user answers")
    check(a.end(15) == 0, "the agent stops", a.text())
    forget(g)
    g.file("/etc/dbus-1/system.d/none.conf", """<busconfig><policy user="maker">
<deny send_destination="org.bluez"/></policy></busconfig>""")
    g.run("dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
          "org.freedesktop.DBus.ReloadConfig")
    a = g.start(as_maker)
    said = a.event("waiting")["text"]
    check("does not let this user" in said and "group bluetooth" in said, "what would help", said)
    check(a.end(15) == 0, "the agent stops", a.text())
    said = g.run("busybox su maker -c 'troth doctor'", status=1)
    check("policy does not let this user" in said, "the doctor as well", said)


def bluetoothd_comes_back(g, d):
    a = Agent(g, "--yes")
    d.kill(9)
    a.p.event("waiting")
    d.end()
    g.start("exec /usr/libexec/bluetooth/bluetoothd -n")
    g.powered("hci0")
    a.p.event("registered", default=True)
    advertise(g)
    t = pair("--io-cap", "display-yes-no", "--yes")
    a.p.event("answered", yes=True)
    t.ends(0, "as before")
    a.end()
    forget(g)


def main():
    air = Air()
    g = Guest(air, adapters=1)
    d = g.bluetoothd()
    advertise(g)
    not_default(g)
    by_hand(g)
    by_rule(g)
    privileges(g)
    bluetoothd_comes_back(g, d)


play(main)
