#ifndef CK_ROWS_PRODUCT_H
#define CK_ROWS_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

/* y = x w^T for few rows of x, which reads w where it lies: x [rows, k], w [n, k], y [rows, n], rows
   `x_stride`, `w_stride` and `y_stride` apart. 0 when done. The processor must have AVX-512; for factors that
   both are bfloat16 also its extension for them. */
int ck_rows_product(const float *x, size_t rows, size_t x_stride, const float *w, size_t n, size_t k,
                    size_t w_stride, float *y, size_t y_stride);
/* The same for a matrix in bfloat16, to the last bit that of its values in float32. */
int ck_rows_product_expanding(const float *x, size_t rows, size_t x_stride, const uint16_t *w, size_t n,
                              size_t k, size_t w_stride, float *y, size_t y_stride);
int ck_rows_product_bfloat16(const uint16_t *x, size_t rows, size_t x_stride, const uint16_t *w, size_t n,
                             size_t k, size_t w_stride, float *y, size_t y_stride);

#endif
