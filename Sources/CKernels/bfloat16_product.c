#include "bfloat16.h"

#if defined(__x86_64__)
#include "bfloat16_words.h"
#include <stdlib.h>
#include <string.h>

/* C = A B for matrices too small for a general library's packing to pay. One instruction multiplies pairs
   along the inner side: B is laid out in panels of 64 columns whose rows are interleaved two by two; rows of
   A are read where they are, a pair at a time. This file is the exception to the rules of this folder (plain
   C, no intrinsics, no allocation): plain C cannot express that instruction, and the panels of a larger B do
   not fit on the stack. */

enum { TILE_ROWS = 6, PANEL = 64 };
enum { BLOCK_PAIRS = 128, BLOCK_COLUMNS = 1024, BLOCK_ROWS = 96, STACK_WORDS = 16384 };
enum { PACKED_DEPTH = 2048 };

#define TILE_CODE static inline __attribute__((always_inline)) WITH_BF16

/* Rows of A: steps in elements from one row, and from one pair, to the next. */
struct operand {
    size_t row_step, pair_step, pairs;
    int has_single; /* an element without a partner follows the pairs */
};

/* Where a tile of the result goes: its last vector is masked. */
struct result {
    float *at;
    size_t stride;
    int vectors;
    __mmask16 last;
    int adds;
};

TILE_CODE void multiply_tile(int rows, int vectors, const struct operand *x, const uint16_t *a,
                             const uint32_t *b, const struct result *y) {
    __m512 sum[TILE_ROWS][PANEL / LANES];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) sum[r][v] = _mm512_setzero_ps();
    const size_t row_step = x->row_step, pair_step = x->pair_step;
    for (size_t p = 0; p < x->pairs; p++, a += pair_step, b += PANEL) {
        __m512bh columns[PANEL / LANES];
        for (int v = 0; v < vectors; v++) columns[v] = (__m512bh)_mm512_load_si512(b + LANES * v);
        for (int r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, a + r * row_step, sizeof pair);
            __m512bh row = (__m512bh)_mm512_set1_epi32(pair);
            for (int v = 0; v < vectors; v++) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], row, columns[v]);
        }
    }
    for (int r = 0; x->has_single && r < rows; r++) {
        __m512bh row = (__m512bh)_mm512_set1_epi32(a[r * row_step]);
        for (int v = 0; v < vectors; v++)
            sum[r][v] = _mm512_dpbf16_ps(sum[r][v], row, (__m512bh)_mm512_load_si512(b + LANES * v));
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) {
            float *out = y->at + r * y->stride + LANES * v;
            __mmask16 mask = v + 1 == vectors ? y->last : (__mmask16)0xffff;
            __m512 total = y->adds ? _mm512_add_ps(sum[r][v], _mm512_maskz_loadu_ps(mask, out)) : sum[r][v];
            _mm512_mask_storeu_ps(out, mask, total);
        }
}

/* A tile's counts are constants to the compiler, so that its sums stay in registers. */
#define TILE(rows)                                                                                           \
    WITH_BF16 static void tile_##rows(const struct operand *x, const uint16_t *a, const uint32_t *b,         \
                                      const struct result *y) {                                              \
        switch (y->vectors) {                                                                                \
        case 1: multiply_tile(rows, 1, x, a, b, y); break;                                                   \
        case 2: multiply_tile(rows, 2, x, a, b, y); break;                                                   \
        case 3: multiply_tile(rows, 3, x, a, b, y); break;                                                   \
        default: multiply_tile(rows, 4, x, a, b, y);                                                         \
        }                                                                                                    \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)

/* Rows 2i and 2i + 1 of x become row i of y, element by element. */
WITH_BF16 static void interleave_rows(const uint16_t *x, size_t stride, size_t rows, size_t width,
                                      uint32_t *y, size_t y_stride) {
    for (size_t r = 0; r < rows; r += 2, y += y_stride) {
        const uint16_t *restrict even = x + r * stride, *restrict odd = even + stride;
        uint32_t *restrict out = y;
        if (r + 1 < rows)
            for (size_t j = 0; j < width; j++) out[j] = even[j] | (uint32_t)odd[j] << 16;
        else
            for (size_t j = 0; j < width; j++) out[j] = even[j];
    }
}

/* Up to 16 rows of x become columns of pairs: y[p * PANEL + r] = (x[r, 2p], x[r, 2p + 1]). */
WITH_BF16 static void transpose_pairs(const uint16_t *x, size_t stride, size_t rows, size_t width,
                                      uint32_t *y) {
    const size_t pairs = (width + 1) / 2;
    for (size_t p = 0; p < pairs; p += LANES) {
        const size_t left = width - 2 * p;
        const __mmask32 mask = left >= 32 ? 0xffffffffu : (1u << left) - 1;
        __m512i s[16];
        for (size_t r = 0; r < 16; r++)
            s[r] = r < rows ? _mm512_maskz_loadu_epi16(mask, x + r * stride + 2 * p) : _mm512_setzero_si512();
        transpose_words(s);
        for (size_t i = 0; i < 16 && p + i < pairs; i++) _mm512_store_si512(y + (p + i) * PANEL, s[i]);
    }
}

/* `depth` rows and `columns` columns of op(B) as panels. */
WITH_BF16 static void pack_panels(const struct ck_half_matrix *b, size_t inner, size_t depth, size_t column,
                                  size_t columns, uint32_t *panels) {
    const size_t pairs = (depth + 1) / 2;
    for (size_t j = 0; j < columns; j += PANEL, panels += pairs * PANEL) {
        const size_t width = smaller(PANEL, columns - j);
        if (b->transposed)
            for (size_t i = 0; i < width; i += LANES)
                transpose_pairs(b->at + (column + j + i) * b->stride + inner, b->stride,
                                smaller(LANES, width - i), depth, panels + i);
        else
            interleave_rows(b->at + inner * b->stride + column + j, b->stride, depth, width, panels, PANEL);
    }
}

/* Some rows of A by all panels. */
static void multiply_rows(const struct operand *x, const uint16_t *a, size_t rows, const uint32_t *panels,
                          size_t panel_words, size_t columns, float *c, size_t c_stride, int adds) {
    static void (*const tiles[])(const struct operand *, const uint16_t *, const uint32_t *,
                                 const struct result *) = {tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};
    for (size_t j = 0; j < columns; j += PANEL, panels += panel_words) {
        const size_t width = smaller(PANEL, columns - j), vectors = (width + LANES - 1) / LANES;
        struct result y = {c + j, c_stride, (int)vectors, (__mmask16)(0xffffu >> (LANES * vectors - width)),
                           adds};
        for (size_t r = 0; r < rows; r += TILE_ROWS) {
            y.at = c + r * c_stride + j;
            tiles[smaller(TILE_ROWS, rows - r) - 1](x, a + r * x->row_step, panels, &y);
        }
    }
}

int ck_bfloat16_product(struct ck_half_matrix a, struct ck_half_matrix b, float *c, size_t c_stride, size_t m,
                        size_t n, size_t k, int adds) {
    const size_t block_depth = smaller(k, 2 * BLOCK_PAIRS), block_columns = smaller(n, BLOCK_COLUMNS);
    const size_t most_pairs = (block_depth + 1) / 2;
    const size_t panel_words = most_pairs * ((block_columns + PANEL - 1) / PANEL) * PANEL;
    const size_t words = panel_words + (a.transposed ? most_pairs * BLOCK_ROWS : 0);
    _Alignas(64) uint32_t near[STACK_WORDS];
    uint32_t *panels =
        words <= STACK_WORDS ? near : aligned_alloc(64, (words * sizeof(uint32_t) + 63) & ~(size_t)63);
    if (!panels) return -1;
    uint32_t *row_pairs = panels + panel_words;
    for (size_t column = 0; column < n; column += block_columns)
        for (size_t inner = 0; inner < k; inner += block_depth) {
            const size_t columns = smaller(block_columns, n - column),
                         depth = smaller(block_depth, k - inner);
            const size_t pairs = (depth + 1) / 2;
            pack_panels(&b, inner, depth, column, columns, panels);
            for (size_t row = 0; row < m; row += BLOCK_ROWS) {
                const size_t rows = smaller(BLOCK_ROWS, m - row);
                const struct operand in_place = {a.stride, 2, depth / 2, (int)(depth % 2)},
                                     packed = {2, 2 * BLOCK_ROWS, pairs, 0};
                if (a.transposed)
                    interleave_rows(a.at + inner * a.stride + row, a.stride, depth, rows, row_pairs,
                                    BLOCK_ROWS);
                multiply_rows(a.transposed ? &packed : &in_place,
                              a.transposed ? (const uint16_t *)row_pairs : a.at + row * a.stride + inner,
                              rows, panels, pairs * PANEL, columns, c + row * c_stride + column, c_stride,
                              adds || inner > 0);
            }
        }
    if (panels != near) free(panels);
    return 0;
}

/* Of a matrix that is laid out once, blocks of the inner side are as long as a panel of them stays near: then
   C is seldom read and written once more. */
static size_t packed_depth(size_t k) {
    const size_t blocks = (k + PACKED_DEPTH - 1) / PACKED_DEPTH;
    return ((k + blocks - 1) / blocks + 1) & ~(size_t)1;
}

size_t ck_bfloat16_packed_words(size_t n, size_t k) {
    return (n + PANEL - 1) / PANEL * PANEL * ((k + 1) / 2);
}

void ck_bfloat16_pack(struct ck_half_matrix b, size_t n, size_t k, uint32_t *packed) {
    for (size_t inner = 0, depth; inner < k; inner += depth) {
        depth = smaller(packed_depth(k), k - inner);
        pack_panels(&b, inner, depth, 0, n, packed);
        packed += ck_bfloat16_packed_words(n, depth);
    }
}

int ck_bfloat16_packed_product(const uint16_t *a, size_t a_stride, const uint32_t *packed, float *c,
                               size_t c_stride, size_t m, size_t n, size_t k) {
    for (size_t inner = 0, depth; inner < k; inner += depth) {
        depth = smaller(packed_depth(k), k - inner);
        const struct operand rows = {a_stride, 2, depth / 2, (int)(depth % 2)};
        multiply_rows(&rows, a + inner, m, packed, (depth + 1) / 2 * PANEL, n, c, c_stride, inner > 0);
        packed += ck_bfloat16_packed_words(n, depth);
    }
    return 0;
}

#else

int ck_bfloat16_product(struct ck_half_matrix a, struct ck_half_matrix b, float *c, size_t c_stride, size_t m,
                        size_t n, size_t k, int adds) {
    return -1;
}

size_t ck_bfloat16_packed_words(size_t n, size_t k) { return 0; }

void ck_bfloat16_pack(struct ck_half_matrix b, size_t n, size_t k, uint32_t *packed) {}

int ck_bfloat16_packed_product(const uint16_t *a, size_t a_stride, const uint32_t *packed, float *c,
                               size_t c_stride, size_t m, size_t n, size_t k) {
    return -1;
}

#endif
