"""troth doctor in the guest, where nothing is made of files: as root and as a user, with and without
bluetoothd, with an adapter that is blocked, powered off, or held by another host."""
from guest import *


def doctor(g, status, user=False):
    line = "troth doctor --json"
    said = g.run(f"busybox su maker -c '{line}'" if user else line, status=status)
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    check(lines and lines[-1]["event"] == "result", "it ends", said)
    return lines


def find(lines, verdict, words, mend=""):
    for f in lines:
        if f.get("verdict") == verdict and words in f["text"]:
            check(mend in f.get("mend", ""), f"the command for {words}", f)
            return
    raise Failed(f"not found: {verdict} {words}\n" + "\n".join(map(str, lines)))


def networks(g):
    g.run("modprobe mac80211_hwsim radios=1")
    said = doctor(g, 0)
    find(said, "good", "Wi-Fi interfaces: wlan0")
    check(not said[-1]["wifi"], "nobody drives it", said[-1])

    g.file("/tmp/wpa.conf", "ctrl_interface=DIR=/run/wpa_supplicant\n")
    wpa = g.start("exec wpa_supplicant -D nl80211 -i wlan0 -c /tmp/wpa.conf")
    g.retry("test -S /run/wpa_supplicant/wlan0")
    said = doctor(g, 0)
    find(said, "good", "wpa_supplicant v2.10 can be driven: wlan0")
    check(said[-1]["wifi"], "a way", said[-1])
    find(doctor(g, 0, user=True), "warning", "not open to this user", "sudo usermod -aG netdev $USER")
    wpa.kill(15)
    wpa.end()

    g.start("exec /usr/libexec/iwd")
    g.retry("dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
            "org.freedesktop.DBus.GetNameOwner string:net.connman.iwd")
    find(doctor(g, 0), "good", "iwd 2.3 runs")


def main():
    air = Air()
    g = Guest(air, adapters=1)
    find(doctor(g, 1), "bad", "Bluetooth is not loaded", "sudo modprobe bluetooth")

    g.adapter(0)
    said = doctor(g, 0)
    find(said, "good", "hci0, ")
    find(said, "good", "our own host can take hci:0")
    find(said, "good", "bluetoothd is 5.66")
    check(said[-1]["own_host"] and not said[-1]["bluez"], "the ways", said[-1])
    find(doctor(g, 1, user=True), "bad", "does not run", "systemctl enable")

    # our own host holds it
    g.file("/tmp/n", "[network]\nssid = Meadow\nsecurity = open\n")
    own = g.start("exec trothd --json --transport hci:0 --network sim:/tmp/n --store /tmp/t.db")
    own.event("advertising")
    find(doctor(g, 0), "note", "held through the user channel by another host: one of trothd")
    check(own.end(15) == 0, "trothd ends", own.text())

    g.dbus()
    d = g.start("exec /usr/libexec/bluetooth/bluetoothd -n")
    g.powered("hci0")
    said = doctor(g, 0)
    find(said, "good", "BlueZ has hci0, and it is powered")
    find(said, "note", "belongs to bluetoothd", "systemctl stop bluetooth")
    check(said[-1]["bluez"] and not said[-1]["own_host"], "the ways", said[-1])
    find(doctor(g, 0, user=True), "good", "BlueZ has hci0, and it is powered")
    print(g.run("troth doctor"))
    networks(g)

    g.run("dbus-send --system --print-reply --dest=org.bluez /org/bluez/hci0"
          " org.freedesktop.DBus.Properties.Set string:org.bluez.Adapter1 string:Powered"
          " variant:boolean:false")
    find(doctor(g, 1), "bad", "not powered", "bluetoothctl power on")
    g.run("rfkill block bluetooth")
    find(doctor(g, 1), "bad", "blocked by rfkill", "sudo rfkill unblock bluetooth")
    g.run("rfkill unblock bluetooth")
    g.powered("hci0")
    doctor(g, 0)

    d.kill(19)  # stopped: it owns its name and answers nothing
    find(doctor(g, 1), "bad", "does not answer", "systemctl restart bluetooth")


play(main)
