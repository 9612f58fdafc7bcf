#!/usr/bin/env bash
# troth provision wifi as a person does it: at a terminal, asked for everything, the password unseen.
set -u
exec python3 - <<'PY'
import os, pty, re, select, shutil, signal, socket, subprocess, sys, tempfile, termios, time

bin = os.environ["TROTH_BIN"]
dir = tempfile.mkdtemp()
where = "unix:" + dir + "/air"
children = []
env = {**os.environ, "XDG_STATE_HOME": dir, "TROTH_TRANSPORT": where, "TERM": "xterm"}
for name in ("NO_COLOR", "STATE_DIRECTORY"):
    env.pop(name, None)


class Screen:
    """A program at a terminal: what it shows, what is typed."""
    def __init__(self, *argv):
        self.text, self.at = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, env)

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.text += data.decode(errors="replace")
        return bool(data)

    def shows(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while True:
            m = re.compile(pattern).search(self.text, self.at)
            if m:
                self.at = m.end()
                return m
            if time.monotonic() > end or not self.read(0.2):
                sys.exit(f"no {pattern!r} on the screen:\n{self.text}")

    def types(self, line):
        os.write(self.fd, line.encode() + b"\r")

    def ends(self):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.read(0.2):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(*argv):
    p = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    children.append(p)
    return p


def line(p, pattern):
    for text in p.stdout:
        if re.search(pattern, text):
            return
    sys.exit(f"ended without {pattern!r}")


def story():
    with open(dir + "/networks", "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = wpa2\npassword = clover and rye\n")
    line(start(bin + "/troth", "air", "--listen", where), "listening on")
    line(start(bin + "/trothd", "--transport", where, "--network", f"sim:{dir}/networks", "--store",
               dir + "/device.db", "--name", "Lamp", "--security", "authenticate", "--agent",
               f"unix:{dir}/agent"), "advertising as")
    display = socket.socket(socket.AF_UNIX)
    display.settimeout(40)
    display.connect(dir + "/agent")
    lines = display.makefile()

    screen = Screen(bin + "/troth", "provision", "wifi")
    screen.shows(r"\[  1\].*Lamp.*Wi-Fi provisioning")
    screen.shows(r"by number \(0 looks again\): ")
    screen.types("7")
    screen.shows("A number from 0 to 1")
    screen.shows("again\\): ")
    screen.types("0")
    screen.shows(r"\[  1\].*Lamp")
    screen.shows("again\\): ")
    screen.types("1")
    passkey = re.match(r"display passkey (\d{6})", lines.readline()).group(1)
    screen.shows("Passkey that Lamp .* displays")
    screen.types(passkey[:3] + " " + passkey[3:])
    screen.shows("paired: authenticated, Secure Connections, 16-octet key, bonded")
    screen.shows("IDLE, no network yet")
    screen.shows(r"SSID\): ")
    screen.types("x" * 33)
    screen.shows("has 1 to 32 octets, and this one has 33")
    screen.shows(r"SSID\): ")
    screen.types("Meadow")
    screen.shows("Password .*: ")
    screen.types("seven77")
    screen.shows("8 to 63 characters")
    screen.shows("Password .*: ")
    screen.types("clover and rye")
    screen.shows("status: CONNECTING")
    screen.shows("Status +CONNECTED")
    assert screen.ends() == 0, "exit status"
    for secret in ("clover and rye", "seven77"):
        assert secret not in screen.text, "a password was shown: " + screen.text
    assert "\033[" in screen.text, "no colour on a terminal"

    # Ctrl-C at a prompt: nothing happens to the device, and the program says so.
    screen = Screen(bin + "/troth", "provision", "wifi", "Lamp")
    screen.shows(r"SSID\): ")
    os.write(screen.fd, b"\x03")
    screen.shows("interrupted")
    assert screen.ends() == 1, "exit status after Ctrl-C"

    # A hang-up or a plain kill at the password: the terminal shows again what is typed.
    for number in (signal.SIGHUP, signal.SIGTERM):
        screen = Screen(bin + "/troth", "provision", "wifi", "Lamp", "--ssid", "Meadow")
        screen.shows("Password .*: ")
        echo = lambda: bool(termios.tcgetattr(screen.fd)[3] & termios.ECHO)
        assert not echo(), "the password is shown"
        os.kill(screen.pid, number)
        end = time.monotonic() + 10
        while not echo():
            assert time.monotonic() < end, f"no echo after {number}"
            time.sleep(0.02)
        assert screen.ends() != 0, f"exit status after {number}"
    print("ok")


signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
try:
    story()
finally:
    for p in reversed(children):
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
    shutil.rmtree(dir)
PY
