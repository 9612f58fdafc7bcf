# Every shell script parses, and those that are run by name can be.
set -u
cd "$TROTH_SOURCE" || exit 1
status=0
while read -r script; do
    bash -n "$script" || status=1
done < <(grep -lE '^#!.*\b(ba)?sh\b' check demo .ci/run scripts/* 2>/dev/null
         find tests -name node_modules -prune -o -name '*.sh' -print)
for program in check demo .ci/run scripts/*; do
    [ -f "$program" ] && head -c 2 "$program" | grep -q '#!' || continue
    [ -x "$program" ] || { echo "$program is not executable"; status=1; }
done
exit $status
