# What both programs let demand of a pairing: the options are spelled alike, what makes no sense is
# told, insecure choices are named at start, and the demands hold over the air.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python3 - <<'PY'
from programs import *

HELP = ("--core", "--sc-only", "--require-mitm", "--min-key-size", "--models", "--just-works",
        "--exact", "--no-bonding", "--pairing-attempts", "--privacy", "--rpa-timeout",
        "--insecure-fixed-passkey", "--insecure-debug-keys", "--insecure-replace-weaker",
        "--insecure-unlimited-attempts", "--insecure-legacy-only")
WRONG = (
    (("--core", "7.0"), "one of 5.3, 5.4, 6.0, 6.1, 6.2, 6.3"),
    (("--min-key-size", "6"), "a number from 7 to 16"),
    (("--min-key-size", "17"), "a number from 7 to 16"),
    (("--models", "passkeys"), "\"passkeys\" is no model"),
    (("--models", "passkey,"), "\"\" is no model"),
    (("--just-works", "perhaps"), "one of allow, ask, refuse"),
    (("--pairing-attempts", "0"), "a number from 1 to 254"),
    (("--rpa-timeout", "0"), "a number from 1 to 3600"),
    (("--insecure-fixed-passkey", "12345"), "six digits, as in 012345"),
    (("--insecure-fixed-passkey", "1234567"), "six digits, as in 012345"),
    (("--insecure-legacy-only",), "--insecure-legacy-only goes with"),
)
DEVICE = ("--transport", "unix:nobody", "--network", "sim:networks.conf", "--agent", "none")
CLIENT = ("--transport", "unix:nobody", "--store", "client.db")


def command_lines():
    open("networks.conf", "w").write("[network]\nssid = Meadow\nsecurity = open\n")
    for program, arguments in (("trothd", ()), ("troth", ("pair",)), ("troth", ("provision",
                                                                              "wifi"))):
        p = Program(program, *arguments, "--help")
        check(p.end() == 0, "--help")
        for option in HELP:
            check(f" {option} " in p.text() + " " or f"{option}\n" in p.text(),
                  f"{program} --help does not tell of {option}", p.text())
    for options, words in WRONG:
        for p in (Program("trothd", *DEVICE, *options), Program("troth", "pair", "x", *CLIENT,
                                                                *options)):
            check(words in p.ends(2, f"{p.process.args}"), words, p.text())
    for options, words in ((("--require-mitm",), "needs somebody to show"),):
        p = Program("trothd", *DEVICE, *options)
        check(words in p.ends(2, words), words, p.text())
    p = Program("troth", "pair", "x", *CLIENT, "--sc-only", "--allow-legacy")
    check("contradict" in p.ends(2, "a contradiction"), p.text())
    open("bad.conf", "w").write("models = oob, passkey\n")
    check("bad.conf:1: models" in Program("trothd", *DEVICE, "--config", "bad.conf").ends(2, "conf"),
          "a configuration file's models")


def told(p):
    return [json.loads(line)["choice"] for line in p.said if '"event":"insecure"' in line]


def named():
    """Every insecure choice has its line, also out of a configuration file."""
    d = device("--agent", "none")
    check(not told(d), "nothing insecure by default", d.said)
    d.end(15)
    open("bench.conf", "w").write("insecure-fixed-passkey = 012345\ninsecure-debug-keys = yes\n"
                                  "insecure-replace-weaker = yes\nmodels = just-works,passkey\n"
                                  "insecure-unlimited-attempts = yes\ncore = 5.4\n"
                                  "insecure-legacy-only = yes\nsecurity = encrypt-any\n")
    d = device("--agent", "none", "--config", "bench.conf")
    lines = told(d)
    for words in ("fixed passkey", "debug keys", "weaker", "without limit", "Secure Connections"):
        check([x for x in lines if words in x], f"{words} is not named", lines)
    check(len(lines) == len(set(lines)) == 6, "each once", lines)
    c = client("pair", "Lamp", "--insecure-debug-keys", "--insecure-replace-weaker")
    said = c.end() and c.text()
    check("INSECURE: " in said and said.count("INSECURE") == 3, "the client names them", said)
    d.end(15)


def pairs(d_options, c_options, status, **fields):
    """One pairing between fresh stores."""
    forget()
    d = device("--agent", "script:device", *d_options)
    c = client("pair", "Lamp", *c_options)
    c.ends(status, f"{d_options} with {c_options}")
    e = d.event("pairing_failed" if status else "paired", **fields)
    check(d.end(15) == 0, "a clean stop", d.text())
    return e, c.text()


def demands():
    open("device", "w").write("compare yes\n")
    both = (("--io-cap", "display-yes-no"), ("--io-cap", "display-yes-no", "--yes"))
    refused = {"reason_name": "AUTHENTICATION_REQUIREMENTS"}
    pairs((), ("--io-cap", "none"), 0, model="JUST_WORKS", bonded=True)
    pairs(*both, 0, model="NUMERIC_COMPARISON", mitm=True)
    for demand in (("--require-mitm",), ("--just-works", "refuse"), ("--models", "compare,oob")):
        pairs((*both[0], *demand), ("--io-cap", "none"), 1, **refused, by="us")
        pairs((*both[0], *demand), both[1], 0, model="NUMERIC_COMPARISON")
        pairs(both[0], (*both[1], *demand, "--io-cap", "display-yes-no"), 0)
    pairs((), ("--io-cap", "none", "--just-works", "refuse"), 1, **refused, by="peer")
    pairs(both[0], (*both[1], "--models", "passkey"), 1, **refused, by="peer")
    pairs(("--no-bonding",), ("--io-cap", "none"), 0, bonded=False)
    pairs((), ("--io-cap", "none", "--no-bonding"), 0, bonded=False)
    pairs(("--security", "encrypt-any", "--sc-only"), ("--insecure-legacy-only", "--allow-legacy"),
          1, **refused, by="us")
    pairs(("--security", "encrypt-any"), ("--insecure-legacy-only", "--allow-legacy"), 0, sc=False)
    # Accept only the specified authentication: bonding, SC, no MITM is what the device specifies.
    pairs(("--exact",), ("--io-cap", "none"), 0, mitm=False)
    pairs(("--exact", *both[0]), both[1], 1, **refused, by="us")
    pairs(("--exact", "--require-mitm", *both[0]), both[1], 0, mitm=True)
    pairs(("--exact",), ("--io-cap", "none", "--no-bonding"), 1, **refused, by="us")


def fixed_passkey():
    forget()
    open("shown", "w").write("display 031415\n")
    open("typed", "w").write("031415\n")
    d = device("--agent", "script:shown", "--io-cap", "display-only", "--require-mitm",
               "--insecure-fixed-passkey", "031415")
    client("pair", "Lamp", "--passkey", "typed", "--io-cap", "keyboard-only").ends(0, "typed")
    d.event("paired", mitm=True)
    d.end(15)
    check(not [line for line in d.said if "031415" in line], "not in a line", d.said)


def attempts():
    forget()
    open("refuses", "w").write("compare no\n" * 8)
    d = device("--agent", "script:refuses", "--io-cap", "display-yes-no", "--pairing-attempts", "2")
    for n in range(3):
        client("pair", "Lamp", "--io-cap", "display-yes-no", "--yes").ends(1, f"attempt {n}")
        d.event("pairing_failed", reason_name="REPEATED_ATTEMPTS" if n == 2
                else "NUMERIC_COMPARISON_FAILED")
    d.end(15)


def privacy():
    """The identity is on the air no more; who is bonded finds it all the same."""
    forget()
    d = device("--agent", "none", "--privacy", "--rpa-timeout", "30")
    identity = d.told("controller")["address"]
    c = client("scan", "--for", "1", "--json")
    said = c.ends(0, "a scan")
    check("Lamp" in said and identity not in said, "the identity is not on the air", said)
    client("pair", "Lamp").ends(0, "pairing")
    d.event("paired", bonded=True)
    c = client("status", identity)
    c.ends(0, "found behind its private address")
    d.event("encrypted", ok=True, bonded=True)
    client("status", identity, "--privacy").ends(0, "both are private")
    d.event("encrypted", ok=True, bonded=True)
    d.end(15)


def main():
    command_lines()
    the_air = air()
    named()
    demands()
    fixed_passkey()
    attempts()
    privacy()
    check(the_air.end(15) == 0, "the air")


play(main)
PY
