/* The engine in either role: a stream of operations decides what all around it does. */
#include "fuzz/smp_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stream s;
    struct in in = in_of(data, size);
    stream_open(&s, &in);
    for (unsigned i = 0; i < 400 && stream_step(&s, &in); i++)
        ;
    stream_still_pairs(&s);
    return 0;
}
