"""troth over bluetoothd against a device that deceives: it begins to pair by itself in a way that has
our person compare or type, and makes our kernel fail that pairing, of which bluetoothd tells nobody.
Then it begins again by Just Works; our Pair comes meanwhile, and succeeds with it. That must not pass
for proven: no bond is left, and nothing is sent."""
from bluetoothctl import Bluetoothctl
from guest import *


class Impostor:
    """io: enum troth_io_cap."""

    def __init__(self, io):
        self.p = Program(path(BUILD, "guest", "guest_impostor"), "unix:air", str(io),
                         stdin=subprocess.PIPE)
        self.p.line("advertising")

    def does(self, line):
        self.p.type(line)
        self.p.line(f"{line}: done")

    def end(self):
        self.p.kill(9)
        self.p.end()


def spoken(match):
    return "".join(match.groups())


def compared(d, t):
    there = d.p.match(r"compare: (\d{6})").group(1)
    check(spoken(t.match(r"\b(\d{3}) ?(\d{3})\b")) == there, "the same number", t.text())
    t.type("yes")
    d.does("yes")


def typed_here(d, t):
    passkey = d.p.match(r"shown: (\d{6})").group(1)
    t.match("asskey")
    t.type(passkey)


def typed_there(d, t):
    d.p.line("to be typed")
    d.does("type " + spoken(t.match(r"\b(\d{3}) ?(\d{3})\b")))


CASES = (
    (1, ("--io-cap", "display-yes-no", "--compare", "-"), compared),
    (0, ("--io-cap", "keyboard-only", "--passkey", "-"), typed_here),
    (2, ("--io-cap", "display-only", "--agent", "step"), typed_there),
)


def provision(g, words):
    return g.start("exec troth provision wifi Lamp --transport bluez:hci0 --require-mitm --sec-ver 0 "
                   "--ssid Meadow --password-file /tmp/secret " + " ".join(words))


def attack(g, monitor, d, t, happens):
    """What t said in the end."""
    mark = len(monitor.said)
    d.does("request")
    happens(d, t)
    d.p.line("failed: DHKEY_CHECK_FAILED")
    d.does("weaken")
    d.does("go")
    wait(lambda: t.status is not None or
         any("MGMT Command: Pair Device" in line for line in monitor.said[mark:]), "our Pair",
         about=t.text)
    d.does("accept")
    said = t.ends(1, happens.__name__)
    print(f"{happens.__name__}\n{said}\n")
    check("paired: authenticated" not in said, "what it is called", said)
    check(not re.search(r"prov-(session|config):", d.p.text()), "nothing was sent", d.p.text())
    check("has no bonds" in g.run("troth bonds --bluez 2>&1"), "no bond is left")
    d.end()
    return said


def connected_to_before(g, monitor):
    """The link is somebody else's, so our Pair cannot be there before the device begins."""
    d = Impostor(1)
    c = Bluetoothctl(g, "DisplayYesNo")  # which the link keeps
    c.connect(c.find("Lamp"))
    c.end()
    io, words, happens = CASES[0]
    t = provision(g, words)
    d.p.line("proto-ver:")
    said = attack(g, monitor, d, t, happens)
    check("began to pair before we did" in said and "the bond is removed again" in said, "why", said)


def main():
    air = Air("--hook", "set smp 0x0d 1 00000000 from peripheral")  # so our kernel finds it wrong
    g = Guest(air, adapters=1)
    g.bluetoothd()
    g.file("/tmp/secret", "clover and rye\n")
    monitor = g.start("exec btmon --no-pager", terminal=True)  # its lines at once
    connected_to_before(g, monitor)
    for io, words, happens in CASES:
        d = Impostor(io)
        t = provision(g, words)
        d.p.line("connected")
        said = attack(g, monitor, d, t, happens)
        check("pairing failed" in said, "the first pairing's end is our Pair's", said)

play(main)
