/* Model $name: scikit-learn's verbs in C99, without allocation and without libc.
 *
 *     int64_t label;
 *     double workspace[EDGE_MODEL_ROW_BYTES / 8];
 *     int status = edge_model_predict(row, EDGE_MODEL_FEATURES, &label, 1,
 *                                     workspace, sizeof workspace);
 *
 * Every function is re-entrant: it writes to its outputs and its workspace alone. Rows are
 * C-ordered doubles, EDGE_MODEL_FEATURES each; counts are in elements and must fit exactly.
 * Where a status is not EDGE_MODEL_OK the outputs hold nothing of use.
 */

#ifndef EDGE_MODEL_H
#define EDGE_MODEL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define EDGE_MODEL_API __attribute__((visibility("default")))
#else
#define EDGE_MODEL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define EDGE_MODEL_ABI $abi
#define EDGE_MODEL_FEATURES $features
/* Workspace for one row at a time, the least that serves; and for the longest blocks. */
#define EDGE_MODEL_ROW_BYTES $row_bytes
#define EDGE_MODEL_WORKSPACE_BYTES $workspace_bytes

enum {
    EDGE_MODEL_OK = 0,
    EDGE_MODEL_NULL = 1,      /* a pointer is null */
    EDGE_MODEL_ALIGNMENT = 2, /* a pointer is not aligned to its elements, the workspace to 8 */
    EDGE_MODEL_COUNT = 3,     /* no rows, a part of a row, or an output of another length */
    EDGE_MODEL_WORKSPACE = 4, /* the workspace is shorter than EDGE_MODEL_ROW_BYTES */
    EDGE_MODEL_NAN = 5,       /* scikit-learn refuses NaN here */
    EDGE_MODEL_INFINITE = 6,  /* scikit-learn refuses infinity here */
    EDGE_MODEL_LIMIT = 7,     /* scikit-learn refuses a value of this magnitude */
    EDGE_MODEL_INDEX = 8,     /* a row leads beyond a table of the model */
    EDGE_MODEL_REFUSED = 16   /* + i: the row is one that scikit-learn refuses, for reason i: */
};
/*
$refusals */
#define EDGE_MODEL_CHECKS $checks

EDGE_MODEL_API int edge_model_abi(void);
EDGE_MODEL_API size_t edge_model_features(void);
EDGE_MODEL_API size_t edge_model_workspace_bytes(void);
EDGE_MODEL_API size_t edge_model_row_bytes(void);

/* The text of a label, UTF-8 and ended by zero; null for a position that is none. */
EDGE_MODEL_API const char *edge_model_string(int64_t position);

$declarations
/* One row at the least cost of a call: `frame` is one array of EDGE_MODEL_FRAME_UNITS units of
 * eight bytes: the row, its largest |x| (written), the output (written), workspace.
 * 0 where the model has no predict with a single output.
 */
#define EDGE_MODEL_FRAME_UNITS $row_units
#if EDGE_MODEL_FRAME_UNITS
EDGE_MODEL_API int edge_model_predict_row(void *frame);
#endif

#ifdef __cplusplus
}
#endif

#endif
