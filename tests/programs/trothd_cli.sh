# trothd's command line: help, version, and one clear sentence for everything that is wrong.
set -u
bin=${TROTH_BIN:?the folder of the programs}/trothd
dir=$(mktemp -d)
child=
cleanup() {
    [ -n "$child" ] && kill -KILL "$child" 2>/dev/null && wait "$child" 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir" || exit 1
unset STATE_DIRECTORY NOTIFY_SOCKET
export XDG_STATE_HOME=$dir/state
failures=0

complain() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# wrong STATUS WORDS ARGUMENTS...: that status, nothing on stdout but events, one line on stderr.
wrong() {
    local status=$1 words=$2 got
    shift 2
    timeout 30 "$bin" "$@" </dev/null >out 2>err
    got=$?
    [ "$got" = "$status" ] || complain "trothd $*: exit status $got, not $status: $(cat err)"
    [ "$(wc -l <err)" = 1 ] || complain "trothd $*: not one line: $(cat err)"
    grep -q '^trothd: ' err || complain "trothd $*: does not name the program: $(cat err)"
    grep -qF -- "$words" err || complain "trothd $*: does not say '$words': $(cat err)"
}

cat >networks.conf <<'EOF'
[network]
ssid = Meadow
security = wpa2
password = clover and rye
EOF
here=(--transport unix:nobody --network sim:networks.conf --store store.db --agent none)

# ---- help and version ----
timeout 30 "$bin" --help >out 2>err || complain "--help fails"
[ -s err ] && complain "--help writes to stderr"
for word in Usage: --transport --security --agent --config Examples: 'Exit status'; do
    grep -qe "$word" out || complain "--help does not tell of $word"
done
awk 'length > 100 { exit 1 }' out || complain "--help has a line of more than 100 columns"
timeout 30 "$bin" --version | grep -Eq '^trothd [0-9]+\.[0-9]+\.[0-9]+$' || complain "--version"

# ---- used wrongly ----
wrong 2 'no option --frobnicate' --frobnicate
wrong 2 'no option -x' -x
wrong 2 "'stray' is not expected" "${here[@]}" stray
wrong 2 '--json takes no value' --json=yes
wrong 2 '--attempts needs a value' --attempts
wrong 2 '--transport is missing' --network sim:networks.conf
wrong 2 '--network is missing' --transport unix:nobody
wrong 2 'is no transport' --transport serial
wrong 2 'names no baud rate' --transport uart:/dev/ttyUSB0
wrong 2 'is no adapter' --transport hci:zero
wrong 2 'names no port' --transport tcp:localhost
wrong 2 'names no host' --transport tcp::9000
wrong 2 'is no port' --transport tcp:localhost:70000
wrong 2 'is no port' --transport tcp:localhost:http
wrong 2 'needs brackets' --transport tcp:::1:9000
wrong 2 'names no path' --transport unix:
wrong 2 'at most 107 octets' --transport "unix:$(printf 'x%.0s' {1..120})"
wrong 2 'iwd[:IFACE]' --network wlan0
wrong 2 'name of an interface' --network nm:
wrong 2 'one of none, encrypt, authenticate' "${here[@]}" --security strong
wrong 2 'one of display-only' "${here[@]}" --io-cap touch
wrong 2 'a number from 1 to 20' "${here[@]}" --attempts 0
wrong 2 'a number from 1 to 20' "${here[@]}" --attempts 3x
wrong 2 'yes or no' "${here[@]}" --keep-ble perhaps
wrong 2 'script:FILE or unix:PATH is expected' "${here[@]}" --agent me
wrong 2 '1 to 248 octets' "${here[@]}" --name "$(printf 'n%.0s' {1..249})"
wrong 2 'it may not be empty' "${here[@]}" --store ''

# ---- out of band, agents ----
wrong 2 'name two files' "${here[@]}" --oob-file a --peer-oob a
wrong 2 'name files' "${here[@]}" --oob-file -
wrong 2 'name files' "${here[@]}" --peer-oob -
wrong 2 '--require-mitm needs somebody' "${here[@]}" --require-mitm
wrong 2 '--require-mitm needs somebody' "${here[@]}" --agent refuse --io-cap none --require-mitm
wrong 1 "cannot read the agent's script missing" "${here[@]}" --agent script:missing
wrong 1 'cannot listen for an agent' "${here[@]}" --agent-socket .

# ---- nobody would see the passkey ----
wrong 2 'somebody must see the passkey' "${here[@]}" --security authenticate
wrong 2 'promises a person' "${here[@]}" --io-cap display-only
wrong 2 'nothing can be authenticated' "${here[@]}" --agent unix:agent --security authenticate \
    --io-cap none

# ---- the configuration file ----
wrong 2 'cannot read the configuration file missing.conf' --config missing.conf
wrong 2 'cannot read the configuration file .' --config .
printf 'transport = unix:nobody\n\n# a comment\ncolour = blue\n' >bad.conf
wrong 2 "bad.conf:4: there is no key 'colour'" --config bad.conf
printf 'transport\n' >bad.conf
wrong 2 'bad.conf:1:' --config bad.conf
printf '; x\nattempts = many\n' >bad.conf
wrong 2 'bad.conf:2: attempts = many: a number' --config bad.conf
printf 'config = other.conf\n' >bad.conf
wrong 2 "bad.conf:1: there is no key 'config'" --config bad.conf
printf 'name = A\0B\n' >bad.conf
wrong 2 'bad.conf:1: a NUL character' --config bad.conf
printf 'n\033]0;x\007 = 1\n' >bad.conf
wrong 2 "there is no key 'n\\x1b]0;x\\x07'" --config bad.conf

# ---- standard files that take nothing, or are closed ----
timeout 30 "$bin" --help >/dev/full 2>err && complain "--help to a full disk succeeds"
grep -q '^trothd: standard output cannot be written' err || complain "a full disk: $(cat err)"
timeout 30 "$bin" --help >&- 2>err && complain "--help to nowhere succeeds"
timeout 30 "$bin" "${here[@]}" --retry no --capture closed <&- >&- 2>&- && complain "all is closed"
[ "$(head -c 7 closed)" = btsnoop ] || complain "closed standard files"
[ "$(wc -c <closed)" = 16 ] || complain "something was said into the capture"

# ---- what is not there ----
wrong 1 'missing.networks' --transport unix:nobody --network sim:missing.networks --agent none
printf '[network]\nssid = Home\nsecurity = strong\n' >bad.networks
wrong 1 'bad.networks:3:' --transport unix:nobody --network sim:bad.networks --agent none
wrong 1 'nothing listens at unix:nobody' "${here[@]}" --retry no
wrong 1 'nothing listens at tcp:127.0.0.1:1' "${here[@]}" --retry no --transport tcp:127.0.0.1:1
wrong 1 'does not exist' "${here[@]}" --store missing/store.db
echo 'no database, though it is long enough to look like one, perhaps' >text.db
wrong 1 'text.db' "${here[@]}" --store text.db
wrong 1 'cannot write the capture missing/capture' "${here[@]}" --capture missing/capture
touch elsewhere && ln -s elsewhere link && touch open && chmod 666 open
wrong 1 'capture link: it is a symbolic link' "${here[@]}" --capture link
wrong 1 'nothing listens' "${here[@]}" --retry no --capture open
[ "$(stat -c %a open)" = 600 ] || complain "a capture that others can read"
mkdir taken
wrong 1 'cannot listen for an agent' "${here[@]}" --agent unix:taken
wrong 1 'cannot listen for an agent' "${here[@]}" --agent unix:missing/agent

# ---- files that a command line overrules; the store's place and mode; a clean stop ----
printf '[daemon]\nname = From the file\ntransport = unix:nobody\nnetwork = sim:networks.conf\n' \
    >good.conf
printf 'json = yes\nsecurity = none\nagent = none\n' >>good.conf
mkfifo lines
# Not under timeout(1), which passes SIGTERM on twice: the second, to the group, may meet the leak
# checker's own process at exit, and then nothing ends any more.
"$bin" --config good.conf --name 'From the line' --agent unix:agent >lines 2>err </dev/null &
child=$!
exec 3<lines
while IFS= read -r line <&3; do
    echo "$line" >>seen
    case $line in *'trying again'*) break ;; esac
done
[ "$(stat -c %a agent 2>/dev/null)" = 600 ] || complain "the agent's socket is not its owner's alone"
wrong 1 'is in use by another trothd' "${here[@]}" --store state/troth/trothd.db
"$TROTH_BIN/troth" bonds list --store state/troth/trothd.db >out 2>err || complain "no reader: $(cat err)"
kill -TERM "$child"
cat <&3 >>seen
wait "$child"
status=$?
child=
[ "$status" = 0 ] || complain "SIGTERM: exit status $status: $(cat err)"
[ -e agent ] && complain "the agent's socket is left behind"
python3 - <<'EOF' || complain "the lines of --json"
import json
events = [json.loads(line) for line in open("seen")]
start = events[0]
assert start["event"] == "start" and start["name"] == "From the line", start
assert start["security"] == "none" and start["insecure"] is True, start
assert "INSECURE" in start["text"], start
assert any(e["event"] == "status" and e["status_name"] == "IDLE" for e in events), events
assert events[-1]["event"] == "stopped", events[-1]
EOF
store=state/troth/trothd.db
[ "$(stat -c %a "$store" 2>/dev/null)" = 600 ] || complain "no store of mode 600 at $store"

echo "$failures failures"
[ "$failures" = 0 ]
