/*
 * troth explain: what a capture tells of pairing and encryption, link by link, chapter by chapter.
 * explain_tale.c follows the facts, explain_story.c puts a chapter into words, and the text, JSON
 * and HTML print both. No key is ever in here.
 */
#ifndef TROTH_TOOLS_EXPLAIN_H
#define TROTH_TOOLS_EXPLAIN_H

#include "common/capture.h"
#include "common/capture_links.h"
#include "common/out.h"
#include "common/words_failure.h"

#include <stdio.h>

struct smp_step;

enum tale_lane {
    TALE_FROM_HOST, /* a PDU of the captured host */
    TALE_FROM_PEER,
    TALE_BOTH,    /* several, folded into one */
    TALE_AT_HOST, /* between the captured host and its controller */
    TALE_NOTE,    /* of the link */
};

struct tale_step {
    int64_t us; /* since the capture's first record */
    uint64_t record;
    uint8_t lane; /* enum tale_lane */
    uint8_t tone; /* enum out_tone */
    const char *label;
    char detail[128];
};

enum chapter_kind {
    CHAPTER_PAIRING,
    CHAPTER_ENCRYPTION, /* with a stored key */
    CHAPTER_DEMAND,     /* a Security Request, or ATT's refusal, and nothing after it */
};

enum chapter_end {
    CHAPTER_OPEN,
    CHAPTER_SUCCEEDED,
    CHAPTER_REFUSED, /* Pairing Failed */
    CHAPTER_TIMED_OUT,
    CHAPTER_LINK_LOST,
    CHAPTER_NOT_ENCRYPTED,
    CHAPTER_UNANSWERED, /* a demand */
    CHAPTER_RESTARTED,  /* another Pairing Request took its place */
    CHAPTER_CUT,        /* the capture ends here */
};

struct chapter {
    uint8_t kind, end; /* enum chapter_kind, enum chapter_end */
    bool headless;     /* its beginning is not in the capture */
    bool asked;        /* a Security Request began it */
    bool key_rejected; /* after its success */
    bool legacy_key;   /* CHAPTER_ENCRYPTION */
    bool no_key_here;  /* the captured host answered that it has no key */
    bool out_of_turn, malformed, debug_key;
    bool early; /* a key overtook the Encryption Change */
    bool know_by;
    uint8_t by; /* enum troth_side: who refused, owed the next message or disconnected */
    uint8_t reason, hci;
    uint8_t auth_req; /* of the Security Request */
    uint8_t att_error;
    bool crossed[2];
    struct troth_features features[2]; /* by enum troth_side */
    bool combined;
    struct pairing_account account; /* once combined */
    uint8_t key_size, dist[2], gave[2];
    bool know_identity[2];
    struct capture_address identity[2];
    bool encrypting, encrypted;
    unsigned round;            /* complete ones */
    const struct smp_step *at; /* in the message chart; NULL: no chart is known */
    const char *step;          /* where it ended */
    int64_t begin, last, over; /* microseconds since the first record */
    struct tale_step *steps;
    unsigned count, cap, dropped;
};

struct tale_link {
    uint64_t number; /* from 1, in the order they began */
    struct capture_link link;
    int64_t begin, over;
    bool closed, reset, hidden;
    bool host_ended; /* it asked for the disconnection */
    uint8_t reason;  /* of its disconnection; 0: it is up at the capture's end */
    uint8_t att_error;
    bool att_by_host;
    int64_t att_us;
    uint64_t att_record;
    struct chapter *chapters;
    unsigned count, cap;
};

struct tale {
    const char *path; /* as people may see it */
    uint32_t datalink;
    const char *datalink_words;
    uint64_t records, bytes_missing;
    int64_t first_us, last_us; /* since 1970 */
    bool complete;
    bool damaged;     /* not just cut off */
    char notice[200]; /* why it is not */
    uint64_t links_seen, skipped, dropped_links;
    bool dropped_failed;      /* one of them failed */
    struct tale_link **links; /* those with something to tell */
    unsigned count, cap;
    bool memory_gone;
};

/* False: no memory. The file's faults are notes of the tale. */
bool tale_read(struct tale *t, struct capture *c);
void tale_free(struct tale *t);
/* Whether anything on this link failed or stayed without an outcome. */
bool tale_failed(const struct tale_link *l);

/* By enum troth_side: the captured host's side, if that is known. */
bool tale_host_side(const struct tale_link *l, enum troth_side *side);

/* ---- in words ---- */

#define STORY_TEXT 1400

struct story {
    char title[120];
    char happened[STORY_TEXT]; /* sentences */
    char why[PAIRING_TEXT];    /* this association model; empty: not known */
    char cause[PAIRING_TEXT];
    char cure[PAIRING_TEXT];
    const char *model; /* in words; NULL: not known */
};

void story_of(const struct tale_link *l, const struct chapter *c, struct story *s);
const char *chapter_end_name(uint8_t end);
const char *chapter_kind_name(uint8_t kind);
/* "02:70:A1:00:00:01 (random)"; "an address the capture does not have". */
char *address_words(const struct capture_address *a, char text[48]);
const char *address_type_name(uint8_t type);
/* "KeyboardDisplay, OOB 0, bonding, MITM, SC, 16 octets, ..." */
char *features_words(const struct troth_features *f, char text[128]);
char *keys_words(uint8_t dist, char text[32]);
/* "2026-11-21 06:04:32 UTC" */
char *time_words(int64_t us, char text[32]);
/* The name of a lane's end: "initiator (this host)", or "this host" while nobody knows. */
char *side_words(const struct tale_link *l, bool host, char text[40]);
/* Left and right of the ladder: whether the host stands left. */
bool host_is_left(const struct tale_link *l);

/* ---- on paper ---- */

void explain_text(const struct tale *t);
void explain_json(const struct tale *t, FILE *to);
/* False: it cannot be written; errno says why. */
bool explain_html(const struct tale *t, FILE *to);
extern const char *const explain_style[]; /* its style sheet; ends with NULL */

#endif
