/* Trees of $name: $count trees over $features features into $targets targets. */

typedef struct {
    union {
        $bits bits;
        $real value;
    } threshold; /* in a leaf a NaN, below which no value is; its low bits number the leaf */
    $feature_type feature;
    $skip_type skip; /* from the left child, which is next, to the right one; -1 in a leaf */
} ${name}_node;

static const ${name}_node ${name}_nodes[] = {
$nodes
};

static const uint32_t ${name}_roots[] = {
$roots
};

static const uint8_t ${name}_depths[] = {
$depths
};

static const double ${name}_base[] = {$base};

$leaves
