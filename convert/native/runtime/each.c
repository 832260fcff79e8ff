/* exp of several elements at once; after math.c, whose edge_exp has the same steps in the same
 * order, so that each element has the same bits wherever it stands.
 */
#if defined(__GNUC__)
#define EDGE_SPLAT(TYPE, number) ((TYPE){0.0} + (number))
/* where ? a : b, element by element. */
#define EDGE_PICK(TYPE, MASK, where, a, b) \
    ((TYPE)(((MASK)(where) & (MASK)(a)) | (~(MASK)(where) & (MASK)(b))))

#define EDGE_EXP_EACH(NAME, TYPE, MASK, BITS, WIDTH, TARGET)                                           \
    TARGET static size_t NAME(const double *x, double *y, size_t n)                                \
    {                                                                                              \
        const TYPE shift = EDGE_SPLAT(TYPE, 6755399441055744.0), bias = shift + 1023.0;            \
        const TYPE most = EDGE_SPLAT(TYPE, 710.0), least = EDGE_SPLAT(TYPE, -746.0);               \
        size_t i;                                                                                  \
        for (i = 0; i + WIDTH <= n; i += WIDTH) {                                                  \
            TYPE v = EDGE_LOAD(TYPE, x + i), k, half, r, low, z, p, sum, above;                    \
            v = EDGE_PICK(TYPE, MASK, v > most, most, v);                                          \
            v = EDGE_PICK(TYPE, MASK, v < least, least, v);                                        \
            k = (v * 0x1.71547652b82fep+0 + shift) - shift;                                        \
            above = v - k * 0x1.62e42fefa3800p-1;                                                  \
            low = k * 0x1.ef35793c76730p-45;                                                       \
            r = above - low;                                                                       \
            low = (above - r) - low;                                                               \
            z = r * r;                                                                             \
            p = 1.0 / 479001600 + r * (1.0 / 6227020800);                                          \
            p = (1.0 / 3628800 + r * (1.0 / 39916800)) + z * p;                                    \
            p = (1.0 / 40320 + r * (1.0 / 362880)) + z * p;                                        \
            p = (1.0 / 720 + r * (1.0 / 5040)) + z * p;                                            \
            p = (1.0 / 24 + r * (1.0 / 120)) + z * p;                                              \
            p = (0.5 + r * (1.0 / 6)) + z * p;                                                     \
            sum = 1.0 + r;                                                                         \
            sum += ((1.0 - sum) + r) + (z * p + low);                                              \
            half = (k * 0.5 + shift) - shift;                                                      \
            k -= half;                                                                             \
            sum *= (TYPE)((BITS)(half + bias) << 52);                                              \
            EDGE_STORE(TYPE, y + i, sum * (TYPE)((BITS)(k + bias) << 52));                         \
        }                                                                                          \
        return i;                                                                                  \
    }

EDGE_EXP_EACH(edge_exp_two, edge_two, edge_mask, edge_pair, 2, )
#if defined(EDGE_WIDE)
EDGE_EXP_EACH(edge_exp_four, edge_four, edge_wide_mask, edge_wide_bits, 4, EDGE_WIDE)
#endif
#endif

EDGE_UNUSED static void edge_exp_each(const double *x, double *y, size_t n)
{
    size_t i = 0;
#if defined(EDGE_WIDE)
    if (n >= 4 && edge_is_wide())
        i = edge_exp_four(x, y, n);
#endif
#if defined(__GNUC__)
    i += edge_exp_two(x + i, y + i, n - i);
#endif
    for (; i < n; i++)
        y[i] = edge_exp(x[i]);
}
