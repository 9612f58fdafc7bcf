"""NetworkManager as the network backend, its own DHCP, hostapd as the access point."""
from access_point import *
from network_daemons import networkmanager_set_up

RUN = "exec NetworkManager --debug --log-level=INFO"
KEPT = "/etc/NetworkManager/system-connections"


def main():
    g = Guest()
    ap = AccessPoint(g)
    g.dbus()
    networkmanager_set_up(g)
    n = Network(g, "nm:wlan1", 12000)
    manager = g.start(RUN)
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

    manager.end(9)
    n.p.event("lost", reason="BACKEND_GONE")
    g.start(RUN)
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
