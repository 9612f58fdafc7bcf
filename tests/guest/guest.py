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
import os, re, shutil, signal, sys, tempfile, time

import programs
from machine import *
from programs import *

WRONG = re.compile(r"ERROR: (Address|Leak)Sanitizer|runtime error: |kernel BUG at|Oops: |Kernel panic")


def nothing_wrong():
    """No sanitizer spoke and no kernel fell, whatever was awaited."""
    folder = path("log")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), errors="replace") as f:
            text = f.read()
        found = WRONG.search(text)
        check(not found, f"{name}: {found and found.group(0)}", found and text[found.start():][:4000])


def play(main, seconds=240):
    """Runs a scenario to its end, whatever that is; keeps what was said if it fails."""
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    programs.work = tempfile.mkdtemp(prefix="troth-guest-")  # short: paths of Unix sockets are
    os.mkdir(path("log"))
    os.environ["XDG_STATE_HOME"] = path("state")
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
        nothing_wrong()
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
        shutil.rmtree(kept, ignore_errors=True)
        if status or os.environ.get("TROTH_GUEST_KEEP"):
            shutil.copytree(path(), kept, symlinks=True, ignore=lambda folder, names: [
                n for n in names if not (os.path.isdir(os.path.join(folder, n)) or
                                         os.path.isfile(os.path.join(folder, n)))])
            print(f"kept: {kept}/log, captures, job")
        shutil.rmtree(path(), ignore_errors=True)
    sys.exit(status)
