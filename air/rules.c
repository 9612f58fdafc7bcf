/* Hook rules as text: VERDICT [NUMBER] WHAT [OPCODE] [from SIDE] [nth N] */
#include "air/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum what { WHAT_SMP, WHAT_ATT, WHAT_SIG, WHAT_ACL, WHAT_LL, WHAT_ADV, WHAT_CONNECT };

struct rule {
    struct rule *next;
    enum air_verdict verdict;
    uint32_t delay;
    enum what what;
    int opcode; /* -1: any */
    int from;   /* -1: either, else CENTRAL or PERIPHERAL */
    unsigned long nth, seen;
    bool set;
    size_t offset, count;
    uint8_t bytes[64];
};

struct air_rules {
    struct rule *first;
};

struct air_rules *air_rules_new(void)
{
    struct air_rules *rules = calloc(1, sizeof *rules);
    ASSERT(rules);
    return rules;
}

void air_rules_free(struct air_rules *rules)
{
    while (rules && rules->first) {
        struct rule *rule = rules->first;
        rules->first = rule->next;
        free(rule);
    }
    free(rules);
}

bool air_rules_any(const struct air_rules *rules)
{
    return rules->first;
}

const char *air_rules_help(void)
{
    return "A rule: drop|dup|reorder|cut|forge|delay MS  WHAT [OPCODE] [from central|peripheral] "
           "[nth N]\n"
           "        set WHAT OPCODE OFFSET HEX [from ...] [nth N]\n"
           "WHAT: smp att sig (L2CAP PDUs of that channel; OPCODE is their first octet),\n"
           "      acl (any data), ll (LL control PDUs), adv (reports), connect (CONNECT_IND).\n"
           "OFFSET counts from the OPCODE octet. Without nth, a rule applies every time.\n"
           "forge: what an attacker without the key does to an encrypted packet (MIC failure).\n"
           "Examples:  drop smp 0x0c nth 2    delay 31000 smp from central    set smp 0x01 4 07";
}

static bool number(const char *text, unsigned long max, unsigned long *value)
{
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    *value = strtoul(text, &end, 0);
    return !*end && *value <= max;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex(const char *text, struct rule *rule)
{
    size_t n = text ? strlen(text) : 0;
    if (!n || n % 2 || n / 2 > sizeof rule->bytes)
        return false;
    for (size_t i = 0; i < n; i += 2) {
        int hi = nibble(text[i]), lo = nibble(text[i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        rule->bytes[i / 2] = (uint8_t)(hi << 4 | lo);
    }
    rule->count = n / 2;
    return true;
}

static int word_of(const char *word, const char *const *words, int n)
{
    for (int i = 0; word && i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static const char *parse(char *text, struct rule *rule)
{
    static const char *const whats[] = {"smp", "att", "sig", "acl", "ll", "adv", "connect"};
    static const char *const sides[] = {"central", "peripheral"};
    static const char *const verdicts[] = {"drop",  "dup",   "reorder", "cut",
                                           "forge", "delay", "set"};
    static const enum air_verdict meaning[] = {AIR_DROP, AIR_DUPLICATE, AIR_REORDER, AIR_CUT,
                                               AIR_PASS, AIR_DELAY,     AIR_PASS};
    char *save = NULL;
    const char *word = strtok_r(text, " ", &save);
    unsigned long n;
    int i = word_of(word, verdicts, 7);
    if (i < 0)
        return "it must begin with drop, dup, reorder, cut, forge, delay or set";
    rule->verdict = meaning[i];
    rule->set = i == 6;
    rule->opcode = rule->from = -1;
    if (rule->verdict == AIR_DELAY) {
        if (!number(strtok_r(NULL, " ", &save), 3600000, &n))
            return "delay needs a number of milliseconds, up to an hour";
        rule->delay = (uint32_t)n;
    }
    int what = word_of(strtok_r(NULL, " ", &save), whats, 7);
    if (what < 0)
        return "say what it concerns: smp, att, sig, acl, ll, adv or connect";
    rule->what = (enum what)what;
    word = strtok_r(NULL, " ", &save);
    if (word && *word >= '0' && *word <= '9') {
        if (!number(word, 255, &n))
            return "the opcode is a number up to 0xff";
        rule->opcode = (int)n;
        word = strtok_r(NULL, " ", &save);
    }
    if (rule->set) {
        if (rule->opcode < 0 || !number(word, 1000, &n))
            return "set needs an opcode, an offset and octets in hexadecimal";
        rule->offset = n;
        if (!hex(strtok_r(NULL, " ", &save), rule))
            return "the octets to set are hexadecimal, two digits each, up to 64";
        word = strtok_r(NULL, " ", &save);
    }
    for (; word; word = strtok_r(NULL, " ", &save)) {
        if (strcmp(word, "from") == 0) {
            rule->from = word_of(strtok_r(NULL, " ", &save), sides, 2);
            if (rule->from < 0)
                return "from is followed by central or peripheral";
        } else if (strcmp(word, "nth") == 0) {
            if (!number(strtok_r(NULL, " ", &save), 1000000, &rule->nth) || !rule->nth)
                return "nth is followed by a number from 1";
        } else {
            return "after the opcode come only: from central|peripheral, nth N";
        }
    }
    return NULL;
}

bool air_rules_add(struct air_rules *rules, const char *text, char why[160])
{
    char copy[256];
    struct rule *rule = calloc(1, sizeof *rule);
    ASSERT(rule);
    snprintf(copy, sizeof copy, "%s", text);
    const char *wrong = strlen(text) < sizeof copy ? parse(copy, rule) : "it is too long";
    if (wrong) {
        snprintf(why, 160, "the rule \"%.50s\" is not understood: %s", text, wrong);
        free(rule);
        return false;
    }
    struct rule **end = &rules->first;
    while (*end)
        end = &(*end)->next;
    *end = rule;
    return true;
}

/* Where the PDU's own octets begin, or NULL: not what the rule is about. */
static uint8_t *subject(const struct rule *rule, const struct air_crossing *x)
{
    static const struct {
        enum air_kind kind;
        uint16_t cid; /* 0: any */
    } about[] = {
        [WHAT_SMP] = {AIR_ACL, 6},        [WHAT_ATT] = {AIR_ACL, 4}, [WHAT_SIG] = {AIR_ACL, 5},
        [WHAT_ACL] = {AIR_ACL, 0},        [WHAT_LL] = {AIR_LL, 0},   [WHAT_ADV] = {AIR_ADV, 0},
        [WHAT_CONNECT] = {AIR_CONNECT, 0}};
    uint16_t cid = about[rule->what].cid;
    if (x->kind != about[rule->what].kind)
        return NULL;
    if (cid && (!x->whole || x->len < 5 || get_le16(x->bytes + 2) != cid))
        return NULL;
    if (rule->from >= 0 && (x->kind == AIR_ADV || x->from_central != (rule->from == CENTRAL)))
        return NULL;
    uint8_t *at = x->bytes + (cid ? 4 : 0);
    if (rule->opcode >= 0 && (at >= x->bytes + x->len || *at != rule->opcode))
        return NULL;
    return at;
}

enum air_verdict air_rules_hook(void *ctx, struct air_crossing *x)
{
    struct air_rules *rules = ctx;
    for (struct rule *rule = rules->first; rule; rule = rule->next) {
        uint8_t *at = subject(rule, x);
        if (!at || (++rule->seen != rule->nth && rule->nth))
            continue;
        if (rule->set) { /* and on to the next rule */
            size_t room = x->len - (size_t)(at - x->bytes);
            for (size_t i = 0; i < rule->count && rule->offset + i < room; i++)
                at[rule->offset + i] = rule->bytes[i];
            continue;
        }
        x->mic_bad = rule->verdict == AIR_PASS;
        x->delay_ms = rule->delay;
        return rule->verdict;
    }
    return AIR_PASS;
}
