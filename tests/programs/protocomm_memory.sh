# D11: what a device of Espressif's provisioning keeps in its memory once a client is gone: no
# passphrase that was only set or tried. (In development mode it keeps the password of security 2,
# to show it; in production it never has it.)
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with_protocomm
$python - <<'PY'
from programs import *
from client import Client, Failed
from transport import Http

PASSWORD, TRIED, STAGED = b"tide-and-tar", b"no-such-passphrase", b"set-and-not-applied"
KEPT = b"clover-and-rye"
NETWORKS = f"""[network]
ssid = Meadow
security = wpa2
passphrase = another one
"""


def memory(pid):
    """All that the process can write to, piece by piece."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, how, *_ = line.split()
            start, end = (int(n, 16) for n in where.split("-"))
            if not how.startswith("rw") or end - start > 1 << 30:  # the sanitizer's shadow
                continue
            mem.seek(start)
            try:
                yield line.strip(), mem.read(end - start)
            except OSError:
                pass


def holds(pid, secret):
    return [where for where, octets in memory(pid) if secret in octets]


def main():
    for name, text in (("networks.conf", NETWORKS), ("password", PASSWORD.decode())):
        with open(name, "w") as f:
            f.write(text + "\n")
    air()
    made = Program("troth", "provision", "--sec2_gen_cred", "--sec2_username", "wifiprov",
                   "--sec2-password-file", "password").ends(0, "credentials")
    with open("made", "w") as f:
        f.write(made)
    d = Program("trothd", "--transport", "unix:air", "--network", "sim:networks.conf", "--store",
                "device.db", "--agent", "none", "--attempts", "1", "--json", "--provision",
                "espressif", "--provision-http", "127.0.0.1:0",
                "--sec2-salt-verifier", "made")
    pid = d.process.pid
    where = json.loads(d.until(lambda line: '"http":' in line))["http"]

    def session():
        c = Client(Http(where, "keep", False), username=b"wifiprov", password=PASSWORD, pop=b"")
        c.proto_ver()
        c.session()
        return c

    c = session()
    c.set_wifi(b"Meadow", KEPT)
    try:
        check(holds(pid, KEPT), "what is set is there: else this sees nothing")
    except PermissionError:
        print("left out: this kernel lets nobody read the memory of another process")
        return d.end(15)
    c.set_wifi(b"Meadow", TRIED)
    c.apply()
    try:
        c.wait(0.1)
        check(False, "a wrong passphrase joins")
    except Failed as failed:
        check(failed.kind == "network", "it fails otherwise", failed)
    c.set_wifi(b"Meadow", STAGED)
    check(not holds(pid, KEPT), "what was set before", holds(pid, KEPT))
    del c
    session()  # another: the one before is over
    for secret in (PASSWORD, TRIED, STAGED):
        found = holds(pid, secret)
        check(not found, f"{secret} is still in memory", found)
    text = d.text()
    for secret in (PASSWORD, TRIED, STAGED, KEPT):
        check(secret.decode() not in text, "a secret was told", secret)
    d.end(15)


play(main)
PY
