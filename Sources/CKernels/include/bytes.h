#ifndef CK_BYTES_H
#define CK_BYTES_H

#include "dispatched.h"

/* Rows of 8-bit numbers with one scale each, of what Hadamard's matrix makes of them: y[r] = scales[r] q[r],
   the largest magnitude of a row being 127, where x[r] = y[r] H and H is block-diagonal, orthogonal and
   symmetric, its blocks of `block` rows: a power of two that divides the width, the signs of Sylvester's
   construction over sqrt(block). */

/* Rounds the rows of x [rows, width] to nearest. A row that is not finite gets NaN for its scale. scratch
   holds `width` numbers. */
void ck_round_rows(const float *restrict x, size_t rows, size_t width, size_t block, float *restrict scratch,
                   int8_t *restrict q, float *restrict scales);
/* What ck_round_rows rounded, a row [width]. */
void ck_from_bytes(const int8_t *restrict q, float scale, size_t block, float *restrict x, size_t width);
/* Turns the sums of a product, which c [rows, width] holds as 32-bit integers, rows c_stride apart, into
   floats in place: c[r, i] = sum * row_scales[r] * column_scales[i]. */
void ck_scale_sums(float *restrict c, size_t c_stride, size_t rows, size_t width,
                   const float *restrict row_scales, const float *restrict column_scales);

#endif
