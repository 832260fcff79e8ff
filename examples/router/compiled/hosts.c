/* What a host did lately: hosts.py in C. */
#include "flows.h"

#include <stdlib.h>
#include <string.h>

#define SHORT_NS (20 * SECOND)
#define SHORTS_A_LONG 15
const period nothing;

#define MIX UINT64_C(0x9E3779B97F4A7C15)
#define MIX_PORT UINT64_C(0xC2B2AE3D27D4EB4F)

/* A seed that nobody outside knows keeps anybody from filling one bucket. */
uint64_t mixed(uint64_t seed, address a, uint64_t more) {
    uint64_t h = seed ^ a.low;
    h = (h ^ h >> 32) * MIX;
    h = (h ^ h >> 29 ^ a.high) * MIX_PORT;
    h = (h ^ h >> 32 ^ more) * MIX;
    return h ^ h >> 29;
}

void bitmap_set(bitmap *b, uint64_t position) {
    b->words[position >> 6] |= UINT64_C(1) << (position & 63);
}

static uint64_t bit_of(address a, uint64_t port) {
    return (a.low * MIX + port * MIX_PORT) >> 29 & 511;
}

static host *host_at(const hosts *h, uint32_t place) {
    return (host *)(void *)(h->items + h->item * place);
}

source *source_of(const hosts *h, uint32_t place) {
    return (source *)(void *)host_at(h, place);
}

target *target_of(const hosts *h, uint32_t place) {
    return (target *)(void *)host_at(h, place);
}

static uint32_t power_of_two(uint32_t least) {
    uint32_t found = 16;
    while (found < least) found <<= 1;
    return found;
}

/* The parts of one block of memory, from `*at` on; without a block only how large they are. */
void *part_of(uint8_t *block, size_t *at, size_t number, size_t bytes) {
    size_t start = *at;
    *at += (number * bytes + 63) / 64 * 64;
    return block ? block + start : NULL;
}

void hosts_lay_out(hosts *h, uint8_t *block, size_t *at, size_t item, uint32_t capacity,
                   uint32_t holders, uint64_t seed) {
    uint32_t places = capacity + holders + 2, size = power_of_two(2 * capacity);
    h->item = item;
    h->capacity = capacity;
    h->mask = size - 1;
    h->seed = seed;
    h->items = part_of(block, at, places, item);
    h->places = places;
    if (item == sizeof(source)) h->pasts = part_of(block, at, 3 * (size_t)places, sizeof(period));
    h->buckets = part_of(block, at, size, sizeof *h->buckets);
    h->listed = part_of(block, at, capacity, sizeof *h->listed);
    h->spare = part_of(block, at, places, sizeof *h->spare);
    h->order = part_of(block, at, capacity, sizeof *h->order);
}

void hosts_let_go(hosts *h, uint32_t place) {
    if (!--host_at(h, place)->holders) h->spare[h->spares++] = place;
}

static uint32_t *bucket_of(hosts *h, address a, uint32_t space) {
    return &h->buckets[mixed(h->seed, a, space) & h->mask];
}

static int by_quiet(const void *left, const void *right) {
    const quiet *a = left, *b = right;
    if (a->seen != b->seen) return a->seen < b->seen ? -1 : 1;
    return a->born < b->born ? -1 : a->born > b->born;
}

/* A sixteenth goes at once, the ones that were quiet for longest. */
static void make_room(hosts *h) {
    uint32_t going = h->capacity / 16 ? h->capacity / 16 : 1;
    quiet *order = h->order;
    for (uint32_t n = 0; n < h->number; n++) {
        const host *one = host_at(h, h->listed[n]);
        order[n] = (quiet){one->seen, one->born, h->listed[n]};
    }
    qsort(order, h->number, sizeof *order, by_quiet);
    for (uint32_t n = 0; n < going; n++) {
        uint32_t place = order[n].place;
        const host *one = host_at(h, place);
        uint32_t *link = bucket_of(h, one->address, one->space);
        while (*link != place) link = &host_at(h, *link)->next;
        *link = host_at(h, place)->next;
        hosts_let_go(h, place);
    }
    for (uint32_t n = going; n < h->number; n++) h->listed[n - going] = order[n].place;
    h->number -= going;
    h->evicted += going;
}

/* The place of an address's host, held once more; new where it is not known. */
uint32_t hosts_get(hosts *h, address wanted, uint32_t space, int64_t clock) {
    uint32_t place = *bucket_of(h, wanted, space);
    for (; place != NONE; place = host_at(h, place)->next) {
        host *one = host_at(h, place);
        if (one->address.low == wanted.low && one->address.high == wanted.high &&
            one->space == space) {
            one->seen = clock;
            one->holders++;
            return place;
        }
    }
    if (h->number >= h->capacity) make_room(h);
    uint32_t *bucket = bucket_of(h, wanted, space);
    place = h->spares ? h->spare[--h->spares] : ++h->used;
    host *one = host_at(h, place);
    memset(one, 0, h->item);
    *one = (host){wanted, clock, clock / SHORT_NS, h->born++, NULL, 2, *bucket, space, h->places};
    if (h->pasts) {
        source *s = source_of(h, place);
        one->past = &h->pasts[place];
        s->before = s->longer = s->longer_before = &nothing;
    }
    *bucket = place;
    h->listed[h->number++] = place;
    return place;
}

static void add_period(period *to, const period *from) {
    to->flows += from->flows;
    to->answered += from->answered;
    to->refused += from->refused;
    to->queries += from->queries;
    to->failed += from->failed;
    for (int n = 0; n < 8; n++) {
        to->hosts.words[n] |= from->hosts.words[n];
        to->services.words[n] |= from->services.words[n];
        to->ports.words[n] |= from->ports.words[n];
        to->names.words[n] |= from->names.words[n];
    }
}

static void move_on(source *s, int64_t number) {
    size_t apart = s->host.apart;
    period *before = s->host.past, *longer = before + apart, *longer_before = longer + apart;
    int is_first = s->longer == &nothing;
    if (s->longer_before == before) {
        *longer_before = *before;
        s->longer_before = longer_before;
    }
    if (s->longer == before) *longer = *before;
    if (!is_first) add_period(longer, &s->now);
    *before = s->now;
    s->longer = is_first ? before : longer;
    int64_t passed = number / SHORTS_A_LONG - s->host.number / SHORTS_A_LONG;
    if (passed) {
        if (!is_first) *longer_before = *longer;
        s->longer_before = passed > 1 ? &nothing : is_first ? before : longer_before;
        s->longer = &nothing;
    }
    s->before = number == s->host.number + 1 ? before : &nothing;
    s->now = nothing;
    s->host.number = number;
}

/* The running short period, after moving on what is over. */
period *source_roll(source *s, int64_t clock) {
    int64_t number = clock / SHORT_NS;
    if (number != s->host.number) move_on(s, number);
    return &s->now;
}

void source_opened(source *s, int64_t clock, address to, uint16_t port, int is_answered) {
    period *p = source_roll(s, clock);
    p->flows++;
    p->answered += is_answered ? 1 : 0;
    bitmap_set(&p->hosts, bit_of(to, 0));
    bitmap_set(&p->services, bit_of(to, port));
    bitmap_set(&p->ports, bit_of((address){0, port}, 1));
}

static void target_roll(target *t, int64_t clock) {
    int64_t number = clock / SHORT_NS;
    if (number == t->host.number) return;
    t->before = number == t->host.number + 1 ? t->now : 0;
    t->now = 0;
    t->host.number = number;
}

void target_handshake(target *t, int64_t clock, int64_t number) {
    target_roll(t, clock);
    t->now += number;
}

int64_t target_half_open(target *t, int64_t clock) {
    target_roll(t, clock);
    int64_t both = t->now + t->before;
    return both > 0 ? both : 0;
}
