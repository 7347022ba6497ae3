#ifndef CK_BYTES_H
#define CK_BYTES_H

#include "dispatched.h"

/* Numbers of 8 bits with one scale a row: x[r, i] = scales[r] q[r, i], the largest magnitude of a row being
   127. */

/* Root mean square of each row of x [rows, width], and into peaks [width] the largest magnitude of each
   column in units of its row's, where that is above what stands there. */
void ck_row_peaks(const float *restrict x, size_t rows, size_t width, float *restrict rms,
                  float *restrict peaks);
/* Rounds the rows of x [rows, width] to nearest. Of the listed columns the elements beyond `limit` root mean
   squares of their row are left out (q is 0) and kept in outliers [rows, count] as bfloat16, all others being
   0 there. A row that is not finite gets NaN for its scale. scratch holds `width` numbers. */
void ck_quantize_rows(const float *restrict x, size_t rows, size_t width, const float *restrict rms,
                      float limit, const int32_t *restrict columns, size_t count, float *restrict scratch,
                      int8_t *restrict q, float *restrict scales, uint16_t *restrict outliers);
/* y = scale q, n values. */
void ck_from_bytes(const int8_t *restrict q, float scale, float *restrict y, size_t n);
/* y[r, u] = scales[r] q[r, columns[u]] as bfloat16: columns of a matrix [rows, width]. */
void ck_gather_byte_columns(const int8_t *restrict q, const float *restrict scales, size_t rows, size_t width,
                            const int32_t *restrict columns, size_t count, uint16_t *restrict y);
/* Turns the sums of a product, which c [rows, width] holds as 32-bit integers, rows c_stride apart, into
   floats in place: c[r, i] = sum * row_scales[r] * column_scales[i]. */
void ck_scale_sums(float *restrict c, size_t c_stride, size_t rows, size_t width,
                   const float *restrict row_scales, const float *restrict column_scales);

#endif
