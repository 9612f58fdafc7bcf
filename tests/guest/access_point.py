"""Wi-Fi in a guest: hostapd on the first radio, in a network namespace of its own, with a DHCP
server behind it; the second radio, wlan1, is the device's."""
from guest import *

OPEN, WPA2, SHA256, SAE, MIXED = 0, 1, 2, 3, 6
PSK = "5e" * 32

# Name, security, password, whether it is hidden, whether somebody gives addresses.
NETWORKS = {
    "Meadow": (WPA2, "open sesame", False, True),
    "Brook": (SAE, "brook over stone", False, True),
    "Mixed": (MIXED, "either will do", False, True),
    "Wood": (WPA2, "wo\u00f6d and t\u00fcff", False, True),
    "Fen": (OPEN, "", False, True),
    "Key": (WPA2, PSK, False, True),
    "Hollow": (WPA2, "nobody sees me", True, True),
    "Desert": (WPA2, "no water here", False, False),
}

LINES = {
    OPEN: "",
    WPA2: "wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\n",
    SAE: "wpa=2\nwpa_key_mgmt=SAE\nrsn_pairwise=CCMP\nieee80211w=2\n",
    MIXED: "wpa=2\nwpa_key_mgmt=WPA-PSK SAE\nrsn_pairwise=CCMP\nieee80211w=1\n",
}

UDHCPC = """#!/bin/sh
case $1 in
deconfig) ip addr flush dev $interface; ip link set $interface up;;
bound|renew) ip addr replace $ip/24 dev $interface;;
esac
"""

# What a distribution does beside wpa_supplicant: wpa_cli -a
ACTION = """#!/bin/sh
[ -f /run/udhcpc.pid ] && kill $(cat /run/udhcpc.pid) 2>/dev/null
rm -f /run/udhcpc.pid
ip addr flush dev $1
[ $2 = CONNECTED ] && udhcpc -b -S -t 40 -T 1 -A 1 -i $1 -p /run/udhcpc.pid -s /bin/udhcpc.sh
exit 0
"""


class AccessPoint:
    def __init__(self, g, names=NETWORKS):
        self.g = g
        g.run("modprobe mac80211_hwsim radios=2; modprobe -a ccm gcm ctr cmac bridge")
        g.run("iw reg set YE")  # 2.4 GHz only: to scan all of 5 GHz takes ten seconds here
        self.space = g.start("exec busybox unshare -n sh -c 'echo $$; exec sleep 100000'")
        self.pid = self.space.match(r"^(\d+)$").group(1)
        self.inside = f"busybox nsenter -t {self.pid} -n"
        g.run(f"iw phy phy0 set netns {self.pid}")
        g.run(f"{self.inside} sh -c 'ip link set lo up; ip link add br0 type bridge; "
              "ip addr add 10.9.0.1/24 dev br0; ip link set br0 up'")
        g.file("/tmp/udhcpd.conf", "start 10.9.0.100\nend 10.9.0.200\ninterface br0\n"
               "lease_file /tmp/udhcpd.leases\nopt subnet 255.255.255.0\nopt router 10.9.0.1\n"
               "opt lease 600\n")
        g.run(": >/tmp/udhcpd.leases")
        self.dhcp = g.start(f"exec {self.inside} busybox udhcpd -f /tmp/udhcpd.conf")
        g.file("/bin/udhcpc.sh", UDHCPC, 0o755)
        g.file("/bin/action.sh", ACTION, 0o755)
        self.start(names)

    def start(self, names):
        lines = "ctrl_interface=/run/hostapd\ndriver=nl80211\nhw_mode=g\nchannel=1\n"
        for n, name in enumerate(names):
            security, password, hidden, dhcp = NETWORKS[name]
            lines += f"{'interface' if n == 0 else 'bss'}=wlan0{'' if n == 0 else f'_{n}'}\n"
            lines += f"ssid={name}\n" + LINES[security]
            lines += "ignore_broadcast_ssid=1\n" if hidden else ""
            lines += "bridge=br0\n" if dhcp else ""
            if security == SAE:
                lines += f"sae_password={password}\n"
            elif len(password) == 64:
                lines += f"wpa_psk={password}\n"
            elif password:
                lines += f"wpa_passphrase={password}\n"
        self.g.file("/tmp/hostapd.conf", lines)
        self.daemon = self.g.start(f"exec {self.inside} hostapd /tmp/hostapd.conf")
        self.daemon.line("AP-ENABLED")

    def stop(self):
        self.daemon.end(15)


class Network:
    """A backend, alone: tests/guest/network.c."""

    def __init__(self, g, which, join_ms=0):
        self.p = g.start(f"exec guest_network {which} {join_ms or ''}")
        self.opened = self.p.event("open")["text"]
        self.last = 0

    def ask(self, line):
        self.last += 1
        verb, _, rest = line.partition(" ")
        self.p.type(f"{verb} {self.last} {rest}".strip())
        return self.last

    def outcome(self, seconds=LIMIT, also=()):
        names = ("joined", "failed", "refused", *also)
        line = self.p.until(lambda line: any(self.p.fits(line, n, {"id": self.last}) for n in names),
                            "the outcome", seconds)
        return json.loads(line)

    def join(self, name, password=None, security=None):
        known = NETWORKS.get(name, (WPA2, "whatever it is", False, True))
        password = known[1] if password is None else password
        security = known[0] if security is None else security
        self.ask(f"join {security} {name.encode().hex()} {password.encode().hex()}".strip())
        began = time.monotonic()
        got = self.outcome()
        print(f"{name}, {password!r}: {got} after {time.monotonic() - began:.1f} s", flush=True)
        return got

    def joins(self, name, **how):
        got = self.join(name, **how)
        check(got["event"] == "joined" and got["address"].startswith("10.9.0."), f"{name} is joined",
              self.p.text())
        return got

    def fails(self, reason, name, **how):
        got = self.join(name, **how)
        check(got["event"] == "failed" and got["reason"] == reason, f"{name} fails: {reason}",
              self.p.text())

    def status(self):
        self.ask("status")
        return self.p.event("status", id=self.last)

    def scan(self):
        self.ask("scan")
        self.p.event("scan_done", id=self.last)
        found = [json.loads(line) for line in self.p.said if self.p.fits(line, "scan_result",
                                                                       {"id": self.last})]
        return {bytes.fromhex(r["ssid"]).decode(): r for r in found}

    def sees(self, *names):
        """All of these, though one scan may miss some."""
        for _ in range(6):
            seen = self.scan()
            if all(name in seen for name in names):
                return seen
        raise Failed(f"not in range: {names}\n{seen}")

    def leave(self):
        self.ask("leave")
        self.p.event("left", id=self.last)

    def end(self):
        self.p.type("quit")
        self.p.ends(0, "the backend")
