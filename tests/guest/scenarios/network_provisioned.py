"""trothd is provisioned by troth over the air, and joins through NetworkManager, then through iwd:
WPA2, a wrong password with the old network kept, SAE; erased, the service has forgotten it too, and
also when it was away; but not what iwd knew before."""
from access_point import *
from network_daemons import iwd, networkmanager


def phone(status, *arguments):
    p = program("troth", *arguments, "--transport", "unix:air", "--store", "phone.db")
    return p.ends(status, " ".join(arguments))


def provision(name, security, password, status=0):
    with open(path("password"), "w") as f:
        f.write(password + "\n")
    return phone(status, "provision", "wifi", "Lamp", "--ssid", name, "--security", security,
                 "--password-file", path("password"))


def start(g, name, network="auto"):
    return g.start(f"exec trothd --json --name Lamp --agent none --store /tmp/{name}.db "
                   f"--transport hci:0 --network {network} --timeout 40 --attempts 1")


def provisioned(g, name, kept):
    lamp = start(g, name)
    check(lamp.event("network_backend")["backend"].startswith(name), "who joins", lamp.text())
    lamp.event("advertising", on=True)
    said = provision("Meadow", "wpa2", NETWORKS["Meadow"][1])
    check("CONNECTED" in said, "it joined by WPA2", said)
    said = provision("Brook", "wpa3", "not the password", 1)
    check("WRONG_PASSWORD" in said and "Meadow" in said, "the old network is kept", said)
    lamp.told("kept")
    said = provision("Brook", "wpa3", NETWORKS["Brook"][1])
    check("CONNECTED" in said, "it joined by SAE", said)
    g.retry("ip -4 addr show wlan1 | grep -q ' 10.9.0.'")
    g.retry(f"ls {kept} | grep -q Brook && ! ls {kept} | grep -q Meadow")
    check(NETWORKS["Brook"][1] not in lamp.text(), "no password is said", lamp.text())
    phone(0, "erase", "Lamp")
    lamp.event("forgot")
    g.retry(f"! ls {kept} | grep -q Brook")
    check(lamp.end(15) == 0, "it ends", lamp.text())
    os.remove(path("phone.db"))
    print(f"{name}: all of it")


def known_and_away(g, daemon):
    """In one life of trothd joined with what somebody else told iwd, in the next erased: it stays. Then
    one of Troth's own is erased while iwd is away."""
    kept = "/var/lib/iwd"
    g.file(f"{kept}/Meadow.psk", f"[Security]\nPassphrase={NETWORKS['Meadow'][1]}\n", 0o600)
    lamp = start(g, "known", "iwd")
    lamp.event("advertising", on=True)
    check("CONNECTED" in provision("Meadow", "wpa2", NETWORKS["Meadow"][1]), "joined")
    check(lamp.end(15) == 0, "it ends", lamp.text())
    lamp = start(g, "known", "iwd")
    lamp.event("status", status_name="CONNECTED")
    phone(0, "erase", "Lamp")
    lamp.told("network_backend_stays")
    check(NETWORKS["Meadow"][1] in g.run(f"cat {kept}/Meadow.psk"), "it was there before")
    g.run("iwctl known-networks Meadow forget")
    os.remove(path("phone.db"))

    check("CONNECTED" in provision("Brook", "wpa3", NETWORKS["Brook"][1]), "joined")
    g.retry(f"ls {kept} | grep -q Brook")
    daemon.end(15)
    lamp.event("network_backend_gone")
    phone(0, "erase", "Lamp")
    lamp.told("network_backend_shortcoming")
    check(lamp.end(9) != 0, "it is killed", lamp.text())
    lamp = start(g, "known", "iwd")
    iwd(g)
    lamp.event("network_backend_settled")
    g.retry(f"! ls {kept} | grep -q Brook")
    check(lamp.end(15) == 0, "it ends", lamp.text())


def main():
    air = Air()
    g = Guest(air, adapters=1)
    AccessPoint(g, ("Meadow", "Brook"))
    g.dbus()
    g.adapter(0)
    daemons = networkmanager(g)
    provisioned(g, "NetworkManager", "/etc/NetworkManager/system-connections")
    for d in reversed(daemons):
        d.end(15)
    g.run("mount -o remount,rw /sys")
    daemons = iwd(g)
    provisioned(g, "iwd", "/var/lib/iwd")
    known_and_away(g, daemons[0])


play(main)
