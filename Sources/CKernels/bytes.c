#include <math.h>
#include <string.h>
#include "bytes.h"

/* Sixteen neighbours, wherever they stand. */
typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));

/* Sums and differences of neighbours 1, 2, 4 and 8 apart. */
static inline __attribute__((always_inline)) void mix_lanes(float *x) {
    lanes a = *(lanes *)x, b;
    b = __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    a = b + (lanes){1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1} * a;
    b = __builtin_shufflevector(a, a, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    a = b + (lanes){1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1} * a;
    b = __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    a = b + (lanes){1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1} * a;
    b = __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    *(lanes *)x = b + (lanes){1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1} * a;
}

/* Sums and differences of elements `apart` apart, in groups of twice as many. */
static inline __attribute__((always_inline)) void mix_level(float *x, size_t width, size_t apart) {
    for (float *first = x; first < x + width; first += 2 * apart) {
        float *restrict second = first + apart;
        for (size_t i = 0; i < apart; i++) {
            float a = first[i], b = second[i];
            first[i] = a + b;
            second[i] = a - b;
        }
    }
}

/* Multiplies a row by the signs of Hadamard's matrix, block by block. */
DISPATCHED static void mix_row(float *x, size_t width, size_t block) {
    size_t level = block / 2;
    for (; level >= 16; level /= 2) mix_level(x, width, level);
    if (level == 8) {
        for (size_t i = 0; i < width; i += 16) mix_lanes(x + i);
    } else {
        for (; level > 0; level /= 2) mix_level(x, width, level);
    }
}

/* By bits, which are ordered as magnitudes are and put what is not finite above all numbers. */
DISPATCHED static float largest(const float *restrict x, size_t n) {
    int32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7fffffff;
        most = bits > most ? bits : most;
    }
    float magnitude;
    memcpy(&magnitude, &most, sizeof magnitude);
    return magnitude;
}

DISPATCHED static void round_row(const float *restrict x, float inverse, int8_t *restrict q, size_t n) {
    /* Adding 1.5 * 2^23 rounds to nearest, ties to even, into the low bits. */
    const float shift = 12582912.0f;
    for (size_t i = 0; i < n; i++) {
        float shifted = x[i] * inverse + shift;
        int32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        q[i] = (int8_t)(bits - 0x4b400000);
    }
}

void ck_round_rows(const float *restrict x, size_t rows, size_t width, size_t block, float *restrict scratch,
                   int8_t *restrict q, float *restrict scales) {
    const float root = sqrtf((float)block);
    for (size_t r = 0; r < rows; r++, x += width, q += width) {
        memcpy(scratch, x, width * sizeof *x);
        mix_row(scratch, width, block);
        float most = largest(scratch, width);
        if (!isfinite(most)) {
            memset(q, 0, width);
            scales[r] = NAN;
            continue;
        }
        scales[r] = most / 127 / root;
        /* A row so small that the inverse is infinite is rounded to nothing. */
        float inverse = most > 1e-30f ? 127 / most : 0;
        round_row(scratch, inverse, q, width);
    }
}

DISPATCHED void ck_from_bytes(const int8_t *restrict q, float scale, size_t block, float *restrict x,
                              size_t width) {
    scale /= sqrtf((float)block);
    for (size_t i = 0; i < width; i++) x[i] = scale * (float)q[i];
    mix_row(x, width, block);
}

DISPATCHED void ck_scale_sums(float *restrict c, size_t c_stride, size_t rows, size_t width,
                              const float *restrict row_scales, const float *restrict column_scales) {
    for (size_t r = 0; r < rows; r++, c += c_stride) {
        float scale = row_scales[r];
        for (size_t i = 0; i < width; i++) {
            int32_t sum;
            memcpy(&sum, c + i, sizeof sum);
            c[i] = (float)sum * scale * column_scales[i];
        }
    }
}
