/* Rows without NaN need not be asked at every branch. */
static void ${name}_sum(const $real *x, size_t rows, double *out)
{
    size_t i;
    int missing = 0;
    for (i = 0; i < rows * $features; i++)
        missing |= x[i] != x[i];
    if (missing)
        ${name}_sum_missing(x, rows, out);
    else
        ${name}_sum_present(x, rows, out);
}
