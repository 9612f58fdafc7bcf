/* The btsnoop reader: any file is read to an end, and no packet lies about its octets. */
#include "common/capture.h"
#include "fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    char why[256];
    if (fd < 0) {
        fd = memfd_create("capture", 0);
        if (fd < 0)
            abort();
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    struct capture *c = capture_open(path, why, sizeof why);
    if (!c) {
        never(!why[0], "no word about why a file cannot be read");
        return 0;
    }
    struct capture_packet p;
    enum capture_result r;
    uint64_t last = 0;
    never(!capture_datalink_words(c), "a datalink without words");
    while ((r = capture_next(c, &p)) == CAPTURE_PACKET) {
        volatile uint8_t sum = 0;
        never(p.number <= last, "records out of order");
        never(p.number > size, "more records than octets");
        last = p.number;
        for (size_t i = 0; i < p.len; i++)
            sum = (uint8_t)(sum + p.data[i]);
        never(p.kind == CAPTURE_ADAPTER && p.len != 6, "an adapter's address that is none");
    }
    if (r != CAPTURE_END)
        never(!capture_why(c) || !capture_why(c)[0], "no word about what is wrong");
    capture_close(c);
    return 0;
}
