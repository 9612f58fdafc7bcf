#!/usr/bin/env bash
# A stranger who bears the device's name and serves the same characteristics in clear must not be
# given the password: not with --require-mitm, and not when the name belongs to a bond.
set -u
bin=${TROTH_BIN:?}
dir=$(mktemp -d)
export XDG_STATE_HOME=$dir NO_COLOR=1 TROTH_TRANSPORT=unix:$dir/air
unset STATE_DIRECTORY
pids=()
failures=0
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$dir"' EXIT
fault() { echo "FAILED: $*"; failures=$((failures + 1)); }
await() {
    for _ in $(seq 200); do grep -q -- "$1" "$2" 2>/dev/null && return; sleep 0.1; done
    echo "no \"$1\" in $2"; cat "$2"; exit 1
}
start() { # NAME PROGRAM ARGUMENTS...
    local name=$1 program=$2
    shift 2
    "$bin/$program" "$@" >"$dir/$name.log" 2>&1 </dev/null &
    pids+=($!)
}

printf '[network]\nssid = Home\npassword = open sesame\nsecurity = wpa2\n' >"$dir/networks"
printf 'open sesame\n' >"$dir/password"
printf '123456\n' >"$dir/passkey"
mkdir "$dir/captures"
start air troth air --listen "unix:$dir/air" --capture "$dir/captures"
await 'listening on' "$dir/air.log"
start lamp trothd -t "unix:$dir/air" -n "sim:$dir/networks" --name Lamp --store "$dir/lamp.db"
lamp=${pids[-1]}
await 'advertising as' "$dir/lamp.log"
"$bin/troth" pair Lamp </dev/null || fault "the lamp could not be paired with"
start twin trothd -t "unix:$dir/air" -n "sim:$dir/networks" --name Lamp --store "$dir/twin.db" --security none
await 'advertising as' "$dir/twin.log"
kill "$lamp"; wait "$lamp"

"$bin/troth" provision wifi Lamp --ssid Home --password-file "$dir/password" --require-mitm \
    --passkey "$dir/passkey" </dev/null && fault "--require-mitm was satisfied by a link in clear"
grep -qa 'open sesame' "$dir"/captures/* && fault "the password crossed in clear with --require-mitm"
"$bin/troth" provision wifi Lamp --ssid Home --password-file "$dir/password" </dev/null &&
    fault "a bonded device's name was believed of a stranger, over a link in clear"
# By its address, which says that it is meant: still authenticated, or not at all.
"$bin/troth" provision wifi 02:70:A1:00:00:02 --ssid Home --password-file "$dir/password" \
    --require-mitm --passkey "$dir/passkey" </dev/null &&
    fault "--require-mitm was satisfied by a device that cannot be authenticated"
grep -qa 'open sesame' "$dir"/captures/* && fault "the password was sent"
"$bin/troth" provision wifi 02:70:A1:00:00:02 --ssid Home --password-file "$dir/password" \
    </dev/null || fault "a device that asks for nothing was not provisioned over a protected link"
grep -q 'is encrypted' "$dir/twin.log" || grep -q 'encrypted:' "$dir/twin.log" ||
    fault "the password crossed a link in clear"
exit $((failures != 0))
