# The control socket of the device on this machine: who may, what it answers, what it bears; what
# the client says of it; and what the service manager is told.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
import stat
from control import *


def socket_of_it():
    open("control", "w").close()
    p = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                "device.db", "--agent", "none", "--control", "control")
    check("a file is in the way" in p.ends(1, "a file in the way"), "a file in the way", p.text())
    os.remove("control")
    left = socket.socket(socket.AF_UNIX)
    left.bind("control")  # as a power cut leaves it
    left.close()
    d = lamp()
    mode = stat.S_IMODE(os.stat("control").st_mode)
    check(mode == 0o660, f"mode {mode:o}")
    p = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                "other.db", "--agent", "none", "--control", "control")
    check("another trothd does" in p.ends(1, "two of them"), "two of them", p.text())
    s = ask(do="status")
    check(s == {"ok": True, "version": s["version"], "name": "Lamp", "state": "IDLE",
                "network": {"online": False, "stored": False, "by": "simulated networks"},
                "window": {"open": True, "policy": "always", "why": "it starts"},
                "bonds": 0, "links": 0, "radio": "unix:air", "provisioning": ["troth"]}, "status", s)

    c = Control()
    for wrong in (b"", b"{", b"7", b"[]", b'{"do":"dance"}', b'{"do":7}', b"\xff\xfe", b'{"do":"x\0y"}'):
        c.send(wrong + b"\n")
        got = json.loads(c.line())
        check(not got["ok"] and "status, window or erase" in got["error"], wrong, got)
    for wrong in ({}, {"open": 1}, {"open": True, "seconds": 0}, {"open": True, "seconds": 86401},
                  {"open": True, "seconds": "9"}):
        got = c.ask(do="window", **wrong)
        check(not got["ok"] and "true or false" in got["error"], wrong, got)
    c.send(b'{"do":"sta')  # in pieces, and two in one
    c.send(b'tus"}\n{"do":"status"}\n')
    check(json.loads(c.line())["ok"] and json.loads(c.line())["ok"], "pieces")
    c.send(b"x" * 512)
    check("511" in json.loads(c.line())["error"] and c.line() == b"", "too long a line")

    many = [Control() for _ in range(8)]
    for one in many:
        check(one.ask(do="status")["ok"], "eight at a time")
    check("try again" in json.loads(Control().line())["error"], "a ninth")
    slow, quick = many[0], many[1]
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    slow.socket.settimeout(0.5)
    try:  # who asks and never reads is let go of, and holds nobody up
        for _ in range(100000):
            slow.send(b'{"do":"status"}\n' * 20)
        check(False, "a slow reader is never let go of")
    except (BrokenPipeError, ConnectionResetError):
        pass
    check(quick.ask(do="status")["ok"], "beside a slow reader")
    for one in many:
        one.socket.close()
        one.lines.close()
    over(d)


def sentences():
    check("nobody listens at control" in troth(1, "status", "--local", "control"), "nobody")
    check("nobody listens at control" in troth(1, "window", "open", "control"), "nobody")
    check("nobody listens at control" in troth(1, "erase", "--local", "control"), "nobody")
    check("DEVICE is missing" in troth(2, "status"), "no operand")
    check("DEVICE is missing" in troth(2, "erase"), "no operand")
    check("open or close" in troth(2, "window", "ajar"), "ajar")
    check("--for goes with open" in troth(2, "window", "close", "--for", "3"), "close --for")
    other = socket.socket(socket.AF_UNIX)
    other.bind("other")
    other.listen()
    for answer, words in ((b"", "hung up"), (b"hello\n", "not one of trothd"),
                          (b"x" * 9000, "hung up")):
        p = Program("troth", "status", "--local", "other")
        c, _ = other.accept()
        c.recv(100)
        if answer:
            c.sendall(answer)
        c.close()
        check(words in p.ends(1, words), words, p.text())
    other.close()
    if os.geteuid() == 0:  # root may everything: as somebody else
        os.chmod(".", 0o755)
        closed = socket.socket(socket.AF_UNIX)
        closed.bind("closed")
        closed.listen()
        os.chmod("closed", 0o660)
        p = subprocess.run([f"{BIN}/troth", "status", "--local", "closed"], text=True, user=65534,
                           group=65534, extra_groups=[], capture_output=True)
        closed.close()
        check(p.returncode == 1 and "no permission for closed" in p.stderr, "permission", p.stderr)


def as_people_see_it():
    d = lamp("--window", "boot", open=True)
    provision(0)
    text = troth(0, "status", "--local", "control")
    check('Lamp: CONNECTED, Wi-Fi network "Meadow", 192.0.2.10' in text
          and "closed: the device is provisioned (policy: boot); troth window open opens it" in text
          and "1 bond, " in text, "status", text)
    text = troth(0, "window", "open", "control", "--for", "77")
    check("open for 77 s" in text or "open for 76 s" in text, "window", text)
    got = json.loads(troth(0, "window", "close", "control", "--json"))
    check(got["event"] == "result" and not got["open"], "close --json", got)
    got = json.loads(troth(0, "erase", "--local", "control", "--json"))
    check(got["erased"] and got["bonds"] == 1, "erase --json", got)
    d.told("forgot", bonds=1)
    got = json.loads(troth(0, "status", "--local", "control", "--json"))
    check(got["state"] == "IDLE" and got["bonds"] == 0 and "name" not in got["network"], "erased", got)
    check("0 bonds" in troth(0, "erase", "--local", "control"), "nothing left to erase")
    window(True)
    over(d)


def service():
    """By its own variables, as systemd sets them."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("notify")
    manager.settimeout(LIMIT)
    os.mkdir("run")
    told = []

    def until(truth):
        while not any(map(truth, told)):
            told.extend(manager.recv(4096).decode().split("\n"))
        told.clear()
    os.environ.update(NOTIFY_SOCKET=os.path.abspath("notify"), WATCHDOG_USEC="1000000",
                      RUNTIME_DIRECTORY=f"{os.getcwd()}/run:/elsewhere")
    d = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                "device.db", "--name", "Lamp", "--json", "--agent", "none")
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "RUNTIME_DIRECTORY"):
        del os.environ[name]
    until(lambda line: line == "READY=1")
    until(lambda line: line == "STATUS=IDLE; window open; 0 links, 0 bonds")
    check("Lamp: IDLE" in troth(0, "status", "--local", "run/control"), "$RUNTIME_DIRECTORY")
    for _ in range(2):
        until(lambda line: line == "WATCHDOG=1")
    provision(0)
    until(lambda line: line == "STATUS=CONNECTED: Meadow; window open; 0 links, 1 bond")
    check(d.end(signal.SIGTERM) == 0, "stop", d.text())
    until(lambda line: line == "STOPPING=1")
    check(not os.path.exists("run/control"), "the socket is left behind")
    forget()


def main():
    networks()
    a = air()
    socket_of_it()
    sentences()
    as_people_see_it()
    service()
    a.end(signal.SIGTERM)


play(main)
PY
