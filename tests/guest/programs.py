"""Programs that say something, on the host or in a guest: their lines, awaited with a deadline."""
import ctypes, json, os, re, select, signal, subprocess, time

BUILD = os.environ["TROTH_BUILD"]
BIN = os.environ["TROTH_BIN"]
SOURCE = os.environ["TROTH_SOURCE"]
LIMIT = 60  # seconds for one thing to happen; the guest's processor is emulated and often shared
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x01\x02]")
EMPTY = re.compile(r"\s*(\[[^\]]+\]# *)?$")  # nothing, or bluetoothctl's prompt
everything = []  # what may say something, in the order it was started
work = None      # the folder of this run, where the host's programs are; play() makes it


class Failed(Exception):
    pass


def check(truth, what, about=""):
    if not truth:
        raise Failed(f"{what}\n{about}".rstrip())


def pump(seconds):
    """Waits until something says something, and hears it."""
    sources = [s for s in everything if s.fileno() is not None]
    readable, _, _ = select.select([s.fileno() for s in sources], [], [], max(0, seconds))
    for s in sources:
        if s.fileno() in readable:
            s.hear()
    return bool(readable)


def wait(truth, what, seconds=LIMIT, about=lambda: ""):
    """Until truth() is true: asked again whenever something was said. What it returned."""
    end = time.monotonic() + seconds
    while True:
        got = truth()
        if got:
            return got
        left = end - time.monotonic()
        check(left > 0, f"not within {seconds} s: {what}", about())
        pump(min(left, 0.25))


def path(*names):
    """Of a file in the work folder."""
    return os.path.join(work, *names)


class Said:
    """A program's lines, those not yet awaited apart. What has no newline yet (a prompt) counts."""

    def __init__(self, name):
        self.name = name
        self.said = []
        self.at = 0       # the first line that was not awaited
        self.partial = ""
        self.status = None
        self.log = open(path("log", f"{len(everything):02}-{slug(name)}"), "w")
        everything.append(self)

    def fileno(self):
        return None

    def take(self, octets):
        text = octets.decode(errors="replace")
        self.log.write(text)
        self.log.flush()
        *whole, self.partial = ESCAPES.sub("", self.partial + text).replace("\r", "\n").split("\n")
        self.said += [line for line in whole if not EMPTY.match(line)]

    def text(self):
        return "\n".join(self.said + [self.partial])

    def until(self, truth, what="a certain line", seconds=LIMIT):
        """The first line from here on that truth() takes."""
        def look():
            while self.at < len(self.said):
                self.at += 1
                if truth(self.said[self.at - 1]):
                    return self.said[self.at - 1]
            if self.partial.strip() and truth(self.partial):
                line, self.partial = self.partial, ""
                self.said.append(line)
                self.at = len(self.said)
                return line
            check(self.status is None, f"{self.name} ended ({self.status}) before {what}",
                  self.text())
            return None
        return wait(look, f"{self.name}: {what}", seconds, self.text)

    def line(self, words, seconds=LIMIT):
        return self.until(lambda line: words in line, repr(words), seconds)

    def match(self, pattern, seconds=LIMIT):
        """The match of a regular expression."""
        found = re.compile(pattern)
        return found.search(self.until(found.search, repr(pattern), seconds))

    @staticmethod
    def fits(line, name, fields):
        try:
            e = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            return False
        return e.get("event") == name and all(e.get(k) == v for k, v in fields.items())

    def event(self, name, seconds=LIMIT, **fields):
        """The next of these, of a program that was given --json."""
        return json.loads(self.until(lambda line: self.fits(line, name, fields),
                                     f"event {name} {fields or ''}", seconds))

    def told(self, name, seconds=LIMIT, **fields):
        """One of these, among what was said or comes."""
        for line in self.said:
            if self.fits(line, name, fields):
                return json.loads(line)
        return self.event(name, seconds, **fields)

    def end(self, signal=None, seconds=LIMIT):
        """Its exit status."""
        if signal:
            self.kill(signal)
        wait(lambda: self.status is not None, f"{self.name} ends", seconds, self.text)
        return self.status

    def ends(self, status, what, seconds=LIMIT):
        """What it said."""
        got = self.end(seconds=seconds)
        check(got == status, f"{what}: exit status {got}, not {status}", self.text())
        return self.text()


def slug(name):
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name)[:60].strip("-")


def dies_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Program(Said):
    """A program of the host."""

    def __init__(self, *command, stdin=subprocess.DEVNULL, env=None):
        super().__init__(" ".join(os.path.basename(w) for w in command))
        self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, preexec_fn=dies_with_us, cwd=work,
                                        env=dict(os.environ, **(env or {})))

    def fileno(self):
        return self.process.stdout.fileno() if self.status is None else None

    def hear(self):
        octets = os.read(self.process.stdout.fileno(), 65536)
        if octets:
            self.take(octets)
        else:
            self.status = self.process.wait()

    def type(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def kill(self, signal=15):
        if self.status is None:
            self.process.send_signal(signal)

    def bury(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def program(name, *arguments, stdin=subprocess.DEVNULL, env=None):
    """One of Troth's, on the host. In the work folder: relative paths are apart from other runs'."""
    return Program(os.path.join(BIN, name), *arguments, stdin=stdin, env=env)


class Air(Program):
    """The radio. Captures of every controller are kept in captures/ when a test fails."""

    def __init__(self, *arguments):
        os.makedirs(path("captures"), exist_ok=True)
        super().__init__(os.path.join(BIN, "troth"), "air", "--listen", "unix:air", "--trace",
                         "--capture", "captures", *arguments)
        self.path = path("air")
        self.line("listening")

    # What Troth's programs on the host are given.
    transport = "unix:air"
