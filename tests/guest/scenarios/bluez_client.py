"""troth over bluetoothd in the guest: scans, pairs by every model, and provisions a trothd that is
on the host with a host stack of its own."""
from guest import *

NETWORKS = """[network]
ssid = Meadow
security = wpa2
password = clover and rye
"""


class Lamp:
    def __init__(self, *options, io=None):
        self.d = program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf",
                         "--store", "lamp.db", "--name", "Lamp", "--json", "--agent-socket",
                         "agent", *options)
        self.d.event("advertising", on=True)
        self.agent = None
        if io:
            self.agent = program("troth", "agent", "agent", "--io", io, stdin=subprocess.PIPE)
            self.agent.line("attached to Lamp")
            self.d.event("agent", attached=True)

    def end(self):
        check(self.d.end(15) == 0, "trothd stops", self.d.text())
        if self.agent:
            self.agent.end()
        for end in ("", "-journal"):
            if os.path.exists(path("lamp.db" + end)):
                os.remove(path("lamp.db" + end))


def spoken(match):
    return "".join(match.groups())


def six(said):
    return spoken(said.match(r"\b(\d{3}) ?(\d{3})\b"))


def troth(g, *arguments):
    return g.start("exec troth " + " ".join(arguments) + " --transport bluez:hci0")


def forget(g):
    said = g.run("troth bonds --bluez list --json")
    for line in said.splitlines():
        if line.startswith("{"):
            g.run(f"troth bonds --bluez remove {json.loads(line)['address']}")


def pairing(g):
    lamp = Lamp("--security", "encrypt")
    said = troth(g, "scan", "--for", "3").ends(0, "scan")
    check("Lamp" in said and "Wi-Fi provisioning" in said, "it is seen", said)
    print(said)

    # Just Works, and what it is worth
    said = troth(g, "pair", "Lamp", "--io-cap", "none").ends(0, "Just Works")
    check("Just Works" in said and "not authenticated" in said, "what it is worth", said)
    print(said)
    # the bond serves; of one from before BlueZ tells nothing
    said = troth(g, "pair", "Lamp").ends(0, "with the bond")
    check("the bond was used" in said and "does not tell whether authenticated" in said,
          "the bond", said)
    said = troth(g, "pair", "Lamp", "--require-mitm", "--yes").ends(1, "not provable")
    check("troth bonds --bluez remove" in said, "what to do", said)
    forget(g)
    lamp.end()

    # nothing is asked, and that is not enough: refused beforehand if bluetoothd asks, as it does
    # when the device was quicker to ask for security, else undone
    lamp = Lamp("--security", "encrypt")
    said = troth(g, "pair", "Lamp", "--require-mitm", "--yes").ends(1, "Just Works refused")
    check(re.search("would pair by Just Works|the bond is removed again", said), "undone", said)
    check("has no bonds" in g.run("troth bonds --bluez 2>&1"), "no bond is left")
    lamp.end()

    # we type what it shows
    lamp = Lamp("--security", "authenticate", io="display-only")
    t = troth(g, "pair", "Lamp", "--io-cap", "keyboard-only", "--passkey", "-", "--require-mitm")
    t.type(six(lamp.agent))
    said = t.ends(0, "passkey typed here")
    check("authenticated" in said and "not authenticated" not in said, "the level", said)
    print(said)
    lamp.end()
    forget(g)

    # it types what we show
    lamp = Lamp("--security", "authenticate", io="keyboard-only")
    t = troth(g, "pair", "Lamp", "--io-cap", "display-only", "--agent", "step")
    passkey = six(t)
    lamp.agent.line("asskey")
    lamp.agent.type(passkey)
    t.type("")
    said = t.ends(0, "passkey typed there")
    lamp.end()
    forget(g)

    # compared; and refused
    for yes, status in (("no", 1), ("yes", 0)):
        lamp = Lamp("--security", "authenticate", io="display-yes-no")
        t = troth(g, "pair", "Lamp", "--io-cap", "display-yes-no", "--compare", "-")
        check(six(t) == six(lamp.agent), "the same number", t.text())
        t.type(yes)
        lamp.agent.type("yes")
        said = t.ends(status, "compared, " + yes)
        print(said)
        lamp.end()
        forget(g)


def kept_or_lost(g):
    """What only shows when one side forgets, or must not pair."""
    lamp = Lamp("--security", "encrypt")
    said = troth(g, "status", "Lamp", "--no-pair").ends(1, "it may not pair")
    check("--no-pair forbids it" in said, "why", said)
    check("has no bonds" in g.run("troth bonds --bluez 2>&1"), "no bond is made")
    forget(g)
    troth(g, "pair", "Lamp", "--io-cap", "none").ends(0, "a bond")
    lamp.end()  # ... which it forgets
    lamp = Lamp("--security", "encrypt")
    for command in "pair", "status":
        said = troth(g, command, "Lamp").ends(1, f"{command}, the bond is lost")
        check("lost its side of the bond" in said and "troth bonds --bluez remove" in said,
              "what to do", said)
    lamp.end()
    forget(g)
    lamp = Lamp("--security", "encrypt-any", "--insecure-legacy-only")
    said = troth(g, "pair", "Lamp", "--io-cap", "none").ends(0, "legacy pairing")
    check("legacy pairing cannot be refused" in said, "the limit is told", said)
    lamp.end()
    forget(g)


def own_outbound(g):
    """A non-default agent is asked about what its own program begins, whoever is the default."""
    default = g.start("exec troth agent --bluez --json --no")
    default.event("registered", default=True)
    lamp = Lamp("--security", "none", io="display-yes-no")  # asks for nothing by itself
    t = troth(g, "pair", "Lamp", "--no-default", "--io-cap", "display-yes-no", "--compare", "-")
    check(six(t) == six(lamp.agent), "the same number", t.text())
    t.type("yes")
    lamp.agent.type("yes")
    t.ends(0, "its own pairing")
    check(default.end(15) == 0, "the default agent stops", default.text())
    check('"call"' not in default.text(), "the default agent was not asked", default.text())
    lamp.end()
    forget(g)


def provisioning(g):
    g.file("/tmp/secret", "clover and rye\n")
    lamp = Lamp("--security", "encrypt")
    said = troth(g, "provision", "wifi", "Lamp", "--ssid", "Meadow", "--password-file",
                 "/tmp/secret").ends(0, "by the Wi-Fi service")
    check("joined" in said, "the network", said)
    print(said)
    said = troth(g, "status", "Lamp").ends(0, "status")
    check("Meadow" in said, "its status", said)
    said = troth(g, "erase", "Lamp").ends(0, "erase")
    check("the bond with it is removed" in said, "both forget", said)
    check("has no bonds" in g.run("troth bonds --bluez 2>&1"), "no bond is left")
    g.file("/tmp/secret", "wrong and wronger\n")
    said = troth(g, "provision", "wifi", "Lamp", "--ssid", "Meadow", "--password-file",
                 "/tmp/secret").ends(1, "a wrong password")
    check("did not join" in said, "why", said)
    print(said)
    lamp.end()
    forget(g)


def espressif(g):
    """The other protocol, whose endpoints are known by their descriptions, over an open link."""
    g.file("/tmp/secret", "clover and rye\n")
    g.file("/tmp/pop", "abcd1234\n")
    with open(path("label"), "w") as f:
        f.write("abcd1234\n")
    lamp = Lamp("--provision", "espressif", "--sec-ver", "1", "--pop-file", "label", "--name",
                "PROV_LAMP")
    said = troth(g, "provision", "wifi", "PROV_LAMP", "--ssid", "Meadow", "--password-file",
                 "/tmp/secret", "--pop-file", "/tmp/pop").ends(0, "by Espressif's protocol")
    print(said)
    check("Meadow" in said, "the network", said)
    g.file("/tmp/pop", "wrong\n")
    said = troth(g, "provision", "wifi", "PROV_LAMP", "--list", "--pop-file",
                 "/tmp/pop").ends(1, "a wrong proof of possession")
    print(said)
    lamp.end()
    forget(g)


def main():
    with open(path("networks.conf"), "w") as f:
        f.write(NETWORKS)
    air = Air()
    g = Guest(air, adapters=1)
    g.bluetoothd()
    pairing(g)
    kept_or_lost(g)
    own_outbound(g)
    provisioning(g)
    espressif(g)


play(main)
