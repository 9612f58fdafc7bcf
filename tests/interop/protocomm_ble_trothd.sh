# trothd over BLE, against a client that shares no line with Troth, behind a bridge that knows GATT
# alone: every security, Wi-Fi and Thread, wrong secrets, sessions that end with their link.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
: "${TROTH_BUILD:?}"
python_with_protocomm
"$python" "$TROTH_SOURCE/tests/interop/protocomm/over_ble.py" trothd
