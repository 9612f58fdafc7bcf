"""The story of tests/programs/esp_prov_http.sh."""
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

ROOT = os.environ["TROTH_SOURCE"]
sys.path[:0] = [ROOT + "/tests/interop/protocomm", ROOT + "/tests/support"]
import device as device_module  # noqa: E402
import security  # noqa: E402
from screen import Screen  # noqa: E402
from support import DEMO, make_device, network  # noqa: E402

TROTH = os.environ["TROTH_BIN"] + "/troth"
POP, NAME, PASSWORD, PASSPHRASE = "abcd1234", "wifiprov", "abcd1234", "passw0rd"
KEY = "00112233445566778899aabbccddeeff"
SECRETS = (KEY, PASSPHRASE, "wr0ngw0rd", DEMO.hex(), POP)
SEC2 = ("--sec2-username", NAME, "--sec2-password-file", "password")
SEC1 = ("--pop-file", "password")
NET = ("--ssid", "net0", "--password-file", "passphrase")
NO_POLL = {"polls": 0}


def check(truth, what, about=""):
    if not truth:
        raise SystemExit(f"FAILED: {what}\n{about}")


class Served:
    """A device at work, and all that it told."""

    def __init__(self, *options):
        self.events = []
        self.device, args = make_device(*options)
        self.device.event = self.device.manager.event = lambda **e: self.events.append(e)
        self.http = device_module.Http(self.device, failure=args.http_failure)
        self.where = f"127.0.0.1:{self.http.port}"
        self.thread = threading.Thread(target=self.http.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.stop()
        self.thread.join()

    def told(self, name):
        return [e for e in self.events if e["event"] == name]


def run(*arguments, status=0, input=None, way=None, secrets=SECRETS):
    """troth provision ...; what it said, a secret never."""
    p = subprocess.run([TROTH, "provision", *arguments, *(("--http", way) if way else ())],
                       text=True, capture_output=True, timeout=110, input=input or "")
    said = p.stdout + p.stderr
    check(p.returncode == status, f"{arguments}: exit status {p.returncode}, not {status}", said)
    check("Sanitizer" not in said, f"{arguments}: a sanitizer complains", said)
    for secret in secrets:
        check(secret not in said, f"{arguments}: {secret} was said", said)
    return p.stdout, p.stderr


def events(out, name):
    told = [json.loads(line) for line in out.splitlines()]
    return [e for e in told if e["event"] == name]


def result(d, *arguments, status=0, secrets=SECRETS):
    """With --json: the one result, or the one failure."""
    out, _ = run(*arguments, "--json", status=status, way=d.where, secrets=secrets)
    told = events(out, "failed" if status else "result")
    check(len(told) == 1, f"{arguments}: not one outcome", out)
    return told[0]


# ---- what succeeds ----

def zero_hash_password():
    """One whose H(name:password) begins with zero."""
    n = 0
    while hashlib.sha512(f"{NAME}:word{n}".encode()).digest()[0]:
        n += 1
    return f"word{n}"


def every_security():
    cases = [
        (("--sec", "0"), ("--sec-ver", "0")),
        (("--sec", "0", "--firmware", "idf-4.4"), ("--sec-ver", "0")),
        (("--sec", "1", "--pop", POP), SEC1),
        (("--sec", "1", "--pop", POP, "--firmware", "idf-4.4"), SEC1),
        (("--sec", "1", "--pop", POP, "--firmware", "idf-3"), SEC1),
        (("--sec", "1", "--pop", POP, "--http-failure", "500"), (*SEC1, "--sec-ver", "1")),
        (("--sec", "1"), ()),
        (("--sec", "1"), SEC1),
        (("--sec", "2"), SEC2),
        (("--sec", "2", "--empty", "absent"), SEC2),
        (("--sec", "2", "--firmware", "idf-5.4.1"), (*SEC2, "--sec-ver", "2")),
        (("--sec", "2", "--firmware", "idf-5.0"), SEC2),
        (("--sec", "2", "--patch", "0"), SEC2),
        # Such a device draws some 256 times, which may take a slow machine longer than usual.
        (("--sec", "2", "--shape", "short-B"), (*SEC2, "--timeout", "100")),
        (("--sec", "2", "--shape", "zero-K"), (*SEC2, "--timeout", "100")),
        (("--sec", "2", "--salt-shape", "zero"), SEC2),
    ]
    for made, options in cases:
        with Served(*made, *network(**NO_POLL)) as d:
            if "idf-3" in made:  # too old to say that it can scan
                run("wifi", *options, "--list", way=d.where, status=1)
            else:
                out, _ = run("wifi", *options, "--list", way=d.where)
                check(re.search(r"\[ 1\] net0 .* 020000000001 +6 +-40 +WPA2", out), "the table", out)
    for made, options in cases[::5]:
        with Served(*made, *network(**NO_POLL)) as d:
            got = result(d, "wifi", *options, *NET)
            check((got["state"], got["ssid"], got["address"]) ==
                  ("CONNECTED", "net0", "192.168.1.7"), "joined", got)
            check(d.told("joined"), "the device joined", d.events)


def verifiers_of_esp_prov():
    """x without its leading zero: a second session, and no more than that."""
    word = zero_hash_password()
    with open("word", "w") as f:
        f.write(word)
    for of, sessions in (("rfc", 0), ("esp-prov", 1)):
        with Served("--sec", "2", "--password", word, "--verifier-of", of) as d:
            run("wifi", "--sec2-username", NAME, "--sec2-password-file", "word", "--list",
                way=d.where)
            check(len(d.told("refused")) == sessions, f"{of}: refusals", d.events)
    with Served("--sec", "2") as d:
        run("wifi", "--sec2-username", NAME, "--sec2-password-file", "word", "--list",
            way=d.where, status=1)
        check(len(d.told("refused")) == 2, "a wrong password is tried in both readings", d.events)


def wifi():
    script = {**NO_POLL, "wifi": [{"ssid": "Café", "password": "", "auth": 0}]}
    with Served(*network(**script)) as d:
        got = result(d, "wifi", *SEC2, "--ssid", "Café", "--security", "open")
        check(got["ssid"] == "Café" and got["auth"] == "open", "an open network", got)
    with Served(*network(polls=1)) as d:
        out, _ = run("wifi", "--sec2-username", NAME, "--sec2-password-file", "-", "--ssid", "net0",
                     "--password", "-", "--json", way=d.where, input=f"{PASSWORD}\n{PASSPHRASE}\n")
        check([e["state"] for e in events(out, "status")] == ["CONNECTING"], "progress", out)


def pages():
    """More than one page, none longer than the protocol's; sorted as the device sorts."""
    many = [{"ssid": f"net{n}", "password": "", "rssi": -30 - n, "auth": n % 8} for n in range(11)]
    for count in (1, 4, 5, 8, 11):
        with Served(*network(wifi=many[:count])) as d:
            out, _ = run("wifi", *SEC2, "--list", "--json", way=d.where)
            got = events(out, "network")
            check([e["network"] for e in got] == [n["ssid"] for n in many[:count]], "order", out)
            check([e["rssi"] for e in got] == [n["rssi"] for n in many[:count]], "signal", out)
    with Served(*network(wifi=[])) as d:
        check(events(run("wifi", *SEC2, "--list", "--json", way=d.where)[0], "network") == [],
              "none")


def thread():
    with open("dataset", "w") as f:
        f.write(DEMO.hex() + "\n")
    with open("key", "w") as f:
        f.write(KEY + "\n")
    thread_device = ("--family", "thread", *network(**NO_POLL))
    for options in (("--dataset", "dataset"), ("--dataset", "-"),
                    ("--network", "OpenThreadDemo", "--network-key-file", "key"),
                    ("--network", "1111111122222222", "--network-key-file", "key")):
        with Served(*thread_device) as d:
            out, _ = run("thread", *SEC2, *options, "--json", way=d.where,
                         input=DEMO.hex() + "\n")
            got = events(out, "result")[0]
            check((got["state"], got["network"], got["pan_id"]) ==
                  ("ATTACHED", "OpenThreadDemo", 0x1234), "attached", got)
    with Served(*thread_device) as d:
        out, _ = run("thread", *SEC2, "--list", way=d.where)
        check(re.search(r"\[ 1\] 4660 +1111111122222222 +OpenThreadDemo +0200000000000001 +15 +-50"
                        r" +9\n", out), "the table", out)
        got = result(d, "wifi", *SEC2, *NET, status=1)
        check(got["result"] == "OTHER_NETWORK" and "troth provision thread" in got["text"],
              "of the other family", got)
        got = result(d, "thread", *SEC2, "--network", "Nowhere", "--network-key-file", "key",
                     status=1)
        check(got["result"] == "NOT_SEEN" and "sees no network" in got["text"], "not there", got)
        with open("other", "w") as f:
            f.write("ff" * 16)
        got = result(d, "thread", *SEC2, "--network", "OpenThreadDemo", "--network-key-file",
                     "other", status=1)
        check(got["result"] == "NOT_FOUND", "the wrong key", got)


# ---- what fails, and how it is said ----

def failures():
    """(device, client, result, what the sentence has)"""
    with open("wrong", "w") as f:
        f.write("wr0ngw0rd\n")
    sec2_wrong = ("--sec2-username", NAME, "--sec2-password-file", "wrong")
    cases = [
        (("--sec", "1", "--pop", POP), ("--pop-file", "wrong", *NET), "WRONG_PROOF",
         "proof of possession"),
        (("--sec", "2"), (*sec2_wrong, *NET), "WRONG_PROOF", "user name or the password"),
        (("--sec", "2", "--http-failure", "500"), (*sec2_wrong, *NET), "WRONG_PROOF", "status 500"),
        (("--sec", "2"), ("--sec2-username", "other", *SEC2[2:], *NET), "WRONG_PROOF", "password"),
        (("--sec", "0"), NET, "NO_SECURITY", "--sec-ver 0"),
        (("--sec", "0"), (*SEC1, *NET), "NO_SECURITY", "--sec-ver 0"),
        (("--sec", "1", "--pop", POP), (*SEC2, *NET), "OTHER_SECURITY", "user name"),
        (("--sec", "1", "--pop", POP), (*SEC2, "--sec-ver", "2", *NET), "OTHER_SECURITY",
         "--sec-ver 1"),
        (("--sec", "2"), (*SEC1, "--sec-ver", "1", *NET), "OTHER_SECURITY", "--sec-ver 2"),
        (("--sec", "1", "--pop", POP), NET, "NOBODY_TO_ASK", "--pop-file"),
        (("--sec", "2"), NET, "NOBODY_TO_ASK", "--sec2-username"),
        (("--sec", "2"), (*SEC2, *NET, "--proto-ver", "v9"), "OTHER_VERSION", "netprov-v1.2"),
        (("--sec", "2"), (*SEC2, "--ssid", "net0", "--password-file", "wrong"), "AUTH_ERROR", ""),
        (("--sec", "2"), (*SEC2, "--ssid", "net9", "--password-file", "wrong"), "NOT_FOUND", ""),
        (("--sec", "2", *network(fail="never")), (*SEC2, *NET, "--timeout", "4"), "TIMED_OUT",
         "--timeout"),
    ]
    for made, options, why, words in cases:
        with Served(*(made if "--network" in made else (*made, *network(**NO_POLL)))) as d:
            got = result(d, "wifi", *options, status=1)
            check(got["result"] == why and words in got["text"], f"{options}: {why}, {words}", got)
            check(not d.told("joined"), "nothing was joined")
    with Served(*network(attempts=3, polls=0)) as d:
        out, _ = run("wifi", *SEC2, "--ssid", "net9", "--password-file", "wrong", "--json",
                     way=d.where, status=1)
        check([e["attempts_left"] for e in events(out, "status")] == [2, 1], "attempts", out)


def another_try():
    """A failure, no second network without a reset, a reset, success; then only reprov helps."""
    wrong = (*SEC2, "--ssid", "net0", "--password-file", "wrong")
    with Served("--no-auto-stop", *network(**NO_POLL)) as d:
        check(result(d, "wifi", *wrong, status=1)["result"] == "AUTH_ERROR", "a failure")
        got = result(d, "wifi", *SEC2, *NET, status=1)
        check(got["result"] == "INTERNAL_ERROR" and "--reset" in got["text"], "the cure", got)
        check(result(d, "wifi", *SEC2, "--reset")["done"] == "reset", "reset")
        check(result(d, "wifi", *SEC2, *NET)["state"] == "CONNECTED", "joined at last")
        got = result(d, "wifi", *SEC2, "--reset", status=1)
        check(got["result"] == "INTERNAL_ERROR", "no reset after success", got)
        check(result(d, "wifi", *SEC2, "--reprov")["done"] == "reprov", "reprov")
        check(result(d, "wifi", *SEC2, *NET)["state"] == "CONNECTED", "joined once more")
    with Served(*network(**NO_POLL)) as d:
        check(result(d, "wifi", *SEC2, "--reprov", status=1)["result"] == "INTERNAL_ERROR",
              "no reprov where the device stops by itself")


# ---- esp_prov's command lines ----

def spellings():
    with Served(*network(**NO_POLL)) as d:
        # These secrets are on the command line already; that is what is warned of.
        _, err = run("--transport", "softap", "--service_name", d.where, "--sec_ver", "2",
                     "--sec2_username", NAME, "--sec2_pwd", PASSWORD, "--ssid", "net0",
                     "--passphrase", PASSPHRASE, "--custom_data", "MyCustomData", "--proto_ver",
                     "NETPROV-V1.2", "-v")
        for option, instead in (("--sec2_pwd", "--sec2-password-file"),
                                ("--passphrase", "--password-file"),
                                ("--custom_data", "--custom-data-file")):
            check(f"{option}: others can read a command line; {instead} FILE" in err, "warned", err)
        check("the device answers: SUCCESS" in err, "custom data", err)
        check(d.told("custom") == [{"event": "custom", "endpoint": "custom-data",
                                    "hex": b"MyCustomData".hex()}], "custom data", d.events)
    with Served("--sec", "1", "--pop", POP, "--family", "thread", *network(**NO_POLL)) as d:
        _, err = run("--transport", "httpd", "--service_name", d.where, "--pop", POP,
                     "--dataset_tlvs", DEMO.hex())
        check("--pop-file FILE" in err and "--dataset FILE" in err, "warned", err)
        check(d.told("joined"), "attached", d.events)
    # What a script hands on without a value is not given; the device's kind chooses of two networks.
    both = ("--ssid", "net0", "--passphrase", PASSPHRASE, "--dataset_tlvs")
    for family, *empty in (("wifi", *both, ""), ("wifi", *both, DEMO.hex()),
                           ("thread", *both, DEMO.hex()),
                           ("wifi", "--proto_ver", "", "--custom_data", "", "--pop", "",
                            "--sec2_username", "", "--sec2_pwd", "", *both[:4])):
        with Served("--sec", "1", "--family", family, *network(**NO_POLL)) as d:
            run("--transport", "softap", "--service_name", d.where, *empty)
            check(d.told("joined"), f"{empty}: joined", d.events)
    with Served("--sec", "1", *network(fail="auth", polls=0)) as d:
        run("--transport", "softap", "--service_name", d.where, "--ssid", "net0", "--passphrase",
            PASSPHRASE, status=1)
        run("--transport", "softap", "--service_name", d.where, "--reset")
        run("--transport", "softap", "--service_name", d.where, "--reprov", status=1)
    with open("data", "wb") as f:
        f.write(bytes(range(256)))
    with Served("--sec", "2", "--firmware", "idf-5.0", *network(**NO_POLL)) as d:
        run("wifi", *SEC2, "--custom-data-file", "data", "--list", way=d.where)
        check(d.told("custom")[0]["hex"] == bytes(range(256)).hex(), "any octets", d.events)
    for length, word in ((0, "NO_CUSTOM_DATA"), (4096, None), (4097, "TOO_LONG")):
        with open("data", "wb") as f:
            f.write(bytes(length))
        with Served("--sec", "1", *network(**NO_POLL)) as d:
            if word:
                got = result(d, "wifi", *NET, "--custom-data-file", "data", status=1)
                check(got["result"] == word and not d.told("custom"), f"{length} octets", got)
            else:
                run("wifi", "--custom-data-file", "data", "--list", way=d.where)
                check(d.told("custom")[0]["hex"] == bytes(length).hex(), "all of it", d.events)
    _, err = run("wifi", *NET, "--custom-data-file", "none", way="127.0.0.1:1", status=2)
    check("--custom-data-file none: No such file" in err, "looked at first", err)


def codes():
    """What a QR code tells, options need not."""
    with open("qr", "w") as f:
        json.dump({"ver": "v1", "name": "PROV_C0FFEE", "username": NAME, "pop": PASSWORD,
                   "transport": "softap", "network": "wifi"}, f)
    with Served(*network(**NO_POLL)) as d:
        run("wifi", "--qr", "qr", "--list", way=d.where)
    with Served("--sec", "1", "--pop", POP) as d:
        run("wifi", "--qr", "qr", "--list", way=d.where, status=1)
    with open("qr", "w") as f:
        json.dump({"ver": "v1", "name": "PROV_C0FFEE", "pop": POP, "transport": "ble",
                   "security": 1}, f)
    with Served("--sec", "1", "--pop", POP) as d:
        run("wifi", "--qr", "qr", "--list", way=d.where)
    with open("qr", "w") as f:
        f.write('{"ver":"v1"')
    _, err = run("wifi", "--qr", "qr", "--list", status=2, way="127.0.0.1:1")
    check(err.startswith("troth provision wifi: --qr qr: "), "a torn code", err)
    with open("qr", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
    _, err = run("wifi", "--qr", "qr", "--list", status=2, way="127.0.0.1:1")
    check("cannot read this picture" in err, "half a picture", err)


def credentials():
    """As C, JSON and octets: each is the verifier of this password, and a device takes it."""
    made = ("--sec2_gen_cred", "--sec2_username", NAME, "--sec2-password-file", "password")
    out, _ = run("--transport", "ble", "--sec_ver", "2", *made)
    arrays = {name: bytes(int(n, 16) for n in re.findall(r"0x(\w\w)", body))
              for name, body in re.findall(r"static const char (\w+)\[\] = \{([^}]*)\};", out)}
    check(set(arrays) == {"sec2_salt", "sec2_verifier"}, "two arrays", out)
    check([len(a) for a in arrays.values()] == [16, 384], "their lengths", out)
    found = [(arrays["sec2_salt"], arrays["sec2_verifier"])]
    for length in (1, 16, 37):
        got = json.loads(run("wifi", *made, "--sec2_salt_len", str(length), "--cred-format",
                             "json")[0])
        check(len(got["salt"]) == 2 * length, "a salt's length", got)
        found.append((bytes.fromhex(got["salt"]), bytes.fromhex(got["verifier"])))
    run("thread", *made, "--cred-format", "binary", "--cred-out", "made")
    with open("made.salt", "rb") as salt, open("made.verifier", "rb") as verifier:
        found.append((salt.read(), verifier.read()))
    check(os.stat("made.verifier").st_mode & 0o777 == 0o600, "for the owner alone")
    check(len({salt for salt, _ in found}) == len(found), "every salt is another")
    for salt, verifier in found:
        right = security.pad(security.verifier(salt, NAME.encode(), PASSWORD.encode()))
        check(salt[0] and verifier == right, "the verifier", salt.hex())
    with Served("--salt", found[0][0].hex()) as d:
        run("wifi", *SEC2, "--list", way=d.where)
    with open("word", "w") as f:
        f.write(zero_hash_password())
    _, err = run("wifi", *made[:3], "--sec2-password-file", "word", status=1)
    check("choose another password" in err and "zero" in err, "a password refused", err)
    for options, words in ((made[:1], "--sec2-username"), ((*made, "--sec_ver", "1"), "security 2"),
                           ((*made, "--cred-format", "binary"), "--cred-out"),
                           ((*made, "--sec2_salt_len", "0"), "a number from 1")):
        _, err = run(*options, status=2)
        check(words in err, f"{options}: {words}", err)


# ---- a person at a terminal ----

def terminal():
    routers = [{"name": "Old", "key": "22" * 16, "rssi": -70},
               {"name": "OpenThreadDemo", "key": KEY, "ext_addr": "02000000000000ff"}]
    with Served("--family", "thread", *network(polls=0, thread=routers)) as d:
        screen = Screen("provision", "thread", "--http", d.where)
        screen.shows("user name of security 2.*: ")
        screen.types(NAME)
        screen.shows("password of security 2.*: ")
        screen.types(PASSWORD)
        for answer in ("3", "x", "0", "2"):
            screen.shows(r"by number \(0 to rescan\): ")
            screen.types(answer)
        check(len(d.told("scan")) == 2, "0 looks again", d.events)
        screen.shows(r"Network key \(not shown; empty to pick another network\): ")
        screen.types("0011")
        screen.shows("32 hexadecimal digits")
        screen.shows("Network key.*: ")
        screen.types(KEY)
        screen.shows('attached to the Thread network "OpenThreadDemo"')
        screen.ends(0, SECRETS)
        check(screen.text.count("[ 2] 4660") == 2, "two tables", screen.text)
    with Served("--sec", "1", "--pop", POP, *network(**NO_POLL)) as d:
        screen = Screen("provision", "wifi", "--http", d.where)
        screen.shows("proof of possession.*: ")
        screen.types(POP)
        screen.shows(r"\[ 1\] net0 .* WPA2.*\n\[ 2\] open .* open")
        screen.shows(r"by number \(0 to rescan\): ")
        screen.types("1")
        screen.shows("Password .*: ")
        screen.types(PASSPHRASE)
        screen.shows('connected to "net0"')
        screen.ends(0, SECRETS)
    with Served("--sec", "1", *network(**NO_POLL)) as d:
        screen = Screen("provision", "wifi", "--http", d.where)
        screen.shows(r"by number \(0 to rescan\): ")
        screen.types("2")
        screen.shows('connected to "open"')
        screen.ends(0, SECRETS)


# ---- devices that misbehave ----

@contextlib.contextmanager
def impostor(*answers):
    """Gives each request the next answer and closes; the requests. None: says nothing at all."""
    requests, open_ones = [], []
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        for answer in answers:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            data = b""
            while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < int(
                    re.search(rb"Content-Length: (\d+)", data).group(1)):
                data += peer.recv(65536)
            requests.append(data)
            if answer is None:
                open_ones.append(peer)
                continue
            with contextlib.suppress(OSError):
                peer.sendall(answer)
            peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}", requests
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for peer in open_ones:
            peer.close()


def http(body, *headers, status="200 OK", length=True):
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def strange_devices():
    version = b'{"prov":{"ver":"v1.1","sec_ver":%d,"cap":["wifi_scan"]}}'
    for answer, words in (
            (b"", "without an answer"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "ends in its middle"),
            (b"SSH-2.0-OpenSSH_9\r\n\r\n", "not what HTTP has"),
            (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n", "not what HTTP has"),
            (http(b"{}", "Transfer-Encoding: chunked"), "not what HTTP has"),
            (http(b"", status="404 Not Found"), "status 404"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", "not what HTTP has"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not what HTTP has"),
            (http(b"<html> </html>"), "not one that is understood"),
            (http(b"<html> </html>", length=False), "not one that is understood"),
            (http(version % 7), "security 7")):
        with impostor(answer) as (where, requests):
            _, err = run("wifi", *SEC2, *NET, way=where, status=1)
            check(words in err, f"{answer[:60]}: {words}", err)
            check(len(requests) == 1 and requests[0].startswith(b"POST /proto-ver HTTP/1.1\r\n"),
                  "asked once", requests)
    with impostor(http(br'{"prov":{"ver":"\u001b[2J","sec_ver":1,"cap":[]}}'), b"") as (where, _):
        _, err = run("wifi", *SEC1, *NET, way=where, status=1)
        check("\x1b" not in err and "speaks \\x1b[2J with" in err, "a version for a terminal", err)
    with impostor(None) as (where, requests):
        _, err = run("wifi", *SEC2, *NET, "--timeout", "1", way=where, status=1)
        check("did not answer in time" in err, "silence", err)
    # The cookie alone, as it was set; and no request is ever repeated.
    answers = (http(version % 1, "set-cookie: session=42; Path=/"), b"")
    with impostor(*answers, b"", b"") as (where, requests):
        run("wifi", *SEC1, *NET, way=where, status=1)
        check(len(requests) == 2 and b"Cookie" not in requests[0] and
              b"\r\nCookie: session=42\r\n" in requests[1], "the cookie", requests)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        where = f"127.0.0.1:{unused.getsockname()[1]}"
    _, err = run("wifi", *SEC2, *NET, way=where, status=1)
    check("does not answer" in err, "nobody there", err)


def misuse():
    for options, words in (
            (("wifi", *NET, "--http", "127.0.0.1:0"), "write it like"),
            (("wifi", *NET, "--http", "a b"), "write it like"),
            (("wifi", *NET, "--http", "fe80::1"), "write it like"),
            (("wifi", *NET, "--http", "127.0.0.1:80x"), "write it like"),
            (("wifi", *NET, "--transport", "console"), "the console is not spoken"),
            (("wifi", *NET, "--ble_adapter", "default"), "named like hci0"),
            (("wifi", *NET, "--ble_adapter", "hci0x"), "named like hci0"),
            (("wifi", *NET, "--ble_adapter", "hci0", "--transport", "unix:air"), "only one"),
            (("wifi", *NET, "--http", "127.0.0.1:1", "--transport", "ble"), "another"),
            (("wifi", *NET, "--http", "127.0.0.1:1", "lamp"), "'lamp' is not expected"),
            (("wifi", "--http", "127.0.0.1:1"), "give --ssid"),
            (("wifi", "--http", "127.0.0.1:1", "--reset", "--reprov"), "only one can be given"),
            (("wifi", *NET, *SEC1, "--pop", "x", "--http", "127.0.0.1:1"), "only one can be given"),
            (("wifi", *NET, "--passphrase", "x" * 8, "--http", "127.0.0.1:1"), "only one can"),
            (("wifi", "--ssid", "net0", "--passphrase", "x", "--http", "127.0.0.1:1"), "8 to 63"),
            (("wifi", *NET, "--sec-ver", "3", "--http", "127.0.0.1:1"), "one of 0, 1, 2"),
            (("thread", "--http", "127.0.0.1:1"), "--dataset FILE"),
            (("thread", "--dataset_tlvs", "0x", "--http", "127.0.0.1:1"), "--dataset_tlvs"),
            (("thread", "--dataset_tlvs", "000300000f", "--http", "127.0.0.1:1"), "--dataset_tlvs"),
            (("thread", "--network", "x", "--network-key-file", "wrong", "--http", "127.0.0.1:1"),
             "32 hexadecimal digits"),
            (("thread", "--dataset", "dataset", "--network", "x", "--http", "127.0.0.1:1"),
             "names the network")):
        _, err = run(*options, status=2, secrets=())
        check(words in err and err.count("\n") == 1, f"{options}: {words}", err)
    # esp_prov's adapter is bluetoothd's, whatever the controller would be without it
    os.environ.update(DBUS_SYSTEM_BUS_ADDRESS="unix:path=nowhere", TROTH_TRANSPORT="unix:nowhere")
    _, err = run("wifi", *NET, *SEC1, "--transport", "ble", "--ble_adapter", "hci1", "lamp", status=1)
    check("system bus, which cannot be opened" in err, "over bluetoothd", err)
    del os.environ["DBUS_SYSTEM_BUS_ADDRESS"], os.environ["TROTH_TRANSPORT"]


def main():
    with open("password", "w") as f:
        f.write(PASSWORD + "\n")
    with open("passphrase", "w") as f:
        f.write(PASSPHRASE + "\n")
    for story in (every_security, verifiers_of_esp_prov, wifi, pages, thread, failures, another_try,
                  spellings, codes, credentials, terminal, strange_devices, misuse):
        story()
        print(story.__name__, flush=True)


os.environ["NO_COLOR"] = "1"
for gone in ("TROTH_TRANSPORT", "STATE_DIRECTORY"):
    os.environ.pop(gone, None)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.environ["XDG_STATE_HOME"] = folder
    main()
