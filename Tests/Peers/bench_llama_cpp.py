"""Decoding one answer and reading a prompt: ours and llama.cpp's in turn, on the same threads.

    python bench_llama_cpp.py --llama .build/peers/llama.cpp/build/bin/llama-bench --config pipelines/bench/R.json

A student of the shapes' size with random weights is exported by export-gguf as bf16 and as f16 and run by llama-bench: a prompt as
long as the shapes' visual tokens and instruction, then tokens after such a prompt one by one. Ours are the figure decode_b1 of
bench-align-ti in bf16: its steps, and its prefill, which computes the projector too. Printed are medians over the rounds with the
least and the most, in seconds, and the ratios of the medians.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--bin", type=Path, default=Path(".build/release"), help="folder of the stages")
options.add_argument("--llama", type=Path, required=True, help="llama-bench")
options.add_argument("--config", type=Path, default=Path("pipelines/bench/R.json"))
options.add_argument("--rounds", type=int, default=5)
options.add_argument("--threads", type=int, default=os.cpu_count())
chosen = options.parse_args()
# An inherited choice of kernels would hold ours back.
environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stdout


def exported(student, folder):
    """The GGUF files of a student with random weights, by their type."""
    run(chosen.bin / "make-world", "--config", "pipelines/smoke/world.yaml", "--out", folder / "world")
    settings = {
        "language.family": "llama", "language.hidden": student["hidden"], "language.layers": student["layers"],
        "language.heads": student["heads"], "language.key_heads": student["kv_heads"],
        "language.intermediate": student["inter"], "language.vocabulary": student["vocab"],
        "language.tied_embeddings": str(student["tie"]).lower(),
    }
    run(
        chosen.bin / "assemble-model", "--tokenizer", folder / "world" / "tokenizer", "--out", folder / "model",
        *(word for pair in settings.items() for word in ("--set", "=".join(map(str, pair)))))
    for kind in ("bf16", "f16"):
        run(chosen.bin / "export-gguf", "--model", folder / "model", "--type", kind, "--out", folder / kind)
    return {kind: folder / kind / "model.gguf" for kind in ("bf16", "f16")}


def llama(file, *arguments):
    """Seconds of one run of llama-bench, after the warm-up that it makes itself."""
    told = run(
        chosen.llama, "-m", file, "-t", chosen.threads, "-ngl", 0, "-r", 1, "-o", "json", *arguments)
    return json.loads(told)[0]["avg_ns"] / 1e9


shapes = json.loads(chosen.config.read_text())
prompt, new = shapes["visual"] + shapes["instr"], shapes["decode_new"] - 1
found = {}
with tempfile.TemporaryDirectory(prefix="align-ti-llama-") as name:
    files = exported(shapes["student"], Path(name))
    for number in range(chosen.rounds):
        print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr)
        figure = json.loads(run(
            chosen.bin / "bench-align-ti", "--only", "=decode_b1", "--config", chosen.config, "--precision",
            "bf16", "--repeats", 1, "--threads", chosen.threads).splitlines()[0])
        found.setdefault(("ours", "bf16"), []).append((figure["seconds"], figure["prefill_seconds"]))
        for kind, file in files.items():
            step = llama(file, "-p", 0, "-n", new, "-d", prompt) / new
            found.setdefault(("llama.cpp", kind), []).append((step, llama(file, "-p", prompt, "-n", 0)))
for place, figure in enumerate(("decode_b1", "prefill")):
    ours = statistics.median(run[place] for run in found["ours", "bf16"])
    for (side, kind), runs in found.items():
        seconds = [run[place] for run in runs]
        print(json.dumps({
            "figure": figure, "config": shapes["name"], "side": side, "type": kind, "threads": chosen.threads,
            "seconds": round(statistics.median(seconds), 6), "least": round(min(seconds), 6),
            "most": round(max(seconds), 6), "rounds": len(seconds),
            "to_ours": round(statistics.median(seconds) / ours, 2), "load": round(os.getloadavg()[0], 1)}))
