/* One of these values is refused; which, only a refused batch pays for. */
static int edge_find_refused(const double *x, size_t count)
{
    size_t i;
    int found = EDGE_MODEL_OK;
    for (i = 0; i < count && found == EDGE_MODEL_OK; i++) {
        const double size = __builtin_fabs(x[i]);
        if (size != size)
            found = $nan;
        else if (size > EDGE_LARGEST)
            found = $infinite;
        else if (size > $limit)
            found = EDGE_MODEL_LIMIT;
    }
    return found;
}

#if defined(EDGE_WIDE)
/* Whether the first values, a multiple of eight, are all within the limit. */
EDGE_WIDE static int edge_wide_plain(const double *x, size_t count)
{
    const edge_four high = {$limit, $limit, $limit, $limit};
    edge_wide_mask all = {-1, -1, -1, -1}, others = all;
    size_t i;
    for (i = 0; i + 8 <= count; i += 8) {
        const edge_four four = *(const edge_four *)(const void *)(x + i);
        const edge_four more = *(const edge_four *)(const void *)(x + i + 4);
        all &= (four <= high) & (four >= -high);
        others &= (more <= high) & (more >= -high);
    }
    all &= others;
    return (int)(all[0] & all[1] & all[2] & all[3] & 1);
}
#endif

static int edge_check_values(const double *x, size_t count)
{
    size_t i = 0;
    int plain = 1;
#if defined(EDGE_WIDE)
    if (count >= EDGE_WIDE_FROM && edge_is_wide()) {
        if (!edge_wide_plain(x, count))
            return edge_find_refused(x, count);
        i = count - count % 8;
    }
#endif
#if defined(__GNUC__)
    const edge_two high = {$limit, $limit};
    edge_mask all = {-1, -1};
    for (; i + 2 <= count; i += 2) {
        const edge_two pair = *(const edge_two *)(const void *)(x + i);
        all &= (pair <= high) & (pair >= -high);
    }
    plain = (int)(all[0] & all[1] & 1);
#endif
    for (; i < count; i++)
        plain &= __builtin_fabs(x[i]) <= $limit;
    return plain ? EDGE_MODEL_OK : edge_find_refused(x, count);
}

EDGE_UNUSED static int check_output(const void *out, size_t count, size_t n, size_t width,
                                    size_t item)
{
    if (!out)
        return EDGE_MODEL_NULL;
    if ((uintptr_t)out % item)
        return EDGE_MODEL_ALIGNMENT;
    if (count / width != n || count % width)
        return EDGE_MODEL_COUNT;
    return EDGE_MODEL_OK;
}

EDGE_UNUSED static int check_input(const double *x, size_t count, const void *workspace,
                                   size_t workspace_bytes)
{
    if (!x || !workspace)
        return EDGE_MODEL_NULL;
    if ((uintptr_t)x % sizeof(double) || (uintptr_t)workspace % sizeof(double))
        return EDGE_MODEL_ALIGNMENT;
    if (count == 0 || count % EDGE_MODEL_FEATURES || count > SIZE_MAX / sizeof(double))
        return EDGE_MODEL_COUNT;
    if (workspace_bytes < EDGE_MODEL_ROW_BYTES)
        return EDGE_MODEL_WORKSPACE;
    return EDGE_MODEL_OK;
}
