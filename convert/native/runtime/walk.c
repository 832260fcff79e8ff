#define EDGE_STEP(lane, row)                                                                    \
    node = nodes + i##lane;                                                                     \
    value = (row)[node->feature$mask];                                                          \
    i##lane += 1u + ((uint32_t)(int32_t)node->skip & (0u - (uint32_t)!$goes_left));

/* Eight rows walk one tree; the rows beyond a multiple of eight take eight trees at once. */
static void ${name}_$walk(const $real *x, size_t rows, double *out)
{
    const ${name}_node *const nodes = ${name}_nodes;
    const ${name}_node *node;
    $real value;
    size_t r, t;
    uint32_t i0, i1, i2, i3, i4, i5, i6, i7, level;
    for (r = 0; r < rows; r++)
        for (t = 0; t < $targets; t++)
            out[r * $targets + t] = ${name}_base[t];
    if (rows >= 8) {
        const size_t whole = rows - rows % 8;
        for (t = 0; t < $count; t++) {
            for (r = 0; r < whole; r += 8) {
                const $real *const row = x + r * $features;
                double *const sums = out + r * $targets;
                i0 = i1 = i2 = i3 = i4 = i5 = i6 = i7 = ${name}_roots[t];
                for (level = ${name}_depths[t]; level; level--) {
                    EDGE_STEP(0, row)
                    EDGE_STEP(1, row + 1 * $features)
                    EDGE_STEP(2, row + 2 * $features)
                    EDGE_STEP(3, row + 3 * $features)
                    EDGE_STEP(4, row + 4 * $features)
                    EDGE_STEP(5, row + 5 * $features)
                    EDGE_STEP(6, row + 6 * $features)
                    EDGE_STEP(7, row + 7 * $features)
                }
                ${name}_add(i0, sums);
                ${name}_add(i1, sums + 1 * $targets);
                ${name}_add(i2, sums + 2 * $targets);
                ${name}_add(i3, sums + 3 * $targets);
                ${name}_add(i4, sums + 4 * $targets);
                ${name}_add(i5, sums + 5 * $targets);
                ${name}_add(i6, sums + 6 * $targets);
                ${name}_add(i7, sums + 7 * $targets);
            }
        }
        x += whole * $features;
        out += whole * $targets;
        rows -= whole;
    }
    for (r = 0; r < rows; r++) {
        const $real *const row = x + r * $features;
        double *const sums = out + r * $targets;
        for (t = 0; t + 8 <= $count; t += 8) {
            const uint32_t *const roots = ${name}_roots + t;
            const uint8_t *const depths = ${name}_depths + t;
            size_t lane;
            i0 = roots[0], i1 = roots[1], i2 = roots[2], i3 = roots[3];
            i4 = roots[4], i5 = roots[5], i6 = roots[6], i7 = roots[7];
            level = 0;
            for (lane = 0; lane < 8; lane++)
                level = depths[lane] > level ? depths[lane] : level;
            for (; level; level--) {
                EDGE_STEP(0, row)
                EDGE_STEP(1, row)
                EDGE_STEP(2, row)
                EDGE_STEP(3, row)
                EDGE_STEP(4, row)
                EDGE_STEP(5, row)
                EDGE_STEP(6, row)
                EDGE_STEP(7, row)
            }
            ${name}_add(i0, sums);
            ${name}_add(i1, sums);
            ${name}_add(i2, sums);
            ${name}_add(i3, sums);
            ${name}_add(i4, sums);
            ${name}_add(i5, sums);
            ${name}_add(i6, sums);
            ${name}_add(i7, sums);
        }
        for (; t < $count; t++) {
            i0 = ${name}_roots[t];
            for (level = ${name}_depths[t]; level; level--) {
                EDGE_STEP(0, row)
            }
            ${name}_add(i0, sums);
        }
    }
}

#undef EDGE_STEP
