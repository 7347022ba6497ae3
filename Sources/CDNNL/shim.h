#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>

extern void omp_set_num_threads(int threads);

/* Exported by libdnnl, but in no header of its own: row-major C[M, N] = alpha op(A) op(B) + beta C with bf16
   inputs. Weak, so that a library without it is found out when it is called, not when a program starts. */
extern dnnl_status_t dnnl_gemm_bf16bf16f32(char transa, char transb, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k,
                                           float alpha, const uint16_t *a, dnnl_dim_t lda, const uint16_t *b,
                                           dnnl_dim_t ldb, float beta, float *c, dnnl_dim_t ldc)
    __attribute__((weak));

/* On the calling thread alone; 0 when done. */
static inline int cdnnl_bf16_gemm(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha,
                                  const uint16_t *a, int64_t lda, const uint16_t *b, int64_t ldb, float beta,
                                  float *c, int64_t ldc) {
    if (!dnnl_gemm_bf16bf16f32) return -1;
    omp_set_num_threads(1);
    return dnnl_gemm_bf16bf16f32(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) == dnnl_success
               ? 0
               : -1;
}

/* Float32 on the calling thread alone; 0 when done. */
static inline int cdnnl_gemm(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha,
                             const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                             int64_t ldc) {
    omp_set_num_threads(1);
    return dnnl_sgemm(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) == dnnl_success ? 0 : -1;
}

/* C[M, N] = A op(B) with factors of 8 bits and sums of 32, on the calling thread alone; 0 when done. */
static inline int cdnnl_s8_gemm(char transb, int64_t m, int64_t n, int64_t k, const int8_t *a, int64_t lda,
                                const int8_t *b, int64_t ldb, int32_t *c, int64_t ldc) {
    omp_set_num_threads(1);
    int32_t offset = 0;
    return dnnl_gemm_s8s8s32('N', transb, 'F', m, n, k, 1, a, lda, 0, b, ldb, 0, 0, c, ldc, &offset) ==
                   dnnl_success
               ? 0
               : -1;
}

static inline int cdnnl_has_avx2(void) {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2;
}

static inline int cdnnl_has_avx512(void) {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
}

static inline int cdnnl_has_bf16(void) {
    return dnnl_gemm_bf16bf16f32 &&
           (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

/* Tiles of 16 rows in bf16 and int8. */
static inline int cdnnl_has_amx(void) {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}

/* Without these instructions products of 8 bits are slow, and some of them overflow. */
static inline int cdnnl_has_vnni(void) {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_vnni) == dnnl_cpu_isa_avx512_core_vnni;
}
