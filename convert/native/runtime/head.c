/* Model $name as C99, generated from its proven ONNX graph. See edge_model.h.
 *
 * Compile with -ffp-contract=off: a fused product and sum rounds once where the proven graph
 * rounds twice. No libc is needed; double must be IEEE 754 and evaluated as such.
 */

#include "edge_model.h"

#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "this target computes in extended precision; on x86 use -msse2 -mfpmath=sse"
#endif
#if defined(__FAST_MATH__)
#error "-ffast-math changes what the model predicts"
#endif

#define EDGE_UNITS $units /* of eight bytes of workspace, per row */
#define EDGE_BLOCK $block
#define EDGE_LARGEST 0x1.fffffffffffffp+1023

#if defined(EDGE_MODEL_FREESTANDING)
/* What compilers call without being asked. */
__attribute__((visibility("hidden"))) void *memcpy(void *to, const void *from, size_t count);
__attribute__((visibility("hidden"))) void *memset(void *to, int value, size_t count);

void *memcpy(void *to, const void *from, size_t count)
{
    unsigned char *a = to;
    const unsigned char *b = from;
    while (count--)
        *a++ = *b++;
    return to;
}

void *memset(void *to, int value, size_t count)
{
    unsigned char *a = to;
    while (count--)
        *a++ = (unsigned char)value;
    return to;
}
#endif

int edge_model_abi(void)
{
    return $abi;
}

size_t edge_model_features(void)
{
    return EDGE_MODEL_FEATURES;
}

size_t edge_model_workspace_bytes(void)
{
    return EDGE_MODEL_WORKSPACE_BYTES;
}

size_t edge_model_row_bytes(void)
{
    return EDGE_MODEL_ROW_BYTES;
}
