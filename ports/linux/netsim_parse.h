/* The parts of the reader of the simulated network's file. */
#ifndef TROTH_LINUX_NETSIM_PARSE_H
#define TROTH_LINUX_NETSIM_PARSE_H

#include <troth/dataset.h>

#include "ports/linux/netsim_file.h"

enum netsim_section { NETSIM_NONE = 0, NETSIM_SIMULATOR = 1, NETSIM_WIFI = 2, NETSIM_THREAD = 4 };

struct netsim_parser {
    struct netsim *n;
    const char *name;
    unsigned line;
    enum netsim_section section;
    bool simulator_seen, security_seen;
    uint64_t seen;               /* keys of this section, 1 << their row */
    unsigned at;                 /* line of the section */
    struct troth_dataset fields; /* of [thread], put into its dataset at the end of the section */
    uint8_t passphrase_len;
    uint8_t passphrase[255]; /* of the commissioner */
    char *error;
    size_t error_size;
};

struct netsim_key {
    unsigned sections;
    const char *name;
    bool (*set)(struct netsim_parser *p, const char *key, const char *value);
};

/* The row of the section. */
static inline struct troth_sim_network *netsim_row(struct netsim_parser *p)
{
    return &p->n->networks[p->n->count - 1];
}

/* ---- values: false and a complaint when they are wrong ---- */

bool netsim_complain(struct netsim_parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int netsim_hex(char c);
/* Octets with \xHH and \\. */
bool netsim_octets(struct netsim_parser *p, const char *key, const char *v, uint8_t *out,
                   uint8_t *len, unsigned most);
bool netsim_number(struct netsim_parser *p, const char *key, const char *v, long least, long most,
                   long *out);
bool netsim_ms(struct netsim_parser *p, const char *key, const char *v, uint32_t *out);
bool netsim_yes(struct netsim_parser *p, const char *key, const char *v, bool *out);
struct netsim_word {
    const char *word;
    uint8_t value;
};
bool netsim_one_of(struct netsim_parser *p, const char *key, const char *v,
                   const struct netsim_word *words, uint8_t *out);

/* ---- [thread] ---- */

#define NETSIM_THREAD_KEYS 15
extern const struct netsim_key netsim_thread_keys[NETSIM_THREAD_KEYS];
void netsim_thread_begin(struct netsim_parser *p);
bool netsim_thread_end(struct netsim_parser *p);

#endif
