"""trothd on bluetoothd with its window closed, found only because somebody has a bond: a stranger
neither bonds nor pairs without bonding, and writes and reads nothing; who has the bond comes in."""
from bluez_lamp import *
from guest import *


def stranger(g, n, refusal, *words):
    """What a stranger tries, each time another; it is refused, and nothing of it stays."""
    said = provision("Heath", "ling and gorse", *words, status=1, store=f"stranger{n}.db")
    says(said, refusal)
    g.run("grep -q Heath /tmp/networks.state && exit 1; true")
    check(len(bonds(g)) == 1, "no bond but the first", str(bonds(g)))


def main():
    air = Air()
    g = Guest(air, adapters=1)
    g.bluetoothd()
    g.file("/tmp/networks", NETWORKS)
    lamp = Lamp(g, "lamp.db", "--security encrypt --agent none --keep-ble yes",
                "--control /tmp/control")
    says(provision("Meadow", "clover and rye"), "the device has joined the network")
    owner = program("troth", "scan", "--for", "200", "--verbose", "--transport", "unix:air")
    owner.line("controller")  # the owner's address is in use: strangers have another
    g.run("troth window close /tmp/control")
    pairable(g, False)
    stranger(g, 1, "PAIRING_NOT_SUPPORTED")  # bluetoothd, whose adapter is not pairable
    # the kernel lets those pair who want no bond: the agent says no
    stranger(g, 2, "NUMERIC_COMPARISON_FAILED", "--no-bonding")
    stranger(g, 3, "PASSKEY_ENTRY_FAILED", "--no-bonding", "--allow-legacy",
             "--insecure-legacy-only")
    owner.end(15)
    says(client("status", "Lamp"), "CONNECTED")
    g.run("troth window open /tmp/control")
    pairable(g, True)
    lamp.end()


play(main)
