"""iwd as the network backend, its own DHCP, hostapd as the access point."""
from access_point import *
from network_daemons import iwd_set_up

RUN = "exec /usr/libexec/iwd -d -i wlan1"
KEPT = "/var/lib/iwd"


def profile(g, name, passphrase):
    """Somebody else's, as he wrote it."""
    g.file(f"{KEPT}/{name}.psk", f"[Security]\nPassphrase={passphrase}\n[Settings]\n"
           "AutoConnect=false\n", 0o600)
    g.retry(f"iwctl known-networks list | grep -q {name}")


def has(g, name, passphrase):
    text = g.run(f"cat {KEPT}/{name}.psk")
    check(f"Passphrase={passphrase}" in text, f"{name}: {passphrase}", text)


def known_by_others(g):
    """What iwd knew before Troth came is replaced by a password that works, and by nothing else; and
    it is not Troth's to be forgotten."""
    n = Network(g, "iwd:wlan1", 25000)
    n.p.event("here")
    profile(g, "Atlantis", "somebody's own")
    n.fails("NOT_FOUND", "Atlantis")
    n.leave()
    has(g, "Atlantis", "somebody's own")
    g.run("iwctl known-networks Atlantis forget")

    for name in ("Meadow", "Brook"):
        profile(g, name, "of last year")
        n.fails("WRONG_PASSWORD", name, password="not the password")
        if name == "Meadow":
            has(g, name, "of last year")
            check("shortcoming" not in n.p.text(), "nothing is replaced", n.p.text())
            n.joins(name)
            has(g, name, NETWORKS[name][1])
            n.leave()
            check(name not in g.run(f"ls {KEPT}"), "it was Troth's by then")
        check(n.p.text().count("replaced by the one given") == 1 + (name == "Brook"), "it is said",
              n.p.text())
    check("Brook" not in g.run(f"ls {KEPT}"), "of WPA3 iwd does not ask: it has to forget")
    profile(g, "Meadow", NETWORKS["Meadow"][1])
    n.joins("Meadow")
    n.leave()
    has(g, "Meadow", NETWORKS["Meadow"][1])
    n.p.told("stays")
    g.run("iwctl known-networks Meadow forget")
    n.end()


def main():
    g = Guest()
    ap = AccessPoint(g)
    g.dbus()
    iwd_set_up(g)
    daemon = g.start(RUN)
    known_by_others(g)
    n = Network(g, "iwd:wlan1", 11000)
    n.p.event("here")
    seen = n.sees("Meadow", "Brook", "Fen", "Mixed")
    check(seen["Meadow"]["security"] == "WPA2/WPA3" and seen["Fen"]["security"] == "open" and
          "Hollow" not in seen, "what is in range", seen)

    n.fails("WRONG_PASSWORD", "Meadow", password="not the password")
    check("Meadow" not in g.run(f"ls {KEPT}"), "what failed is not saved")
    n.joins("Meadow")
    g.retry(f"test -f {KEPT}/Meadow.psk")  # what worked is saved
    check(n.status()["security"] == "WPA2-PSK", "its status")

    n.fails("WRONG_PASSWORD", "Brook", password="not the password")
    g.retry("iwctl station wlan1 show | grep -q 'Connected network.*Meadow'")  # by itself
    check("Brook" not in g.run(f"ls {KEPT}"), "the old stays")
    n.fails("NOT_FOUND", "Atlantis")
    n.fails("UNSUPPORTED_SECURITY", "Meadow", security=SAE)
    n.fails("UNSUPPORTED_SECURITY", "Meadow", security=OPEN)
    n.fails("NO_ADDRESS", "Desert")
    n.joins("Meadow")

    for name in ("Brook", "Mixed", "Fen", "Hollow"):
        n.joins(name)
        g.retry(f"ls {KEPT} | grep -q {name} && test $(ls {KEPT} | grep -c '[.]') = 1")  # only it
    for name in ("Key", "Wood"):
        check(n.join(name)["event"] == "refused", f"{name} is nothing for iwd")
    n.p.told("shortcoming")

    daemon.end(9)
    n.p.event("lost", reason="BACKEND_GONE")
    g.start(RUN)
    n.p.event("here")
    n.joins("Hollow")
    ap.stop()
    n.p.event("lost", reason="LINK_LOST")
    n.leave()
    check("psk" not in g.run(f"ls {KEPT}"), "left: nothing is saved")
    n.end()
    n = Network(g, "auto")
    check(n.opened.startswith("iwd"), n.opened)
    n.end()


play(main)
