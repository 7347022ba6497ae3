"""One data figure of the Python libraries people use: `tokenizers` for text, Pillow and NumPy for images.

    python bench_data.py --figure tokenize_one_core --inputs folder [--tokenizer tokenizer.json]

The folder is what `bench-align-ti --inputs folder` wrote, so both sides work on the same bytes. Prints one JSON line.
"""
import argparse
import glob
import io
import json
import os
import resource
import statistics
import time
from concurrent.futures import ThreadPoolExecutor


def measure(body, repeats):
    seconds, cpu = [], []
    for run in range(repeats + 1):
        c0, t0 = time.process_time(), time.perf_counter()
        body()
        wall = time.perf_counter() - t0
        if run > 0:
            seconds.append(wall)
            cpu.append(time.process_time() - c0)
    return {"seconds": statistics.median(seconds), "least_seconds": min(seconds), "most_seconds": max(seconds), "runs": repeats,
            "cpu_seconds": statistics.median(cpu), "cpu_per_wall": round(sum(cpu) / sum(seconds), 3)}


def tokenize(args, threads):
    # Read when the library's threads start.
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(args.tokenizer or os.path.join(args.inputs, "tokenizer.json"))
    with open(os.path.join(args.inputs, "text.bin"), "rb") as file:
        data = file.read()
    pieces = [piece.decode() for piece in data.split(b"\0") if piece]
    # Without offsets, where the library has that: ids are all we make too.
    encode = getattr(tokenizer, "encode_batch_fast", tokenizer.encode_batch)
    tokens = [0]

    def body():
        tokens[0] = sum(len(encoding.ids) for encoding in encode(pieces, add_special_tokens=False))

    runs = measure(body, args.repeats)
    size = sum(len(piece.encode()) for piece in pieces)
    return {**runs, "mb_per_second": size / runs["seconds"] / 1e6, "tokens": tokens[0], "tokenizers": tokenizers.__version__}


def images(args, threads):
    import numpy
    import PIL
    from PIL import Image
    files = [open(path, "rb").read() for path in sorted(glob.glob(os.path.join(args.inputs, "picture-*.jpg")))]

    def prepare(data):
        picture = Image.open(io.BytesIO(data)).convert("RGB").resize((384, 384), Image.BICUBIC)
        values = numpy.asarray(picture, dtype=numpy.float32) * numpy.float32(1 / 255)
        return numpy.ascontiguousarray(((values - numpy.float32(0.5)) / numpy.float32(0.5)).transpose(2, 0, 1))

    if threads == 1:
        runs = measure(lambda: [prepare(data) for data in files], args.repeats)
    else:
        with ThreadPoolExecutor(threads) as pool:
            runs = measure(lambda: list(pool.map(prepare, files)), args.repeats)
    return {**runs, "images_per_second": len(files) / runs["seconds"], "pillow": PIL.__version__, "numpy": numpy.__version__}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figure", required=True)
    parser.add_argument("--inputs", required=True)
    parser.add_argument("--tokenizer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    threads = 1 if args.figure.endswith("one_core") else args.threads
    body = tokenize if args.figure.startswith("tokenize") else images
    line = {"figure": args.figure, "threads": threads, **body(args, threads)}
    line["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
