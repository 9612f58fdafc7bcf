# Somebody connects to trothd and says nothing: no pairing, no encryption. The place is taken back.
set -u
: "${TROTH_BIN:?the folder of the programs}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
python3 - <<'EOF'
import json, os, signal, socket, subprocess

BIN = os.environ["TROTH_BIN"]
running = []
open("networks.conf", "w").write("[network]\nssid = Meadow\nsecurity = open\n")


def start(*arguments):
    p = subprocess.Popen(arguments, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    running.append(p)
    return p


def event(p, name):
    for line in p.stdout:
        e = json.loads(line)
        if e["event"] == name:
            return e
    raise SystemExit(f"FAILED: no {name}")


def main():
    start(f"{BIN}/troth", "air", "--listen", "unix:air").stdout.readline()
    d = start(f"{BIN}/trothd", "--transport", "unix:air", "--network", "sim:networks.conf",
              "--store", "device.db", "--agent", "none", "--json")
    controller = event(d, "controller")
    event(d, "advertising")
    address = bytes.fromhex(controller["address"].replace(":", ""))[::-1]
    kind = controller["address_type"] != "public"
    # A bare controller: Reset and LE Create Connection; what arrives is never looked at.
    stranger = socket.socket(socket.AF_UNIX)
    stranger.connect("air")
    stranger.sendall(bytes.fromhex("01030c00"))
    stranger.sendall(bytes.fromhex("010d2019" "60003000" "00") + bytes([kind]) + address +
                     bytes.fromhex("00" "1800" "2800" "0000" "c800" "0000" "0000"))
    link = event(d, "connected")["link"]
    if event(d, "stranger")["link"] != link or event(d, "disconnected")["link"] != link:
        raise SystemExit("FAILED: another link was ended")
    print("the stranger is gone")


signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(SystemExit("FAILED: too long")))
signal.alarm(70)
try:
    main()
finally:
    for process in running:
        process.kill()
        process.wait()
EOF
