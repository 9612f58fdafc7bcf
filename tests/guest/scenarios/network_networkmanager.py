"""NetworkManager as the network backend, its own DHCP, hostapd as the access point."""
from access_point import *

CONF = """[main]
plugins=keyfile
auth-polkit=false
[device]
wifi.scan-rand-mac-address=no
"""
KEPT = "/etc/NetworkManager/system-connections"


class Manager:
    def __init__(self, g):
        self.g = g
        self.start()

    def start(self):
        self.p = self.g.start("exec NetworkManager --debug --log-level=INFO")


def main():
    g = Guest()
    ap = AccessPoint(g)
    g.file("/etc/NetworkManager/NetworkManager.conf", CONF)
    g.run("mount -o remount,ro /sys; mkdir -p /run/NetworkManager")  # no udev to wait for
    g.dbus()
    g.start("exec wpa_supplicant -u -s")
    n = Network(g, "nm:wlan1", 12000)
    m = Manager(g)
    n.p.event("here")
    seen = n.sees("Meadow", "Brook", "Fen", "Mixed")
    check(seen["Meadow"]["security"] == "WPA2-PSK" and seen["Brook"]["security"] == "WPA3-SAE" and
          seen["Fen"]["security"] == "open" and seen["Mixed"]["security"] == "WPA2/WPA3" and
          "Hollow" not in seen and seen["Meadow"]["channel"] == 1, "what is in range", seen)

    n.fails("WRONG_PASSWORD", "Meadow", password="not the password")
    check(not g.run(f"ls {KEPT}"), "what failed is not saved")
    n.joins("Meadow")
    g.retry(f"grep -q Meadow {KEPT}/*")  # what worked is saved
    check(n.status()["security"] == "WPA2-PSK", "its status")

    n.fails("WRONG_PASSWORD", "Brook", password="not the password")
    g.retry("nmcli -t device | grep -q 'wlan1:wifi:connected:Troth.*Meadow'")  # by itself
    check("Brook" not in g.run(f"cat {KEPT}/*"), "the old stays")
    n.fails("NOT_FOUND", "Atlantis")
    n.fails("UNSUPPORTED_SECURITY", "Meadow", security=OPEN)
    n.fails("NO_ADDRESS", "Desert")
    n.joins("Meadow")

    for name in ("Brook", "Mixed", "Wood", "Fen", "Key", "Hollow"):
        n.joins(name)
        g.retry(f"ls {KEPT} | grep -q {name} && test $(ls {KEPT} | wc -l) = 1")  # only it

    m.p.end(9)
    n.p.event("lost", reason="BACKEND_GONE")
    m.start()
    n.p.event("here")
    n.joins("Hollow")
    ap.stop()
    n.p.event("lost", reason="LINK_LOST")
    n.leave()
    check(not g.run(f"ls {KEPT}"), "left: nothing is saved")
    n.end()
    n = Network(g, "auto")
    check(n.opened.startswith("NetworkManager"), n.opened)
    n.end()


play(main)
