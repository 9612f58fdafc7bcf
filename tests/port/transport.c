/* The transport: strings, H4 framing whatever the pieces, and every way to lose a controller. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/transport_rig.h"

static int listener;

static int setup(void **state)
{
    struct rig *r = rig_new();
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (!r)
        return -1;
    snprintf(r->where, sizeof r->where, "unix:%s", r->path);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", r->path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 1))
        return -1;
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    close(listener);
    return 0;
}

static void bring_up(struct rig *r)
{
    rig_open(r);
    rig_run(r);
    assert_int_equal(r->ups, 1);
    r->far = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(r->far >= 0);
}

/* A command complete, an ACL packet, a synchronous one, an isochronous one: 7, 8, 6, 7 octets. */
static const uint8_t stream[] = {0x04, 0x0e, 0x04, 1, 0x03, 0x0c, 0, 0x02, 0x40, 0x20,
                                 0x03, 0x00, 1,    2, 3,    0x03, 0, 0,    0x02, 1,
                                 2,    0x05, 0,    0, 0x02, 0x00, 1, 2};
static const size_t stream_lengths[] = {7, 8, 6, 7};

static void assert_stream(const struct rig *r, unsigned first)
{
    static const uint8_t types[] = {4, 2, 3, 5};
    assert_true(r->packets >= first + 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(r->types[first + i], types[i]);
        assert_int_equal(r->lengths[first + i], stream_lengths[i]);
    }
}

static void packets_come_whole_however_they_are_cut(void **state)
{
    struct rig *r = *state;
    bring_up(r);
    rig_give(r, stream, sizeof stream);
    rig_run(r);
    assert_stream(r, 0);
    for (size_t i = 0; i < sizeof stream; i++) {
        rig_give(r, stream + i, 1);
        rig_run(r);
    }
    assert_stream(r, 4);
    assert_int_equal(r->packets, 8);
    assert_int_equal(r->downs, 0);
}

static void the_longest_packet_comes_whole(void **state)
{
    struct rig *r = *state;
    uint8_t *acl = calloc(1, 5 + 65535);
    bring_up(r);
    acl[0] = 2;
    acl[3] = acl[4] = 0xff;
    for (size_t at = 0; at < 5 + 65535;) {
        size_t n = 5 + 65535 - at < 4096 ? 5 + 65535 - at : 4096;
        rig_give(r, acl + at, n);
        rig_run(r);
        at += n;
    }
    free(acl);
    assert_int_equal(r->packets, 1);
    assert_int_equal(r->lengths[0], 5 + 65535);
}

static void garbage_closes(void **state)
{
    static const uint8_t bad[] = {0x00, 0x01, 0x06, 0x47, 0xff};
    for (unsigned i = 0; i < sizeof bad; i++) {
        struct rig *r = *state;
        bring_up(r);
        rig_give(r, stream, 7);
        rig_give(r, &bad[i], 1);
        rig_run(r);
        assert_int_equal(r->packets, 1); /* what came before it counts */
        assert_int_equal(r->downs, 1);
        assert_non_null(strstr(r->why, "not HCI with H4 framing"));
        teardown(state);
        assert_int_equal(setup(state), 0);
    }
}

static void the_end_is_told_once(void **state)
{
    struct rig *r = *state;
    bring_up(r);
    rig_give(r, stream, 3);
    rig_hang_up(r);
    rig_run(r);
    assert_int_equal(r->downs, 1);
    assert_non_null(strstr(r->why, "in the middle of a packet"));
}

static void nobody_listens(void **state)
{
    struct rig *r = *state;
    unlink(r->path);
    rig_open(r);
    rig_run(r);
    assert_int_equal(r->ups, 0);
    assert_int_equal(r->downs, 1);
    assert_non_null(strstr(r->why, "nothing listens at unix:"));
}

static void closing_from_a_packet_ends_it_there(void **state)
{
    struct rig *r = *state;
    bring_up(r);
    r->close_on_packet = true;
    rig_give(r, stream, sizeof stream);
    rig_run(r);
    assert_int_equal(r->packets, 1);
    assert_int_equal(r->downs, 0);
}

static void what_cannot_be_written_yet_is_kept(void **state)
{
    bring_up(*state);
    rig_crowd(*state, 900);
}

static void a_controller_that_never_reads_is_given_up(void **state)
{
    struct rig *r = *state;
    static const uint8_t packet[1000] = {2, 0, 0, (1000 - 5) & 0xff, (1000 - 5) >> 8};
    bring_up(r);
    for (unsigned i = 0; i < 4000; i++)
        transport_send(r->t, packet, sizeof packet);
    assert_int_equal(r->downs, 0); /* not during a call */
    rig_run(r);
    assert_int_equal(r->downs, 1);
    assert_non_null(strstr(r->why, "does not take"));
}

static void good_strings(void **state)
{
    struct transport_where w;
    char why[300];
    (void)state;
    assert_true(transport_parse(&w, "tcp:127.0.0.1:9000", why, sizeof why));
    assert_int_equal(w.kind, TRANSPORT_TCP);
    assert_string_equal(w.host, "127.0.0.1");
    assert_string_equal(w.port, "9000");
    assert_true(transport_parse(&w, "tcp:[::1]:1", why, sizeof why));
    assert_string_equal(w.host, "::1");
    assert_string_equal(w.port, "1");
    assert_true(transport_parse(&w, "unix:@troth", why, sizeof why));
    assert_int_equal(w.kind, TRANSPORT_UNIX);
    assert_string_equal(w.path, "@troth");
    assert_string_equal(w.text, "unix:@troth");
    assert_false(transport_acl_overtakes(&w));
    assert_true(transport_parse(&w, "uart:/dev/ttyACM0,1000000", why, sizeof why));
    assert_int_equal(w.kind, TRANSPORT_UART);
    assert_string_equal(w.path, "/dev/ttyACM0");
    assert_int_equal(w.baud, 1000000);
    assert_false(w.flow);
    assert_false(transport_acl_overtakes(&w));
    assert_true(transport_parse(&w, "uart:/dev/a,b,9600,flow", why, sizeof why));
    assert_string_equal(w.path, "/dev/a,b");
    assert_int_equal(w.baud, 9600);
    assert_true(w.flow);
    static const char *const seven[] = {"hci:7", "hci7", "hci:hci7"};
    for (unsigned i = 0; i < 3; i++) {
        assert_true(transport_parse(&w, seven[i], why, sizeof why));
        assert_int_equal(w.kind, TRANSPORT_USER);
        assert_int_equal(w.adapter, 7);
        assert_true(transport_acl_overtakes(&w)); /* it may be on USB */
    }
}

static void bad_strings(void **state)
{
    static const char *const bad[] = {"",
                                      "tcp",
                                      "tcp:",
                                      "tcp::1",
                                      "tcp:a",
                                      "tcp:a:",
                                      "tcp:a:0",
                                      "tcp:a:65536",
                                      "tcp:a:-1",
                                      "tcp:a:1x",
                                      "tcp:a: 1",
                                      "tcp:::1:1",
                                      "tcp:[::1",
                                      "tcp:[::1]1",
                                      "tcp:[]:1",
                                      "unix:",
                                      "UNIX:/x",
                                      "uart:",
                                      "uart:/dev/x",
                                      "uart:/dev/x,",
                                      "uart:/dev/x,flow",
                                      "uart:/dev/x,0",
                                      "uart:/dev/x,115200 ",
                                      "uart:/dev/x,-1",
                                      "uart:/dev/x,115200,fast",
                                      "uart:,115200",
                                      "uart:ttyS0,115200",
                                      "uart:/dev/x,99999999999",
                                      "hci",
                                      "hci:",
                                      "hci:x",
                                      "hci:-1",
                                      "hci:0x",
                                      "hci:65535",
                                      "hci:hci",
                                      "hcix",
                                      "bluez:hci0",
                                      "bluez",
                                      "serial:/x"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct transport_where w;
        char why[300] = "";
        assert_false(transport_parse(&w, bad[i], why, sizeof why));
        assert_int_equal(w.kind, TRANSPORT_NONE);
        assert_true(strlen(why) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_strings),
        cmocka_unit_test(bad_strings),
        cmocka_unit_test_setup_teardown(packets_come_whole_however_they_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(the_longest_packet_comes_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_listens, setup, teardown),
        cmocka_unit_test_setup_teardown(closing_from_a_packet_ends_it_there, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_yet_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_controller_that_never_reads_is_given_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
