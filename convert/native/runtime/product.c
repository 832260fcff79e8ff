/* y (rows, k) = x (rows, f) @ w (f, k). Each element is the sum over f from first to last, in
 * whatever tile it is computed: a row gives the same bits alone, in a batch, and with or without
 * the wider registers of a newer processor (no fused products).
 */

EDGE_UNUSED static void edge_product_scalar(const double *x, const double *w, double *y,
                                            size_t rows, size_t f, size_t k, size_t j)
{
    size_t r, i;
    for (r = 0; r < rows; r++) {
        size_t column;
        for (column = j; column < k; column++) {
            double sum = 0.0;
            for (i = 0; i < f; i++)
                sum += x[r * f + i] * w[i * k + column];
            y[r * k + column] = sum;
        }
    }
}

#if defined(__GNUC__)
typedef double edge_four __attribute__((vector_size(32), aligned(8)));

#define EDGE_LOAD(TYPE, at) (*(const TYPE *)(const void *)(at))
#define EDGE_STORE(TYPE, at, value) (*(TYPE *)(void *)(at) = (value))

/* Four rows by two vectors, four rows by one, one row by four vectors, one row by one. */
#define EDGE_PRODUCT(NAME, TYPE, WIDTH, TARGET)                                                 \
    TARGET static void NAME(const double *x, const double *w, double *y, size_t rows, size_t f,  \
                            size_t k)                                                           \
    {                                                                                           \
        const TYPE zero = {0.0};                                                                \
        size_t r = 0, j, i;                                                                     \
        for (; r + 4 <= rows; r += 4) {                                                         \
            const double *const x0 = x + r * f, *const x1 = x0 + f, *const x2 = x1 + f,         \
                                *const x3 = x2 + f;                                             \
            double *const out = y + r * k;                                                      \
            for (j = 0; j + 2 * WIDTH <= k; j += 2 * WIDTH) {                                   \
                TYPE a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero,          \
                     b2 = zero, b3 = zero;                                                      \
                const double *at = w + j;                                                       \
                for (i = 0; i < f; i++, at += k) {                                              \
                    const TYPE left = EDGE_LOAD(TYPE, at), right = EDGE_LOAD(TYPE, at + WIDTH); \
                    a0 += left * x0[i], b0 += right * x0[i];                                    \
                    a1 += left * x1[i], b1 += right * x1[i];                                    \
                    a2 += left * x2[i], b2 += right * x2[i];                                    \
                    a3 += left * x3[i], b3 += right * x3[i];                                    \
                }                                                                               \
                EDGE_STORE(TYPE, out + j, a0), EDGE_STORE(TYPE, out + j + WIDTH, b0);           \
                EDGE_STORE(TYPE, out + k + j, a1), EDGE_STORE(TYPE, out + k + j + WIDTH, b1);   \
                EDGE_STORE(TYPE, out + 2 * k + j, a2);                                          \
                EDGE_STORE(TYPE, out + 2 * k + j + WIDTH, b2);                                  \
                EDGE_STORE(TYPE, out + 3 * k + j, a3);                                          \
                EDGE_STORE(TYPE, out + 3 * k + j + WIDTH, b3);                                  \
            }                                                                                   \
            for (; j + 2 <= k; j += 2) {                                                        \
                edge_two a0 = {0.0}, a1 = {0.0}, a2 = {0.0}, a3 = {0.0};                        \
                const double *at = w + j;                                                       \
                for (i = 0; i < f; i++, at += k) {                                              \
                    const edge_two left = EDGE_LOAD(edge_two, at);                              \
                    a0 += left * x0[i], a1 += left * x1[i];                                     \
                    a2 += left * x2[i], a3 += left * x3[i];                                     \
                }                                                                               \
                EDGE_STORE(edge_two, out + j, a0), EDGE_STORE(edge_two, out + k + j, a1);       \
                EDGE_STORE(edge_two, out + 2 * k + j, a2);                                      \
                EDGE_STORE(edge_two, out + 3 * k + j, a3);                                      \
            }                                                                                   \
            if (j < k) {                                                                        \
                double a0 = 0.0, a1 = 0.0, a2 = 0.0, a3 = 0.0;                                  \
                const double *at = w + j;                                                       \
                for (i = 0; i < f; i++, at += k) {                                              \
                    a0 += *at * x0[i], a1 += *at * x1[i];                                       \
                    a2 += *at * x2[i], a3 += *at * x3[i];                                       \
                }                                                                               \
                out[j] = a0, out[k + j] = a1, out[2 * k + j] = a2, out[3 * k + j] = a3;         \
            }                                                                                   \
        }                                                                                       \
        for (; r < rows; r++) {                                                                 \
            const double *const x0 = x + r * f;                                                 \
            double *const out = y + r * k;                                                      \
            for (j = 0; j + 4 * WIDTH <= k; j += 4 * WIDTH) {                                   \
                TYPE a = zero, b = zero, c = zero, d = zero;                                    \
                const double *at = w + j;                                                       \
                for (i = 0; i < f; i++, at += k) {                                              \
                    const double value = x0[i];                                                 \
                    a += EDGE_LOAD(TYPE, at) * value;                                           \
                    b += EDGE_LOAD(TYPE, at + WIDTH) * value;                                   \
                    c += EDGE_LOAD(TYPE, at + 2 * WIDTH) * value;                               \
                    d += EDGE_LOAD(TYPE, at + 3 * WIDTH) * value;                               \
                }                                                                               \
                EDGE_STORE(TYPE, out + j, a), EDGE_STORE(TYPE, out + j + WIDTH, b);             \
                EDGE_STORE(TYPE, out + j + 2 * WIDTH, c);                                       \
                EDGE_STORE(TYPE, out + j + 3 * WIDTH, d);                                       \
            }                                                                                   \
            for (; j + 10 <= k; j += 10) {                                                      \
                edge_two a = {0.0}, b = {0.0}, c = {0.0}, d = {0.0}, e = {0.0};                 \
                const double *at = w + j;                                                       \
                for (i = 0; i < f; i++, at += k) {                                              \
                    const double value = x0[i];                                                 \
                    a += EDGE_LOAD(edge_two, at) * value;                                       \
                    b += EDGE_LOAD(edge_two, at + 2) * value;                                   \
                    c += EDGE_LOAD(edge_two, at + 4) * value;                                   \
                    d += EDGE_LOAD(edge_two, at + 6) * value;                                   \
                    e += EDGE_LOAD(edge_two, at + 8) * value;                                   \
                }                                                                               \
                EDGE_STORE(edge_two, out + j, a), EDGE_STORE(edge_two, out + j + 2, b);         \
                EDGE_STORE(edge_two, out + j + 4, c), EDGE_STORE(edge_two, out + j + 6, d);     \
                EDGE_STORE(edge_two, out + j + 8, e);                                           \
            }                                                                                   \
            for (; j + 2 <= k; j += 2) {                                                        \
                edge_two a = {0.0};                                                             \
                const double *at = w + j;                                                       \
                for (i = 0; i < f; i++, at += k)                                                \
                    a += EDGE_LOAD(edge_two, at) * x0[i];                                       \
                EDGE_STORE(edge_two, out + j, a);                                               \
            }                                                                                   \
            if (j < k)                                                                          \
                edge_product_scalar(x0, w, out, 1, f, k, j);                                    \
        }                                                                                       \
    }

EDGE_PRODUCT(edge_product_two, edge_two, 2, )

#if defined(__x86_64__)
EDGE_PRODUCT(edge_product_four, edge_four, 4, __attribute__((target("avx2"))))

/* Whether processor and system keep 32-byte registers (Intel SDM 14.7.1). Asked once: cpuid
 * costs microseconds in a virtual machine. Threads that ask together find the same.
 */
static int edge_has_avx2(void)
{
    static int known = -1;
    uint32_t a = 1, b, c = 0, d, low;
    const int before = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (before >= 0)
        return before;
    __atomic_store_n(&known, 0, __ATOMIC_RELAXED);
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((c & 0x18000000u) != 0x18000000u)
        return 0;
    __asm__("xgetbv" : "=a"(low), "=d"(d) : "c"(0));
    a = 7, c = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((low & 6) == 6 && (b & 32))
        __atomic_store_n(&known, 1, __ATOMIC_RELAXED);
    return __atomic_load_n(&known, __ATOMIC_RELAXED);
}
#endif
#endif

EDGE_UNUSED static void edge_product(const double *x, const double *w, double *y, size_t rows,
                                     size_t f, size_t k)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (k >= 8 && rows * f * k >= 16384 && edge_has_avx2())
        edge_product_four(x, w, y, rows, f, k);
    else
        edge_product_two(x, w, y, rows, f, k);
#elif defined(__GNUC__)
    edge_product_two(x, w, y, rows, f, k);
#else
    edge_product_scalar(x, w, y, rows, f, k, 0);
#endif
}
