"""trothd's window on bluetoothd: closed, nobody new may pair and who is bonded comes; opened by the
control socket and by its signal; a command shows the passkeys that BlueZ draws; erased by the
control socket it forgets its own bonds."""
from bluez_lamp import *
from guest import *

SHOW = "#!/bin/sh\ncat >>/tmp/shown\n"


def window(g, open):
    text = g.run("troth status --local /tmp/control --json")
    check(json.loads(text)["window"]["open"] == open, "the window", text)


def main():
    air = Air()
    g = Guest(air, adapters=1)
    g.file("/tmp/networks", NETWORKS)
    g.file("/tmp/show", SHOW, 0o755)
    g.bluetoothd()
    lamp = g.start("exec trothd --json --transport bluez:hci0 --network sim:/tmp/networks "
                   "--name Lamp --store /tmp/device.db --control /tmp/control --window command "
                   "--security authenticate --agent none --display-command /tmp/show")
    lamp.event("window", open=False)
    lamp.event("controller")
    pairable(g, False)
    check("Lamp" not in client("scan", "--for", "2"), "nobody finds it")

    g.run("troth window open --for 200 /tmp/control")
    lamp.event("window", open=True)
    lamp.told("advertising", on=True)
    pairable(g, True)
    says(g.run("troth status --local /tmp/control"), "radio bluez")

    def read_off(p):
        shown = json.loads(g.retry("tail -n 1 /tmp/shown | grep passkey"))
        p.type(shown["passkey"])

    says(provision("Meadow", "clover and rye", "--io-cap", "keyboard-only", "--passkey", "-",
                   typed=read_off), "joined the network")
    g.retry("tail -n 1 /tmp/shown | grep withdrawn")
    lamp.event("window", open=False)  # it is provisioned
    pairable(g, False)
    joined(g, "Meadow")

    says(client("status", "Lamp", "--no-pair"), "CONNECTED")  # advertises for whoever is bonded
    refused = program("troth", "pair", "Lamp", "--transport", "unix:air", "--store", "other.db",
                      "--io-cap", "keyboard-only", "--passkey", "-", stdin=subprocess.PIPE)
    refused.type("123456")
    refused.ends(1, "a stranger")
    check(len(bonds(g)) == 1, "no other bond", str(bonds(g)))
    window(g, False)

    lamp.kill(10)  # SIGUSR1
    lamp.event("window", open=True)
    pairable(g, True)
    g.run("troth window close /tmp/control")
    pairable(g, False)
    says(g.run("troth erase --local /tmp/control"), "1 bond")
    lamp.told("forgot", bonds=1)
    g.retry("test -z \"$(bluetoothctl devices Paired)\"")
    window(g, False)
    check(lamp.end(15) == 0, "trothd stops", lamp.text())


play(main)
