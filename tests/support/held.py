"""A window whose time ends while somebody is there, as tests of it see it.

    from held import *
"""
from control import *

PASSWORD = "tide and tar"
LABEL = ("--sec2-username", "wifiprov", "--sec2-password-file", "label")
SECURITY_2 = ("--sec2-user", "wifiprov", "--sec2-password-file", "label")


def gate(open_now):
    """Joins end once the file is there."""
    if open_now:
        open("go", "w").close()
    elif os.path.exists("go"):
        os.remove("go")


def opened(*arguments):
    d = lamp("--window", "command", *arguments)
    ask(do="window", open=True)
    return d


def ends(d, **fields):
    """The window's time is over; its next line."""
    ask(do="window", open=True, seconds=1)
    return d.event("window", open=False, **fields)


def closing(d):
    line = ends(d, closing=True, policy="command")
    check(110 <= line["seconds"] <= 120, "for so long at most", line)
    got = window(False, closing=True, why="its time is over")
    check(110 <= got["seconds"] <= 120, "for so long at most", got)
    text = troth(0, "status", "--local", "control")
    check("closing, a client is being served" in text, "for people", text)


def closed(d):
    d.event("window", open=False, closing=None)
    check("seconds" not in window(False, closing=None), "closed")
    closes_how(d)


def played(*stories):
    with open("label", "w") as f:
        f.write(PASSWORD + "\n")
    a = air()
    for story in stories:
        networks("[simulator]\njoin_after = go\n")
        story()
    a.end(signal.SIGTERM)
