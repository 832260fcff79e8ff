/* Rows on standard input, answers on standard output: the model for devices without Python.
 *
 *     program [verb] < rows.csv      numbers separated by commas, one row a line
 *     program --raw [verb] < rows    little-endian doubles, one row after another
 *
 * One line per row: labels as text, numbers with 17 digits, which read back as themselves.
 * A row that the model refuses ends it with the status of edge_model.h; 64 and up are ours.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge_model.h"

enum { EXIT_USAGE = 64, EXIT_ROW = 65, EXIT_OUTPUT = 74 };

static double row[EDGE_MODEL_FEATURES];
static double workspace[EDGE_MODEL_ROW_BYTES / 8];
static char line[EDGE_MODEL_FEATURES * 64 + 64];
static unsigned long number;

static int fail(const char *why, int status)
{
    fprintf(stderr, "row %lu: %s\n", number, why);
    return status;
}

/* Whether the first of several lines is 0,1,2 and so on: the header that pandas writes over columns
 * without names, which reads as a row. */
static int is_counted(void)
{
    static int seen;
    size_t i;
    int next;
    if (seen++ || strpbrk(line, ".+-eExXpPnN"))
        return 0;
    for (i = 0; i < EDGE_MODEL_FEATURES; i++)
        if (row[i] != (double)i)
            return 0;
    do
        next = getc(stdin);
    while (next == '\n' || next == '\r');
    return next != EOF && ungetc(next, stdin) == next;
}

/* 1 for a row, 0 at the end, -1 for a line that is none, -2 for a header of counted columns. */
static int read_csv(void)
{
    char *at = line;
    size_t i;
    do {
        if (!fgets(line, sizeof line, stdin))
            return 0;
        number++;
    } while (line[strspn(line, " \t\r\n")] == 0);
    if (!strchr(line, '\n') && !feof(stdin))
        return -1;
    for (i = 0; i < EDGE_MODEL_FEATURES; i++) {
        char *end;
        row[i] = strtod(at, &end);
        if (end == at)
            return -1;
        at = end + strspn(end, " \t\r\n");
        if (i + 1 < EDGE_MODEL_FEATURES && *at++ != ',')
            return -1;
    }
    if (*at)
        return -1;
    return is_counted() ? -2 : 1;
}

static int read_raw(void)
{
    unsigned char bytes[8];
    size_t i, k, got;
    number++;
    for (i = 0; i < EDGE_MODEL_FEATURES; i++) {
        uint64_t bits = 0;
        got = fread(bytes, 1, sizeof bytes, stdin);
        if (got == 0 && i == 0 && feof(stdin))
            return 0;
        if (got != sizeof bytes)
            return -1;
        for (k = 0; k < 8; k++)
            bits |= (uint64_t)bytes[k] << (8 * k);
        memcpy(&row[i], &bits, sizeof bits);
    }
    return 1;
}

$verbs
static const struct {
    const char *name;
    int (*run)(void);
} verbs[] = {$table};

int main(int argc, char **argv)
{
    int raw = argc > 1 && strcmp(argv[1], "--raw") == 0, found, status;
    const char *const verb = argc > 1 + raw ? argv[1 + raw] : verbs[0].name;
    size_t i;
    for (i = 0; i < sizeof verbs / sizeof *verbs && strcmp(verbs[i].name, verb) != 0; i++)
        ;
    if (i == sizeof verbs / sizeof *verbs || argc > 2 + raw) {
        fprintf(stderr, "usage: %s [--raw] [verb] < rows\nverbs: $names\n", argv[0]);
        return EXIT_USAGE;
    }
    while ((found = raw ? read_raw() : read_csv()) > 0) {
        status = verbs[i].run();
        if (status != EDGE_MODEL_OK) {
            fflush(stdout);
            return fail("the model refuses it (see edge_model.h for the status)", status);
        }
    }
    if (fflush(stdout) || ferror(stdout))
        return fail("cannot write", EXIT_OUTPUT);
    if (found == -2)
        return fail("it counts the columns, as a header does; of a row write 0.0", EXIT_ROW);
    return found < 0 ? fail("it is no row of $features numbers", EXIT_ROW) : 0;
}
