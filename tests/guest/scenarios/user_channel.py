"""trothd and troth on the kernel's user channel, without bluetoothd: what is in the way is said, the
device is provisioned and joins a WPA2 and an SAE network, its adapter vanishes and returns, the
machine is rebooted, and it goes on with its bond and its network."""
from access_point import *
from guest import *
from network_daemons import WPA, supplicant

STORE = "/var/lib/troth"
TROTHD = f"trothd --store {STORE}/device.db --name Lamp --agent none"


def refused(g, words, adapter="hci:0", su=""):
    """Why the adapter cannot be had, in one sentence that has these words."""
    line = (f"trothd --retry no --transport {adapter} --network sim:/tmp/networks --agent none "
            f"--store /tmp/other{su}.db")
    p = g.start(f"exec busybox su maker -c '{line}'" if su else f"exec {line}")
    said = p.ends(1, f"{adapter} is refused")
    about = [s for s in p.said if s.startswith("trothd: ")]
    check(len(about) == 1 and all(w in about[0] for w in words), f"{adapter}: {words}", said)


def refusals(g):
    g.run("echo /bin/false >/proc/sys/kernel/modprobe")
    refused(g, ["no Bluetooth", "modprobe bluetooth", "RestrictAddressFamilies"])
    g.run("echo /sbin/modprobe >/proc/sys/kernel/modprobe")
    g.run("modprobe -a ansi_cprng; modprobe bluetooth")
    refused(g, ["no adapter hci0, nor any other"])

    g.run("printf '[Policy]\\nAutoEnable=false\\n' >>/etc/bluetooth/main.conf")
    d = g.bluetoothd()
    refused(g, ["bluetoothd holds hci0", "bluez:hci0", "AutoEnable=false",
                "systemctl disable --now bluetooth"])
    refused(g, ["no adapter hci7", "hci0, hci1"], "hci:7")
    refused(g, ["CAP_NET_ADMIN", "setcap cap_net_admin+ep /", "AmbientCapabilities"], su="maker")
    # Beside bluetoothd, as the sentence advises: AutoEnable=false and the adapter off. Each time.
    for _ in range(2):
        g.run("btmgmt -i hci0 power off")
        p = g.start(f"exec {TROTHD} --transport hci:0 --retry no --network sim:/tmp/networks")
        p.line("advertising as 'Lamp'")
        check(p.end(15) == 0, "it ends", p.text())
        g.retry("btmgmt -i hci0 info | grep -q 'current settings'")  # it is bluetoothd's again
        check("powered" not in g.run("btmgmt -i hci0 info | grep 'current settings'"), "and off")
    g.powered("hci0")
    # What the sentence about the capability advises is all it takes, for an adapter that is on too.
    g.run("cp /build/bin/trothd /usr/bin/capable && setcap cap_net_admin+ep /usr/bin/capable")
    capable = ("exec busybox su maker -c 'exec capable --transport hci:1 --retry no --agent none "
               "--network sim:/tmp/networks --store /tmp/maker.db'")
    said = g.start(capable).ends(1, "bluetoothd holds that one too")
    check("bluetoothd holds hci1" in said, "why", said)
    g.run("btmgmt -i hci1 power off")
    p = g.start(capable)
    p.line("advertising")
    check(p.end(15) == 0, "it ends", p.text())
    # It is killed and leaves its adapters on: nobody holds them, and ours is taken down.
    d.kill(9)
    d.end()
    check("UP" in g.run("hciconfig hci0"), "bluetoothd left it on")
    g.run("hciconfig hci0 down; rfkill block bluetooth")
    refused(g, ["rfkill unblock bluetooth"])
    g.run("rfkill unblock bluetooth; hciconfig hci0 up")


def device(g):
    lamp = g.start(f"exec {TROTHD} --json --transport hci:0 --network wpa:wlan1 --timeout 40")
    lamp.event("advertising", on=True)
    return lamp


def phone(status, *arguments):
    p = program("troth", *arguments, "--transport", "unix:air", "--store", "phone.db")
    return p.ends(status, " ".join(arguments))


def provision(name, security, password, status=0):
    with open(path("password"), "w") as f:
        f.write(password + "\n")
    return phone(status, "provision", "wifi", "Lamp", "--ssid", name, "--security", security,
                 "--password-file", path("password"))


def joined(g, name):
    """By the supplicant, the interface, and the device's own status, read from the bond."""
    g.retry(f"wpa_cli -p {WPA} -i wlan1 status | grep -q '^ssid={name}$'")
    g.retry("ip -4 addr show wlan1 | grep -q ' 10.9.0.'")
    said = phone(0, "status", "Lamp", "--no-pair")
    check(f'"{name}", joined' in said, f"it says it is in {name}", said)


def networks(g):
    said = provision("Meadow", "wpa2", NETWORKS["Meadow"][1])
    check("CONNECTED" in said, "it joined by WPA2", said)
    joined(g, "Meadow")
    said = provision("Brook", "wpa3", "not the password", 1)
    check("WRONG_PASSWORD" in said and "Meadow" in said, "the old network is kept", said)
    joined(g, "Meadow")
    said = provision("Brook", "wpa3", NETWORKS["Brook"][1])
    check("CONNECTED" in said, "it joined by SAE", said)
    joined(g, "Brook")


def vanish(g, lamp):
    """The adapter is pulled out from under it, and comes back."""
    g.bridges[0].kill()
    g.bridges[0].end()
    lamp.event("transport", up=False)
    check("hci:0 is gone: was it unplugged?" in lamp.text(), "why", lamp.text())
    lamp.until(lambda line: "there is no adapter hci0; there is hci1" in line, "it is not there")
    back = g.start("exec guest_vhci_bridge /dev/virtio-ports/h4.0")
    back.line("hci0")
    lamp.event("controller")
    lamp.event("advertising", on=True)
    joined(g, "Brook")


def both_in_the_guest(g):
    """troth on another adapter of the same machine."""
    said = g.run("troth pair Lamp --transport hci1 --store /tmp/client.db 2>&1")
    check("Secure Connections, 16-octet key" in said, "paired", said)
    said = g.run("troth status Lamp --transport hci:1 --store /tmp/client.db --no-pair 2>&1")
    check('"Brook", joined' in said, "its status", said)


def reboot(g):
    g.reboot()
    AccessPoint(g, ("Meadow", "Brook"))
    supplicant(g, STORE)
    g.adapter(0)
    lamp = device(g)
    check(lamp.told("start")["bonds"] == 2, "it has its bonds", lamp.text())
    lamp.told("stored_network", ssid="Brook")
    lamp.told("status", status_name="CONNECTED")
    joined(g, "Brook")
    return lamp


def main():
    air = Air()
    g = Guest(air, adapters=2, keep=[STORE])
    g.bridges = []
    adapter = g.adapter

    def remember(n=0):
        g.bridges.append(adapter(n))
        return g.bridges[-1]
    g.adapter = remember

    g.file("/tmp/networks", "[network]\nssid = Meadow\nsecurity = open\n")
    refusals(g)
    AccessPoint(g, ("Meadow", "Brook"))
    supplicant(g, STORE)
    check("UP" in g.run("hciconfig hci0"), "the adapter is on")
    lamp = device(g)
    refused(g, ["another program has hci0 for itself"])
    networks(g)
    both_in_the_guest(g)
    vanish(g, lamp)
    check(lamp.text().count('"event":"paired"') == 2, "each paired once", lamp.text())
    check(lamp.end(15) == 0, "it ends", lamp.text())
    wait(lambda: "hci0" in g.run("hciconfig"), "the adapter is the kernel's again")
    lamp = reboot(g)
    check(lamp.text().count('"event":"paired"') == 0, "nobody paired again", lamp.text())


play(main)
