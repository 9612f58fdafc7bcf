/* Which story is told. */
#include "tools/demo/stage.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: ./demo [thread]\n\n"
    "Shows, over the air and without hardware, a pairing and a provisioning; with thread, how a\n"
    "device with a QR code on its label is given its Thread network by Espressif's protocol. On a\n"
    "terminal you type; else it runs by itself. Exit status 0 only if every step happened.\n"
    "TROTH_DEMO_DIR=DIR keeps the captures, stores and state there.\n";

static bool is(const char *word, const char *one, const char *other)
{
    return !strcmp(word, one) || !strcmp(word, other);
}

int main(int argc, char **argv)
{
    struct stage s;
    const char *story = argc > 1 ? argv[1] : "";
    if (argc == 2 && is(story, "--help", "-h")) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc > 2 || (argc == 2 && strcmp(story, "thread"))) {
        fputs(usage, stderr);
        return 2;
    }
    stage_open(&s, argv[0]);
    int status = *story ? story_thread(&s) : story_pairing(&s);
    stage_close(&s);
    stage_say(&s, s.failures ? "%d of the verdicts above are NO." : "Every step truly happened.",
              s.failures);
    return status;
}
