"""trothd on bluetoothd, provisioned over the air by both protocols, joins for true: through
wpa_supplicant, NetworkManager and iwd; WPA2 and SAE, an address, a wrong password with the old
network kept; and is there again after a cut of power."""
from access_point import *
from bluez_lamp import client, file, provision, says
from network_daemons import iwd, networkmanager, supplicant

POP = "abcd1234"


def device(g, name):
    lamp = g.start("exec trothd --json --transport bluez:hci0 --network auto --name Lamp "
                   f"--store /var/lib/troth/{name}.db --agent none --provision both --sec-ver 1 "
                   "--pop-file /tmp/pop --security encrypt --auto-stop no --timeout 40 "
                   "--attempts 1")
    check(lamp.event("network_backend")["backend"].startswith(name), "who joins", lamp.text())
    lamp.event("advertising", on=True)
    return lamp


def address(g):
    g.retry("ip -4 addr show wlan1 | grep -q ' 10.9.0.'")


def provisioned(g, name):
    lamp = device(g, name)
    meadow, brook = NETWORKS["Meadow"][1], NETWORKS["Brook"][1]
    espressif = ["--pop-file", file("pop", POP)]
    # Found by its name; the 8b84xxxx service unless a proof of possession asks for the other.
    says(provision("Meadow", meadow, "--security", "wpa2"), "CONNECTED")
    address(g)
    said = provision("Brook", "not the password", *espressif, status=1)
    says(said, "passphrase")
    lamp.told("kept")
    says(provision("Brook", brook, *espressif), "Brook")
    address(g)
    check(brook not in lamp.text() and meadow not in lamp.text(), "no password is said",
          lamp.text())
    check(lamp.end(9) == 137, "it is gone", lamp.text())
    lamp = device(g, name)
    lamp.told("status", status_name="CONNECTED")
    says(client("status", "Lamp"), "Brook")
    client("erase", "Lamp")
    lamp.event("forgot")
    check(lamp.end(15) == 0, "it ends", lamp.text())
    print(f"{name}: all of it")


def main():
    air = Air()
    g = Guest(air, adapters=1)
    AccessPoint(g, ("Meadow", "Brook"))
    g.bluetoothd()
    g.file("/tmp/pop", POP + "\n")
    g.run("mkdir -p /var/lib/troth")
    for name, start in (("wpa_supplicant", supplicant), ("iwd", iwd),
                        ("NetworkManager", networkmanager)):
        daemons = start(g)
        provisioned(g, name)
        for d in reversed(daemons):
            d.end(15)
        g.run("ip addr flush dev wlan1")


play(main)
