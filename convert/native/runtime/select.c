/* The k smallest (or largest) of each run, in order; of equals the first comes first. */
EDGE_UNUSED static void edge_select(const double *source, double *values, int64_t *positions,
                                    size_t runs, size_t length, size_t k, int largest)
{
    size_t run, i, kept, at;
    for (run = 0; run < runs; run++, source += length, values += k, positions += k) {
        kept = 0;
        for (i = 0; i < length; i++) {
            const double value = source[i];
            if (kept == k && !(largest ? value > values[k - 1] : value < values[k - 1]))
                continue;
            for (at = kept < k ? kept++ : k - 1;
                 at > 0 && (largest ? value > values[at - 1] : value < values[at - 1]); at--) {
                values[at] = values[at - 1];
                positions[at] = positions[at - 1];
            }
            values[at] = value;
            positions[at] = (int64_t)i;
        }
    }
}
