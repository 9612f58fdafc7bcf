/*
 * troth doctor: looks at the machine and says what works, what does not, and the command that
 * mends it. Each check is a small function in a table; it reads, and changes nothing.
 *
 * Every path is below `root` and every look at the kernel or at another program goes through one
 * of the functions here, so that a test can give the doctor a machine made of files: below such a
 * root, root/doctor/ holds what else comes from a socket or from a program (doctor_files.c).
 */
#ifndef TROTH_TOOLS_DOCTOR_H
#define TROTH_TOOLS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

enum doctor_verdict {
    DOCTOR_GOOD, /* works */
    DOCTOR_NOTE, /* worth knowing; nothing is wrong */
    DOCTOR_WARN, /* works, and will surprise */
    DOCTOR_BAD,  /* does not work */
};

#define DOCTOR_ADAPTERS 8
struct doctor_adapter {
    uint16_t index;
    bool have_info; /* the next five are known */
    char address[18];
    bool up, raw;
    bool usb;     /* its bus */
    bool managed; /* the kernel's management interface lists it: no user channel holds it */
    bool have_settings;
    uint32_t supported, current; /* management settings */
    bool soft_block, hard_block, has_rfkill;
    int rfkill;
};

struct doctor {
    const char *root; /* "" : this machine */
    sd_bus *bus;      /* the system bus, or NULL */
    char bus_why[256];
    bool uses_bluez; /* bluetoothd answers on the bus */
    int bluetoothd;  /* its process; 0: none */
    struct doctor_adapter adapter[DOCTOR_ADAPTERS];
    unsigned adapters;
    bool managed_known;                  /* the management interface could be asked */
    bool can_user_channel;               /* CAP_NET_ADMIN */
    unsigned own_host, over_bluez, wifi; /* ways that work */
    unsigned held;                       /* adapters that another host uses */
    unsigned count[DOCTOR_BAD + 1];
    const char *area; /* of the running check */
    const char *check;
};

struct doctor_check {
    const char *area, *name;
    void (*run)(struct doctor *d);
};
extern const struct doctor_check doctor_radio[], doctor_bluez[], doctor_network[], doctor_machine[];

/* One finding. mend: the exact command, or NULL. */
void doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *mend, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* ---- doctor_files.c: the machine ---- */

bool doctor_path(const struct doctor *d, char *path, size_t cap, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool doctor_exists(const struct doctor *d, const char *path);
/* errno-like: 0, ENOENT, EACCES... Whether this process may do that, by access(2). */
int doctor_access(const struct doctor *d, const char *path, int mode);
/* The whole of a small file, its end zero; a last newline is cut. False: it cannot be read. */
bool doctor_read(const struct doctor *d, char *text, size_t cap, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Every name in a directory, sorted, until `each` returns false. How many there were. */
unsigned doctor_each(struct doctor *d, const char *dir,
                     bool (*each)(struct doctor *d, const char *name, void *ctx), void *ctx);
/* A process of that name (its comm); 0: none. */
int doctor_process(struct doctor *d, const char *comm);
/* The first line of `path argument`, run with a limit of 3 s. False: it is not there, or mute. */
bool doctor_ask_program(struct doctor *d, char *line, size_t cap, const char *path,
                        const char *argument);
/* A word of "Key:\tvalue" in /proc/self/status, a hexadecimal number. */
bool doctor_capability(struct doctor *d, unsigned number);
bool doctor_in_group(struct doctor *d, const char *group, bool *exists);
bool doctor_is_root(struct doctor *d);
/* Fills have_info, have_settings, managed. */
void doctor_look_at_adapters(struct doctor *d);
int64_t doctor_now(struct doctor *d); /* seconds since 1970 */
void doctor_versions(struct doctor *d, char *kernel, size_t kernel_cap, char *crypto,
                     size_t crypto_cap);

/* ---- the bus ---- */

void doctor_open_bus(struct doctor *d);
/* Somebody owns that name, or can be started for it. */
bool doctor_owned(struct doctor *d, const char *name);
bool doctor_activatable(struct doctor *d, const char *name);
/* A string property; false: refused or absent, and why says it. */
bool doctor_property(struct doctor *d, const char *name, const char *path, const char *interface,
                     const char *property, char *text, size_t cap, char *why, size_t why_cap);

#endif
