"""trothd on bluetoothd, its agent attached to the socket: every way to pair with somebody there, as
troth does it from the host; a person who says no; a client that leaves while the question is open.
Then the machine's plug is pulled: the network and the bonds are still there."""
from bluez_lamp import *
from guest import *


def spoken(match):
    return "".join(match.groups())


def typed_at_troth(agent, t):
    t.type(spoken(agent.match(r"\b(\d{3}) ?(\d{3})\b")))


def typed_at_lamp(agent, t):
    passkey = spoken(t.match(r"\b(\d{3}) ?(\d{3})\b"))
    agent.line("asskey")
    agent.type(passkey)


def compared(answer):
    def happens(agent, t):
        here = spoken(agent.match(r"\b(\d{3}) ?(\d{3})\b"))
        there = spoken(t.match(r"\b(\d{3}) ?(\d{3})\b"))
        check(here == there, "the same number at both ends", f"{here} {there}")
        t.type("yes")
        agent.type(answer)
    return happens


def mistyped(agent, t):
    passkey = int(spoken(agent.match(r"\b(\d{3}) ?(\d{3})\b")))
    t.type(f"{(passkey + 1) % 1000000:06}")


# what the lamp's agent can do; troth; what happens; troth's exit status and words
CASES = (
    ("display-only", ("--io-cap", "keyboard-only", "--passkey", "-"), mistyped, 1, "passkey"),
    ("display-only", ("--io-cap", "keyboard-only", "--passkey", "-"), typed_at_troth, 0,
     "authenticated, Secure"),
    ("keyboard-only", ("--io-cap", "display-only", "--agent", "step"), typed_at_lamp, 0, "authenticated, Secure"),
    ("display-yes-no", ("--io-cap", "display-yes-no", "--compare", "-"), compared("no"), 1,
     "said that the numbers differ"),
    ("display-yes-no", ("--io-cap", "display-yes-no", "--compare", "-"), compared("yes"), 0,
     "authenticated, Secure"),
)
KEPT = ("/var/lib/bluetooth", "/var/lib/troth")
TROTHD = ("exec trothd --json --transport bluez --network sim:/var/lib/troth/networks --name Lamp "
          "--store /var/lib/troth/lamp.db --security authenticate --agent none "
          "--agent-socket /tmp/agent")


def pair(n, words):
    return program("troth", "pair", "Lamp", "--transport", "unix:air", "--store", f"{n}.db", *words,
                   stdin=subprocess.PIPE)


def attach(g, io):
    agent = g.start(f"exec troth agent /tmp/agent --io {io}")
    agent.line("attached to Lamp")
    return agent


def pairings(g, lamp):
    for n, (io, words, happens, status, says_) in enumerate(CASES):
        agent = attach(g, io)
        pairable(g, True)
        t = pair(n, words)
        happens(agent, t)
        says(t.ends(status, f"{io}, {happens.__name__}"), says_)
        lamp.event("disconnected")
        check(len(bonds(g)) == (status == 0), "bonded or not", str(bonds(g)))
        if status == 0 and n + 1 < len(CASES):
            g.run("bluetoothctl remove " + " ".join(bonds(g)))
        agent.end(15)
        lamp.event("agent", attached=False)
    return n


def left_alone(g, lamp):
    """Who asked is gone: the question is taken off the display."""
    agent = attach(g, "display-yes-no")
    pairable(g, True)
    t = pair("gone", ("--io-cap", "display-yes-no", "--compare", "-"))
    agent.match(r"\b(\d{3}) ?(\d{3})\b")
    t.end(9)
    agent.line("no longer asked")
    lamp.event("disconnected")
    agent.end(15)
    lamp.event("agent", attached=False)


def main():
    air = Air()
    g = Guest(air, adapters=1, keep=KEPT)
    g.bluetoothd()
    g.file("/var/lib/troth/networks", NETWORKS)
    lamp = g.start(TROTHD)
    lamp.event("advertising", on=True)
    left_alone(g, lamp)
    g.run("bluetoothctl remove " + " ".join(bonds(g)) if bonds(g) else "true")
    bonded = f"{pairings(g, lamp)}.db"
    says(provision("Meadow", "clover and rye", store=bonded), "joined the network")

    g.reboot(hard=True)
    g.bluetoothd()
    lamp = g.start(TROTHD)
    check(lamp.event("start")["bonds"] == 1, "it knows its client")
    lamp.told("status", status_name="CONNECTED")
    lamp.told("advertising", on=True)
    says(client("status", "Lamp", store=bonded), "CONNECTED")
    client("erase", "Lamp", store=bonded)
    lamp.event("forgot", bonds=1)
    check(not bonds(g), "no bond is left", str(bonds(g)))
    check(lamp.end(15) == 0, "trothd stops", lamp.text())


play(main)
