"""A Linux machine in QEMU: the programs of tests/guest/agent.c in it, its adapters, its plug."""
import os, shutil, socket, struct, subprocess, time

import image as image_of
from programs import *

guests = []


class GuestProgram(Said):
    """A program of the guest."""

    def __init__(self, guest, id, line):
        super().__init__(line)
        self.guest = guest
        self.id = id

    def type(self, line):
        self.guest.send("I", self.id, (line + "\n").encode())

    def end_of_input(self):
        self.guest.send("E", self.id)

    def kill(self, signal=15):
        self.guest.send("K", self.id, bytes([signal]))


class Guest(Said):
    """A machine, booted. adapters: so many controllers on the air, hci0 and on, each at
    /dev/virtio-ports/h4.N until adapter(N) makes an adapter of it. keep: paths of the guest that
    outlive a reboot. systemd: it is the first program, and its units may be used."""

    def __init__(self, air=None, adapters=0, keep=(), systemd=False, memory=512, append=""):
        super().__init__("guest")
        self.air, self.adapters, self.systemd, self.memory = air, adapters, systemd, memory
        self.append = append
        self.id = 0
        self.qemu = self.control = None
        self.running = {}
        self.job = path(f"job{len(guests)}" if guests else "job")
        os.makedirs(self.job)
        self.disk = os.path.join(self.job, "disk") if keep else None
        if keep:
            with open(os.path.join(self.job, "keep"), "w") as f:
                f.writelines(name + "\n" for name in keep)
            make = shutil.which("mke2fs", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
            check(make, "there is no mke2fs: install e2fsprogs")
            subprocess.run([make, "-q", "-t", "ext4", self.disk, "64M"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        guests.append(self)
        self.boot()

    def boot(self):
        folder = image_of.image()
        listener = socket.socket(socket.AF_UNIX)
        control = path(f"control{guests.index(self)}")
        if os.path.exists(control):
            os.remove(control)
        listener.bind(control)
        listener.listen()
        console = path("log", f"console{guests.index(self)}")
        words = ["console=ttyS0", "quiet", "panic=-1", "nokaslr", "mitigations=off",
                 "random.trust_cpu=on", "cgroup_disable=memory",
                 # microvm has nothing to measure these by, and sometimes hangs in trying.
                 "tsc_early_khz=2600000", "lpj=1000000"]
        if self.systemd:
            words += ["guest.systemd", "systemd.show_status=false"]
        command = [
            "qemu-system-x86_64", "-accel", "tcg", "-M",
            "microvm,acpi=on,isa-serial=on,rtc=on,pit=on,pic=on", "-m", str(self.memory),
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-chardev", f"file,id=console,path={console},append=on", "-serial", "chardev:console",
            "-kernel", f"{folder}/vmlinux", "-initrd", f"{folder}/initrd",
            "-append", " ".join([*words, self.append]),
            "-drive", f"if=none,id=root,format=raw,readonly=on,file={folder}/root.squashfs",
            "-device", "virtio-blk-device,drive=root",
            "-object", "rng-random,id=rng,filename=/dev/urandom", "-device",
            "virtio-rng-device,rng=rng",
            "-device", f"virtio-serial-device,max_ports={self.adapters + 2}",
            "-chardev", f"socket,id=control,path={control}",
            "-device", "virtserialport,chardev=control,name=control"]
        if self.disk:
            command += ["-drive", f"if=none,id=disk,format=raw,file={self.disk}",
                        "-device", "virtio-blk-device,drive=disk"]
        for tag, where, how in (("build", BUILD, ",readonly=on"), ("source", SOURCE, ",readonly=on"),
                                ("job", self.job, "")):
            command += ["-fsdev", f"local,id={tag},path={where},security_model=none,multidevs=remap{how}",
                        "-device", f"virtio-9p-device,fsdev={tag},mount_tag={tag}"]
        for n in range(self.adapters):
            command += ["-chardev", f"socket,id=h4.{n},path={self.air.path}",
                        "-device", f"virtserialport,chardev=h4.{n},name=h4.{n}"]
        self.started = time.monotonic()
        self.ready = False
        self.running = {}
        self.octets = b""
        self.qemu = Program(*command)
        self.qemu.name = "qemu"
        listener.settimeout(LIMIT)
        self.control, _ = listener.accept()
        listener.close()

        def up():
            check(self.qemu.status is None, "the guest ended while it booted", self.qemu.text())
            return self.ready
        wait(up, "the guest boots", 2 * LIMIT, lambda: tail(console))
        if self.systemd:
            self.retry("systemctl is-active multi-user.target")
        self.said.append(f"booted in {time.monotonic() - self.started:.1f} s")
        self.log.write(self.said[-1] + "\n")

    # The control channel: frames, see agent.c.

    def fileno(self):
        return self.control.fileno() if self.control else None

    def hear(self):
        try:
            octets = self.control.recv(65536)
        except OSError:
            octets = b""
        if not octets:
            self.lost()
        self.octets += octets
        while len(self.octets) >= 7:
            kind, id, length = struct.unpack("<cHI", self.octets[:7])
            if len(self.octets) < 7 + length:
                break
            payload, self.octets = self.octets[7:7 + length], self.octets[7 + length:]
            p = self.running.get(id)
            if kind == b"H":
                self.ready = True
            elif kind == b"O" and p:
                p.take(payload)
            elif kind == b"X" and p:
                p.status = struct.unpack("<I", payload)[0]
                del self.running[id]

    def lost(self):
        if self.control:
            self.control.close()
            self.control = None
        for p in self.running.values():
            p.status = "the guest went down"
        self.running = {}

    def send(self, kind, id, payload=b""):
        check(self.control, "the guest is down")
        self.control.sendall(struct.pack("<cHI", kind.encode(), id, len(payload)) + payload)

    # Programs.

    def start(self, line, terminal=False):
        """A line for sh, run in the background. terminal: on one, which also says what is typed."""
        self.id = self.id % 65535 + 1
        p = GuestProgram(self, self.id, line)
        self.running[self.id] = p
        self.send("R", self.id, (("t" if terminal else "p") + line).encode())
        return p

    def run(self, line, status=0, seconds=LIMIT):
        """A line for sh, run to its end; status None: any. What it said."""
        p = self.start(line)
        p.end_of_input()
        got = p.end(seconds=seconds)
        check(status is None or got == status, f"in the guest, {line}: exit status {got}, not {status}",
              p.text())
        return "\n".join(p.said + ([p.partial] if p.partial else []))

    def retry(self, line, seconds=LIMIT, pause=0.1):
        """Runs a line until it succeeds, for what can only be asked for. What it said."""
        end = time.monotonic() + seconds
        while True:
            p = self.start(line)
            p.end_of_input()
            if p.end(seconds=seconds) == 0:
                return p.text().strip()
            check(time.monotonic() < end, f"in the guest, not within {seconds} s: {line}", p.text())
            again = time.monotonic() + pause
            while time.monotonic() < again:
                pump(again - time.monotonic())

    def file(self, path, text, mode=0o644):
        """Writes a file of the guest."""
        p = self.start(f"mkdir -p $(dirname {path}); cat >{path} && chmod {mode:o} {path}")
        for at in range(0, len(text), 4000):
            self.send("I", p.id, text[at:at + 4000].encode())
        p.end_of_input()
        p.ends(0, f"writing {path}")

    # What most scenarios need.

    def adapter(self, n=0, claim=""):
        """Joins the controller at h4.N to the kernel; the bridge, whose adapter is "hci0". bluetoothd
        need not run. claim: what the bridge makes the controller claim, see vhci_bridge.c."""
        check(n < self.adapters, f"Guest(adapters={n + 1}) was not asked for")
        self.run("modprobe -a ansi_cprng; modprobe -a bluetooth hci_vhci algif_hash algif_skcipher "
                 "cmac ecb uhid")
        bridge = self.start(f"exec guest_vhci_bridge /dev/virtio-ports/h4.{n} {claim}")
        bridge.adapter = bridge.match(r"^(hci\d+)$").group(1)
        # Its set-up (HCI_SETUP) ends when it goes down again by itself.
        self.retry(f"btmgmt --index {bridge.adapter} info | grep -q 'addr '", seconds=LIMIT)
        return bridge

    def dbus(self):
        """The system bus; under systemd it is there already."""
        if self.systemd:
            return None
        p = self.start("exec dbus-daemon --system --nofork --nopidfile")
        self.retry("test -S /run/dbus/system_bus_socket")
        return p

    def bluetoothd(self, *arguments):
        """The bus, every adapter, bluetoothd and its adapters powered. The daemon."""
        self.dbus()
        for n in range(self.adapters):
            self.adapter(n)
        d = self.start(f"exec /usr/libexec/bluetooth/bluetoothd -n {' '.join(arguments)}")
        for n in range(self.adapters):
            self.powered(f"hci{n}")
        return d

    def powered(self, name):
        self.retry("dbus-send --system --print-reply --dest=org.bluez /org/bluez/" + name +
                   " org.freedesktop.DBus.Properties.Set string:org.bluez.Adapter1 string:Powered"
                   " variant:boolean:true")

    # Its end.

    def off(self, hard=False):
        """Shuts down; hard: as if its plug were pulled."""
        if hard:
            self.qemu.kill(9)
        else:
            self.start("systemctl --force --force poweroff" if self.systemd
                       else "sync; busybox poweroff -f")
        self.qemu.end()
        self.lost()

    def reboot(self, hard=False):
        self.off(hard)
        self.boot()


def tail(path, lines=30):
    try:
        with open(path, errors="replace") as f:
            return "\n".join(f.read().splitlines()[-lines:])
    except OSError:
        return ""
