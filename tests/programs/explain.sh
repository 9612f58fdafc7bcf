#!/usr/bin/env bash
# troth explain: captures made by hand, in every datalink, whole and damaged; captures of our own
# programs over the air, from both ends and from the air; and tshark as a second reader.
. "${TROTH_SOURCE:?}/tests/support/programs.sh"
troth=$bin/troth
here=$TROTH_SOURCE/tests/programs
export PYTHONDONTWRITEBYTECODE=1

mkdir "$dir/hand" "$dir/controllers"
python3 "$here/explain_captures.py" "$dir/hand" || fault 'the captures cannot be made'
python3 "$here/explain_check.py" "$troth" "$dir/hand" || fault 'captures made by hand: see above'

# explains STATUS CAPTURE PATTERN...: each pattern in the document
explains() {
    local want=$1 capture=$2 got pattern
    shift 2
    "$troth" explain "$capture" --json >"$dir/said" 2>"$dir/err"
    got=$?
    [ "$got" = "$want" ] || fault "explain $capture: status $got, not $want: $(cat "$dir/said" "$dir/err")"
    for pattern; do
        grep -qE -- "$pattern" "$dir/said" || fault "$capture: no \"$pattern\": $(cat "$dir/said")"
    done
}

# ---- the command line ----

"$troth" explain --help | grep -q '^Usage: troth explain .* CAPTURE' || fault 'explain --help'
"$troth" explain >/dev/null 2>"$dir/err" && fault 'explain of nothing succeeds'
grep -q 'CAPTURE is missing' "$dir/err" || fault "explain of nothing: $(cat "$dir/err")"
one=$dir/hand/just_works.1002
"$troth" explain "$one" --link x >/dev/null 2>"$dir/err"
[ $? = 2 ] || fault '--link x is no misuse'
"$troth" explain "$one" --link 7 >"$dir/out" 2>"$dir/err"
[ $? = 1 ] && grep -q 'there is no link 7: .* has 1$' "$dir/err" || fault "--link 7: $(cat "$dir/err")"
"$troth" explain "$one" >/dev/full 2>"$dir/err" && fault 'explain to a full disk succeeds'
"$troth" explain "$one" --html /dev/full 2>"$dir/err" && fault 'a page to a full disk succeeds'
grep -q '^troth explain: cannot write /dev/full' "$dir/err" || fault "a full disk: $(cat "$dir/err")"
"$troth" explain "$dir/hand/nothing.1002" >"$dir/out" || fault 'nothing to explain is a failure'
grep -q 'nothing to explain' "$dir/out" || fault "nothing: $(cat "$dir/out")"

# A name is somebody's text: it reaches the page as text, and the terminal without its colours.
evil="$dir/<img src=x onerror=alert(1)>&'\".btsnoop"
cp "$one" "$evil"
"$troth" explain "$evil" --html "$dir/page.html" || fault 'the page of a name'
grep -q '&lt;img src=x onerror=alert(1)&gt;&amp;' "$dir/page.html" || fault 'the name is not escaped'
grep -qi '<img' "$dir/page.html" && fault 'the name is markup'
"$troth" explain "$dir/hand/passkey.1002" --html "$dir/page.html" || fault 'a page'
grep -qiE '(src|href)=|<script|@import|url\(' "$dir/page.html" && fault 'the page loads or runs something'
for needed in '<!DOCTYPE html>' 'lang=en' 'name=viewport' 'prefers-color-scheme:dark' '</html>'; do
    grep -qF -- "$needed" "$dir/page.html" || fault "the page has no $needed"
done
cp "$one" "$dir/"$'\e[31mred'
"$troth" explain "$dir/"$'\e[31mred' | grep -q $'\e' && fault 'a name paints the terminal'

# ---- the same words beforehand ----

"$troth" predict -i kd,mitm,bond -r none,oob,mitm,sc,bond,key=7 --json >"$dir/said" || fault 'predict'
for fact in '"model":"JUST_WORKS"' '"key_size":7' '"max_key_size":16' \
    '"unmet":{"initiator":["mitm"],"responder":["sc","mitm"]}' 'Only the responder holds out-of-band'; do
    grep -qF -- "$fact" "$dir/said" || fault "predict: no $fact: $(cat "$dir/said")"
done
"$troth" predict -i kd -r none,key=6 2>"$dir/err" && fault 'a key of 6 octets'
grep -q '"key=6" is no flag.*key=7 to key=16' "$dir/err" || fault "key=6: $(cat "$dir/err")"

# ---- a second reader ----

if command -v tshark >/dev/null; then
    for name in numeric.1001 legacy_just_works.1002 r0c.2001 monitor; do
        theirs=$(tshark -r "$dir/hand/$name" -Y btsmp -T fields -e frame.number -e btsmp.opcode 2>"$dir/err" |
            cut -f 2 | tr -d '\n')
        ours=$(python3 - "$troth" "$dir/hand/$name" <<'PY'
import json, subprocess, sys
codes = ["Pairing Request", "Pairing Response", "Pairing Confirm", "Pairing Random", "Pairing Failed",
         "Encryption Information (LTK)", "Central Identification", "Identity Information (IRK)",
         "Identity Address Information", "Signing Information (CSRK)", "Security Request",
         "Pairing Public Key", "Pairing DHKey Check", "Keypress Notification"]
said = json.loads(subprocess.run([sys.argv[1], "explain", sys.argv[2], "--json"],
                                 capture_output=True).stdout)
steps = [s for l in said["links"] for c in l["chapters"] for s in c["steps"]]
print("".join("0x%02x" % (1 + codes.index(s["what"]))
              for s in sorted(steps, key=lambda s: s["record"]) if s["what"] in codes))
PY
)
        [ -n "$ours" ] && [ "$theirs" = "$ours" ] || fault "$name: tshark has $theirs, explain $ours"
    done
    # The way out that the sentence about pcapng names.
    tshark -F pcapng -r "$dir/hand/passkey.1002" -w "$dir/x.pcapng" 2>"$dir/err"
    "$troth" explain "$dir/x.pcapng" 2>&1 | grep -q 'tshark -F btsnoop -r FILE -w' || fault 'pcapng'
    tshark -F btsnoop -r "$dir/x.pcapng" -w "$dir/x.btsnoop" 2>"$dir/err"
    explains 0 "$dir/x.btsnoop" '"model":"PASSKEY_ENTRY_INIT_INPUTS"' '20 rounds'
fi

# ---- our own programs ----

printf '%s\n' '[network]' 'ssid = Meadow' 'security = open' >"$dir/networks"
start air "$troth" air --listen "$TROTH_TRANSPORT" --capture "$dir/controllers" --trace
await 'status: listening on|listening' "$dir/air.log"

device() { # NAME MODE OPTIONS...
    local name=$1 mode=$2
    shift 2
    start device "$bin/trothd" --transport "$TROTH_TRANSPORT" --network "sim:$dir/networks" --store "$dir/device.db" \
        --name Lamp --security "$mode" --capture "$dir/$name.device" "$@"
    await "advertising as 'Lamp'" "$dir/device.log"
}

pair() { # NAME OPTIONS...
    local name=$1
    shift
    timeout 60 "$troth" pair Lamp --store "$dir/client.db" --capture "$dir/$name.client" "$@" \
        >"$dir/$name.out" 2>"$dir/$name.err" </dev/null
}

fresh() {
    stop device
    rm -f "$dir"/device.db* "$dir"/client.db*
}

device works encrypt --agent none
pair works || fault "pair: $(cat "$dir/works.err")"
explains 0 "$dir/works.client" '"kind":"pairing","outcome":"succeeded"' '"model":"JUST_WORKS"' \
    '"this_host":"initiator"' '"bonding":true' '"encrypted":true'
pair bonded || fault "pair again: $(cat "$dir/bonded.err")"
explains 0 "$dir/bonded.client" '"kind":"encryption","outcome":"succeeded"' 'no pairing was needed'
stop device
explains 0 "$dir/works.device" '"outcome":"succeeded"' '"this_host":"responder"' '"link":2'
"$troth" bonds remove 02:70:A1:00:00:02 --store "$dir/device.db" >"$dir/removed" 2>&1 ||
    fault "bonds remove: $(cat "$dir/removed")"
device lost encrypt --agent none
pair lost && fault 'a bond that is gone encrypts'
explains 1 "$dir/lost.client" '"kind":"encryption","outcome":"not_encrypted"' '"hci_status":6' \
    'The initiator has a bond, and the responder has none'
stop device
explains 1 "$dir/lost.device" 'this host has none with it any longer'

fresh
device refused authenticate --io-cap display-only --agent "unix:$dir/agent"
# Somebody looks at its display, and says nothing.
start person python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
print("here", flush=True)
s.makefile().read()' "$dir/agent"
await here "$dir/person.log"
pair refused && fault 'a device that demands a passkey takes Just Works'
explains 1 "$dir/refused.client" '"reason":3,"reason_name":"AUTHENTICATION_REQUIREMENTS"' \
    '"step":"Pairing Request"' 'Offered were NoInputNoOutput.*makes it Just Works'
grep -q 'Offered were NoInputNoOutput.* makes it Just Works' "$dir/refused.err" ||
    fault "troth pair does not say why: $(cat "$dir/refused.err")"
echo 000000 >"$dir/digits"
pair wrong --passkey "$dir/digits" && fault 'any digits pair'
grep -q 'did not have the same passkey' "$dir/wrong.err" || fault "wrong: $(cat "$dir/wrong.err")"
explains 1 "$dir/wrong.client" '"reason_name":"CONFIRM_VALUE_FAILED"' 'did not have the same passkey: round' \
    'Type what the responder displays at the initiator'
stop device
stop person
explains 1 "$dir/refused.device" 'did not have the same passkey: round' '"this_host":"responder"'

# The air saw the same, from each controller.
stop air
count=0
for capture in "$dir"/controllers/*; do
    "$troth" explain "$capture" --json >"$dir/said" 2>"$dir/err"
    [ $? -le 1 ] && [ ! -s "$dir/err" ] || fault "$capture: $(cat "$dir/err")"
    grep -q '"kind":' "$dir/said" && count=$((count + 1))
done
[ "$count" -ge 4 ] || fault "of the air's captures only $count tell something"

[ "$failures" = 0 ] || exit 1
echo ok
