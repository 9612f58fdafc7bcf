"""The guest boots, Troth's programs run in it, its adapter is on the air, and what it is asked for
it does: programs end with their status, files arrive, a signal and an end of input too."""
from guest import *


def main():
    air = Air()
    g = Guest(air, adapters=2, keep=["/var/lib/troth"])
    print(g.said[-1])
    for name in ("troth", "trothd"):
        said = g.run(f"{name} --version")
        check(said == subprocess.run([os.path.join(BIN, name), "--version"], text=True,
                                     capture_output=True).stdout.strip(), f"{name} runs", said)
    for n in range(2):
        bridge = g.adapter(n)
        check(bridge.adapter == f"hci{n}", "the adapters in their order", bridge.text())
    wait(lambda: "controller 2: is powered" in air.text(), "the air sees them")
    bridge.kill()
    bridge.end()
    g.retry("! hciconfig | grep -q hci1")

    g.run("exit 3", status=3)
    cat = g.start("exec cat")
    cat.type("what is said")
    cat.line("what is said")
    cat.end_of_input()
    cat.ends(0, "cat")
    check(g.start("exec sleep 100").end(9) == 128 + 9, "a signal")
    text = "a line\n" * 3000
    g.file("/var/lib/troth/kept", text)
    g.file("/etc/lost", text)
    sum = g.run("md5sum </var/lib/troth/kept")
    g.run("sync")
    g.reboot(hard=True)
    check(g.run("md5sum </var/lib/troth/kept") == sum, "a file that is kept")
    g.run("test ! -e /etc/lost")
    g.off()


play(main)
