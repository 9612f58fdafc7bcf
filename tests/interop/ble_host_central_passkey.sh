# ble-host, a foreign host stack with its own Security Manager, as central.
exec node "$TROTH_SOURCE/tests/interop/ble-host/central.js" passkey
