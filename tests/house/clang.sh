# The second compiler has no complaint either.
exec python3 "$TROTH_SOURCE/scripts/clang-warnings" "$TROTH_BUILD"
