"""A Linux guest as a test sees it: booted, its programs run like the host's, lines awaited, all ended.

    from guest import *

    def main():
        air = Air()                              # the radio, on the host
        g = Guest(air, adapters=1)               # boots; its hci0 has a controller on the air
        g.bluetoothd()
        lamp = g.start("trothd ...")             # in the guest
        phone = program("troth", "scan", ...)    # on the host, on the same air
        lamp.line("advertising")
        phone.ends(0, "the scan")

    play(main)

Everything that runs is read while anything is awaited; nothing sleeps. docs/TESTING.md, "Guests".
"""
import ctypes, json, os, re, select, shutil, signal, socket, struct, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import image as image_of

BUILD = os.environ["TROTH_BUILD"]
BIN = os.environ["TROTH_BIN"]
SOURCE = os.environ["TROTH_SOURCE"]
LIMIT = 60  # seconds for one thing to happen; the guest's processor is emulated and often shared
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x01\x02]")
EMPTY = re.compile(r"\s*(\[[^\]]+\]# *)?$")  # nothing, or bluetoothctl's prompt
everything = []  # what may say something, in the order it was started
guests = []


class Failed(Exception):
    pass


def check(truth, what, about=""):
    if not truth:
        raise Failed(f"{what}\n{about}".rstrip())


def pump(seconds):
    """Waits until something says something, and hears it."""
    sources = [s for s in everything if s.fileno() is not None]
    readable, _, _ = select.select([s.fileno() for s in sources], [], [], max(0, seconds))
    for s in sources:
        if s.fileno() in readable:
            s.hear()
    return bool(readable)


def wait(truth, what, seconds=LIMIT, about=lambda: ""):
    """Until truth() is true: asked again whenever something was said. What it returned."""
    end = time.monotonic() + seconds
    while True:
        got = truth()
        if got:
            return got
        left = end - time.monotonic()
        check(left > 0, f"not within {seconds} s: {what}", about())
        pump(min(left, 0.25))


class Said:
    """A program's lines, those not yet awaited apart. What has no newline yet (a prompt) counts."""

    def __init__(self, name):
        self.name = name
        self.said = []
        self.at = 0       # the first line that was not awaited
        self.partial = ""
        self.status = None
        self.log = open(os.path.join(work, "log", f"{len(everything):02}-{slug(name)}"), "w")
        everything.append(self)

    def fileno(self):
        return None

    def take(self, octets):
        text = octets.decode(errors="replace")
        self.log.write(text)
        self.log.flush()
        *whole, self.partial = ESCAPES.sub("", self.partial + text).replace("\r", "\n").split("\n")
        self.said += [line for line in whole if not EMPTY.match(line)]

    def text(self):
        return "\n".join(self.said + [self.partial])

    def until(self, truth, what="a certain line", seconds=LIMIT):
        """The first line from here on that truth() takes."""
        def look():
            while self.at < len(self.said):
                self.at += 1
                if truth(self.said[self.at - 1]):
                    return self.said[self.at - 1]
            if self.partial.strip() and truth(self.partial):
                line, self.partial = self.partial, ""
                self.said.append(line)
                self.at = len(self.said)
                return line
            check(self.status is None, f"{self.name} ended ({self.status}) before {what}",
                  self.text())
            return None
        return wait(look, f"{self.name}: {what}", seconds, self.text)

    def line(self, words, seconds=LIMIT):
        return self.until(lambda line: words in line, repr(words), seconds)

    def match(self, pattern, seconds=LIMIT):
        """The match of a regular expression."""
        found = re.compile(pattern)
        return found.search(self.until(found.search, repr(pattern), seconds))

    @staticmethod
    def fits(line, name, fields):
        try:
            e = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            return False
        return e.get("event") == name and all(e.get(k) == v for k, v in fields.items())

    def event(self, name, seconds=LIMIT, **fields):
        """The next of these, of a program that was given --json."""
        return json.loads(self.until(lambda line: self.fits(line, name, fields),
                                     f"event {name} {fields or ''}", seconds))

    def told(self, name, seconds=LIMIT, **fields):
        """One of these, among what was said or comes."""
        for line in self.said:
            if self.fits(line, name, fields):
                return json.loads(line)
        return self.event(name, seconds, **fields)

    def end(self, signal=None, seconds=LIMIT):
        """Its exit status."""
        if signal:
            self.kill(signal)
        wait(lambda: self.status is not None, f"{self.name} ends", seconds, self.text)
        return self.status

    def ends(self, status, what, seconds=LIMIT):
        """What it said."""
        got = self.end(seconds=seconds)
        check(got == status, f"{what}: exit status {got}, not {status}", self.text())
        return self.text()


def slug(name):
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name)[:60].strip("-")


def dies_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Program(Said):
    """A program of the host."""

    def __init__(self, *command, stdin=subprocess.DEVNULL, env=None):
        super().__init__(" ".join(os.path.basename(w) for w in command))
        self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, preexec_fn=dies_with_us, cwd=work,
                                        env=dict(os.environ, **(env or {})))

    def fileno(self):
        return self.process.stdout.fileno() if self.status is None else None

    def hear(self):
        octets = os.read(self.process.stdout.fileno(), 65536)
        if octets:
            self.take(octets)
        else:
            self.status = self.process.wait()

    def type(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def kill(self, signal=15):
        if self.status is None:
            self.process.send_signal(signal)

    def bury(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def path(name):
    """Of a file in the work folder, where the host's programs are."""
    return os.path.join(work, name)


def program(name, *arguments, stdin=subprocess.DEVNULL, env=None):
    """One of Troth's, on the host. In the work folder: relative paths are apart from other runs'."""
    return Program(os.path.join(BIN, name), *arguments, stdin=stdin, env=env)


class Air(Program):
    """The radio. Captures of every controller are kept in captures/ when a test fails."""

    def __init__(self, *arguments):
        os.makedirs(os.path.join(work, "captures"), exist_ok=True)
        super().__init__(os.path.join(BIN, "troth"), "air", "--listen", "unix:air", "--trace",
                         "--capture", "captures", *arguments)
        self.path = os.path.join(work, "air")
        self.line("listening")

    # What Troth's programs on the host are given.
    transport = "unix:air"


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
        self.job = os.path.join(work, f"job{len(guests)}" if guests else "job")
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
        path = os.path.join(work, f"control{guests.index(self)}")
        if os.path.exists(path):
            os.remove(path)
        listener.bind(path)
        listener.listen()
        console = os.path.join(work, "log", f"console{guests.index(self)}")
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
            "-chardev", f"socket,id=control,path={path}",
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


work = None


def play(main, seconds=240):
    """Runs a scenario to its end, whatever that is; keeps what was said if it fails."""
    global work
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    work = tempfile.mkdtemp(prefix="troth-guest-")  # short: paths of Unix sockets are
    os.mkdir(os.path.join(work, "log"))
    os.environ["XDG_STATE_HOME"] = os.path.join(work, "state")
    started = time.monotonic()

    def stop(number, _):
        raise Failed(f"it takes longer than {seconds} s" if number == signal.SIGALRM else
                     "interrupted")
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.alarm(seconds)
    status = 1
    try:
        main()
        print(f"all of it happened, in {time.monotonic() - started:.0f} s")
        status = 0
    except Failed as e:
        frame = e.__traceback__
        where = []
        while frame:
            if frame.tb_frame.f_code.co_filename == os.path.abspath(sys.argv[0]):
                where.append(str(frame.tb_lineno))
            frame = frame.tb_next
        print(f"FAILED: {e}\n(line {', '.join(where)} of {name}.py)")
    finally:
        signal.alarm(0)
        for s in everything:
            if isinstance(s, Program):
                s.bury()
        kept = os.path.join(BUILD, "guest", "failed", name)
        if status or os.environ.get("TROTH_GUEST_KEEP"):
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(work, kept, symlinks=True, ignore=lambda folder, names: [
                n for n in names if not (os.path.isdir(os.path.join(folder, n)) or
                                         os.path.isfile(os.path.join(folder, n)))])
            print(f"kept: {kept}/log, captures, job")
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(status)
