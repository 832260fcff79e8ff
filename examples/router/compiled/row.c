/* From the state of a flow and its hosts to one row: row.py in C. */
#include "flows.h"

#define DETAILED 32

static double bits_in(const bitmap *const *maps, int number) {
    uint64_t bits = 0;
    for (int word = 0; word < 8; word++) {
        uint64_t all = 0;
        for (int n = 0; n < number; n++) all |= maps[n]->words[word];
        bits += (uint64_t)__builtin_popcountll(all);
    }
    return (double)bits;
}

/* The counts of up to three periods together. */
static double *counts(double *out, const period *const *periods, int number) {
    uint64_t flows = 0, answered = 0, refused = 0, queries = 0, failed = 0;
    const bitmap *peers[3], *services[3], *ports[3], *names[3];
    for (int n = 0; n < number; n++) {
        flows += periods[n]->flows;
        answered += periods[n]->answered;
        refused += periods[n]->refused;
        queries += periods[n]->queries;
        failed += periods[n]->failed;
        peers[n] = &periods[n]->hosts;
        services[n] = &periods[n]->services;
        ports[n] = &periods[n]->ports;
        names[n] = &periods[n]->names;
    }
    double unanswered = flows > answered ? (double)(flows - answered) : 0.0;
    double different = bits_in(services, number);
    *out++ = (double)flows;
    *out++ = bits_in(peers, number);
    *out++ = different;
    *out++ = bits_in(ports, number);
    *out++ = different > 0.0 ? (double)flows / different : 0.0;
    *out++ = unanswered;
    *out++ = flows ? unanswered / (double)flows : 0.0;
    *out++ = (double)refused;
    *out++ = (double)queries;
    *out++ = bits_in(names, number);
    *out++ = queries ? (double)failed / (double)queries : 0.0;
    return out;
}

static double *lately(double *out, source *s, int64_t clock) {
    source_roll(s, clock);
    const period *recent[] = {&s->now, s->before};
    const period *lasting[] = {&s->now, s->longer, s->longer_before};
    const double *first = out;
    out = counts(out, recent, 2);
    if (s->longer != &nothing || s->longer_before != &nothing) return counts(out, lasting, 3);
    for (int n = 0; n < 11; n++) *out++ = first[n];
    return out;
}

void write_row(table *t, flow *f, double *row) {
    double packets = (double)f->packets, up = (double)f->up, down = (double)f->down;
    double detailed = f->packets < DETAILED ? packets : (double)DETAILED;
    double seconds = (double)(f->seen - f->opened) / 1e9;
    int is_unanswered = !(f->is_answered || f->is_multicast);
    double *out = row;
    *out++ = f->kind == TCP;
    *out++ = f->kind == UDP;
    *out++ = f->kind == ICMP || f->kind == ICMP6;
    *out++ = f->is_multicast;
    *out++ = up;
    *out++ = down;
    *out++ = (double)f->bytes_up;
    *out++ = (double)f->bytes_down;
    *out++ = f->up ? (double)f->bytes_up / up : 0.0;
    *out++ = f->down ? (double)f->bytes_down / down : 0.0;
    *out++ = (double)f->largest_up;
    *out++ = (double)f->largest_down;
    *out++ = f->payloads_up / detailed;
    *out++ = f->payloads_down / detailed;
    *out++ = __builtin_popcountll(f->sizes);
    *out++ = packets / (seconds + 1.0);
    *out++ = is_unanswered;
    *out++ = f->is_refused;
    *out++ = (double)f->syns;
    *out++ = (double)f->resets_up;
    *out++ = (double)f->resets_down;
    *out++ = (f->fins & 1) + (f->fins >> 1);
    *out++ = f->is_odd;
    *out++ = f->fragments / detailed;
    *out++ = f->shape_up.text;
    *out++ = f->shape_up.distinct;
    *out++ = f->shape_up.code_target;
    *out++ = f->shape_up.meta_rest;
    *out++ = f->shape_down.text;
    *out++ = f->shape_down.distinct;
    *out++ = f->dns_queries;
    *out++ = f->dns_failed;
    *out++ = f->dns_longest;
    *out++ = f->dns_other;
    *out++ = f->dns_distinct;
    target *at = target_of(&t->targets, f->target);
    *out++ = is_unanswered ? (double)target_half_open(at, t->clock) : 0.0;
    lately(out, source_of(&t->sources, f->source), t->clock);
}
