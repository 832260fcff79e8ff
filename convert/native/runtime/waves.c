/* sin and cos in double, within one unit in the last place, of any argument; after math.c. */

/* 64 zeros and then the first bits of 2/pi. */
EDGE_UNUSED static const uint32_t edge_two_over_pi[] = {
    0x00000000, 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041,
    0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e,
    0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b,
    0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d,
    0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab,
    0xf0cfbc20, 0x9af4361d,
};

/* x - q * pi/2 = *high + *low for the nearest q, whose last two bits are returned (Payne and
 * Hanek 1983): the bits of x * 2/pi from 2 down to 2^-190, all that the quadrant and 1 ulp need.
 */
EDGE_UNUSED static int edge_quadrant(double x, double *high, double *low)
{
    const uint64_t bits = edge_to_bits(x);
    const uint64_t significand = (bits & 0x000fffffffffffffu) | 0x0010000000000000u;
    const uint32_t m[2] = {(uint32_t)significand, (uint32_t)(significand >> 32)};
    const int start = (int)(bits >> 52 & 0x7ff) - 1075 - 1 + 63;
    uint32_t product[6] = {0, 0, 0, 0, 0, 0}, chunk[6];
    uint64_t upper, lower;
    int i, j, quadrant, negative;
    double first, second, rest;
    for (i = 0; i < 6; i++) {
        const uint32_t *const at = edge_two_over_pi + start / 32 + i;
        const uint64_t both = (uint64_t)at[0] << 32 | at[1];
        chunk[5 - i] = (uint32_t)(both << (start % 32) >> 32);
    }
    for (i = 0; i < 2; i++) {
        uint64_t carry = 0;
        for (j = 0; i + j < 6; j++) {
            carry += (uint64_t)m[i] * chunk[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    quadrant = (int)(product[5] >> 30);
    upper = (uint64_t)product[5] << 34 | (uint64_t)product[4] << 2 | product[3] >> 30;
    lower = (uint64_t)product[3] << 34 | (uint64_t)product[2] << 2 | product[1] >> 30;
    negative = (int)(upper >> 63);
    if (negative) {
        quadrant++;
        lower = ~lower;
        upper = ~upper;
    }
    first = (double)(upper >> 11) * 0x1.0p-53;
    second = (double)((upper & 0x7ff) << 42 | lower >> 22) * 0x1.0p-106;
    if (upper >> 11 == 0) {
        /* Next to a multiple of pi/2: the leading bits are all in the second part. */
        first = second;
        second = (double)(lower & 0x3fffff) * 0x1.0p-128;
    }
    *high = edge_two_product(first, 0x1.921fb54442d18p+0, &rest);
    rest += first * 0x1.1a62633145c07p-54 + second * 0x1.921fb54442d18p+0;
    first = *high + rest;
    *low = (*high - first) + rest;
    *high = first;
    if (negative != (int)(bits >> 63)) {
        *high = -*high;
        *low = -*low;
    }
    return (bits >> 63 ? -quadrant : quadrant) & 3;
}

EDGE_UNUSED static double edge_sine(double x, double low)
{
    const double z = x * x, cube = z * x;
    const double rest = 0x1.1111111111111p-7 + z * ((-0x1.a01a01a01a01ap-13) + z * (0x1.71de3a556c734p-19 + z * ((-0x1.ae64567f544e4p-26)
                      + z * (0x1.6124613a86d09p-33 + z * ((-0x1.ae7f3e733b81fp-41) + z * 0x1.952c77030ad4ap-49)))));
    return x - ((z * (0.5 * low - cube * rest) - low) + cube * (1.0 / 6));
}

EDGE_UNUSED static double edge_cosine(double x, double low)
{
    const double z = x * x, half = 0.5 * z, first = 1.0 - half;
    const double rest = z * (0x1.5555555555555p-5 + z * ((-0x1.6c16c16c16c17p-10) + z * (0x1.a01a01a01a01ap-16 + z * ((-0x1.27e4fb7789f5cp-22)
                      + z * (0x1.1eed8eff8d898p-29 + z * ((-0x1.93974a8c07c9dp-37) + z * 0x1.ae7f3e733b81fp-45))))));
    return first + (((1.0 - first) - half) + (z * rest - x * low));
}

EDGE_UNUSED static double edge_wave(double x, int ahead)
{
    double high = x, low = 0.0, found;
    int quadrant = 0;
    if (!(__builtin_fabs(x) < EDGE_INFINITY))
        return EDGE_NAN;
    if (__builtin_fabs(x) > 0.7853981633974483)
        quadrant = edge_quadrant(x, &high, &low);
    quadrant += ahead;
    found = quadrant & 1 ? edge_cosine(high, low) : edge_sine(high, low);
    return quadrant & 2 ? -found : found;
}

EDGE_UNUSED static double edge_sin(double x)
{
    return x == 0.0 ? x : edge_wave(x, 0);
}

EDGE_UNUSED static double edge_cos(double x)
{
    return edge_wave(x, 1);
}
