/* Thread datasets: what is read is written again and loses nothing; no secret is shown unasked. */
#include "fuzz/fuzz.h"

#include <troth/dataset.h>

static bool asked;

static void line(void *ctx, const char *name, const char *value)
{
    unsigned *lines = ctx;
    ++*lines;
    never(!name[0], "a line without a name");
    bool secret = strcmp(name, "Network Key") == 0 || strcmp(name, "PSKc") == 0 ||
                  strncmp(name, "Type ", 5) == 0;
    never(secret && !asked && strcmp(value, "(hidden)") != 0, "a secret is shown unasked");
}

static void both_ways(const struct troth_thread *t, const struct troth_dataset *d)
{
    char text[TROTH_DATASET_TEXT];
    struct troth_thread back, built = *t;
    unsigned lines = 0, shown = 0;
    int len = troth_dataset_to_text(t, text, sizeof text);
    never(len != 2 * t->len, "a dataset without text");
    never(troth_dataset_from_text(&back, text, (size_t)len) != TROTH_DATASET_FINE ||
              back.len != t->len || memcmp(back.dataset, t->dataset, t->len) != 0,
          "its text is another's");
    if (troth_dataset_build(&built, d) == TROTH_OK)
        never(built.len != t->len || memcmp(built.dataset, t->dataset, t->len) != 0,
              "a dataset changed when it was made of what it says");
    asked = false;
    troth_dataset_print(t, asked, line, &lines);
    asked = true;
    troth_dataset_print(t, asked, line, &shown);
    never(lines == 0 || lines != shown, "lines are lost");
    for (unsigned type = 0; type < 256; type++) {
        uint8_t n;
        const uint8_t *v = troth_dataset_find(t, (uint8_t)type, &n);
        if (!v)
            continue;
        lines--;
        back = *t;
        never(troth_dataset_put(&back, (uint8_t)type, v, n) != TROTH_OK || back.len != t->len ||
                  memcmp(back.dataset, t->dataset, t->len) != 0,
              "putting back what is there changed it");
    }
    never(lines != 0, "a TLV is not found");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    size_t n = size;
    uint8_t *exact = take_exact(&in, &n);
    struct troth_dataset d;
    static const struct troth_dataset none;
    memset(&d, 0xa5, sizeof d);
    enum troth_dataset_fault fault = troth_dataset_parse(&d, exact, n, NULL);
    enum troth_dataset_fault checked = troth_dataset_check(exact, n, NULL);
    never(fault != TROTH_DATASET_FINE && checked != fault, "checked otherwise than read");
    never(!troth_dataset_fault_words(checked), "a fault without words");
    if (fault != TROTH_DATASET_FINE) {
        never(memcmp(&d, &none, sizeof d) != 0, "what is refused left something");
    } else {
        struct troth_thread t = {.len = (uint8_t)n};
        memcpy(t.dataset, exact, n);
        both_ways(&t, &d);
        struct troth_credentials c = {.kind = TROTH_NET_THREAD, .u.thread = t};
        never((troth_credentials_check(&c) == TROTH_NET_OK) != (checked == TROTH_DATASET_FINE),
              "credentials are judged otherwise");
    }
    struct troth_thread t;
    troth_dataset_from_text(&t, (const char *)exact, n);
    free(exact);
    return 0;
}
