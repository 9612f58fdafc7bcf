#include "fuzz/bus_message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

sd_bus *bus_in_memory(void)
{
    static sd_bus *bus;
    static int ends[2];
    if (!bus && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) || sd_bus_new(&bus) < 0 ||
                 sd_bus_set_fd(bus, ends[0], ends[0]) < 0 || sd_bus_start(bus) < 0))
        abort();
    return bus;
}

static unsigned count(const char *const *list)
{
    unsigned n = 0;
    while (list[n])
        n++;
    return n;
}

const char *bus_pick(struct in *in, const char *const *list)
{
    return list[in_u8(in) % count(list)];
}

/* A text that D-Bus would carry: UTF-8 without NUL. */
const char *bus_text(struct in *in, const struct bus_words *w)
{
    static char text[520];
    unsigned known = count(w->texts);
    uint8_t len = in_u8(in);
    size_t n = 0;
    if (len < known)
        return w->texts[len];
    for (unsigned i = 0; i < len; i++) {
        uint8_t c = in_u8(in);
        if (c & 0x80)
            text[n++] = (char)(0xc0 | c >> 6);
        text[n++] = (char)(c & 0x80 ? 0x80 | (c & 0x3f) : c ? c : ' ');
    }
    text[n] = 0;
    return text;
}

static void put_array(sd_bus_message *m, struct in *in, const struct bus_words *w, const char *of)
{
    uint8_t octets[255], len = in_u8(in);
    if (*of == 'y') {
        in_copy(in, octets, len);
        sd_bus_message_append_array(m, 'y', octets, len);
        return;
    }
    sd_bus_message_open_container(m, 'a', of);
    for (unsigned n = len % 20; n; n--)
        sd_bus_message_append(m, of, *of == 'o' ? bus_pick(in, w->paths) : bus_text(in, w));
    sd_bus_message_close_container(m);
}

/* Mostly of the type it should have. */
static void put_value(sd_bus_message *m, struct in *in, const struct bus_words *w, const char *type)
{
    static const char *const types[] = {"b", "s", "n",     "as", "ao", "ay", "q",
                                        "o", "u", "a{sv}", "y",  "v",  NULL};
    uint8_t wrong = in_u8(in);
    if (wrong & 0x80)
        type = types[wrong % count(types)];
    sd_bus_message_open_container(m, 'v', type);
    if (!strcmp(type, "a{sv}"))
        sd_bus_message_append(m, "a{sv}", 1, bus_text(in, w), "b", 1);
    else if (*type == 'a')
        put_array(m, in, w, type + 1);
    else if (*type == 's')
        sd_bus_message_append(m, "s", bus_text(in, w));
    else if (*type == 'o')
        sd_bus_message_append(m, "o", bus_pick(in, w->paths));
    else if (*type == 'v')
        sd_bus_message_append(m, "v", "s", bus_text(in, w));
    else if (*type == 'u')
        sd_bus_message_append(m, "u", in_u32(in));
    else if (*type == 'b')
        sd_bus_message_append(m, "b", in_u8(in) & 1);
    else if (*type == 'y')
        sd_bus_message_append(m, "y", in_u8(in));
    else
        sd_bus_message_append(m, type, (int)(int16_t)in_u16(in));
    sd_bus_message_close_container(m);
}

void bus_put_properties(sd_bus_message *m, struct in *in, const struct bus_words *w)
{
    unsigned names = count(w->properties) / 2;
    sd_bus_message_open_container(m, 'a', "{sv}");
    for (unsigned n = in_u8(in) % 8; n; n--) {
        const char *const *name = w->properties + 2 * (in_u8(in) % names);
        sd_bus_message_open_container(m, 'e', "sv");
        sd_bus_message_append(m, "s", name[0]);
        put_value(m, in, w, name[1]);
        sd_bus_message_close_container(m);
    }
    sd_bus_message_close_container(m);
}

void bus_put_object(sd_bus_message *m, struct in *in, const struct bus_words *w)
{
    sd_bus_message_append(m, "o", bus_pick(in, w->paths));
    sd_bus_message_open_container(m, 'a', "{sa{sv}}");
    for (unsigned n = in_u8(in) % 4; n; n--) {
        sd_bus_message_open_container(m, 'e', "sa{sv}");
        sd_bus_message_append(m, "s", bus_pick(in, w->interfaces));
        bus_put_properties(m, in, w);
        sd_bus_message_close_container(m);
    }
    sd_bus_message_close_container(m);
}

void bus_put_objects(sd_bus_message *m, struct in *in, const struct bus_words *w)
{
    sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
    for (unsigned n = in_u8(in) % 8; n; n--) {
        sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
        bus_put_object(m, in, w);
        sd_bus_message_close_container(m);
    }
    sd_bus_message_close_container(m);
}

sd_bus_message *bus_begin(void)
{
    sd_bus_message *m = NULL;
    if (sd_bus_message_new_signal(bus_in_memory(), &m, "/", "org.troth.Fuzz", "Message") < 0)
        abort();
    return m;
}

void bus_seal(sd_bus_message *m)
{
    if (sd_bus_message_seal(m, 1, 0) < 0)
        abort();
}
