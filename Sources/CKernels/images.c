#include "images.h"

/* block[x, r] = rows[r, x] for r < count <= CK_ROWS; the other lanes keep what they held. */
DISPATCHED void ck_block_rows(const uint8_t *restrict rows, size_t stride, size_t count, size_t bytes,
                              uint8_t *restrict block) {
    /* 64 bytes of every row at a time, so that reads and writes both stay within the first-level cache */
    for (size_t start = 0; start < bytes; start += 64) {
        size_t end = start + 64 < bytes ? start + 64 : bytes;
        for (size_t r = 0; r < count; r++)
            for (size_t x = start; x < end; x++) block[x * CK_ROWS + r] = rows[r * stride + x];
    }
}

/* rows[r, x] = block[x, r] for r < count. */
DISPATCHED void ck_unblock_rows(const uint8_t *restrict block, size_t bytes, uint8_t *restrict rows,
                                size_t stride, size_t count) {
    for (size_t start = 0; start < bytes; start += 64) {
        size_t end = start + 64 < bytes ? start + 64 : bytes;
        for (size_t r = 0; r < count; r++)
            for (size_t x = start; x < end; x++) rows[r * stride + x] = block[x * CK_ROWS + r];
    }
}

/* Horizontal pass over CK_ROWS rows of RGB: output x is the weighted sum of taps[x] pixels from first[x] on,
   in fixed point with CK_PRECISION fraction bits, rounded and clipped to a byte. */
DISPATCHED void ck_resize_across(const uint8_t *restrict block, const int32_t *restrict first,
                                 const int32_t *restrict taps, const int32_t *restrict weights,
                                 size_t most_taps, size_t outputs, uint8_t *restrict resized) {
    for (size_t x = 0; x < outputs; x++) {
        const uint8_t *in = block + (size_t)first[x] * 3 * CK_ROWS;
        const int32_t *w = weights + x * most_taps;
        int32_t sums[3 * CK_ROWS];
        for (size_t i = 0; i < 3 * CK_ROWS; i++) sums[i] = 1 << (CK_PRECISION - 1);
        for (size_t t = 0; t < (size_t)taps[x]; t++)
            for (size_t i = 0; i < 3 * CK_ROWS; i++) sums[i] += w[t] * in[t * 3 * CK_ROWS + i];
        uint8_t *out = resized + x * 3 * CK_ROWS;
        for (size_t i = 0; i < 3 * CK_ROWS; i++) {
            int32_t value = sums[i] >> CK_PRECISION;
            value = value < 0 ? 0 : value;
            out[i] = (uint8_t)(value > 255 ? 255 : value);
        }
    }
}

/* Vertical pass for one output row: the weighted sum of `taps` rows, rounded and clipped as above. */
DISPATCHED void ck_resize_down(const uint8_t *restrict rows, size_t bytes, size_t taps,
                               const int32_t *restrict weights, uint8_t *restrict resized) {
    size_t x = 0;
    for (; x + 64 <= bytes; x += 64) {
        int32_t sums[64];
        for (size_t i = 0; i < 64; i++) sums[i] = 1 << (CK_PRECISION - 1);
        for (size_t t = 0; t < taps; t++)
            for (size_t i = 0; i < 64; i++) sums[i] += weights[t] * rows[t * bytes + x + i];
        for (size_t i = 0; i < 64; i++) {
            int32_t value = sums[i] >> CK_PRECISION;
            value = value < 0 ? 0 : value;
            resized[x + i] = (uint8_t)(value > 255 ? 255 : value);
        }
    }
    for (; x < bytes; x++) {
        int32_t sum = 1 << (CK_PRECISION - 1);
        for (size_t t = 0; t < taps; t++) sum += weights[t] * rows[t * bytes + x];
        int32_t value = sum >> CK_PRECISION;
        value = value < 0 ? 0 : value;
        resized[x] = (uint8_t)(value > 255 ? 255 : value);
    }
}

/* planes[c, i] = table[c, pixels[i, c]]: one rounding per value, whatever the machine. */
void ck_normalise_planes(const uint8_t *restrict pixels, size_t count, const float *restrict table,
                         float *restrict planes) {
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++) planes[c * count + i] = table[c * 256 + pixels[3 * i + c]];
}

/* patches[p, (c, y, x)] = table[c, pixel]: the rows a convolution with stride = patch multiplies with its
   flat weights. Pixels right of or below the last whole patch are left out, as the convolution leaves them
   out. */
void ck_normalise_patches(const uint8_t *restrict pixels, size_t width, size_t height, size_t patch,
                          const float *restrict table, float *restrict patches) {
    size_t across = width / patch, down = height / patch;
    for (size_t p = 0; p < across * down; p++)
        for (size_t c = 0; c < 3; c++)
            for (size_t y = 0; y < patch; y++) {
                const uint8_t *in = pixels + ((p / across * patch + y) * width + p % across * patch) * 3 + c;
                for (size_t x = 0; x < patch; x++) *patches++ = table[c * 256 + in[3 * x]];
            }
}

/* rgb[i] = what rgba[i] shows over the background, rounded as Pillow's alpha_composite does; without a
   background its red, green and blue. Returns whether a pixel lets anything through. */
DISPATCHED int ck_drop_alpha(const uint8_t *restrict rgba, size_t count, const uint8_t *background,
                             uint8_t *restrict rgb) {
    uint32_t opaque = 255;
    for (size_t i = 0; i < count; i++) opaque &= rgba[4 * i + 3];
    for (size_t i = 0; i < count; i++) {
        uint32_t alpha = background ? rgba[4 * i + 3] : 255;
        for (size_t c = 0; c < 3; c++) {
            uint32_t sum = rgba[4 * i + c] * alpha + (background ? background[c] : 0) * (255 - alpha) + 128;
            rgb[3 * i + c] = (uint8_t)((sum + (sum >> 8)) >> 8); /* sum / 255 */
        }
    }
    return opaque != 255;
}
