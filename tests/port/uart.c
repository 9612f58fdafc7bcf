/* A controller behind a serial line, here a pty: what is in the line, what is lost, who unplugs. */
#include <asm/termbits.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "support/transport_rig.h"

/* Plugged in: a device of the same name, whatever the pty is called. */
static void plug(struct rig *r)
{
    char name[60];
    r->far = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_true(r->far >= 0 && grantpt(r->far) == 0 && unlockpt(r->far) == 0 &&
                ptsname_r(r->far, name, sizeof name) == 0);
    assert_int_equal(symlink(name, r->path), 0);
}

static void unplug(struct rig *r)
{
    unlink(r->path);
    rig_hang_up(r);
}

static int setup(void **state)
{
    struct rig *r = rig_new();
    if (!r)
        return -1;
    snprintf(r->where, sizeof r->where, "uart:%s,1234567", r->path);
    plug(r);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void open_line(struct rig *r)
{
    rig_open(r);
    rig_run(r);
}

static const uint8_t reset[4] = {0x01, 0x03, 0x0c, 0x00};
static const uint8_t reset_done[7] = {0x04, 0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00};

static void expect_reset(const struct rig *r)
{
    uint8_t got[64];
    assert_int_equal(rig_sent(r, got, sizeof got), sizeof reset);
    assert_memory_equal(got, reset, sizeof reset);
}

static void bring_up(struct rig *r)
{
    unsigned ups = r->ups;
    open_line(r);
    assert_int_equal(r->ups, ups);
    expect_reset(r);
    rig_give(r, reset_done, sizeof reset_done);
    rig_run(r);
    assert_int_equal(r->ups, ups + 1);
}

static const uint8_t stream[] = {0x04, 0xff, 0x02, 0xaa, 0xbb,           /* an event */
                                 0x02, 0x40, 0x20, 0x03, 0x00, 1, 2, 3}; /* and data */

static void packets_begin_where_reset_is_answered(void **state)
{
    struct rig *r = *state;
    static const char boot[] = "\r\n*** Booting nRF \x04\x0e\x04\x01\x03 v2.7 ***\r\n\x02\xff\xff";
    open_line(r);
    expect_reset(r);
    rig_give(r, boot, sizeof boot - 1);
    rig_give(r, "\x04\x0e\x04\x01\x03\x0c\x1f", 7); /* it refuses: not the one that counts */
    rig_run(r);
    assert_int_equal(r->ups, 0);
    uint8_t noise_and_half[20 + 3] = {0};
    memcpy(noise_and_half + 20, reset_done, 3);
    rig_give(r, noise_and_half, sizeof noise_and_half);
    rig_run(r);
    for (size_t i = 3; i < sizeof reset_done; i++) {
        assert_int_equal(r->ups, 0);
        rig_give(r, reset_done + i, 1);
        rig_run(r);
    }
    assert_int_equal(r->ups, 1);
    assert_int_equal(r->packets, 0);
    for (size_t i = 0; i < sizeof stream; i++) {
        rig_give(r, stream + i, 1);
        rig_run(r);
    }
    assert_int_equal(r->packets, 2);
    assert_int_equal(r->lengths[1], 8);
    assert_int_equal(r->downs, 0);
}

static void what_follows_the_answer_at_once_counts(void **state)
{
    struct rig *r = *state;
    uint8_t all[sizeof reset_done + sizeof stream];
    open_line(r);
    memcpy(all, reset_done, sizeof reset_done);
    memcpy(all + sizeof reset_done, stream, sizeof stream);
    rig_give(r, all, sizeof all);
    rig_run(r);
    assert_int_equal(r->ups, 1);
    assert_int_equal(r->packets, 2);
}

static void the_line_is_raw_at_any_speed(void **state)
{
    static const char *const flows[] = {"", ",flow"};
    struct rig *r = *state;
    for (int flow = 0; flow < 2; flow++) {
        struct termios2 line;
        snprintf(r->where, sizeof r->where, "uart:%s,1234567%s", r->path, flows[flow]);
        bring_up(r);
        assert_int_equal(ioctl(r->far, TCGETS2, &line), 0); /* of the other end */
        assert_int_equal(line.c_ospeed, 1234567);
        assert_int_equal(line.c_ispeed, 1234567);
        assert_int_equal(line.c_iflag | line.c_oflag | line.c_lflag, 0);
        assert_int_equal(line.c_cflag & CSIZE, CS8);
        assert_int_equal(!!(line.c_cflag & CRTSCTS), flow);
        transport_close(r->t);
        r->t = NULL;
    }
}

static void garbage_is_got_over_by_reset(void **state)
{
    static const uint8_t garbage[] = {0x00, 0x01, 0x06, 0x47, 0xff};
    struct rig *r = *state;
    for (unsigned i = 0; i < sizeof garbage; i++) {
        r->packets = r->downs = 0;
        bring_up(r);
        rig_give(r, stream, sizeof stream);
        rig_give(r, &garbage[i], 1);
        rig_give(r, stream, sizeof stream);
        rig_run(r);
        assert_int_equal(r->packets, 2); /* what came before it, and nothing of what follows */
        assert_int_equal(r->downs, 1);
        assert_non_null(strstr(r->why, "lost or damaged"));
        assert_non_null(strstr(r->why, "flow control"));
    }
    bring_up(r);
    assert_int_equal(r->packets, 2);
}

static void a_packet_that_stops_is_the_end(void **state)
{
    struct rig *r = *state;
    bring_up(r);
    rig_give(r, stream, sizeof stream - 1);
    rig_run(r);
    assert_int_equal(r->packets, 1);
    assert_int_equal(r->downs, 0);
    while (!r->downs)
        assert_true(sd_event_run(r->loop, 10000000) > 0);
    assert_non_null(strstr(r->why, "in the middle of a packet"));
    bring_up(r);
    rig_give(r, stream, sizeof stream);
    rig_run(r);
    assert_int_equal(r->packets, 3);
}

static void it_is_unplugged_and_returns(void **state)
{
    struct rig *r = *state;
    bring_up(r);
    rig_give(r, stream, 3);
    rig_run(r);
    unplug(r);
    rig_run(r);
    assert_int_equal(r->downs, 1);
    assert_non_null(strstr(r->why, "unplugged"));
    open_line(r);
    assert_int_equal(r->downs, 2);
    assert_non_null(strstr(r->why, "plugged in?"));
    plug(r);
    bring_up(r);
    rig_give(r, stream, sizeof stream);
    rig_run(r);
    assert_int_equal(r->packets, 2);
}

static void unplugged_before_it_answered(void **state)
{
    struct rig *r = *state;
    open_line(r);
    unplug(r);
    rig_run(r);
    assert_int_equal(r->ups, 0);
    assert_int_equal(r->downs, 1);
    assert_non_null(strstr(r->why, "unplugged"));
}

static void silence_is_asked_again_and_then_told(void **state)
{
    struct rig *r = *state;
    uint8_t got[300];
    open_line(r);
    while (!r->downs)
        assert_true(sd_event_run(r->loop, 10000000) > 0);
    assert_int_equal(r->ups, 0);
    assert_int_equal(rig_sent(r, got, sizeof got), 5 * sizeof reset);
    assert_non_null(strstr(r->why, "no controller answers at uart:"));
    assert_non_null(strstr(r->why, "baud"));
}

static void a_line_has_one_owner(void **state)
{
    struct rig *r = *state, other = *r;
    bring_up(r);
    open_line(&other);
    assert_int_equal(other.ups, 0);
    assert_int_equal(other.downs, 1);
    assert_non_null(strstr(other.why, "another program has"));
    rig_give(r, stream, sizeof stream); /* and it is left alone */
    rig_run(r);
    assert_int_equal(r->packets, 2);
}

static void what_is_no_line_is_said_to_be_none(void **state)
{
    static const char *const devices[] = {"/dev/null", "file", "nowhere"};
    struct rig *r = *state;
    char file[80];
    snprintf(file, sizeof file, "%s/file", r->dir);
    fclose(fopen(file, "w"));
    for (unsigned i = 0; i < 3; i++) {
        if (devices[i][0] == '/')
            snprintf(r->where, sizeof r->where, "uart:%s,9600", devices[i]);
        else
            snprintf(r->where, sizeof r->where, "uart:%s/%s,9600", r->dir, devices[i]);
        open_line(r);
        assert_int_equal(r->downs, i + 1);
        assert_non_null(strstr(r->why, i < 2 ? "is no serial line" : "there is no"));
    }
    unlink(file);
}

static void what_cannot_be_written_yet_is_kept(void **state)
{
    bring_up(*state);
    rig_crowd(*state, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(packets_begin_where_reset_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(what_follows_the_answer_at_once_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(the_line_is_raw_at_any_speed, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_is_got_over_by_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(a_packet_that_stops_is_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_unplugged_and_returns, setup, teardown),
        cmocka_unit_test_setup_teardown(unplugged_before_it_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_is_asked_again_and_then_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_has_one_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_line_is_said_to_be_none, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_yet_is_kept, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
