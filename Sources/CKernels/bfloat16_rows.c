#include "bfloat16.h"

#if defined(__x86_64__)
#include "bfloat16_words.h"

/* y = x w^T for so few rows that packing w would take longer than multiplying by it: both are read where they
   are, along the inner side, four rows of each at a time, and each of the sixteen sums is a vector until its
   end. Like bfloat16_product.c an exception to the rules of this folder, for the same reasons. */

enum { SIDE = 4, STEP = 2 * LANES };
/* Rows of w that are asked of memory before they are needed: by itself the processor asks for the next words
   of a row, and rows are short. */
enum { AHEAD = 2 * SIDE };

/* The sums of sixteen vectors, in their order. */
WITH_BF16 static inline __m512 sums_of(__m512 s[LANES]) {
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

/* Up to four rows of x by up to four of w. */
WITH_BF16 static inline void multiply_square(const uint16_t *x, size_t rows, size_t x_stride,
                                             const uint16_t *w, size_t columns, size_t w_stride, size_t k,
                                             float *y, size_t y_stride) {
    const uint16_t *a[SIDE], *b[SIDE];
    for (size_t i = 0; i < SIDE; i++) { /* the last one again where there are fewer */
        a[i] = x + smaller(i, rows - 1) * x_stride;
        b[i] = w + smaller(i, columns - 1) * w_stride;
    }
    __m512 sum[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) sum[i] = _mm512_setzero_ps();
    for (size_t i = 0; i < k; i += STEP) {
        const __mmask32 mask = k - i >= STEP ? 0xffffffffu : (1u << (k - i)) - 1;
        __m512bh right[SIDE];
        for (int j = 0; j < SIDE; j++) {
            right[j] = (__m512bh)_mm512_maskz_loadu_epi16(mask, b[j] + i);
            _mm_prefetch(b[j] + i + AHEAD * w_stride, _MM_HINT_T0);
        }
        for (int r = 0; r < SIDE; r++) {
            const __m512bh left = (__m512bh)_mm512_maskz_loadu_epi16(mask, a[r] + i);
            for (int j = 0; j < SIDE; j++)
                sum[r * SIDE + j] = _mm512_dpbf16_ps(sum[r * SIDE + j], left, right[j]);
        }
    }
    float sums[SIDE * SIDE];
    _mm512_storeu_ps(sums, sums_of(sum));
    const __mmask8 mask = (__mmask8)((1u << columns) - 1);
    for (size_t r = 0; r < rows; r++)
        _mm_mask_storeu_ps(y + r * y_stride, mask, _mm_loadu_ps(sums + r * SIDE));
}

WITH_BF16 int ck_bfloat16_rows_product(const uint16_t *x, size_t rows, size_t x_stride, const uint16_t *w,
                                       size_t n, size_t k, size_t w_stride, float *y, size_t y_stride) {
    for (size_t j = 0; j < n; j += SIDE)
        for (size_t r = 0; r < rows; r += SIDE)
            multiply_square(x + r * x_stride, smaller(SIDE, rows - r), x_stride, w + j * w_stride,
                            smaller(SIDE, n - j), w_stride, k, y + r * y_stride + j, y_stride);
    return 0;
}

#else

int ck_bfloat16_rows_product(const uint16_t *x, size_t rows, size_t x_stride, const uint16_t *w, size_t n,
                             size_t k, size_t w_stride, float *y, size_t y_stride) {
    return -1;
}

#endif
