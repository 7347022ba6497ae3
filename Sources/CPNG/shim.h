/* libpng leaves by longjmp when it fails, which Swift frames must not see. These functions keep setjmp on the
   C side: they return one of the codes below and a message, and always release what libpng took. */
#ifndef ALIGN_TI_CPNG_H
#define ALIGN_TI_CPNG_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <png.h>

enum {
    ALIGN_TI_PNG_DONE = 0,
    ALIGN_TI_PNG_BROKEN = 1,
    ALIGN_TI_PNG_TRUNCATED = 2,
    ALIGN_TI_PNG_MESSAGE = 200
};

struct align_ti_png {
    const uint8_t *next; /* reading */
    size_t left;
    uint8_t *bytes; /* writing */
    size_t count, room;
    char *message; /* ALIGN_TI_PNG_MESSAGE bytes */
    int status;
};

static inline void align_ti_png_fail(png_structp codec, png_const_charp text) {
    struct align_ti_png *state = (struct align_ti_png *)png_get_error_ptr(codec);
    snprintf(state->message, ALIGN_TI_PNG_MESSAGE, "%s", text);
    png_longjmp(codec, 1);
}

static inline void align_ti_png_silent(png_structp codec, png_const_charp text) { (void)codec, (void)text; }

static inline void align_ti_png_pull(png_structp codec, png_bytep into, size_t count) {
    struct align_ti_png *state = (struct align_ti_png *)png_get_io_ptr(codec);
    if (count > state->left) {
        state->status = ALIGN_TI_PNG_TRUNCATED;
        png_error(codec, "the data ends before the image does");
    }
    memcpy(into, state->next, count);
    state->next += count;
    state->left -= count;
}

static inline void align_ti_png_push(png_structp codec, png_bytep from, size_t count) {
    struct align_ti_png *state = (struct align_ti_png *)png_get_io_ptr(codec);
    if (count > state->room - state->count) {
        size_t room = (state->count + count) * 2;
        uint8_t *bytes = (uint8_t *)realloc(state->bytes, room);
        if (bytes == NULL) png_error(codec, "out of memory");
        state->bytes = bytes;
        state->room = room;
    }
    memcpy(state->bytes + state->count, from, count);
    state->count += count;
}

static inline void align_ti_png_flush(png_structp codec) { (void)codec; }

/* Reads a PNG of any kind as RGB or RGBA, channels * width bytes a row: the high byte of 16, palettes and
   small samples expanded. With 3 channels alpha is dropped, with 4 it is 255 where the file has none. width
   and height say what pixels has room for and must be what the header says. */
static inline int align_ti_png_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
                                      size_t channels, uint8_t *pixels, char *message) {
    struct align_ti_png state = {bytes, count, NULL, 0, 0, message, ALIGN_TI_PNG_BROKEN};
    snprintf(message, ALIGN_TI_PNG_MESSAGE, "out of memory");
    png_structp codec =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, align_ti_png_fail, align_ti_png_silent);
    png_infop info = codec ? png_create_info_struct(codec) : NULL;
    if (info == NULL || setjmp(png_jmpbuf(codec))) {
        png_destroy_read_struct(&codec, &info, NULL);
        return state.status;
    }
    png_set_read_fn(codec, &state, align_ti_png_pull);
    png_set_user_limits(codec, 0x7fffffff, 0x7fffffff); /* the caller has checked the area */
    png_read_info(codec, info);
    int kind = png_get_color_type(codec, info);
    if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(codec);
    if (kind == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(codec);
    if (!(kind & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(codec);
    png_set_strip_16(codec);
    if (channels == 3)
        png_set_strip_alpha(codec);
    else if (png_get_valid(codec, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(codec);
    else if (!(kind & PNG_COLOR_MASK_ALPHA))
        png_set_add_alpha(codec, 0xff, PNG_FILLER_AFTER);
    int passes = png_set_interlace_handling(codec);
    png_read_update_info(codec, info);
    size_t stride = (size_t)width * channels;
    if (png_get_image_width(codec, info) != width || png_get_image_height(codec, info) != height ||
        png_get_rowbytes(codec, info) != stride)
        png_error(codec, "the header contradicts itself");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++) png_read_row(codec, pixels + y * stride, NULL);
    png_destroy_read_struct(&codec, &info, NULL);
    return ALIGN_TI_PNG_DONE;
}

/* Writes RGB rows as an 8-bit PNG; *bytes belongs to the caller, who frees it (also after a failure). */
static inline int align_ti_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int level,
                                      uint8_t **bytes, size_t *count, char *message) {
    struct align_ti_png state = {NULL, 0, NULL, 0, 0, message, ALIGN_TI_PNG_BROKEN};
    snprintf(message, ALIGN_TI_PNG_MESSAGE, "out of memory");
    *bytes = NULL;
    *count = 0;
    png_structp codec =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, align_ti_png_fail, align_ti_png_silent);
    png_infop info = codec ? png_create_info_struct(codec) : NULL;
    if (info == NULL || setjmp(png_jmpbuf(codec))) {
        *bytes = state.bytes;
        png_destroy_write_struct(&codec, &info);
        return state.status;
    }
    png_set_write_fn(codec, &state, align_ti_png_push, align_ti_png_flush);
    png_set_compression_level(codec, level);
    png_set_IHDR(codec, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(codec, info);
    for (uint32_t y = 0; y < height; y++) png_write_row(codec, pixels + (size_t)y * width * 3);
    png_write_end(codec, info);
    *bytes = state.bytes;
    *count = state.count;
    png_destroy_write_struct(&codec, &info);
    return ALIGN_TI_PNG_DONE;
}

#endif
