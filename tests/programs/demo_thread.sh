# The demo's Thread story: by itself to its end, and as a visitor types it; the QR code on its screen
# is read by zbarimg, an independent dissector reads what crossed, and no line tells a network key.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
export TERM=xterm
unset NO_COLOR COLORFGBG TROTH_DEMO_DIR
python3 - <<'PY'
import glob
from picture import DARK, LIGHT, codes, rasterise
from programs import *
from screen import Screen

LABEL = ('{"ver":"v1","name":"PROV_F72E6B","username":"threadprov","pop":"abcd1234",'
         '"transport":"ble","security":2,"network":"thread"}')
KEY, WRONG = "4a6f8e02c51b7d93e8d06b14f2a95c37", "4a6f8e02c51b7d93e8d06b14f2a95c73"
ACTS = ("the code on its screen says what its label says", "it lists the 3 routers of this house",
        'the network "Meadow" has the device', "the device keeps a dataset with this network key",
        "and the application has its data", "neither key nor password crossed the air in the clear",
        "it attached by itself", "nobody provisions it again", "the device forgot its network",
        "and it said why: the network key", "no network has the device, and it keeps nothing")


def told(text, palettes):
    verdicts = [line for line in text.splitlines() if " | " in line and "yes |" in line]
    check(len(verdicts) == 18 and "NO |" not in text, f"{len(verdicts)} verdicts", text)
    for act in ACTS:
        check(any(act in line for line in verdicts), act, text)
    check("Every step truly happened." in text, "its end", text)
    first = text[text.index("1. A device"):text.index("2. A client")]
    for palette in palettes:
        got = codes(rasterise(first, palette, columns=200))
        check(got == LABEL, f"the code, {palette}: {got!r}", text)
    check(WRONG not in text, "a key was shown", text)


def visitor():
    screen = Screen("thread", program="troth-demo", columns=132)
    try:
        screen.shows("number of the network:")
        screen.types("9")
        screen.shows("number of the network:")
        screen.types("2")
        screen.shows("network key .not shown.:")
        screen.types("0" * 31 + "1")
        screen.shows("did not work.*Once more")
        screen.shows("number of the network:")
        screen.types("")
        screen.shows("network key .not shown.:")
        screen.types("")
        screen.ends(0)
    except BaseException:
        print(screen.text[-6000:])
        raise
    hint = f"The key of \"Meadow\" is {KEY}"
    check(hint in screen.text and KEY not in screen.text.replace(hint, ""), "keys", screen.text)
    told(screen.text, (DARK, LIGHT))


def main():
    with open("story", "w+") as story:
        by_itself = subprocess.Popen([BIN + "/troth-demo", "thread"], stdin=subprocess.DEVNULL,
                                     stdout=story, stderr=subprocess.STDOUT,
                                     env={**os.environ, "TROTH_DEMO_DIR": os.getcwd() + "/kept"})
        try:
            visitor()
            by_itself.wait(80)
        finally:
            by_itself.terminate()
            by_itself.wait()
            story.seek(0)
            text = story.read()
            if by_itself.returncode:
                print(text)
    check(by_itself.returncode == 0, f"by itself: exit status {by_itself.returncode}")
    told(text, (DARK,))
    check(KEY not in text and "\x1b" not in text, "by itself", text)
    captures = glob.glob("kept/*.btsnoop")
    check(len(captures) >= 7, "captures", captures)
    for capture in captures:
        wrong = subprocess.run(["tshark", "-r", capture, "-Y",
                                '_ws.malformed || _ws.expert.severity == "Error"'],
                               capture_output=True, text=True, timeout=60).stdout
        check(not wrong, f"malformed in {capture}", wrong)


play(main, 115)
PY
