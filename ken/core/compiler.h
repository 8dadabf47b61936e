/* The only place for compiler extensions. Not a portability layer: GCC and clang are what ken is
 * built with; anything else (tcc, a C++ compiler that only reads the headers) gets plain C. */
#ifndef KEN_CORE_COMPILER_H
#define KEN_CORE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define KEN_PRINTF(fmt, first) __attribute__((format(__printf__, fmt, first)))
#define KEN_LIKELY(x) __builtin_expect(!!(x), 1)
#define KEN_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define KEN_UNUSED __attribute__((unused))
#define KEN_MUST_CHECK __attribute__((warn_unused_result))
#define KEN_PREFETCH(p) __builtin_prefetch(p)
#define KEN_PREFETCH_FAR(p) __builtin_prefetch((p), 0, 2) /* as far as the second cache */
#else
#define KEN_PRINTF(fmt, first)
#define KEN_LIKELY(x) (x)
#define KEN_UNLIKELY(x) (x)
#define KEN_UNUSED
#define KEN_MUST_CHECK
#define KEN_PREFETCH(p) ((void)0)
#define KEN_PREFETCH_FAR(p) ((void)0)
#endif

#if defined(KEN_SHARED) && defined(__GNUC__)
#define KEN_API __attribute__((visibility("default")))
#else
#define KEN_API
#endif

#define KEN_MIN(a, b) ((a) < (b) ? (a) : (b))
#define KEN_MAX(a, b) ((a) > (b) ? (a) : (b))
#define KEN_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#ifdef __cplusplus
#define KEN_BEGIN_C extern "C" {
#define KEN_END_C }
#else
#define KEN_BEGIN_C
#define KEN_END_C
#endif

#endif
