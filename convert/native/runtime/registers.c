/* What compilers are told, and the registers that hold several doubles. */
#if defined(__GNUC__)
#define EDGE_UNUSED __attribute__((unused))
#define EDGE_INLINE static inline __attribute__((unused, always_inline))
#define EDGE_APART static __attribute__((noinline))
typedef double edge_two __attribute__((vector_size(16), aligned(8)));
typedef int64_t edge_mask __attribute__((vector_size(16)));
typedef uint64_t edge_pair __attribute__((vector_size(16)));
#define EDGE_LOAD(TYPE, at) (*(const TYPE *)(const void *)(at))
#define EDGE_STORE(TYPE, at, value) (*(TYPE *)(void *)(at) = (value))
#else
#define EDGE_UNUSED
#define EDGE_INLINE static inline
#define EDGE_APART static
#endif

/* Before a loop whose steps do not read what others of them write. */
#if defined(__GNUC__) && !defined(__clang__)
#define EDGE_INDEPENDENT _Pragma("GCC ivdep")
#else
#define EDGE_INDEPENDENT
#endif

/* Registers of 32 bytes, where the processor has them. What is computed in them is what narrower
 * ones compute, element by element: AVX2 without fused products.
 */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(EDGE_MODEL_NARROW)
#define EDGE_WIDE __attribute__((target("avx2")))
#define EDGE_WIDE_FROM 512 /* elements of a block, or calling costs more than it gains */
typedef double edge_four __attribute__((vector_size(32), aligned(8)));
typedef int64_t edge_wide_mask __attribute__((vector_size(32)));
typedef uint64_t edge_wide_bits __attribute__((vector_size(32)));

/* Whether processor and system keep 32-byte registers (Intel SDM 14.7.1). Asked once: cpuid
 * costs microseconds in a virtual machine. Threads that ask together find the same.
 */
EDGE_UNUSED static int edge_is_wide(void)
{
    static int known = -1;
    uint32_t a = 1, b, c = 0, d, low;
    const int before = __atomic_load_n(&known, __ATOMIC_RELAXED);
    int found = 0;
    if (before >= 0)
        return before;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((c & 0x18000000u) == 0x18000000u) {
        __asm__("xgetbv" : "=a"(low), "=d"(d) : "c"(0));
        a = 7, c = 0;
        __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
        found = (low & 6) == 6 && (b & 32);
    }
    __atomic_store_n(&known, found, __ATOMIC_RELAXED);
    return found;
}
#endif
