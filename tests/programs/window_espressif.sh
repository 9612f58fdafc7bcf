# The same windows for Espressif's provisioning: its sessions are opened, stopped, opened again.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
from control import *


ESPRESSIF = ("--provision", "espressif", "--sec2-user", "wifiprov", "--sec2-password-file", "label")


def espressif():
    """Its sessions, not pairings: open, stopped, opened again."""
    with open("label", "w") as f:
        f.write("abcd1234\n")
    LABEL = ("--sec2-username", "wifiprov", "--sec2-password-file", "label")
    for policy in ("command", None):
        d = lamp(*ESPRESSIF, *(("--window", policy) if policy else ()), open=policy != "command")
        if policy == "command":
            scan = client("scan", "--for", "1")
            check("Lamp" not in scan.ends(0, "scan"), "closed", scan.text())
            ask(do="window", open=True)
        provision(0, *LABEL)
        d.told("provisioning", state="stopped")
        d.event("window", open=False)
        closes_how(d)
        check(d.end(signal.SIGTERM) == 0, "stop")
        d = lamp(*ESPRESSIF, *(("--window", policy) if policy else ()), open=False)
        d.told("provisioning", state="already")
        ask(do="window", open=True, seconds=60)
        d.told("provisioning", state="started")
        provision(0, *LABEL)
        d.told("provisioning", state="stopped")
        window(False)
        ask(do="window", open=True, seconds=1)
        d.event("provisioning", state="started")
        d.event("provisioning", state="stopped")
        window(False, why="its time is over")
        check(ask(do="erase")["ok"], "erase")
        window(policy != "command")
        over(d)
    d = lamp(*ESPRESSIF, "--window", "always", open=True)
    provision(0, *LABEL)
    provision(0, *LABEL)
    window(True)
    over(d)


def main():
    networks()
    a = air()
    espressif()
    a.end(signal.SIGTERM)


play(main)
PY
