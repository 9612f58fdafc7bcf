# The benchmark runs to its end and prints every figure; what the figures are is not asserted here.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
fault() {
    echo "FAILED: $*"
    status=1
}

"$TROTH_SOURCE/bench" pairing --runs 1 >"$dir/out" 2>&1 || fault "exit status $?"
for line in 'curve work of one side' 'Just Works +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$' \
    'Numeric Comparison +[0-9.]+' 'Passkey Entry +[0-9.]+' 'OOB +[0-9.]+' \
    'legacy Just Works +[0-9.]+' 'legacy Passkey Entry +[0-9.]+' \
    'Just Works, beside its curve work .* of 1\.30 +(met|missed)$' \
    'beside Just Works .* of 1\.30 +(met|missed)$' \
    'code of src/smp.* of 6144 +(met|missed)$' 'RAM a link.* of 600 +(met|missed)$' \
    '^Passkey Entry beside Just Works: [0-9.]+$'; do
    grep -qE -- "$line" "$dir/out" || fault "no \"$line\""
done
"$TROTH_SOURCE/bench" prov --runs 1 >>"$dir/out" 2>&1 || fault "exit status $?"
for line in 'modular exponentiations of 3072 bits' \
    '^security 2 +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9]+$' \
    '^security 1 +[0-9.]+ +- +[0-9.]+ +- +[0-9]+$' '^  security 2 +[0-9.]+ us +[0-9.]+ us$' \
    '^  security 1 +[0-9.]+ us +[0-9.]+ us$' 'the client, .* of 1\.20 +(met|missed)$' \
    'the device, .* of 1\.20 +(met|missed)$'; do
    grep -qE -- "$line" "$dir/out" || fault "no \"$line\""
done
for wrong in '' faster 'pairing --runs 0' 'pairing --runs' 'pairing twice' 'prov --runs x'; do
    # shellcheck disable=SC2086
    "$TROTH_SOURCE/bench" $wrong >/dev/null 2>"$dir/err"
    [ $? = 2 ] || fault "bench $wrong is not used wrongly"
    grep -q '^bench: .*usage: ./bench pairing|prov' "$dir/err" || fault "bench $wrong: no usage"
done
[ $status = 0 ] || cat "$dir/out"
exit $status
