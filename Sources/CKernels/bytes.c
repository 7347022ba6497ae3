#include <math.h>
#include <string.h>
#include "bfloat16.h"
#include "bytes.h"

DISPATCHED void ck_row_peaks(const float *restrict x, size_t rows, size_t width, float *restrict rms,
                             float *restrict peaks) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++, x += width) {
        float sum = 0;
        for (size_t i = 0; i < width; i++) sum += x[i] * x[i];
        rms[r] = sqrtf(sum / (float)width);
        float inverse = rms[r] > 0 ? 1 / rms[r] : 0;
        for (size_t i = 0; i < width; i++) {
            float peak = fabsf(x[i]) * inverse;
            peaks[i] = peak > peaks[i] ? peak : peaks[i];
        }
    }
}

/* Sixteen explicit lanes: a single running maximum does not vectorise. */
DISPATCHED static float largest(const float *restrict x, size_t n) {
    float lanes[16] = {0};
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int l = 0; l < 16; l++) {
            float magnitude = fabsf(x[i + l]);
            lanes[l] = magnitude > lanes[l] ? magnitude : lanes[l];
        }
    }
    for (; i < n; i++) lanes[0] = fabsf(x[i]) > lanes[0] ? fabsf(x[i]) : lanes[0];
    float most = 0;
    for (int l = 0; l < 16; l++) most = lanes[l] > most ? lanes[l] : most;
    return most;
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

void ck_quantize_rows(const float *restrict x, size_t rows, size_t width, const float *restrict rms,
                      float limit, const int32_t *restrict columns, size_t count, float *restrict scratch,
                      int8_t *restrict q, float *restrict scales, uint16_t *restrict outliers) {
    for (size_t r = 0; r < rows; r++, x += width, q += width) {
        if (!isfinite(rms[r])) {
            memset(q, 0, width);
            if (count > 0) memset(outliers + r * count, 0, count * sizeof *outliers);
            scales[r] = NAN;
            continue;
        }
        const float *row = x;
        if (count > 0) {
            memcpy(scratch, x, width * sizeof *x);
            float most = limit * rms[r];
            for (size_t u = 0; u < count; u++) {
                float value = scratch[columns[u]];
                if (fabsf(value) > most) {
                    scratch[columns[u]] = 0;
                } else {
                    value = 0;
                }
                ck_to_bfloat16(&value, outliers + r * count + u, 1);
            }
            row = scratch;
        }
        float most = largest(row, width);
        scales[r] = most / 127;
        /* A row so small that the inverse is infinite is rounded to nothing. */
        float inverse = most > 1e-30f ? 127 / most : 0;
        round_row(row, inverse, q, width);
    }
}

DISPATCHED void ck_from_bytes(const int8_t *restrict q, float scale, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = scale * (float)q[i];
}

void ck_gather_byte_columns(const int8_t *restrict q, const float *restrict scales, size_t rows, size_t width,
                            const int32_t *restrict columns, size_t count, uint16_t *restrict y) {
    for (size_t r = 0; r < rows; r++, q += width, y += count) {
        for (size_t u = 0; u < count; u++) {
            float value = scales[r] * (float)q[columns[u]];
            ck_to_bfloat16(&value, y + u, 1);
        }
    }
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
