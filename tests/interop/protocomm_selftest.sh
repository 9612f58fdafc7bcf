# The second implementation of Espressif's provisioning agrees with the vectors and with itself.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with_protocomm
"$python" "$TROTH_SOURCE/tests/interop/protocomm/selftest.py"
