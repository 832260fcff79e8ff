/* The frames that are common, and files and rings of them: packets/ in C.
 *
 * What is rare (ARP, IGMP, ICMP errors, other links, any damage) is handed to Python, whose readers
 * count and name it: `SLOW`.
 */
#include "flows.h"

#include <string.h>

#define ETHERNET 1
#define RAW_IP 101
#define MOST_VLANS 4
#define MOST_EXTENSIONS 8
#define MOST_BYTES_A_FRAME 262144
#define RING_HEADER 32

/* What a frame is for the table. */
enum { SLOW, PLAIN, FIRST, LATER };

/* Why the walk over a file's records halts. */
enum { MORE, BATCH, RARE, DAMAGED };

static uint32_t word(const uint8_t *p) {
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t big(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint64_t half(const uint8_t *p) {
    return (uint64_t)big(p) << 32 | big(p + 4);
}

/* Errors about flows, and the link's own questions. */
static int is_rare_icmp(uint32_t kind, uint32_t type) {
    if (kind == ICMP) return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    return (type >= 1 && type <= 4) || (type >= 130 && type <= 137) || type == 143;
}

static int transport(const uint8_t *d, size_t size, size_t at, size_t length, packet *p) {
    uint32_t kind = p->key.protocol & 0xFFFF;
    p->key.source_port = p->key.destination_port = 0;
    p->flags = 0;
    p->size = length;
    p->at = at;
    if (kind == TCP || kind == UDP) {
        if (size < at + 14 && (kind == TCP || size < at + 8)) return 0;
        p->key.source_port = (uint16_t)word(d + at);
        p->key.destination_port = (uint16_t)word(d + at + 2);
        size_t header = kind == TCP ? (size_t)(d[at + 12] >> 4) << 2 : 8;
        if (length < (kind == TCP ? 20 : 8) || header < 8 || header > length) return 0;
        if (kind == TCP && header < 20) return 0;
        if (kind == TCP) p->flags = d[at + 13];
        else if (word(d + at + 4) > 0 && word(d + at + 4) < 8) return 0;
        p->size = length - header;
        p->at = at + header;
    } else if (kind == ICMP || kind == ICMP6) {
        if (size < at + 4 || length < 4 || is_rare_icmp(kind, d[at])) return 0;
        p->flags = word(d + at);
        p->size = length > 8 ? length - 8 : 0;
        p->at = at + 8;
    } else if (kind == IGMP) {
        return 0;
    }
    return 1;
}

/* A fragment with the transport header, or a later one, whose ports the first one told. */
static int part(const uint8_t *d, size_t size, size_t at, size_t length, int is_later,
                uint32_t identification, packet *p) {
    p->identification = identification;
    if (!is_later) {
        if (!transport(d, size, at, length, p)) return SLOW;
        p->flags |= FRAGMENT;
        return p->key.source_port || p->key.destination_port ? FIRST : PLAIN;
    }
    p->flags = FRAGMENT;
    if ((p->key.protocol & 0xFFFF) == IGMP) return SLOW;
    p->size = length;
    p->at = at;
    return LATER;
}

static int ipv4(const uint8_t *d, size_t size, size_t at, packet *p) {
    if (size < at + 20 || d[at] >> 4 != 4) return 0;
    size_t header = (size_t)(d[at] & 15) << 2, total = word(d + at + 2);
    if (header < 20 || (total && total < header)) return 0;
    if (!total) total = size - at > header ? size - at : header; /* left to the network card */
    p->key.protocol = d[at + 9];
    p->key.source = (address){0, big(d + at + 12)};
    p->key.destination = (address){0, big(d + at + 16)};
    uint32_t fragment = word(d + at + 6), identification = word(d + at + 4);
    at += header;
    if (!(fragment & 0x3FFF)) return transport(d, size, at, total - header, p);
    return part(d, size, at, total - header, fragment & 0x1FFF, identification, p);
}

static int is_extension(uint32_t kind) {
    return kind == 0 || kind == 43 || kind == 44 || kind == 51 || kind == 60 || kind == 135 ||
           kind == 139 || kind == 140;
}

static size_t extension_bytes(const uint8_t *d, uint32_t kind) {
    if (kind == 44) return 8;
    return kind == 51 ? (d[1] + 2u) * 4 : (d[1] + 1u) * 8;
}

static int ipv6(const uint8_t *d, size_t size, size_t at, packet *p) {
    if (size < at + 40 || d[at] >> 4 != 6) return SLOW;
    uint32_t following = d[at + 6];
    size_t length = word(d + at + 4);
    p->key.source = (address){half(d + at + 8), half(d + at + 16)};
    p->key.destination = (address){half(d + at + 24), half(d + at + 32)};
    at += 40;
    if (!length) length = size - at;
    for (int n = 0; n < MOST_EXTENSIONS; n++) {
        p->key.protocol = following | IPV6_FLAG;
        if (!is_extension(following)) return transport(d, size, at, length, p);
        if (size < at + 8) return SLOW;
        size_t step = extension_bytes(d + at, following);
        if (step > length) return SLOW;
        uint32_t offset = word(d + at + 2), identification = big(d + at + 4);
        int is_fragment = following == 44 && offset & 0xFFF9; /* atomic ones are none */
        following = d[at];
        at += step;
        length -= step;
        p->key.protocol = following | IPV6_FLAG;
        if (is_fragment) return part(d, size, at, length, offset & 0xFFF8, identification, p);
    }
    return SLOW;
}

static int is_vlan(uint32_t type) {
    return type == 0x8100 || type == 0x88A8 || type == 0x9100 || type == 0x9200;
}

static int dissect(uint32_t linktype, const uint8_t *d, size_t size, packet *p) {
    if (linktype == RAW_IP) {
        if (!size) return SLOW;
        return d[0] >> 4 == 4 ? ipv4(d, size, 0, p) : ipv6(d, size, 0, p);
    }
    if (linktype != ETHERNET || size < 14) return SLOW;
    size_t at = 14;
    uint32_t type = word(d + 12);
    for (int n = 0; n < MOST_VLANS && is_vlan(type); n++) {
        if (size < at + 4) return SLOW;
        type = word(d + at + 2);
        at += 4;
    }
    if (type == 0x0800) return ipv4(d, size, at, p);
    return type == 0x86DD ? ipv6(d, size, at, p) : SLOW;
}

static void take(table *t, int64_t time, packet *p, const uint8_t *d, size_t size, int how) {
    if (how == FIRST) fragments_first(t, &p->key, p->identification);
    if (how == LATER) fragments_ports(t, &p->key, p->identification);
    add_packet(t, time, p, d, size);
}

/* What Python dissected, after `flows_advance`; `how` says whether it is a fragment. */
EXPORT void flows_packet(table *t, int64_t time, const packet *p, const uint8_t *d, size_t size,
                         int how) {
    packet own = *p;
    take(t, time, &own, d, size, how);
}

enum { NOT_TAKEN, TAKEN, ENDS_MORE };

/* A frame, once the flows that it ends are over: no more than `most` of them at once. */
static int frame(table *t, int64_t time, uint32_t link, const uint8_t *d, size_t size,
                 uint32_t most) {
    packet p;
    int how = time < 0 || time > LAST_NS ? SLOW : dissect(link, d, size, &p);
    if (how == SLOW) return NOT_TAKEN;
    if (!flows_end_before(t, time, most)) return ENDS_MORE;
    t->counted.packets++;
    move_clock(t, time);
    take(t, time, &p, d, size, how);
    return TAKEN;
}

/* Whether a frame was taken; Python takes it otherwise. */
EXPORT int flows_frame(table *t, int64_t time, uint32_t link, const uint8_t *d, size_t size) {
    return frame(t, time, link, d, size, UINT32_MAX) == TAKEN;
}

static uint32_t own(const uint8_t *p) { /* in this machine's order of bytes, as the kernel writes */
    uint32_t found;
    memcpy(&found, p, sizeof found);
    return found;
}

/* The packets of a ring's block from `*at` on, as live/ring.py has them; `*left` is how many there
 * are. Both are left at the first one that was not taken, as one is that ends more than `most` flows.
 */
EXPORT int flows_block(table *t, const uint8_t *block, size_t size, uint64_t *at, uint32_t *left,
                       uint32_t link, uint64_t batch, uint32_t most) {
    while (*left) {
        if (t->due_number >= batch) return BATCH;
        if (*at > size - RING_HEADER) return DAMAGED;
        const uint8_t *head = block + *at;
        uint16_t mac;
        memcpy(&mac, head + 24, sizeof mac);
        size_t captured = own(head + 12), begin = *at + mac;
        if (begin > size) begin = size;
        if (captured > size - begin) captured = size - begin;
        int64_t time = own(head + 4) * SECOND + own(head + 8);
        int taken = frame(t, time, link, block + begin, captured, most);
        if (taken != TAKEN) return taken == ENDS_MORE ? BATCH : RARE;
        uint32_t step = own(head);
        *left = step ? *left - 1 : 0;
        *at += step;
    }
    return MORE;
}

/* The records of a pcap file from `*at` on; `*at` is left at the first one that was not taken. */
EXPORT int flows_pcap(table *t, const uint8_t *data, size_t size, uint64_t *at, int is_big,
                      int64_t unit, uint32_t link, uint64_t batch) {
    uint32_t (*number)(const uint8_t *) = is_big ? big : little;
    while (t->due_number < batch) {
        if (size - *at < 16) return MORE;
        const uint8_t *record = data + *at;
        size_t captured = number(record + 8);
        if (captured > MOST_BYTES_A_FRAME) return DAMAGED;
        if (size - *at - 16 < captured) return MORE;
        int64_t time = number(record) * SECOND + number(record + 4) * unit;
        if (!flows_frame(t, time, link, record + 16, captured)) return RARE;
        *at += 16 + captured;
    }
    return BATCH;
}
