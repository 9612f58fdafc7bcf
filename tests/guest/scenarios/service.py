"""trothd.service under systemd, on bluetoothd: it has started when it says so, its watchdog starts it
again and not otherwise, and what its sandbox forbids is forbidden: more than bluetooth.service's."""
from guest import *

INSTALL = """
mkdir -p /etc/troth/troth.conf.d
cp /build/bin/trothd /usr/sbin/trothd
cp /source/packaging/systemd/trothd.service /etc/systemd/system/trothd.service
cp /source/packaging/systemd/troth.sysusers /usr/lib/sysusers.d/troth.conf
cp /source/packaging/dbus/troth.conf /usr/share/dbus-1/system.d/troth.conf
ln -sf /lib/systemd/system/bluetooth.service /etc/systemd/system/dbus-org.bluez.service
systemd-sysusers /usr/lib/sysusers.d/troth.conf
"""

CONF = """name = Lamp
transport = bluez:hci0
network = sim:/etc/troth/networks
agent = none
json = yes
"""

# The watchdog in seconds instead of minutes. Leaks are looked for with ptrace, which the sandbox
# forbids.
QUICK = """[Service]
WatchdogSec=4
RestartSec=100ms
Environment=ASAN_OPTIONS=detect_leaks=0
"""

# In the same sandbox, instead of trothd.
PROBE = """[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/bin/sh /etc/troth/probe
StandardOutput=truncate:/run/probed
"""

ATTEMPTS = """
try() { name=$1; shift; "$@" >/dev/null 2>&1 && echo "$name: yes" || echo "$name: no"; }
try "its own state" touch /var/lib/troth/x
try "a temporary file" touch /tmp/x
try "the configuration" touch /etc/troth/x
try "the system" touch /usr/x
try "root's files" ls /root/
try "others' temporary files" ls /tmp/secret
try "others' processes" ls -d /proc/1
try "the kernel's settings" sh -c 'echo 1 >/proc/sys/kernel/sysrq'
try "a mount" mount -t tmpfs x /var/lib/troth
try "a namespace" busybox unshare -U true
try "the clock" sh -c 'date -s 2020-01-01; test $(date +%Y) = 2020'
try "the host's name" hostname other
try "a module" modprobe dummy
try "a raw disk" head -c 1 /dev/vda
try "a setuid file" sh -c 'cp /bin/busybox /var/lib/troth/b && chmod 4755 /var/lib/troth/b'
try "the user" sh -c 'test $(id -u) = 0'
"""
ALLOWED = ("its own state", "a temporary file")


def show(g, what):
    return g.run(f"systemctl show trothd -P {what}").strip()


def phone(*arguments):
    t = program("troth", *arguments, "--transport", "unix:air", "--store", "phone.db")
    return t.ends(0, " ".join(arguments))


def exposure(g, unit):
    return float(re.search(r"level for \S+: ([\d.]+)",
                           g.run(f"systemd-analyze security --no-pager {unit}")).group(1))


def sandbox(g):
    pid = show(g, "MainPID")
    status = dict(line.split(":\t", 1) for line in
                  g.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "no new privileges", status)
    check(int(status["CapBnd"], 16) & ~(1 << 12) == 0, "CAP_NET_ADMIN at most", status)
    check(status["Uid"].split()[0] != "0", "not root", status)
    g.run("sed 's/^Type=notify/Type=oneshot/' /etc/systemd/system/trothd.service "
          ">/etc/systemd/system/probe.service")
    g.file("/etc/systemd/system/probe.service.d/probe.conf", PROBE)
    g.file("/etc/troth/probe", ATTEMPTS)
    g.run("touch /tmp/secret; systemctl daemon-reload; systemctl start probe.service")
    tried = dict(line.split(": ") for line in g.run("cat /run/probed").splitlines())
    check(len(tried) == ATTEMPTS.count("\ntry \""), "all was tried", tried)
    for what, got in tried.items():
        check(got == ("yes" if what in ALLOWED else "no"), f"the sandbox: {what}", tried)
    ours, theirs = exposure(g, "trothd.service"), exposure(g, "bluetooth.service")
    check(ours < theirs, "tighter than bluetooth.service", f"{ours}, {theirs}")
    print(f"exposure {ours}, bluetooth.service {theirs}")


def main():
    air = Air()
    with open(path("password"), "w") as f:
        f.write("clover\n")
    g = Guest(air, adapters=1, systemd=True)
    print(g.said[-1])
    g.run(INSTALL)
    g.file("/etc/troth/troth.conf", CONF)
    g.file("/etc/troth/networks", "[network]\nssid = Meadow\nsecurity = open\n")
    g.file("/etc/systemd/system/trothd.service.d/quick.conf", QUICK)
    g.run("systemctl daemon-reload; systemctl reload dbus")
    g.adapter()
    g.run("systemctl start bluetooth")
    g.powered("hci0")
    journal = g.start("exec journalctl -f -o cat -u trothd")
    g.run("systemctl start trothd.service || { journalctl -n 60; false; }")
    journal.event("advertising", on=True)
    check(show(g, "ActiveState") == "active", "it notified")
    phone("pair", "Lamp")

    pid = show(g, "MainPID")
    g.run(f"kill -STOP {pid}")
    journal.event("start")
    journal.event("advertising", on=True)
    g.retry("systemctl is-active trothd")
    check(show(g, "NRestarts") == "1" and show(g, "MainPID") != pid, "the watchdog")
    check("atchdog" in g.run("journalctl -u trothd"), "it was the watchdog")
    phone("status", "Lamp", "--no-pair")
    sandbox(g)
    check(show(g, "NRestarts") == "1", "otherwise the watchdog is fed")
    g.run("systemctl stop trothd.service")
    check(show(g, "Result") == "success", "a clean stop", g.run("journalctl -u trothd"))


play(main)
