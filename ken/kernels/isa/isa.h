/* Included first by every file of kernels/isa/: names a function for the instruction set that this
 * compilation is for (KEN_ISA is generic, avx2, avx512 or wasm128; set by the build). */
#ifndef KEN_KERNELS_ISA_H
#define KEN_KERNELS_ISA_H

#include "ken/kernels/kernels.h"

#ifndef KEN_ISA
#define KEN_ISA generic
#endif
#define KEN_PASTE_(a, b) a##_##b
#define KEN_PASTE(a, b) KEN_PASTE_(a, b)
#define KEN_K(name) KEN_PASTE(ken_k_##name, KEN_ISA)
#define KEN_STRING_(x) #x
#define KEN_STRING_OF(x) KEN_STRING_(x)

#if defined(__AVX512F__)
#define KEN_AVX512 1
#endif
#if defined(__AVX2__)
#define KEN_AVX2 1
#endif
#if KEN_AVX2 || KEN_AVX512
#include <immintrin.h>
#endif

#endif
