# troth provision over BLE, against a device that shares no line with Troth, behind a bridge that
# knows GATT alone: every security and patch level, Wi-Fi and Thread, the habits of two stacks.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
: "${TROTH_BUILD:?}"
python_with_protocomm
"$python" "$TROTH_SOURCE/tests/interop/protocomm/over_ble.py" troth
