/* Entries of the journal: which fields an event becomes, and that no secret of a code is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/journal.h"
#include "common/out.h"

/* As lines; fields are taken. */
static const char *entry(const char *event, cJSON *fields)
{
    static char text[8192];
    char *all[JOURNAL_FIELDS];
    size_t n = journal_entry(all, 4, event, fields, "a sentence");
    *text = 0;
    for (size_t i = 0; i < n; i++) {
        strcat(strcat(text, all[i]), "\n");
        free(all[i]);
    }
    cJSON_Delete(fields);
    return text;
}

static void fields(void **state)
{
    (void)state;
    assert_string_equal(entry("stopped", NULL),
                        "MESSAGE=a sentence\nPRIORITY=4\nTROTH_EVENT=stopped\n");
    assert_string_equal(
        entry("pairing_failed", out_fields("link:u address:s reason:x reason_name:s ok:b", 0,
                                           "02:70:A1:00:00:02", 5, "PAIRING_NOT_SUPPORTED", false)),
        "MESSAGE=a sentence\nPRIORITY=4\nTROTH_EVENT=pairing_failed\nTROTH_LINK=0\n"
        "TROTH_PEER=02:70:A1:00:00:02\nTROTH_ADDRESS=02:70:A1:00:00:02\n"
        "TROTH_REASON_CODE=0x05\nTROTH_REASON=PAIRING_NOT_SUPPORTED\nTROTH_OK=false\n");
    assert_non_null(strstr(entry("status", out_fields("reason:s", "WRONG_PASSWORD")),
                           "\nTROTH_REASON=WRONG_PASSWORD\n"));
}

/* The address of an adapter is no peer's; what names a field is capitals, digits and _. */
static void names(void **state)
{
    (void)state;
    const char *text =
        entry("controller", out_fields("address:s io-cap:s", "02:70:A1:00:00:01", "none"));
    assert_null(strstr(text, "TROTH_PEER"));
    assert_non_null(strstr(text, "\nTROTH_ADDRESS=02:70:A1:00:00:01\n"));
    assert_non_null(strstr(text, "\nTROTH_IO_CAP=none\n"));
}

static void no_secrets(void **state)
{
    (void)state;
    const char *text = entry("qr", out_fields("payload:s url:s secrets:b", "{\"pop\":\"abcd1234\"}",
                                              "https://x/?data=abcd1234", true));
    assert_null(strstr(text, "abcd1234"));
}

static void too_many(void **state)
{
    cJSON *many = cJSON_CreateObject();
    char *all[JOURNAL_FIELDS], name[16];
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "k%d", i);
        cJSON_AddNumberToObject(many, name, i);
    }
    size_t n = journal_entry(all, 6, "x", many, "y");
    assert_int_equal(n, JOURNAL_FIELDS);
    while (n)
        free(all[--n]);
    cJSON_Delete(many);
}

static void whose_stream(void **state)
{
    char text[80];
    int fds[2];
    struct stat st;
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fstat(fds[1], &st), 0);
    unsetenv("JOURNAL_STREAM");
    assert_false(journal_is_at(fds[1]));
    snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", text, 1);
    assert_true(journal_is_at(fds[1]));
    assert_false(journal_is_at(99));
    strcat(text, "0"); /* inherited from elsewhere: stdout is another file now */
    setenv("JOURNAL_STREAM", text, 1);
    assert_false(journal_is_at(fds[1]));
    setenv("JOURNAL_STREAM", "", 1);
    assert_false(journal_is_at(fds[1]));
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),   cmocka_unit_test(names),        cmocka_unit_test(no_secrets),
        cmocka_unit_test(too_many), cmocka_unit_test(whose_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
