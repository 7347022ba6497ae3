#include "numeric.h"
#include "vector_math.h"

DISPATCHED void ck_rms_norm(const float *restrict x, const float *restrict weight, float epsilon,
                            float *restrict y, float *restrict inverse_rms, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * width;
        float *out = y + r * width;
        float sum = 0;
        for (size_t c = 0; c < width; c++) sum += in[c] * in[c];
        float inverse = 1.0f / sqrtf(sum / (float)width + epsilon);
        inverse_rms[r] = inverse;
        for (size_t c = 0; c < width; c++) out[c] = in[c] * inverse * weight[c];
    }
}

DISPATCHED void ck_rms_norm_gradient(const float *restrict x, const float *restrict weight,
                                     const float *restrict inverse_rms, const float *restrict dy,
                                     float *restrict dx, float *restrict dweight, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * width, *g = dy + r * width;
        float *out = dx + r * width;
        float inverse = inverse_rms[r], dot = 0;
        for (size_t c = 0; c < width; c++) dot += g[c] * weight[c] * in[c];
        float pull = dot * inverse * inverse * inverse / (float)width;
        for (size_t c = 0; c < width; c++) out[c] += g[c] * weight[c] * inverse - in[c] * pull;
        if (dweight)
            for (size_t c = 0; c < width; c++) dweight[c] += g[c] * in[c] * inverse;
    }
}

DISPATCHED void ck_layer_norm(const float *restrict x, const float *restrict weight,
                              const float *restrict bias, float epsilon, float *restrict y,
                              float *restrict statistics, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * width;
        float *out = y + r * width;
        float sum = 0, squares = 0;
        for (size_t c = 0; c < width; c++) sum += in[c];
        float mean = sum / (float)width;
        for (size_t c = 0; c < width; c++) squares += (in[c] - mean) * (in[c] - mean);
        float inverse = 1.0f / sqrtf(squares / (float)width + epsilon);
        statistics[2 * r] = mean;
        statistics[2 * r + 1] = inverse;
        for (size_t c = 0; c < width; c++) out[c] = (in[c] - mean) * inverse * weight[c] + bias[c];
    }
}

DISPATCHED void ck_layer_norm_gradient(const float *restrict x, const float *restrict weight,
                                       const float *restrict statistics, const float *restrict dy,
                                       float *restrict dx, float *restrict dweight, float *restrict dbias,
                                       size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * width, *g = dy + r * width;
        float *out = dx + r * width;
        float mean = statistics[2 * r], inverse = statistics[2 * r + 1], sum = 0, dot = 0;
        for (size_t c = 0; c < width; c++) {
            float dn = g[c] * weight[c];
            sum += dn;
            dot += dn * (in[c] - mean) * inverse;
        }
        sum /= (float)width;
        dot /= (float)width;
        for (size_t c = 0; c < width; c++)
            out[c] += inverse * (g[c] * weight[c] - sum - (in[c] - mean) * inverse * dot);
        if (dweight)
            for (size_t c = 0; c < width; c++) {
                dweight[c] += g[c] * (in[c] - mean) * inverse;
                dbias[c] += g[c];
            }
    }
}

DISPATCHED void ck_scale_columns(const float *restrict x, const float *restrict scale, float *restrict y,
                                 size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++) y[r * width + c] = x[r * width + c] * scale[c];
}

DISPATCHED void ck_scale_columns_gradient(const float *restrict x, const float *restrict scale,
                                          const float *restrict dy, float *restrict dx,
                                          float *restrict dscale, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * width, *g = dy + r * width;
        for (size_t c = 0; c < width; c++) dx[r * width + c] = g[c] * scale[c];
        if (dscale)
            for (size_t c = 0; c < width; c++) dscale[c] += g[c] * in[c];
    }
}
