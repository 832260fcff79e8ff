int edge_model_predict_row(void *frame)
{
    double *const x = frame;
    $kind *const out = ($kind *)(void *)(x + EDGE_MODEL_FEATURES + 1);
    double *const workspace = x + EDGE_MODEL_FEATURES + 1 + $width;
    double largest = 0.0;
    size_t i;
    for (i = 0; i < EDGE_MODEL_FEATURES; i++) {
        const double size = __builtin_fabs(x[i]);
        largest = size > largest ? size : largest;
    }
    x[EDGE_MODEL_FEATURES] = largest;
    return edge_model_predict(x, EDGE_MODEL_FEATURES, out, $width, workspace, EDGE_MODEL_ROW_BYTES);
}
