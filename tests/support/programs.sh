# Sourced by a script test that runs programs in the background over the air: its folder in $dir,
# gone at the end, as is all that was started. Failures are counted; the script exits by them.
set -u
bin=${TROTH_BIN:?the folder of the programs}
dir=$(mktemp -d)
export XDG_STATE_HOME=$dir NO_COLOR=1 TROTH_TRANSPORT=unix:$dir/air
unset STATE_DIRECTORY
declare -A pid=()
failures=0
step=

fault() {
    echo "FAILED${step:+: $step}: $*"
    failures=$((failures + 1))
}

pause() { read -rt 0.05 <> <(:) || :; }

# await PATTERN FILE [COUNT]: so many such lines are there or come; else nothing that follows can
await() {
    local end=$((SECONDS + 30))
    until [ -e "$2" ] && [ "$(grep -cE -- "$1" "$2")" -ge "${3:-1}" ]; do
        [ "$SECONDS" -lt "$end" ] || { fault "no \"$1\" in $2: $(cat "$2" 2>/dev/null)"; exit 1; }
        pause
    done
}

# start NAME COMMAND...: in the background, its lines in NAME.log
start() {
    local name=$1
    shift
    : >"$dir/$name.log" # before the fork: an older line must not be taken for its first
    "$@" >"$dir/$name.log" 2>&1 </dev/null &
    pid[$name]=$!
}

# stop NAME [SIGNAL]: sets $status
stop() {
    [ -n "${pid[$1]:-}" ] || return 0
    kill -s "${2:-TERM}" "${pid[$1]}" 2>/dev/null
    wait "${pid[$1]}"
    status=$?
    unset "pid[$1]"
}

finish() {
    local name
    for name in "${!pid[@]}"; do stop "$name"; done
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' TERM INT
