/*
 * Runs a fuzz target without a fuzzer:
 *
 *   fuzz_TARGET [--mutate N] FILE-OR-FOLDER...
 *
 * every file once, then N mutants of them, always the same ones. A mutant that breaks something is
 * left in the working directory, as TARGET-mutant.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX  4096
#define OCTETS_MAX 4096

static struct {
    uint8_t *octets;
    size_t len;
} files[FILES_MAX];
static unsigned count;
static char *paths[FILES_MAX];

static uint8_t mutant[OCTETS_MAX];
static size_t mutant_len;
static char mutant_path[4096];
static const char *current; /* the file being run; NULL: the mutant */

static void add_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || count == FILES_MAX) {
        fprintf(stderr, "replay: cannot take %s\n", path);
        exit(2);
    }
    uint8_t *p = malloc(OCTETS_MAX);
    if (!p)
        abort();
    files[count].len = fread(p, 1, OCTETS_MAX, f);
    files[count].octets = p;
    paths[count++] = strdup(path);
    fclose(f);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(const char *path)
{
    static char *names[FILES_MAX];
    struct stat st;
    if (stat(path, &st)) {
        fprintf(stderr, "replay: there is no %s\n", path);
        exit(2);
    }
    if (!S_ISDIR(st.st_mode)) {
        add_file(path);
        return;
    }
    DIR *d = opendir(path);
    unsigned n = 0;
    for (struct dirent *e; d && (e = readdir(d)) != NULL && n < FILES_MAX;)
        if (e->d_name[0] != '.')
            names[n++] = strdup(e->d_name);
    if (d)
        closedir(d);
    qsort(names, n, sizeof names[0], by_path);
    for (unsigned i = 0; i < n; i++) {
        char full[4096];
        snprintf(full, sizeof full, "%s/%s", path, names[i]);
        add_file(full);
        free(names[i]);
    }
}

static void run(const uint8_t *octets, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    if (!exact)
        abort();
    memcpy(exact, octets, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

/* Says which input it was, as far as a dying process can. */
static void on_abort(int sig)
{
    (void)sig;
    if (current) {
        fprintf(stderr, "replay: the input was %s\n", current);
    } else {
        FILE *f = fopen(mutant_path, "wb");
        if (f) {
            fwrite(mutant, 1, mutant_len, f);
            fclose(f);
        }
        fprintf(stderr, "replay: the input was a mutant; it is in %s\n", mutant_path);
    }
    _exit(1);
}

void __asan_on_error(void); /* AddressSanitizer calls it, where there is one */
void __asan_on_error(void)
{
    on_abort(0);
}

static uint64_t seed;

static size_t random_below(size_t n)
{
    uint8_t b[4];
    draw_octets(&seed, b, 4);
    struct in in = in_of(b, 4);
    return n ? in_u32(&in) % n : 0;
}

static void mutate_once(void)
{
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, 7, 16, 2};
    size_t at = random_below(mutant_len), n = 1 + random_below(8);
    switch (random_below(6)) {
    case 0:
        if (mutant_len)
            mutant[at] ^= (uint8_t)(1u << random_below(8));
        break;
    case 1:
        if (mutant_len)
            mutant[at] = telling[random_below(sizeof telling)];
        break;
    case 2:
        if (mutant_len)
            mutant[at] = (uint8_t)random_below(256);
        break;
    case 3: /* drop n */
        n = n < mutant_len - at ? n : mutant_len - at;
        memmove(mutant + at, mutant + at + n, mutant_len - at - n);
        mutant_len -= n;
        break;
    case 4: /* repeat n */
        n = n < mutant_len - at ? n : mutant_len - at;
        if (mutant_len + n <= OCTETS_MAX) {
            memmove(mutant + at + n, mutant + at, mutant_len - at);
            mutant_len += n;
        }
        break;
    default: { /* the rest is another file's */
        unsigned other = (unsigned)random_below(count);
        size_t from = random_below(files[other].len), len = files[other].len - from;
        if (len > OCTETS_MAX - at)
            len = OCTETS_MAX - at;
        memcpy(mutant + at, files[other].octets + from, len);
        mutant_len = at + len;
        break;
    }
    }
}

int main(int argc, char **argv)
{
    unsigned long mutants = 0;
    int first = 1;
    if (argc > 2 && !strcmp(argv[1], "--mutate")) {
        mutants = strtoul(argv[2], NULL, 10);
        first = 3;
    }
    for (int i = first; i < argc; i++)
        add(argv[i]);
    if (!count) {
        fprintf(stderr, "usage: %s [--mutate N] FILE-OR-FOLDER...\n", argv[0]);
        return 2;
    }
    if (!getcwd(mutant_path, 3000))
        strcpy(mutant_path, ".");
    const char *slash = strrchr(argv[0], '/');
    snprintf(mutant_path + strlen(mutant_path), 1000, "/%s-mutant", slash ? slash + 1 : argv[0]);
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    signal(SIGILL, on_abort);
    signal(SIGTRAP, on_abort);
    for (unsigned i = 0; i < count; i++) {
        current = paths[i];
        run(files[i].octets, files[i].len);
    }
    current = NULL;
    for (unsigned long k = 0; k < mutants; k++) {
        unsigned of = (unsigned)random_below(count);
        mutant_len = files[of].len;
        memcpy(mutant, files[of].octets, mutant_len);
        for (size_t i = 0, n = 1 + random_below(4); i < n; i++)
            mutate_once();
        run(mutant, mutant_len);
    }
    printf("%u inputs, %lu mutants\n", count, mutants);
    for (unsigned i = 0; i < count; i++) {
        free(files[i].octets);
        free(paths[i]);
    }
    return 0;
}
