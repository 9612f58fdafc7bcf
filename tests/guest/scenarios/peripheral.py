"""BlueZ as peripheral: troth, which is on the host with a host stack of its own, pairs with what
bluetoothctl advertises, by every model that BlueZ has, and comes back with the bond."""
from bluetoothctl import Bluetoothctl
from guest import *


def pair(*arguments):
    return program("troth", "pair", "Kettle", "--transport", "unix:air", "--store", "troth.db",
                   *arguments, stdin=subprocess.PIPE)


def spoken(match):
    return "".join(match.groups())


def consented(c, t):
    c.p.line("Accept pairing")
    c.p.type("yes")


def refused(c, t):
    c.p.line("Accept pairing")
    c.p.type("no")


def typed_at_troth(c, t):
    t.type(c.p.match(r"Passkey: (\d{6})").group(1))


def typed_at_bluez(c, t):
    passkey = spoken(t.match(r"\b(\d{3}) ?(\d{3})\b"))
    t.type("")
    c.p.line("Enter passkey")
    c.p.type(passkey)


def mistyped(c, t):
    passkey = c.p.match(r"Passkey: (\d{6})").group(1)
    t.type(f"{(int(passkey) + 1) % 1000000:06}")


def compared(c, t):
    at_bluez = c.p.match(r"Confirm passkey (\d{6})").group(1)
    at_troth = spoken(t.match(r"\b(\d{3}) ?(\d{3})\b"))
    check(at_bluez == at_troth, "the same number at both ends", f"{at_bluez} {at_troth}")
    c.p.type("yes")
    t.type("yes")


# BlueZ's agent, troth's side, what happens, and what troth says then.
CASES = (
    ("NoInputNoOutput", ("--io-cap", "none"), refused, 1, "declined the pairing"),
    ("NoInputNoOutput", ("--io-cap", "none"), consented, 0, "not authenticated, Secure"),
    ("DisplayOnly", ("--io-cap", "keyboard-only", "--passkey", "-"), mistyped, 1, "passkey"),
    ("DisplayOnly", ("--io-cap", "keyboard-only", "--passkey", "-"), typed_at_troth, 0,
     "authenticated, Secure"),
    ("KeyboardOnly", ("--agent", "step", "--io-cap", "display-only"), typed_at_bluez, 0, "authenticated, Secure"),
    ("DisplayYesNo", ("--io-cap", "display-yes-no", "--compare", "-"), compared, 0,
     "authenticated, Secure"),
)


def main():
    air = Air()
    g = Guest(air, adapters=1)
    g.bluetoothd()
    for bluez, arguments, happens, status, words in CASES:
        c = Bluetoothctl(g, bluez)
        c.advertise("Kettle")
        t = pair(*arguments)
        happens(c, t)
        said = t.ends(status, f"{bluez}, {happens.__name__}")
        check(words in said, f"{bluez}, {happens.__name__}: what troth says", said)
        if status == 0:
            said = pair().ends(0, "with the bond")
            check("already" in said or "bond" in said, "the bond is used", said)
            program("troth", "bonds", "remove", "Kettle", "--store", "troth.db").ends(0, "removed")
            c.forget(re.findall(r"Device (\S+:\S+)", c.p.text())[-1])
        c.end()


play(main)
