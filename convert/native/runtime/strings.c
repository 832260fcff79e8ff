static const unsigned char edge_pool[] = {
$pool
};

static const uint32_t edge_starts[] = {
$starts
};

const char *edge_model_string(int64_t position)
{
    if (position < 0 || position >= $count)
        return 0;
    return (const char *)edge_pool + edge_starts[position];
}
