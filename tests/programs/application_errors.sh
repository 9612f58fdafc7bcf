#!/usr/bin/env bash
# A device on BlueZ has to send ATT's own errors as an application's: troth, with a host of its own,
# reads them as they were meant. The air makes one.
. "$TROTH_SOURCE/tests/support/programs.sh"
trap finish EXIT
cd "$dir" || exit 1

printf '[network]\nssid = Meadow\nsecurity = open\n' >networks.conf

# refused SENT WORDS
refused() {
    start air "$bin/troth" air --listen unix:air --hook "set att 01 4 $1 from peripheral nth 1"
    await listening air.log
    start lamp "$bin/trothd" --transport unix:air --network sim:networks.conf --name Lamp --security none --agent none \
        --store lamp.db
    await advertising lamp.log
    "$bin/troth" provision wifi Lamp --ssid Meadow --security open --allow-plaintext \
        >troth.log 2>&1 </dev/null
    [ $? = 1 ] || fault "$1: it did not end with 1"
    grep -qF "$2" troth.log || fault "$1 is not $2: $(cat troth.log)"
    stop lamp
    stop air
    rm -f air lamp.db*
}

refused 93 VALUE_NOT_ALLOWED
refused 91 INSUFFICIENT_RESOURCES
refused 9c WRITE_REQUEST_REJECTED
refused 92 '0x92, APPLICATION_ERROR'

[ "$failures" = 0 ]
