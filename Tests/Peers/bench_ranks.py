"""Two processes, two replicas in one, and one with two threads: Align-TI steps at the shapes of
pipelines/bench, in turn.

Models of these shapes with random weights, and a few samples of exactly the shapes' lengths, are made in a
temporary folder. Each round trains a few steps in all ways; a figure is the median over the rounds of the
seconds of a step, with the least and the most. The weights must be the same, to the last bit.
"""

import argparse
import hashlib
import json
import math
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--bin", type=Path, default=Path(".build/release"), help="folder of the stages")
options.add_argument("--config", type=Path, action="append", required=True, help="shapes; may be repeated")
options.add_argument("--rounds", type=int, default=5)
options.add_argument("--steps", type=int, default=3, help="measured steps of a run, after one more")
options.add_argument("--launch", default="mpirun.openmpi --allow-run-as-root --oversubscribe")
chosen = options.parse_args()


def stage(name, *arguments, launch=()):
    done = subprocess.run(
        [*launch, str(chosen.bin / name), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")


def sets(**settings):
    """Settings as options; two underlines stand for the dot between the parts of a name."""
    pairs = [f"{name.replace('__', '.')}={value}" for name, value in settings.items()]
    return [word for pair in pairs for word in ("--set", pair)]


def png(seed, side):
    """A picture of noise: nothing in it matters but its size."""
    rows = b"".join(
        b"\0" + bytes((seed * 7 + y * 31 + x * 13) % 256 for x in range(3 * side)) for y in range(side))

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def prepare(shapes, folder):
    """Teacher, student and shards of some shapes."""
    side, patch = math.isqrt(shapes["visual"]), 16
    size = side * patch
    world = folder / "world"
    stage("make-world", "--config", "pipelines/smoke/world.yaml", "--out", world)
    vision = dict(
        vision__image_size=size, vision__patch_size=patch, vision__hidden=shapes["vision_dim"],
        vision__layers=1, vision__orthonormal_patches="false")
    for name in ("teacher", "student"):
        one = shapes[name]
        stage(
            "assemble-model", "--tokenizer", world / "tokenizer", "--out", folder / name,
            *sets(
                language__hidden=one["hidden"], language__layers=one["layers"], language__heads=one["heads"],
                language__key_heads=one["kv_heads"], language__intermediate=one["inter"],
                language__vocabulary=one["vocab"], language__tied_embeddings=str(one["tie"]).lower(),
                **vision))
    images = folder / "images"
    images.mkdir()
    records = []
    for number in range(4 * shapes["batch"]):
        (images / f"{number}.png").write_bytes(png(number, size))
        records.append({
            "id": str(number), "image": f"{number}.png",
            "conversations": [
                {"from": "human", "value": "<image>\n" + "What is it? " * max(1, shapes["instr"] // 16)},
                # Longer than a sample may be: every one is cut to the same length.
                {"from": "gpt", "value": "It is a thing of some kind, red and round. " * shapes["resp"]}]})
    (folder / "data.json").write_text(json.dumps(records))
    length = shapes["visual"] + shapes["instr"] + shapes["resp"]
    stage(
        "pack-shards", "--data", folder / "data.json", "--images", images, "--tokenizer", folder / "teacher",
        "--out", folder / "shards",
        *sets(maximum_length=length, system="", image__size=size, image__patch=patch, image__aspect="square"))


def train(shapes, folder, out, processes=1, replicas=1):
    """Seconds of a step, seconds of the exchange of gradients and those waited for it, and a digest."""
    launch = [*chosen.launch.split(), "-n", str(processes)] if processes > 1 else []
    stage(
        "train-student", "--model", folder / "student", "--teacher", folder / "teacher", "--shards",
        folder / "shards", "--out", out, "--force",
        *sets(
            steps=chosen.steps + 1, batch_size=shapes["batch"], lanes=2, replicas=replicas,
            saliency_layer=shapes["iva_layer"], candidates__count=shapes["d"], state_every=1000,
            optimizer__learning_rate="1e-3", skip_nonfinite=0), launch=launch)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()][1:]
    exchange = [line["exchange"] for line in lines if "exchange" in line]
    return (
        statistics.mean(sum(line["seconds"].values()) for line in lines),
        statistics.mean(e["seconds"] for e in exchange) if exchange else 0,
        statistics.mean(e["waited"] for e in exchange) if exchange else 0,
        hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest())


ways = {
    "1 process, 2 threads": {}, "1 process, 2 replicas": {"replicas": 2}, "2 processes": {"processes": 2}}
for config in chosen.config:
    shapes = json.loads(config.read_text())
    with tempfile.TemporaryDirectory(prefix="align-ti-ranks-") as name:
        folder = Path(name)
        prepare(shapes, folder)
        found = {way: [] for way in ways}
        for _ in range(chosen.rounds):
            for way, how in ways.items():
                found[way].append(train(shapes, folder, folder / "out", **how))
                print(f"{shapes['name']}, {way}: {found[way][-1][0]:.3g} s a step", file=sys.stderr)
    if len({digest for runs in found.values() for *_, digest in runs}) != 1:
        sys.exit(f"{shapes['name']}: the weights differ")
    load = os.getloadavg()[0]
    for way, runs in found.items():
        seconds = [run[0] for run in runs]
        line = {
            "figure": "ranks", "config": shapes["name"], "way": way, "batch": shapes["batch"],
            "seconds": round(statistics.median(seconds), 4), "least": round(min(seconds), 4),
            "most": round(max(seconds), 4), "rounds": len(runs), "load": round(load, 1)}
        if ways[way].get("processes"):
            line["exchange"] = round(statistics.median(run[1] for run in runs), 4)
            line["waited"] = round(statistics.median(run[2] for run in runs), 4)
        print(json.dumps(line), flush=True)
