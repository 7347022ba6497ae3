#include "numeric.h"
#include "vector_math.h"

/* The largest of n values. Sixteen explicit lanes: a single running maximum does not vectorise. */
INLINED float largest(const float *restrict x, size_t n) {
    float lanes[16];
    for (int l = 0; l < 16; l++) lanes[l] = -INFINITY;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int l = 0; l < 16; l++) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
    float top = -INFINITY;
    for (; i < n; i++) top = x[i] > top ? x[i] : top;
    for (int half = 8; half > 0; half /= 2)
        for (int l = 0; l < half; l++) lanes[l] = lanes[l + half] > lanes[l] ? lanes[l + half] : lanes[l];
    return lanes[0] > top ? lanes[0] : top;
}

/* Rows of attention are short: one after the other, the last few values would cost as much as a hundred
   before them. So a row is taken as whole vectors as far as its memory goes, what it does not see being minus
   infinity; returns how many values that are. */
INLINED size_t whole_vectors(float *restrict s, size_t n, size_t stride) {
    size_t whole = (n + 15) / 16 * 16;
    if (whole > stride) return n;
    for (size_t c = n; c < whole; c++) s[c] = -INFINITY;
    return whole;
}

DISPATCHED void ck_prefix_softmax(float *restrict scores, float *restrict self,
                                  const int32_t *restrict visible, float scale, float *restrict log_sum,
                                  size_t log_sum_stride, size_t rows, size_t width, size_t stride) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        float *s = scores + r * stride;
        size_t n = (size_t)visible[r];
        float own = self ? self[r] * scale : -INFINITY;
        size_t m = whole_vectors(s, n, stride);
        float top = largest(s, m) * scale;
        top = own > top ? own : top;
        float sum = 0;
#pragma clang loop vectorize_width(16) interleave_count(1)
        for (size_t c = 0; c < m; c++) {
            s[c] = ck_expf(s[c] * scale - top);
            sum += s[c];
        }
        float p = self ? ck_expf(own - top) : 0.0f;
        sum += p;
        float inverse = 1.0f / sum;
#pragma clang loop vectorize_width(16) interleave_count(1)
        for (size_t c = 0; c < m; c++) s[c] *= inverse;
        for (size_t c = n; c < width; c++) s[c] = 0;
        if (self) self[r] = p * inverse;
        if (log_sum) log_sum[r * log_sum_stride] = top + logf(sum);
    }
}

DISPATCHED void ck_prefix_softmax_again(float *restrict scores, float *restrict self,
                                        const int32_t *restrict visible, float scale,
                                        const float *restrict log_sum, size_t log_sum_stride, size_t rows,
                                        size_t width, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        float *s = scores + r * stride;
        size_t n = (size_t)visible[r];
        float shift = log_sum[r * log_sum_stride];
        size_t m = whole_vectors(s, n, stride);
#pragma clang loop vectorize_width(16) interleave_count(1)
        for (size_t c = 0; c < m; c++) s[c] = ck_expf(s[c] * scale - shift);
        for (size_t c = n; c < width; c++) s[c] = 0;
        if (self) self[r] = ck_expf(self[r] * scale - shift);
    }
}

DISPATCHED void ck_softmax_gradient(const float *restrict p, float *restrict dp, const float *restrict d,
                                    float scale, size_t rows, size_t width, size_t stride) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++)
            dp[r * stride + c] = p[r * stride + c] * (dp[r * stride + c] - d[r]) * scale;
}

DISPATCHED float ck_log_sum_exp(const float *restrict x, size_t n) {
#pragma clang fp reassociate(on)
    float top = largest(x, n), sum = 0;
    for (size_t i = 0; i < n; i++) sum += ck_expf(x[i] - top);
    return top + logf(sum);
}

DISPATCHED double ck_kl(const float *restrict t, float log_sum_t, const float *restrict s, float log_sum_s,
                        size_t n) {
#pragma clang fp reassociate(on)
    double total = 0;
    for (size_t block = 0; block < n; block += 1024) {
        size_t end = block + 1024 < n ? block + 1024 : n;
        float sum = 0;
        for (size_t i = block; i < end; i++) {
            float log_p = t[i] - log_sum_t;
            sum += ck_expf(log_p) * (log_p - (s[i] - log_sum_s));
        }
        total += sum;
    }
    return total;
}

DISPATCHED double ck_entropy(const float *restrict x, float log_sum, size_t n) {
#pragma clang fp reassociate(on)
    double total = 0;
    for (size_t block = 0; block < n; block += 1024) {
        size_t end = block + 1024 < n ? block + 1024 : n;
        float sum = 0;
        for (size_t i = block; i < end; i++) sum -= ck_expf(x[i] - log_sum) * (x[i] - log_sum);
        total += sum;
    }
    return total;
}

DISPATCHED void ck_two_softmax(float *restrict s, float log_sum_n, float a, float log_sum_m, float b,
                               size_t n, size_t m) {
    for (size_t i = 0; i < m; i++) s[i] = a * ck_expf(s[i] - log_sum_n) + b * ck_expf(s[i] - log_sum_m);
    for (size_t i = m; i < n; i++) s[i] = a * ck_expf(s[i] - log_sum_n);
}

/* By itself, because one more factor would change which product a compiler fuses with the sum above. */
DISPATCHED void ck_two_softmax_warm(float *restrict s, float temperature, float log_sum_n, float a,
                                    float log_sum_m, float b, size_t n, size_t m) {
    for (size_t i = 0; i < m; i++)
        s[i] = a * ck_expf(s[i] * temperature - log_sum_n) + b * ck_expf(s[i] - log_sum_m);
    for (size_t i = m; i < n; i++) s[i] = a * ck_expf(s[i] * temperature - log_sum_n);
}

DISPATCHED void ck_subtract_softmax(float *restrict x, const float *restrict t, float log_sum_t, float b,
                                    size_t n) {
    for (size_t i = 0; i < n; i++) x[i] -= b * ck_expf(t[i] - log_sum_t);
}

DISPATCHED double ck_exp_shifted(const float *restrict x, float inverse_temperature, float shift,
                                 float *restrict p, size_t n) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        p[i] = ck_expf(x[i] * inverse_temperature - shift);
        sum += (double)p[i];
    }
    return sum;
}

DISPATCHED size_t ck_argmax(const float *restrict x, size_t n) {
    float top = largest(x, n);
    for (size_t i = 0; i < n; i++)
        if (x[i] == top) return i;
    return 0;
}
