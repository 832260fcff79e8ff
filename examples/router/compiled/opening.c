/* Whether a flow's first packet opens it: opening.py in C. */
#include "flows.h"

#define SERVICES 1024

/* Null, FIN, Xmas and like probes. */
int is_odd(uint32_t flags) {
    return flags == 0 || flags == FIN || flags == (FIN | PSH | URG) || flags == (SYN | FIN) ||
           flags == (SYN | RST) || flags == URG;
}

int is_multicast(address a, uint32_t protocol) {
    if (protocol & IPV6_FLAG) return a.high >> 56 == 0xFF;
    return a.low >> 28 == 0xE || (a.low & 0xFF) == 0xFF;
}

/* Echo, timestamp, information, mask, node, extended echo. */
static int is_icmp_answer(uint32_t kind, uint32_t type) {
    if (kind == ICMP) return type == 0 || type == 14 || type == 16 || type == 18 || type == 43;
    return type == 129 || type == 140 || type == 161;
}

uint8_t opening_of(const packet *p, const uint8_t *data, size_t size) {
    const key *k = &p->key;
    uint32_t kind = k->protocol & 0xFFFF, flags = p->flags;
    int is_part = flags >= FRAGMENT;
    if (kind == TCP) {
        if ((flags & (SYN | ACK)) == (SYN | ACK) || (flags & (SYN | RST)) == RST) return INFERRED;
        if ((flags & (SYN | RST | ACK)) == SYN) return SEEN;
        return is_odd(flags & 0x3F) && !is_part ? SEEN : UNKNOWN;
    }
    if (kind == UDP) {
        if (p->at < size && is_dns_answer(data, size, (size_t)p->at))
            return is_multicast(k->destination, k->protocol) ? UNKNOWN : INFERRED;
        if (k->source_port < SERVICES && k->destination_port >= SERVICES) return UNKNOWN;
        return k->source_port || k->destination_port ? SEEN : UNKNOWN;
    }
    if (kind == ICMP || kind == ICMP6) {
        if (is_part && !(flags & 0xFFFF)) return UNKNOWN;
        return is_icmp_answer(kind, flags >> 8 & 0xFF) ? INFERRED : SEEN;
    }
    return UNKNOWN;
}

int is_opened_anew(const packet *p, const uint8_t *data, size_t size) {
    uint32_t kind = p->key.protocol & 0xFFFF;
    return kind != ICMP && kind != ICMP6 && opening_of(p, data, size) == SEEN;
}

int is_opened_by(uint8_t opening, const packet *p, const uint8_t *data, size_t size) {
    if (opening == SEEN) return 0;
    uint32_t kind = p->key.protocol & 0xFFFF;
    if (kind == UDP)
        return opening == INFERRED && p->flags < FRAGMENT && p->at + 2 < size &&
               !is_dns_answer(data, size, (size_t)p->at);
    if ((kind == ICMP || kind == ICMP6) && opening != INFERRED) return 0;
    return opening_of(p, data, size) == SEEN;
}
