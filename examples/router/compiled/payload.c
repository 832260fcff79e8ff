/* The shape of a payload, and DNS messages: payload.py in C. */
#include "flows.h"

#include <string.h>

#define MOST_BYTES 512
#define KINDS_BYTES 128
#define MOST_QUERIES 8
#define DNS_HEADER_BYTES 12
#define LONGEST_NAME 255

static int is_text(uint8_t c) {
    return c == 9 || c == 10 || c == 13 || (c >= 32 && c < 127);
}

static int is_letter(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static uint32_t distinct_in(const uint8_t *data, size_t size) {
    bitmap seen = {{0}};
    uint32_t number = 0;
    for (size_t n = 0; n < size; n++) bitmap_set(&seen, data[n]);
    for (int n = 0; n < 4; n++) number += (uint32_t)__builtin_popcountll(seen.words[n]);
    return number;
}

static shape bytes_of(const uint8_t *data, size_t size) {
    shape found = {0.0, 0.0, 0.0, 0.0};
    if (size > KINDS_BYTES) size = KINDS_BYTES;
    if (!size) return found;
    size_t text = 0;
    for (size_t n = 0; n < size; n++) text += is_text(data[n]) ? 1 : 0;
    found.text = (double)text / (double)size;
    found.distinct = (double)distinct_in(data, size) / (double)size;
    return found;
}

static double counted(const uint8_t *data, size_t size, const char *wanted) {
    size_t number = 0;
    for (size_t n = 0; n < size; n++) number += data[n] && strchr(wanted, data[n]) ? 1 : 0;
    return (double)number;
}

static int nibble(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As `counted`, of what the text is where %27 and the like are no longer escaped. */
static double counted_unescaped(const uint8_t *data, size_t size, const char *wanted) {
    size_t number = 0;
    for (size_t n = 0; n < size; n++) {
        uint8_t c = data[n];
        if (c == '%' && n + 2 < size && nibble(data[n + 1]) >= 0 && nibble(data[n + 2]) >= 0) {
            c = (uint8_t)(nibble(data[n + 1]) << 4 | nibble(data[n + 2]));
            n += 2;
        }
        number += c && strchr(wanted, c) ? 1 : 0;
    }
    return (double)number;
}

static shape shape_of(const uint8_t *data, size_t size) {
    shape found = bytes_of(data, size);
    if (found.text < 0.95) return found;
    size_t line = 0, version = 0;
    while (line < size && data[line] != '\n') line++;
    for (size_t n = 0; n < line; n++)
        if (data[n] == ' ') version = n + 1;
    if (version >= line || !is_letter(data[version])) return found;
    int is_request = 0;
    for (size_t n = version + 1; n < line && n < version + 6; n++) is_request |= data[n] == '/';
    if (!is_request) return found;
    found.code_target = counted_unescaped(data, line, "\"'`$|;<>(){}[]\\^");
    if (line < size) found.meta_rest = counted(data + line + 1, size - line - 1, "'`$|<>{}\\^~");
    return found;
}

static uint32_t crc32(const uint8_t *data, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t n = 0; n < size; n++) {
        crc ^= data[n];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

typedef struct {
    const uint8_t *name;
    size_t name_size;
    double other;
    uint32_t distinct;
    int is_answer, failed;
} query;

static uint32_t word(const uint8_t *data) {
    return (uint32_t)data[0] << 8 | data[1];
}

static int dns_of(const uint8_t *data, size_t size, query *found) {
    if (size < DNS_HEADER_BYTES + 5) return 0;
    uint32_t flags = word(data + 2), answers = word(data + 6);
    if (word(data + 4) != 1 || flags & 0x7840 || answers > 64 || word(data + 8) > 64) return 0;
    if (!(flags & 0x8000) && answers) return 0;
    size_t at = DNS_HEADER_BYTES, longest = 0, longest_at = 0;
    for (;;) {
        if (at >= size) return 0;
        size_t length = data[at];
        if (!length) break;
        if (length > 63 || at + 1 + length >= size) return 0;
        if (length > longest) {
            longest = length;
            longest_at = at + 1;
        }
        at += 1 + length;
    }
    if (at + 5 > size || at - DNS_HEADER_BYTES > LONGEST_NAME) return 0;
    *found = (query){.is_answer = (flags & 0x8000) != 0, .failed = (flags & 15) != 0};
    if (found->is_answer) return 1;
    if (at > DNS_HEADER_BYTES) {
        found->name = data + DNS_HEADER_BYTES + 1;
        found->name_size = at - DNS_HEADER_BYTES - 1;
    }
    if (longest) {
        size_t letters = 0;
        for (size_t n = 0; n < longest; n++) letters += is_letter(data[longest_at + n]) ? 1 : 0;
        found->other = 1.0 - (double)letters / (double)longest;
        found->distinct = distinct_in(data + longest_at, longest);
    }
    return 1;
}

int is_dns_answer(const uint8_t *data, size_t size, size_t at) {
    query q;
    size = size - at < MOST_BYTES ? size - at : MOST_BYTES;
    return dns_of(data + at, size, &q) && q.is_answer;
}

void look_at_payload(table *t, flow *f, int up, const uint8_t *data, size_t size, size_t at) {
    uint32_t number = up ? f->payloads_up : f->payloads_down;
    if (number > MOST_QUERIES && !f->dns_queries) return;
    data += at;
    size = size - at < MOST_BYTES ? size - at : MOST_BYTES;
    if (number == 1) {
        if (up) f->shape_up = shape_of(data, size);
        else f->shape_down = bytes_of(data, size);
    }
    query q;
    if (f->kind == UDP) {
        if (!dns_of(data, size, &q)) return;
    } else if (f->kind == TCP) {
        if (size < 14 || word(data) < 17 || !dns_of(data + 2, size - 2, &q)) return;
    } else {
        return;
    }
    source *s = source_of(&t->sources, f->source);
    if (q.is_answer) {
        if (q.failed) {
            f->dns_failed++;
            source_roll(s, f->seen)->failed++;
        }
        return;
    }
    f->dns_queries++;
    if (q.name_size > f->dns_longest) f->dns_longest = (uint32_t)q.name_size;
    if (q.distinct > f->dns_distinct) f->dns_distinct = q.distinct;
    if (q.other > f->dns_other) f->dns_other = q.other;
    if (!f->is_multicast) {
        period *p = source_roll(s, f->seen);
        p->queries++;
        bitmap_set(&p->names, crc32(q.name, q.name_size) & 511);
    }
}
