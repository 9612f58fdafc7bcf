#!/usr/bin/env bash
# troth and trothd over the air, by options alone. What is believed: the air's link state, the
# simulated network's truth, the stores, exit statuses; the programs' own text only where the text
# itself is what is tested.
. "${TROTH_SOURCE:?}/tests/support/programs.sh"
troth=$bin/troth
trap '' PIPE # a program that ends early is a failure, not our end

cat >"$dir/tool.py" <<'PY'
"""status PATH: the air's links, a line each. agent PATH ANSWER: what a device asks its person, and
the answer. relay FROM TO: types at TO what FROM displays. json FILE: every line is an object."""
import json, os, socket, sys, time

def meet(path):
    s = socket.socket(socket.AF_UNIX)
    while not os.path.exists(path):
        time.sleep(0.02)
    s.connect(path)
    return s

what, path = sys.argv[1:3]
if what == "status":
    s = meet(path)
    for link in json.loads(b"".join(iter(lambda: s.recv(65536), b"")))["links"]:
        print("encrypted" if link["encrypted"] else "plain", link["apparent_key_size"])
elif what == "json":
    for line in open(path):
        assert {"event", "text"} <= set(json.loads(line)), line
elif what == "relay":
    device = meet(sys.argv[3])
    print("here", flush=True)
    shown = meet(path).makefile().readline()
    assert shown.startswith("display passkey "), shown
    assert device.makefile().readline().startswith("type passkey"), "the device asks for no passkey"
    device.sendall(shown.split()[2].encode() + b"\n")
    device.recv(1)
else:
    s = meet(path)
    print("here", flush=True)
    for line in s.makefile():
        print(line, end="", flush=True)
        if line.startswith(("compare", "confirm", "type")):
            s.sendall((sys.argv[3] + "\n").encode())
PY
links() { python3 "$dir/tool.py" status "$dir/air.status"; }

# run STATUS NAME ARGUMENTS...: troth with the client's store; lines in NAME.out and NAME.err
run() {
    local want=$1 name=$2 got
    shift 2
    timeout 60 "$troth" "$@" --store "$dir/client.db" >"$dir/$name.out" 2>"$dir/$name.err" \
        <"${input:-/dev/null}"
    got=$?
    [ "$got" = "$want" ] || fault "troth $*: exit status $got, not $want: $(cat "$dir/$name".???)"
}

# says NAME.STREAM PATTERN
says() { grep -qE -- "$2" "$dir/$1" || fault "$1 does not say \"$2\": $(cat "$dir/$1")"; }

# one_sentence NAME: the only line of a failure that names the program
one_sentence() {
    [ "$(grep -c '^troth ' "$dir/$1.err")" = 1 ] || fault "$1: not one sentence: $(cat "$dir/$1.err")"
    [ -s "$dir/$1.out" ] && fault "$1: a failure wrote results: $(cat "$dir/$1.out")"
}

# objects NAME: with --json, nothing but objects on stdout
objects() { python3 "$dir/tool.py" json "$dir/$1.out" || fault "$1: not all of stdout is JSON"; }

bonds() { "$troth" bonds list --store "$dir/$1.db" --json | grep -c '"event":"bond"'; }
expect_bonds() { # CLIENT DEVICE
    local c d
    c=$(bonds client)
    d=$(bonds device)
    [ "$c $d" = "$1 $2" ] || fault "bonds: client $c, device $d; expected $1 and $2"
}

# joined NAME: what the network knows; empty: nothing
joined() {
    python3 -c 'import json,sys; j=json.load(open(sys.argv[1]))["joined"]; print(j["ssid"] if j else "")' \
        "$dir/networks.state"
}
expect_joined() {
    local end=$((SECONDS + 20))
    until [ "$(joined 2>/dev/null)" = "$1" ]; do
        [ "$SECONDS" -lt "$end" ] || { fault "the network has \"$(joined)\", not \"$1\""; return; }
        pause
    done
}

device() { # MODE OPTIONS...
    local mode=$1
    shift
    start device "$bin/trothd" --transport "$TROTH_TRANSPORT" --network "sim:$dir/networks" \
        --store "$dir/device.db" --name Lamp --security "$mode" "$@"
    await "advertising as 'Lamp'" "$dir/device.log"
}

# person ANSWER: at the device's display
person() {
    start person python3 "$dir/tool.py" agent "$dir/agent" "$1"
    await here "$dir/person.log"
}

# fresh: both ends forget everything
fresh() {
    stop device
    stop person
    rm -f "$dir"/device.db* "$dir"/client.db* "$dir/networks.state"
}

printf '%s\n' '[network]' 'ssid = Meadow' 'security = wpa2' 'password = clover and rye' \
    '[network]' 'ssid = Harbour' 'security = wpa2' 'password = salt and tar' \
    '[network]' 'ssid = Void' 'security = open' 'silent = yes' >"$dir/networks"
printf 'clover and rye\n' >"$dir/password"
printf 'not the password\n' >"$dir/wrong"

start air "$troth" air --listen "$TROTH_TRANSPORT" --status "unix:$dir/air.status" --trace
await 'status: listening on' "$dir/air.log"

step='nobody there'
run 1 none pair Nobody --timeout 1
one_sentence none
says none.err 'no device "Nobody" was found in 1 s'
run 0 empty scan --for 1
[ -s "$dir/empty.out" ] && fault 'a scan of nothing lists something'
run 1 only provision wifi --ssid Meadow --password-file "$dir/password" --timeout 1
says only.err 'no device to provision was found'

step='mode none'
device none --agent none
run 0 scan scan --for 1
says scan.out '^Lamp +02:70:A1:00:00:01 \(public\) +-[0-9]+ dBm +Wi-Fi provisioning$'
run 0 scan scan --for 1 --json
objects scan
says scan.out '"address":"02:70:A1:00:00:01".*"name":"Lamp".*"provisioning":true'
run 1 plain provision wifi --ssid Meadow --password-file "$dir/password" --no-pair
says plain.err 'is not encrypted, and --no-pair forbids to pair: nothing was sent'
run 0 plain provision wifi --ssid Meadow --password-file "$dir/password" --allow-plaintext
says plain.err 'not encrypted: anybody near can read'
says plain.out '^Status +CONNECTED'
expect_joined Meadow
expect_bonds 0 0
grep -q 'is encrypted' "$dir/air.log" && fault 'mode none encrypted a link'
run 0 status status lamp --no-pair --json
says status.out '"event":"result","state":"CONNECTED","ssid":"Meadow","online":true'
run 0 erase erase Lamp
expect_joined ''
fresh

step='mode encrypt'
device encrypt --agent none --attempts 1 --timeout 3
run 1 refuse status Lamp --no-pair
one_sentence refuse
says refuse.err 'no-pair forbids'
expect_bonds 0 0
run 0 pair pair Lamp --json
says pair.out '"paired":true,"model":"JUST_WORKS","sc":true,"mitm":false,"key_size":16,"bonded":true'
expect_bonds 1 1
run 0 again pair 02:70:a1:00:00:01
says again.err 'encrypted from the bond'
grep -q pairing "$dir/again.err" && fault 'paired again in spite of the bond'
run 0 good provision wifi Lamp --ssid-hex 4d6561646f77 --password-file "$dir/password"
expect_joined Meadow
run 1 wrong provision wifi Lamp --ssid Harbour --password-file "$dir/wrong" --json
says wrong.out '"event":"failed".*"reason":"WRONG_PASSWORD".*"kept":true.*"result":"DEVICE_FAILED"'
expect_joined Meadow
run 1 wrong provision wifi Lamp --ssid Harbour --password-file "$dir/wrong"
one_sentence wrong
says wrong.err 'did not join "Harbour", WRONG_PASSWORD: '
says wrong.err 'earlier network is "Meadow"'
expect_joined Meadow
run 1 weak status Lamp --require-mitm --passkey "$dir/password"
one_sentence weak
says weak.err 'too weak.*troth bonds remove 02:70:A1:00:00:01'
expect_bonds 1 1

step='a link that stays up, seen by the air'
timeout 60 "$troth" provision wifi Lamp --ssid Void --security open --store "$dir/client.db" \
    >"$dir/held.out" 2>"$dir/held.err" </dev/null &
pid[held]=$!
await 'status: CONNECTING' "$dir/held.err"
[[ $(links) =~ ^encrypted\ 1[456]$ ]] || fault "the air's links: $(links)"
stop held INT
[ "$status" = 1 ] || fault "interrupted: exit status $status"
one_sentence held
says held.err 'interrupted$'
expect_joined Meadow # the device gives up the silent network and returns

step='the device lost its bond'
stop device
"$troth" bonds remove 02:70:A1:00:00:02 --store "$dir/device.db" >"$dir/removed" 2>&1 ||
    fault "bonds remove: $(cat "$dir/removed")"
device encrypt --agent none
run 1 lost status Lamp
one_sentence lost
says lost.err 'lost its side of the bond.*troth bonds remove 02:70:A1:00:00:01, then this again'
expect_bonds 1 0
run 0 removed bonds remove Lamp
run 0 repaired status Lamp
expect_bonds 1 1
run 0 shown bonds show lamp
says shown.out '^Level +not authenticated, Secure Connections, 16-octet key$'
says shown.out '^Identity +resolving key known'
says shown.out '^Used +20[0-9-]+T'
run 0 erase erase Lamp --json
says erase.out '"erased":true,"bond_removed":true,"state":"IDLE"'
expect_bonds 0 0
expect_joined ''
fresh

step='mode authenticate, passkey'
device authenticate --io-cap display-only --agent "unix:$dir/agent"
person yes
run 1 nothing pair Lamp
one_sentence nothing
says nothing.err 'AUTHENTICATION_REQUIREMENTS'
says nothing.err 'give --passkey FILE'
expect_bonds 0 0
mkfifo "$dir/stdin"

# typed ANSWER STATUS NAME ARGUMENTS...: {} in ANSWER is what the device displays
typed() {
    local answer=$1 want=$2 name=$3 shown got before
    shift 3
    before=$(grep -c 'display passkey' "$dir/person.log")
    timeout 60 "$troth" "$@" --passkey - --store "$dir/client.db" >"$dir/$name.out" \
        2>"$dir/$name.err" <"$dir/stdin" &
    pid[typed]=$!
    exec 3>"$dir/stdin"
    while [ "$(grep -c 'display passkey' "$dir/person.log")" = "$before" ]; do
        kill -0 "${pid[typed]}" 2>/dev/null || break
        pause
    done
    shown=$(sed -n 's/^display passkey //p' "$dir/person.log" | tail -1)
    echo "${answer//\{\}/$shown}" >&3
    exec 3>&-
    wait "${pid[typed]}"
    got=$?
    unset 'pid[typed]'
    [ "$got" = "$want" ] || fault "troth $*: exit status $got, not $want: $(cat "$dir/$name".???)"
    # Passkeys belong to the display alone.
    grep -qF "${shown:-none}" "$dir/device.log" && fault 'the passkey is in the log of the device'
}

typed 000000 1 mistyped pair Lamp
one_sentence mistyped
says mistyped.err 'CONFIRM_VALUE_FAILED'
says mistyped.err 'The model was Passkey Entry \(initiator types\)'
expect_bonds 0 0
typed '12x' 1 garbled pair Lamp
says garbled.err 'not six digits'
expect_bonds 0 0
typed '{}' 0 passkey provision wifi Lamp --ssid Meadow --password-file "$dir/password" --json
says passkey.out '"event":"paired","model":"PASSKEY_ENTRY_INIT_INPUTS","sc":true,"mitm":true,"key_size":16,"bonded":true'
expect_joined Meadow
objects passkey
expect_bonds 1 1
grep -qE 'clover and rye' "$dir/device.log" "$dir/passkey.out" "$dir/passkey.err" &&
    fault 'the password is in a log'
run 0 bonded status Lamp --no-pair --require-mitm --passkey "$dir/password"
says bonded.out '^Link +authenticated, Secure Connections, 16-octet key$'
fresh

step='mode authenticate, comparison'
device authenticate --io-cap display-yes-no --agent "unix:$dir/agent"
person yes
run 1 differ pair Lamp --no
one_sentence differ
says differ.err 'we ended it \(NUMERIC_COMPARISON_FAILED, step: comparing the numbers\)'
expect_bonds 0 0
echo yes >"$dir/yes"
run 0 compare pair Lamp --compare "$dir/yes"
says compare.out '^Model +Numeric Comparison$'
expect_bonds 1 1
fresh
device authenticate --io-cap display-yes-no --agent "unix:$dir/agent"
person no
input=$dir/yes run 1 denied pair Lamp --compare -
one_sentence denied
says denied.err 'the other side refused \(NUMERIC_COMPARISON_FAILED, step: '
expect_bonds 0 0

step='mode authenticate, both type'
fresh
device authenticate --io-cap keyboard-only --agent "unix:$dir/agent"
person 123456
echo '123 456' >"$dir/digits"
run 0 both pair Lamp --io-cap keyboard-only --passkey "$dir/digits" --json
objects both
says both.out '"event":"result".*"model":"PASSKEY_ENTRY_BOTH_INPUTS".*"mitm":true'
expect_bonds 1 1

step='mode authenticate, the device types'
fresh
device authenticate --io-cap keyboard-only --agent "unix:$dir/agent"
start person python3 "$dir/tool.py" relay "$dir/mine" "$dir/agent"
await here "$dir/person.log"
run 0 shows pair Lamp --io-cap display-only --agent "unix:$dir/mine"
says shows.out '^Model +Passkey Entry \(responder types\)$'
grep -qE '[0-9]{6}' "$dir/shows.out" "$dir/shows.err" && fault 'a passkey outside the agent'
expect_bonds 1 1

step='the mode is raised'
fresh
device encrypt --agent none
run 0 weaker pair Lamp
stop device
device authenticate --io-cap display-only --agent "unix:$dir/agent"
run 1 raised status Lamp --passkey "$dir/digits"
one_sentence raised
says raised.err 'troth bonds remove 02:70:A1:00:00:01, then this again'
fresh
device none --agent none

step='two devices of one name'
start twin "$bin/trothd" --transport "$TROTH_TRANSPORT" --network "sim:$dir/networks" \
    --store "$dir/twin.db" --name Lamp --security none --agent none
await "advertising as 'Lamp'" "$dir/twin.log"
run 1 twins status Lamp
one_sentence twins
says twins.err 'several devices are called "Lamp": give the address'
run 1 which provision wifi --ssid Void --security open
says which.err 'more than one device'
stop twin

step='the air goes'
fresh
device none --agent none --retry no
timeout 60 "$troth" provision wifi Lamp --ssid Void --security open --store "$dir/client.db" \
    >"$dir/gone.out" 2>"$dir/gone.err" </dev/null &
pid[gone]=$!
await 'status: CONNECTING' "$dir/gone.err"
stop air
wait "${pid[gone]}"
status=$?
unset 'pid[gone]'
[ "$status" = 1 ] || fault "the air went: exit status $status"
one_sentence gone
says gone.err 'unix:.*air'

[ "$failures" = 0 ] || exit 1
echo ok
