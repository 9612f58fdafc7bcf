/* A command's words, without a shell: what divides, what quotes, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/argv.h"

/* The words with | between; or what is wrong. */
static const char *split(const char *command)
{
    static char text[4096];
    struct argv a;
    char why[200] = "";
    if (!argv_split(&a, command, why, sizeof why))
        return strcpy(text, why);
    *text = 0;
    for (char **word = a.word; *word; word++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? "|" : "", *word);
    return text;
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(split("show"), "show");
    assert_string_equal(split("  show  --now\t7 "), "show|--now|7");
    assert_string_equal(split("show 'a b' \"c d\" e\\ f"), "show|a b|c d|e f");
    assert_string_equal(split("show a'b c'd \"it's\""), "show|ab cd|it's");
    assert_string_equal(split("show \"a\\\"b\" 'a\\b'"), "show|a\"b|a\\b");
    assert_string_equal(split("show ''  x"), "show||x");
    assert_string_equal(split("show $HOME *.c ; rm & `x`"), "show|$HOME|*.c|;|rm|&|`x`");
}

static void refused(void **state)
{
    char text[ARGV_TEXT + 1];
    (void)state;
    assert_non_null(strstr(split("show 'a"), "no end"));
    assert_non_null(strstr(split("show \"a"), "no end"));
    assert_non_null(strstr(split("show a\\"), "no end"));
    assert_non_null(strstr(split("  "), "are expected"));
    assert_non_null(strstr(split("''"), "are expected"));
    memset(text, 'a', ARGV_TEXT);
    text[ARGV_TEXT] = 0;
    assert_non_null(strstr(split(text), "at most 1023"));
    text[ARGV_TEXT - 1] = 0;
    assert_string_equal(split(text), text);
    for (int i = 0; i < 2 * (ARGV_WORDS + 1); i++)
        text[i] = i % 2 ? ' ' : 'a';
    text[2 * ARGV_WORDS] = 0;
    assert_int_equal(strlen(split(text)), 2 * ARGV_WORDS - 1);
    strcpy(text + 2 * ARGV_WORDS, "a");
    assert_non_null(strstr(split(text), "at most 32 words"));
}

static bool runs(const char *command)
{
    struct argv a;
    char why[300];
    assert_true(argv_split(&a, command, why, sizeof why));
    return argv_runs(&a, why, sizeof why);
}

static void programs(void **state)
{
    (void)state;
    setenv("PATH", "/nowhere:/usr/bin:/bin", 1);
    assert_true(runs("cat -n"));
    assert_true(runs("/bin/cat"));
    assert_false(runs("/etc/passwd"));
    assert_false(runs("/bin"));
    assert_false(runs("no-such-program"));
    setenv("PATH", "", 1);
    assert_false(runs("cat"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(refused),
        cmocka_unit_test(programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
