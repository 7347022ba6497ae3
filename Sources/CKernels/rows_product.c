#include "rows_product.h"

#if defined(__x86_64__)
#include "bfloat16_words.h"

/* y = x w^T for so few rows that packing w would cost more than it gains: both are read where they are, along
   the inner side, four rows of each at a time, and each of the sixteen sums is a vector until its end. Like
   bfloat16_product.c an exception to the rules of this folder, for the same reasons. */

enum { SIDE = 4 };
/* Rows of w that are asked of memory before they are needed: by itself the processor asks for the next words
   of a row, and rows are short. */
enum { AHEAD = 2 * SIDE };

#define WITH_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

/* The sums of sixteen vectors, in their order. */
WITH_AVX512 static inline __m512 sums_of(__m512 s[LANES]) {
    __m512 t[LANES / 2];
    for (int i = 0; i < 8; i++)
        t[i] = _mm512_add_ps(_mm512_unpacklo_ps(s[2 * i], s[2 * i + 1]),
                             _mm512_unpackhi_ps(s[2 * i], s[2 * i + 1]));
    for (int i = 0; i < 4; i++) {
        const __m512d a = _mm512_castps_pd(t[2 * i]), b = _mm512_castps_pd(t[2 * i + 1]);
        s[i] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)),
                             _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
    }
    /* s[i], quarter q: parts of the sums 4i to 4i + 3. */
    for (int i = 0; i < 2; i++)
        t[i] = _mm512_add_ps(_mm512_shuffle_f32x4(s[2 * i], s[2 * i + 1], 0x88),
                             _mm512_shuffle_f32x4(s[2 * i], s[2 * i + 1], 0xdd));
    return _mm512_add_ps(_mm512_shuffle_f32x4(t[0], t[1], 0x88), _mm512_shuffle_f32x4(t[0], t[1], 0xdd));
}

#define LOAD_FLOATS(mask, at) _mm512_maskz_loadu_ps((__mmask16)(mask), at)
#define EXPAND_HALVES(mask, at)                                                                              \
    _mm512_castsi512_ps(                                                                                     \
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16((__mmask16)(mask), at)), 16))
#define ADD_FLOATS(sum, a, b) _mm512_fmadd_ps(a, b, sum)

#define TARGET WITH_AVX512
#define SQUARE square_of_floats
#define PRODUCT ck_rows_product
#define LEFT float
#define RIGHT float
#define VECTOR __m512
#define STEP LANES
#define LOAD_LEFT LOAD_FLOATS
#define LOAD_RIGHT LOAD_FLOATS
#define ADD_PRODUCT ADD_FLOATS
#include "rows_square.h"

#define TARGET WITH_AVX512
#define SQUARE square_of_floats_and_halves
#define PRODUCT ck_rows_product_expanding
#define LEFT float
#define RIGHT uint16_t
#define VECTOR __m512
#define STEP LANES
#define LOAD_LEFT LOAD_FLOATS
#define LOAD_RIGHT EXPAND_HALVES
#define ADD_PRODUCT ADD_FLOATS
#include "rows_square.h"

#define TARGET WITH_BF16
#define SQUARE square_of_halves
#define PRODUCT ck_rows_product_bfloat16
#define LEFT uint16_t
#define RIGHT uint16_t
#define VECTOR __m512bh
#define STEP (2 * LANES)
#define LOAD_LEFT(mask, at) (__m512bh) _mm512_maskz_loadu_epi16(mask, at)
#define LOAD_RIGHT LOAD_LEFT
#define ADD_PRODUCT _mm512_dpbf16_ps
#include "rows_square.h"

#else

int ck_rows_product(const float *x, size_t rows, size_t x_stride, const float *w, size_t n, size_t k,
                    size_t w_stride, float *y, size_t y_stride) {
    return -1;
}

int ck_rows_product_expanding(const float *x, size_t rows, size_t x_stride, const uint16_t *w, size_t n,
                              size_t k, size_t w_stride, float *y, size_t y_stride) {
    return -1;
}

int ck_rows_product_bfloat16(const uint16_t *x, size_t rows, size_t x_stride, const uint16_t *w, size_t n,
                             size_t k, size_t w_stride, float *y, size_t y_stride) {
    return -1;
}

#endif
