#ifndef CK_IMAGES_H
#define CK_IMAGES_H
#include "dispatched.h"

/* Image rows that are resized side by side: block[x * CK_ROWS + r] is byte x of row r. */
enum { CK_ROWS = 32, CK_PRECISION = 22 };

void ck_block_rows(const uint8_t *rows, size_t stride, size_t count, size_t bytes, uint8_t *block);
void ck_unblock_rows(const uint8_t *block, size_t bytes, uint8_t *rows, size_t stride, size_t count);
void ck_resize_across(const uint8_t *block, const int32_t *first, const int32_t *taps, const int32_t *weights,
                      size_t most_taps, size_t outputs, uint8_t *resized);
void ck_resize_down(const uint8_t *rows, size_t bytes, size_t taps, const int32_t *weights, uint8_t *resized);
void ck_normalise_planes(const uint8_t *pixels, size_t count, const float *table, float *planes);
void ck_normalise_patches(const uint8_t *pixels, size_t width, size_t height, size_t patch,
                          const float *table, float *patches);
int ck_drop_alpha(const uint8_t *rgba, size_t count, const uint8_t *background, uint8_t *rgb);
#endif
