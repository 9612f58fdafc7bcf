# troth provision over BLE, against a device that shares no line with Troth, behind a bridge that
# knows GATT alone: every security and patch level, Wi-Fi and Thread, the habits of two stacks.
set -u
: "${TROTH_BIN:?the folder of the programs}" "${TROTH_SOURCE:?}" "${TROTH_BUILD:?}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_STATE_HOME=$dir NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1
unset TROTH_TRANSPORT STATE_DIRECTORY
for python in python3 /usr/bin/python3; do
    if "$python" -c 'import cryptography, google.protobuf' 2>/dev/null; then
        exec "$python" "$TROTH_SOURCE/tests/interop/protocomm/over_ble.py" troth
    fi
done
echo "needs python3-cryptography and python3-protobuf: run scripts/setup check" >&2
exit 1
