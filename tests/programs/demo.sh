# The demo runs to its end by itself, and an independent dissector reads what crossed.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if ! TROTH_DEMO_DIR=$dir "$TROTH_BIN/troth-demo" </dev/null >"$dir/story" 2>&1; then
    cat "$dir/story"
    exit 1
fi

captures=("$dir"/*.btsnoop)
for capture in "${captures[@]}"; do
    malformed=$(tshark -r "$capture" -Y '_ws.malformed || _ws.expert.severity == "Error"' 2>/dev/null)
    if [ -n "$malformed" ]; then
        echo "malformed in $capture:"
        echo "$malformed"
        exit 1
    fi
done

# The Security Manager's opcodes, in order, on the side that has them all: the device's first life.
opcodes() {
    tshark -r "$1" -Y btsmp -T fields -e btsmp.opcode 2>/dev/null | tr '\n' ' '
}
round='0x03 0x03 0x04 0x04 '
expected='0x01 0x02 0x0c 0x0c '
for _ in $(seq 20); do expected+=$round; done
expected+='0x0d 0x0d 0x08 0x09 0x08 0x09 '
paired=0
for capture in "${captures[@]}"; do
    seen=$(opcodes "$capture")
    case $seen in
    '' | '0x0b ' | '0x0b 0x0b ') ;; # a scan; or reconnections by the bond, which the device asked for
    "0x0b $expected") paired=$((paired + 1)) ;;
    *)
        echo "unexpected order in $capture: $seen"
        exit 1 ;;
    esac
done
if [ "$paired" -ne 2 ]; then
    echo "the passkey pairing was seen in $paired captures, not in the device's and the client's"
    exit 1
fi
# The passkey and the password are in no line of the story but the device's display.
if grep -v 'display:' "$dir/story" | grep -qF 'clover and rye'; then
    echo "the password was shown"
    exit 1
fi
echo "ok: ${#captures[@]} captures, the pairing in both ends' as the charts say"
