/* Which kernel tables are compiled in, and which of them run on this processor. */
#include "ken/kernels/kernels.h"

#include <string.h>

extern const ken_kernels ken_k_table_generic;
#ifdef KEN_HAVE_AVX2
extern const ken_kernels ken_k_table_avx2;
#endif
#ifdef KEN_HAVE_AVX512
extern const ken_kernels ken_k_table_avx512;
#endif

/* The builtins ask CPUID, and XGETBV for whether the operating system saves the registers. */
#ifdef KEN_HAVE_AVX2
static bool kernels_run_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
}
#endif
#ifdef KEN_HAVE_AVX512
static bool kernels_run_avx512(void) {
    return kernels_run_avx2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

const ken_kernels *ken_kernels_at(int i) {
    const ken_kernels *found[3];
    int n = 0;
#ifdef KEN_HAVE_AVX512
    if (kernels_run_avx512()) found[n++] = &ken_k_table_avx512;
#endif
#ifdef KEN_HAVE_AVX2
    if (kernels_run_avx2()) found[n++] = &ken_k_table_avx2;
#endif
    found[n++] = &ken_k_table_generic;
    return i >= 0 && i < n ? found[i] : NULL;
}

const ken_kernels *ken_kernels_find(const char *isa) {
    if (!isa || strcmp(isa, "best") == 0) return ken_kernels_at(0);
    for (int i = 0; ken_kernels_at(i); i++)
        if (strcmp(ken_kernels_at(i)->isa, isa) == 0) return ken_kernels_at(i);
    return NULL;
}
