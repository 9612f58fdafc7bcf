# QR codes: what trothd and troth oob make draw on a terminal, light or dark, painted or not, is
# rasterised and read by zbarimg; pictures of codes are read by troth; labels are taken and refused.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
export TERM=xterm
unset NO_COLOR COLORFGBG
python3 - <<'PY'
import json, re
from picture import DARK, LIGHT, beside, codes, pgm, png, rasterise
from programs import *
from screen import Screen

LABEL = {"ver": "v1", "name": "PROV_F72E6B", "username": "threadprov", "pop": "abcd1234",
         "transport": "ble", "security": 2, "network": "thread"}
ESPRESSIF = ("--transport", "unix:air", "--network", "sim:networks.conf", "--store", "device.db",
             "--provision", "espressif")
LABELLED = ESPRESSIF + ("--label-file", "label")
DEVELOPMENT = ESPRESSIF + ("--sec2-user", "threadprov", "--sec2-password-file", "password",
                           "--name", "PROV_F72E6B", "--provision-kind", "thread")
NO_COLOUR = {"NO_COLOR": "1"}


def put(name, text, mode=0o600):
    with open(name, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(name, mode)


def text_of(label):
    return json.dumps(label, separators=(",", ":"), ensure_ascii=False)


def terminal(*arguments, **how):
    """What trothd has on its screen when it is ready."""
    screen = Screen(*arguments, program="trothd", **how)
    screen.shows("advertising as")
    os.kill(screen.pid, signal.SIGTERM)
    screen.ends(0)
    return screen.text


def refused(words, *arguments, program="trothd"):
    p = subprocess.run([f"{BIN}/{program}", *arguments], capture_output=True, text=True,
                       timeout=LIMIT)
    check(p.returncode == 2 and words in p.stderr, f"{arguments}: no {words!r}",
          f"{p.returncode}\n{p.stderr}")


def drawn():
    """Of every kind of terminal exactly the label's text; a ruler's width of light around it."""
    for how, palettes in (({}, (DARK, LIGHT)),
                          ({"environment": NO_COLOUR}, (DARK,)),
                          ({"environment": {**NO_COLOUR, "COLORFGBG": "15;0"}}, (DARK,)),
                          ({"environment": {**NO_COLOUR, "COLORFGBG": "0;15"}}, (LIGHT,)),
                          ({"environment": {"TERM": "dumb"}}, (DARK,))):
        text = terminal(*LABELLED, columns=80, **how)
        for palette in palettes:
            rows = rasterise(text, palette)
            check(codes(rows) == text_of(LABEL), f"{how} {palette}: {codes(rows)!r}", text)
        check(("\x1b[" in text) == (not how), "colour", text)
        check("QR code: " + text_of(LABEL) + " (whoever" in text, "its text", text)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in terminal(*LABELLED).splitlines()]
    code = [line for line in lines if line.startswith("    ")]
    wide = len(code[0])
    check(len({len(line) for line in code}) == 1 and (wide - 8 - 17) % 4 == 0, "a square", lines)
    check(all(line[:4] + line[-4:] == " " * 8 for line in code), "light at the sides", lines)
    check(len(code) == (wide + 1) // 2 and not "".join(code[:2] + code[-2:]).strip(),
          "light above and below", lines)
    text = terminal(*DEVELOPMENT)
    check(codes(rasterise(text, DARK)) == text_of(LABEL), "development mode", text)
    text = terminal(*LABELLED, columns=40)
    check("too narrow" in text and "\u2588" not in text and text_of(LABEL) in text, "narrow", text)


def left_out():
    """Where no person looks the secret is not shown, and that is said; unless it is asked for."""
    public = {k: v for k, v in LABEL.items() if k != "pop"}
    for arguments in (LABELLED, DEVELOPMENT):
        d = Program("trothd", *arguments)
        d.line("advertising as")
        d.end(signal.SIGTERM)
        check(f"QR code: {text_of(public)} (the secret is left out" in d.text(), "text", d.text())
        check("abcd1234" not in d.text() and "\u2588" not in d.text(), "no secret", d.text())
    for more, payload in ((), public), (("--qr-with-secrets",), LABEL):
        d = Program("trothd", *LABELLED, "--json", *more)
        e = d.event("qr")
        d.end(signal.SIGTERM)
        check(e["payload"] == text_of(payload), "JSON", e)
        put("link", e["url"])
        shown = tool(2, "provision", "wifi", "--qr", "link")
        check("of a device for Thread" in shown, "the link", shown)
    put("made", tool(0, "provision", "--sec2-gen-cred", "--sec2-username", "threadprov",
                     "--sec2-password-file", "password", "--cred-format", "json"))
    # What is longer than readers take makes no code, rather than a part of it.
    put("long", "p" * 129)
    pop = (*ESPRESSIF, "--sec-ver", "1", "--pop-file", "long", "--name", "PROV_F72E6B")
    user = (*ESPRESSIF, "--sec2-user", "u" * 129, "--sec2-password-file", "password")
    for arguments, fits in ((pop, True), ((*pop, "--qr-with-secrets"), False), (user, False)):
        d = Program("trothd", *arguments)
        d.line("advertising as")
        d.end(signal.SIGTERM)
        check(("QR code: {" in d.text()) == fits and ("does not fit a QR code" in d.text()) != fits,
              f"{arguments}: of 129 octets", d.text())
    text = terminal(*ESPRESSIF, "--sec2-salt-verifier", "made", "--name", "PROV_F72E6B")
    got = codes(rasterise(text, LIGHT))
    check('"pop"' not in got and "PROV_F72E6B" in got, "production", got)
    check("this device does not know it" in text, "production", text)


def production():
    """Salt and verifier as octets, beside the label they belong to."""
    tool(0, "provision", "--sec2-gen-cred", "--sec2-username", "threadprov",
         "--sec2-password-file", "password", "--cred-format", "binary", "--cred-out", "pair")
    d = device(*ESPRESSIF[6:], "--label-file", "label", "--sec2-salt-verifier", "pair", "--name",
               LABEL["name"])
    check(d.told("qr")["secrets"] is False, "secrets")
    client("provision", "thread", "--qr", "label", "--list").ends(0, "binary salt and verifier")
    d.end(signal.SIGTERM)
    put("printed", "==== Salt-verifier for security scheme 2 (SRP6a) ====\n" +
        tool(0, "provision", "--sec2_gen_cred", "--sec2_username", "threadprov",
             "--sec2-password-file", "password"))
    d = device(*ESPRESSIF[6:], "--label-file", "label", "--sec2-salt-verifier", "printed", "--name",
               LABEL["name"])
    client("provision", "thread", "--qr", "label", "--list").ends(0, "as esp_prov prints them")
    d.end(signal.SIGTERM)
    put("other", text_of({**LABEL, "pop": "abcd1235"}))
    p = subprocess.run([f"{BIN}/trothd", *ESPRESSIF, "--label-file", "other",
                        "--sec2-salt-verifier", "pair"], capture_output=True, text=True,
                       timeout=LIMIT)
    check(p.returncode == 1 and "are not of the user name and password on the label" in p.stderr,
          "another label", p.stderr)
    for octets, words in ((b"", "Invalid argument"), (b"x" * 385, "Invalid argument")):
        put("pair.verifier", octets)
        p = subprocess.run([f"{BIN}/trothd", *ESPRESSIF, "--sec2-salt-verifier", "pair"],
                           capture_output=True, text=True, timeout=LIMIT)
        check(p.returncode == 1 and words in p.stderr, "its length", p.stderr)


def labels():
    for change, words in (({"name": None}, "names no device"),
                          ({"transport": None}, "how the device is reached"),
                          ({"transport": "softap"}, "--provision-http"),
                          ({"security": 3}, "none of its kind"),
                          ({"username": None}, "no user name"),
                          ({"pop": ""}, "is empty"),
                          ({"pop": None}, 'no "pop"'),
                          ({"security": 0}, "security 0 asks for none"),
                          ({"name": "x" * 33}, "too long")):
        put("bad", text_of({k: v for k, v in {**LABEL, **change}.items() if v is not None}))
        refused(words, *ESPRESSIF, "--label-file", "bad")
    for text, words in ((text_of(LABEL)[:-1], "ends in the middle"), ("abcd1234", "provisioning code"),
                        (text_of(LABEL) + "x", "JSON is broken"), ("", "provisioning code"),
                        ("x" * 20000, "File too large")):
        put("bad", text)
        refused(words, *ESPRESSIF, "--label-file", "bad")
    refused("cannot read the label file", *ESPRESSIF, "--label-file", "nowhere")
    for more in (("--name", "Lamp"), ("--sec-ver", "1"), ("--provision-kind", "wifi")):
        refused("the label", *LABELLED, *more)
    refused("leave --sec2-user", *LABELLED, "--sec2-user", "x", "--sec2-password-file", "password")
    refused("--provision", *ESPRESSIF[:6], "--label-file", "label")
    put("one", text_of({"ver": "v1", "name": "PROV_ONE", "pop": "abcd1234", "transport": "ble",
                        "security": 1}))
    refused("leave --pop", *ESPRESSIF, "--label-file", "one", "--pop-file", "password")
    d = device(*ESPRESSIF[6:], "--label-file", "one", "--name", "PROV_ONE")
    client("provision", "wifi", "--qr", "one", "--list").ends(0, "security 1 from a label")
    d.end(signal.SIGTERM)
    put("label", text_of(LABEL), 0o644)
    d = device(*ESPRESSIF[6:], "--label-file", "label", "--name", LABEL["name"])
    check("chmod 600" in d.text(), "others can read it", d.text())
    d.end(signal.SIGTERM)
    put("label", text_of(LABEL))


def pictures():
    """A photograph of the label: found among other codes, whatever the format is."""
    code = rasterise(terminal(*LABELLED), LIGHT)
    screen = Screen("oob", "make", "--transport", "unix:air", "--store", "client.db")
    screen.ends(0)
    block = rasterise(screen.text, DARK)
    put("block.png", png(block))
    shown = tool(0, "oob", "show", "block.png")
    check("Serves   LE Secure Connections" in shown, "a block", shown)
    check(codes(block) == re.search(r"BLE-OOB:\S+", screen.text)[0], "the block", screen.text)

    d = device(*ESPRESSIF[6:], "--label-file", "label", "--name", LABEL["name"])
    for name, picture in (("a.pgm", pgm(code)), ("b.png", png(code)),
                          ("c", png(beside(block, code))), ("-d.png", png(beside(code, code)))):
        put(name, picture)
        said = client("provision", "--qr", name, "--list").ends(0, name)
        check("security 2, for Thread" in said and "[ 1] 4660" in said, name, said)
    d.end(signal.SIGTERM)
    shown = tool(0, "oob", "show", "c")
    check("Serves   LE Secure Connections" in shown, "a block among others", shown)

    put("two", text_of({**LABEL, "name": "PROV_L\u00e4mpchen"}))
    other = rasterise(terminal(*ESPRESSIF, "--label-file", "two"), LIGHT)
    put("other name.png", png(other))
    d = device(*ESPRESSIF[6:], "--label-file", "two", "--name", "PROV_L\u00e4mpchen")
    client("provision", "--qr", "other name.png", "--list").ends(0, "octets as they are")
    d.end(signal.SIGTERM)
    put("both.png", png(beside(code, other)))
    put("none.png", png([[255] * 200] * 200))
    put("other.png", png(block))
    put("damaged.png", png(code)[:300])
    for name, words in (("both.png", "more than one device"), ("none.png", "no QR code"),
                        ("other.png", "no provisioning code"), ("damaged.png", "damaged")):
        refused(words, "provision", "--qr", name, "--list", program="troth")
    p = subprocess.run([f"{BIN}/troth", "provision", "--qr", "-"], input=png(code),
                       capture_output=True, timeout=LIMIT)
    check(p.returncode == 2 and b"name the file" in p.stderr, "a picture on stdin", p.stderr)
    path, os.environ["PATH"] = os.environ["PATH"], "/nonexistent"
    refused("install zbar-tools", "provision", "--qr", "a.pgm", "--list", program="troth")
    # One that never ends, and one that never stops talking.
    os.mkdir("bin")
    for script, words in (("#!/bin/sh\nyes {", "did not come to an end"), ("#!/bin/sh\nexit 4",
                                                                          "no QR code")):
        put("bin/zbarimg", script, 0o700)
        os.environ["PATH"] = os.getcwd() + "/bin:" + path
        refused(words, "provision", "--qr", "a.pgm", "--list", program="troth")
    os.environ["PATH"] = path


def main():
    put("label", text_of(LABEL))
    put("password", "abcd1234\n")
    put("networks.conf", "[network]\nssid = Meadow\nsecurity = open\n"
        "[thread]\nname = Heath\nnetwork_key = 00112233445566778899aabbccddeeff\nchannel = 15\n"
        "pan_id = 1234\next_pan_id = 1111111122222222\nmesh_local_prefix = fdad70bfe5aa15dd\n")
    air()
    for story in (drawn, left_out, production, labels, pictures):
        story()
        print(story.__name__, flush=True)


play(main)
PY
