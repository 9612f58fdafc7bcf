# When new clients may come: each policy, commands and the button over it, and that who is bonded
# may come at any time.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
from control import *


def boot():
    d = lamp("--window", "boot", open=True)
    provision(0)
    d.told("window", open=False)
    closes_how(d)
    stranger(1, "PAIRING_NOT_SUPPORTED")
    client("status", "Lamp", "--no-pair").ends(0, "who is bonded comes at any time")
    check(d.end(signal.SIGTERM) == 0, "stop")
    d = lamp("--window", "boot", open=False)
    d.told("advertising", on=True)
    client("status", "Lamp", "--no-pair").ends(0, "bonded, after a start")
    client("erase", "Lamp", "--no-pair").ends(0, "erase")
    d.told("window", open=True)
    client("pair", "Lamp").ends(0, "a new client after an erase")
    over(d)
    d = lamp("--window", "boot", "--window-time", "1", open=True)
    d.told("window", open=False)
    closes_how(d)
    over(d)


def command():
    d = lamp("--window", "command", "--window-time", "200", open=False)
    closes_how(d)
    scan = client("scan", "--for", "1")
    check("Lamp" not in scan.ends(0, "scan"), "nobody shall find it", scan.text())
    d.process.send_signal(signal.SIGUSR1)
    d.told("window", open=True)
    check(190 <= window(True)["seconds"] <= 200, "for its time")
    d.told("advertising", on=True)
    client("pair", "Lamp").ends(0, "by the button")
    ask(do="window", open=True, seconds=1)
    d.event("window", open=False)
    stranger(1, "PAIRING_NOT_SUPPORTED")
    check(ask(do="window", open=True)["window"]["seconds"] == 200, "the usual time")
    stranger(0, "aired")
    check(not ask(do="window", open=False)["window"]["open"], "close")
    stranger(1, "PAIRING_NOT_SUPPORTED")
    over(d)


def shown_out():
    """Who has come and not yet proven anything goes when the window closes."""
    with open("label", "w") as f:
        f.write("012345\n")
    d = lamp("--window", "command", "--security", "authenticate", "--insecure-fixed-passkey-file",
             "label")
    ask(do="window", open=True)
    p = client("pair", "Lamp", "--io-cap", "keyboard-display", "--passkey", "-",
               stdin=subprocess.PIPE)
    d.event("pairing")
    ask(do="window", open=False)
    d.event("disconnected", reason="0x16")
    p.type("012345")
    p.ends(1, "the window closed")
    check(ask(do="status")["bonds"] == 0, "no bond")
    over(d)


def never():
    d = lamp("--window", "never", open=False)
    answer = ask(do="window", open=True)
    check(not answer["ok"] and "never" in answer["error"], "open", answer)
    check("start trothd again" in troth(1, "window", "open", "control"), "what to do")
    d.process.send_signal(signal.SIGUSR1)
    d.event("error")
    window(False)
    over(d)


def always():
    for said in ((), ("--window", "always")):
        d = lamp(*said, open=True)
        provision(0)
        window(True, policy="always")
        stranger(0, "aired")
        over(d)
    d = lamp("--keep-ble", "no", open=True)  # as before there were policies
    provision(0)
    d.told("window", open=False)
    closes_how(d)
    ask(do="window", open=True)
    stranger(0, "aired")
    over(d)


def lost():
    d = lamp("--window", "lost", open=True)
    provision(0)
    d.told("window", open=False)
    check(d.end(signal.SIGTERM) == 0, "stop")
    networks("down_ms = 2000\nup_ms = 4500\n")
    d = lamp("--window", "lost", "--window-lost", "1", "--timeout", "1")
    d.told("window", open=False)
    d.event("network_lost")
    d.event("window", open=True)
    check("away" in window(True)["why"], "why")
    d.event("window", open=False)
    check("there again" in window(False)["why"], "why")
    over(d)
    networks()


def main():
    networks()
    a = air()
    boot()
    command()
    shown_out()
    never()
    always()
    lost()
    a.end(signal.SIGTERM)


play(main)
PY
