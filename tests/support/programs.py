"""The programs as a test sees them: started, their lines awaited, every one of them ended.

    from programs import *

    def main(): ...
    play(main)
"""
import json, os, signal, socket, subprocess

BIN = os.environ["TROTH_BIN"]
LIMIT = 30
running = []


def check(truth, what, about=""):
    if not truth:
        raise SystemExit(f"FAILED: {what}\n{about}")


class Program:
    """Everything it said is kept; stderr goes to the same lines unless it is asked for apart."""

    def __init__(self, name, *arguments, stdin=subprocess.DEVNULL):
        self.said = []
        self.process = subprocess.Popen([f"{BIN}/{name}", *arguments], stdin=stdin, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        running.append(self)

    def text(self):
        return "\n".join(self.said)

    def until(self, truth):
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if truth(self.said[-1]):
                return self.said[-1]
        raise SystemExit(f"FAILED: {self.process.args} ended early:\n{self.text()}")

    def line(self, words):
        return self.until(lambda line: words in line)

    @staticmethod
    def fits(line, name, fields):
        e = json.loads(line) if line.startswith("{") else {}
        return e.get("event") == name and all(e.get(k) == v for k, v in fields.items())

    def event(self, name, **fields):
        """The next of these."""
        return json.loads(self.until(lambda line: self.fits(line, name, fields)))

    def told(self, name, **fields):
        """One of these, among what was said or comes."""
        for line in self.said:
            if self.fits(line, name, fields):
                return json.loads(line)
        return self.event(name, **fields)

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self, signal=None):
        if signal:
            self.process.send_signal(signal)
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
        running.remove(self)
        if self.process.stdin:
            self.process.stdin.close()
        return self.process.wait(LIMIT)

    def ends(self, status, what):
        got = self.end()
        check(got == status, f"{what}: exit status {got}, not {status}", self.text())
        return self.text()


def air():
    a = Program("troth", "air", "--listen", "unix:air")
    a.line("listening")
    return a


def device(*arguments):
    """trothd, advertising as Lamp on unix:air; its lines are JSON."""
    if not os.path.exists("networks.conf"):
        with open("networks.conf", "w") as f:
            f.write("[network]\nssid = Meadow\nsecurity = open\n")
    d = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                "device.db", "--name", "Lamp", "--json", *arguments)
    d.event("advertising")
    return d


def client(*arguments, store="client.db", stdin=subprocess.DEVNULL):
    return Program("troth", *arguments, "--transport", "unix:air", "--store", store, stdin=stdin)


def tool(status, *arguments, input=None):
    """A command without a radio; what it said, stdout then stderr."""
    p = subprocess.run([f"{BIN}/troth", *arguments], text=True, capture_output=True, timeout=LIMIT,
                       input=input)
    check(p.returncode == status, f"troth {arguments}: exit status {p.returncode}, not {status}",
          p.stdout + p.stderr)
    return p.stdout + p.stderr


def forget(*stores):
    for store in stores or ("client.db", "device.db"):
        for end in ("", "-journal"):
            if os.path.exists(store + end):
                os.remove(store + end)


def play(main, seconds=100):
    def too_long(*_):
        raise SystemExit("FAILED: it takes too long\n" +
                         "\n".join(f"{p.process.args}\n{p.text()}" for p in running))
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        main()
        print("all of it happened")
    finally:
        for program in running:
            program.process.kill()
            program.process.wait()
