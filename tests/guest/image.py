#!/usr/bin/env python3
"""The guest's kernel and file systems, made from Debian's packages.

    image.py [--update]     prints the folder that holds vmlinux, initrd and root.squashfs

Packages are fetched once, by apt with its own signatures, into TROTH_GUEST_CACHE (default
~/.cache/troth/guest); nothing is installed and no privilege needed. A folder is made anew when
what it is made from changes. --update asks Debian for newer packages.
"""
import fcntl, hashlib, lzma, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("TROTH_GUEST_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "troth", "guest")
# Nothing in the guest reads these.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info",
            "usr/share/perl", "usr/share/lintian", "usr/share/bash-completion",
            "usr/share/zoneinfo", "usr/share/alsa", "usr/share/gcc*", "usr/share/X11",
            "usr/lib/x86_64-linux-gnu/perl*", "usr/lib/x86_64-linux-gnu/gconv", "usr/lib/dracut",
            "usr/lib/udev/hwdb.d")
# The order in which the first program loads them; what they need goes before.
FIRST_MODULES = ("virtio_mmio", "virtio_blk", "squashfs", "overlay")
IMAGES_KEPT = 4
KMOD = ("modprobe", "insmod", "rmmod", "lsmod", "modinfo", "depmod")
# What packages set up when they are installed, which here they never are.
MODES = ("/usr/lib/dbus-1.0/dbus-daemon-launch-helper m 4754 0 100",)


def fail(sentence):
    sys.exit(f"check guest: {sentence}")


def names(file):
    with open(os.path.join(HERE, file)) as f:
        return " ".join(line.split("#")[0] for line in f).split()


def run(*command, **more):
    """Its output; what it said if it fails."""
    p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, **more)
    text = p.stdout.decode(errors="replace")
    if p.returncode:
        sys.stderr.write(text[-4000:])
        fail(f"{command[0]} failed; its words are above")
    return text


class Apt:
    """apt with a state of its own: it knows no installed package, so it fetches all there is to a
    package, and needs no privilege."""

    def __init__(self, folder):
        self.folder = folder
        self.archives = os.path.join(folder, "archives")
        for d in ("state/lists/partial", "archives/partial"):
            os.makedirs(os.path.join(folder, d), exist_ok=True)
        self.options = ["-q", "-y", "-o", f"Dir::State={folder}/state", "-o",
                        "Dir::State::status=/dev/null", "-o", f"Dir::Cache={folder}", "-o",
                        f"Dir::Cache::archives={self.archives}", "-o", "Debug::NoLocking=1", "-o",
                        "APT::Sandbox::User=", "-o", "Acquire::Retries=2", "-o",
                        "Acquire::Languages=none", "-o", "APT::Architecture=amd64", "-o",
                        "APT::Architectures=amd64"]

    def get(self, *words):
        env = dict(os.environ, LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
        p = subprocess.run(["apt-get", *self.options, *words], env=env, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, cwd=self.archives)
        return p.returncode, p.stdout

    def fetch(self, packages):
        """The files of the packages and of all they need, the kernel's last."""
        _, said = self.get("update")  # one bad index of many may not matter: what follows decides
        install = ("--no-install-recommends", "install", *packages)
        status, more = self.get("--simulate", *install)
        files = [f"{name}_{version.replace(':', '%3a')}_{machine}.deb" for name, version, machine
                 in re.findall(r"^Inst (\S+) \((\S+) .*\[(\S+)\]\)", more, re.M)]
        if not status:
            status, more = self.get("--download-only", *install)
        for kernel in names("kernel") if not status else ():
            if kernel == "linux-image-amd64":  # only the name of another
                depends = run("apt-cache", *self.options[2:], "depends", kernel).split()
                kernel = [w for w in depends if w.startswith("linux-image-")][-1]
            status, more = self.get("download", kernel)
            if not status:
                shown = run("apt-cache", *self.options[2:], "show", "--no-all-versions", kernel)
                field = dict(re.findall(r"^(Version|Architecture): (\S+)$", shown, re.M))
                files.append(f"{kernel}_{field['Version'].replace(':', '%3a')}_"
                             f"{field['Architecture']}.deb")
                break
        if status:
            sys.stderr.write("".join(line + "\n" for line in (said + more).splitlines()
                                     if line[:2] in ("E:", "W:")))
            fail("the guest's packages could not be fetched from Debian (apt's words are above). "
                 "They are fetched once and kept in " + CACHE)
        return files


def fetched(update):
    """The packages, the kernel's last."""
    wanted = names("packages")
    key = hashlib.sha256(" ".join(sorted(wanted) + names("kernel")).encode()).hexdigest()[:16]
    listed = os.path.join(CACHE, "packages-" + key)
    folder = os.path.join(CACHE, "apt")
    if update or not os.path.exists(listed):
        print("check guest: fetching the guest's packages from Debian", file=sys.stderr, flush=True)
        files = Apt(folder).fetch(wanted)
        with open(listed + ".new", "w") as f:
            f.writelines(name + "\n" for name in files)
        os.rename(listed + ".new", listed)
    with open(listed) as f:
        debs = [os.path.join(folder, "archives", line.strip()) for line in f]
    for deb in debs:
        if not os.path.exists(deb):
            os.remove(listed)
            fail(f"{os.path.basename(deb)} is gone from {folder}/archives; the next run fetches it")
    return debs


def unpack(debs, root):
    for d in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(os.path.join(root, "usr", d))
        os.symlink(f"usr/{d}", os.path.join(root, d))
    leave = [f"--exclude=./{p}" for p in LEFT_OUT]
    for deb in debs:
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
        run_tar = subprocess.run(["tar", "-x", "-C", root, "--keep-directory-symlink",
                                  "--no-same-owner", *leave], stdin=tar.stdout)
        tar.stdout.close()
        if tar.wait() or run_tar.returncode:
            fail(f"{os.path.basename(deb)} cannot be unpacked; ./check guest --update fetches it anew")


def depmod(root, tree, version):
    """By the guest's own kmod, which this machine may not have."""
    libraries = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    run(os.path.join(root, "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", libraries, "--argv0",
        "depmod", os.path.join(root, "usr/bin/kmod"), "-b", tree, version)


def needs(tree, version):
    """module name -> its file and those it needs, nearest first."""
    table = {}
    with open(os.path.join(tree, "lib/modules", version, "modules.dep")) as f:
        for line in f:
            file, rest = line.split(":")
            name = os.path.basename(file).split(".")[0].replace("-", "_")
            table[name] = [file, *rest.split()]
    return table


def modules(kernel_tree, root, version):
    """Puts the modules of the list, and what they need, into the root. Returns the table."""
    depmod(root, kernel_tree, version)
    table = needs(kernel_tree, version)
    built_in = run("cat", os.path.join(kernel_tree, "lib/modules", version, "modules.builtin"))
    there = os.path.join(root, "usr/lib/modules", version)
    for name in names("modules"):
        if name not in table:
            if f"/{name}.ko" in built_in.replace("-", "_"):
                continue
            fail(f"tests/guest/modules: the kernel has no module {name}")
        for file in table[name]:
            to = os.path.join(there, file)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy(os.path.join(kernel_tree, "lib/modules", version, file), to)
    for file in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(os.path.join(kernel_tree, "lib/modules", version, file), there)
    depmod(root, root, version)
    return table


def vmlinux(vmlinuz, to):
    """The kernel without its wrapping: QEMU starts it at once."""
    with open(vmlinuz, "rb") as f:
        data = f.read()
    at = data.find(b"\xfd7zXZ\0")
    if at < 0:
        fail(f"{vmlinuz} holds no xz stream")
    with open(to, "wb") as f:
        f.write(lzma.LZMADecompressor().decompress(data[at:]))


class Cpio:
    """newc, as the kernel unpacks it."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.count = 0

    def put(self, name, mode, data=b"", device=(0, 0)):
        self.count += 1
        path = name.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        record = b"070701" + b"".join(b"%08X" % v for v in fields) + path
        for part in (record, data):
            self.file.write(part + b"\0" * (-len(part) % 4))

    def end(self):
        self.put("TRAILER!!!", 0)
        self.file.close()


def initrd(root, table, version, to):
    c = Cpio(to)
    for d in ("bin", "dev", "proc", "mnt", "modules"):
        c.put(d, 0o40755)
    c.put("dev/console", 0o20600, device=(5, 1))
    order = []
    for name in FIRST_MODULES:
        for file in reversed(table.get(name, ())):
            if file not in order:
                order.append(file)
    for file in order:
        with open(os.path.join(root, "usr/lib/modules", version, file), "rb") as f:
            c.put("modules/" + os.path.basename(file), 0o100644, f.read())
    c.put("modules/order", 0o100644,
          "".join(os.path.basename(file) + "\n" for file in order).encode())
    for name, file in (("bin/busybox", os.path.join(root, "usr/bin/busybox")),
                       ("init", os.path.join(HERE, "initrd-init"))):
        with open(file, "rb") as f:
            c.put(name, 0o100755, f.read())
    c.end()


def furnish(root):
    """What packages' installation and a boot's early programs would have left."""
    listed = run(os.path.join(root, "usr/bin/busybox"), "--list").split()
    for applet in listed:
        if applet not in KMOD and not any(
                os.path.lexists(os.path.join(root, d, applet)) for d in ("usr/bin", "usr/sbin")):
            os.symlink("busybox", os.path.join(root, "usr/bin", applet))
    for name in KMOD:
        link = os.path.join(root, "usr/sbin", name)
        if not os.path.lexists(link):
            os.symlink("../bin/kmod", link)
    for d in ("proc", "sys", "dev", "run", "tmp", "root", "mnt", "build", "source", "job", "keep",
              "var/lib/bluetooth", "var/lib/iwd", "var/lib/troth", "etc", "var/log"):
        os.makedirs(os.path.join(root, d), exist_ok=True)
    for name, target in (("run", "/run"), ("lock", "/run/lock")):
        link = os.path.join(root, "var", name)
        if not os.path.lexists(link):
            os.symlink(target, link)
    for name in ("regulatory.db", "regulatory.db.p7s"):  # an alternative, usually
        file = os.path.join(root, "usr/lib/firmware", name)
        if os.path.exists(file + "-debian") and not os.path.lexists(file):
            os.symlink(name + "-debian", file)
    shutil.copytree(os.path.join(HERE, "root"), root, symlinks=True, dirs_exist_ok=True)


def build(debs, folder):
    work = tempfile.mkdtemp(prefix="making-", dir=os.path.dirname(folder))
    try:
        root, kernel_tree = os.path.join(work, "root"), os.path.join(work, "kernel")
        unpack(debs[:-1], root)
        os.mkdir(kernel_tree)
        run("dpkg-deb", "-x", debs[-1], kernel_tree)
        version = os.listdir(os.path.join(kernel_tree, "lib/modules"))[0]
        out = os.path.join(work, "image")
        os.mkdir(out)
        vmlinux(os.path.join(kernel_tree, "boot/vmlinuz-" + version), os.path.join(out, "vmlinux"))
        furnish(root)
        table = modules(kernel_tree, root, version)
        initrd(root, table, version, os.path.join(out, "initrd"))
        # Not compressed: the emulated processor would pay for it.
        run("mksquashfs", root, os.path.join(out, "root.squashfs"), "-noappend", "-all-root",
            "-no-progress", "-noI", "-noD", "-noF", "-noX", "-no-xattrs",
            *(w for mode in MODES for w in ("-p", mode)))
        with open(os.path.join(out, "versions"), "w") as f:
            f.writelines(os.path.basename(d) + "\n" for d in debs)
        os.rename(out, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def content():
    """Of all the image is made from, beside the packages."""
    h = hashlib.sha256()
    for folder, folders, files in sorted(os.walk(os.path.join(HERE, "root"))):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            h.update(os.path.relpath(path, HERE).encode())
            if os.path.islink(path):
                h.update(os.readlink(path).encode())
            else:
                h.update(b"%o" % (os.stat(path).st_mode & 0o111))
                with open(path, "rb") as f:
                    h.update(f.read())
    for name in ("image.py", "packages", "modules", "initrd-init"):
        with open(os.path.join(HERE, name), "rb") as f:
            h.update(f.read())
    return h


def image(update=False):
    """The image's folder, made if need be. One process at a time makes it."""
    machine = os.uname().machine
    if machine != "x86_64":
        fail(f"the guest is an x86-64 machine and takes this machine's programs; this is {machine}")
    if not shutil.which("apt-get"):
        fail("the guest is made of Debian's packages; there is no apt-get here")
    try:
        os.makedirs(CACHE, exist_ok=True)
        lock = open(os.path.join(CACHE, "lock"), "w")
    except OSError as e:
        fail(f"{CACHE}, where the guest's packages are kept: {e.strerror}; TROTH_GUEST_CACHE names "
             "another folder")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        debs = fetched(update)
        h = content()
        h.update("\n".join(os.path.basename(d) for d in debs).encode())
        folder = os.path.join(CACHE, "image-" + h.hexdigest()[:16])
        if not os.path.isdir(folder):
            print("check guest: making the guest's file system", file=sys.stderr, flush=True)
            build(debs, folder)
        os.utime(folder)
        forget_old()
    return folder


def forget_old():
    """All images but the last that were used: other work on this machine may have another."""
    images = [os.path.join(CACHE, d) for d in os.listdir(CACHE) if d.startswith("image-")]
    for folder in sorted(images, key=os.path.getmtime)[:-IMAGES_KEPT]:
        shutil.rmtree(folder)
    for name in os.listdir(CACHE):
        if name.startswith("making-"):  # by somebody who was killed: we have the lock
            shutil.rmtree(os.path.join(CACHE, name))


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--update"]):
        sys.exit(__doc__)
    print(image(sys.argv[1:] == ["--update"]))
