# Whom nothing protects when the window closes by the network: they are shown out, and whoever
# provisioned learns the outcome, and writes no more.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
from held import *
from bare import Stranger

SSID, SECURITY, CONTROL, STATUS = 2, 4, 5, 6
CONNECT, ERASE = b"\x01", b"\x02"
CONNECTED, REJECTED = b"\x03", 0xfc


def provisioned(*arguments):
    networks()
    d = lamp("--security", "none", *arguments, open=True)
    idle, client = Stranger(d), Stranger(d)
    control, status = client.find(CONTROL), client.find(STATUS)
    check(client.write(client.find(SSID), b"Meadow") == 0, "the SSID")
    check(client.write(client.find(SECURITY), b"\x00") == 0, "open")
    check(client.write(control, CONNECT) == 0, "the CONNECT")
    d.told("status", status_name="CONNECTED")
    return d, idle, client, control, status


def closes():
    """By the network's coming, with either option that says so."""
    for arguments in (("--window", "boot"), ("--window", "lost"), ("--keep-ble", "no")):
        d, idle, client, control, status = provisioned(*arguments)
        d.told("window", open=False)
        d.told("disconnected", link=idle.link)
        check(client.read(status) == CONNECTED, "the outcome")
        check(client.write(control, ERASE) == REJECTED, "an erase")
        check(client.write(client.find(SSID), b"Other") == REJECTED, "another network")
        got = ask(do="status")
        check(got["state"] == "CONNECTED" and got["links"] == 1, "nothing came of it", got)
        ask(do="window", open=True)
        check(client.write(control, ERASE) == 0, "a person opened it")
        over(d)


def returns():
    """By the network's, which was away: nobody is in the middle of anything."""
    provisioned("--window", "lost")[0].end(signal.SIGTERM)
    networks("down_ms = 2000\nup_ms = 4500\n")
    d = lamp("--security", "none", "--window", "lost", "--window-lost", "1", open=False)
    d.event("window", open=True)
    d.told("advertising", on=True)
    stranger = Stranger(d)
    d.event("window", open=False)
    d.event("disconnected", link=stranger.link)
    over(d)


def stays_open():
    d, idle, client, control, status = provisioned()
    check(client.write(control, ERASE) == 0, "an erase")
    d.event("status", status_name="IDLE")
    check(ask(do="status")["links"] == 2, "nobody goes")
    over(d)


play(lambda: played(closes, returns, stays_open))
PY
