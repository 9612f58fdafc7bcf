# ble-host, a foreign host stack with its own Security Manager, as peripheral.
exec node "$TROTH_SOURCE/tests/interop/ble-host/peripheral.js" just-works
