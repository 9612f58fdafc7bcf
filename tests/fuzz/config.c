/* Configuration files: any file is read, or refused with its line; values are in their bounds. */
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/config.h"

static struct {
    bool flag, yes_no;
    const char *text;
    unsigned number;
    int choice;
    struct cli_list list;
    unsigned parsed;
} set;

static bool parse(void *target, const char *text, char *why, size_t cap)
{
    unsigned *n = target;
    *n = (unsigned)strlen(text);
    if (*n % 2)
        snprintf(why, cap, "an odd number of characters");
    return *n % 2 == 0;
}

static const struct cli_choice choices[] = {{"one", 1}, {"two", 2}, {NULL, 0}};
static const struct cli_option options[] = {
    {"flag", 'f', CLI_FLAG, &set.flag, NULL, "h", NULL, 0, 0, NULL, false},
    {"yes-no", 0, CLI_YES_NO, &set.yes_no, NULL, "h", NULL, 0, 0, NULL, false},
    {"text", 0, CLI_TEXT, &set.text, "TEXT", "h", NULL, 0, 0, NULL, false},
    {"number", 0, CLI_NUMBER, &set.number, "N", "h", NULL, 7, 4000000000u, NULL, false},
    {"choice", 0, CLI_CHOICE, &set.choice, NULL, "h", choices, 0, 0, NULL, false},
    {"list", 0, CLI_LIST, &set.list, "ITEM", "h", NULL, 0, 0, NULL, false},
    {"parsed", 0, CLI_PARSE, &set.parsed, "X", "h", NULL, 0, 0, parse, false},
    {"config", 0, CLI_TEXT, &set.text, "FILE", "h", NULL, 0, 0, NULL, true},
    {0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    char why[900] = "";
    if (fd < 0) {
        fd = memfd_create("config", 0);
        if (fd < 0)
            abort();
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    memset(&set, 0, sizeof set);
    bool ok = config_read(path, options, why, sizeof why);
    never(!ok && strncmp(why, path, strlen(path)) != 0, "a refusal that does not say where");
    for (const char *p = why; *p; p++)
        never((uint8_t)*p < 0x20 || *p == 0x7f, "a refusal that disturbs the terminal");
    never(set.number && (set.number < 7 || set.number > 4000000000u), "a number out of its bounds");
    never(set.choice < 0 || set.choice > 2, "a choice that is none");
    never(set.text && !*set.text, "a text that is none");
    never(set.list.count > CLI_LIST_MAX, "a list beyond its end");
    for (unsigned i = 0; i < set.list.count; i++)
        never(!set.list.text[i], "an entry that is none");
    never(ok && memchr(data, 0, size), "a file that is no text");
    return 0;
}
