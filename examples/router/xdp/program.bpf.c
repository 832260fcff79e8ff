/* An XDP program around a decision tree that `tree.py` made from a proven model.
 *
 * It counts by default. It drops what the tree calls malicious only until the deadline in
 * `settings`, which the program in user space puts off again and again: when that one is gone,
 * dropping ends by itself and the network is open.
 *
 * The fields are those of fields.py, in that order; every read is checked against `data_end`.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tree.h"

enum { OTHER, BENIGN, MALICIOUS, DROPPED, COUNTERS };
enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58 };

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, COUNTERS);
    __type(key, __u32);
    __type(value, __u64);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64); /* drop until this time of the monotonic clock, ns; 0: count only */
} settings SEC(".maps");

static __always_inline void count(__u32 which)
{
    __u64 *value = bpf_map_lookup_elem(&counters, &which);
    if (value)
        *value += 1;
}

static __always_inline __u32 word(const __u8 *at)
{
    return (__u32)at[0] << 8 | at[1];
}

/* Bytes of the transport header, its fields filled in; 0 where it is cut short or unknown. */
static __always_inline __u32 transport(const __u8 *at, const __u8 *end, __u32 *field)
{
    __u32 protocol = field[EDGE_PROTOCOL];
    if (protocol == TCP && at + 20 <= end) {
        field[EDGE_TCP_HEADER] = (at[12] >> 4) * 4;
        field[EDGE_TCP_FLAGS] = at[13];
        field[EDGE_TCP_WINDOW] = word(at + 14);
        field[EDGE_TCP_ACKNOWLEDGES] = (at[8] | at[9] | at[10] | at[11]) != 0;
        field[EDGE_TCP_URGENT] = word(at + 18);
        return field[EDGE_TCP_HEADER];
    }
    if (protocol == UDP && at + 8 <= end)
        return 8;
    if ((protocol == ICMP || protocol == ICMP6) && at + 8 <= end) {
        field[EDGE_ICMP_TYPE] = at[0];
        field[EDGE_ICMP_CODE] = at[1];
        return 8;
    }
    return 0;
}

/* Fill in the fields; 0 where there is no whole IP header. */
static __always_inline int dissect(const __u8 *at, const __u8 *end, __u32 *field)
{
    __u32 kind, above = 0, later = 0;

    if (at + 14 > end)
        return 0;
    kind = word(at + 12);
    at += 14;
#pragma unroll
    for (int tag = 0; tag < 2; tag++) {
        if (kind == 0x8100 || kind == 0x88a8) {
            if (at + 4 > end)
                return 0;
            kind = word(at + 2);
            at += 4;
        }
    }
    if (kind == 0x0800) {
        if (at + 20 > end || at[0] >> 4 != 4)
            return 0;
        field[EDGE_VERSION] = 4;
        field[EDGE_HEADER] = (at[0] & 15) * 4;
        if (field[EDGE_HEADER] < 20 || at + field[EDGE_HEADER] > end)
            return 0;
        field[EDGE_LENGTH] = word(at + 2);
        field[EDGE_FRAGMENT] = (word(at + 6) & 0x3fff) != 0;
        later = word(at + 6) & 0x1fff;
        field[EDGE_PROTOCOL] = at[9];
    } else if (kind == 0x86dd) {
        if (at + 40 > end || at[0] >> 4 != 6)
            return 0;
        field[EDGE_VERSION] = 6;
        field[EDGE_HEADER] = 40;
        field[EDGE_LENGTH] = word(at + 4) + 40;
        field[EDGE_PROTOCOL] = at[6];
    } else {
        return 0;
    }
    if (!later)
        above = transport(at + field[EDGE_HEADER], end, field);
    above += field[EDGE_HEADER];
    field[EDGE_PAYLOAD] = field[EDGE_LENGTH] > above ? field[EDGE_LENGTH] - above : 0;
    return 1;
}

SEC("xdp")
int edge_router(struct xdp_md *packet)
{
    const __u8 *begin = (const __u8 *)(long)packet->data;
    const __u8 *end = (const __u8 *)(long)packet->data_end;
    __u32 field[EDGE_FIELDS] = {0}, only = 0;
    __u64 *until;

    if (!dissect(begin, end, field)) {
        count(OTHER);
        return XDP_PASS;
    }
    if (edge_tree(field) != EDGE_MALICIOUS) {
        count(BENIGN);
        return XDP_PASS;
    }
    count(MALICIOUS);
    until = bpf_map_lookup_elem(&settings, &only);
    if (!until || bpf_ktime_get_ns() >= *until)
        return XDP_PASS;
    count(DROPPED);
    return XDP_DROP;
}

char _license[] SEC("license") = "Apache-2.0";
