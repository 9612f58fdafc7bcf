# trothd as a device of Espressif's provisioning, over HTTP: a client that shares no code with it
# provisions it with security 0, 1 and 2, is told what went wrong, and no secret is ever in a line.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with_protocomm
$python - <<'PY'
from programs import *
import re, stat, time
from client import Client, Failed
from transport import Http, Lost

PASSPHRASE, PASSWORD, POP = "clover and rye", "tide and tar", "abcd1234"
NETWORKS = f"""[network]
ssid = Meadow
security = wpa2
passphrase = {PASSPHRASE}
signal = -48
[network]
ssid = Open Field
signal = -70
"""
DEVELOPMENT = ("--sec2-user", "wifiprov", "--sec2-password-file", "password")
everything = []


class Device:
    def __init__(self, *options, opens=True):
        self.p = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf",
                         "--store", "device.db", "--agent", "none", "--attempts", "1", "--json",
                         "--provision", "espressif", "--provision-http", "127.0.0.1:0", *options)
        self.address = None
        if opens:
            self.address = self.state("started", lambda e: "http" in e)["http"]

    def state(self, state, fits=lambda e: True):
        def it(line):
            e = json.loads(line) if line.startswith("{") else {}
            return e.get("event") == "provisioning" and e.get("state") == state and fits(e)
        for line in self.p.said:
            if it(line):
                return json.loads(line)
        return json.loads(self.p.until(it))

    def client(self, **how):
        how = {"username": b"wifiprov", "password": PASSWORD.encode(), "pop": POP.encode(), **how}
        return Client(Http(self.address, how.pop("cookie", "keep"), how.pop("fresh", False)), **how)

    def end(self):
        status = self.p.end(15)
        check(status == 0, "trothd ends", self.p.text())
        everything.extend(self.p.said)

    def fresh(self):
        self.end()
        forget("device.db")


def fails(kind, do, *arguments):
    try:
        do(*arguments)
    except Failed as failed:
        check(failed.kind == kind, f"fails as {kind}", f"{failed.kind}: {failed}")
        return failed
    raise SystemExit(f"FAILED: {do.__name__} does not fail")


def begin(device, **how):
    c = device.client(**how)
    c.proto_ver()
    c.session()
    return c


def provision(c, ssid=b"Meadow", passphrase=PASSPHRASE.encode()):
    c.set_wifi(ssid, passphrase)
    c.apply()
    return c.wait(0.1)


def joined(c):
    told = provision(c)
    check(told["network"]["ssid"] == b"Meadow", "joined", told)


def all_securities():
    for options, info in ((DEVELOPMENT, {"sec_ver": 2, "sec_patch_ver": 1}),
                          (("--sec-ver", "1", "--pop", POP), {"sec_ver": 1}),
                          (("--sec-ver", "1", "--pop-file", "pop"), {"sec_ver": 1}),
                          (("--sec-ver", "1"), {"sec_ver": 1}),
                          (("--sec-ver", "0"), {"sec_ver": 0})):
        d = Device(*options)
        c = d.client()
        told = c.proto_ver()["info"]
        check(info.items() <= told.items(), "proto-ver", told)
        check(("no_pop" in told["cap"]) == (options == ("--sec-ver", "1")), "no_pop", told)
        check(("no_sec" in told["cap"]) == (options[1] == "0"), "no_sec", told)
        c.session()
        names = [n["ssid"] for n in c.scan()["networks"]]
        check(names == [b"Meadow", b"Open Field"], "the scan", names)
        joined(c)
        d.state("successful")
        d.state("stopped")
        fails("transport", d.client().proto_ver)
        d.fresh()


def the_life():
    """Name, QR, custom data, restart, reset."""
    d = Device(*DEVELOPMENT, "--custom-data", "custom")
    name = d.state("started", lambda e: "service_name" in e)["service_name"]
    address = d.p.told("controller")["address"]
    check(name == "PROV_" + address.replace(":", "")[6:], "the name", (name, address))
    code = json.loads(d.p.told("qr")["payload"])
    check(code["name"] == name and "pop" not in code, "the QR code", code)
    advertised = d.p.told("advertising")
    check(advertised["name"] == name, "advertised", advertised)
    c = begin(d)
    told = c.custom(b"hello \0 there")
    check(told["reply"] == b"SUCCESS\0", "the reply to custom data", told)
    check(open("custom", "rb").read() == b"hello \0 there", "custom data")
    check(stat.S_IMODE(os.stat("custom").st_mode) == 0o600, "the mode of custom data")
    joined(c)
    d.state("stopped")
    d.end()
    d = Device(*DEVELOPMENT, opens=False)
    d.state("already")
    d.p.event("status", status_name="CONNECTED")
    d.end()
    check('"event":"provisioning","state":"started"' not in d.p.text(), "closed", d.p.text())
    p = Program("trothd", "--store", "device.db", "--factory-reset")
    said = p.ends(0, "factory reset")
    check('"Meadow" and 0 bonds' in said, "what it forgot", said)
    check("no network" in Program("trothd", "--store", "device.db", "--factory-reset").ends(0, ""),
          "nothing to forget")
    d = Device(*DEVELOPMENT, "--qr-with-secrets")
    code = json.loads(d.p.told("qr")["payload"])
    check(code["pop"] == PASSWORD and code["username"] == "wifiprov", "the QR code", code)
    joined(begin(d))
    d.p.end(15) # its lines do have a secret
    forget("device.db")


def commands():
    """Custom data for a command: its output is the response, and it fails with the request."""
    for command, sent, reply in (("tr a-z A-Z", b"hello", b"HELLO"),
                                 ("cat", b"x" * 3000, b"x" * 3000),
                                 ("cat > kept", b"keep", b"SUCCESS\0"),
                                 ("cat; exit 3", b"no", None),
                                 ("head -c 5000 /dev/zero", b"much", None)):
        d = Device(*DEVELOPMENT, "--custom-data-command", command)
        c = begin(d)
        if reply is None:
            fails("transport", c.custom, sent)
        else:
            told = c.custom(sent)["reply"]
            check(told == reply, command, told)
            told = c.custom(sent)["reply"]
            check(told == reply, f"{command} again", told)
        d.fresh()
    check(open("kept", "rb").read() == b"keep", "what the command kept")
    d = Device(*DEVELOPMENT, "--custom-data-command", "exec sleep 60")
    s = socket.create_connection(tuple(d.address.rsplit(":", 1)))
    c = begin(d)
    c.link.timeout = 0.5
    c.link.hang_up()
    fails("transport", c.custom, b"x")
    joined(begin(d))
    d.fresh() # ends at once, and the command with it


def thread():
    open("thread.conf", "w").write("""[thread]
name = Meadow
network_key = 00112233445566778899aabbccddeeff
channel = 15
join_ms = 100
""")
    d = Device(*DEVELOPMENT, "--network", "sim:thread.conf")
    c = begin(d)
    check(c.family == "thread" and c.scan()["networks"][0]["name"] == "Meadow", "the scan")
    c.set_thread(c.picked("Meadow", bytes(16)))
    c.apply()
    failed = fails("network", c.wait, 0.1)
    check(failed.facts["state"] == "AttachingFailed", "a wrong key", failed.facts)
    c.set_thread(c.picked("Meadow", bytes.fromhex("00112233445566778899aabbccddeeff")))
    c.apply()
    check(c.wait(0.1)["network"]["name"] == "Meadow", "attached")
    check("Thread attached" in d.state("successful")["text"], "its line")
    d.state("stopped")
    d.end()
    d = Device(*DEVELOPMENT, "--network", "sim:thread.conf", opens=False)
    d.state("already")
    d.p.event("status", status_name="CONNECTED")
    d.fresh()


def both():
    """Two protocols, one network: what the other service erases opens this one again."""
    d = Device(*DEVELOPMENT, "--name", "Lamp", "--provision", "both")
    d.p.told("pairing_prompt")
    client("pair", "Lamp").ends(0, "a bond")
    c = begin(d)
    fails("network", provision, c, b"Nowhere", b"")
    c.reset() # of a network that failed: the bond stays
    joined(c)
    check("bond_removed" not in d.p.text(), "the bond is kept", d.p.text())
    d.state("stopped")
    client("erase", "Lamp").ends(0, "erased over 8b84xxxx")
    d.p.event("provisioning", state="started", service_name="Lamp")
    d.address = d.p.event("provisioning", state="started")["http"]
    joined(begin(d))
    d.fresh()
    forget("client.db")


def production():
    """Salt and verifier from a file, as JSON and as C arrays."""
    import security
    salt = bytes.fromhex("036ee0c7bcb9eda84c9eac97d93decf4")
    verifier = security.verifier(salt, b"wifiprov", PASSWORD.encode()).to_bytes(384, "big")
    rows = lambda b: ", ".join(f"0x{x:02x}" for x in b)
    shapes = (json.dumps({"salt": salt.hex(), "verifier": verifier.hex()}),
              f"static const char sec2_salt[] = {{\n    {rows(salt)}\n}};\n\n"
              f"static const char sec2_verifier[] = {{\n    {rows(verifier)}\n}};\n",
              "==== Salt-verifier for security scheme 2 (SRP6a) ====\n"
              f"static const char sec2_salt[] = {{\n    {rows(salt)}\n}};\n"
              f"static const char sec2_verifier[] = {{\n    {rows(verifier)}\n}};\n")
    for shape in shapes:
        open("verifier", "w").write(shape)
        d = Device("--sec2-salt-verifier", "verifier")
        check("pop" not in json.loads(d.p.told("qr")["payload"]), "QR")
        joined(begin(d))
        d.fresh()
    for shape in ("", "{}", "{\"salt\":\"00\",\"verifier\":\"05\"}",
                  shapes[1].replace("0x03", "0x3"), shapes[1][:200]):
        open("verifier", "w").write(shape)
        p = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf",
                    "--provision", "espressif", "--sec2-salt-verifier", "verifier", "--agent",
                    "none", "--store", "other.db")
        said = p.ends(1, "a bad file")
        check("verifier" in said and "salt" in said, "a bad file", said)


def what_goes_wrong():
    d = Device(*DEVELOPMENT, "--auto-stop", "no")
    c = begin(d)
    failed = fails("network", provision, c, b"Meadow", b"not the passphrase")
    check(failed.facts["reason"] == "AuthError", "wrong password", failed.facts)
    check(d.state("failed")["reason"] == "WRONG_PASSWORD", "its line")
    failed = fails("network", provision, c, b"Nowhere", b"salt and tar") # without a reset
    check(failed.facts["reason"] == "NetworkNotFound" or
          failed.facts["reason"] == "WifiNetworkNotFound", "unknown SSID", failed.facts)
    c.reset()
    failed = fails("status", c.apply)
    check(failed.facts["status"] == 5, "apply without set", failed.facts)
    joined(c)
    fails("status", c.reset)
    c.reprov()
    told = provision(c, b"Open Field", b"")
    check(told["network"]["ssid"] == b"Open Field", "reprovisioned", told)
    fails("status", c.set_wifi, b"x" * 33)
    c = d.client(password=b"wrong")
    c.proto_ver()
    fails("transport", c.session)
    failed = d.p.told("prov_session_failed")
    check(failed["fault"] == "PROOF" and failed["failures"] == 1, "a wrong password's line", failed)
    d.fresh()


def the_wrong_proof():
    """Three are free; then nobody is heard for a while, and the right one gets in."""
    d = Device("--sec-ver", "1", "--pop", POP)
    for n in range(1, 4):
        c = d.client(pop=b"guess")
        c.proto_ver()
        fails("transport", c.session)
    failed = d.p.event("prov_session_failed", failures=3)
    pause = failed["wait_ms"]
    check(0 < pause <= 2000, "a pause", failed)
    c = d.client()
    c.proto_ver()
    failed = fails("transport", c.session)
    check("503" in str(failed), "told of the pause", failed)
    time.sleep(pause / 1000 + 0.05)
    joined(begin(d))
    d.fresh()


def cookies():
    d = Device("--sec-ver", "1", "--pop", POP, "--auto-stop", "no")
    joined(begin(d, fresh=True))          # the cookie alone
    joined(begin(d, cookie="never"))      # the socket alone
    c = begin(d)
    other = d.client()
    other.proto_ver()                     # anybody who comes ends the session
    fails("transport", c.status)
    digit = c.link.cookie[-1]
    c.link.cookie = c.link.cookie[:-1] + ("1" if digit == "0" else "0")
    fails("transport", c.status)          # another number is another session
    for change in (lambda cookie: cookie + "; a=b", lambda cookie: cookie.upper()):
        c = begin(d)
        c.link.cookie = change(c.link.cookie)
        fails("transport", c.status)
    lost = d.client(cookie="never", fresh=True) # neither: each request is a session of its own
    lost.proto_ver()
    fails("transport", lost.session)
    d.fresh()


def raw(d, octets, then=b"", wait=5):
    s = socket.create_connection(tuple(d.address.rsplit(":", 1)), timeout=wait)
    try:
        s.sendall(octets)
        got = b""
        while then not in got or not then:
            more = s.recv(4096)
            if not more:
                break
            got += more
    except OSError:
        pass
    s.close()
    return got


def post(path, body=b"---", *fields):
    head = "\r\n".join((f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}",
                        *fields))
    return head.encode() + b"\r\n\r\n" + body


def strangers():
    d = Device(*DEVELOPMENT)
    first = lambda octets: raw(d, octets, b"\r\n\r\n").split(b"\r\n")[0].decode()
    for octets, status in (
            (post("/proto-ver"), "200"), (post("/nothing"), "404"), (post("/"), "404"),
            (post("/proto-ver", b"---", "Origin: http://evil"), "403"),
            (b"GET /proto-ver HTTP/1.1\r\n\r\n", "405"), (b"\x16\x03\x01", "400"),
            (b"POST proto-ver HTTP/1.1\r\n\r\n", "400"), (b"POST / HTTP/3.0\r\n\r\n", "400"),
            (b"POST / HTTP/1.2\r\n\r\n", "505"), (b"POST / HTTP/1.1\n\n", "400"),
            (b"POST /proto-ver HTTP/1.1\r\n\r\n", "411"),
            (post("/proto-ver", b"---", "Content-Length: 3"), "400"),
            (post("/proto-ver", b"---", "Transfer-Encoding: chunked"), "501"),
            (post("/proto-ver", b""), "400"), (post("/prov-config", b"x" * 4097), "413"),
            (b"POST / HTTP/1.1\r\nA: " + b"x" * 5000, "431")):
        got = first(octets)
        check(got.startswith(f"HTTP/1.1 {status} "), f"{octets[:60]} is answered by {status}", got)
    # Two at once on one socket, a body that comes late, a client that asks before it sends.
    got = raw(d, post("/proto-ver") + post("/proto-ver", b"---", "Connection: close"))
    check(got.count(b"HTTP/1.1 200 OK") == 2 and got.count(b"Set-Cookie") == 1, "two requests", got)
    s = socket.create_connection(tuple(d.address.rsplit(":", 1)), timeout=5)
    s.sendall(post("/proto-ver", b"---", "Expect: 100-continue")[:-3])
    check(s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n", "100 Continue")
    s.sendall(b"---")
    check(s.recv(1000).startswith(b"HTTP/1.1 200 OK"), "then the response")
    s.close()
    # More sockets than there are places: the session's own is not the one that goes.
    c = begin(d)
    crowd = [socket.create_connection(tuple(d.address.rsplit(":", 1))) for _ in range(9)]
    joined(c)
    for s in crowd:
        s.close()
    d.fresh()


def misuse():
    base = ("--transport", "unix:nobody", "--network", "sim:networks.conf", "--agent", "none")
    for options, words in (
            (("--provision", "espressif"), "security 2 needs"),
            (("--sec-ver", "1"), "say --provision espressif"),
            (("--provision", "espressif", "--pop", "x", *DEVELOPMENT), "goes with --sec-ver 1"),
            (("--provision", "espressif", "--sec-ver", "1", *DEVELOPMENT), "go with --sec-ver 2"),
            (("--provision", "espressif", "--sec-ver", "3"), "a number from 0 to 2"),
            (("--provision", "espressif", "--sec2-user", "x"), "security 2 needs"),
            (("--provision", "both", "--custom-data", "a", "--custom-data-command", "b",
              *DEVELOPMENT), "give one"),
            (("--provision", "other"), "one of troth, espressif, both"),
            (("--provision-http", "8080"), "an address and a port"),
            (("--provision-http", "127.0.0.1:99999"), "an address and a port")):
        p = Program("trothd", *base, *options)
        said = p.ends(2, f"{options}")
        check(words in said, f"{options}", said)
    p = Program("trothd", *base, "--store", "x.db", "--provision", "espressif", "--sec2-user", "x",
                "--sec2-password-file", "missing")
    check("missing" in p.ends(1, "a missing file"), "a missing file", p.text())


def main():
    open("networks.conf", "w").write(NETWORKS)
    open("password", "w").write(PASSWORD + "\n")
    open("pop", "w").write(POP + "\n")
    a = air()
    misuse()
    all_securities()
    the_life()
    commands()
    thread()
    both()
    production()
    what_goes_wrong()
    the_wrong_proof()
    cookies()
    strangers()
    said = "\n".join(everything)
    for secret in (PASSPHRASE, PASSWORD, POP, "not the passphrase"):
        check(secret not in said, "a secret was told", secret)
    a.end(15)


play(main, 110)
PY
