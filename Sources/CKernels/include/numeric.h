#ifndef CK_NUMERIC_H
#define CK_NUMERIC_H

#include "dispatched.h"

/* Elementwise, n values. */
void ck_add(float *restrict y, const float *restrict x, size_t n);                          /* y += x */
void ck_sum(const float *restrict a, const float *restrict b, float *restrict y, size_t n); /* y = a + b */
void ck_add_scaled(float *restrict y, const float *restrict x, float a, size_t n);          /* y += a x */
void ck_scale(float *restrict y, float a, size_t n);                                        /* y *= a */
double ck_sum_of_squares(const float *restrict x, size_t n);
double ck_dot(const float *restrict x, const float *restrict y, size_t n);

/* Rows and columns of a [rows, width] matrix. */
void ck_add_bias(float *restrict y, const float *restrict bias, size_t rows, size_t width);
void ck_add_column_sums(float *restrict sums, const float *restrict x, size_t rows, size_t width);

/* y = x * weight / rms(x); inverse_rms [rows] is kept for the gradient. */
void ck_rms_norm(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                 float *restrict inverse_rms, size_t rows, size_t width);
/* dx += gradient to x; dweight += gradient to weight (NULL to skip). */
void ck_rms_norm_gradient(const float *restrict x, const float *restrict weight,
                          const float *restrict inverse_rms, const float *restrict dy, float *restrict dx,
                          float *restrict dweight, size_t rows, size_t width);

/* y = (x - mean) * inverse_deviation * weight + bias; statistics [rows, 2] hold mean and inverse
   deviation. */
void ck_layer_norm(const float *restrict x, const float *restrict weight, const float *restrict bias,
                   float epsilon, float *restrict y, float *restrict statistics, size_t rows, size_t width);
void ck_layer_norm_gradient(const float *restrict x, const float *restrict weight,
                            const float *restrict statistics, const float *restrict dy, float *restrict dx,
                            float *restrict dweight, float *restrict dbias, size_t rows, size_t width);

/* y = x * scale by columns; the gradients are dx (overwritten) and dscale (added to; NULL to skip). */
void ck_scale_columns(const float *restrict x, const float *restrict scale, float *restrict y, size_t rows,
                      size_t width);
void ck_scale_columns_gradient(const float *restrict x, const float *restrict scale, const float *restrict dy,
                               float *restrict dx, float *restrict dscale, size_t rows, size_t width);

/* Activations and their gradients (dx = dy * f'(x)). */
void ck_silu_gate(const float *restrict gate, const float *restrict up, float *restrict y, size_t n);
void ck_silu_gate_gradient(const float *restrict gate, const float *restrict up, const float *restrict dy,
                           float *restrict dgate, float *restrict dup, size_t n);
void ck_gelu(const float *restrict x, float *restrict y, size_t n); /* exact: x * Phi(x) */
void ck_gelu_gradient(const float *restrict x, const float *restrict dy, float *restrict dx, size_t n);
void ck_gelu_tanh(const float *restrict x, float *restrict y, size_t n); /* SigLIP */
void ck_gelu_tanh_gradient(const float *restrict x, const float *restrict dy, float *restrict dx, size_t n);
void ck_quick_gelu(const float *restrict x, float *restrict y, size_t n); /* CLIP: x * sigmoid(1.702 x) */
void ck_quick_gelu_gradient(const float *restrict x, const float *restrict dy, float *restrict dx, size_t n);

/* Rotary positions, rotate-half layout, x [rows, heads, size]; cosine and sine [rows, size / 2].
   direction +1 rotates, -1 rotates back (the gradient). y may not alias x. */
void ck_rotary(const float *restrict x, const float *restrict cosine, const float *restrict sine,
               float direction, float *restrict y, size_t rows, size_t heads, size_t size);

/* Row r of scores [rows, stride] sees its first visible[r] columns and, when self is not NULL, one more
   score self[r]. Turns scores into probabilities in place, zeroes columns from visible[r] to width, self
   becomes its own probability, log_sum[r * log_sum_stride] the log-sum-exp. All scores are multiplied by
   scale first. */
void ck_prefix_softmax(float *restrict scores, float *restrict self, const int32_t *restrict visible,
                       float scale, float *restrict log_sum, size_t log_sum_stride, size_t rows, size_t width,
                       size_t stride);
/* The same from a kept log-sum-exp, for the gradient. */
void ck_prefix_softmax_again(float *restrict scores, float *restrict self, const int32_t *restrict visible,
                             float scale, const float *restrict log_sum, size_t log_sum_stride, size_t rows,
                             size_t width, size_t stride);
/* Attention of one query row and head: n keys and values of the trunk and, where own_key is not NULL, one of
   its own. scores holds n + 1 numbers of scratch. */
void ck_attend_row(const float *restrict q, const float *restrict keys, size_t key_stride,
                   const float *restrict values, size_t value_stride, size_t n, const float *restrict own_key,
                   const float *restrict own_value, size_t size, float scale, float *restrict scores,
                   float *restrict y, float *restrict log_sum);
/* ds = p * (dp - d[r]) * scale over width columns, in place of dp. */
void ck_softmax_gradient(const float *restrict p, float *restrict dp, const float *restrict d, float scale,
                         size_t rows, size_t width, size_t stride);

/* Of n keys that all differ, the `count` smallest come to the front, in the order they had. */
void ck_keep_smallest(uint64_t *restrict keys, size_t n, size_t count);
/* The first place at `from` or after it whose value is above `bound`; n where there is none. */
size_t ck_next_above(const float *restrict x, size_t from, size_t n, float bound);
/* n keys that all differ, sorted: for each it is counted how many are smaller, so n is to be a few hundred at
   most. */
void ck_rank(const uint64_t *restrict keys, uint64_t *restrict sorted, size_t n);

/* Losses, one row of logits. */
float ck_log_sum_exp(const float *restrict x, size_t n);
/* Sum over v of exp(t - log_sum_t) * ((t - log_sum_t) - (s - log_sum_s)): the KL of two rows of logits. */
double ck_kl(const float *restrict t, float log_sum_t, const float *restrict s, float log_sum_s, size_t n);
/* Entropy of a row of logits, nats. */
double ck_entropy(const float *restrict x, float log_sum, size_t n);
/* s[v] = a * softmax over n with log_sum_n + b * softmax over the first m with log_sum_m. */
void ck_two_softmax(float *restrict s, float log_sum_n, float a, float log_sum_m, float b, size_t n,
                    size_t m);
/* The same of logits that were divided by a temperature, of which log_sum_n knows nothing: s[v] = a *
   softmax(s * temperature) + b * softmax(s). */
void ck_two_softmax_warm(float *restrict s, float temperature, float log_sum_n, float a, float log_sum_m,
                         float b, size_t n, size_t m);
/* a KL(p | m) + b KL(q | m) with m = lambda p + (1 - lambda) q: every divergence of the objective. For a
   gradient also its weight and its mean slope, the sum over v of q dD/dq. */
struct ck_mixture {
    float lambda, a, b, weight, mean_slope;
};
/* The divergence of two rows of logits, p = softmax(t) and q = softmax(s). */
double ck_mixture_divergence(const float *restrict t, float log_sum_t, const float *restrict s,
                             float log_sum_s, struct ck_mixture f, size_t n, double *restrict mean_slope);
/* Replaces t by the gradient of the weighted sum of some divergences with respect to s: q (dD/dq - mean
   slope). */
void ck_mixture_gradient(const float *restrict s, float log_sum_s, float *restrict t, float log_sum_t,
                         const struct ck_mixture *restrict parts, size_t count, size_t n);
/* x -= b * softmax(t), n values. */
void ck_subtract_softmax(float *restrict x, const float *restrict t, float log_sum_t, float b, size_t n);
/* p = exp(x * inverse_temperature - shift); returns the sum. */
double ck_exp_shifted(const float *restrict x, float inverse_temperature, float shift, float *restrict p,
                      size_t n);
size_t ck_argmax(const float *restrict x, size_t n);
/* The highest bound for which the values of p that are not below it add up to `mass` or more: found bit by
   bit, because the values, which must not be negative, are ordered as their bits are. 0 where all do not. */
float ck_mass_bound(const float *restrict p, size_t n, double mass);

/* AdamW (decoupled decay), n values of one tensor. step_size = lr / (1 - beta1^t), correction = 1 / sqrt(1 -
   beta2^t). */
void ck_adamw(float *restrict p, const float *restrict g, float *restrict m, float *restrict v,
              float gradient_scale, float beta1, float beta2, float step_size, float correction,
              float epsilon, float decay, size_t n);

#endif
