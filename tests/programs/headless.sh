# docs/HEADLESS.md, done: each way's configuration and commands as they stand there, but for where
# things are, and for the machine that ssh and systemctl would reach.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
export PATH=$TROTH_BIN:$PATH
python3 - <<'PY'
import re, select
from programs import *

PAGE = open(f"{os.environ['TROTH_SOURCE']}/docs/HEADLESS.md").read()
HERE = (("/etc/troth/", "etc/"), ("/run/troth/", "run/"), ("/usr/local/bin/", "./"),
        ("ssh -t pi@lamp sudo ", ""), ("ssh pi@lamp sudo ", ""), ("chown troth ", "true "),
        ("systemctl kill --kill-whom=main -s USR1 trothd", 'kill -USR1 "$trothd"'))
ways = {}
for part in PAGE.split("\n## ")[1:]:
    ways[int(part[0])] = {kind: text for kind, text in
                          re.findall(r"```(ini|sh [\w-]+)\n(.*?)```", part, re.S)}
device = None


def here(text):
    for there, to in HERE:
        text = text.replace(there, to)
    return text


def shell(text):
    r = subprocess.run(["sh", "-eu", "-c", here(text)], text=True, capture_output=True,
                       timeout=LIMIT, env=dict(os.environ, trothd=str(device and device.process.pid)))
    check(r.returncode == 0, text, r.stdout + r.stderr)


def start(way):
    """trothd as this way has it."""
    global device
    with open("troth.conf", "w") as f:
        f.write("transport = unix:air\nnetwork = sim:networks.conf\nname = Lamp\n"
                if "label-file" not in ways[way]["ini"] else
                "transport = unix:air\nnetwork = sim:networks.conf\n")
    os.makedirs("troth.conf.d", exist_ok=True)
    with open("troth.conf.d/headless.conf", "w") as f:
        f.write(here(ways[way]["ini"]))
    device = Program("trothd", "--config", "troth.conf", "--json", "--store", "device.db")
    device.told("controller")


def client(way, stdin=None):
    """What the laptop says: joined. stdin: a passkey for --passkey -."""
    lines = here(ways[way]["sh client"]).strip().split("\n")
    for line in lines[:-1]:
        shell(line)
    words = lines[-1].split()
    check(words[0] == "troth", "the last line is troth's", lines)
    p = Program(*words, *(("--passkey", "-") if stdin else ()),
                **({"stdin": subprocess.PIPE} if stdin else {}))
    if stdin:
        # Asked when the passkey is there to be seen: as a person would look.
        p.type(stdin())
    text = p.ends(0, lines[-1])
    check("Meadow" in text, "joined", text)
    device.told("status", status_name="CONNECTED")


def stop():
    check(device.end(signal.SIGTERM) == 0, "stop", device.text())
    for d in (".", "troth"):
        for name in os.listdir(d) if os.path.isdir(d) else ():
            if name.endswith((".db", ".db-journal")):
                os.remove(f"{d}/{name}")


def soon(truth):
    while not (got := truth()):
        select.select([], [], [], 0.02)
    return got


def label():
    shell(ways[1]["sh device"])
    check(os.stat("etc/label").st_mode & 0o777 == 0o600, "the label's mode")
    start(1)
    with open("etc/label") as f, open("label", "w") as g:
        g.write(f.read())
    check(len(json.load(open("label"))["pop"]) == 16, "80 bits", open("label").read())
    client(1)
    device.told("provisioning", state="stopped")
    check(json.load(open("label"))["pop"] not in device.text(), "a secret in a log")
    stop()


def ssh():
    start(2)
    words = here(ways[2]["sh agent"]).split()
    agent = Program(*words)
    device.told("agent", attached=True)

    def read():
        return re.search(r"\b(\d{3}) ?(\d{3})\b", agent.until(
            lambda line: re.search(r"\b\d{3} ?\d{3}\b", line))).expand(r"\1\2")
    client(2, stdin=read)
    stop()
    agent.end()


def display():
    with open("show-passkey", "w") as f:
        f.write(here(ways[3]["sh show-passkey"]))
    os.chmod("show-passkey", 0o755)
    os.environ["RUNTIME_DIRECTORY"] = "run"
    start(3)
    del os.environ["RUNTIME_DIRECTORY"]
    client(3, stdin=lambda: soon(lambda: os.path.exists("run/passkey")
                                 and open("run/passkey").read().strip()))
    stop()
    check(open("run/passkey").read() == "", "cleared")


def block():
    start(4)
    soon(lambda: os.path.exists("run/lamp.oob"))
    client(4)
    device.told("paired", mitm=True)
    stop()


def window():
    start(5)
    device.told("window", open=False)
    shell(ways[5]["sh device"])
    device.told("window", open=True, seconds=60)
    client(5)
    stop()


def passkey():
    shell(ways[6]["sh device"])
    check(os.stat("etc/passkey").st_mode & 0o777 == 0o600, "its mode")
    check(re.fullmatch(r"\d{6}\n", open("etc/passkey").read()), "six digits")
    start(6)
    check("insecure" in device.text(), "named")
    with open("etc/passkey") as f, open("digits", "w") as g:
        g.write(f.read())
    client(6)
    device.told("paired", mitm=True)
    stop()


def main():
    os.environ["TROTH_TRANSPORT"] = "unix:air"
    os.makedirs("etc")
    os.makedirs("run")
    with open("networks.conf", "w") as f:
        f.write("[network]\nssid = Meadow\nsecurity = wpa2\npassword = clover and rye\njoin_ms = 50\n")
    with open("password", "w") as f:
        f.write("clover and rye\n")
    a = air()
    for way in (label, ssh, display, block, window, passkey):
        way()
    check(sorted(ways) == [1, 2, 3, 4, 5, 6], "each way is tried", ways)
    a.end(signal.SIGTERM)


play(main)
PY
