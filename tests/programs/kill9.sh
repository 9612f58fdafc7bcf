# trothd is killed (SIGKILL) at random instants of a pairing and a provisioning. Its store always
# opens afterwards and holds the credentials from before or the new ones, never anything else.
# TROTH_SEED repeats a run.
set -u
: "${TROTH_BIN:?the folder of the programs}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
python3 - <<'EOF'
import json, os, random, signal, subprocess, time

BIN = os.environ["TROTH_BIN"]
SEED = int(os.environ.get("TROTH_SEED", "4711"))
ROUNDS = 16
LONGEST = 0.12  # seconds from the connection to the kill: pairing, writes, the join, the store
NETWORKS = ["Meadow", "Harbour"]
running = []
rng = random.Random(SEED)

with open("networks.conf", "w") as f:
    for name in NETWORKS:
        f.write(f"[network]\nssid = {name}\nsecurity = wpa2\npassword = clover and rye\njoin_ms = 10\n")
open("password", "w").write("clover and rye\n")


def start(*arguments, **options):
    p = subprocess.Popen(arguments, text=True, stdin=subprocess.DEVNULL, **options)
    running.append(p)
    return p


def end(p, number=None):
    if number:
        p.send_signal(number)
    running.remove(p)
    if p.stdout:
        p.stdout.read()
        p.stdout.close()
    return p.wait()


def device():
    """Up and advertising; also what it found in its store: an SSID or None."""
    p = start(f"{BIN}/trothd", "--transport", "unix:air", "--network", "sim:networks.conf",
              "--store", "device.db", "--name", "Lamp", "--agent", "none", "--json",
              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    found = "not told"
    for line in p.stdout:
        event = json.loads(line)
        if event["event"] in ("error", "erase_failed"):
            raise SystemExit(f"FAILED: seed {SEED}: after a kill: {line}")
        if event["event"] == "stored_network":
            found = event.get("ssid")
        if event["event"] == "advertising":
            return p, found
    raise SystemExit(f"FAILED: seed {SEED}: trothd does not start")


def client(round_, name):
    return start(f"{BIN}/troth", "provision", "wifi", "Lamp", "--transport", "unix:air", "--store",
                 f"client{round_}.db", "--ssid", name, "--password-file", "password",
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    air = start(f"{BIN}/troth", "air", "--listen", "unix:air", stdout=subprocess.PIPE)
    air.stdout.readline()
    before, kept = None, 0
    for round_ in range(ROUNDS):
        wanted = NETWORKS[round_ % 2]
        d, found = device()
        if found != before:
            raise SystemExit(f"FAILED: seed {SEED}, round {round_}: {found}, not {before}")
        c = client(round_, wanted)
        for line in d.stdout:
            if json.loads(line)["event"] == "connected":
                break
        time.sleep(rng.random() * LONGEST)
        end(d, signal.SIGKILL)
        end(c, signal.SIGKILL)
        listed = subprocess.run([f"{BIN}/troth", "bonds", "list", "--store", "device.db"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if listed.returncode:
            raise SystemExit(f"FAILED: seed {SEED}, round {round_}: the store: {listed.stdout}")
        d, found = device()
        end(d, signal.SIGTERM)
        if found not in (before, wanted):
            raise SystemExit(f"FAILED: seed {SEED}, round {round_}: the store has {found}, "
                             f"neither {before} nor {wanted}")
        kept += found == before
        before = found
    d, _ = device()
    c = client("last", NETWORKS[0])
    if end(c):
        raise SystemExit(f"FAILED: seed {SEED}: no provisioning works after the kills")
    if end(d, signal.SIGTERM):
        raise SystemExit(f"FAILED: seed {SEED}: no clean stop after the kills")
    end(air, signal.SIGTERM)
    print(f"seed {SEED}: {ROUNDS} kills, {kept} before the new credentials were stored")


signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(SystemExit("FAILED: too long")))
signal.alarm(100)
try:
    main()
finally:
    for process in running:
        process.kill()
        process.wait()
EOF
