/* y (rows, k) = x (rows, f) @ w (f, k). Each element is the sum over f from first to last, in
 * whatever tile it is computed: a row gives the same bits alone and in a batch. */

#if defined(__GNUC__)
typedef double edge_pair __attribute__((vector_size(16), aligned(8)));

#define EDGE_TILE(ROWS, PAIRS)                                                                  \
    static void edge_tile_##ROWS##_##PAIRS(const double *x, const double *w, double *y, size_t f, \
                                           size_t k)                                            \
    {                                                                                           \
        edge_pair sums[ROWS][PAIRS];                                                            \
        size_t i, r, p;                                                                         \
        for (r = 0; r < ROWS; r++)                                                              \
            for (p = 0; p < PAIRS; p++)                                                         \
                sums[r][p] = (edge_pair){0.0, 0.0};                                             \
        for (i = 0; i < f; i++) {                                                               \
            edge_pair weights[PAIRS];                                                           \
            for (p = 0; p < PAIRS; p++)                                                         \
                weights[p] = (edge_pair){w[i * k + 2 * p], w[i * k + 2 * p + 1]};               \
            for (r = 0; r < ROWS; r++) {                                                        \
                const double value = x[r * f + i];                                              \
                for (p = 0; p < PAIRS; p++)                                                     \
                    sums[r][p] += (edge_pair){value, value} * weights[p];                       \
            }                                                                                   \
        }                                                                                       \
        for (r = 0; r < ROWS; r++)                                                              \
            for (p = 0; p < PAIRS; p++) {                                                       \
                y[r * k + 2 * p] = sums[r][p][0];                                               \
                y[r * k + 2 * p + 1] = sums[r][p][1];                                           \
            }                                                                                   \
    }

EDGE_TILE(4, 2)
EDGE_TILE(1, 5)
EDGE_TILE(1, 2)
EDGE_TILE(1, 1)
#endif

EDGE_UNUSED static void edge_product(const double *x, const double *w, double *y, size_t rows,
                                     size_t f, size_t k)
{
    size_t r = 0, j, i;
#if defined(__GNUC__)
    const size_t whole = k - k % 4;
    for (; r + 4 <= rows; r += 4) {
        for (j = 0; j < whole; j += 4)
            edge_tile_4_2(x + r * f, w + j, y + r * k + j, f, k);
        for (j = whole; j < k; j++) {
            double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
            for (i = 0; i < f; i++) {
                const double weight = w[i * k + j];
                a += x[r * f + i] * weight;
                b += x[(r + 1) * f + i] * weight;
                c += x[(r + 2) * f + i] * weight;
                d += x[(r + 3) * f + i] * weight;
            }
            y[r * k + j] = a;
            y[(r + 1) * k + j] = b;
            y[(r + 2) * k + j] = c;
            y[(r + 3) * k + j] = d;
        }
    }
#endif
    for (; r < rows; r++) {
        j = 0;
#if defined(__GNUC__)
        for (; j + 10 <= k; j += 10)
            edge_tile_1_5(x + r * f, w + j, y + r * k + j, f, k);
        for (; j + 4 <= k; j += 4)
            edge_tile_1_2(x + r * f, w + j, y + r * k + j, f, k);
        for (; j + 2 <= k; j += 2)
            edge_tile_1_1(x + r * f, w + j, y + r * k + j, f, k);
#endif
        for (; j < k; j++) {
            double sum = 0.0;
            for (i = 0; i < f; i++)
                sum += x[r * f + i] * w[i * k + j];
            y[r * k + j] = sum;
        }
    }
}
