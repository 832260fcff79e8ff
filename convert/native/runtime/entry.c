int edge_model_$verb($parameters)
{
    const size_t n = x_count / EDGE_MODEL_FEATURES;
    double *const w = workspace;
    size_t block = workspace_bytes / EDGE_MODEL_ROW_BYTES, done, rows;
    int status = check_input(x, x_count, workspace, workspace_bytes);
$tests    if (status == EDGE_MODEL_OK)
        status = edge_check_values(x, x_count);
    if (status != EDGE_MODEL_OK)
        return status;
    if (block > EDGE_BLOCK)
        block = EDGE_BLOCK;
    for (done = 0; done < n; done += rows) {
        rows = n - done < block ? n - done : block;
$refusal        status = run_$verb(x + done * EDGE_MODEL_FEATURES, rows$outs, w$skip, rows);
        if (status != EDGE_MODEL_OK)
            return status;
    }
    return EDGE_MODEL_OK;
}
