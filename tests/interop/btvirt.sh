#!/usr/bin/env bash
# troth and trothd on two controllers of btvirt, BlueZ's emulator: a foreign controller, LE only and
# dual mode. Every model, the bond, provisioning, private addresses, and a controller that vanishes.
. "${TROTH_SOURCE:?}/tests/support/programs.sh"
shim=${TROTH_BUILD:?}/tests/btvirt_shim.so
export BTVIRT_DIR=$dir

[ -e "$shim" ] || { echo "$shim is not built"; exit 1; }
command -v btvirt >/dev/null || { echo 'btvirt is not installed: package bluez-test-tools'; exit 1; }

controllers() {
    local end=$((SECONDS + 20))
    rm -f "$dir/le" "$dir/bredrle"
    start btvirt env LD_PRELOAD="$shim" btvirt -s
    until [ -S "$dir/le" ] && [ -S "$dir/bredrle" ]; do
        [ "$SECONDS" -lt "$end" ] || { fault "btvirt: $(cat "$dir/btvirt.log")"; exit 1; }
        pause
    done
}

device() { # OPTIONS...
    start device "$bin/trothd" --transport "$TROTH_TRANSPORT" --network "sim:$dir/networks" \
        --store "$dir/device.db" --name Lamp "$@"
    await "advertising as 'Lamp'" "$dir/device.log"
    address=$(sed -n 's/^controller ready: \(00:AA:01:0[0-9]:00:42\) (public)$/\1/p' "$dir/device.log")
    [ "$address" ] || fault "no address of btvirt's: $(cat "$dir/device.log")"
}

troth() { # STATUS NAME ARGUMENTS...
    local want=$1 name=$2 got
    shift 2
    timeout 40 "$bin/troth" "$@" --store "$dir/client.db" >"$dir/$name" 2>&1 </dev/null
    got=$?
    [ "$got" = "$want" ] ||
        fault "troth $*: exit status $got, not $want: $(cat "$dir/$name" "$dir/device.log")"
}

# says NAME PATTERN
says() { grep -qE -- "$2" "$dir/$1" || fault "$1 does not say \"$2\": $(cat "$dir/$1")"; }

fresh() {
    stop device
    rm -f "$dir"/device.db* "$dir"/client.db* "$dir/networks.state"
}

printf '%s\n' '[network]' 'ssid = Meadow' 'security = wpa2' 'password = clover and rye' \
    >"$dir/networks"
printf 'clover and rye\n' >"$dir/password"
printf '314159\n' >"$dir/passkey"
printf 'display\n' >"$dir/shown"
printf 'compare yes\n' >"$dir/answers"
echo yes >"$dir/yes"

controllers
for kind in le bredrle; do
    export TROTH_TRANSPORT=unix:$dir/$kind
    step="$kind, Just Works"
    device --security encrypt --agent none
    troth 0 pair pair Lamp
    says pair '^Model +Just Works'
    says pair '^Level +not authenticated, Secure Connections, 16-octet key'
    troth 0 provision provision wifi Lamp --ssid Meadow --password-file "$dir/password"
    says provision '^Status +CONNECTED'
    troth 0 status status Lamp --no-pair
    says status 'Network +"Meadow", joined'

    step="$kind, the controller vanishes and returns"
    stop btvirt
    await 'closed the connection; trying again|went away.*trying again' "$dir/device.log"
    controllers
    await "^advertising as 'Lamp'" "$dir/device.log" 2
    troth 0 status status Lamp --no-pair
    says status 'Network +"Meadow", joined'
    [ "$(grep -c 'paired with' "$dir/device.log")" = 1 ] || fault 'paired again in spite of the bond'

    step="$kind, the bond is lost"
    "$bin/troth" bonds remove "$address" --store "$dir/client.db" >"$dir/removed" 2>&1 ||
        fault "bonds remove: $(cat "$dir/removed")"
    troth 0 again pair Lamp
    fresh

    step="$kind, Passkey Entry"
    device --security authenticate --io-cap display-only --agent "script:$dir/shown" \
        --insecure-fixed-passkey 314159
    troth 0 pair pair Lamp --io-cap keyboard-only --passkey "$dir/passkey"
    says pair '^Model +Passkey Entry'
    says pair '^Level +authenticated, Secure Connections'
    fresh

    step="$kind, Numeric Comparison, under private addresses"
    device --security authenticate --io-cap display-yes-no --agent "script:$dir/answers" --privacy
    troth 0 pair pair Lamp --compare "$dir/yes" --privacy
    says pair '^Model +Numeric Comparison'
    says device.log '^connected: [4-7].* \(random\)$' # resolvable, Vol 6 Part B 1.3.2.2
    troth 0 status status "$address" --privacy
    says status '^Link +authenticated'
    fresh
done
[ "$failures" = 0 ] || exit 1
echo ok
