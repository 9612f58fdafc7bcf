# troth doctor on machines made of files: each trouble is found, with the command that mends it, and
# only then; the exit status says whether something does not work.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
import shutil
from programs import *

LE_AND_SC = "0x00000a00"


class Machine:
    """A root; what is not said is a Raspberry Pi without a fault, used by root."""

    def __init__(self, **changes):
        self.files = {
            "proc/sys/kernel/osrelease": "6.1.0-rpi8",
            "proc/self/status": "Name:\ttroth\nUid:\t0\t0\t0\t0\nGroups:\t0\nCapEff:\t000001ffffffffff\n",
            "proc/crypto": "name         : cmac(aes)\nname         : ecdh-nist-p256\n",
            "sys/class/bluetooth/hci0/rfkill0/x": "",
            "sys/class/rfkill/rfkill0/type": "bluetooth",
            "sys/class/rfkill/rfkill0/name": "hci0",
            "sys/class/rfkill/rfkill0/soft": "0",
            "sys/class/rfkill/rfkill0/hard": "0",
            "doctor/hci0": f"DC:A6:32:00:00:01 managed {LE_AND_SC} {LE_AND_SC}",
            "doctor/now": "1790000000",
            "dev/uhid": "", "dev/rfkill": "",
            "var/lib/x": "",
        }
        self.files.update({k: v for k, v in changes.items() if v is not None})
        for k in [k for k, v in changes.items() if v is None]:
            for name in [n for n in self.files if n == k or n.startswith(k + "/")]:
                del self.files[name]

    def make(self):
        shutil.rmtree("root", ignore_errors=True)
        os.makedirs("root/proc")
        for name, text in self.files.items():
            os.makedirs(os.path.dirname("root/" + name), exist_ok=True)
            if text.startswith("-> "):
                os.symlink(text[3:], "root/" + name)
                continue
            with open("root/" + name, "w") as f:
                f.write(text)
            os.chmod("root/" + name, 0o755 if text.startswith("#!") else 0o644)

    def doctor(self, status):
        self.make()
        env = dict(os.environ, TROTH_DOCTOR_ROOT=os.path.abspath("root"),
                   DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent", HOME="/home/maker")
        for name in ("XDG_STATE_HOME", "STATE_DIRECTORY"):
            env.pop(name, None)
        p = subprocess.run([f"{BIN}/troth", "doctor", "--json"], text=True, capture_output=True,
                           timeout=LIMIT, env=env)
        self.said = p.stdout + p.stderr
        check(p.returncode == status, f"exit status {p.returncode}, not {status}", self.said)
        lines = [json.loads(line) for line in p.stdout.splitlines()]
        self.result = lines.pop()
        check(self.result["event"] == "result" and self.result["ok"] == (status == 0), "the result",
              self.result)
        self.found = lines
        # for people: the same, with the commands
        p = subprocess.run([f"{BIN}/troth", "doctor"], text=True, capture_output=True, timeout=LIMIT,
                           env=env)
        check(p.returncode == status, "the same status for people", p.stdout)
        for line in self.found:
            check(line["text"] in p.stdout, "people are told as well", line["text"])
            check(not line.get("mend") or f"$ {line['mend']}\n" in p.stdout, "the command", line)
        return self

    def has(self, area, verdict, words, mend=None):
        for f in self.found:
            if f["area"] == area and f["verdict"] == verdict and words in f["text"]:
                check((mend or "") in f.get("mend", ""), f"{words}: the command", f)
                return self
        raise SystemExit(f"FAILED: not found: {area} {verdict} {words}\n{self.said}")

    def lacks(self, words):
        check(not any(words in f["text"] for f in self.found), f"unfounded: {words}", self.said)
        return self


def change(files):
    return Machine(**files)


def adapters():
    m = Machine().doctor(0)
    m.has("radio", "good", "hci0, DC:A6:32:00:00:01").has("radio", "good", "rfkill blocks nothing")
    m.has("radio", "good", "our own host can take hci:0").lacks("bluetoothd is 5")
    check(m.result["own_host"] and not m.result["bluez"] and not m.result["wifi"], "ways", m.said)

    m = change({"sys": None}).doctor(1)
    m.has("radio", "bad", "has no Bluetooth").lacks("plug one in")
    change({"sys": None, "lib/modules/6.1.0-rpi8/kernel/net/bluetooth/bluetooth.ko": ""}).doctor(1) \
        .has("radio", "bad", "is not loaded", "sudo modprobe bluetooth")
    change({"sys/class/bluetooth/hci0": None, "sys/class/bluetooth/x": ""}).doctor(1) \
        .has("radio", "bad", "there is no Bluetooth adapter")
    change({"sys/class/rfkill/rfkill0/soft": "1"}).doctor(1) \
        .has("radio", "bad", "blocked by rfkill", "sudo rfkill unblock bluetooth") \
        .lacks("our own host can")
    change({"sys/class/rfkill/rfkill0/hard": "1"}).doctor(1) \
        .has("radio", "bad", "switched off by hardware")
    change({"doctor/hci0": "DC:A6:32:00:00:01 up managed 0x00000080 0x00000080"}).doctor(1) \
        .has("radio", "bad", "no Bluetooth LE")
    change({"doctor/hci0": "00:00:00:00:00:00 up managed 0x00000200 0x00000200"}).doctor(0) \
        .has("radio", "warning", "no public address") \
        .has("radio", "warning", "no LE Secure Connections")


def holders():
    other = {"proc/net/hci": "sk RefCnt Rmem Wmem User Inode Parent\n0 2 0 0 0 4711 0\n",
             "proc/77/comm": "sniffer", "proc/77/fd/3": "-> socket:[4711]"}
    change({**other, "doctor/hci0": "DC:A6:32:00:00:01 up"}).doctor(0) \
        .has("radio", "note", "hci0 is held through the user channel by another host: one of "
             "sniffer (process 77)")
    change({**other, "proc/77/fd/3": "-> socket:[1]"}).doctor(0).lacks("sniffer")
    m = change({"proc/self/status": "Uid:\t1000\t1000\nGroups:\t1000\nCapEff:\t0\n",
                "etc/group": "bluetooth:x:112:\nnetdev:x:113:maker\n", "home/maker/x": ""})
    m.doctor(1)
    m.has("bluez", "bad", "neither our own host nor BlueZ") \
     .has("machine", "good", "bonds can be kept in /home/maker/.local/state/troth")
    m.has("radio", "warning", "CAP_NET_ADMIN", "setcap cap_net_admin") \
     .has("machine", "note", "not in the group bluetooth", "sudo usermod -aG bluetooth $USER")
    check(not m.result["own_host"], "no way", m.said)


DAEMON = {"usr/libexec/bluetooth/bluetoothd": "#!/bin/sh\necho 5.66\n",
          "proc/42/comm": "bluetoothd"}


def bluez():
    change({"usr/libexec/bluetooth/bluetoothd": DAEMON["usr/libexec/bluetooth/bluetoothd"]}) \
        .doctor(0) \
        .has("bluez", "good", "bluetoothd is 5.66") \
        .has("bluez", "note", "does not run", "sudo systemctl enable --now bluetooth")
    # it runs and cannot be reached
    m = change(DAEMON).doctor(1)
    m.has("bluez", "bad", "system bus cannot be reached", "systemctl start dbus")
    m.has("radio", "note", "belongs to bluetoothd (process 42)", "sudo systemctl stop bluetooth")
    change({"usr/libexec/bluetooth/bluetoothd": "#!/bin/sh\necho 5.43\n"}).doctor(0) \
        .has("bluez", "warning", "bluetoothd is 5.43", "apt install bluez")


def settings():
    def conf(text):
        return change({"usr/libexec/bluetooth/bluetoothd": "#!/bin/sh\necho 5.66\n",
                       "etc/bluetooth/main.conf": text})

    quiet = ("[General]\nReverseServiceDiscovery = false\nJustWorksRepairing=confirm\n"
             "[Policy]\nAutoEnable = false\n")
    m = conf(quiet).doctor(0)
    for word in ("ReverseServiceDiscovery", "JustWorksRepairing", "AutoEnable", "ControllerMode"):
        m.lacks(word)
    m = conf("[General]\n#ControllerMode = bredr\n").doctor(0)
    m.lacks("ControllerMode")
    for word in ("ReverseServiceDiscovery", "JustWorksRepairing", "AutoEnable"):
        m.has("bluez", "note", f"{word} in main.conf is not set", f"{word} = ")
    m = conf("[General]\nControllerMode = bredr\n").doctor(1)
    m.has("bluez", "bad", "ControllerMode = bredr", "ControllerMode = dual")
    conf("[Policy]\nControllerMode = bredr\n").doctor(0).lacks("ControllerMode")
    conf(quiet + "[General]\nAlwaysPairable = true\n").doctor(0) \
        .has("bluez", "warning", "AlwaysPairable", "AlwaysPairable = false")
    m = conf(quiet.replace("=confirm", " = always")).doctor(0)
    m.has("bluez", "warning", "JustWorksRepairing = always", "JustWorksRepairing = confirm")
    check(m.said.count("JustWorksRepairing = always in") == 1, "said once", m.said)
    # the command does what it says
    mend = [f["mend"] for f in m.found if "JustWorksRepairing" in f["text"]][0]
    sed = mend.split(" && ")[0].replace("sudo ", "").replace("/etc/", "root/etc/")
    subprocess.run(sed, shell=True, check=True)
    m.files["etc/bluetooth/main.conf"] = open("root/etc/bluetooth/main.conf").read()
    m.doctor(0).lacks("JustWorksRepairing")
    # also without the section
    m = conf("[General]\n").doctor(0)
    mend = [f["mend"] for f in m.found if "AutoEnable" in f["text"]][0]
    subprocess.run(mend.split(" && ")[0].replace("sudo ", "").replace("/etc/", "root/etc/"),
                   shell=True, check=True, stdout=subprocess.DEVNULL)
    m.files["etc/bluetooth/main.conf"] = open("root/etc/bluetooth/main.conf").read()
    m.doctor(0).lacks("AutoEnable")
    conf(quiet + "[General]\nPairableTimeout = 30\nPrivacy = network\n").doctor(0) \
        .has("bluez", "note", "PairableTimeout = 30") \
        .has("bluez", "warning", "Privacy = network")


def networks():
    wpa = {"sbin/wpa_supplicant": "#!/bin/sh\necho wpa_supplicant v2.10\n",
           "proc/50/comm": "wpa_supplicant", "sys/class/net/wlan0/phy80211/x": ""}
    m = change({**wpa, "run/wpa_supplicant/wlan0": "", "run/wpa_supplicant/p2p-dev-wlan0": ""})
    m.doctor(0).has("network", "good", "Wi-Fi interfaces: wlan0") \
     .has("network", "good", "wpa_supplicant v2.10 can be driven: wlan0")
    check(m.result["wifi"], "a way", m.said)
    change(wpa).doctor(0).has("network", "warning", "without a control socket", "ctrl_interface")
    change({**wpa, "proc/50/comm": "other"}).doctor(0).has("network", "note", "does not run")
    change({"run/openthread-wpan0.sock": ""}).doctor(0).has("network", "good", "ot-daemon runs")
    Machine().doctor(0).has("network", "note", "no Wi-Fi interface")


def the_rest():
    change({"doctor/now": "86400"}).doctor(0) \
        .has("machine", "warning", "clock is not set", "timedatectl")
    change({"proc/sys/kernel/osrelease": "4.19.0"}).doctor(0) \
        .has("machine", "warning", "Linux 4.19.0 is older")
    change({"proc/crypto": "name : sha256\n"}).doctor(0) \
        .has("machine", "note", "cmac(aes)", "modprobe -a cmac")
    change({"dev/uhid": None}).doctor(0).has("machine", "note", "/dev/uhid", "modprobe uhid")
    change({"dev/ttyAMA0": "", "proc/cmdline": "console=ttyAMA0,115200"}).doctor(0) \
        .has("radio", "note", "/dev/ttyAMA0").has("radio", "warning", "console is on a serial line")


def main():
    adapters()
    holders()
    bluez()
    settings()
    networks()
    the_rest()
    check("not expected" in tool(2, "doctor", "now"), "no operands")


play(main)
PY
