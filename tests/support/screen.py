"""A program at a terminal, as a person sees it."""
import fcntl, os, pty, re, select, struct, termios

LIMIT = 30


class Screen:
    """What it shows, what is typed; every failure shows the screen."""

    def __init__(self, *arguments, program="troth", columns=0, environment=()):
        self.text, self.at = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            program = os.environ["TROTH_BIN"] + "/" + program
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("4H", 50, columns, 0, 0))
            os.environ.update(environment)
            os.execv(program, [program, *arguments])

    def check(self, truth, what):
        if not truth:
            raise SystemExit(f"FAILED: {what}\n{self.text}")

    def read(self):
        if not select.select([self.fd], [], [], LIMIT)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def shows(self, pattern):
        while not (found := re.compile(pattern).search(self.text, self.at)):
            self.check(self.read(), f"no {pattern!r} on the screen")
        self.at = found.end()

    def types(self, line):
        os.write(self.fd, line.encode() + b"\r")

    def ends(self, status, secrets=()):
        while self.read():
            pass
        got = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        self.check(got == status, f"exit status {got}, not {status}")
        for secret in secrets:
            self.check(secret not in self.text, f"{secret} was shown")
