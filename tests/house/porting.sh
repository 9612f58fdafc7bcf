# docs/PORTING.md: its program compiles, the numbers in it are those of the code.
set -u
page=$TROTH_SOURCE/docs/PORTING.md
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
fault() {
    echo "docs/PORTING.md: $*"
    failed=1
}

{
    echo '#include <troth/state.h>'
    sed -n '/^    static struct troth_host host/,/^    }$/p' "$page"
} >"$dir/port.c"
grep -q troth_host_tick "$dir/port.c" || fault 'its program is gone'
${CC:-cc} -std=c11 -Wall -Wextra -Werror -fsyntax-only -I"$TROTH_SOURCE/include" "$dir/port.c" ||
    fault 'its program does not compile'

# What it says of the code's own constants.
{
    echo '#include "hci/hci.h"'
    echo 'int timeouts[] = {HCI_COMMAND_TIMEOUT_MS, HCI_RESET_TIMEOUT_MS, HCI_CREDIT_TIMEOUT_MS};'
    echo 'int command = 4 + sizeof((struct hci_command *)0)->p;'
} >"$dir/numbers.c"
${CC:-cc} -std=c11 -E -P -I"$TROTH_SOURCE/include" -I"$TROTH_SOURCE/src" "$dir/numbers.c" |
    grep -q 'timeouts\[\] = {2000, 6000, 4000}' || fault 'the time-outs are others'
grep -q 'for 2 s (Reset: 6 s), no credit for a command for 4 s' "$page" || fault 'no time-outs'
sed 's/^int command.*/_Static_assert(4 + sizeof((struct hci_command *)0)->p == 43, "command");/' \
    "$dir/numbers.c" >"$dir/command.c"
${CC:-cc} -std=c11 -fsyntax-only -I"$TROTH_SOURCE/include" -I"$TROTH_SOURCE/src" "$dir/command.c" ||
    fault 'a command is longer'

# octets TYPE -D...: on a Cortex-M3
octets() {
    local type=$1
    shift
    printf '#include <troth/state.h>\nchar size[sizeof(%s)];\n' "$type" >"$dir/size.c"
    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -std=c11 -I"$TROTH_SOURCE/include" "$@" -c \
        "$dir/size.c" -o "$dir/size.o" &&
        echo $((0x$(arm-none-eabi-nm -S "$dir/size.o" | cut -d' ' -f2)))
}

# about SAID OCTETS: KB with one decimal, and three tenths of grace
about() {
    local tenths=$((${1%.*} * 10 + ${1#*.})) got=$(($2 / 100))
    [ $((tenths - got)) -le 3 ] && [ $((got - tenths)) -le 3 ] || fault "$1 KB is said, $2 octets are"
}

few=(-DTROTH_MAX_LINKS=1 -DTROTH_MAX_BONDS=4 -DTROTH_MAX_ATTEMPTS=4)
mapfile -t said < <(grep -oE '[0-9]+\.[0-9] KB' "$page" | cut -d' ' -f1)
[ ${#said[@]} = 3 ] || fault 'three sizes are expected'
about "${said[0]}" "$(octets 'struct troth_host')"
about "${said[1]}" "$(octets 'struct troth_host' "${few[@]}")"
about "${said[2]}" "$(octets 'struct host_link')"
exit $failed
