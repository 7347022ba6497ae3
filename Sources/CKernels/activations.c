#include "numeric.h"
#include "vector_math.h"

DISPATCHED void ck_silu_gate(const float *restrict gate, const float *restrict up, float *restrict y,
                             size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = gate[i] * ck_sigmoid(gate[i]) * up[i];
}

DISPATCHED void ck_silu_gate_gradient(const float *restrict gate, const float *restrict up,
                                      const float *restrict dy, float *restrict dgate, float *restrict dup,
                                      size_t n) {
    for (size_t i = 0; i < n; i++) {
        float s = ck_sigmoid(gate[i]);
        dup[i] = dy[i] * gate[i] * s;
        dgate[i] = dy[i] * up[i] * s * (1.0f + gate[i] * (1.0f - s));
    }
}

DISPATCHED void ck_gelu(const float *restrict x, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] * ck_normal_cdf(x[i]);
}

DISPATCHED void ck_gelu_gradient(const float *restrict x, const float *restrict dy, float *restrict dx,
                                 size_t n) {
    for (size_t i = 0; i < n; i++) dx[i] = dy[i] * (ck_normal_cdf(x[i]) + x[i] * ck_normal_density(x[i]));
}

DISPATCHED void ck_gelu_tanh(const float *restrict x, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float u = 0.7978845608028654f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
        y[i] = 0.5f * x[i] * (1.0f + ck_tanhf(u));
    }
}

DISPATCHED void ck_gelu_tanh_gradient(const float *restrict x, const float *restrict dy, float *restrict dx,
                                      size_t n) {
    for (size_t i = 0; i < n; i++) {
        float square = x[i] * x[i];
        float t = ck_tanhf(0.7978845608028654f * (x[i] + 0.044715f * x[i] * square));
        float du = 0.7978845608028654f * (1.0f + 3.0f * 0.044715f * square);
        dx[i] = dy[i] * (0.5f * (1.0f + t) + 0.5f * x[i] * (1.0f - t * t) * du);
    }
}

DISPATCHED void ck_quick_gelu(const float *restrict x, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] * ck_sigmoid(1.702f * x[i]);
}

DISPATCHED void ck_quick_gelu_gradient(const float *restrict x, const float *restrict dy, float *restrict dx,
                                       size_t n) {
    for (size_t i = 0; i < n; i++) {
        float s = ck_sigmoid(1.702f * x[i]);
        dx[i] = dy[i] * (s + 1.702f * x[i] * s * (1.0f - s));
    }
}
