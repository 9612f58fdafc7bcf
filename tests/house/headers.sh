# Every public header compiles alone, as C11 and as C++, by both compilers.
set -u
cd "$TROTH_SOURCE/include" || exit 1
status=0
compile() { # header, compiler and flags...
    local header=$1
    shift
    # The typedef, since a header of macros alone would leave C an empty translation unit.
    printf '#include <%s>\ntypedef int alone;\n' "${header#./}" |
        "$@" -I. -Wall -Wextra -Werror -fsyntax-only - >"$log" 2>&1 && return
    echo "$1: include/${header#./} does not compile alone"
    head -20 "$log"
    status=1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
while read -r header; do
    compile "$header" gcc -xc -std=c11 -Wpedantic
    compile "$header" clang -xc -std=c11 -Wpedantic
    compile "$header" g++ -xc++ -std=c++17
done < <(find . -name '*.h' | LC_ALL=C sort)
exit $status
