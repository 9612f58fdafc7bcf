#!/usr/bin/env bash
# Every example over the air, server and client as processes of their own; the person in between is
# this script: it carries a passkey, a number or a file from one to the other.
set -u
bin=${TROTH_BIN:?}
dir=$(mktemp -d)
air=unix:$dir/air
export LC_ALL=C
declare -A pid=()
failures=0
step=start

fault() {
    echo "FAILED ($step): $*"
    failures=$((failures + 1))
}

pause() { read -rt 0.02 <> <(:) || :; }

# await FILE PATTERN [COUNT]: so many such lines are there or come
await() {
    local end=$((SECONDS + 20))
    until [ "$(grep -cE -- "$2" "$dir/$1" 2>/dev/null)" -ge "${3:-1}" ]; do
        [ "$SECONDS" -lt "$end" ] || { fault "no \"$2\" in $1: $(cat "$dir/$1")"; return 1; }
        pause
    done
}
says() { grep -qE -- "$2" "$dir/$1" || fault "$1 does not say \"$2\": $(cat "$dir/$1")"; }
silent() { ! grep -qE -- "$2" "$dir/$1" || fault "$1 says \"$2\": $(cat "$dir/$1")"; }

# start NAME INPUT COMMAND...: in the background, its lines in NAME.log
start() {
    local name=$1 input=$2
    shift 2
    : >"$dir/$name.log"
    "$@" >"$dir/$name.log" 2>&1 <"$input" &
    pid[$name]=$!
}
stop() {
    [ -n "${pid[$1]:-}" ] || return 0
    kill "${pid[$1]}" 2>/dev/null
    wait "${pid[$1]}" 2>/dev/null
    unset "pid[$1]"
}
finish() {
    local name
    for name in "${!pid[@]}"; do stop "$name"; done
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' TERM INT

# server NAME [ARGUMENTS...]: both sides know nobody
server() {
    local name=$1
    shift
    stop server
    rm -f "$dir"/*.db*
    start server "$dir/server.in" "$bin/examples/$name" "$air" "$dir/server.db" "$@"
    await server.log '^advertising as "Security server"$'
}
client() {
    await server.log '^(advertising as|disconnected|ready)' # the last client has left
    start client "$dir/client.in" "$bin/examples/client" "$air" "$dir/client.db" "$@"
}
# ended STATUS: the client, by itself; and the server is found again
ended() {
    local got
    wait "${pid[client]}"
    got=$?
    unset 'pid[client]'
    [ "$got" = "$1" ] || fault "the client's exit status is $got, not $1: $(cat "$dir/client.log")"
    links=$((links + 1))
    await server.log '^advertising as' $((links + 1))
    # Keys are nobody's to read: nothing as long as one.
    grep -qE '[0-9a-fA-F]{32}' "$dir"/{server,client}.log && fault 'key material in a log'
}
# number NAME PATTERN: the six digits in the latest line of it
number() { grep -E -- "$2" "$dir/$1" | tail -1 | grep -oE '[0-9]{6}'; }
bonds() { # COUNT, as both sides say in the end
    local name
    for name in server client; do
        [ "$(grep '^bonded devices:' "$dir/$name.log" | tail -1)" = "bonded devices: $1" ] ||
            fault "$name has not $1 bonds: $(cat "$dir/$name.log")"
    done
}
# reconnects MITM: without pairing
reconnects() {
    client "${@:2}"
    ended 0
    says client.log '^connected: .*, bonded$'
    says client.log '^encrypted from the bond, without pairing$'
    says client.log "^  auth mode: +bonding, $1, Secure Connections, 16-octet key\$"
    silent client.log '^pair status'
    await server.log '^encrypted from the bond, without pairing$'
    [ "$(grep -c '^pair status: success' "$dir/server.log")" = 1 ] || fault 'paired again'
}
# paired MODEL MITM
paired() {
    local name
    ended 0
    for name in server client; do
        says $name.log "^pair status: success, $1\$"
        says $name.log '^  LTK: +made by both sides'
        says $name.log '^  keys we gave: +IRK\+identity$'
        says $name.log '^  keys we received: +IRK\+identity$'
        says $name.log "^  auth mode: +bonding, $2, Secure Connections, 16-octet key\$"
    done
    bonds 1
}
# failed REASON NAME WHO-ENDED-IT-ON-THE-SERVER CLIENT
failed() {
    ended 1
    says server.log "^pair status: failed, $3"
    says client.log "^pair status: failed, $4"
    says server.log "^  reason $1, $2\$"
    says client.log "^  reason $1, $2\$"
    bonds 0
}
we='we ended it' they='the other side ended it'

mkfifo "$dir/server.in" "$dir/client.in"
exec 8<>"$dir/server.in" 9<>"$dir/client.in"
start air /dev/null "$bin/troth" air --listen "$air"
await air.log 'listening on' || exit 1

step='Just Works'
links=0
server just_works_server
client
paired JUST_WORKS 'no MITM'
reconnects 'no MITM'

step='Passkey Entry'
links=0
server passkey_server
client
await client.log '^type the passkey' && await server.log '^the passkey is'
shown=$(number server.log '^the passkey is')
printf '%06d\n' $(((10#$shown + 1) % 1000000)) >&9
failed 0x04 CONFIRM_VALUE_FAILED "($we|$they)" "($we|$they)"
client
await client.log '^type the passkey' && await server.log '^the passkey is' 2
number server.log '^the passkey is' >&9
paired PASSKEY_ENTRY_INIT_INPUTS MITM
reconnects MITM

step='Numeric Comparison'
links=0
server numeric_comparison_server
client
await client.log '^does the other device show' && await server.log '^does the other device show'
[ "$(number client.log '^does')" = "$(number server.log '^does')" ] || fault 'different numbers'
echo yes >&9
echo no >&8
failed 0x0C NUMERIC_COMPARISON_FAILED "$we" "$they"
client
await client.log '^does the other device show' && await server.log '^does the other device show' 2
[ "$(number client.log '^does')" = "$(number server.log '^does')" ] || fault 'different numbers'
echo yes >&9
echo yes >&8
paired NUMERIC_COMPARISON MITM
reconnects MITM

step='OOB'
links=0
server oob_server "$dir/oob"
[ "$(stat -c %a "$dir/oob")" = 600 ] || fault 'others can read the OOB data'
client
failed 0x03 AUTHENTICATION_REQUIREMENTS "$we" "$they"
cp "$dir/oob" "$dir/spent"
client "$dir/oob"
paired OOB MITM
cmp -s "$dir/oob" "$dir/spent" && fault 'OOB data are given out twice'
reconnects MITM "$dir/spent" # which a bond does not need

step='only the specified authentication'
links=0
server specified_auth_server "$dir/oob"
client
failed 0x03 AUTHENTICATION_REQUIREMENTS "$we" "$they"
says client.log '^disconnected: 0x13,'
says server.log '^disconnected: 0x16,'
client "$dir/oob"
paired OOB MITM

step='any authentication'
links=0
server specified_auth_server "$dir/oob" any
client
paired JUST_WORKS 'no MITM'
reconnects 'no MITM'
stop server

step='used wrongly'
for name in client just_works_server passkey_server numeric_comparison_server oob_server \
    specified_auth_server; do
    "$bin/examples/$name" >"$dir/wrong" 2>&1 </dev/null
    [ $? = 2 ] && says wrong "^usage: $name WHERE STORE"
    args=("$dir/oob")
    case $name in just* | pass* | num*) args=() ;; esac
    "$bin/examples/$name" nowhere "$dir/none.db" ${args[@]+"${args[@]}"} >"$dir/wrong" 2>&1 <&9
    [ $? = 1 ] || fault "$name took \"nowhere\" for a controller"
    says wrong "^$name: .*(tcp|unix):"
done

[ "$failures" = 0 ] || exit 1
echo ok
