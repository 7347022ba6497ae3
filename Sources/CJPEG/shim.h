/* libjpeg leaves by longjmp when it fails, which Swift frames must not see. These functions keep setjmp on
   the C side: they return one of the codes below and a message, and always release what libjpeg took. */
#ifndef ALIGN_TI_CJPEG_H
#define ALIGN_TI_CJPEG_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

enum { ALIGN_TI_JPEG_DONE = 0, ALIGN_TI_JPEG_BROKEN = 1, ALIGN_TI_JPEG_TRUNCATED = 2 };
enum { ALIGN_TI_JPEG_MESSAGE = JMSG_LENGTH_MAX, ALIGN_TI_JPEG_SCANS = 500 };

struct align_ti_jpeg_errors {
    struct jpeg_error_mgr base; /* first: libjpeg hands back a pointer to it */
    jmp_buf escape;
    char *message; /* ALIGN_TI_JPEG_MESSAGE bytes */
    int status;
    int is_whole; /* whether all rows were read */
};

static inline void align_ti_jpeg_fail(j_common_ptr codec) {
    struct align_ti_jpeg_errors *errors = (struct align_ti_jpeg_errors *)codec->err;
    errors->base.format_message(codec, errors->message);
    longjmp(errors->escape, 1);
}

static inline void align_ti_jpeg_silent(j_common_ptr codec) { (void)codec; }

/* Called when libjpeg wants bytes beyond the last: its own memory source would invent an end marker and go on
   in grey. */
static inline boolean align_ti_jpeg_out_of_bytes(j_decompress_ptr codec) {
    struct align_ti_jpeg_errors *errors = (struct align_ti_jpeg_errors *)codec->err;
    errors->status = ALIGN_TI_JPEG_TRUNCATED;
    snprintf(errors->message, ALIGN_TI_JPEG_MESSAGE, "the data ends before the image does");
    longjmp(errors->escape, 1);
}

/* A progressive file may hold thousands of scans of a large picture in few bytes. */
static inline void align_ti_jpeg_watch(j_common_ptr codec) {
    if (codec->is_decompressor && ((j_decompress_ptr)codec)->input_scan_number > ALIGN_TI_JPEG_SCANS) {
        struct align_ti_jpeg_errors *errors = (struct align_ti_jpeg_errors *)codec->err;
        snprintf(errors->message, ALIGN_TI_JPEG_MESSAGE, "more than %d scans", ALIGN_TI_JPEG_SCANS);
        longjmp(errors->escape, 1);
    }
}

static inline void align_ti_jpeg_errors_begin(struct align_ti_jpeg_errors *errors, char *message) {
    memset(errors, 0, sizeof *errors);
    jpeg_std_error(&errors->base);
    errors->base.error_exit = align_ti_jpeg_fail;
    errors->base.output_message = align_ti_jpeg_silent;
    errors->message = message;
    errors->status = ALIGN_TI_JPEG_BROKEN;
    message[0] = 0;
}

/* Reads the header when pixels is null (sets *width and *height), and otherwise the image as RGB, 3 * width
   bytes a row; *width and *height then say what pixels has room for and must be what the header says. */
static inline int align_ti_jpeg_decode(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height,
                                       uint8_t *pixels, char *message) {
    struct jpeg_decompress_struct codec;
    struct align_ti_jpeg_errors errors;
    struct jpeg_progress_mgr progress;
    memset(&codec, 0, sizeof codec);
    memset(&progress, 0, sizeof progress);
    align_ti_jpeg_errors_begin(&errors, message);
    codec.err = &errors.base;
    if (setjmp(errors.escape)) {
        jpeg_destroy_decompress(&codec);
        return errors.is_whole && errors.status == ALIGN_TI_JPEG_TRUNCATED ? ALIGN_TI_JPEG_DONE
                                                                           : errors.status;
    }
    jpeg_create_decompress(&codec);
    jpeg_mem_src(&codec, bytes, count);
    codec.src->fill_input_buffer = align_ti_jpeg_out_of_bytes;
    progress.progress_monitor = align_ti_jpeg_watch;
    codec.progress = &progress;
    jpeg_read_header(&codec, TRUE);
    if (pixels == NULL) {
        *width = codec.image_width;
        *height = codec.image_height;
        jpeg_destroy_decompress(&codec);
        return ALIGN_TI_JPEG_DONE;
    }
    int ink = codec.num_components == 4;
    codec.out_color_space = ink ? JCS_CMYK : JCS_RGB; /* grey to RGB repeats the sample */
    jpeg_start_decompress(&codec);
    if (codec.output_width != *width || codec.output_height != *height ||
        codec.output_components != (ink ? 4 : 3)) {
        snprintf(message, ALIGN_TI_JPEG_MESSAGE, "unexpected number of components (%d)",
                 codec.num_components);
        longjmp(errors.escape, 1);
    }
    size_t stride = (size_t)codec.output_width * 3;
    JSAMPARRAY inks =
        ink ? codec.mem->alloc_sarray((j_common_ptr)&codec, JPOOL_IMAGE, codec.output_width * 4, 1) : NULL;
    while (codec.output_scanline < codec.output_height) {
        uint8_t *row = pixels + codec.output_scanline * stride;
        if (!ink) {
            jpeg_read_scanlines(&codec, &row, 1);
            continue;
        }
        jpeg_read_scanlines(&codec, inks, 1);
        /* Four-component files store inverted inks (Adobe's way, which readers assume): R = round(c * k /
           255). */
        for (size_t x = 0; x < codec.output_width; x++)
            for (size_t c = 0; c < 3; c++) {
                uint32_t product = (uint32_t)inks[0][4 * x + c] * inks[0][4 * x + 3] + 128;
                row[3 * x + c] = (uint8_t)((product + (product >> 8)) >> 8);
            }
    }
    /* Reads on to the end marker, which Pillow does not miss where something else follows the last row. */
    errors.is_whole = 1;
    jpeg_finish_decompress(&codec);
    jpeg_destroy_decompress(&codec);
    return ALIGN_TI_JPEG_DONE;
}

/* Writes RGB rows as a baseline JPEG, 4:2:0; *bytes belongs to the caller, who frees it (also after a
   failure). */
static inline int align_ti_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality,
                                       uint8_t **bytes, unsigned long *count, char *message) {
    struct jpeg_compress_struct codec;
    struct align_ti_jpeg_errors errors;
    memset(&codec, 0, sizeof codec);
    align_ti_jpeg_errors_begin(&errors, message);
    codec.err = &errors.base;
    *bytes = NULL;
    *count = 0;
    if (setjmp(errors.escape)) {
        jpeg_destroy_compress(&codec);
        return errors.status;
    }
    jpeg_create_compress(&codec);
    jpeg_mem_dest(&codec, bytes, count);
    codec.image_width = width;
    codec.image_height = height;
    codec.input_components = 3;
    codec.in_color_space = JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, quality, TRUE);
    jpeg_start_compress(&codec, TRUE);
    while (codec.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)codec.next_scanline * width * 3);
        jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    return ALIGN_TI_JPEG_DONE;
}

#endif
