/* The highest of the reasons that a row of the block gives. */
static int check_refused(const double *x, size_t rows, double *w, size_t block)
{
    unsigned char *const flags = (unsigned char *)(void *)w;
    const int status = run_refused(x, rows$outs, w + $units * block, block);
    size_t i, r;
    if (status != EDGE_MODEL_OK)
        return status;
    for (i = $count; i-- > 0;)
        for (r = 0; r < rows; r++)
            if (flags[i * rows + r])
                return EDGE_MODEL_REFUSED + (int)i;
    return EDGE_MODEL_OK;
}
