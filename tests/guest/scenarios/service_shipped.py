"""trothd.service as a device ships it, on an adapter of its own: by its capability, as its user, with
a window; its entries in the journal have fields and no secret; who may use its control socket; and
what its sandbox keeps from it."""
from guest import *

INSTALL = """
mkdir -p /etc/troth /home/maker
cp /build/bin/trothd /usr/sbin/trothd
cp /source/packaging/systemd/trothd.service /etc/systemd/system/trothd.service
cp /source/packaging/systemd/troth.sysusers /usr/lib/sysusers.d/troth.conf
cp /source/packaging/dbus/troth.conf /usr/share/dbus-1/system.d/troth.conf
systemd-sysusers /usr/lib/sysusers.d/troth.conf
systemd-analyze --man=no verify /etc/systemd/system/trothd.service
"""

CONF = """name = Lamp
transport = hci:0
network = sim:/etc/troth/networks
window = boot
security = authenticate
agent = none
display-command = /etc/troth/show
"""

# Leaks are looked for with ptrace, which the sandbox forbids.
ASAN = "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"

SHOW = "#!/bin/sh\nread -r line; echo \"$line\" >>$STATE_DIRECTORY/shown\n"

# In the same sandbox, instead of trothd; and what it may.
PROBE = """[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/bin/sh /etc/troth/probe
StandardOutput=truncate:/run/probed
RuntimeDirectoryPreserve=yes
"""
ATTEMPTS = """
guest_sandbox
try() { name=$1; shift; "$@" >/dev/null 2>&1 && echo "$name: yes" || echo "$name: no"; }
try "its state" touch /var/lib/troth/x
try "its socket's folder" touch /run/troth/x
try "write /etc" touch /etc/troth/x
try "write /usr" touch /usr/sbin/trothd
try "write /run" touch /run/x
try "see /home" ls /home/maker
try "see /root" ls /root
try "load a module" modprobe dummy
try "change an adapter's name" btmgmt -i hci0 name other
try "open a disk" head -c 1 /dev/vda
try "open memory" head -c 1 /dev/mem
try "open a serial port" sh -c ': </dev/ttyS0'
try "look at rfkill" sh -c ': </dev/rfkill'
"""
MAY = {"unix", "netlink", "bluetooth", "its state", "its socket's folder", "open a serial port",
       "look at rfkill", "change an adapter's name"}


def show(g, what):
    return g.run(f"systemctl show trothd -P {what}").strip()


def entries(g, *matches):
    """Of the journal, this boot's."""
    g.run("journalctl --sync")
    return [json.loads(line) for line in
            g.run(f"journalctl -u trothd -o json {' '.join(matches)}").splitlines()
            if line.startswith("{")]


def phone(status, *arguments):
    p = program("troth", *arguments, "--transport", "unix:air", "--store", "phone.db")
    return p.ends(status, " ".join(arguments))


def shown(g):
    return json.loads(g.retry("tail -n 1 /var/lib/troth/shown 2>/dev/null | grep passkey"))["passkey"]


def pairs(g):
    """By the passkey that the device shows where its maker says."""
    p = program("troth", "pair", "Lamp", "--transport", "unix:air", "--store", "phone.db",
                "--agent", "unix:agent", "--io-cap", "keyboard-display")
    s = socket.socket(socket.AF_UNIX)
    wait(lambda: os.path.exists(path("agent")), "the phone's agent")
    s.connect(path("agent"))
    wait(lambda: select.select([s], [], [], 0)[0], "the phone asks")
    passkey = shown(g)
    s.sendall(passkey.encode() + b"\n")
    p.ends(0, "pairing")
    s.close()
    return passkey


def journal(g, passkey):
    (paired,) = entries(g, "TROTH_EVENT=paired")
    check(paired["PRIORITY"] == "5" and re.fullmatch("[0-9A-F:]{17}", paired["TROTH_PEER"])
          and paired["TROTH_MITM"] == "true" and paired["MESSAGE"].startswith("paired with ")
          and paired["SYSLOG_IDENTIFIER"] == "trothd", "paired", paired)
    failed = entries(g, "TROTH_EVENT=pairing_failed")
    check(failed and failed[-1]["TROTH_REASON"] == "PAIRING_NOT_SUPPORTED"
          and failed[-1]["TROTH_REASON_CODE"] == "0x05" and failed[-1]["PRIORITY"] == "3",
          "a reason", failed)
    (state,) = entries(g, "TROTH_EVENT=status", "TROTH_STATUS_NAME=CONNECTED")
    check(state["TROTH_SSID"] == "Meadow", "joined", state)
    everything = json.dumps(entries(g))
    check(passkey not in everything and "clover" not in everything, "a secret in the journal")


def control(g):
    check(g.run("stat -c '%a %U %G' /run/troth/control").strip() == "660 troth troth", "its mode")
    check(g.run("stat -c '%a %U' /var/lib/troth").strip() == "700 troth", "StateDirectory")
    check("Lamp: CONNECTED" in g.run("troth status --local"), "as root")
    text = g.run("busybox su maker -c 'troth status --local'", status=1)
    check("no permission for /run/troth/control" in text and "usermod -aG troth" in text, "a stranger",
          text)
    g.run("usermod -aG troth maker || busybox addgroup maker troth")
    check("open for 60 s" in g.run("busybox su maker -c 'troth window open --for 60'"), "a member")
    check("window open" in show(g, "StatusText"), "STATUS=", show(g, "StatusText"))
    g.run("troth window close")


def sandbox(g):
    g.run("sed 's/^Type=notify/Type=oneshot/' /etc/systemd/system/trothd.service "
          ">/etc/systemd/system/probe.service")
    g.file("/etc/systemd/system/probe.service.d/probe.conf", PROBE + "Environment=" +
           "PATH=/build/guest:/usr/sbin:/usr/bin:/sbin:/bin\n")
    g.file("/etc/troth/probe", ATTEMPTS)
    g.run("systemctl daemon-reload; systemctl start probe.service")
    lines = [line.split(": ") for line in g.run("cat /run/probed").splitlines()]
    check(len(lines) == ATTEMPTS.count("\ntry \"") + 17, "all was tried", lines)
    for what, got in lines:
        check(got == ("yes" if what in MAY else "no"), f"the sandbox: {what}", lines)
    pid = show(g, "MainPID")
    about = dict(line.split(":\t", 1) for line in
                 g.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    check(int(about["CapEff"], 16) == 1 << 12 and int(about["CapBnd"], 16) == 1 << 12,
          "CAP_NET_ADMIN alone", about)
    check(about["Uid"].split()[0] == g.run("id -u troth").strip(), "user troth", about)


def main():
    air = Air()
    with open(path("password"), "w") as f:
        f.write("clover and rye\n")
    g = Guest(air, adapters=1, systemd=True)
    g.run(INSTALL)
    g.file("/etc/troth/troth.conf", CONF)
    g.file("/etc/troth/show", SHOW, 0o755)
    g.file("/etc/troth/networks",
           "[network]\nssid = Meadow\nsecurity = wpa2\npassword = clover and rye\njoin_ms = 50\n")
    g.file("/etc/systemd/system/trothd.service.d/asan.conf", ASAN)
    g.run("systemctl daemon-reload; systemctl reload dbus")
    g.adapter()
    g.run("systemctl start trothd.service || { journalctl -n 60; false; }")
    check(show(g, "ActiveState") == "active", "it notified")
    g.retry("journalctl -u trothd -o cat TROTH_EVENT=advertising | grep -q Lamp")
    passkey = pairs(g)
    phone(0, "provision", "wifi", "Lamp", "--ssid", "Meadow", "--password-file", path("password"))
    check("window closed" in show(g, "StatusText") and "Meadow" in show(g, "StatusText"), "STATUS=")
    stranger = program("troth", "pair", "Lamp", "--transport", "unix:air", "--store", "other.db")
    stranger.ends(1, "the window is closed")
    journal(g, passkey)
    control(g)
    sandbox(g)
    # A button, as troth.conf tells.
    g.run("systemctl kill --kill-whom=main -s USR1 trothd")
    g.retry("troth status --local | grep 'open for 300 s'")
    g.run("systemctl restart trothd.service")
    phone(0, "status", "Lamp", "--no-pair")
    g.run("systemctl stop trothd.service")
    check(show(g, "Result") == "success", "a clean stop", g.run("journalctl -u trothd"))


play(main)
