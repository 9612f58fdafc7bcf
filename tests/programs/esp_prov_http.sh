# troth provision over HTTP against a device that shares no line with Troth: every security and
# firmware, every outcome and its exit status, and devices that misbehave.
set -u
for python in python3 /usr/bin/python3; do
    if "$python" -c 'import cryptography, google.protobuf' 2>/dev/null; then
        exec "$python" -B "$TROTH_SOURCE/tests/support/esp_prov.py"
    fi
done
echo "needs python3-cryptography and python3-protobuf: run scripts/setup check" >&2
exit 1
