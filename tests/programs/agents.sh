# Agents: one that attaches to a device and leaves it, by hand, by script, by rule; the device's own
# as a fallback; prompts that close; the stepping one, the refusing one, scripts on both sides.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
import pty, re, stat
from programs import *

OPEN = ("--insecure-unlimited-attempts",)


def agent(*arguments, **more):
    a = Program("troth", "agent", "agent", *arguments, **more)
    a.line("attached to Lamp")
    return a


def script(*lines):
    with open("script", "w") as f:
        f.write("# what is expected\n\n" + "\n".join(lines) + "\n")


def attached(d, a, *arguments, **more):
    """a is attached; a pairing as the client asks for it."""
    d.event("agent", attached=True)
    forget("client.db")
    return client("pair", "Lamp", *arguments, **more)


class Raw:
    """The protocol itself."""

    def __init__(self, io="DisplayYesNo"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect("agent")
        self.lines = self.socket.makefile("r")
        self.hello = self.next()
        if io:
            self.say({"io": io})

    def next(self):
        line = self.lines.readline()
        return json.loads(line) if line else None

    def say(self, what):
        self.socket.sendall((what if isinstance(what, str) else json.dumps(what)).encode() + b"\n")

    def close(self):
        self.lines.close()
        self.socket.close()


def by_rule():
    d = device("--security", "authenticate", "--agent", "none", "--agent-socket", "agent", *OPEN)
    check(stat.S_IMODE(os.stat("agent").st_mode) == 0o600, "the socket is its owner's alone")

    # Nobody: refused. Then a display, by script; the passkey is in no line of the device.
    client("pair", "Lamp", "--io-cap", "keyboard-only", "--passkey", "-",
           stdin=subprocess.PIPE).ends(1, "nobody is attached")
    d.event("nobody")
    script("display")
    a = agent("--script", "script", "--io", "display-only", "--json")
    d.event("agent", attached=True, io_cap="DisplayOnly")
    other = Program("troth", "agent", "agent")
    check("another agent is attached" in other.ends(1, "a second agent"), "told", other.text())
    c = client("pair", "Lamp", "--io-cap", "keyboard-only", "--passkey", "-",
               stdin=subprocess.PIPE)
    a.event("call", call="display")
    c.type("no")
    c.ends(1, "the client gives up")
    a.event("closed")
    check(a.end(15) == 0, "it left, all went as the script says", a.text())
    d.event("agent", attached=False)

    # Comparison, yes and no; what the script does not expect.
    for line, status, kept in (("compare yes", 0, 0), ("compare no", 1, 0), ("consent yes", 1, 1),
                               ("compare yes 000000", 1, 1), ("", 1, 1)):
        script(line)
        a = agent("--script", "script", "--io", "display-yes-no")
        attached(d, a, "--io-cap", "display-yes-no", "--yes").ends(status, line or "no line")
        check(a.end(2) == kept, f"{line}: the agent's exit status", a.text())
        d.event("agent", attached=False)
    for line in ("compare", "compare maybe", "display 12", "passkey", "passkey 1234567", "dance",
                 "consent yes now", "display 012345 x", "compare yes 12"):
        script(line)
        p = Program("troth", "agent", "agent", "--script", "script")
        check("script:3: expected" in p.ends(1, line), line, p.text())

    # Typing: --yes cannot, a script can; the client displays.
    for how, status in ((("--yes", "--io", "keyboard-only"), 1), (("--refuse",), 1)):
        a = agent(*how)
        c = attached(d, a, "--agent", "script:shows")
        open("shows", "w").write("display\ncompare yes\n")
        c.ends(status, str(how))
        check(a.end(15) == 0, "it left", a.text())
        d.event("agent", attached=False)
    a = agent("--yes")
    attached(d, a, "--io-cap", "display-yes-no", "--yes").ends(0, "always yes")
    d.event("paired", model="NUMERIC_COMPARISON", mitm=True)
    check(a.end(15) == 0, "it left", a.text())
    d.event("agent", attached=False)

    # By hand, from standard input: the passkey that the client shows is typed.
    open("passkey", "w").write("display 012345\n")
    a = agent("--io", "keyboard-only", stdin=subprocess.PIPE)
    a_type = attached(d, a, "--agent", "script:passkey", "--insecure-fixed-passkey", "012345")
    a.until(lambda line: "displays" in line)
    a.type("012345")
    check("INSECURE: a fixed passkey" in a_type.ends(0, "typed by hand"), "told", a_type.text())
    check(a.end(15) == 0, "it left", a.text())
    d.event("agent", attached=False)

    # One step at a time.
    a = agent("--step", "--io", "display-yes-no", stdin=subprocess.PIPE)
    c = attached(d, a, "--io-cap", "display-yes-no", "--yes")
    a.line("CALL  compare")
    a.line("value")
    a.type("")
    c.ends(0, "Enter goes on")
    a.end(15)
    d.event("agent", attached=False)
    check(d.end(15) == 0, "a clean stop", d.text())
    check(not os.path.exists("agent"), "the socket is removed")
    for line in d.said:
        check("012345" not in line, "a passkey in the device's lines", line)


def by_protocol():
    forget()
    script("compare yes", "compare yes")
    d = device("--agent", "script:script", "--io-cap", "display-yes-no", "--agent-socket", "agent",
               *OPEN)
    ask = ("--io-cap", "display-yes-no", "--yes")

    # The device's own answers while nobody is attached, and again afterwards.
    client("pair", "Lamp", *ask).ends(0, "the device's own agent")
    r = Raw(io=None)
    check(r.hello == {"troth_agent": 1, "name": "Lamp"}, "the greeting", r.hello)
    for wrong in ({"id": 1, "yes": True}, "yes", "[]", "{", {"io": "Telepathy"}, {"io": 3}):
        r.say(wrong)
        check("error" in r.next(), f"an error for {wrong}")
    r.say({"io": "DisplayYesNo"})
    c = attached(d, r, *ask)
    call = r.next()
    check(call["call"] == "compare" and call["model"] == "NUMERIC_COMPARISON" and
          len(call["passkey"]) == 6 and ":" in call["peer"], "the call", call)
    r.say({"id": call["id"] + 7, "yes": True})  # nobody's
    r.say({"id": call["id"], "passkey": "012345"})
    check("error" in r.next(), "no answer to a comparison")
    r.say({"id": call["id"], "yes": True})
    c.ends(0, "answered by the one who attached")
    r.say({"id": call["id"], "yes": False})  # late, harmless

    # It leaves with a question open: closed as a no; the device's own answers the next.
    forget("client.db")
    c = client("pair", "Lamp", *ask)
    check(r.next()["call"] == "compare", "a question is open")
    r.close()
    c.ends(1, "the agent left with a question open")
    d.event("pairing_failed", reason_name="NUMERIC_COMPARISON_FAILED", by="us")
    d.event("agent", attached=False)
    forget("client.db")
    client("pair", "Lamp", *ask).ends(0, "the device's own agent again")
    d.event("paired")

    # The client goes: the open question closes.
    r = Raw("KeyboardOnly")
    c = attached(d, r, "--agent", "script:shows")
    call = r.next()
    check(call["call"] == "passkey" and "passkey" not in call, "a passkey is asked for", call)
    c.end(9)
    check(r.next() == {"closed": call["id"]}, "closed")
    r.say({"id": call["id"], "passkey": "012345"})
    r.say("x" * 5000)
    r.close()
    d.event("agent", attached=False)
    check(d.end(15) == 0, "a clean stop", d.text())


def consent():
    forget()
    d = device("--just-works", "ask", "--agent", "none", "--agent-socket", "agent", *OPEN)
    client("pair", "Lamp").ends(1, "nobody consents")
    for line, status in (("consent no", 1), ("consent yes", 0)):
        script(line)
        a = agent("--script", "script", "--io", "none")
        attached(d, a).ends(status, line)
        check(a.end(15) == 0, line, a.text())
        d.event("agent", attached=False)
    d.end(15)
    forget()
    d = device("--just-works", "ask", "--agent", "refuse", "--io-cap", "display-only", *OPEN)
    client("pair", "Lamp").ends(1, "the refusing agent")
    d.end(15)


class Screen:
    """troth agent at a terminal."""

    def __init__(self, *arguments):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(f"{BIN}/troth", ["troth", "agent", "agent", *arguments])

    def shows(self, pattern):
        while not (m := re.search(pattern, self.text, re.S)):
            self.text += os.read(self.fd, 4096).decode()
        self.text = self.text[m.end():]
        return m

    def types(self, line):
        os.write(self.fd, line.encode() + b"\r")

    def ends(self):
        os.write(self.fd, b"\3")
        try:
            while os.read(self.fd, 4096):
                pass
        except OSError:
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status


def at_a_terminal():
    forget()
    d = device("--security", "authenticate", "--agent", "none", "--agent-socket", "agent", *OPEN)
    s = Screen()
    s.shows("attached to Lamp, promising KeyboardDisplay")
    # Asked, and no longer asked when the other side goes.
    c = attached(d, s, "--agent", "script:shows", "--io-cap", "display-only")
    s.shows(r"Passkey that ..:..:..:..:..:.. displays \(six digits\): ")
    c.end(9)
    s.shows(r"closed: .*\(no longer asked\)")
    # A comparison, after an answer that is none.
    d.event("disconnected")
    c = client("pair", "Lamp", "--io-cap", "display-yes-no", "--yes")
    s.shows(r"Does ..:..:..:..:..:.. show [0-9]{3} [0-9]{3} as well\? \[yes/no\] ")
    s.types("maybe")
    s.shows("Please answer with yes or no.*as well")
    s.types("yes")
    c.ends(0, "compared by hand")
    check(s.ends() == 0, "Ctrl-C ends it")
    d.event("agent", attached=False)
    check(d.end(15) == 0, "a clean stop", d.text())


def main():
    open("shows", "w").write("display\ncompare yes\n")
    the_air = air()
    by_rule()
    by_protocol()
    consent()
    at_a_terminal()
    check("no device listens" in tool(1, "agent", "nowhere"), "nobody there")
    check("only one can hold" in tool(2, "agent", "nowhere", "--yes", "--refuse"), "contradiction")
    check(the_air.end(15) == 0, "the air")


play(main)
PY
