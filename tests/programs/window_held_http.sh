# The same over HTTP, for sessions of every security: proven, unproven, tried again, another's.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with_protocomm
"$python" - <<'PY'
from held import *
from client import Client, Failed
from transport import Http

HTTP = ("--provision", "espressif", "--provision-http", "127.0.0.1:0")


def http(d, **how):
    address = next(json.loads(l)["http"] for l in d.said if '"http":' in l)
    return Client(Http(address, **how), username=b"wifiprov", password=PASSWORD.encode(),
                  pop=b"abcd1234")


def http_lamp(*security):
    d = opened(*HTTP, *security, "--attempts", "1")
    d.told("window", open=True)
    return d


def fails(kind, do, *arguments):
    try:
        do(*arguments)
    except Failed as failed:
        check(failed.kind == kind, f"fails as {kind}", f"{failed.kind}: {failed}")
        return str(failed)
    raise SystemExit(f"FAILED: {do.__name__} does not fail")


def over_http():
    """Held for who has proven itself, also from a fresh socket; it may try again; others may not."""
    networks("[network]\nssid = Home\npassword = open sesame\n[simulator]\njoin_after = go\n")
    gate(False)
    d = http_lamp(*SECURITY_2)
    c = http(d, fresh=True)
    c.proto_ver()
    c.session()
    closing(d)
    new = http(d)
    check("HTTP 403" in fails("transport", new.proto_ver), "refused")
    c.set_wifi(b"Home", b"wrong password")
    c.apply()
    check(c.status()["state"] == "Connecting", "it tries")
    new.link.cookie = "session=70000"
    check("HTTP 403" in fails("transport", new.proto_ver), "refused")
    gate(True)
    check("auth" in fails("network", c.wait, 0.05).lower(), "the wrong password")
    c.reset()
    window(False, closing=True)
    c.set_wifi(b"Home", b"open sesame")
    c.apply()
    check(c.wait(0.05)["network"]["ssid"] == b"Home", "joined")
    d.event("provisioning", state="stopped")
    closed(d)
    over(d)


def the_bonded_begin_none():
    """They may come at any time, to the other service: the session stays with who has it."""
    gate(True)
    networks()
    d = opened(*HTTP, *SECURITY_2, "--provision", "both", "--security", "encrypt")
    d.told("window", open=True)
    client("pair", "Lamp").ends(0, "a bond")
    c = http(d)
    c.proto_ver()
    c.session()
    closing(d)
    p = client("provision", "wifi", "Lamp", *NET, *LABEL, "--sec-ver", "2", "--no-pair")
    check("it takes no requests now" in p.ends(1, "another session"), "refused", p.text())
    check(c.scan()["networks"], "the session goes on")
    client("status", "Lamp", "--no-pair").ends(0, "who is bonded comes at any time")
    c.set_wifi(b"Meadow", b"")
    c.apply()
    c.wait(0.05)
    d.event("provisioning", state="stopped")
    closed(d)
    over(d)


def by_command():
    """Who says so waits for nobody."""
    d = http_lamp(*SECURITY_2)
    c = http(d)
    c.proto_ver()
    c.session()
    closing(d)
    check("closing" not in ask(do="window", open=False)["window"], "closed")
    fails("transport", c.scan)
    closed(d)
    over(d)


def unproven():
    """Sessions that have proven nothing: of security 0, without a secret, in the middle of proof."""
    for security in (("--sec-ver", "0"), ("--sec-ver", "1"), SECURITY_2):
        d = http_lamp(*security)
        c = http(d)
        c.proto_ver()
        if security == SECURITY_2:
            c.raw("prov-session", c.make_security().start())
        else:
            c.session()
            c.set_wifi(b"Meadow", b"")
        ends(d, closing=None)
        fails("transport", c.proto_ver)
        over(d)


def an_attempt_of_the_unproven():
    """It is held for, as any attempt, and for a moment to learn the outcome."""
    networks("[simulator]\njoin_after = go\n")
    gate(False)
    d = http_lamp("--sec-ver", "0")
    c = http(d)
    c.proto_ver()
    c.session()
    c.set_wifi(b"Nowhere", b"")
    c.apply()
    closing(d)
    gate(True)
    d.event("status", status_name="FAILED")
    left = window(False, closing=True)["seconds"]
    check(0 < left <= 10, "for a moment", left)
    fails("network", c.wait, 0.05)
    c.set_wifi(b"Meadow", b"")
    c.apply()
    c.wait(0.05)
    d.event("provisioning", state="stopped")
    closed(d)
    over(d)


def the_network_is_there_again():
    """By what the client gave: it still learns so."""
    networks()
    forget()
    d = lamp(*HTTP, *SECURITY_2)
    provision(0, *LABEL)
    d.event("provisioning", state="stopped")
    check(d.end(signal.SIGTERM) == 0, "stop")
    networks("down_ms = 1\n[network]\nssid = Home\n")
    d = lamp(*HTTP, *SECURITY_2, "--window", "lost", "--window-lost", "1", "--timeout", "1")
    d.told("window", open=True)
    c = http(d)
    c.proto_ver()
    c.session()
    c.set_wifi(b"Home", b"")
    c.apply()
    d.event("window", open=False, closing=True)
    check("there again" in window(False, closing=True)["why"], "why")
    check(c.wait(0.05)["network"]["ssid"] == b"Home", "joined")
    d.event("provisioning", state="stopped")
    closed(d)
    check("provisioned" in window(False)["why"], "why")
    over(d)


play(lambda: played(over_http, the_bonded_begin_none, by_command, unproven,
                    an_attempt_of_the_unproven, the_network_is_there_again))
PY
