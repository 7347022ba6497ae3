#ifndef CK_BFLOAT16_H
#define CK_BFLOAT16_H

#include "dispatched.h"

/* bfloat16 as the upper half of a float's bits, n values. */
void ck_to_bfloat16(const float *restrict x, uint16_t *restrict y, size_t n);
void ck_from_bfloat16(const uint16_t *restrict x, float *restrict y, size_t n);

/* y[r, j] = sum over i of x[r, i] w[j, i] for few rows: x [rows, k], w [n, k], y [rows, y_stride]. The matrix
   is read once for four rows and never packed, which is what a general product would spend its time on. */
void ck_few_rows(const float *restrict x, size_t rows, size_t x_stride, const float *restrict w, size_t n,
                 size_t k, size_t w_stride, float *restrict y, size_t y_stride);
void ck_few_rows_bfloat16(const float *restrict x, size_t rows, size_t x_stride, const uint16_t *restrict w,
                          size_t n, size_t k, size_t w_stride, float *restrict y, size_t y_stride);

/* Rows of bfloat16 values, `stride` apart, read as they are or transposed. */
struct ck_half_matrix {
    const uint16_t *at;
    size_t stride;
    int transposed;
};

/* C = op(A) op(B), or C + op(A) op(B) where it adds, with sums in float32: C [m, n], rows c_stride apart,
   inner side k > 0. For products of small sides; the processor must have AVX-512 with its bfloat16 extension.
   0 when done. */
int ck_bfloat16_product(struct ck_half_matrix a, struct ck_half_matrix b, float *c, size_t c_stride, size_t m,
                        size_t n, size_t k, int adds);

/* A matrix op(B) that is laid out once for many products C = A op(B): words that it takes, and the laying
   out, to memory aligned to 64 bytes. For the same processors; 0 when done. */
size_t ck_bfloat16_packed_words(size_t n, size_t k);
void ck_bfloat16_pack(struct ck_half_matrix b, size_t n, size_t k, uint32_t *packed);
int ck_bfloat16_packed_product(const uint16_t *a, size_t a_stride, const uint32_t *packed, float *c,
                               size_t c_stride, size_t m, size_t n, size_t k);

/* The same by tiles, for products of any sides. The processor must have AMX with bfloat16, and the process
   must have asked for it. */
int ck_bfloat16_tiles_product(struct ck_half_matrix a, struct ck_half_matrix b, float *c, size_t c_stride,
                              size_t m, size_t n, size_t k, int adds);
size_t ck_bfloat16_tiles_packed_words(size_t n, size_t k);
void ck_bfloat16_tiles_pack(struct ck_half_matrix b, size_t n, size_t k, uint32_t *packed);
int ck_bfloat16_tiles_packed_product(const uint16_t *a, size_t a_stride, const uint32_t *packed, float *c,
                                     size_t c_stride, size_t m, size_t n, size_t k);

/* C = A B^T with factors of 8 bits and sums of 32, by tiles: A [m, k], B [n, k]. -1 where k or the distance
   of rows is odd. */
int ck_bytes_tiles_product(const int8_t *a, size_t a_stride, const int8_t *b, size_t b_stride, int32_t *c,
                           size_t c_stride, size_t m, size_t n, size_t k);

/* Linux gives a process the tiles' registers when it asks; 1 when given. */
int ck_ask_for_tiles(void);

#endif
