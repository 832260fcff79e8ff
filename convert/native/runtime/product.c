/* y (rows, k) = x (rows, f) @ w (f, k). Each element is the sum over f from first to last, in
 * whatever tile it is computed: a row gives the same bits alone, in a batch, and with or without
 * the wider registers of a newer processor (no fused products).
 */

EDGE_UNUSED static void edge_product_column(const double *x, const double *w, double *y,
                                            size_t rows, size_t f, size_t k)
{
    size_t r = 0, i, j;
    for (; r + 4 <= rows && k == 1; r += 4, x += 4 * f) {
        double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
        for (i = 0; i < f; i++) {
            a += x[i] * w[i], b += x[f + i] * w[i];
            c += x[2 * f + i] * w[i], d += x[3 * f + i] * w[i];
        }
        y[r] = a, y[r + 1] = b, y[r + 2] = c, y[r + 3] = d;
    }
    for (; r < rows; r++, x += f) {
        for (j = 0; j < k; j++) {
            double sum = 0.0;
            for (i = 0; i < f; i++)
                sum += x[i] * w[i * k + j];
            y[r * k + j] = sum;
        }
    }
}

#if defined(__GNUC__)

/* Features whose strip of w stays in the first cache; the sums go on where they were. */
#define EDGE_STRIP 128

/* Four rows by one to three vectors, at the columns `a`, `b` and `c`; where the last vector would
 * pass the end it overlaps the one before, and both get the same sums.
 */
#define EDGE_TILE(TYPE, SECOND, THIRD)                                                            \
    for (r = 0; r + 4 <= rows; r += 4) {                                                          \
        const double *const x0 = x + r * f, *const x1 = x0 + f, *const x2 = x1 + f,               \
                            *const x3 = x2 + f;                                                   \
        const double *at = w + start * k;                                                         \
        double *out = y + r * k;                                                                  \
        TYPE a0 = zero, a1 = zero, a2 = zero, a3 = zero;                                          \
        SECOND(TYPE b0 = zero; TYPE b1 = zero; TYPE b2 = zero; TYPE b3 = zero;)                   \
        THIRD(TYPE c0 = zero; TYPE c1 = zero; TYPE c2 = zero; TYPE c3 = zero;)                    \
        if (start) {                                                                              \
            a0 = EDGE_LOAD(TYPE, out + a), a1 = EDGE_LOAD(TYPE, out + k + a);                     \
            a2 = EDGE_LOAD(TYPE, out + 2 * k + a), a3 = EDGE_LOAD(TYPE, out + 3 * k + a);         \
            SECOND(b0 = EDGE_LOAD(TYPE, out + b); b1 = EDGE_LOAD(TYPE, out + k + b);)             \
            SECOND(b2 = EDGE_LOAD(TYPE, out + 2 * k + b);)                                        \
            SECOND(b3 = EDGE_LOAD(TYPE, out + 3 * k + b);)                                        \
            THIRD(c0 = EDGE_LOAD(TYPE, out + c); c1 = EDGE_LOAD(TYPE, out + k + c);)              \
            THIRD(c2 = EDGE_LOAD(TYPE, out + 2 * k + c);)                                         \
            THIRD(c3 = EDGE_LOAD(TYPE, out + 3 * k + c);)                                         \
        }                                                                                         \
        for (i = start; i < end; i++, at += k) {                                                  \
            const TYPE left = EDGE_LOAD(TYPE, at + a);                                            \
            SECOND(const TYPE middle = EDGE_LOAD(TYPE, at + b);)                                  \
            THIRD(const TYPE right = EDGE_LOAD(TYPE, at + c);)                                    \
            a0 += left * x0[i];                                                                   \
            SECOND(b0 += middle * x0[i];) THIRD(c0 += right * x0[i];)                             \
            a1 += left * x1[i];                                                                   \
            SECOND(b1 += middle * x1[i];) THIRD(c1 += right * x1[i];)                             \
            a2 += left * x2[i];                                                                   \
            SECOND(b2 += middle * x2[i];) THIRD(c2 += right * x2[i];)                             \
            a3 += left * x3[i];                                                                   \
            SECOND(b3 += middle * x3[i];) THIRD(c3 += right * x3[i];)                             \
        }                                                                                         \
        EDGE_STORE(TYPE, out + a, a0);                                                            \
        SECOND(EDGE_STORE(TYPE, out + b, b0);) THIRD(EDGE_STORE(TYPE, out + c, c0);)              \
        out += k;                                                                                 \
        EDGE_STORE(TYPE, out + a, a1);                                                            \
        SECOND(EDGE_STORE(TYPE, out + b, b1);) THIRD(EDGE_STORE(TYPE, out + c, c1);)              \
        out += k;                                                                                 \
        EDGE_STORE(TYPE, out + a, a2);                                                            \
        SECOND(EDGE_STORE(TYPE, out + b, b2);) THIRD(EDGE_STORE(TYPE, out + c, c2);)              \
        out += k;                                                                                 \
        EDGE_STORE(TYPE, out + a, a3);                                                            \
        SECOND(EDGE_STORE(TYPE, out + b, b3);) THIRD(EDGE_STORE(TYPE, out + c, c3);)              \
    }
#define EDGE_WITH(...) __VA_ARGS__
#define EDGE_WITHOUT(...)

/* Columns outside, rows inside: a strip of w stays in the cache for all rows of a block. */
#define EDGE_PRODUCT(NAME, ROW, TYPE, WIDTH, TARGET)                                              \
    TARGET static void NAME(const double *x, const double *w, double *y, size_t rows, size_t f,   \
                            size_t k)                                                             \
    {                                                                                             \
        const TYPE zero = {0.0};                                                                  \
        size_t r, i, j, vectors, start, end;                                                      \
        for (j = 0; j < k && rows >= 4; j += vectors * WIDTH) {                                   \
            const size_t last = k - WIDTH;                                                        \
            const size_t a = j < last ? j : last, b = j + WIDTH < last ? j + WIDTH : last;        \
            const size_t c = j + 2 * WIDTH < last ? j + 2 * WIDTH : last;                         \
            vectors = (k - j + WIDTH - 1) / WIDTH;                                                \
            vectors = vectors == 4 ? 2 : vectors > 3 ? 3 : vectors;                               \
            for (start = 0; start < f; start = end) {                                             \
                end = f - start > EDGE_STRIP ? start + EDGE_STRIP : f;                            \
                if (vectors == 3) {                                                               \
                    EDGE_TILE(TYPE, EDGE_WITH, EDGE_WITH)                                         \
                } else if (vectors == 2) {                                                        \
                    EDGE_TILE(TYPE, EDGE_WITH, EDGE_WITHOUT)                                      \
                } else {                                                                          \
                    EDGE_TILE(TYPE, EDGE_WITHOUT, EDGE_WITHOUT)                                   \
                }                                                                                 \
            }                                                                                     \
        }                                                                                         \
        for (r = rows - rows % 4; r < rows; r++)                                                  \
            ROW(x + r * f, w, y + r * k, f, k);                                                   \
    }

/* One row: five vectors at once hide what an addition waits for. */
#define EDGE_PRODUCT_ROW(NAME, TYPE, WIDTH, TARGET)                                               \
    TARGET static void NAME(const double *x, const double *w, double *y, size_t f, size_t k)      \
    {                                                                                             \
        const TYPE zero = {0.0};                                                                  \
        size_t i, j = 0;                                                                          \
        for (; j + 5 * WIDTH <= k; j += 5 * WIDTH) {                                              \
            TYPE a = zero, b = zero, c = zero, d = zero, e = zero;                                \
            const double *at = w + j;                                                             \
            for (i = 0; i < f; i++, at += k) {                                                    \
                const double value = x[i];                                                        \
                a += EDGE_LOAD(TYPE, at) * value;                                                 \
                b += EDGE_LOAD(TYPE, at + WIDTH) * value;                                         \
                c += EDGE_LOAD(TYPE, at + 2 * WIDTH) * value;                                     \
                d += EDGE_LOAD(TYPE, at + 3 * WIDTH) * value;                                     \
                e += EDGE_LOAD(TYPE, at + 4 * WIDTH) * value;                                     \
            }                                                                                     \
            EDGE_STORE(TYPE, y + j, a), EDGE_STORE(TYPE, y + j + WIDTH, b);                       \
            EDGE_STORE(TYPE, y + j + 2 * WIDTH, c), EDGE_STORE(TYPE, y + j + 3 * WIDTH, d);       \
            EDGE_STORE(TYPE, y + j + 4 * WIDTH, e);                                               \
        }                                                                                         \
        for (; j < k; j += WIDTH) {                                                               \
            const size_t here = j + WIDTH <= k ? j : k - WIDTH;                                   \
            TYPE a = zero;                                                                        \
            const double *at = w + here;                                                          \
            for (i = 0; i < f; i++, at += k)                                                      \
                a += EDGE_LOAD(TYPE, at) * x[i];                                                  \
            EDGE_STORE(TYPE, y + here, a);                                                        \
        }                                                                                         \
    }

EDGE_PRODUCT_ROW(edge_row_two, edge_two, 2, )
EDGE_PRODUCT(edge_product_two, edge_row_two, edge_two, 2, )

#if defined(EDGE_WIDE)
EDGE_PRODUCT_ROW(edge_row_four, edge_four, 4, EDGE_WIDE)
EDGE_PRODUCT(edge_product_four, edge_row_four, edge_four, 4, EDGE_WIDE)
#endif
#endif

EDGE_UNUSED static void edge_product(const double *x, const double *w, double *y, size_t rows,
                                     size_t f, size_t k)
{
#if defined(__GNUC__)
#if defined(EDGE_WIDE)
    if (k >= 4 && rows * f * k >= 16384 && edge_is_wide()) {
        edge_product_four(x, w, y, rows, f, k);
        return;
    }
#endif
    if (k >= 2) {
        edge_product_two(x, w, y, rows, f, k);
        return;
    }
#endif
    edge_product_column(x, w, y, rows, f, k);
}
