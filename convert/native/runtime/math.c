/* Elementary functions in double, each within one unit in the last place, without libc.
 *
 * pow and tanh share 2^(j/32) and a Taylor polynomial on |r| <= ln2 / 64, and carry the result as
 * a sum of two doubles. Built with -ffp-contract=off: no sum below may be fused or reordered.
 */

typedef union {
    double value;
    uint64_t bits;
} edge_bits;

#define EDGE_NAN (__builtin_nan(""))
#define EDGE_INFINITY (__builtin_inf())

EDGE_INLINE double edge_from_bits(uint64_t bits)
{
    edge_bits both;
    both.bits = bits;
    return both.value;
}

EDGE_INLINE uint64_t edge_to_bits(double value)
{
    edge_bits both;
    both.value = value;
    return both.bits;
}

/* High and low part of 2^(j/32). */
static const double edge_exp2[32][2] = {
    {0x1.0000000000000p+0, 0x0.0p+0},
    {0x1.059b0d3158574p+0, 0x1.d73e2a475b465p-55},
    {0x1.0b5586cf9890fp+0, 0x1.8a62e4adc610bp-54},
    {0x1.11301d0125b51p+0, -0x1.6c51039449b3ap-54},
    {0x1.172b83c7d517bp+0, -0x1.19041b9d78a76p-55},
    {0x1.1d4873168b9aap+0, 0x1.e016e00a2643cp-54},
    {0x1.2387a6e756238p+0, 0x1.9b07eb6c70573p-54},
    {0x1.29e9df51fdee1p+0, 0x1.612e8afad1255p-55},
    {0x1.306fe0a31b715p+0, 0x1.6f46ad23182e4p-55},
    {0x1.371a7373aa9cbp+0, -0x1.63aeabf42eae2p-54},
    {0x1.3dea64c123422p+0, 0x1.ada0911f09ebcp-55},
    {0x1.44e086061892dp+0, 0x1.89b7a04ef80d0p-59},
    {0x1.4bfdad5362a27p+0, 0x1.d4397afec42e2p-56},
    {0x1.5342b569d4f82p+0, -0x1.07abe1db13cadp-55},
    {0x1.5ab07dd485429p+0, 0x1.6324c054647adp-54},
    {0x1.6247eb03a5585p+0, -0x1.383c17e40b497p-54},
    {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54},
    {0x1.71f75e8ec5f74p+0, -0x1.16e4786887a99p-55},
    {0x1.7a11473eb0187p+0, -0x1.41577ee04992fp-55},
    {0x1.82589994cce13p+0, -0x1.d4c1dd41532d8p-54},
    {0x1.8ace5422aa0dbp+0, 0x1.6e9f156864b27p-54},
    {0x1.93737b0cdc5e5p+0, -0x1.75fc781b57ebcp-57},
    {0x1.9c49182a3f090p+0, 0x1.c7c46b071f2bep-56},
    {0x1.a5503b23e255dp+0, -0x1.d2f6edb8d41e1p-54},
    {0x1.ae89f995ad3adp+0, 0x1.7a1cd345dcc81p-54},
    {0x1.b7f76f2fb5e47p+0, -0x1.5584f7e54ac3bp-56},
    {0x1.c199bdd85529cp+0, 0x1.11065895048ddp-55},
    {0x1.cb720dcef9069p+0, 0x1.503cbd1e949dbp-56},
    {0x1.d5818dcfba487p+0, 0x1.2ed02d75b3707p-55},
    {0x1.dfc97337b9b5fp+0, -0x1.1a5cd4f184b5cp-54},
    {0x1.ea4afa2a490dap+0, -0x1.e9c23179c2893p-54},
    {0x1.f50765b6e4540p+0, 0x1.9d3e12dd8a18bp-54},};

/* high * 2^exponent with one rounding where it is a normal number. */
EDGE_UNUSED static double edge_scale(double high, int exponent)
{
    if (exponent > 1022) {
        high *= edge_from_bits((uint64_t)2046 << 52);
        exponent -= 1023;
    } else if (exponent < -1021) {
        high *= edge_from_bits((uint64_t)60 << 52);
        exponent += 963;
        if (exponent < -1021)
            exponent = -1021;
    }
    return high * edge_from_bits((uint64_t)(exponent + 1023) << 52);
}

/* Without a branch or a table, so that compilers compute several at once: e^x = 2^k (1 + r + r^2 Q)
 * with |r| <= ln2 / 2, Q being Taylor's series up to r^13 / 13!. The factor is applied in two
 * halves, for 2^k alone may be no normal number. 1.5 * 2^52 rounds to whole numbers, which are then
 * the low bits of the sum. A NaN passes every comparison below.
 */
EDGE_INLINE double edge_exp(double x)
{
    const double shift = 6755399441055744.0;
    double k, half, r, low, z, p, sum, above;
    x = x > 710.0 ? 710.0 : x;
    x = x < -746.0 ? -746.0 : x;
    k = (x * 0x1.71547652b82fep+0 + shift) - shift;
    above = x - k * 0x1.62e42fefa3800p-1;
    low = k * 0x1.ef35793c76730p-45;
    r = above - low;
    low = (above - r) - low;
    z = r * r;
    p = 1.0 / 479001600 + r * (1.0 / 6227020800);
    p = (1.0 / 3628800 + r * (1.0 / 39916800)) + z * p;
    p = (1.0 / 40320 + r * (1.0 / 362880)) + z * p;
    p = (1.0 / 720 + r * (1.0 / 5040)) + z * p;
    p = (1.0 / 24 + r * (1.0 / 120)) + z * p;
    p = (0.5 + r * (1.0 / 6)) + z * p;
    sum = 1.0 + r;
    sum += ((1.0 - sum) + r) + (z * p + low);
    half = (k * 0.5 + shift) - shift;
    k -= half;
    sum *= edge_from_bits(edge_to_bits(half + (shift + 1023.0)) << 52);
    return sum * edge_from_bits(edge_to_bits(k + (shift + 1023.0)) << 52);
}

/* a * b exactly, as a sum of two doubles (Dekker 1971); |a|, |b| < 2^990. */
EDGE_UNUSED static double edge_two_product(double a, double b, double *low)
{
    const double splitter = 134217729.0;
    const double a_scaled = splitter * a, b_scaled = splitter * b;
    const double a_high = a_scaled - (a_scaled - a), b_high = b_scaled - (b_scaled - b);
    const double a_low = a - a_high, b_low = b - b_high;
    const double product = a * b;
    *low = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return product;
}

/* exp(high + low) = (*first + *second) * 2^result; |high| < 746, |low| <= ulp(high). */
EDGE_UNUSED static int edge_exp_pair(double high, double low, double *first, double *second)
{
    double k, r, s, e, square, square_low, tail, m, m_low, product, product_low;
    const double *table;
    int32_t whole;
    k = high * 0x1.71547652b82fep+5;
    whole = (int32_t)(k < 0.0 ? k - 0.5 : k + 0.5);
    k = (double)whole;
    r = high - k * 0x1.62e42fefa0000p-6;
    low -= k * 0x1.cf79abc9e3b3ap-45;
    s = r + low;
    e = (r - s) + low;
    square = edge_two_product(s, s, &square_low);
    tail = s * square
         * (1.0 / 6 + s * (1.0 / 24 + s * (1.0 / 120 + s * (1.0 / 720 + s * (1.0 / 5040 + s / 40320)))));
    tail += 0.5 * square_low + (e + e * s);
    m = s + 0.5 * square;
    m_low = ((s - m) + 0.5 * square) + tail;
    table = edge_exp2[(uint32_t)whole & 31];
    product = edge_two_product(table[0], m, &product_low);
    high = table[0] + product;
    low = ((table[0] - high) + product)
        + (product_low + table[0] * m_low + table[1] + table[1] * m);
    *first = high + low;
    *second = (high - *first) + low;
    return (int)(whole - (int32_t)((uint32_t)whole & 31)) / 32;
}

EDGE_UNUSED static double edge_log(double x)
{
    uint64_t bits = edge_to_bits(x);
    int exponent = 0;
    double f, s, z, half, rest, k;
    if (!(x > 0.0))
        return x == 0.0 ? -EDGE_INFINITY : EDGE_NAN;
    if (bits >= 0x7ff0000000000000u)
        return x;
    if (bits < 0x0010000000000000u) {
        bits = edge_to_bits(x * 18014398509481984.0);
        exponent = -54;
    }
    /* sqrt(1/2) <= m < sqrt(2) */
    bits += 0x3ff0000000000000u - 0x3fe6a09e667f3bcdu;
    exponent += (int)(bits >> 52) - 1023;
    f = edge_from_bits((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
    s = f / (2.0 + f);
    z = s * s;
    half = 0.5 * f * f;
    rest = z * (2.0 / 3 + z * (2.0 / 5 + z * (2.0 / 7 + z * (2.0 / 9 + z * (2.0 / 11
         + z * (2.0 / 13 + z * (2.0 / 15 + z * (2.0 / 17 + z * (2.0 / 19 + z * (2.0 / 21))))))))));
    k = (double)exponent;
    return k * 0x1.62e42fefa4000p-1
         - ((half - (s * (half + rest) + k * -0x1.8432a1b0e2634p-43)) - f);
}

/* log(x) as a sum of two doubles: one Newton step on log, with exp as a pair; x > 0, finite. */
EDGE_UNUSED static double edge_log_pair(double x, double *low)
{
    uint64_t bits = edge_to_bits(x);
    int exponent = 0, back;
    double m, start, first, second, product, rest, k, high, correction, sum;
    if (bits < 0x0010000000000000u) {
        bits = edge_to_bits(x * 18014398509481984.0);
        exponent = -54;
    }
    bits += 0x3ff0000000000000u - 0x3fe6a09e667f3bcdu;
    exponent += (int)(bits >> 52) - 1023;
    m = edge_from_bits((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    start = edge_log(m);
    back = edge_exp_pair(-start, 0.0, &first, &second);
    first = edge_scale(first, back);
    second = edge_scale(second, back);
    product = edge_two_product(m, first, &rest);
    correction = (product - 1.0) + (rest + m * second);
    correction -= 0.5 * correction * correction;
    k = (double)exponent;
    high = k * 0x1.62e42fefa4000p-1;
    sum = high + start;
    /* |high| is 0 or larger than |start|. */
    rest = exponent == 0 ? correction
                         : ((high - sum) + start) + (correction + k * -0x1.8432a1b0e2634p-43);
    high = sum + rest;
    *low = (sum - high) + rest;
    return high;
}

EDGE_UNUSED static double edge_pow_positive(double x, double y)
{
    double high, low, product, rest, first, second;
    int exponent;
    high = edge_log_pair(x, &low);
    if (y * high > 710.0)
        return EDGE_INFINITY;
    if (y * high < -746.0)
        return 0.0;
    product = edge_two_product(y, high, &rest);
    rest += y * low;
    high = product + rest;
    low = (product - high) + rest;
    exponent = edge_exp_pair(high, low, &first, &second);
    return edge_scale(first + second, exponent);
}

/* The rules of C99 F.9.4.4. */
EDGE_UNUSED static double edge_pow(double x, double y)
{
    const double size = __builtin_fabs(x), exponent_size = __builtin_fabs(y);
    int odd = 0, whole = exponent_size >= 9007199254740992.0;
    double found;
    if (y == 0.0 || x == 1.0)
        return 1.0;
    if (x != x || y != y)
        return x + y;
    if (!whole) {
        const int64_t truncated = (int64_t)y;
        whole = (double)truncated == y;
        odd = whole && (truncated & 1);
    }
    if (exponent_size == EDGE_INFINITY)
        return size == 1.0 ? 1.0 : ((size > 1.0) == (y > 0.0) ? EDGE_INFINITY : 0.0);
    if (size == 0.0 || size == EDGE_INFINITY)
        found = (size == 0.0) == (y < 0.0) ? EDGE_INFINITY : 0.0;
    else if (x < 0.0 && !whole)
        return EDGE_NAN;
    else
        found = size == 1.0 ? 1.0 : edge_pow_positive(size, y);
    return odd && (edge_to_bits(x) >> 63) ? -found : found;
}

EDGE_UNUSED static double edge_tanh(double x)
{
    const double size = __builtin_fabs(x);
    double found;
    if (x != x)
        return x;
    if (size < 0.25) {
        const double z = x * x;
        return x + x * z
             * (-0x1.5555555555555p-2 + z * (0x1.1111111111111p-3 + z * (-0x1.ba1ba1ba1ba1cp-5
             + z * (0x1.664f4882c10fap-6 + z * (-0x1.226e355e6c23dp-7 + z * (0x1.d6d3d0e157de0p-9
             + z * (-0x1.7da36452b75e3p-10 + z * (0x1.3558248036744p-11
             + z * (-0x1.f57d7734d1664p-13 + z * (0x1.967e18afcafadp-14)))))))))) ;
    }
    if (size > 20.0) {
        found = 1.0;
    } else {
        double first, second, above, above_low, below, below_low, product, rest;
        const int exponent = edge_exp_pair(2.0 * size, 0.0, &first, &second);
        first = edge_scale(first, exponent);
        second = edge_scale(second, exponent);
        above = first - 1.0;
        above_low = ((first - above) - 1.0) + second;
        below = first + 1.0;
        below_low = ((first - below) + 1.0) + second;
        found = above / below;
        product = edge_two_product(found, below, &rest);
        found += (((above - product) - rest) + above_low - found * below_low) / below;
    }
    return x < 0.0 ? -found : found;
}

/* The processor's instruction where it has one: a builtin may call libc to set errno. */
EDGE_UNUSED static double edge_sqrt(double x)
{
#if defined(__GNUC__) && defined(__SSE2__)
    double root;
    __asm__("sqrtsd %1, %0" : "=x"(root) : "x"(x));
    return root;
#elif defined(__GNUC__) && defined(__aarch64__)
    double root;
    __asm__("fsqrt %d0, %d1" : "=w"(root) : "w"(x));
    return root;
#elif defined(__GNUC__) && defined(__riscv_flen) && __riscv_flen == 64
    double root;
    __asm__("fsqrt.d %0, %1" : "=f"(root) : "f"(x));
    return root;
#elif defined(__GNUC__) && defined(__arm__) && defined(__ARM_FP) && (__ARM_FP & 8)
    double root;
    __asm__("vsqrt.f64 %P0, %P1" : "=w"(root) : "w"(x));
    return root;
#else
    /* Digit by digit on the significand, then rounded to nearest: exact. */
    uint64_t bits = edge_to_bits(x), significand, root = 0, rest = 0;
    int exponent = (int)(bits >> 52), i;
    if (!(x > 0.0))
        return x == 0.0 || x != x ? x : EDGE_NAN;
    if (exponent == 0x7ff)
        return x;
    significand = bits & 0x000fffffffffffffu;
    if (exponent == 0) {
        for (exponent = 1; !(significand >> 52); exponent--)
            significand <<= 1;
    } else {
        significand |= 0x0010000000000000u;
    }
    exponent -= 1023;
    if (exponent & 1) {
        significand <<= 1;
        exponent--;
    }
    /* root = floor(sqrt(significand << 54)), 54 bits: one more than a double has. */
    for (i = 53; i >= 0; i--) {
        const int at = 2 * i - 54;
        const uint64_t pair = at >= 0 ? significand >> at & 3 : at == -1 ? significand << 1 & 3 : 0;
        uint64_t trial;
        rest = rest << 2 | pair;
        trial = root << 2 | 1;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    root = (root >> 1) + (root & 1);
    return edge_from_bits(root - 0x0010000000000000u + ((uint64_t)(exponent / 2 + 1023) << 52));
#endif
}

/* Downwards, upwards and to the nearest, ties to even; beyond 2^52 every double is whole. */
EDGE_UNUSED static double edge_floor(double x)
{
    double whole;
    if (!(__builtin_fabs(x) < 4503599627370496.0))
        return x;
    whole = (double)(int64_t)x;
    return whole == x ? x : whole > x ? whole - 1.0 : whole;
}

EDGE_UNUSED static double edge_ceil(double x)
{
    return -edge_floor(-x);
}

EDGE_UNUSED static double edge_rint(double x)
{
    double below, gap;
    if (!(__builtin_fabs(x) < 4503599627370496.0))
        return x;
    below = edge_floor(x);
    gap = x - below;
    if (gap > 0.5 || (gap == 0.5 && ((int64_t)below & 1)))
        below += 1.0;
    return below == 0.0 && (edge_to_bits(x) >> 63) ? -0.0 : below;
}
