/* The flow table in C: what flows/ and features/ compute, to the bit.
 *
 * The Python is the specification; tests hold both to the same rows on everything that is at hand.
 * All memory is taken when a table is made, so that nothing can fail or grow later. What is rare
 * (ARP, ICMP errors, damage, links other than Ethernet and raw IP) is left to the Python: dissect.c.
 */
#ifndef ROUTER_FLOWS_H
#define ROUTER_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

#define ABI 6
#define COLUMNS 58
#define NONE 0u /* a place; the first one is 1, so that memory of zeros is an empty table */
#define SECOND INT64_C(1000000000)
#define LAST_NS (INT64_C(1) << 62)

#define IPV6_FLAG 0x10000u
#define FRAGMENT 0x10000u

enum { ICMP = 1, IGMP = 2, TCP = 6, UDP = 17, ICMP6 = 58 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };
enum { SEEN, INFERRED, UNKNOWN };

typedef struct { uint64_t high, low; } address;

typedef struct {
    address source, destination;
    uint32_t protocol; /* with IPV6_FLAG */
    uint16_t source_port, destination_port;
} key;

/* A packet as packets/transport.py has it. */
typedef struct {
    key key;
    uint32_t flags, identification; /* of a fragment */
    uint64_t size; /* bytes of payload on the wire */
    uint64_t at;   /* where it begins in the captured bytes */
} packet;

/* 512 bits: different peers, by linear counting. */
typedef struct { uint64_t words[8]; } bitmap;

typedef struct {
    uint64_t flows, answered, refused, queries, failed;
    bitmap hosts, services, ports, names;
} period;

/* Addresses of one family, and apart those that were inferred: host_of and APART in Python. */
enum { SPACE_IPV6 = 1, SPACE_APART = 2 };

/* A host stays while it is listed or a flow holds it. */
typedef struct {
    address address;
    int64_t seen, number;
    uint64_t born;
    period *past;
    uint32_t holders, next, space, apart;
} host;

/* Periods that are over are apart, in three arrays, `host.past` in the first and the others `apart`
 * places from it: a host that was just seen has none, and most have one that serves as all three.
 */
typedef struct {
    host host;
    period now;
    const period *before, *longer, *longer_before; /* &nothing where there is none */
} source;

typedef struct {
    host host;
    int64_t now, before;
} target;

typedef struct {
    int64_t seen;
    uint64_t born;
    uint32_t place;
} quiet;

/* The ports of the last first fragments: fragments.py in C. */
#define MOST_FRAGMENTS 1024
typedef struct {
    address source, destination;
    uint32_t protocol, identification, next;
    uint16_t source_port, destination_port;
} fragment;

typedef struct {
    fragment kept[MOST_FRAGMENTS + 1];
    uint32_t buckets[2 * MOST_FRAGMENTS];
    uint32_t number, oldest;
} fragments;

/* Hosts of one kind, `item` bytes each, each beginning with its `host`. */
typedef struct {
    uint8_t *items;
    period *pasts;
    uint32_t *buckets, *listed, *spare;
    quiet *order;
    size_t item;
    uint32_t capacity, places, number, used, spares, mask;
    uint64_t born, evicted, seed;
} hosts;

typedef struct { double text, distinct, code_target, meta_rest; } shape;

typedef struct {
    key key;
    int64_t opened, seen, first, last, limit;
    uint64_t serial;
    uint64_t packets, up, down, bytes_up, bytes_down, next_row, looked, sizes;
    uint64_t largest_up, largest_down, syns, resets_up, resets_down;
    uint32_t payloads_up, payloads_down, fragments;
    uint32_t dns_queries, dns_failed, dns_longest, dns_distinct;
    double dns_other;
    shape shape_up, shape_down;
    uint32_t source, target;           /* places among the hosts */
    uint32_t before, after, next;      /* in the order of age, and in the bucket */
    uint8_t kind, fins, is_answered, is_refused, is_handshake, is_odd, is_multicast;
    uint8_t opening;
} flow;

/* What Python learns of a flow whose row is due. */
typedef struct {
    key key;
    uint64_t serial;
    int64_t first, last, seen;
    double asked;
    int32_t ended, opening;
} due;

typedef struct {
    uint64_t packets, unread, link_control, errors, flows, rows, evicted, most_flows, clock_steps;
} counters;

typedef struct {
    counters counted; /* read and written by Python: it stays in front */
    uint64_t due_number, hosts_evicted, flows_now;
    int64_t covered;
    due *dues;
    double *rows;
    flow *flows;
    uint8_t *block;
    uint32_t *buckets, *spare, *ending;
    uint32_t capacity, number, used, spares, mask, oldest, newest;
    uint64_t seed, serial;
    int64_t clock, offset, sweep;
    int64_t before; /* the clock, when flows were ended that the next frame ends */
    int is_before;
    hosts sources, targets;
    fragments fragments;
} table;

/* hosts.c */
void *part_of(uint8_t *block, size_t *at, size_t number, size_t bytes);
void hosts_lay_out(hosts *h, uint8_t *block, size_t *at, size_t item, uint32_t capacity,
                   uint32_t holders, uint64_t seed);
uint32_t hosts_get(hosts *h, address wanted, uint32_t space, int64_t clock);
void hosts_let_go(hosts *h, uint32_t place);
extern const period nothing;
source *source_of(const hosts *h, uint32_t place);
target *target_of(const hosts *h, uint32_t place);
period *source_roll(source *s, int64_t clock);
void source_opened(source *s, int64_t clock, address to, uint16_t port, int is_answered);
void target_handshake(target *t, int64_t clock, int64_t number);
int64_t target_half_open(target *t, int64_t clock);
void bitmap_set(bitmap *b, uint64_t position);
uint64_t mixed(uint64_t seed, address a, uint64_t more);

/* fragments.c */
void fragments_first(table *t, const key *k, uint32_t identification);
void fragments_ports(table *t, key *k, uint32_t identification);

/* payload.c */
void look_at_payload(table *t, flow *f, int up, const uint8_t *data, size_t size, size_t at);
int is_dns_answer(const uint8_t *data, size_t size, size_t at);

/* opening.c */
int is_odd(uint32_t flags);
int is_multicast(address a, uint32_t protocol);
uint8_t opening_of(const packet *p, const uint8_t *data, size_t size);
int is_opened_anew(const packet *p, const uint8_t *data, size_t size);
int is_opened_by(uint8_t opening, const packet *p, const uint8_t *data, size_t size);

/* row.c */
void write_row(table *t, flow *f, double *row);

/* table.c */
void move_clock(table *t, int64_t time);
int flows_end_before(table *t, int64_t time, uint32_t most);
void add_packet(table *t, int64_t time, const packet *p, const uint8_t *data, size_t size);

#endif
