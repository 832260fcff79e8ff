/* Packets in, rows out: flows/table.py and flows/flow.py in C. */
#include "flows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_ROW 8
#define ROW_FACTOR 8
#define DETAILED 32
#define LINGER_NS (3 * SECOND)
#define MIDWAY_NS (10 * SECOND)
#define DATAGRAMS_NS (15 * SECOND)
#define EXCHANGE_NS (60 * SECOND)
#define CONNECTION_NS (120 * SECOND)
#define PAUSE_NS (60 * SECOND)

/* Seconds of the clock that `asked` is told by; Python knows how far its own is ahead. */
EXPORT double flows_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

EXPORT int flows_abi(void) {
    return ABI;
}

EXPORT void flows_free(table *t) {
    if (!t) return;
    free(t->block);
    free(t);
}

/* One packet may end every flow: so many rows beside a batch. */
static size_t lay_out(table *t, uint8_t *block, uint32_t hosts, uint32_t batch) {
    size_t rows = (size_t)t->capacity + batch + 2, at = 0, size = 16;
    while (size < 2 * (size_t)t->capacity) size <<= 1;
    t->mask = (uint32_t)size - 1;
    t->flows = part_of(block, &at, (size_t)t->capacity + 1, sizeof *t->flows);
    t->buckets = part_of(block, &at, size, sizeof *t->buckets);
    t->spare = part_of(block, &at, t->capacity, sizeof *t->spare);
    t->ending = part_of(block, &at, t->capacity, sizeof *t->ending);
    t->dues = part_of(block, &at, rows, sizeof *t->dues);
    t->rows = part_of(block, &at, rows, COLUMNS * sizeof *t->rows);
    hosts_lay_out(&t->sources, block, &at, sizeof(source), hosts, t->capacity, t->seed ^ 1);
    hosts_lay_out(&t->targets, block, &at, sizeof(target), hosts, t->capacity, t->seed ^ 2);
    return at;
}

/* A table, or NULL where there is no memory for it. One block of zeros, because an allocator takes
 * one so large from the kernel as it is touched, and does not fill it.
 */
EXPORT table *flows_make(uint32_t capacity, uint32_t hosts, uint64_t seed, uint32_t batch) {
    table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->capacity = capacity;
    t->seed = seed;
    t->covered = -PAUSE_NS; /* the first frame comes after a pause */
    t->block = calloc(1, lay_out(t, NULL, hosts, batch));
    if (!t->block) {
        free(t);
        return NULL;
    }
    lay_out(t, t->block, hosts, batch);
    return t;
}

static uint32_t *bucket_of(table *t, const key *k) {
    uint64_t ports = (uint64_t)k->source_port << 16 | k->destination_port;
    uint64_t h = mixed(t->seed, k->source, ports);
    return &t->buckets[mixed(h, k->destination, k->protocol) & t->mask];
}

static int is_same(const key *a, const key *b) {
    return a->source.low == b->source.low && a->destination.low == b->destination.low &&
           a->source_port == b->source_port && a->destination_port == b->destination_port &&
           a->protocol == b->protocol && a->source.high == b->source.high &&
           a->destination.high == b->destination.high;
}

static uint32_t find(table *t, const key *k) {
    uint32_t place = *bucket_of(t, k);
    while (place != NONE && !is_same(&t->flows[place].key, k)) place = t->flows[place].next;
    return place;
}

static void append(table *t, uint32_t place) {
    t->flows[place].before = t->newest;
    t->flows[place].after = NONE;
    if (t->newest == NONE) t->oldest = place;
    else t->flows[t->newest].after = place;
    t->newest = place;
}

static void take_out(table *t, uint32_t place) {
    const flow *f = &t->flows[place];
    if (f->before == NONE) t->oldest = f->after;
    else t->flows[f->before].after = f->after;
    if (f->after == NONE) t->newest = f->before;
    else t->flows[f->after].before = f->before;
}

static void give_row(table *t, flow *f, int ended) {
    uint64_t n = t->due_number++;
    t->counted.rows++;
    write_row(t, f, t->rows + n * COLUMNS);
    t->dues[n] = 
        (due){f->key, f->serial, f->first, f->last, f->seen, flows_now(), ended, f->opening};
}

static void end_flow(table *t, uint32_t place) {
    flow *f = &t->flows[place];
    uint32_t *link = bucket_of(t, &f->key);
    while (*link != place) link = &t->flows[*link].next;
    *link = f->next;
    take_out(t, place);
    give_row(t, f, 1);
    hosts_let_go(&t->sources, f->source);
    hosts_let_go(&t->targets, f->target);
    t->spare[t->spares++] = place;
    t->number--;
}

/* Whether flows are left after so many. */
EXPORT int flows_end(table *t, uint32_t most) {
    for (; most && t->oldest != NONE; most--) end_flow(t, t->oldest);
    return t->oldest != NONE;
}

/* Ends flows on the whole seconds up to `now`, `most` of them; whether that was all. The rest is for
 * the next call, before which no packet is taken.
 */
static int sweep(table *t, int64_t now, uint32_t most) {
    while (t->sweep <= now && t->number) {
        int64_t at = t->clock = t->sweep;
        uint32_t ending = 0;
        for (uint32_t place = t->oldest; place != NONE && ending < most;
             place = t->flows[place].after)
            if (at - t->flows[place].seen > t->flows[place].limit) t->ending[ending++] = place;
        for (uint32_t n = 0; n < ending; n++) end_flow(t, t->ending[n]);
        if (ending == most) return 0;
        most -= ending;
        t->sweep = at + SECOND;
    }
    return 1;
}

/* The table's clock moves on to a frame's time: it never goes back, and never beyond LAST_NS. */
void move_clock(table *t, int64_t time) {
    int64_t now = time + t->offset;
    if (now < t->clock || now > LAST_NS) {
        if (t->clock - now > SECOND || now > LAST_NS) {
            t->counted.clock_steps++;
            t->offset += t->clock - now;
        }
        now = t->clock;
    }
    int64_t gap = now - (t->is_before ? t->before : t->clock);
    t->is_before = 0;
    t->covered += gap < PAUSE_NS ? gap : PAUSE_NS;
    if (now >= t->sweep) {
        sweep(t, now, UINT32_MAX);
        if (!t->number) t->sweep = (now / SECOND + 1) * SECOND;
    }
    t->clock = now;
}

EXPORT void flows_advance(table *t, int64_t time) {
    move_clock(t, time);
}

/* What the next frame, of this time, would end, `most` flows of it; whether that was all. */
EXPORT int flows_tick(table *t, int64_t time, uint32_t most) {
    int64_t now = time + t->offset;
    if (now < t->clock || now > LAST_NS || now < t->sweep || !t->sweep) return 1;
    return sweep(t, now, most);
}

/* The same, where the frame is at hand and counts for the time that was covered. */
EXPORT int flows_end_before(table *t, int64_t time, uint32_t most) {
    int64_t clock = t->clock;
    int is_all = flows_tick(t, time, most);
    if (t->clock != clock && !t->is_before) {
        t->is_before = 1;
        t->before = clock;
    }
    return is_all;
}

static void make_room(table *t) {
    uint32_t wanted = t->capacity / 64 ? t->capacity / 64 : 1;
    while (wanted) {
        uint32_t number = 0, most = 2 * wanted;
        for (uint32_t p = t->oldest; p != NONE && number < most; p = t->flows[p].after)
            t->ending[number++] = p;
        for (uint32_t n = 0; n < number; n++) {
            flow *f = &t->flows[t->ending[n]];
            if (f->packets > f->looked) {
                f->looked = f->packets;
                take_out(t, t->ending[n]);
                append(t, t->ending[n]);
            } else if (wanted) {
                wanted--;
                t->counted.evicted++;
                end_flow(t, t->ending[n]);
            }
        }
    }
}

static key reversed(const key *k) {
    return (key){k->destination, k->source, k->protocol, k->destination_port, k->source_port};
}

static flow *open_flow(table *t, const packet *p, int64_t time, const uint8_t *data, size_t size,
                       int *up) {
    uint8_t opening = opening_of(p, data, size);
    uint32_t flags = p->flags;
    *up = opening != INFERRED;
    key k = *up ? p->key : reversed(&p->key);
    int is_tcp = (k.protocol & 0xFFFF) == TCP;
    uint32_t space = k.protocol & IPV6_FLAG ? SPACE_IPV6 : 0;
    if (t->number >= t->capacity) make_room(t);
    uint32_t place = t->spares ? t->spare[--t->spares] : ++t->used, *bucket = bucket_of(t, &k);
    flow *f = &t->flows[place];
    memset(f, 0, sizeof *f);
    f->key = k;
    f->kind = (uint8_t)k.protocol;
    f->opened = f->seen = t->clock;
    f->first = f->last = time;
    f->opening = opening;
    f->serial = t->serial++;
    f->next_row = FIRST_ROW;
    f->looked = 1;
    f->limit = is_tcp ? MIDWAY_NS : DATAGRAMS_NS;
    f->is_multicast = (uint8_t)is_multicast(k.destination, k.protocol);
    f->target = hosts_get(&t->targets, k.destination, space, t->clock);
    f->source = hosts_get(&t->sources, k.source, *up ? space : space | SPACE_APART, t->clock);
    f->next = *bucket;
    *bucket = place;
    append(t, place);
    t->counted.flows++;
    if (++t->number > t->counted.most_flows) t->counted.most_flows = t->number;
    if (is_tcp && (flags & 0x17) == SYN) {
        f->limit = LINGER_NS;
        target_handshake(target_of(&t->targets, f->target), t->clock, 1);
        f->is_handshake = 1;
    } else if (is_tcp && is_odd(flags & 0x3F) && (k.source_port || k.destination_port)) {
        f->is_odd = 1;
        f->limit = LINGER_NS;
    }
    source *s = source_of(&t->sources, f->source);
    source_opened(s, t->clock, k.destination, k.destination_port, f->is_multicast);
    return f;
}

static void refuse(table *t, flow *f) {
    if (f->is_refused) return;
    f->is_refused = 1;
    source_roll(source_of(&t->sources, f->source), t->clock)->refused++;
}

static void answer(table *t, flow *f, uint32_t flags) {
    if (f->kind == TCP) {
        if (flags & RST) {
            refuse(t, f);
            return;
        }
        f->limit = CONNECTION_NS;
        if (f->is_handshake)
            target_handshake(target_of(&t->targets, f->target), t->clock, -1);
    } else {
        f->limit = EXCHANGE_NS;
    }
    f->is_answered = 1;
    if (!f->is_multicast)
        source_roll(source_of(&t->sources, f->source), t->clock)->answered++;
}

static void connection(flow *f, int up, uint32_t flags) {
    if (flags & SYN) {
        f->syns++;
        if (up && !(flags & (ACK | RST))) f->opening = SEEN;
    }
    if (flags & RST) {
        if (up) f->resets_up++;
        else f->resets_down++;
        f->limit = LINGER_NS;
    } else if (flags & FIN) {
        f->fins |= up ? 1 : 2;
        if (f->fins == 3) f->limit = LINGER_NS;
    }
}

static void detail(table *t, flow *f, int up, const packet *p, const uint8_t *data, size_t size) {
    if (p->flags >= FRAGMENT) f->fragments++;
    if (up) f->sizes |= UINT64_C(1) << (p->size & 63);
    if (!p->size) return;
    uint64_t *largest = up ? &f->largest_up : &f->largest_down;
    if (up) f->payloads_up++;
    else f->payloads_down++;
    if (p->size > *largest) *largest = p->size;
    if (p->at < size) look_at_payload(t, f, up, data, size, (size_t)p->at);
}

void add_packet(table *t, int64_t time, const packet *p, const uint8_t *data, size_t size) {
    int up = 1;
    uint32_t flags = p->flags, place = find(t, &p->key);
    if (place == NONE) {
        key back = reversed(&p->key);
        place = find(t, &back);
        up = 0;
    }
    flow *f = place == NONE ? NULL : &t->flows[place];
    int is_reopened = f && f->kind == TCP && (flags & 0x17) == SYN && f->limit == LINGER_NS &&
                      (f->resets_up + f->resets_down || f->fins == 3);
    if (f && !up && is_opened_by(f->opening, p, data, size)) is_reopened = 1;
    if (f && up && f->opening == INFERRED && is_opened_anew(p, data, size)) is_reopened = 1;
    if (is_reopened) end_flow(t, place);
    if (!f || is_reopened) f = open_flow(t, p, time, data, size, &up);
    f->seen = t->clock;
    f->last = time;
    uint64_t number = ++f->packets;
    if (up) {
        f->up++;
        f->bytes_up += p->size;
    } else {
        f->down++;
        f->bytes_down += p->size;
        if (!f->is_answered) answer(t, f, flags);
    }
    if (f->kind == TCP && flags & 7) connection(f, up, flags);
    if (number <= DETAILED) detail(t, f, up, p, data, size);
    if (number == f->next_row) {
        f->next_row *= ROW_FACTOR;
        give_row(t, f, 0);
    }
}

/* An ICMP error came for a flow: it counts where nobody has answered. */
EXPORT void flows_refused(table *t, const key *k) {
    uint32_t place = find(t, k);
    if (place != NONE && !t->flows[place].is_answered) refuse(t, &t->flows[place]);
}

/* An ARP request: its sender looks for a host. */
EXPORT void flows_asked(table *t, uint32_t from, uint32_t to) {
    uint32_t place = hosts_get(&t->sources, (address){0, from}, 0, t->clock);
    source_opened(source_of(&t->sources, place), t->clock, (address){0, to}, 0, 1);
    hosts_let_go(&t->sources, place);
}

EXPORT void flows_sum_up(table *t) {
    t->hosts_evicted = t->sources.evicted + t->targets.evicted;
    t->flows_now = t->number;
}
