"""Makes pictures.tar.xz: pictures of many kinds and, by Pillow, what is to be seen of them.

    python3 -m venv v && v/bin/pip install pillow==13.0.0 && v/bin/python make.py [FOLDER]
"""

import io
import os
import struct
import sys
import tarfile
import zlib

from PIL import Image, ImageOps, features

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
WIDTH, HEIGHT = 13, 9
BEHIND = (10, 200, 90)
files = {}


def picture(mode="RGB", seed=1):
    """Noise: [HEIGHT, WIDTH], whatever the mode, and the same wherever it is made."""
    state, out = seed * 2654435761 % 2**32, bytearray()
    for _ in range(WIDTH * HEIGHT * len(Image.new(mode, (1, 1)).getbands())):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return Image.frombytes(mode, (WIDTH, HEIGHT), bytes(out))


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def palette(image, colours):
    return image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


# GIF


def gif(screen, frames, colours=b"", before=b"", end=b";"):
    """Frames: (x, y, width, height, indices, local palette, interlaced). LZW codes of 9 bits, as they are."""
    out = b"GIF89a" + struct.pack("<HH", *screen)
    bits = (len(colours) // 3 - 1).bit_length() - 1
    out += (bytes([0x80 | bits, 0, 0]) + colours if colours else bytes(3)) + before
    for x, y, width, height, indices, local, interlaced in frames:
        order = sum([list(range(a, height, s)) for a, s in ((0, 8), (4, 8), (2, 4), (1, 2))], [])
        rows = order if interlaced else range(height)
        codes = []
        for n, i in enumerate(i for y in rows for i in indices[y * width : (y + 1) * width]):
            codes += [256, i] if n % 200 == 0 else [i]
        bits, number, data = 0, 0, bytearray()
        for code in codes + [257]:
            number |= code << bits
            bits += 9
            while bits >= 8:
                data.append(number & 255)
                number, bits = number >> 8, bits - 8
        data.append(number & 255)
        flags = (0x40 if interlaced else 0) | (0x80 | ((len(local) // 3 - 1).bit_length() - 1) if local else 0)
        out += b"," + struct.pack("<HHHHB", x, y, width, height, flags) + local + b"\x08"
        out += b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255))
        out += b"\0"
    return out + end


def clear(index):
    return b"!\xf9\x04" + bytes([1, 5, 0, index]) + b"\0"


COLOURS = bytes(range(40, 40 + 3 * 8))
SMALL = [i % 8 for i in range(7, 7 + 24)]
first, second = palette(picture(), 64), palette(picture(seed=2), 64)
files["plain.gif"] = saved(first, "GIF")
files["animated.gif"] = saved(first, "GIF", save_all=True, append_images=[second], duration=90)
files["interlaced.gif"] = gif((6, 13), [(0, 0, 6, 13, [i % 8 for i in range(78)], b"", True)], COLOURS)
files["clear.gif"] = gif((6, 4), [(0, 0, 6, 4, SMALL, b"", False)], COLOURS, clear(3))
files["offset.gif"] = gif((9, 8), [(2, 3, 6, 4, SMALL, b"", False)], COLOURS)
files["offset_clear.gif"] = gif((9, 8), [(2, 3, 6, 4, SMALL, b"", False)], COLOURS, clear(5))
files["beyond_screen.gif"] = gif((4, 4), [(2, 3, 6, 4, SMALL, b"", False)], COLOURS)
files["local_palette.gif"] = gif((6, 4), [(0, 0, 6, 4, SMALL, COLOURS[::-1], False)], COLOURS)
files["no_palette.gif"] = gif((6, 4), [(0, 0, 6, 4, [9 * i for i in SMALL], b"", False)])
files["beyond_palette.gif"] = gif((6, 4), [(0, 0, 6, 4, [3 * i for i in SMALL], b"", False)], COLOURS)
greys = bytes(i // 3 for i in range(24))
files["grey_palette.gif"] = gif((6, 4), [(0, 0, 6, 4, [3 * i for i in SMALL], b"", False)], greys)
files["no_end_mark.gif"] = gif((6, 4), [(0, 0, 6, 4, SMALL, b"", False)], COLOURS, end=b"")
comment = b"!\xfe\x03abc\x02de\0!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
files["extensions.gif"] = gif((6, 4), [(0, 0, 6, 4, SMALL, b"", False)], COLOURS, comment + clear(1) + comment)


# BMP


def bmp(bits, data, colours=b"", size=40, height=HEIGHT, compression=0, masks=b"", listed=None, place=None):
    start = 14 + size + (len(masks) if size == 40 else 0) + len(colours)
    listed = len(colours) // 4 if listed is None else listed
    head = struct.pack("<IiiHHIIiiII", size, WIDTH, height, 1, bits, compression, len(data), 0, 0, listed, 0)
    if size == 12:
        head = struct.pack("<IHHHH", size, WIDTH, height, 1, bits)
    elif size > 40:
        head = (head + masks).ljust(size, b"\0")
        masks = b""
    place = start if place is None else place
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, place) + head + masks + colours + data


def noise(count, seed=3):
    state, out = seed, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return bytes(out)


def rows(bits):
    return noise((WIDTH * bits + 31) // 32 * 4 * HEIGHT)


COLOURS4 = bytes(range(7, 7 + 4 * 16))
files["rgb.bmp"] = saved(picture(), "BMP")
files["palette.bmp"] = saved(palette(picture(), 200), "BMP")
files["grey.bmp"] = saved(picture("L"), "BMP")
files["bilevel.bmp"] = saved(picture("L").point(lambda i: 255 * (i > 127)).convert("1"), "BMP")
files["one_bit.bmp"] = bmp(1, rows(1), COLOURS4[:8])
files["four_bits.bmp"] = bmp(4, rows(4), COLOURS4)
files["few_colours.bmp"] = bmp(8, rows(8), COLOURS4)
files["few_greys.bmp"] = bmp(8, rows(8), bytes(sum([[i, i, i, 0] for i in range(16)], [])))
files["top_down.bmp"] = bmp(24, rows(24), height=-HEIGHT)
files["fifteen_bits.bmp"] = bmp(16, rows(16))
files["sixteen_bits.bmp"] = bmp(16, rows(16), compression=3, masks=struct.pack("<3I", 0xF800, 0x7E0, 0x1F))
files["os2.bmp"] = bmp(4, rows(4), COLOURS4[:48], size=12)
files["os2_rgb.bmp"] = bmp(24, rows(24), size=12)
files["x.bmp"] = bmp(32, rows(32))
files["no_place.bmp"] = bmp(4, rows(4), COLOURS4, place=0)
files["no_palette_place.bmp"] = bmp(4, rows(4), COLOURS4, place=54)
for name, masks in (
    ("xbgr", (0xFF000000, 0xFF0000, 0xFF00, 0)), ("bgxr", (0xFF000000, 0xFF00, 0xFF, 0)),
    ("abgr", (0xFF000000, 0xFF0000, 0xFF00, 0xFF)), ("rgba", (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
    ("bgra", (0xFF0000, 0xFF00, 0xFF, 0xFF000000)), ("bgar", (0xFF000000, 0xFF00, 0xFF, 0xFF0000)),
    ("no_masks", (0, 0, 0, 0)),
):  # fmt: skip
    files[f"{name}.bmp"] = bmp(32, rows(32), size=108, compression=3, masks=struct.pack("<4I", *masks))
files["odd_masks.bmp"] = bmp(32, rows(32), compression=3, masks=struct.pack("<3I", 0x3FF00000, 0xFFC00, 0x3FF))
row8 = bytes([5, 3, 0, 3, 1, 2, 3, 0, 9, 4, 0, 0])
skip8 = bytes([2, 7, 0, 2, 3, 1, 10, 6, 0, 0])
files["runs8.bmp"] = bmp(8, row8 * 3 + skip8 + row8 * 4 + b"\0\1", COLOURS4, compression=1)
row4 = bytes([5, 0x3A, 0, 3, 0x12, 0x30, 8, 0x4B, 0, 0])
files["runs4.bmp"] = bmp(4, row4 * 9 + b"\0\1", COLOURS4, compression=2)
files["runs_end_early.bmp"] = bmp(8, row8 * 3 + b"\0\1", COLOURS4, compression=1)
files["two_bits.bmp"] = bmp(2, rows(2), COLOURS4[:16])
files["png_inside.bmp"] = bmp(0, saved(picture(), "PNG"), compression=5)

# TIFF


def tiff(tags, parts, order="<"):
    """Tags: number -> values of 16 bits; parts: the strips, or the tiles where there is a tile's width."""
    places, counts = (324, 325) if 322 in tags else (273, 279)
    tags = {**tags, places: [0] * len(parts), counts: [len(p) for p in parts]}
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    behind = 8 + 2 + 12 * len(tags) + 4
    kinds = {places: (4, "I"), counts: (4, "I"), 700: (1, "B")}
    values = {n: struct.pack(f"{order}{len(v)}{kinds.get(n, (3, 'H'))[1]}", *v) for n, v in tags.items()}
    starts, place = {}, behind
    for number in sorted(tags):
        if len(values[number]) > 4:
            starts[number], place = place, place + len(values[number]) + len(values[number]) % 2
    offsets = [place + sum(len(p) for p in parts[:i]) for i in range(len(parts))]
    values[places] = struct.pack(f"{order}{len(parts)}I", *offsets)
    out += struct.pack(order + "H", len(tags))
    for number in sorted(tags):
        out += struct.pack(order + "HHI", number, kinds.get(number, (3,))[0], len(tags[number]))
        value = values[number]
        out += struct.pack(order + "I", starts[number]) if number in starts else value.ljust(4, b"\0")
    out += bytes(4)
    for number in sorted(starts):
        out += values[number] + bytes(len(values[number]) % 2)
    return out + b"".join(parts)


def raw(bits, samples, photometric, extras=(), order="<", planar=1, strip=4, seed=5, **more):
    """A file of noise in strips."""
    tags = {256: [WIDTH], 257: [HEIGHT], 258: [bits] * samples, 259: [1], 262: [photometric], 277: [samples],
            278: [strip], 284: [planar]}  # fmt: skip
    if extras:
        tags[338] = list(extras)
    tags.update({int(n[1:]): v for n, v in more.items()})
    width = (WIDTH * bits * (1 if planar == 2 else samples) + 7) // 8
    counts = [min(strip, HEIGHT - y) for y in range(0, HEIGHT, strip)] * (samples if planar == 2 else 1)
    data = noise(width * sum(counts), seed)
    return tiff(tags, [data[width * sum(counts[:i]) :][: width * n] for i, n in enumerate(counts)], order)


MAP = list(noise(2 * 3 * 256, 9))
MAP = [a << 8 | b for a, b in zip(MAP[::2], MAP[1::2])]
for name, compression in (("raw", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("bits", "packbits"),
                          ("zstd", "zstd"), ("lzma", "lzma")):  # fmt: skip
    files[f"{name}.tiff"] = saved(picture(), "TIFF", compression=compression)
bilevel = picture("L").point(lambda i: 255 * (i > 127)).convert("1")
files["group4.tiff"] = saved(bilevel, "TIFF", compression="group4")
files["group3.tiff"] = saved(bilevel, "TIFF", compression="group3")
files["jpeg.tiff"] = saved(picture(), "TIFF", compression="jpeg", quality=90)
files["jpeg_grey.tiff"] = saved(picture("L"), "TIFF", compression="jpeg", quality=90)
files["rgba.tiff"] = saved(picture("RGBA"), "TIFF", compression="tiff_lzw")
files["grey_alpha.tiff"] = saved(picture("LA"), "TIFF")
files["palette.tiff"] = saved(palette(picture(), 200), "TIFF")
files["cmyk.tiff"] = saved(picture("CMYK"), "TIFF", compression="tiff_lzw")
files["ycbcr.tiff"] = saved(picture("YCbCr"), "TIFF")
files["ycbcr_lzw.tiff"] = saved(picture("YCbCr"), "TIFF", compression="tiff_lzw")
files["big.tiff"] = saved(picture(), "TIFF", big_tiff=True)
files["pages.tiff"] = saved(picture(), "TIFF", save_all=True, append_images=[picture(seed=2)])
for bits in (1, 2, 4, 8):
    files[f"grey{bits}.tiff"] = raw(bits, 1, 1)
    files[f"white{bits}.tiff"] = raw(bits, 1, 0)
    files[f"palette{bits}.tiff"] = raw(bits, 1, 3, _320=[i for c in range(3) for i in MAP[256 * c :][: 1 << bits]])
files["filled.tiff"] = raw(4, 1, 1, _266=[2])
files["signed.tiff"] = raw(8, 1, 1, _339=[2])
files["motorola.tiff"] = raw(8, 3, 2, order=">")
files["planes.tiff"] = raw(8, 3, 2, planar=2)
files["planes_alpha.tiff"] = raw(8, 4, 2, (2,), planar=2)
files["x.tiff"] = raw(8, 4, 2, (0,))
files["unsaid.tiff"] = raw(8, 4, 2)
files["multiplied.tiff"] = raw(8, 4, 2, (1,))
files["more.tiff"] = raw(8, 6, 2, (2, 0, 0))
files["palette_alpha.tiff"] = raw(8, 2, 3, (2,), _320=MAP)
files["palette_x.tiff"] = raw(8, 2, 3, (0,), _320=MAP)
files["grey_x.tiff"] = raw(8, 2, 1, (0,))
files["cmyk_x.tiff"] = raw(8, 5, 5, (0,))
for order, name in (("<", "intel"), (">", "motorola")):
    files[f"rgb16_{name}.tiff"] = raw(16, 3, 2, order=order)
    files[f"rgba16_{name}.tiff"] = raw(16, 4, 2, (2,), order=order)
    files[f"grey16_{name}.tiff"] = raw(16, 1, 1, order=order)
files["multiplied16.tiff"] = raw(16, 4, 2, (1,))
files["cmyk16.tiff"] = raw(16, 4, 5)
files["grey12.tiff"] = raw(12, 1, 1)
tiles = {256: [WIDTH], 257: [HEIGHT], 258: [8] * 3, 259: [1], 262: [2], 277: [3], 322: [16], 323: [16]}
files["tile.tiff"] = tiff(tiles, [noise(16 * 16 * 3)])
files["tiles.tiff"] = tiff({**tiles, 256: [37], 257: [21]}, [noise(16 * 16 * 3, i) for i in range(6)])
for value in range(1, 9):
    files[f"turned{value}.tiff"] = raw(8, 3, 2, _274=[value])
files["float.tiff"] = raw(32, 1, 1, _339=[3])
files["numbers.tiff"] = raw(32, 1, 1)
files["signed16.tiff"] = raw(16, 1, 1, _339=[2])
files["lab.tiff"] = raw(8, 3, 8)
files["multiplied_grey.tiff"] = raw(8, 2, 1, (1,))

# Animated WebP

files["animated.webp"] = saved(
    picture(), "WEBP", save_all=True, append_images=[picture(seed=2)], lossless=True, duration=90)
files["animated_clear.webp"] = saved(
    picture("RGBA"), "WEBP", save_all=True, append_images=[picture("RGBA", 2)], lossless=True, exact=True)


def webp_frame(x, y, canvas, flags):
    """The first frame of an animation at a place of its own upon a larger canvas."""
    still = saved(picture("RGBA" if flags & 16 else "RGB"), "WEBP", lossless=True, exact=True)
    data = still[12:] if still[12:16] == b"VP8L" else still[still.index(b"VP8L") :]
    three = lambda n: struct.pack("<I", n)[:3]
    body = three(x // 2) + three(y // 2) + three(WIDTH - 1) + three(HEIGHT - 1) + three(90) + b"\0" + data
    chunks = b"VP8X" + struct.pack("<II", 10, flags) + three(canvas[0] - 1) + three(canvas[1] - 1)
    chunks += b"ANIM" + struct.pack("<IIH", 6, 0xFF336699, 0) + b"ANMF" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


files["placed.webp"] = webp_frame(4, 6, (21, 18), 2)
files["placed_clear.webp"] = webp_frame(4, 6, (21, 18), 2 | 16)

# Turned by what stands beside the pixels, and JPEGs without their end


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(before=b"", after=b""):
    """A picture with chunks before and behind its pixels."""
    whole = saved(picture(), "PNG")
    return whole[:33] + before + whole[33:-12] + after + whole[-12:]


def exif(value=None):
    """A block with an orientation, or with a resolution's unit alone."""
    tag, number = (0x0112, value) if value else (0x0128, 2)
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, tag, 3, 1, number, 0)


def segment(content):
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def jpeg(*segments):
    whole = saved(picture(), "JPEG", quality=95)
    return whole[:2] + b"".join(segment(s) for s in segments) + whole[2:]


ATTRIBUTE = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
ELEMENT = b"<x:xmpmeta><tiff:Orientation>8</tiff:Orientation></x:xmpmeta>"
KEY, MARK = b"XML:com.adobe.xmp", b"http://ns.adobe.com/xap/1.0/\0"
ITXT = chunk(b"iTXt", KEY + b"\0\0\0\0\0" + ATTRIBUTE)
hexadecimal = (b"Exif\0\0" + exif(3)).hex()
PROFILE = f"\nexif\n{len(hexadecimal) // 2:8}\n{hexadecimal[:36]}\n{hexadecimal[36:]}\n".encode()
files["turn_exif.png"] = png(chunk(b"eXIf", exif(5)))
files["turn_late_exif.png"] = png(after=chunk(b"eXIf", exif(5)))
files["turn_xmp.png"] = png(ITXT)
files["turn_xmp_element.png"] = png(chunk(b"iTXt", KEY + b"\0\0\0en\0key\0" + ELEMENT))
files["turn_xmp_packed.png"] = png(chunk(b"iTXt", KEY + b"\0\1\0\0\0" + zlib.compress(ATTRIBUTE)))
files["turn_xmp_text.png"] = png(chunk(b"tEXt", KEY + b"\0" + ELEMENT))
files["turn_profile.png"] = png(chunk(b"tEXt", b"Raw profile type exif\0" + PROFILE))
files["turn_profile_packed.png"] = png(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(PROFILE)))
files["turn_both.png"] = png(chunk(b"eXIf", exif(5)) + ITXT)
files["turn_upright.png"] = png(chunk(b"eXIf", exif(1)) + ITXT)
files["turn_no_tag.png"] = png(chunk(b"eXIf", exif()) + ITXT)
files["turn_exif_before_profile.png"] = png(
    chunk(b"eXIf", exif(5)) + chunk(b"tEXt", b"Raw profile type exif\0" + PROFILE))
files["turn_exif.jpg"] = jpeg(b"Exif\0\0" + exif(7))
files["turn_xmp.jpg"] = jpeg(MARK + ATTRIBUTE)
files["turn_xmp_element.jpg"] = jpeg(MARK + ELEMENT)
files["turn_two_xmps.jpg"] = jpeg(MARK + ATTRIBUTE, MARK + ELEMENT)
files["turn_upright.jpg"] = jpeg(b"Exif\0\0" + exif(1), MARK + ATTRIBUTE)
files["turn_no_tag.jpg"] = jpeg(MARK + ATTRIBUTE, b"Exif\0\0" + exif())
files["turn_parted.jpg"] = jpeg(b"Exif\0\0" + exif(7)[:12], b"Exif\0\0" + exif(7)[12:])
files["turn_marked_twice.jpg"] = jpeg(b"Exif\0\0Exif\0\0" + exif(7))
files["turn_exif.webp"] = saved(picture(), "WEBP", lossless=True, exif=exif(4))
files["turn_xmp.webp"] = saved(picture(), "WEBP", lossless=True, xmp=ATTRIBUTE)
files["turn_both.webp"] = saved(picture(), "WEBP", lossless=True, xmp=ATTRIBUTE, exif=b"Exif\0\0" + exif(4))
unsaid = bytearray(files["turn_both.webp"])
unsaid[20] &= ~8 & 255
files["turn_unsaid.webp"] = bytes(unsaid)
files["turn_xmp.tiff"] = raw(8, 3, 2, _700=list(ELEMENT))
files["turn_upright.tiff"] = raw(8, 3, 2, _274=[1], _700=list(ELEMENT))
whole = jpeg()
files["no_end.jpg"] = whole[:-2]
files["zeros_for_end.jpg"] = whole[:-2] + bytes(30)
files["text_for_end.jpg"] = whole[:-2] + b"<html>not found</html>"
files["progressive_zeros.jpg"] = saved(picture(), "JPEG", progressive=True)[:-2] + bytes(30)

# What is to be seen

HIGH_BYTE = ("grey16_intel.tiff", "grey16_motorola.tiff", "grey12.tiff")


def high_byte(name, image):
    """Of grey with more than 8 bits Pillow clips what is above 255; here the high byte is kept."""
    shift = 4 if name == "grey12.tiff" else 8
    numbers = image.convert("I").get_flattened_data()
    return Image.frombytes("L", image.size, bytes(i >> shift for i in numbers)).convert("RGB")


seen = {}
for name, content in files.items():
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        plain = high_byte(name, image) if name in HIGH_BYTE else image.convert("RGB")
    except Exception as problem:
        print(f"{name}: Pillow refuses it: {problem!r}"[:150])
        continue
    seen[name + ".ppm"] = saved(plain, "PPM")
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        whole = Image.new("RGBA", image.size, BEHIND + (255,))
        whole.alpha_composite(image.convert("RGBA"))
        seen[name + ".upon.ppm"] = saved(whole.convert("RGB"), "PPM")
with tarfile.open(os.path.join(OUT, "pictures.tar.xz"), "w:xz", format=tarfile.USTAR_FORMAT) as archive:
    for name, content in sorted({**files, **seen}.items()):
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
print(len(files), "files, Pillow", features.version("pil"))
