"""The plug is pulled: after the boot the device joins its network by itself, before anybody
connects, and who had paired needs not pair again. With a radio of its own, and on bluetoothd."""
from access_point import *

CONF = "/etc/wpa.conf"


def boots(g, radio):
    """What a device's start-up does. The network's daemon knows no network: trothd has it."""
    ap = AccessPoint(g, ("Meadow",))
    g.file(CONF, "ctrl_interface=/run/wpa\nfreq_list=2412\n", 0o600)
    g.start(f"exec wpa_supplicant -D nl80211 -i wlan1 -c {CONF}")
    g.retry("test -S /run/wpa/wlan1")
    g.start("exec wpa_cli -p /run/wpa -i wlan1 -a /bin/action.sh")
    if radio.startswith("bluez"):
        g.bluetoothd()
    else:
        g.adapter()
    lamp = g.start("exec trothd --json --name Lamp --agent none --network wpa:/run/wpa/wlan1 "
                   f"--store /var/lib/troth/lamp.db --transport {radio}")
    lamp.event("advertising", on=True)
    return ap, lamp


def phone(*arguments):
    t = program("troth", *arguments, "--transport", "unix:air", "--store", "phone.db")
    return t.ends(0, " ".join(arguments))


def device(air, radio):
    forget_phone()
    g = Guest(air, adapters=1, keep=["/var/lib/bluetooth", "/var/lib/troth"])
    ap, lamp = boots(g, radio)
    said = phone("provision", "wifi", "Lamp", "--ssid", "Meadow", "--password-file", "password")
    check("CONNECTED" in said, "it joins", said)
    lamp.told("paired", bonded=True)

    g.reboot(hard=True)
    ap, lamp = boots(g, radio)
    lamp.told("status", status_name="CONNECTED")
    g.retry("ip addr show wlan1 | grep -q 10.9.0.")
    check(not any(lamp.fits(line, "connected", {}) for line in lamp.said), "nobody was needed",
          lamp.text())
    said = phone("status", "Lamp", "--no-pair")
    check("CONNECTED" in said and "Meadow" in said, "its status, from the bond", said)
    check(not any(lamp.fits(line, "paired", {}) for line in lamp.said), "paired once", lamp.text())
    check(lamp.end(15) == 0, "it ends", lamp.text())
    g.off()


def forget_phone():
    if os.path.exists(path("phone.db")):
        os.remove(path("phone.db"))


def main():
    with open(path("password"), "w") as f:
        f.write("open sesame\n")
    air = Air()
    for radio in ("hci:0", "bluez:hci0"):
        device(air, radio)


play(main)
