# A device with no screen: passkeys shown by a command (what it gets and what it never gets, that it
# hangs, fails, is not there), or standing on a label; and what of that makes no sense together.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
import re, select
from programs import *

# Tells on a socket what it was run with. Its words: a place, and what else to do.
SHOW = r'''#!/usr/bin/env python3
import json, os, signal, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.connect(sys.argv[1])
input = sys.stdin.read()
print("STDOUT", input)
print("STDERR", input, file=sys.stderr, flush=True)
s.sendall(json.dumps({"input": input, "argv": sys.argv[1:], "pid": os.getpid(),
                      "environment": "\n".join(f"{k}={v}" for k, v in os.environ.items())}).encode())
s.shutdown(socket.SHUT_WR)
if "hangs" in sys.argv and "withdrawn" not in input:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pause()
sys.exit("fails" in sys.argv)
'''
screen = None


def shown():
    """What the next run of the command got."""
    c, _ = screen.accept()
    c.settimeout(LIMIT)
    octets = b""
    while more := c.recv(65536):
        octets += more
    c.close()
    got = json.loads(octets)
    check(got["input"].endswith("\n") and got["input"].count("\n") == 1, "one line", got)
    return got, json.loads(got["input"])


def lamp(*arguments, command="./show 'the screen'"):
    d = device("--agent", "none", "--security", "authenticate",
               *(("--display-command", command) if command else ()), *arguments)
    start = [json.loads(line) for line in d.said if '"event":"start"' in line][0]
    check(start["io_cap"] == "DisplayOnly", "what it promises", start)
    return d


def phone():
    """troth pair, whose passkey is typed by us."""
    if os.path.exists("agent"):
        os.remove("agent")
    p = client("pair", "Lamp", "--agent", "unix:agent", "--io-cap", "keyboard-display", "--json")
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(LIMIT)
    while True:
        try:
            s.connect("agent")
            break
        except OSError:
            select.select([], [], [], 0.02)
            check(p.process.poll() is None, "the phone ended")
    check(s.makefile("r").readline() == "type passkey ?\n", "the phone asks")
    return p, s


def pairs():
    d = lamp()
    p, s = phone()
    got, said = shown()
    passkey = said["passkey"]
    check(re.fullmatch(r"\d{6}", passkey) and ":" in said["peer"] and set(said) == {"passkey", "peer"},
          "a passkey", said)
    check(got["argv"] == ["the screen"], "its words", got)
    check(passkey not in got["environment"], "a passkey in the environment")
    s.sendall(passkey.encode() + b"\n")
    check(shown()[1] == {"withdrawn": True}, "taken back")
    p.ends(0, "pairing")
    d.told("paired", mitm=True)
    check(d.end(signal.SIGTERM) == 0, "stop")
    check(passkey not in d.text() and "STDOUT" not in d.text() and "STDERR" not in d.text(),
          "what the command says goes nowhere", d.text())
    forget()


def wrong_and_left():
    """A passkey that was not typed rightly, and one that nobody types before trothd ends."""
    d = lamp()
    p, s = phone()
    passkey = shown()[1]["passkey"]
    s.sendall(b"%06d\n" % ((int(passkey) + 1) % 1000000))
    check(shown()[1] == {"withdrawn": True}, "taken back")
    p.ends(1, "a wrong passkey")
    p, s = phone()
    check(shown()[1]["passkey"], "shown")
    d.process.send_signal(signal.SIGTERM)
    check(shown()[1] == {"withdrawn": True}, "taken back at the end")
    check(d.end() == 0, "stop", d.text())
    p.ends(1, "the device left")
    forget()


def misbehaves():
    d = lamp(command="./show 'the screen' hangs")
    p, s = phone()
    got, said = shown()
    s.sendall(said["passkey"].encode() + b"\n")  # what is due meanwhile waits for its turn
    p.ends(0, "paired although the command hangs")
    check("more than 10 s" in d.event("error")["text"], "killed")
    check(shown()[1] == {"withdrawn": True}, "and run again")
    check(d.end(signal.SIGTERM) == 0, "stop")
    forget()
    d = lamp(command="./show 'the screen' fails")
    p, s = phone()
    shown()
    check("status 1: nobody may have seen" in d.event("error")["text"], "failed")
    d.process.send_signal(signal.SIGTERM)
    shown()
    d.end()
    p.end()
    forget()
    d = lamp(command="cat /dev/null")  # reads nothing of what it gets
    p, s = phone()
    check(d.end(signal.SIGTERM) == 0, "stop", d.text())
    check('"error"' not in d.text(), "no complaint", d.text())
    p.end()
    forget()


def asked():
    """A command answers nothing: what would wait for an answer is refused at once."""
    d = device("--agent", "none", "--just-works", "ask", "--display-command", "./show 'the screen'")
    client("pair", "Lamp", "--io-cap", "none").ends(1, "Just Works, asked")
    check(d.told("pairing_failed")["by"] == "us", "refused, not timed out")
    d.end(signal.SIGTERM)
    forget()


def misuse():
    here = ("--transport", "unix:air", "--network", "sim:networks.conf", "--store", "device.db",
            "--agent", "none")
    with open("six", "w") as f:
        f.write("not six digits\n")
    for arguments, status, words in (
            (("--display-command", "nowhere/show"), 1, "nowhere/show: No such file"),
            (("--display-command", "no-such-show x"), 1, "there is no program no-such-show in PATH"),
            (("--display-command", "networks.conf"), 1, "there is no program"),
            (("--display-command", "./show 'x"), 2, "a quotation has no end"),
            (("--display-command", "./show", "--agent", "refuse"), 2, "goes with --agent none"),
            (("--display-command", "./show", "--io-cap", "keyboard-only"), 2, "only shows passkeys"),
            (("--insecure-fixed-passkey-file", "nowhere"), 2, "nowhere"),
            (("--insecure-fixed-passkey-file", "six"), 2, "six digits, as in 012345"),
            (("--insecure-fixed-passkey-file", "label", "--insecure-unlimited-attempts"), 2,
             "can be guessed"),
            (("--insecure-fixed-passkey-file", "label", "--insecure-fixed-passkey", "012345"), 2,
             "give one"),
            (("--security", "authenticate"), 2, "--display-command")):
        p = Program("trothd", *here, *arguments)
        check(words in p.ends(status, words), words, p.text())


def label():
    d = lamp("--insecure-fixed-passkey-file", "label", command=None)
    check("insecure" in d.text() and "a fixed passkey" in d.text(), "named at start", d.text())
    check("label" in [json.loads(line).get("file") for line in d.said], "others can read it")
    p, s = phone()
    s.sendall(b"012345\n")
    p.ends(0, "by the label")
    d.told("paired", mitm=True)
    check("012345" not in d.text(), "the passkey is not said", d.text())
    forget("client.db")
    with open("guess", "w") as f:
        f.write("543210\n")
    # The waits double, so however slow this machine is, one of these comes within one.
    for n in range(12):
        p = client("pair", "Lamp", "--passkey", "guess", "--io-cap", "keyboard-only")
        if "REPEATED_ATTEMPTS" in p.ends(1, "guessing"):
            break
    check(2 < n < 11, "guesses are held up, and the first three are not", str(n))
    check(d.end(signal.SIGTERM) == 0, "stop")
    forget()
    d = lamp("--insecure-fixed-passkey-file", "label")  # both: the command shows the label's
    p, s = phone()
    check(shown()[1]["passkey"] == "012345", "shown")
    d.end(signal.SIGTERM)
    p.end()
    forget()


def main():
    global screen
    with open("show", "w") as f:
        f.write(SHOW)
    os.chmod("show", 0o755)
    with open("label", "w") as f:
        f.write("012345\n")
    os.chmod("label", 0o644)
    with open("networks.conf", "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = open\n")
    screen = socket.socket(socket.AF_UNIX)
    screen.bind("the screen")
    screen.listen()
    screen.settimeout(LIMIT)
    misuse()
    a = air()
    pairs()
    wrong_and_left()
    asked()
    misbehaves()
    label()
    a.end(signal.SIGTERM)


play(main)
PY
