/*
 * A provisioning session on a network and a store that do as they are told. Everything that comes
 * out (calls to the network, to the store, events), in its order, is one line of words.
 */
#ifndef TROTH_TESTS_PROV_BENCH_H
#define TROTH_TESTS_PROV_BENCH_H

#include <troth/net_sim.h>
#include <troth/prov.h>

extern struct troth_prov prov;
extern struct troth_prov_config config; /* for the next power_on */
extern char out[4096];
extern troth_ms now;

/* What came out since the last look, whole. */
#define expect(words) expect_at(__LINE__, words)
void expect_at(int line, const char *words);

/* The network: what it was asked, how it answers the call itself, and what it says later. */
extern uint32_t joining, left, scanned, asked; /* identity of the last of each */
extern struct troth_credentials tried;
extern int join_result, leave_result, scan_result;
extern const struct troth_net_report *at_once; /* reported within the join call */
extern struct troth_net_sink sink;
extern const struct troth_net_ops net_ops;
void net_says(enum troth_net_report_type type, uint32_t id, enum troth_net_reason reason);
void join_ok(void);
void join_no(enum troth_net_reason reason);
void net_lost(void);

/* The store: in_store is what a power cut leaves. */
extern uint32_t store_serial;
extern struct troth_credentials in_store, to_store;
extern bool store_at_once;
void stored(bool ok);

extern void (*on_event)(const struct troth_prov_event *e);

int fresh(void **state); /* before each test */
void power_on(void);
void joined_to_old(void); /* a device joined to "old", its credentials in the store */
void stage(troth_link writer, const char *ssid, uint8_t security, const char *password);
void connect_to(troth_link writer, const char *ssid); /* password "open sesame" */
void pass(uint32_t ms);                               /* time, ticked at each deadline */

struct troth_prov_status status(void);
void assert_ssid(struct troth_ssid ssid, const char *text);
bool remembers(const void *memory, size_t size, const char *secret);

#endif
