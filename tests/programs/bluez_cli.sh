# What the programs say about BlueZ where there is none: the options that BlueZ cannot honour are
# refused by name, before anything is opened; no bus and no bluetoothd are told in a sentence.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
from programs import *

BUS = """<busconfig><listen>unix:path={0}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>"""


def refused_by_name():
    for options, name in ((["--sc-only"], "--sc-only"), (["--store", "x"], "--store"),
                          (["--capture", "x"], "--capture"), (["--exact"], "--exact"),
                          (["--min-key-size", "16"], "--min-key-size"), (["--core", "6.2"], "--core"),
                          (["--models", "passkey"], "--models"), (["--no-bonding"], "--no-bonding"),
                          (["--just-works", "refuse"], "--just-works"),
                          (["--privacy"], "--privacy"), (["--rpa-timeout", "60"], "--rpa-timeout"),
                          (["--pairing-attempts", "5"], "--pairing-attempts"),
                          (["--oob-out", "x"], "--oob"), (["--oob-made"], "--oob"),
                          (["--insecure-fixed-passkey", "123456"], "--insecure-fixed-passkey"),
                          (["--insecure-debug-keys"], "--insecure-debug-keys"),
                          (["--insecure-replace-weaker"], "--insecure-replace-weaker"),
                          (["--insecure-legacy-only", "--allow-legacy"], "--insecure-legacy-only")):
        said = tool(2, "pair", "Lamp", "--transport", "bluez:hci0", *options)
        check("over BlueZ there is no" in said and name in said, "refused by name", said)
    said = tool(2, "status", "Lamp", "--transport", "bluez", "--no-pair", "--no-default")
    check("only the default agent can refuse" in said, "what cannot be kept", said)
    check("no out-of-band data" in tool(2, "oob", "make", "--transport", "bluez"), "oob make")


def agent_arguments():
    check("PATH is missing" in tool(2, "agent"), "no path")
    check("not expected" in tool(2, "agent", "--bluez", "path"), "a path")
    for option in (["--no-default"], ["--accept-just-works"], ["--services", "all"],
                   ["--adapter", "hci0"], ["--timeout", "3"], ["--answer-within", "3"]):
        check("goes with --bluez" in tool(2, "agent", "path", *option), "only with --bluez")
    check("UUIDs with commas" in tool(2, "agent", "--bluez", "--services", "printer"), "services")


def nobody():
    commands = (["scan"], ["pair", "Lamp"], ["agent", "--bluez"], ["bonds", "--bluez"],
                ["bonds", "--bluez", "remove", "C0:FF:EE:00:00:01"], ["status", "Lamp"])
    os.environ["TROTH_TRANSPORT"] = "bluez"
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
    for c in commands:
        check("system bus, which cannot be opened" in tool(1, *c), "no bus", c)
    with open("bus.conf", "w") as f:
        f.write(BUS.format(os.getcwd()))
    bus = subprocess.Popen(["dbus-daemon", "--config-file=bus.conf", "--nofork", "--nopidfile",
                            "--print-address"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           text=True)
    try:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus.stdout.readline().strip()
        for c in commands:
            if c[0] != "agent":
                said = tool(1, *c)
                check("bluetoothd is not running: systemctl start bluetooth" in said, "words", said)
        # an agent waits for it, and goes when it is told to
        a = Program("troth", "agent", "--bluez", "--json")
        a.event("waiting")
        check(a.end(signal.SIGTERM) == 0, "it ends", a.text())
        said = tool(0, "agent", "--bluez", "--timeout", "1")
        check("waiting for it" in said, "it leaves by itself", said)
    finally:
        bus.kill()
        bus.wait()
        bus.stdout.close()


def main():
    refused_by_name()
    agent_arguments()
    nobody()


play(main)
PY
