"""wpa_supplicant as the network backend, hostapd as the access point: every kind of network, every
way to fail, what was there before kept."""
from access_point import *

CONF = "/etc/wpa.conf"


class Supplicant:
    def __init__(self, g):
        self.g = g
        self.start()
        g.start("exec wpa_cli -i wlan1 -a /bin/action.sh")

    def start(self):
        self.p = self.g.start(f"exec wpa_supplicant -D nl80211 -i wlan1 -c {CONF}")
        self.g.retry("test -S /run/wpa_supplicant/wlan1")

    def cli(self, words):
        return self.g.run(f"wpa_cli -i wlan1 {words}")


def main():
    g = Guest()
    ap = AccessPoint(g)
    g.file(CONF, "ctrl_interface=/run/wpa_supplicant\nupdate_config=1\nfreq_list=2412\n", 0o600)
    s = Supplicant(g)
    n = Network(g, "auto", 11000)
    check(n.opened == "wpa_supplicant on wlan1", n.opened)
    n.p.event("here")
    seen = n.sees("Meadow", "Brook", "Fen", "Mixed")
    check(seen["Meadow"]["security"] == "WPA2-PSK" and seen["Brook"]["security"] == "WPA3-SAE" and
          seen["Fen"]["security"] == "open" and seen["Mixed"]["security"] == "WPA2/WPA3" and
          "Hollow" not in seen and seen["Meadow"]["channel"] == 1, "what is in range", seen)

    n.fails("WRONG_PASSWORD", "Meadow", password="not the password")
    check("Meadow" not in g.run(f"cat {CONF}"), "what failed is not saved")
    n.joins("Meadow")
    g.retry(f"grep -q Meadow {CONF}")  # what worked is saved
    check(n.status()["security"] == "WPA2-PSK", "its status")

    n.fails("WRONG_PASSWORD", "Brook", password="not the password")
    g.retry("wpa_cli -i wlan1 status | grep -q '^ssid=Meadow'")  # by itself
    check("Brook" not in g.run(f"cat {CONF}") and "Meadow" in g.run(f"cat {CONF}"), "the old stays")
    n.fails("NOT_FOUND", "Atlantis")
    n.fails("UNSUPPORTED_SECURITY", "Brook", security=WPA2)
    n.fails("NO_ADDRESS", "Desert")
    n.joins("Meadow")
    check(s.cli("list_networks").count("\n") <= 2, "one block", s.cli("list_networks"))

    for name in ("Brook", "Mixed", "Wood", "Fen", "Key", "Hollow"):
        n.joins(name)
        g.retry(f"grep -q '\"{name}\"' {CONF} && test $(grep -c network= {CONF}) = 1")  # only it
    n.joins("Mixed", security=WPA2)

    s.p.end(9)
    n.p.event("lost")  # of it or, should its DHCP client have gone first, of the address
    n.p.told("gone")
    s.start()
    n.p.event("here")
    n.joins("Mixed", security=WPA2)
    ap.stop()
    n.p.event("lost", reason="LINK_LOST")
    n.leave()
    check("network={" not in g.run(f"cat {CONF}"), "left: nothing is saved")
    n.end()

    # A device that was told to forget makes wpa_supplicant forget too.
    ap.start(NETWORKS)
    n = Network(g, "wpa")
    n.p.event("here")
    n.joins("Meadow")
    g.retry(f"grep -q Meadow {CONF}")
    n.end()
    g.run("trothd --factory-reset --store /tmp/device.db --network wpa")
    check("network={" not in g.run(f"cat {CONF}"), "forgotten")


play(main)
