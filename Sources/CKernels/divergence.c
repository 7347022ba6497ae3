#include "numeric.h"
#include "vector_math.h"

/* With r = log p - log q at one id: m / q = lambda e^r + 1 - lambda, and its log, which for lambda = 1 is r
   itself: the logs are differences of logits, so no probability that rounds to zero is ever divided by. */
INLINED float ratio(float r, float lambda) { return lambda * ck_expf(r) + (1.0f - lambda); }
INLINED float log_ratio(float r, float lambda) { return lambda == 1.0f ? r : ck_logf(ratio(r, lambda)); }

/* dD / dq at one id. */
INLINED float slope_at(float r, struct ck_mixture f) {
    float u = 1.0f / ratio(r, f.lambda);
    float rest = 1.0f - f.lambda;
    return f.b * (1.0f - log_ratio(r, f.lambda) - rest * u) - f.a * rest * ck_expf(r) * u;
}

DISPATCHED double ck_mixture_divergence(const float *restrict t, float log_sum_t, const float *restrict s,
                                        float log_sum_s, struct ck_mixture f, size_t n,
                                        double *restrict mean_slope) {
#pragma clang fp reassociate(on)
    double total = 0, mean = 0;
    for (size_t block = 0; block < n; block += 1024) {
        size_t end = block + 1024 < n ? block + 1024 : n;
        float sum = 0, slope = 0;
        for (size_t i = block; i < end; i++) {
            float log_p = t[i] - log_sum_t, log_q = s[i] - log_sum_s;
            float r = log_p - log_q, l = log_ratio(r, f.lambda);
            float p = ck_expf(log_p), q = ck_expf(log_q);
            float u = 1.0f / ratio(r, f.lambda);
            float rest = 1.0f - f.lambda;
            sum += f.a * p * (r - l) - f.b * q * l;
            slope += f.b * q * (1.0f - l - rest * u) - f.a * rest * p * u;
        }
        total += sum;
        mean += slope;
    }
    *mean_slope = mean;
    return total;
}

DISPATCHED void ck_mixture_gradient(const float *restrict s, float log_sum_s, float *restrict t,
                                    float log_sum_t, const struct ck_mixture *restrict parts, size_t count,
                                    size_t n) {
    float sum[512], r[512];
    for (size_t block = 0; block < n; block += 512) {
        size_t end = n - block < 512 ? n - block : 512;
        const float *from = s + block;
        float *to = t + block;
        for (size_t i = 0; i < end; i++) {
            r[i] = (to[i] - log_sum_t) - (from[i] - log_sum_s);
            sum[i] = 0;
        }
        for (size_t k = 0; k < count; k++) {
            struct ck_mixture f = parts[k];
            for (size_t i = 0; i < end; i++) sum[i] += f.weight * (slope_at(r[i], f) - f.mean_slope);
        }
        for (size_t i = 0; i < end; i++) to[i] = ck_expf(from[i] - log_sum_s) * sum[i];
    }
}
