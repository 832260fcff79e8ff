/* Which ports the fragments of a datagram belong to: fragments.py in C. */
#include "flows.h"

static uint32_t *bucket_of(table *t, const key *k, uint32_t identification) {
    uint64_t h = mixed(t->seed, k->source, k->protocol);
    return &t->fragments.buckets[mixed(h, k->destination, identification) % (2 * MOST_FRAGMENTS)];
}

static fragment *find(table *t, const key *k, uint32_t identification) {
    for (uint32_t place = *bucket_of(t, k, identification); place != NONE;) {
        fragment *one = &t->fragments.kept[place];
        if (one->identification == identification && one->protocol == k->protocol &&
            one->source.low == k->source.low && one->source.high == k->source.high &&
            one->destination.low == k->destination.low &&
            one->destination.high == k->destination.high)
            return one;
        place = one->next;
    }
    return NULL;
}

/* The kept ones are a ring, in the order in which they came first. */
static uint32_t place_of(const fragments *f, uint32_t number) {
    return (f->oldest + number) % MOST_FRAGMENTS + 1;
}

static void forget_oldest(table *t) {
    fragments *f = &t->fragments;
    uint32_t place = place_of(f, 0);
    const fragment *gone = &f->kept[place];
    const key k = {gone->source, gone->destination, gone->protocol, 0, 0};
    uint32_t *link = bucket_of(t, &k, gone->identification);
    while (*link != place) link = &f->kept[*link].next;
    *link = gone->next;
    f->oldest++;
    f->number--;
}

/* A first fragment came; the oldest is forgotten where there are too many. */
void fragments_first(table *t, const key *k, uint32_t identification) {
    fragments *f = &t->fragments;
    if (f->number == MOST_FRAGMENTS) forget_oldest(t);
    fragment *one = find(t, k, identification);
    if (!one) {
        uint32_t place = place_of(f, f->number++), *bucket = bucket_of(t, k, identification);
        one = &f->kept[place];
        *one = (fragment){k->source, k->destination, k->protocol, identification, *bucket, 0, 0};
        *bucket = place;
    }
    one->source_port = k->source_port;
    one->destination_port = k->destination_port;
}

/* The ports of a later fragment, zeros where its first one was not seen. */
void fragments_ports(table *t, key *k, uint32_t identification) {
    const fragment *one = find(t, k, identification);
    k->source_port = one ? one->source_port : 0;
    k->destination_port = one ? one->destination_port : 0;
}
