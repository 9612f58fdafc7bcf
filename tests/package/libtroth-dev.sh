# A program is built against it: by pkg-config, statically, and by CMake.
apt-get -q -y --no-install-recommends install gcc libc6-dev pkg-config cmake make
mkdir /tmp/program
cat >/tmp/program/main.c <<'C'
#include <stdio.h>
#include <troth/host.h>
#include <troth/state.h>

static struct troth_host host;

static void on_send(void *ctx, const uint8_t *packet, size_t len)
{
    (void)ctx;
    if (len == 4 && packet[0] == 1 && packet[1] == 0x03 && packet[2] == 0x0c)
        puts("HCI Reset");
}

static void on_event(void *ctx, const struct troth_event *event)
{
    (void)ctx;
    (void)event;
}

static void random_octets(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len--)
        *out++ = 7;
}

int main(void)
{
    struct troth_host_config config = {.send = on_send, .event = on_event, .random = random_octets};
    troth_host_init(&host, &config);
    troth_host_start(&host, 1);
    return 0;
}
C
cd /tmp/program
gcc -o shared main.c $(pkg-config --cflags --libs troth)
ldd shared | grep libtroth.so.0 >/dev/null || fail "the program is not linked with libtroth.so.0"
[ "$(./shared)" = "HCI Reset" ] || fail "the program does not bring a controller up"

gcc -o static main.c $(pkg-config --cflags troth) -l:libtroth.a $(pkg-config --static --libs troth | sed 's/-ltroth//')
! ldd static | grep libtroth >/dev/null || fail "the static program wants the shared library"
[ "$(./static)" = "HCI Reset" ] || fail "the static program does not bring a controller up"

cat >CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.25)
project(program C)
find_package(troth 0.1 REQUIRED)
add_executable(by_cmake main.c)
target_link_libraries(by_cmake troth::troth)
C
cmake -B build >/dev/null
cmake --build build >/dev/null
[ "$(build/by_cmake)" = "HCI Reset" ] || fail "the program of CMake does not bring a controller up"
