# The core compiles for a microcontroller, needs no C library but memory functions, has no globals.
exec bash "$TROTH_SOURCE/scripts/cortexm"
