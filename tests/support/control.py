"""A device with a control socket, and its window, as tests of them see it.

    from control import *
"""
from programs import *

NET = ("--ssid", "Meadow", "--security", "open")


def networks(more=""):
    with open("networks.conf", "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = open\njoin_ms = 50\n" + more)


class Control:
    def __init__(self, path="control"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(octets)

    def line(self):
        return self.lines.readline()

    def ask(self, **request):
        self.send(json.dumps(request).encode() + b"\n")
        return json.loads(self.line())


def ask(**request):
    c = Control()
    answer = c.ask(**request)
    c.lines.close()
    c.socket.close()
    return answer


def lamp(*arguments, open=None):
    """With a control socket; and what its window is."""
    d = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                "device.db", "--name", "Lamp", "--json", "--agent", "none", "--control", "control",
                *arguments)
    d.told("controller")
    if open is not None:
        window(open)
    return d


def window(open, **fields):
    got = ask(do="status")["window"]
    check(got["open"] == open and all(got.get(k) == v for k, v in fields.items()),
          f"the window is {'open' if open else 'closed'} {fields}", got)
    return got


def troth(status, *words):
    return tool(status, *words)


def provision(status, *arguments, store="client.db"):
    return client("provision", "wifi", "Lamp", *NET, *arguments, store=store).ends(
        status, "provision")


def stranger(status, words):
    text = client("pair", "Lamp", store="stranger.db").ends(status, "a stranger")
    check(words in text, words, text)
    forget("stranger.db")


def over(d):
    check(d.end(signal.SIGTERM) == 0, "a clean end", d.text())
    check(not os.path.exists("control"), "the socket is left behind")
    forget()


def closes_how(d):
    """The last line about it, which has to say what opens it."""
    line = [json.loads(l) for l in d.said if '"event":"window"' in l][-1]
    check(not line["open"] and "troth window open, or the signal USR1, opens it" in line["text"],
          "how to open it", line)
