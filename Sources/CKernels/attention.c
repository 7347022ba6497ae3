#include "numeric.h"
#include "vector_math.h"

DISPATCHED void ck_attend_row(const float *restrict q, const float *restrict keys, size_t key_stride,
                              const float *restrict values, size_t value_stride, size_t n,
                              const float *restrict own_key, const float *restrict own_value, size_t size,
                              float scale, float *restrict scores, float *restrict y,
                              float *restrict log_sum) {
#pragma clang fp reassociate(on)
    float top = -INFINITY;
    for (size_t k = 0; k <= n; k++) {
        const float *key = k < n ? keys + k * key_stride : own_key;
        if (!key) break;
        float dot = 0;
        for (size_t i = 0; i < size; i++) dot += q[i] * key[i];
        scores[k] = dot * scale;
        top = scores[k] > top ? scores[k] : top;
    }
    size_t seen = own_key ? n + 1 : n;
    float sum = 0;
    for (size_t k = 0; k < seen; k++) {
        scores[k] = ck_expf(scores[k] - top);
        sum += scores[k];
    }
    float inverse = 1.0f / sum;
    for (size_t i = 0; i < size; i++) y[i] = 0;
    for (size_t k = 0; k < seen; k++) {
        const float *value = k < n ? values + k * value_stride : own_value;
        float p = scores[k] * inverse;
        for (size_t i = 0; i < size; i++) y[i] += p * value[i];
    }
    *log_sum = top + logf(sum);
}
