# docs/CONFORMANCE.md is what the cases of this folder say when they are run, and the tester that
# says so stands apart from what it tests. table.sh --write, with TROTH_BUILD set: writes it.
set -u
source=${TROTH_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${TROTH_BUILD:?say where it is built: TROTH_BUILD=build/debug}
table=$source/docs/CONFORMANCE.md
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

cd "$source/tests/support" || exit 1
apart=(tester_lower.[ch] tester_peer.[ch] tester_crypto.[ch])
if grep -H '#include' "${apart[@]}" |
    grep -vE '<(std(arg|bool|def|int|io|lib)|setjmp|string|cmocka)\.h>|<openssl/|"support/tester_(lower|peer|crypto)\.h"'
then
    echo "the lower tester includes what is tested"
    exit 1
fi

for group in prot jw pke oob eks sign kdu pis scjw scpk scob scct; do
    if ! TROTH_CONFORMANCE_TABLE=$work/rows "$build/tests/test_conformance_$group" \
        >"$work/log" 2>&1; then
        grep -E 'ERROR|FAILED' "$work/log"
        echo "test_conformance_$group failed"
        exit 1
    fi
done

passed() { # how many of this kind have this result, and no other but n/a
    awk -F ' *[|] *' -v kind="$1" -v want="$2" '
        (($2 ~ /SCCT/) ? "SCCT" : "LE") != kind || $5 ~ /^n\/a: / { next }
        $5 == want { good[$2] = 1; next }
        { bad[$2] = 1 }
        END { for (id in good) n += !(id in bad); print n + 0 }' "$work/rows"
}

cat >"$work/table" <<END
# Security Manager qualification cases

The cases of the Bluetooth qualification test suite for the Security Manager (SM.TS.p30), run
against the library by a lower tester of its own, which shares no header with it: it builds and
parses its own PDUs, computes with libcrypto alone, and compares the key each side gives its
controller. Each row is a test of that name in \`tests/conformance/\`; a row stands here only because
the test said so when this file was made, and a test compares the two.

- **Profile**: an implementation with OOB data ("OOB": it has made its own and given it away), or
  without. Some cases exclude each other.
- **Core**: the version whose rules hold (\`troth_policy.core\`). A case is run at both ends of the
  range of versions it belongs to; 5.3 and 6.3 are the ends of what the library knows.
- **Result**: *pass*; *n/a* with its reason, which counts as nothing; *derivation by vector*: the
  case needs BR/EDR, which the library does not have. What it would derive is checked with the
  specification's sample data and against the tester's own derivation.

**LE: $(passed LE pass) of 88 cases pass. With BR/EDR: of 16, $(passed SCCT "derivation by vector") by vector.**

Made by \`TROTH_BUILD=... bash tests/conformance/table.sh --write\`.

| Case | Profile | Core | Result |
|---|---|---|---|
END
cat "$work/rows" >>"$work/table"

if [ "${1-}" = --write ]; then
    cp "$work/table" "$table"
    exit
fi
if ! diff -u "$table" "$work/table"; then
    echo "docs/CONFORMANCE.md is not what the tests say: tests/conformance/table.sh --write"
    exit 1
fi
