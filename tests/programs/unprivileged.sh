#!/usr/bin/env bash
# A device and its client as a user without any right of root's: first light, a serial line, the
# store, the sockets; then what a second user of the machine is refused. Root lends both users;
# without it the device is the caller's, and the second user is left out.
. "${TROTH_SOURCE:?}/tests/support/programs.sh"

first=() second=() member=()
if [ "$(id -u)" = 0 ]; then
    command -v setpriv >/dev/null || { echo 'needs setpriv of util-linux'; exit 1; }
    first=(setpriv --reuid=60001 --regid=60001 --clear-groups --no-new-privs)
    second=(setpriv --reuid=60002 --regid=60002 --clear-groups --no-new-privs)
    member=(setpriv --reuid=60002 --regid=60002 --groups=60001 --no-new-privs)
fi

# The programs where anybody may run them; the device's files where only it writes.
home=$dir/home
chmod 755 "$dir"
mkdir "$dir/bin" "$home" "$dir/second"
cp "$bin/troth" "$bin/trothd" "$dir/bin" || exit 1
chmod 755 "$dir/bin" "$dir/bin"/*
bin=$dir/bin
[ ${#first[@]} = 0 ] || { chown 60001:60001 "$home"; chown 60002:60002 "$dir/second"; }
chmod 755 "$home"
export XDG_STATE_HOME=$home HOME=$home TROTH_TRANSPORT=unix:$home/air
cd "$home" || exit 1

printf '%s\n' '[network]' 'ssid = Meadow' 'security = wpa2' 'password = clover and rye' \
    >"$home/networks"
printf 'clover and rye\n' >"$home/password"
chmod 644 "$home/networks" "$home/password"

# A serial line at LINK, a controller of the air behind it.
cat >"$dir/line.py" <<'PY'
import os, select, socket, sys, tty

controller = socket.socket(socket.AF_UNIX)
controller.connect(sys.argv[1])
master, slave = os.openpty()
tty.setraw(slave)
os.symlink(os.ttyname(slave), sys.argv[2])
print("plugged in", flush=True)
while True:
    for ready in select.select([master, controller], [], [])[0]:
        octets = os.read(ready if ready is master else controller.fileno(), 4096)
        os.write(controller.fileno() if ready is master else master, octets)
PY
chmod 644 "$dir/line.py"
for python in python3 /usr/bin/python3; do # the first in PATH may be root's own
    "${first[@]}" "$python" -c 'import tty' 2>/dev/null && break
done

# says STATUS WORDS COMMAND...
says() {
    local want=$1 words=$2 got
    shift 2
    timeout 60 "$@" >"$dir/said" 2>&1 </dev/null
    got=$?
    [ "$got" = "$want" ] || fault "$*: exit status $got, not $want: $(cat "$dir/said")"
    grep -qE -- "$words" "$dir/said" || fault "$*: no \"$words\" in: $(cat "$dir/said")"
}
# owned MODE FILE: by whom the device is, and for whom
owned() {
    local got
    got=$(stat -c '%a %u' "$2")
    [ "$got" = "$1 $([ ${#first[@]} = 0 ] && id -u || echo 60001)" ] || fault "$2 is $got, not $1"
}
device() { # TRANSPORT ARGUMENTS...
    start device "${first[@]}" "$bin/trothd" --transport "$1" --network "sim:$home/networks" \
        --store "$home/device.db" --name Lamp --control "$home/control" "${@:2}"
    await "advertising as 'Lamp'" "$dir/device.log"
}
troth() { says "$1" "$2" "${first[@]}" "$bin/troth" "${@:3}"; }
client() { troth "$@" --store "$home/client.db"; }

step='first light'
start air "${first[@]}" "$bin/troth" air --listen "$TROTH_TRANSPORT"
await 'listening on' "$dir/air.log"
device "$TROTH_TRANSPORT" --agent none --agent-socket "$home/agent" --security encrypt
client 0 'paired|bonded' pair Lamp
client 0 '^Status *CONNECTED' provision wifi Lamp --ssid Meadow --password-file "$home/password"
troth 0 'Meadow' status --local "$home/control"
for file in device.db client.db; do owned 600 "$home/$file"; done
owned 600 "$home/agent"
owned 660 "$home/control"

refused_to_the_second() {
    local socket=$home/control

    step='a second user, the control socket'
    says 1 "no permission for $socket: be root, or of the group" \
        "${second[@]}" "$bin/troth" status --local "$socket"
    says 1 "no permission for $socket" "${second[@]}" "$bin/troth" window open "$socket"
    says 1 "no permission for $socket" "${second[@]}" "$bin/troth" erase --local "$socket"
    says 0 'Meadow' "${member[@]}" "$bin/troth" status --local "$socket"

    step="a second user, the agent's socket"
    for who in second member; do
        local -n as=$who
        says 1 "no permission for $home/agent: only the user who runs the device" \
            "${as[@]}" "$bin/troth" agent "$home/agent" --yes
    done
    chmod 666 "$home/agent" # whatever its file says, the kernel says who it is
    says 1 'only the user who runs the device, or root, answers for it' \
        "${second[@]}" timeout 20 "$bin/troth" agent "$home/agent" --yes
    chmod 600 "$home/agent"
    ! grep -q 'attached' "$dir/device.log" || fault "the device took it for its agent"
    start agent "${first[@]}" "$bin/troth" agent "$home/agent" --yes
    await 'attached to Lamp' "$dir/agent.log"
    stop agent INT

    step="a second user, the device's files"
    says 1 "$home/device.db cannot be read and written: run as its owner" "${second[@]}" "$bin/trothd" --transport "$TROTH_TRANSPORT" \
        --network "sim:$home/networks" --store "$home/device.db" --agent none --retry no
    says 1 "$home/theirs.db" "${second[@]}" "$bin/trothd" --transport "$TROTH_TRANSPORT" \
        --network "sim:$home/networks" --store "$home/theirs.db" --agent none --retry no
    says 1 "cannot listen at the control socket $home/mine: Permission denied" \
        "${second[@]}" "$bin/trothd" --transport "$TROTH_TRANSPORT" \
        --network "sim:$home/networks" --store "$dir/second/device.db" --agent none --control "$home/mine"
}
[ ${#second[@]} = 0 ] || refused_to_the_second

step='a serial line'
stop device
[ "$status" = 0 ] || fault "the device ended with $status: $(cat "$dir/device.log")"
start line "${first[@]}" "$python" "$dir/line.py" "$home/air" "$home/tty"
await 'plugged in' "$dir/line.log"
for run in 1 2; do # and it is given back
    device "uart:$home/tty,115200" --agent none --security encrypt
    client 0 '^Network *"Meadow", joined' status Lamp --no-pair
    says 1 "another program has $home/tty" "${first[@]}" "$bin/trothd" --transport "uart:$home/tty,115200" \
        --network "sim:$home/networks" --store "$home/other.db" --agent none --retry no
    [ ${#second[@]} = 0 ] || says 1 "may not open $home/tty" "${second[@]}" "$bin/trothd" \
        --transport "uart:$home/tty,115200" --network "sim:$home/networks" \
        --store "$dir/second/other.db" --agent none --retry no
    stop device
    [ "$status" = 0 ] || fault "run $run ended with $status: $(cat "$dir/device.log")"
done

step=
[ "$failures" = 0 ] || exit 1
[ ${#second[@]} != 0 ] ||
    echo 'not root: a second user, who is to be refused, could not be had (all else was done)'
echo ok
