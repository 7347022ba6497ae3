#include "bfloat16.h"

#if defined(__x86_64__) && defined(__linux__)
#include "bfloat16_words.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* C = A B on tiles: registers of sixteen rows of sixteen words, of which one instruction multiplies two and
   adds to a third. A word is two values of bfloat16, or four of 8 bits whose sums are whole numbers. Both
   factors are laid out as tiles first, in the order in which they are read. Each element of C is summed in
   the order of the inner side, wherever it stands in C. Like bfloat16_product.c an exception to this folder's
   rules. */

/* A tile is STEP values deep. */
enum { SIDE = 16, SQUARE = 2 * SIDE, TILE_WORDS = SIDE * LANES, STEP = 32 };
/* A block of B's words leaves room for one of A's in the cache of a processor. */
enum { BLOCK_DEPTH = 1024, BLOCK_ROWS = 32, BLOCK_WORDS = 1 << 18, STACK_WORDS = 16384 };

#define WITH_TILES                                                                                           \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,amx-tile,amx-bf16,amx-int8")))
#define TILE_CODE static inline __attribute__((always_inline)) WITH_TILES

int ck_ask_for_tiles(void) {
    const long request = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    return syscall(SYS_arch_prctl, request, tile_data) == 0;
}

/* A tile from a matrix whose `rows` rows of `width` values begin at x, zeros beyond them. `along`: its rows
   run along the inner side; else their pairs do, one below the other. What is not as the tile wants it is
   transposed. */
TILE_CODE void lay_out_as(const uint16_t *x, size_t stride, size_t rows, size_t width, int along,
                          int transposes, uint32_t *tile) {
    __m512i s[SIDE];
    if (along) {
        const __mmask32 mask = width >= STEP ? 0xffffffffu : (1u << width) - 1;
        for (size_t r = 0; r < SIDE; r++)
            s[r] = r < rows ? _mm512_maskz_loadu_epi16(mask, x + r * stride) : _mm512_setzero_si512();
    } else {
        const __mmask16 mask = width >= LANES ? 0xffff : (__mmask16)((1u << width) - 1);
        for (size_t p = 0; p < SIDE; p++) {
            const uint16_t *even = x + 2 * p * stride;
            __m256i first = _mm256_setzero_si256(), second = first;
            if (2 * p < rows) first = _mm256_maskz_loadu_epi16(mask, even);
            if (2 * p + 1 < rows) second = _mm256_maskz_loadu_epi16(mask, even + stride);
            s[p] = _mm512_or_si512(_mm512_cvtepu16_epi32(first),
                                   _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16));
        }
    }
    if (transposes) transpose_words(s);
    for (int i = 0; i < SIDE; i++) _mm512_store_si512(tile + i * LANES, s[i]);
}

/* A whole tile's counts are constants to the compiler. */
WITH_TILES static void lay_out(const uint16_t *x, size_t stride, size_t rows, size_t width, int along,
                               int transposes, uint32_t *tile) {
    if (along && rows == SIDE && width == STEP)
        transposes ? lay_out_as(x, stride, SIDE, STEP, 1, 1, tile)
                   : lay_out_as(x, stride, SIDE, STEP, 1, 0, tile);
    else if (!along && rows == STEP && width == LANES)
        transposes ? lay_out_as(x, stride, STEP, LANES, 0, 1, tile)
                   : lay_out_as(x, stride, STEP, LANES, 0, 0, tile);
    else
        lay_out_as(x, stride, rows, width, along, transposes, tile);
}

/* `count` rows of op(A) or columns of op(B), `depth` values of each: strips of 32 of them, of each step the
   two tiles one after the other. Memory is read in its order. */
static void lay_out_strips(const struct ck_half_matrix *x, int is_left, size_t first, size_t count,
                           size_t inner, size_t depth, uint32_t *strips) {
    /* In A rows run along the inner side unless it is transposed; in B columns do if it is. */
    const int along = is_left ? !x->transposed : x->transposed;
    const size_t steps = (depth + STEP - 1) / STEP, tiles = (count + SIDE - 1) / SIDE;
    const size_t outer = along ? tiles : steps, inside = along ? steps : tiles;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < inside; i++) {
            const size_t step = along ? i : o, tile = along ? o : i;
            const size_t have = smaller(SIDE, count - tile * SIDE), deep = smaller(STEP, depth - step * STEP);
            const size_t at = first + tile * SIDE, in = inner + step * STEP;
            uint32_t *y = strips + ((tile / 2 * steps + step) * 2 + tile % 2) * TILE_WORDS;
            if (along)
                lay_out(x->at + at * x->stride + in, x->stride, have, deep, 1, !is_left, y);
            else
                lay_out(x->at + in * x->stride + at, x->stride, deep, have, 0, is_left, y);
        }
}

/* A quarter of a square of C, by way of a copy where it is not whole. */
TILE_CODE int is_whole(size_t rows, size_t columns) { return rows >= SIDE && columns >= LANES; }
#define READ(tile, at, height, width)                                                                        \
    do {                                                                                                     \
        if (is_whole(height, width)) {                                                                       \
            _tile_loadd(tile, at, c_stride * sizeof(float));                                                 \
        } else {                                                                                             \
            move_part(at, c_stride, part, LANES, height, width);                                             \
            _tile_loadd(tile, part, 64);                                                                     \
        }                                                                                                    \
    } while (0)
#define WRITE(tile, at, height, width)                                                                       \
    do {                                                                                                     \
        if (is_whole(height, width)) {                                                                       \
            _tile_stored(tile, at, c_stride * sizeof(float));                                                \
        } else {                                                                                             \
            _tile_stored(tile, part, 64);                                                                    \
            move_part(part, LANES, at, c_stride, height, width);                                             \
        }                                                                                                    \
    } while (0)

WITH_BF16 static void move_part(const float *x, size_t x_stride, float *y, size_t y_stride, size_t height,
                                size_t width) {
    const __mmask16 mask = width >= LANES ? 0xffff : (__mmask16)((1u << width) - 1);
    for (size_t i = 0; i < smaller(SIDE, height); i++)
        _mm512_mask_storeu_ps(y + i * y_stride, mask, _mm512_maskz_loadu_ps(mask, x + i * x_stride));
}

#define MULTIPLY(sum, x, y)                                                                                  \
    do {                                                                                                     \
        if (bytes)                                                                                           \
            _tile_dpbssd(sum, x, y);                                                                         \
        else                                                                                                 \
            _tile_dpbf16ps(sum, x, y);                                                                       \
    } while (0)

/* Up to 32 rows and columns of C. */
TILE_CODE void multiply_square(const uint32_t *a, const uint32_t *b, size_t steps, float *c, size_t c_stride,
                               size_t rows, size_t columns, int adds, int bytes, int two_rows,
                               int two_columns) {
    _Alignas(64) float part[TILE_WORDS];
    float *below = c + SIDE * c_stride;
    if (adds) {
        READ(0, c, rows, columns);
        if (two_columns) READ(1, c + SIDE, rows, columns - SIDE);
        if (two_rows) READ(2, below, rows - SIDE, columns);
        if (two_rows && two_columns) READ(3, below + SIDE, rows - SIDE, columns - SIDE);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (size_t s = 0; s < steps; s++, a += 2 * TILE_WORDS, b += 2 * TILE_WORDS) {
        _tile_loadd(6, b, 64);
        _tile_loadd(4, a, 64);
        MULTIPLY(0, 4, 6);
        if (two_columns) {
            _tile_loadd(7, b + TILE_WORDS, 64);
            MULTIPLY(1, 4, 7);
        }
        if (two_rows) {
            _tile_loadd(5, a + TILE_WORDS, 64);
            MULTIPLY(2, 5, 6);
            if (two_columns) MULTIPLY(3, 5, 7);
        }
    }
    WRITE(0, c, rows, columns);
    if (two_columns) WRITE(1, c + SIDE, rows, columns - SIDE);
    if (two_rows) WRITE(2, below, rows - SIDE, columns);
    if (two_rows && two_columns) WRITE(3, below + SIDE, rows - SIDE, columns - SIDE);
}

/* The counts of tiles are constants to the compiler. */
TILE_CODE void multiply_any_square(const uint32_t *a, const uint32_t *b, size_t steps, float *c,
                                   size_t c_stride, size_t rows, size_t columns, int adds, int bytes) {
    if (rows > SIDE && columns > SIDE)
        multiply_square(a, b, steps, c, c_stride, rows, columns, adds, bytes, 1, 1);
    else if (rows > SIDE)
        multiply_square(a, b, steps, c, c_stride, rows, columns, adds, bytes, 1, 0);
    else if (columns > SIDE)
        multiply_square(a, b, steps, c, c_stride, rows, columns, adds, bytes, 0, 1);
    else
        multiply_square(a, b, steps, c, c_stride, rows, columns, adds, bytes, 0, 0);
}

WITH_TILES static void multiply_halves(const uint32_t *a, const uint32_t *b, size_t steps, float *c,
                                       size_t c_stride, size_t rows, size_t columns, int adds) {
    multiply_any_square(a, b, steps, c, c_stride, rows, columns, adds, 0);
}

WITH_TILES static void multiply_bytes(const uint32_t *a, const uint32_t *b, size_t steps, float *c,
                                      size_t c_stride, size_t rows, size_t columns, int adds) {
    multiply_any_square(a, b, steps, c, c_stride, rows, columns, adds, 1);
}

WITH_TILES static void use_whole_tiles(void) {
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } shape = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        shape.row_bytes[i] = 64;
        shape.rows[i] = SIDE;
    }
    _tile_loadconfig(&shape);
}

WITH_TILES static void use_no_tiles(void) { _tile_release(); }

static size_t up_to(size_t multiple, size_t n) { return (n + multiple - 1) / multiple * multiple; }

/* Blocks of the inner side of one length, so that no short one reads and writes C once more. */
static size_t depth_of_blocks(size_t k) {
    const size_t blocks = (k + BLOCK_DEPTH - 1) / BLOCK_DEPTH;
    return up_to(STEP, (k + blocks - 1) / blocks);
}

/* Where op(B) is laid out already, as `packed`, `b` is not read. */
static int multiply(const struct ck_half_matrix *a, const struct ck_half_matrix *b, const uint32_t *packed,
                    float *c, size_t c_stride, size_t m, size_t n, size_t k, int adds, int bytes) {
    if (!k) return -1;
    const size_t block_depth = depth_of_blocks(k);
    const size_t block_columns = smaller(up_to(SQUARE, n), BLOCK_WORDS * 2 / block_depth / SQUARE * SQUARE),
                 block_rows = smaller(up_to(SQUARE, m), BLOCK_ROWS);
    const size_t left_words = block_rows * block_depth / 2,
                 words = left_words + (packed ? 0 : block_columns * block_depth / 2);
    _Alignas(64) uint32_t near[STACK_WORDS];
    uint32_t *left = words <= STACK_WORDS ? near : aligned_alloc(64, words * sizeof(uint32_t));
    if (!left) return -1;
    use_whole_tiles();
    for (size_t column = 0; column < n; column += block_columns)
        for (size_t inner = 0; inner < k; inner += block_depth) {
            const size_t columns = smaller(block_columns, n - column),
                         depth = smaller(block_depth, k - inner), steps = (depth + STEP - 1) / STEP;
            const uint32_t *right = left + left_words;
            if (packed)
                right = packed + (inner / STEP * up_to(SQUARE, n) + column * steps) * LANES;
            else
                lay_out_strips(b, 0, column, columns, inner, depth, left + left_words);
            for (size_t row = 0; row < m; row += block_rows) {
                const size_t rows = smaller(block_rows, m - row);
                lay_out_strips(a, 1, row, rows, inner, depth, left);
                for (size_t j = 0; j < columns; j += SQUARE)
                    for (size_t i = 0; i < rows; i += SQUARE)
                        (bytes ? multiply_bytes : multiply_halves)(
                            left + i * steps * LANES, right + j * steps * LANES, steps,
                            c + (row + i) * c_stride + column + j, c_stride, smaller(SQUARE, rows - i),
                            smaller(SQUARE, columns - j), adds || inner > 0);
            }
        }
    use_no_tiles();
    if (left != near) free(left);
    return 0;
}

int ck_bfloat16_tiles_product(struct ck_half_matrix a, struct ck_half_matrix b, float *c, size_t c_stride,
                              size_t m, size_t n, size_t k, int adds) {
    return multiply(&a, &b, NULL, c, c_stride, m, n, k, adds, 0);
}

size_t ck_bfloat16_tiles_packed_words(size_t n, size_t k) { return up_to(SQUARE, n) * up_to(STEP, k) / 2; }

void ck_bfloat16_tiles_pack(struct ck_half_matrix b, size_t n, size_t k, uint32_t *packed) {
    for (size_t inner = 0, depth; inner < k; inner += depth) {
        depth = smaller(depth_of_blocks(k), k - inner);
        lay_out_strips(&b, 0, 0, n, inner, depth, packed);
        packed += ck_bfloat16_tiles_packed_words(n, depth);
    }
}

int ck_bfloat16_tiles_packed_product(const uint16_t *a, size_t a_stride, const uint32_t *packed, float *c,
                                     size_t c_stride, size_t m, size_t n, size_t k) {
    return multiply(&(struct ck_half_matrix){a, a_stride, 0}, NULL, packed, c, c_stride, m, n, k, 0, 0);
}

int ck_bytes_tiles_product(const int8_t *a, size_t a_stride, const int8_t *b, size_t b_stride, int32_t *c,
                           size_t c_stride, size_t m, size_t n, size_t k) {
    if (k % 2 || a_stride % 2 || b_stride % 2) return -1;
    /* Two values of 8 bits move as one of 16. */
    const struct ck_half_matrix left = {(const uint16_t *)a, a_stride / 2, 0},
                                right = {(const uint16_t *)b, b_stride / 2, 1};
    return multiply(&left, &right, NULL, (float *)c, c_stride, m, n, k / 2, 0, 1);
}

#else

int ck_ask_for_tiles(void) { return 0; }

int ck_bfloat16_tiles_product(struct ck_half_matrix a, struct ck_half_matrix b, float *c, size_t c_stride,
                              size_t m, size_t n, size_t k, int adds) {
    return -1;
}

size_t ck_bfloat16_tiles_packed_words(size_t n, size_t k) { return 0; }

void ck_bfloat16_tiles_pack(struct ck_half_matrix b, size_t n, size_t k, uint32_t *packed) {}

int ck_bfloat16_tiles_packed_product(const uint16_t *a, size_t a_stride, const uint32_t *packed, float *c,
                                     size_t c_stride, size_t m, size_t n, size_t k) {
    return -1;
}

int ck_bytes_tiles_product(const int8_t *a, size_t a_stride, const int8_t *b, size_t b_stride, int32_t *c,
                           size_t c_stride, size_t m, size_t n, size_t k) {
    return -1;
}

#endif
