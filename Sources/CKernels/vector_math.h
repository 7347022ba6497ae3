#ifndef CK_VECTOR_MATH_H
#define CK_VECTOR_MATH_H

#include <math.h>
#include <string.h>

/* Written without calls and branches, so that a loop around them vectorises under every instruction set. */
#define INLINED static inline __attribute__((always_inline))

/* e^x to 2 units in the last place: x = k ln 2 + r, Cephes' polynomial for e^r. Below -87.3 the result is
   about 1e-38. */
INLINED float ck_expf(float x) {
    x = x < -87.3f ? -87.3f : x;
    x = x > 88.3f ? 88.3f : x;
    float shifted = x * 1.44269504088896341f + 12582912.0f; /* k in the low bits, also where it is none */
    float k = shifted - 12582912.0f;
    float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    float y = p * r * r + r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits - 0x4b400000u + 127u) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

/* Natural logarithm of a positive normal number to 2 units in the last place: x = 2^k m, Cephes' polynomial
   for log m. */
INLINED float ck_logf(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t shifted = bits - 0x3f3504f3; /* so that m is in [sqrt(1/2), sqrt(2)) */
    float k = (float)(shifted >> 23);
    int32_t mantissa = (shifted & 0x007fffff) + 0x3f3504f3;
    float m;
    memcpy(&m, &mantissa, sizeof m);
    float f = m - 1.0f, z = f * f;
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    float y = p * f * z + k * -2.12194440e-4f - 0.5f * z;
    return f + y + k * 0.693359375f;
}

INLINED float ck_sigmoid(float x) { return 1.0f / (1.0f + ck_expf(-x)); }

INLINED float ck_tanhf(float x) { return 2.0f * ck_sigmoid(2.0f * x) - 1.0f; }

/* The standard normal's distribution function by Abramowitz and Stegun 7.1.26, absolute error below 1e-7. */
INLINED float ck_normal_cdf(float x) {
    float z = (x < 0 ? -x : x) * 0.70710678118654752f;
    float t = 1.0f / (1.0f + 0.3275911f * z);
    float p =
        ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
    float tail = 0.5f * p * ck_expf(-z * z);
    return x < 0 ? tail : 1.0f - tail;
}

INLINED float ck_normal_density(float x) { return 0.3989422804014327f * ck_expf(-0.5f * x * x); }

#endif
