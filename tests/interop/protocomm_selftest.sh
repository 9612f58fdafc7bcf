# The second implementation of Espressif's provisioning agrees with the vectors and with itself.
# Python is the one that has Debian's python3-cryptography and python3-protobuf.
set -u
for python in python3 /usr/bin/python3; do
    if "$python" -c 'import cryptography, google.protobuf' 2>/dev/null; then
        exec "$python" -B "$TROTH_SOURCE/tests/interop/protocomm/selftest.py"
    fi
done
echo "needs python3-cryptography and python3-protobuf: run scripts/setup check" >&2
exit 1
