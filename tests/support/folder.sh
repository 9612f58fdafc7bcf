# Sourced by a script test: it works in a folder of its own, gone at its end, with nothing of the
# caller's that steers the programs; Python finds tests/support.
set -u
: "${TROTH_BIN:?the folder of the programs}" "${TROTH_SOURCE:?}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_STATE_HOME=$dir NO_COLOR=1
export PYTHONPATH=$TROTH_SOURCE/tests/support PYTHONDONTWRITEBYTECODE=1
unset TROTH_TRANSPORT STATE_DIRECTORY RUNTIME_DIRECTORY NOTIFY_SOCKET WATCHDOG_USEC

# python_with MODULES PACKAGES: $python has them; Debian's own may where the first in PATH has not.
python_with() {
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $1" 2>/dev/null && return
    done
    echo "needs $2: run scripts/setup check" >&2
    exit 1
}

# The same with the modules of the independent protocomm peer to import.
python_with_protocomm() {
    python_with 'cryptography, google.protobuf' 'python3-cryptography and python3-protobuf'
    PYTHONPATH=$PYTHONPATH:$TROTH_SOURCE/tests/interop/protocomm
}
