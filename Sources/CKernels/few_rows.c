#include <string.h>
#include "bfloat16.h"
#include "vector_math.h"

INLINED float ck_of_bfloat16(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#define FEW_ROWS(LOAD)                                                                                       \
    _Pragma("clang fp reassociate(on)") size_t r = 0;                                                        \
    for (; r + 4 <= rows; r += 4) {                                                                          \
        const float *x0 = x + r * x_stride, *x1 = x0 + x_stride, *x2 = x1 + x_stride, *x3 = x2 + x_stride;   \
        for (size_t j = 0; j < n; j++) {                                                                     \
            float s0 = 0, s1 = 0, s2 = 0, s3 = 0;                                                            \
            for (size_t i = 0; i < k; i++) {                                                                 \
                float value = LOAD(w[j * w_stride + i]);                                                     \
                s0 += x0[i] * value;                                                                         \
                s1 += x1[i] * value;                                                                         \
                s2 += x2[i] * value;                                                                         \
                s3 += x3[i] * value;                                                                         \
            }                                                                                                \
            y[r * y_stride + j] = s0;                                                                        \
            y[(r + 1) * y_stride + j] = s1;                                                                  \
            y[(r + 2) * y_stride + j] = s2;                                                                  \
            y[(r + 3) * y_stride + j] = s3;                                                                  \
        }                                                                                                    \
    }                                                                                                        \
    for (; r < rows; r++)                                                                                    \
        for (size_t j = 0; j < n; j++) {                                                                     \
            float s = 0;                                                                                     \
            for (size_t i = 0; i < k; i++) s += x[r * x_stride + i] * LOAD(w[j * w_stride + i]);             \
            y[r * y_stride + j] = s;                                                                         \
        }

#define AS_IT_IS(value) (value)

DISPATCHED void ck_few_rows(const float *restrict x, size_t rows, size_t x_stride, const float *restrict w,
                            size_t n, size_t k, size_t w_stride, float *restrict y, size_t y_stride) {
    FEW_ROWS(AS_IT_IS)
}

DISPATCHED void ck_few_rows_bfloat16(const float *restrict x, size_t rows, size_t x_stride,
                                     const uint16_t *restrict w, size_t n, size_t k, size_t w_stride,
                                     float *restrict y, size_t y_stride) {
    FEW_ROWS(ck_of_bfloat16)
}
