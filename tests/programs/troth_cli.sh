#!/usr/bin/env bash
# troth without a radio: help, versions, predictions, and one sentence for each wrong use.
set -u
troth=${TROTH_BIN:?}/troth
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state NO_COLOR=1
unset TROTH_TRANSPORT STATE_DIRECTORY
failures=0

fault() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect STATUS PATTERN COMMAND...: no terminal; a failure says one line on stderr, nothing on stdout
expect() {
    local status=$1 pattern=$2 got
    shift 2
    "$@" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    [ "$got" = "$status" ] || fault "exit status $got, not $status: $*"
    if [ "$status" = 0 ]; then
        grep -qE -- "$pattern" "$dir/out" || fault "no \"$pattern\" on stdout: $*"
        [ -s "$dir/err" ] && fault "stderr of a success: $*: $(cat "$dir/err")"
        return
    fi
    grep -qE -- "$pattern" "$dir/err" || fault "no \"$pattern\" on stderr: $*: $(cat "$dir/err")"
    [ "$(wc -l <"$dir/err")" = 1 ] || fault "not one sentence: $*: $(cat "$dir/err")"
    [ -s "$dir/out" ] && fault "a failure wrote to stdout: $*"
}

# ---- help and versions ----

expect 0 '^Usage: troth COMMAND' "$troth" --help
expect 0 '^Usage: troth COMMAND' "$troth" help
expect 0 '^troth [0-9]+\.[0-9]+' "$troth" --version
for command in scan pair 'provision wifi' 'provision thread' status erase 'bonds list' 'bonds show' 'bonds remove' \
    'bonds export' 'bonds import' 'oob make' 'oob show' 'dataset show' 'dataset make' agent predict air; do
    read -ra words <<<"$command"
    expect 0 "^Usage: troth $command" "$troth" "${words[@]}" --help
    expect 0 "^Usage: troth $command" "$troth" help "${words[@]}"
    if [ "$command" != air ]; then
        expect 0 '^troth .*[0-9]+\.[0-9]+' "$troth" "${words[@]}" --version
    fi
done
expect 0 'unsafe' "$troth" pair --help
expect 2 'command is missing' "$troth"
expect 2 "no command 'frobnicate'" "$troth" frobnicate
expect 2 "no command 'zigbee'" "$troth" provision zigbee

"$troth" predict >/dev/full 2>"$dir/err" && fault 'predict to a full disk succeeds'
grep -q '^troth predict: standard output cannot be written' "$dir/err" || fault "a full disk: $(cat "$dir/err")"
"$troth" predict >&- 2>"$dir/err" && fault 'predict to nowhere succeeds'

# ---- predict: the table as the documentation of people's tools has it ----

caps=(DisplayOnly DisplayYesNo KeyboardOnly NoInputNoOutput KeyboardDisplay)
# A row a responder, a column an initiator; a slash where legacy pairing differs.
table=(
    'just just         passkey just passkey'
    'just compare/just passkey just compare/passkey'
    'passkey passkey   passkey just passkey'
    'just just just just just'
    'passkey compare/passkey passkey just compare/passkey'
)

# Who types: whoever has a keyboard while the other shows; of two keyboards with two displays the
# responder's; without any display both.
passkey_name() {
    local keyboard='Keyboard' display='Display'
    if [[ ! $1 =~ $display && ! $2 =~ $display ]]; then
        echo PASSKEY_ENTRY_BOTH_INPUTS
    elif [[ ! $1 =~ $keyboard || ($2 =~ $keyboard && $1 =~ $display) ]]; then
        echo PASSKEY_ENTRY_RSP_INPUTS
    else
        echo PASSKEY_ENTRY_INIT_INPUTS
    fi
}

name_of() { # word initiator responder
    case $1 in
    just) echo JUST_WORKS ;;
    compare) echo NUMERIC_COMPARISON ;;
    passkey) passkey_name "$2" "$3" ;;
    esac
}

# asks LIST_OF_FACTS OPTIONS...: one prediction has all of these
asks() {
    local facts=$1 line fact
    shift
    line=$("$troth" predict "$@" --json) || fault "predict $*"
    for fact in $facts; do
        grep -qF -- "$fact" <<<"$line" || fault "predict $*: no $fact in $line"
    done
}

"$troth" predict --json >"$dir/table" || fault 'predict --json'
[ "$(wc -l <"$dir/table")" = 25 ] || fault 'the table has not 25 cells'
for r in 0 1 2 3 4; do
    read -ra row <<<"${table[r]}"
    for i in 0 1 2 3 4; do
        sc=$(name_of "${row[i]%/*}" "${caps[i]}" "${caps[r]}")
        legacy=$(name_of "${row[i]#*/}" "${caps[i]}" "${caps[r]}")
        grep -qF "\"initiator\":\"${caps[i]}\",\"responder\":\"${caps[r]}\",\"sc\":\"$sc\",\"legacy\":\"$legacy\"" \
            "$dir/table" || fault "cell ${caps[i]}, ${caps[r]}: not $sc, $legacy"
        strong=true
        [ "$sc" = JUST_WORKS ] && strong=false
        asks "\"model\":\"$sc\" \"sc\":true \"rule\":\"IO_CAPABILITIES\" \"authenticated\":$strong" \
            -i "${caps[i]},mitm,sc" -r "${caps[r]},sc"
        asks "\"model\":\"$legacy\" \"sc\":false" -i "${caps[i]},sc" -r "${caps[r]},mitm"
    done
done
expect 0 '^KeyboardOnly +Passkey, R types +Passkey, R types +Passkey, both type +Just Works +Passkey, R types$' \
    "$troth" predict

asks '"model":"JUST_WORKS" "rule":"NO_MITM" "authenticated":false' -i kd,sc -r kd,sc
asks '"model":"OOB" "rule":"OOB" "sc":true "hands_over":["responder"]' -i none,oob,sc -r none,sc
asks '"model":"JUST_WORKS" "rule":"NO_MITM" "sc":false' -i none,oob -r none,sc
asks '"model":"OOB" "rule":"OOB" "sc":false' -i none,oob,sc -r none,oob
asks '"displays":["responder"] "types":["initiator"]' -i keyboard_only,mitm -r DISPLAY-ONLY
asks '"displays":[] "types":["initiator","responder"]' -i ko,mitm -r ko
asks '"compares":["initiator","responder"] "bonded":true' -i yesno,mitm,sc,bond -r kd,sc,bond
expect 0 'responder does not offer Secure Connections' "$troth" predict -i kd,sc,mitm -r do
expect 0 'Neither side asks for protection' "$troth" predict -i kd -r kd
expect 2 '"telepathy" is no IO capability' "$troth" predict -i telepathy -r do
expect 2 '"mimt" is no flag' "$troth" predict -i kd,mimt -r do
expect 2 '"" is no flag' "$troth" predict -i kd, -r do
expect 2 '--responder is missing' "$troth" predict -i kd
expect 2 '--initiator is missing' "$troth" predict -r kd
expect 2 'not expected here' "$troth" predict kd do

# ---- wrong use, before any radio ----

where=unix:$dir/nobody
wifi=("$troth" provision wifi lamp -t "$where")
expect 2 'no option --frob' "$troth" scan --frob
expect 2 'no controller is named.*TROTH_TRANSPORT' "$troth" scan
expect 2 'no transport' "$troth" scan -t carrier-pigeon
expect 2 'names no port' "$troth" scan -t tcp:localhost
expect 2 '--for 0: a number from 1' "$troth" scan -t "$where" --for 0
expect 2 'DEVICE is missing' "$troth" pair -t "$where"
expect 2 'one too many' "$troth" status a b -t "$where"
expect 2 'give --ssid' "${wifi[@]}"
expect 2 'give --password-file FILE or --password -' "${wifi[@]}" --ssid Meadow
expect 2 'has 1 to 32 octets, and this one has 33' "${wifi[@]}" --ssid 123456789012345678901234567890123
expect 2 'ssid-hex: 1 to 32 octets' "${wifi[@]}" --ssid-hex abc
expect 2 'ssid-hex: 1 to 32 octets' "${wifi[@]}" --ssid-hex zz
expect 2 'only one can be given' "${wifi[@]}" --ssid a --ssid-hex 61
expect 2 'takes only -' "${wifi[@]}" --ssid Meadow --password hunter22
expect 2 'cannot read' "${wifi[@]}" --ssid Meadow --password-file "$dir/none"
expect 2 'one of auto, open' "${wifi[@]}" --ssid Meadow --security wep
printf '1234567\n' >"$dir/seven"
printf '%065d\n' 0 >"$dir/65"
printf 'twelve words\n' >"$dir/good"
: >"$dir/empty"
expect 2 'passphrase has 8 to 63' "${wifi[@]}" --ssid Meadow --password-file "$dir/seven"
expect 2 'longer than the 64' "${wifi[@]}" --ssid Meadow --password-file "$dir/65"
expect 2 'passphrase has 8 to 63' "${wifi[@]}" --ssid Meadow --security wpa2 --password-file "$dir/empty"
expect 2 'an open network has no password' "${wifi[@]}" --ssid M --security open --password-file "$dir/good"
expect 2 'at its end' "${wifi[@]}" --ssid Meadow --password -
expect 2 'only one can hold' "$troth" pair lamp -t "$where" --yes --no
expect 2 '--passkey 123456: .*not the digits' "$troth" pair lamp -t "$where" --passkey 123456
expect 2 'nobody can type.*--passkey' "$troth" pair lamp -t "$where" --io-cap keyboard-only
expect 2 'nobody can compare.*--no or --yes' "$troth" pair lamp -t "$where" --io-cap display-yes-no
expect 2 'nobody would see.*--agent' "$troth" pair lamp -t "$where" --io-cap display-only
expect 2 'require-mitm needs somebody' "$troth" pair lamp -t "$where" --require-mitm
expect 2 'agent tcp:x: write it like' "$troth" pair lamp -t "$where" --agent tcp:x

# ---- nothing there ----

expect 1 'nobody' "$troth" scan -t "$where"
expect 1 'nobody' "$troth" scan -t "$where" --store "$dir/other.db"
expect 1 'does not exist' "$troth" scan -t "$where" --store "$dir/no/such/folder.db"
"$troth" bonds list >"$dir/out" 2>"$dir/err" || fault 'bonds list without a store'
grep -q 'no bonds' "$dir/err" || fault 'bonds list does not say that there are none'
[ -s "$dir/out" ] && fault 'bonds list without bonds writes to stdout'
expect 1 'no bond with "lamp"' "$troth" bonds show lamp
expect 1 'no bond with "C0:00:00:00:00:01"' "$troth" bonds remove C0:00:00:00:00:01
expect 2 'ADDRESS is missing' "$troth" bonds remove
[ "$(stat -c %a "$XDG_STATE_HOME/troth/troth.db")" = 600 ] || fault 'the store is not 0600'

[ "$failures" = 0 ] || exit 1
echo ok
