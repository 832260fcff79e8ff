static const unsigned char edge_pool[] = {
$pool
};

static const uint32_t edge_starts[] = {
$starts
};

static const int64_t edge_string_count = $count;

const char *edge_model_string(int64_t position)
{
    if (position < 0 || position >= edge_string_count)
        return 0;
    return (const char *)edge_pool + edge_starts[position];
}
