# troth provision over HTTP against a device that shares no line with Troth: every security and
# firmware, every outcome and its exit status, and devices that misbehave.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with_protocomm
"$python" "$TROTH_SOURCE/tests/support/esp_prov.py"
