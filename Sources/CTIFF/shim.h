/* libtiff reads through callbacks, says errors to a handler and hands out fields by variable arguments, of
   which Swift can use none. These functions read a file in memory; what libtiff has to say stays in
   `message`. */
#ifndef ALIGN_TI_CTIFF_H
#define ALIGN_TI_CTIFF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

enum { ALIGN_TI_TIFF_MESSAGE = 200, ALIGN_TI_TIFF_EXTRAS = 8 };

struct align_ti_tiff {
    const uint8_t *bytes;
    uint64_t count, position;
    int ran_out; /* whether bytes behind the last were asked for */
    char message[ALIGN_TI_TIFF_MESSAGE];
};

struct align_ti_tiff_header {
    uint32_t width, height;
    uint16_t bits, samples, format, photometric, planar, compression, orientation;
    uint16_t across, down; /* pixels that share a colour, in YCbCr */
    uint16_t extras, extra[ALIGN_TI_TIFF_EXTRAS];
};

static inline tmsize_t align_ti_tiff_read(thandle_t client, void *into, tmsize_t count) {
    struct align_ti_tiff *file = (struct align_ti_tiff *)client;
    uint64_t left = file->position < file->count ? file->count - file->position : 0;
    uint64_t taken = (uint64_t)count < left ? (uint64_t)count : left;
    if (taken > 0) memcpy(into, file->bytes + file->position, taken);
    if (taken < (uint64_t)count) file->ran_out = 1;
    file->position += taken;
    return (tmsize_t)taken;
}

static inline tmsize_t align_ti_tiff_write(thandle_t client, void *from, tmsize_t count) {
    (void)client, (void)from, (void)count;
    return -1;
}

static inline toff_t align_ti_tiff_seek(thandle_t client, toff_t offset, int from) {
    struct align_ti_tiff *file = (struct align_ti_tiff *)client;
    file->position = offset + (from == SEEK_CUR ? file->position : from == SEEK_END ? file->count : 0);
    return file->position;
}

static inline toff_t align_ti_tiff_size(thandle_t client) { return ((struct align_ti_tiff *)client)->count; }

static inline int align_ti_tiff_close(thandle_t client) {
    (void)client;
    return 0;
}

/* Keeps the first error, which the others follow from. A 1 tells libtiff to print nothing. */
static inline int align_ti_tiff_fail(TIFF *tiff, void *client, const char *module, const char *format,
                                     va_list list) {
    struct align_ti_tiff *file = (struct align_ti_tiff *)client;
    (void)tiff, (void)module;
    if (file->message[0] == 0) vsnprintf(file->message, ALIGN_TI_TIFF_MESSAGE, format, list);
    return 1;
}

static inline int align_ti_tiff_silent(TIFF *tiff, void *client, const char *module, const char *format,
                                       va_list list) {
    (void)tiff, (void)client, (void)module, (void)format, (void)list;
    return 1;
}

/* NULL where there is no first directory. No one allocation may be larger than `most` bytes. */
static inline TIFF *align_ti_tiff_open(struct align_ti_tiff *file, size_t most) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)most);
    TIFFOpenOptionsSetErrorHandlerExtR(options, align_ti_tiff_fail, file);
    TIFFOpenOptionsSetWarningHandlerExtR(options, align_ti_tiff_silent, file);
    /* "m": no mapping of the file into memory, where it is already. */
    TIFF *tiff =
        TIFFClientOpenExt("", "rm", (thandle_t)file, align_ti_tiff_read, align_ti_tiff_write,
                          align_ti_tiff_seek, align_ti_tiff_close, align_ti_tiff_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

/* The fields of the first directory, those that are missing as the standard has them. */
static inline struct align_ti_tiff_header align_ti_tiff_header_of(TIFF *tiff) {
    struct align_ti_tiff_header header;
    uint16_t *extra = NULL;
    memset(&header, 0, sizeof header);
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &header.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &header.height);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &header.photometric);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &header.bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &header.samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &header.format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &header.planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &header.compression);
    TIFFGetField(tiff, TIFFTAG_ORIENTATION, &header.orientation); /* 0 where there is none */
    TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRSUBSAMPLING, &header.across, &header.down);
    if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &header.extras, &extra))
        for (int i = 0; i < header.extras && i < ALIGN_TI_TIFF_EXTRAS; i++) header.extra[i] = extra[i];
    return header;
}

/* Red, green and blue of 2^bits indices; returns 0 where the file has none. */
static inline int align_ti_tiff_palette(TIFF *tiff, unsigned bits, uint8_t palette[256][3]) {
    uint16_t *red = NULL, *green = NULL, *blue = NULL;
    if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue)) return 0;
    for (unsigned i = 0; i < 1u << bits && i < 256; i++) {
        palette[i][0] = (uint8_t)(red[i] >> 8);
        palette[i][1] = (uint8_t)(green[i] >> 8);
        palette[i][2] = (uint8_t)(blue[i] >> 8);
    }
    return 1;
}

/* The XMP packet, which lives as long as the handle. */
static inline const uint8_t *align_ti_tiff_xmp(TIFF *tiff, uint32_t *count) {
    uint8_t *bytes = NULL;
    return TIFFGetField(tiff, TIFFTAG_XMLPACKET, count, &bytes) ? bytes : NULL;
}

/* JPEG data in YCbCr come out as RGB. */
static inline void align_ti_tiff_jpeg_as_rgb(TIFF *tiff) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
}

/* Sample i of a row as 8 bits: the high ones of 12 and 16, and fewer than 8 as they are, to be scaled. */
static inline uint8_t align_ti_tiff_sample(const uint8_t *row, size_t i, unsigned bits) {
    switch (bits) {
    case 8: return row[i];
    case 16: return (uint8_t)(((const uint16_t *)(const void *)row)[i] >> 8);
    case 12: return i % 2 ? (uint8_t)(row[i / 2 * 3 + 1] << 4 | row[i / 2 * 3 + 2] >> 4) : row[i / 2 * 3];
    default: return (uint8_t)(row[i * bits / 8] >> (8 - bits - i * bits % 8) & ((1u << bits) - 1));
    }
}

/* A part of the picture in a strip or a tile. */
struct align_ti_tiff_part {
    uint32_t x, y, columns, rows;
    size_t row_bytes;
    unsigned plane, samples; /* the first sample in it, and how many stand beside each other */
};

/* Puts the first `kept` samples of every pixel of a part to their places in `[height, width, kept]`. */
static inline void align_ti_tiff_place(const uint8_t *from, struct align_ti_tiff_part part,
                                       const struct align_ti_tiff_header *header, unsigned kept,
                                       uint8_t *out) {
    unsigned taken = part.samples == 1 ? 1 : kept;
    for (uint32_t y = 0; y < part.rows; y++) {
        const uint8_t *row = from + y * part.row_bytes;
        uint8_t *to = out + ((size_t)(part.y + y) * header->width + part.x) * kept + part.plane;
        for (uint32_t x = 0; x < part.columns; x++, to += kept)
            for (unsigned s = 0; s < taken; s++)
                to[s] = align_ti_tiff_sample(row, (size_t)x * part.samples + s, header->bits);
    }
}

static inline uint32_t align_ti_tiff_least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* How the picture is cut into strips or tiles. */
struct align_ti_tiff_cut {
    int is_tiled, is_planar;
    uint32_t columns, rows;
    uint64_t bytes, row_bytes;
};

/* Returns 0 where a strip or tile has more than `most` bytes, or all of them far more than the picture: tiles
   may be much larger than what they show of it, and cost their time all the same. */
static inline int align_ti_tiff_cut_of(TIFF *tiff, const struct align_ti_tiff_header *header, size_t most,
                                       struct align_ti_tiff_cut *cut) {
    cut->is_tiled = TIFFIsTiled(tiff);
    cut->is_planar = header->planar == PLANARCONFIG_SEPARATE;
    cut->columns = header->width;
    cut->rows = header->height;
    if (cut->is_tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &cut->columns);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &cut->rows);
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &cut->rows);
        cut->rows = align_ti_tiff_least(cut->rows, header->height);
    }
    if (cut->columns == 0 || cut->rows == 0) return 0;
    cut->bytes = cut->is_tiled ? TIFFTileSize64(tiff) : TIFFVStripSize64(tiff, cut->rows);
    cut->row_bytes = cut->is_tiled ? TIFFTileRowSize64(tiff) : TIFFScanlineSize64(tiff);
    if (cut->bytes == 0 || cut->bytes > most || cut->row_bytes > cut->bytes) return 0;
    uint64_t across = (header->width - 1) / cut->columns + 1, down = (header->height - 1) / cut->rows + 1;
    uint64_t picture = (uint64_t)header->width * header->height * header->samples * header->bits / 8;
    return across * down * cut->bytes <= 4 * picture + ((uint64_t)64 << 20);
}

/* Reads the samples as `[height, width, kept]`; returns 0 where libtiff fails. */
static inline int align_ti_tiff_samples(TIFF *tiff, const struct align_ti_tiff_header *header,
                                        const struct align_ti_tiff_cut *cut, unsigned kept, uint8_t *out) {
    struct align_ti_tiff_part part = {.row_bytes = (size_t)cut->row_bytes,
                                      .samples = cut->is_planar ? 1 : header->samples};
    if (cut->row_bytes < ((uint64_t)cut->columns * part.samples * header->bits + 7) / 8 ||
        cut->row_bytes * cut->rows > cut->bytes)
        return 0;
    uint8_t *buffer = (uint8_t *)malloc((size_t)cut->bytes);
    int is_done = buffer != NULL;
    for (part.plane = 0; is_done && part.plane < (cut->is_planar ? kept : 1); part.plane++)
        for (part.y = 0; is_done && part.y < header->height; part.y += part.rows) {
            part.rows = align_ti_tiff_least(cut->rows, header->height - part.y);
            for (part.x = 0; is_done && part.x < header->width; part.x += part.columns) {
                part.columns = align_ti_tiff_least(cut->columns, header->width - part.x);
                uint16_t plane = (uint16_t)part.plane;
                tmsize_t wanted = (tmsize_t)(cut->is_tiled ? cut->bytes : cut->row_bytes * part.rows);
                tmsize_t got =
                    cut->is_tiled
                        ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, part.x, part.y, 0, plane), buffer,
                                              wanted)
                        : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, part.y, plane), buffer, wanted);
                is_done = got >= wanted;
                if (is_done) align_ti_tiff_place(buffer, part, header, kept, out);
            }
        }
    free(buffer);
    return is_done;
}

/* Reads a picture of any kind that libtiff converts, as it is stored, as RGBA: `[height, width, 4]`. */
static inline int align_ti_tiff_rgba(TIFF *tiff, struct align_ti_tiff *file, uint32_t width, uint32_t height,
                                     uint8_t *out) {
    TIFFRGBAImage image;
    char problem[1024] = "";
    int is_done = 0;
    if (TIFFRGBAImageOK(tiff, problem) && TIFFRGBAImageBegin(&image, tiff, 1, problem)) {
        image.req_orientation = image.orientation; /* turned afterwards, as all pictures */
        is_done = image.width == width && image.height == height &&
                  TIFFRGBAImageGet(&image, (uint32_t *)(void *)out, width, height);
        TIFFRGBAImageEnd(&image);
    }
    if (!is_done && file->message[0] == 0) snprintf(file->message, ALIGN_TI_TIFF_MESSAGE, "%s", problem);
    return is_done;
}

#endif
