# trothd on BlueZ where there is none: every option that BlueZ cannot honour is refused by name, and
# the absence of a bus, of bluetoothd, is one sentence that says what to do.
set -u
bin=${TROTH_BIN:?the folder of the programs}/trothd
dir=$(mktemp -d)
bus= waiting=
trap 'kill $bus $waiting 2>/dev/null; wait; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset STATE_DIRECTORY NOTIFY_SOCKET
export XDG_STATE_HOME=$dir/state DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/nobody
failures=0

complain() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# wrong STATUS WORDS ARGUMENTS...: that status, one line on stderr with these words.
wrong() {
    local status=$1 words=$2 got
    shift 2
    timeout 60 "$bin" "${here[@]}" "$@" </dev/null >out 2>err
    got=$?
    [ "$got" = "$status" ] || complain "trothd $*: exit status $got, not $status: $(cat err)"
    [ "$(wc -l <err)" = 1 ] || complain "trothd $*: not one line: $(cat err)"
    grep -qF -- "$words" err || complain "trothd $*: does not say '$words': $(cat err)"
}

printf '%s\n' '[network]' 'ssid = Meadow' 'security = open' >networks.conf
here=(--transport bluez:hci0 --network sim:networks.conf --store store.db --agent none --name Lamp)

wrong 2 'btmon -w' --capture capture
wrong 2 'no out-of-band data' --oob-file oob
wrong 2 'no out-of-band data' --peer-oob oob
wrong 2 'btmgmt sc only' --sc-only
wrong 2 '--security authenticate' --require-mitm --agent unix:agent
wrong 2 'choose how to pair' --models passkey
wrong 2 'choose how to pair' --exact
wrong 2 'choose how to pair' --core 5.4
wrong 2 'key size' --min-key-size 16
wrong 2 '--no-bonding' --no-bonding
wrong 2 'does not count failed pairings' --pairing-attempts 3
wrong 2 'does not count failed pairings' --insecure-unlimited-attempts
wrong 2 'main.conf' --privacy
wrong 2 '--insecure-' --insecure-fixed-passkey 123456
wrong 2 '--insecure-' --insecure-debug-keys
wrong 2 '--insecure-' --insecure-replace-weaker

# The same from a file, and a transport of the command line wins over the file's.
printf '%s\n' 'transport = bluez' 'sc-only = yes' >trothd.conf
here=(--config trothd.conf --network sim:networks.conf --store store.db --agent none --name Lamp)
wrong 2 'btmgmt sc only'
here=(--transport bluez:hci0 --network sim:networks.conf --store store.db --agent none --name Lamp)

wrong 1 'start dbus'
[ -s out ] && complain "without a bus it says more than that: $(cat out)"

mkfifo address
cat >bus.conf <<CONF
<busconfig><type>system</type><listen>unix:path=$dir/socket</listen><auth>EXTERNAL</auth>
<policy context='default'><allow user='*'/><allow own='*'/><allow send_destination='*'/>
<allow receive_sender='*'/></policy></busconfig>
CONF
dbus-daemon --config-file=bus.conf --nofork --nopidfile --nosyslog --print-address >address &
bus=$!
read -r _ <address
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/socket
wrong 1 'bluetoothd is not running: systemctl start bluetooth' --retry no
grep -q 'legacy pairing' out || complain "what encrypt means on BlueZ is not said: $(cat out)"
wrong 1 'bluetoothd is not running' --retry no --security none
grep -q 'legacy pairing' out && complain "--security none has nothing to do with legacy pairing"

# It waits for bluetoothd, and ends when told to.
mkfifo lines
"$bin" "${here[@]}" --json >lines 2>err </dev/null &
waiting=$!
while read -r line; do
    case $line in *'"up":false'*) kill $waiting ;; esac
    last=$line
done <lines
wait $waiting || complain "waiting for bluetoothd it does not end by SIGTERM: $(cat err)"
case $last in *'"stopped"'*) ;; *) complain "its last word: $last" ;; esac

[ "$failures" = 0 ]
