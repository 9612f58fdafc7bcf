"""A device that is killed in the middle of a join, with wpa_supplicant: whom it had switched off is
on again with the next join, and in wpa_supplicant's file."""
from access_point import *

CONF = "/etc/wpa.conf"
OTHERS = """ctrl_interface=/run/wpa_supplicant
update_config=1
freq_list=2412

network={
	ssid="Elsewhere"
	key_mgmt=NONE
}

network={
	ssid="Never"
	key_mgmt=NONE
	disabled=1
}
"""


def others(g):
    """The flags wpa_supplicant has for the two."""
    lines = g.run("wpa_cli -i wlan1 list_networks").splitlines()
    return {name: "[DISABLED]" in line for line in lines for name in ("Elsewhere", "Never")
            if name in line}


def main():
    g = Guest()
    AccessPoint(g, ["Meadow"])
    g.file(CONF, OTHERS, 0o600)
    g.start(f"exec wpa_supplicant -D nl80211 -i wlan1 -c {CONF}")
    g.retry("test -S /run/wpa_supplicant/wlan1")
    g.start("exec wpa_cli -i wlan1 -a /bin/action.sh")
    check(others(g) == {"Elsewhere": False, "Never": True}, "as it is in the file", str(others(g)))

    n = Network(g, "wpa", 30000)
    n.p.event("here")
    n.ask(f"join {WPA2} {b'Atlantis'.hex()} {b'whatever it is'.hex()}")
    g.retry("wpa_cli -i wlan1 list_networks | grep Elsewhere | grep -q DISABLED")
    n.p.end(9)

    n = Network(g, "wpa", 30000)
    n.p.event("here")
    n.joins("Meadow")
    g.retry(f"grep -q Meadow {CONF}")
    check(others(g) == {"Elsewhere": False, "Never": True}, "as before", str(others(g)))
    check(g.run(f"cat {CONF}").count("disabled=1") == 1, "in the file", g.run(f"cat {CONF}"))
    check("Atlantis" not in g.run("wpa_cli -i wlan1 list_networks"), "nothing is left of it")
    n.end()


play(main)
