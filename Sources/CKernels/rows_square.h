/* One kind of a square of y = x w^T, and the product made of such squares. Included once for each kind, with
   the type of x and of w, what a step along the inner side loads of each (`mask`: those of its values that
   there are), and how their product is added to a sum. */

/* Up to four rows of x by up to four of w. */
TARGET static inline void SQUARE(const LEFT *x, size_t rows, size_t x_stride, const RIGHT *w, size_t columns,
                                 size_t w_stride, size_t k, float *y, size_t y_stride) {
    const LEFT *a[SIDE];
    const RIGHT *b[SIDE];
    for (size_t i = 0; i < SIDE; i++) { /* the last one again where there are fewer */
        a[i] = x + smaller(i, rows - 1) * x_stride;
        b[i] = w + smaller(i, columns - 1) * w_stride;
    }
    __m512 sum[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) sum[i] = _mm512_setzero_ps();
    for (size_t i = 0; i < k; i += STEP) {
        const uint32_t mask = k - i >= STEP ? 0xffffffffu : (1u << (k - i)) - 1;
        VECTOR right[SIDE];
        for (int j = 0; j < SIDE; j++) {
            right[j] = LOAD_RIGHT(mask, b[j] + i);
            _mm_prefetch(b[j] + i + AHEAD * w_stride, _MM_HINT_T0);
        }
        for (int r = 0; r < SIDE; r++) {
            const VECTOR left = LOAD_LEFT(mask, a[r] + i);
            for (int j = 0; j < SIDE; j++) sum[r * SIDE + j] = ADD_PRODUCT(sum[r * SIDE + j], left, right[j]);
        }
    }
    float sums[SIDE * SIDE];
    _mm512_storeu_ps(sums, sums_of(sum));
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < columns; j++) y[r * y_stride + j] = sums[r * SIDE + j];
}

TARGET int PRODUCT(const LEFT *x, size_t rows, size_t x_stride, const RIGHT *w, size_t n, size_t k,
                   size_t w_stride, float *y, size_t y_stride) {
    for (size_t j = 0; j < n; j += SIDE)
        for (size_t r = 0; r < rows; r += SIDE)
            SQUARE(x + r * x_stride, smaller(SIDE, rows - r), x_stride, w + j * w_stride,
                   smaller(SIDE, n - j), w_stride, k, y + r * y_stride + j, y_stride);
    return 0;
}

#undef TARGET
#undef SQUARE
#undef PRODUCT
#undef LEFT
#undef RIGHT
#undef VECTOR
#undef STEP
#undef LOAD_LEFT
#undef LOAD_RIGHT
#undef ADD_PRODUCT
