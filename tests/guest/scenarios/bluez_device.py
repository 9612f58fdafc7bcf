"""trothd on bluetoothd, by the 8b84xxxx service: provisioned by Just Works and by a passkey, comes
back from the bond, says that a password was wrong and keeps the network it had; lets nobody in who
did less than it demands; erased, it forgets its own bonds and no others; leaves the adapter as it
was."""
from bluetoothctl import Bluetoothctl
from bluez_lamp import *
from guest import *


def just_works(g):
    lamp = Lamp(g, "encrypt.db", "--security encrypt --agent none")
    pairable(g, True)
    says(provision("Meadow", "clover and rye"), "the device has joined the network")
    lamp.p.told("paired", bonded=True)
    joined(g, "Meadow")
    says(client("status", "Lamp"), "CONNECTED")
    failed = provision("Heath", "not the password", status=1)
    says(failed, "password")
    says(failed, "Meadow")
    joined(g, "Meadow")
    check(len([1 for line in lamp.p.said if '"event":"paired"' in line]) == 1, "paired once")
    return lamp


def erased(g, lamp):
    """The bond of whoever has no business with the service is not this device's to forget."""
    first = program("troth", "scan", "--for", "60", "--verbose", "--transport", "unix:air")
    first.line("controller")  # it is in use: the next client has another address
    client("pair", "Lamp", store="other.db")
    first.end(15)
    before = bonds(g)
    check(len(before) == 2, "two bonds", str(before))
    client("erase", "Lamp")
    lamp.p.event("forgot", bonds=1)
    check(len(bonds(g)) == 1 and bonds(g) < before, "one bond is left", str(bonds(g)))
    lamp.end()


def passkey(g):
    lamp = Lamp(g, "authenticate.db",
                "--security authenticate --agent none --agent-socket /tmp/agent")
    pairable(g, False)  # nobody is there to see a passkey
    agent = g.start("exec troth agent /tmp/agent --io display-only")
    agent.line("attached to Lamp")
    pairable(g, True)

    def read_off(p):
        p.type("".join(agent.match(r"\b(\d{3}) ?(\d{3})\b").groups()))

    refused = provision("Meadow", "clover and rye", "--io-cap", "none", status=1, store="weak.db")
    says(refused, "authenticat")
    g.run("grep -q Meadow /tmp/networks.state && exit 1; true")
    says(provision("Meadow", "clover and rye", "--io-cap", "keyboard-only", "--passkey", "-",
                   typed=read_off, store="strong.db"), "joined the network")
    joined(g, "Meadow")
    says(client("status", "Lamp", store="strong.db"), "CONNECTED")
    lamp.end()
    agent.end()
    lamp.start()
    pairable(g, False)
    says(client("status", "Lamp", store="strong.db"), "CONNECTED")
    lamp.end()


def main():
    air = Air()
    g = Guest(air, adapters=1)
    g.bluetoothd()
    g.file("/tmp/networks", NETWORKS)
    erased(g, just_works(g))
    pairable(g, False)  # as without any agent
    Bluetoothctl(g)
    pairable(g, True)
    passkey(g)
    pairable(g, True)  # again
    lamp = Lamp(g, "killed.db", "--security authenticate --agent none --agent-socket /tmp/agent")
    pairable(g, False)
    lamp.p.end(9)
    lamp.start()
    lamp.end()
    pairable(g, True)  # it remembered how the adapter was before the one that was killed


play(main)
