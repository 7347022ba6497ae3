/* The first picture of a GIF through giflib, which asks for bytes by a callback and says errors as numbers.
   The functions return one of the codes below and a message, and always release what giflib took. */
#ifndef ALIGN_TI_CGIF_H
#define ALIGN_TI_CGIF_H

#include <gif_lib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    ALIGN_TI_GIF_DONE = 0,
    ALIGN_TI_GIF_BROKEN = 1,
    ALIGN_TI_GIF_TRUNCATED = 2,
    ALIGN_TI_GIF_MESSAGE = 200
};

struct align_ti_gif {
    const uint8_t *next;
    size_t left;
    int may_be_length, ran_out;
};

/* What a picture is drawn upon: the screen, or more where the picture reaches beyond it. */
struct align_ti_gif_picture {
    uint32_t width, height;
    int clear; /* index of the transparent colour, -1 for none */
};

/* Where a length is asked for behind the last byte, a zero comes: it ends a run of blocks, so that a file
   whose pixels are whole but for the end mark is read. A byte behind one that may be a block's length is
   none. */
static inline int align_ti_gif_pull(GifFileType *file, GifByteType *into, int count) {
    struct align_ti_gif *state = (struct align_ti_gif *)file->UserData;
    int taken = (size_t)count < state->left ? count : (int)state->left;
    memcpy(into, state->next, (size_t)taken);
    state->next += taken;
    state->left -= (size_t)taken;
    if (taken < count) {
        state->ran_out = 1;
        if (count > 1 || state->may_be_length) return taken;
        into[0] = 0;
    }
    state->may_be_length = count == 1 && into[0] != 0;
    return count;
}

/* Reads on to the first picture's description. */
static inline int align_ti_gif_find(GifFileType *file, struct align_ti_gif_picture *picture) {
    picture->clear = NO_TRANSPARENT_COLOR;
    for (;;) {
        GifRecordType record;
        GifByteType *block;
        int code;
        if (DGifGetRecordType(file, &record) == GIF_ERROR) return GIF_ERROR;
        if (record == IMAGE_DESC_RECORD_TYPE) break;
        if (record == TERMINATE_RECORD_TYPE) {
            file->Error = D_GIF_ERR_NO_IMAG_DSCR;
            return GIF_ERROR;
        }
        if (DGifGetExtension(file, &code, &block) == GIF_ERROR) return GIF_ERROR;
        if (block && code == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4 && (block[1] & 1))
            picture->clear = block[4];
        while (block)
            if (DGifGetExtensionNext(file, &block) == GIF_ERROR) return GIF_ERROR;
    }
    if (DGifGetImageDesc(file) == GIF_ERROR) return GIF_ERROR;
    /* A picture that reaches beyond the screen widens it, as in Pillow. */
    uint32_t right = (uint32_t)file->Image.Left + (uint32_t)file->Image.Width;
    uint32_t bottom = (uint32_t)file->Image.Top + (uint32_t)file->Image.Height;
    picture->width = right > (uint32_t)file->SWidth ? right : (uint32_t)file->SWidth;
    picture->height = bottom > (uint32_t)file->SHeight ? bottom : (uint32_t)file->SHeight;
    return GIF_OK;
}

/* Red, green, blue and alpha of every index. An index beyond the palette is black, as in Pillow; one of a
   palette whose colours are the greys of their indices, or of none, is the grey of its own. */
static inline void align_ti_gif_colours(const GifFileType *file, int clear, uint8_t colours[256][4]) {
    const ColorMapObject *map = file->Image.ColorMap ? file->Image.ColorMap : file->SColorMap;
    int known = map ? map->ColorCount : 0, is_grey = 1;
    memset(colours, 0, 256 * 4);
    for (int i = 0; i < known && i < 256; i++) {
        colours[i][0] = map->Colors[i].Red;
        colours[i][1] = map->Colors[i].Green;
        colours[i][2] = map->Colors[i].Blue;
        if (colours[i][0] != i || colours[i][1] != i || colours[i][2] != i) is_grey = 0;
    }
    for (int i = 0; i < 256; i++) {
        if (is_grey) memset(colours[i], i, 3);
        colours[i][3] = i == clear ? 0 : 255;
    }
}

/* The picture upon its canvas, which is filled with the transparent colour, or else with the first. */
static inline int align_ti_gif_draw(GifFileType *file, const struct align_ti_gif_picture *picture,
                                    size_t channels, uint8_t *pixels, uint8_t *row) {
    static const uint32_t starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    uint8_t colours[256][4];
    align_ti_gif_colours(file, picture->clear, colours);
    const uint8_t *around = colours[picture->clear < 0 ? 0 : picture->clear];
    size_t all = (size_t)picture->width * picture->height;
    for (size_t i = 0; i < all; i++) memcpy(pixels + i * channels, around, channels);
    uint32_t width = (uint32_t)file->Image.Width, height = (uint32_t)file->Image.Height;
    for (int pass = 0; pass < (file->Image.Interlace ? 4 : 1); pass++) {
        uint32_t step = file->Image.Interlace ? steps[pass] : 1;
        for (uint32_t y = file->Image.Interlace ? starts[pass] : 0; y < height; y += step) {
            if (DGifGetLine(file, row, (int)width) == GIF_ERROR) return GIF_ERROR;
            size_t start = ((size_t)file->Image.Top + y) * picture->width + (size_t)file->Image.Left;
            uint8_t *out = pixels + start * channels;
            for (uint32_t x = 0; x < width; x++) memcpy(out + x * channels, colours[row[x]], channels);
        }
    }
    return GIF_OK;
}

/* Says what the canvas is when pixels is null, and otherwise fills it, channels * width bytes a row: 3 or,
   with alpha, 4. */
static inline int align_ti_gif_decode(const uint8_t *bytes, size_t count,
                                      struct align_ti_gif_picture *picture, size_t channels, uint8_t *pixels,
                                      char *message) {
    struct align_ti_gif state = {bytes, count, 0, 0};
    struct align_ti_gif_picture expected = *picture;
    int error = D_GIF_SUCCEEDED;
    GifFileType *file = DGifOpen(&state, align_ti_gif_pull, &error);
    int is_done = 0;
    if (file != NULL) {
        is_done = align_ti_gif_find(file, picture) != GIF_ERROR;
        if (is_done && (file->Image.Width < 1 || file->Image.Height < 1)) {
            file->Error = D_GIF_ERR_NO_IMAG_DSCR;
            is_done = 0;
        }
        if (is_done && pixels != NULL) {
            uint8_t row[65536]; /* as wide as the format allows */
            is_done = picture->width == expected.width && picture->height == expected.height &&
                      align_ti_gif_draw(file, picture, channels, pixels, row) != GIF_ERROR;
        }
        error = file->Error;
        DGifCloseFile(file, NULL);
    }
    if (is_done) return ALIGN_TI_GIF_DONE;
    const char *text = error == D_GIF_ERR_NO_IMAG_DSCR ? "it holds no picture" : GifErrorString(error);
    snprintf(message, ALIGN_TI_GIF_MESSAGE, "%s", text ? text : "its data are damaged");
    return state.ran_out ? ALIGN_TI_GIF_TRUNCATED : ALIGN_TI_GIF_BROKEN;
}

#endif
