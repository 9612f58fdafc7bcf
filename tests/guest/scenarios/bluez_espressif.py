"""trothd on bluetoothd, by Espressif's protocol: security 2 and 1, messages longer than one write,
a session that is refused, both protocols beside each other."""
from bluez_lamp import *
from guest import *


def security_2(g):
    g.file("/tmp/password", "gatehouse\n")
    lamp = Lamp(g, "two.db", "--provision espressif --sec-ver 2 --sec2-user maker "
                "--sec2-password-file /tmp/password --agent none")
    login = ["--sec2-username", "maker", "--sec2-password-file"]
    wrong = provision("Meadow", "clover and rye", *login, file("wrong", "gatehause"), status=1)
    says(wrong, "password")
    listed = client("provision", "wifi", "Lamp", "--list", *login, file("right", "gatehouse"))
    says(listed, "Meadow")
    says(listed, "Heath")
    failed = provision("Heath", "not the password", *login, "right", status=1)
    says(failed, "check the passphrase")
    says(provision("Meadow", "clover and rye", *login, "right"), "Meadow")
    joined(g, "Meadow")
    lamp.p.told("status", status_name="CONNECTED")
    check(not bonds(g), "nobody was asked to pair")
    lamp.end()


def security_1_beside(g):
    """The 8b84 service with its own rule, and security 1 within links that obey it."""
    g.file("/tmp/pop", "abcd1234\n")
    lamp = Lamp(g, "both.db", "--provision both --sec-ver 1 --pop-file /tmp/pop --agent none "
                "--security encrypt --auto-stop no")
    says(provision("Heath", "ling and gorse", "--pop-file", file("pop", "abcd1234"),
                   store="one.db"), "Heath")
    joined(g, "Heath")
    says(client("status", "Lamp", store="one.db"), "CONNECTED")
    check(len(bonds(g)) == 1, "one bond", str(bonds(g)))
    lamp.end()


def main():
    air = Air()
    g = Guest(air, adapters=1)
    g.bluetoothd()
    g.file("/tmp/networks", NETWORKS)
    security_2(g)
    security_1_beside(g)


play(main)
