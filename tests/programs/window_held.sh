# A window whose time ends while a client is being served over BLE: it may finish and learns the
# outcome, strangers are shown out, and nobody new comes.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
from held import *
from bare import Stranger


def nobody_new(d):
    scan = client("scan", "--for", "1", store="stranger.db")
    check("Lamp" not in scan.ends(0, "scan"), "nobody shall find it", scan.text())


def links():
    return ask(do="status")["links"]


# ---- the 8b84xxxx service ----

def in_clear():
    """A link that nothing protects: it is held while its attempt runs, and for the outcome."""
    gate(False)
    d = opened("--security", "none")
    stranger = Stranger(d)
    p = client("provision", "wifi", "Lamp", *NET, "--no-pair", "--allow-plaintext")
    d.event("status", status_name="CONNECTING")
    closing(d)
    d.told("disconnected", link=stranger.link)
    check(links() == 1, "the stranger is gone, the client is not", d.text())
    nobody_new(d)
    gate(True)
    p.ends(0, "the client learns the outcome")
    closed(d)
    over(d)


def protected():
    gate(False)
    d = opened()
    p = client("provision", "wifi", "Lamp", *NET)
    d.event("status", status_name="CONNECTING")
    closing(d)
    stranger(1, "PAIRING_NOT_SUPPORTED")
    gate(True)
    p.ends(0, "the client learns the outcome")
    closed(d)
    over(d)


def only_a_stranger():
    for options in ((), ("--security", "none"), ("--provision", "espressif", *SECURITY_2)):
        d = opened(*options)
        s = Stranger(d)
        ends(d, closing=None)
        d.event("disconnected", link=s.link)
        over(d)


# ---- Espressif's ----

def over_ble():
    gate(False)
    d = opened("--provision", "espressif", *SECURITY_2)
    stranger = Stranger(d)
    p = client("provision", "wifi", "Lamp", *NET, *LABEL)
    d.event("credentials")
    closing(d)
    d.told("disconnected", link=stranger.link)
    check(links() == 1, "the stranger is gone, the client is not", d.text())
    nobody_new(d)
    gate(True)
    p.ends(0, "the client learns the outcome")
    d.event("provisioning", state="stopped")
    closed(d)
    over(d)


play(lambda: played(in_clear, protected, only_a_stranger, over_ble))
PY
