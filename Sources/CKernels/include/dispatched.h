#ifndef CK_DISPATCHED_H
#define CK_DISPATCHED_H

#include <stddef.h>
#include <stdint.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
/* What chooses runs before the sanitizer is ready, and ends with signal 11. */
#define DISPATCHED
#endif
#endif

/* One plain C body, compiled for three instruction sets and chosen when the program starts. */
#if defined(DISPATCHED)
#elif defined(__x86_64__)
#define DISPATCHED __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define DISPATCHED
#endif

#endif
