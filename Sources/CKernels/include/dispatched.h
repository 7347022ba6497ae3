#ifndef CK_DISPATCHED_H
#define CK_DISPATCHED_H

#include <stddef.h>
#include <stdint.h>

/* One plain C body, compiled for three instruction sets and chosen when the program starts. */
#if defined(__x86_64__)
#define DISPATCHED __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define DISPATCHED
#endif

#endif
