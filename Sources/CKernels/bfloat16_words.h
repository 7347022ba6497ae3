#ifndef CK_BFLOAT16_WORDS_H
#define CK_BFLOAT16_WORDS_H

/* What the products of bfloat16 share: pairs of values along the inner side are words. */

#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

#define WITH_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Sixteen rows of sixteen words become their columns. */
WITH_BF16 static inline void transpose_words(__m512i s[16]) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(s[i], s[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(s[i], s[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        s[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        s[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        s[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        s[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    /* s[4g + c], quarter q: column 4q + c of rows 4g to 4g + 3. */
    for (int c = 0; c < 4; c++) {
        __m512i even_low = _mm512_shuffle_i32x4(s[c], s[4 + c], 0x88),
                even_high = _mm512_shuffle_i32x4(s[8 + c], s[12 + c], 0x88);
        __m512i odd_low = _mm512_shuffle_i32x4(s[c], s[4 + c], 0xdd),
                odd_high = _mm512_shuffle_i32x4(s[8 + c], s[12 + c], 0xdd);
        t[c] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
        t[8 + c] = _mm512_shuffle_i32x4(even_low, even_high, 0xdd);
        t[4 + c] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
        t[12 + c] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd);
    }
    for (int i = 0; i < 16; i++) s[i] = t[i];
}

#endif
