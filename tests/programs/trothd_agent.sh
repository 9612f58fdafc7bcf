# trothd and its agent, with the air and the client around them: who sees a passkey and who does
# not, what happens when nobody looks, when the mode is raised, when the air goes.
set -u
: "${TROTH_BIN:?the folder of the programs}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
python3 - <<'EOF'
import json, os, signal, socket, subprocess

BIN = os.environ["TROTH_BIN"]
LIMIT = 30
running = []
open("networks.conf", "w").write("[network]\nssid = Meadow\nsecurity = wpa2\n"
                                 "password = clover and rye\njoin_ms = 50\n")
open("password", "w").write("clover and rye\n")


class Program:
    """A program whose lines are awaited; everything it said is kept."""

    def __init__(self, name, *arguments, stdin=subprocess.DEVNULL):
        self.said = []
        self.process = subprocess.Popen([f"{BIN}/{name}", *arguments], stdin=stdin, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        running.append(self)

    def until(self, truth):
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if truth(self.said[-1]):
                return self.said[-1]
        raise SystemExit(f"{self.process.args}: ended early:\n" + "\n".join(self.said))

    def line(self, words):
        return self.until(lambda line: words in line)

    def event(self, name, **fields):
        def fits(line):
            e = json.loads(line)
            return e["event"] == name and all(e.get(k) == v for k, v in fields.items())
        return json.loads(self.until(fits))

    def end(self, signal=None):
        if signal:
            self.process.send_signal(signal)
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
        running.remove(self)
        return self.process.wait(LIMIT)


class Agent:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect("agent")
        self.lines = self.socket.makefile("r")

    def line(self):
        return self.lines.readline().rstrip("\n")

    def say(self, text):
        self.socket.sendall(text.encode() + b"\n")

    def close(self):
        self.lines.close()
        self.socket.close()


def check(truth, what, about=""):
    if not truth:
        raise SystemExit(f"FAILED: {what}\n{about}")


def air():
    a = Program("troth", "air", "--listen", "unix:air")
    a.line("listening")
    return a


def device(*arguments):
    d = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                "device.db", "--name", "Lamp", "--json", *arguments)
    d.event("advertising")
    return d


def client(*arguments, stdin=subprocess.DEVNULL):
    return Program("troth", *arguments, "--transport", "unix:air", "--store", "client.db",
                   stdin=stdin)


def main():
    the_air = air()

    # A bond of the weaker mode.
    d = device("--security", "encrypt", "--agent", "none")
    c = client("pair", "Lamp")
    check(c.end() == 0, "pairing by Just Works", "\n".join(c.said))
    d.event("paired", bonded=True, mitm=False)
    check(d.end(15) == 0 and json.loads(d.said[-1])["event"] == "stopped", "a clean stop", d.said)

    # The mode is raised: told at start, told when it is refused.
    d = device("--security", "authenticate", "--agent", "unix:agent")
    events = [json.loads(line) for line in d.said]
    check([e for e in events if e["event"] == "weak_bond" and e["mitm"] is False],
          "the weak bond is told at start", d.said)
    c = client("status", "Lamp")
    check(c.end() == 1, "the weak bond does not open the service", "\n".join(c.said))
    d.event("bond_refused")
    os.rename("client.db", "weak.db")

    # Nobody looks at the agent's socket.
    c = client("pair", "Lamp", "--io-cap", "keyboard-only", "--passkey", "-")
    check(c.end() == 1, "pairing without an agent is refused", "\n".join(c.said))
    d.event("nobody")
    d.event("pairing_failed", reason_name="AUTHENTICATION_REQUIREMENTS", by="us")

    # One agent; a second is turned away. The passkey is seen there and nowhere else.
    agent, other = Agent(), Agent()
    check(other.line() == "busy", "a second agent is told busy")
    other.close()
    c = client("provision", "wifi", "Lamp", "--io-cap", "keyboard-only", "--passkey", "-",
               "--ssid", "Meadow", "--password-file", "password", stdin=subprocess.PIPE)
    words = agent.line().split()
    check(words[:2] == ["display", "passkey"] and len(words[2]) == 6 and words[2].isdigit(),
          "the agent displays a passkey", words)
    passkey = words[2]
    c.process.stdin.write(passkey + "\n")
    c.process.stdin.close()
    check(agent.line() == "withdrawn", "the display is cleared")
    check(c.end() == 0, "pairing and provisioning", "\n".join(c.said))
    d.event("paired", model="PASSKEY_ENTRY_INIT_INPUTS", mitm=True, sc=True, key_size=16, bonds=1)
    d.event("status", status_name="CONNECTED", ssid="Meadow")
    d.event("disconnected")
    check(json.load(open("networks.conf.state"))["joined"]["ssid"] == "Meadow", "joined")
    check(not [line for line in d.said if passkey in line], "the passkey is in no line", d.said)
    check(not [line for line in d.said if "clover" in line], "nor is the password", d.said)

    # The air goes in mid-flight and comes back: told, and served again.
    the_air.end(15)
    lost = d.event("transport", up=False)
    check(lost["retry_ms"] > 0, "it tries again", lost)
    the_air = air()
    d.event("advertising")
    c = client("status", "Lamp")
    check(c.end() == 0, "the bond serves after the air came back", "\n".join(c.said))
    d.event("encrypted", ok=True, bonded=True, mitm=True)
    check(d.end(15) == 0, "a clean stop", d.said)
    check(agent.line() == "", "the agent's connection is closed")
    agent.close()
    check(not os.path.exists("agent"), "the agent's socket is removed")

    # Comparison: the device displays and answers.
    d = device("--security", "authenticate", "--agent", "unix:agent", "--io-cap", "display-yes-no")
    os.rename("client.db", "strong.db")
    for answer, status in (("no", 1), ("yes", 0)):
        agent = Agent()
        c = client("pair", "Lamp", "--io-cap", "display-yes-no", "--yes")
        words = agent.line().split()
        check(words[0] == "compare" and words[2] == "?", "the agent compares", words)
        agent.say("perhaps")
        check(agent.line().startswith("expected"), "an answer that is none")
        agent.line()
        agent.say(answer)
        check(c.end() == status, f"the device said {answer}", "\n".join(c.said))
        agent.close()
    d.event("pairing_failed", reason_name="NUMERIC_COMPARISON_FAILED", by="us")
    d.event("paired", model="NUMERIC_COMPARISON", mitm=True)
    check(d.end(2) == 0, "a clean stop by SIGINT", d.said)
    check(the_air.end(15) == 0, "the air")
    print("all of it happened")


def too_long(*_):
    said = ["\n".join([str(p.process.args)] + p.said) for p in running]
    raise SystemExit("FAILED: it takes too long\n" + "\n".join(said))


signal.signal(signal.SIGALRM, too_long)
signal.alarm(90)
try:
    main()
finally:
    for program in running:
        program.process.kill()
        program.process.wait()
EOF
