# The library alone: a program of somebody else finds it by its soname.
ldconfig -p | grep 'libtroth\.so\.0 ' >/dev/null || fail "the loader does not find libtroth.so.0"
! ls /usr/lib/*/libtroth.so 2>/dev/null || fail "the link for developers belongs to libtroth-dev"
