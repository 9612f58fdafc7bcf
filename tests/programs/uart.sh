#!/usr/bin/env bash
# trothd with its controller behind a serial line: a pty whose other end is one of the air. Octets
# are damaged, the line is unplugged and returns, and the device goes on as if nothing had been.
. "${TROTH_SOURCE:?}/tests/support/programs.sh"

cat >"$dir/line.py" <<'PY'
"""line.py AIR LINK: a serial line at LINK, a controller of the air behind it. USR1: an octet comes
that nobody sent. USR2: the last three octets of what comes next are lost."""
import os, select, signal, socket, sys, tty

air, link = sys.argv[1:3]
controller = socket.socket(socket.AF_UNIX)
controller.connect(air)
master, slave = os.openpty()
tty.setraw(slave)
os.symlink(os.ttyname(slave), link)
lose = 0

def noise(*_):
    os.write(master, b"\x47")

def loss(*_):
    global lose
    lose = 3

def end(*_):
    os.unlink(link)
    os._exit(0)

signal.signal(signal.SIGUSR1, noise)
signal.signal(signal.SIGUSR2, loss)
signal.signal(signal.SIGTERM, end)
print("plugged in", flush=True)
while True:
    for ready in select.select([master, controller], [], [])[0]:
        octets = os.read(ready if ready is master else controller.fileno(), 4096)
        if ready is master:
            controller.sendall(octets)
        else:
            os.write(master, octets[:-lose] if lose else octets)
            lose = 0
PY
plug() {
    start line python3 "$dir/line.py" "$dir/air" "$dir/tty"
    await 'plugged in' "$dir/line.log"
}

troth() { # STATUS NAME ARGUMENTS...
    local want=$1 name=$2 got
    shift 2
    timeout 60 "$bin/troth" "$@" --store "$dir/client.db" >"$dir/$name" 2>&1 </dev/null
    got=$?
    [ "$got" = "$want" ] || fault "troth $*: exit status $got, not $want: $(cat "$dir/$name")"
}

# said COUNT PATTERN: by the device
said() { await "$2" "$dir/device.log" "$1"; }

printf '%s\n' '[network]' 'ssid = Meadow' 'security = wpa2' 'password = clover and rye' \
    >"$dir/networks"
printf 'clover and rye\n' >"$dir/password"

# what is not there
timeout 20 "$bin/trothd" --transport "uart:$dir/tty,115200" --retry no --agent none \
    --network "sim:$dir/networks" --store "$dir/none.db" >"$dir/none" 2>&1 </dev/null
[ $? = 1 ] || fault "a line that is not there: $(cat "$dir/none")"
grep -q "there is no $dir/tty: is the controller plugged in?" "$dir/none" ||
    fault "a line that is not there: $(cat "$dir/none")"

start air "$bin/troth" air --listen "$TROTH_TRANSPORT" --trace
await 'listening on' "$dir/air.log"
plug
start device "$bin/trothd" --transport "uart:$dir/tty,115200" --network "sim:$dir/networks" \
    --store "$dir/device.db" --name Lamp --security encrypt --agent none
said 1 "advertising as 'Lamp'"
troth 0 provision provision wifi Lamp --ssid Meadow --password-file "$dir/password"
grep -q '^Status *CONNECTED' "$dir/provision" || fault "provision: $(cat "$dir/provision")"

# back_on_air COUNT: so many times ready, and the bond still serves
back_on_air() {
    said "$1" 'controller ready: 02:70:A1:00:00:01'
    said "$1" "^advertising as 'Lamp'"
    troth 0 status status Lamp --no-pair
    grep -q '^Network *"Meadow", joined' "$dir/status" || fault "status: $(cat "$dir/status")"
}

# an octet that nobody sent
kill -s USR1 "${pid[line]}"
said 1 'were lost or damaged, a packet begins with 0x47.*trying again'
back_on_air 2

# three octets too few, of whatever a scanner causes; then silence
kill -s USR2 "${pid[line]}"
timeout 20 "$bin/troth" pair Lamp --timeout 3 --store "$dir/client.db" >"$dir/lost" 2>&1 </dev/null
said 1 'stopped in the middle of a packet|does not answer.*trying again|damaged.*0x'
back_on_air 3

# unplugged, and in again
stop line
said 1 'is gone: was it unplugged\?; trying again'
said 1 "there is no $dir/tty: is the controller plugged in\?; trying again"
plug
back_on_air 4
[ "$(grep -c 'paired with' "$dir/device.log")" = 1 ] || fault 'paired again in spite of the bond'

[ "$failures" = 0 ] || { cat "$dir/device.log"; exit 1; }
echo ok
