# ble-host, a foreign host stack with its own Security Manager, in both roles, by every model.
exec node "$TROTH_SOURCE/tests/interop/ble-host/matrix.js"
