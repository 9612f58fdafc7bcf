"""BlueZ as central: bluetoothctl pairs with trothd, which is on the host with a host stack of its
own, by every model that BlueZ has; comes back with the bond; reads the status, which only a paired
client may; pairs by itself when it has to; and anew when it has forgotten the bond, or the lamp has."""
from bluetoothctl import Bluetoothctl
from guest import *

STATUS = "8b840006-f6fa-4e33-9a0c-e14d9f35f201"


class Lamp:
    """trothd, with an agent that promises io, or nobody."""

    def __init__(self, store, security, io=None):
        self.store, self.security = store, security
        self.agent = None
        self.start()
        if io:
            self.agent = program("troth", "agent", "agent", "--io", io, stdin=subprocess.PIPE)
            self.agent.line("attached to Lamp")
            self.d.event("agent", attached=True)

    def start(self):
        self.d = program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf",
                         "--store", self.store, "--name", "Lamp", "--json", "--security",
                         self.security, "--agent-socket", "agent")
        self.d.event("advertising", on=True)

    def end(self):
        check(self.d.end(15) == 0, "trothd stops", self.d.text())
        if self.agent:
            self.agent.end()


def spoken(match):
    return "".join(match.groups())


def nobody(c, lamp):
    """Just Works: nobody is asked."""


def typed_at_bluez(c, lamp):
    c.p.line("Enter passkey")
    c.p.type(spoken(lamp.agent.match(r"\b(\d{3}) ?(\d{3})\b")))


def typed_at_lamp(c, lamp):
    passkey = c.p.match(r"Passkey: (\d{6})").group(1)
    lamp.agent.line("asskey")
    lamp.agent.type(passkey)


def compared(c, lamp):
    at_bluez = c.p.match(r"Confirm passkey (\d{6})").group(1)
    at_lamp = spoken(lamp.agent.match(r"\b(\d{3}) ?(\d{3})\b"))
    check(at_bluez == at_lamp, "the same number at both ends", f"{at_bluez} {at_lamp}")
    c.p.type("yes")
    lamp.agent.type("yes")


# BlueZ's agent, the lamp's, what happens, the model and whether it keeps others out.
CASES = (
    ("NoInputNoOutput", None, nobody, "JUST_WORKS", False),
    ("KeyboardOnly", "display-only", typed_at_bluez, "PASSKEY_ENTRY_INIT_INPUTS", True),
    ("DisplayOnly", "keyboard-only", typed_at_lamp, "PASSKEY_ENTRY_RSP_INPUTS", True),
    ("DisplayYesNo", "display-yes-no", compared, "NUMERIC_COMPARISON", True),
)


def forgotten(g):
    """One end has forgotten the bond. Told to connect only, BlueZ pairs when it has to."""
    lamp = Lamp("forgotten.db", "encrypt")
    c = Bluetoothctl(g)
    at = c.find("Lamp")
    c.connect(at)
    c.p.line("Accept pairing")  # it was not told to pair, so it asks
    c.p.type("yes")
    lamp.d.event("paired", model="JUST_WORKS", bonded=True)
    c.p.line("ServicesResolved: yes")
    check(c.read(STATUS) == b"\0", "the status")

    c.forget(at)  # and the connection ends
    lamp.d.event("disconnected")
    check(c.find("Lamp") == at, "found again")
    c.p.type(f"pair {at}")
    c.paired()
    lamp.d.event("paired", model="JUST_WORKS", bonded=True, bonds=1)
    c.disconnect(at)
    lamp.d.event("disconnected")
    lamp.end()

    lamp = Lamp("new.db", "encrypt")
    c.p.type(f"connect {at}")
    lamp.d.event("encrypted", ok=False)
    lamp.d.event("disconnected")
    c.forget(at)
    check(c.find("Lamp") == at, "found again")
    c.p.type(f"pair {at}")
    c.paired()
    lamp.d.event("paired", model="JUST_WORKS", bonded=True)
    c.end()
    lamp.end()


def main():
    with open(path("networks.conf"), "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = open\n")
    air = Air()
    g = Guest(air, adapters=1)
    g.bluetoothd()
    for bluez, io, happens, model, mitm in CASES:
        lamp = Lamp(f"{model}-{io}.db", "authenticate" if mitm else "encrypt", io)
        c = Bluetoothctl(g, bluez)
        at = c.find("Lamp")
        c.p.type(f"pair {at}")
        happens(c, lamp)
        c.paired()
        paired = lamp.d.event("paired", model=model, mitm=mitm, sc=True, key_size=16, bonded=True)
        check(c.read(STATUS) == b"\0", "the status is IDLE")
        c.disconnect(at)
        lamp.d.event("disconnected")
        for anew in (False, True):
            if anew:
                check(lamp.d.end(15) == 0, "trothd stops", lamp.d.text())
                lamp.start()
            c.connect(at)
            lamp.d.event("encrypted", ok=True, mitm=mitm, bonded=True, key_size=16)
            check(c.read(STATUS) == b"\0", "the status, with the bond")
            c.disconnect(at)
            lamp.d.event("disconnected")
        check(not any(lamp.d.fits(line, "paired", {}) for line in lamp.d.said[lamp.d.at:]), "once")
        c.forget(at)
        c.end()
        lamp.end()
        print(f"{bluez} with {io}: {paired['text']}")
    forgotten(g)


play(main)
