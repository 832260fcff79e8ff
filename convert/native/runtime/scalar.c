/* Scalar operators whose edges C leaves open or decides otherwise: NaN, overflow, zero. */

EDGE_INLINE int edge_isnan(double x)
{
    return x != x;
}

EDGE_INLINE double edge_square(double x)
{
    return x * x;
}

EDGE_INLINE double edge_max_float64(double a, double b)
{
    return a != a || a > b ? a : b;
}

EDGE_INLINE double edge_min_float64(double a, double b)
{
    return a != a || a < b ? a : b;
}

EDGE_INLINE float edge_max_float32(float a, float b)
{
    return a != a || a > b ? a : b;
}

EDGE_INLINE float edge_min_float32(float a, float b)
{
    return a != a || a < b ? a : b;
}

EDGE_UNUSED static int64_t edge_max_int64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

EDGE_UNUSED static int64_t edge_min_int64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Integers wrap, as numpy's and onnxruntime's do. */
EDGE_UNUSED static int64_t edge_add_int64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

EDGE_UNUSED static int64_t edge_sub_int64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

EDGE_UNUSED static int64_t edge_mul_int64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

EDGE_UNUSED static int64_t edge_div_int64(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? edge_sub_int64(0, a) : a / b;
}

/* The sign of the divisor, as ONNX has it without fmod. */
EDGE_UNUSED static int64_t edge_mod_int64(int64_t a, int64_t b)
{
    int64_t rest;
    if (b == 0 || b == -1)
        return 0;
    rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Towards zero; what no int64 holds becomes the smallest, on every processor. */
EDGE_UNUSED static int64_t edge_to_int64(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

EDGE_INLINE float edge_to_float32(double x)
{
    /* Halfway between the largest float32 and 2^128: from here on it rounds to infinity. */
    x = x >= 0x1.ffffffp+127 ? EDGE_INFINITY : x;
    x = x <= -0x1.ffffffp+127 ? -EDGE_INFINITY : x;
    return (float)x;
}

EDGE_INLINE double edge_sign(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
}

/* A position in a table of `length` rows; one that is none leaves a mark and reads the first. */
EDGE_UNUSED static size_t edge_at(int64_t index, int64_t length, int *bad)
{
    if (index < 0)
        index += length;
    if (index < 0 || index >= length) {
        *bad = 1;
        return 0;
    }
    return (size_t)index;
}
