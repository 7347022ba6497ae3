#include "numeric.h"
#include "vector_math.h"

DISPATCHED void ck_add(float *restrict y, const float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}

DISPATCHED void ck_sum(const float *restrict a, const float *restrict b, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

DISPATCHED void ck_add_scaled(float *restrict y, const float *restrict x, float a, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

DISPATCHED void ck_scale(float *restrict y, float a, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] *= a;
}

DISPATCHED double ck_sum_of_squares(const float *restrict x, size_t n) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

DISPATCHED double ck_dot(const float *restrict x, const float *restrict y, size_t n) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)y[i];
    return sum;
}

DISPATCHED void ck_add_bias(float *restrict y, const float *restrict bias, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++) y[r * width + c] += bias[c];
}

DISPATCHED void ck_add_column_sums(float *restrict sums, const float *restrict x, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++) sums[c] += x[r * width + c];
}

DISPATCHED void ck_rotary(const float *restrict x, const float *restrict cosine, const float *restrict sine,
                          float direction, float *restrict y, size_t rows, size_t heads, size_t size) {
    size_t half = size / 2;
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < heads; h++) {
            const float *in = x + (r * heads + h) * size, *cs = cosine + r * half, *sn = sine + r * half;
            float *out = y + (r * heads + h) * size;
            for (size_t i = 0; i < half; i++) {
                float s = direction * sn[i];
                out[i] = in[i] * cs[i] - in[i + half] * s;
                out[i + half] = in[i + half] * cs[i] + in[i] * s;
            }
        }
}

DISPATCHED void ck_adamw(float *restrict p, const float *restrict g, float *restrict m, float *restrict v,
                         float gradient_scale, float beta1, float beta2, float step_size, float correction,
                         float epsilon, float decay, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float gradient = g[i] * gradient_scale;
        m[i] = beta1 * m[i] + (1 - beta1) * gradient;
        v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
        p[i] -= decay * p[i];
        p[i] -= step_size * m[i] / (__builtin_sqrtf(v[i]) * correction + epsilon);
    }
}

INLINED size_t at_most(const uint64_t *restrict keys, size_t n, uint64_t bound) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++) found += keys[i] <= bound;
    return found;
}

DISPATCHED void ck_keep_smallest(uint64_t *restrict keys, size_t n, size_t count) {
    if (count >= n) return;
    uint64_t all = 0, common = ~(uint64_t)0;
    for (size_t i = 0; i < n; i++) all |= keys[i], common &= keys[i];
    /* Bits in which no two keys differ are the bound's; each of the others is 0 if enough keys are not above
       what it then may be. */
    uint64_t bound = common;
    for (uint64_t bit = (uint64_t)1 << 63; bit; bit >>= 1) {
        if (!((all ^ common) & bit)) continue;
        uint64_t most = bound | (bit - 1);
        size_t found = at_most(keys, n, most);
        if (found < count) {
            bound |= bit;
        } else if (found == count) {
            bound = most;
            break;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < count; i++) {
        keys[kept] = keys[i];
        kept += keys[i] <= bound;
    }
}

DISPATCHED size_t ck_next_above(const float *restrict x, size_t from, size_t n, float bound) {
    enum { BLOCK = 64 };
    for (; from + BLOCK <= n; from += BLOCK) {
        int found = 0;
        for (size_t i = 0; i < BLOCK; i++) found |= x[from + i] > bound;
        if (found) break;
    }
    while (from < n && !(x[from] > bound)) from++;
    return from;
}

INLINED double mass_from(const float *restrict p, size_t n, float bound) {
#pragma clang fp reassociate(on)
    double total = 0;
    for (size_t i = 0; i < n; i++) total += p[i] >= bound ? p[i] : 0;
    return total;
}

DISPATCHED float ck_mass_bound(const float *restrict p, size_t n, double mass) {
    float bound = 0;
    uint32_t bits = 0;
    for (uint32_t bit = (uint32_t)1 << 30; bit; bit >>= 1) {
        uint32_t higher = bits | bit;
        float value;
        memcpy(&value, &higher, sizeof value);
        if (!(mass_from(p, n, value) >= mass)) continue;
        bits = higher;
        bound = value;
    }
    return bound;
}

DISPATCHED void ck_rank(const uint64_t *restrict keys, uint64_t *restrict sorted, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint64_t key = keys[i];
        size_t smaller = 0;
        for (size_t j = 0; j < n; j++) smaller += keys[j] < key;
        sorted[smaller] = key;
    }
}
