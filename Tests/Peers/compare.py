"""Runs our figures and the peers' in turn (ours, theirs, ours, theirs ...) and prints the ratios of their medians.

    python compare.py --ours .build/release/bench-align-ti --config pipelines/bench/T.json --only align_ti,sft

One process a measurement, the same number of threads on both sides. Every measurement is kept in a file with what it was made from
(both programs, shapes, inputs), so a run that was cut off goes on where it was; `--fresh` starts anew. Measure on an idle machine: a
busy one slows OpenMP's spinning threads most, and `cpu/wall` shows it: where it is far below the number of threads, the ratio of
processor times says more, but for threads that spin while they wait.
"""
import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = ["sft", "vanilla_kd", "align_ti", "align_ti_peaked", "teacher_plain", "teacher_ribbon", "answer_16_an_image"]
DATA = ["tokenize", "images"]
# The dense ribbon costs the same whatever the candidates are.
THEIR_NAME = {"align_ti_peaked": "align_ti"}
# They have no teacher in 8 bits for the CPU.
THEIR_PRECISION = {"int8": "bf16"}


def digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            total.update(file.read())
    return total.hexdigest()[:16]


class Kept:
    """Measurements by key, in a file of JSON lines."""

    def __init__(self, path, fresh):
        self.path, self.lines = path, {}
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if fresh and os.path.exists(path):
            os.remove(path)
        if os.path.exists(path):
            with open(path) as file:
                for line in file:
                    try:
                        entry = json.loads(line)
                        self.lines[entry["key"]] = entry["lines"]
                    except (ValueError, KeyError):
                        continue  # cut off while it was written

    def get(self, key, make):
        if key not in self.lines:
            lines = make()
            if lines is None:
                return None
            self.lines[key] = lines
            with open(self.path, "a") as file:
                file.write(json.dumps({"key": key, "lines": lines}) + "\n")
        return self.lines[key]


def run(command, environment):
    """The JSON lines a command prints; None where it fails, which it says itself."""
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"failed: {' '.join(command)}\n{done.stderr.strip()[-800:]}", file=sys.stderr)
        return None
    load = os.getloadavg()[0]
    return [{**json.loads(line), "load": load} for line in done.stdout.splitlines() if line.startswith("{")]


class Comparison:
    def __init__(self, args):
        self.args = args
        # A folder for each text and tokenizer: what is there is used again.
        args.inputs = os.path.join(args.inputs, hashlib.sha256(f"{args.tokenizer}:{args.text}".encode()).hexdigest()[:8])
        os.makedirs(args.inputs, exist_ok=True)
        self.kept = Kept(args.results, args.fresh)
        self.rows = {}  # (figure, config, precision) -> {"ours": [line], "theirs": [line]}
        # An inherited choice of kernels would hold ours back; threads are the same on both sides.
        self.environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
        self.environment.update(OMP_NUM_THREADS=str(args.threads), MKL_NUM_THREADS=str(args.threads))

    def wants(self, name):
        return not self.args.only or any(name.startswith(word) for word in self.args.only.split(","))

    def side(self, side, figure, config, precision, round_, command):
        """One measurement of one side; what both sides call differently is measured once."""
        measured = THEIR_NAME.get(figure, figure) if side == "theirs" else figure
        name = os.path.basename(config) if config else "data"
        sources = [self.args.ours] if side == "ours" else [command[1], os.path.join(HERE, "requirements.txt")]
        sources += [config] if config else []
        inputs = f"{self.args.tokenizer}:{self.args.text}" if not config else ""
        kept = THEIR_PRECISION.get(precision, precision) if side == "theirs" else precision
        key = f"{side} {measured} {name} {kept} {self.args.threads} {round_} {digest(*sources)} {inputs}"
        print(f"round {round_ + 1}: {side} {measured} {name} {precision}", file=sys.stderr, flush=True)
        for line in self.kept.get(key, lambda: run(command, self.environment)) or []:
            shown = figure if config else line["figure"]
            self.rows.setdefault((shown, line.get("config", ""), precision), {"ours": [], "theirs": []})[side].append(line)

    def model(self, figure, config, precision, round_):
        threads = ["--threads", str(self.args.threads)]
        self.side("ours", figure, config, precision, round_,
                  [self.args.ours, "--only", "=" + figure, "--config", config, "--precision", precision] + threads)
        self.side("theirs", figure, config, precision, round_,
                  [sys.executable, os.path.join(HERE, "bench_torch.py"), config, "--figure", THEIR_NAME.get(figure, figure),
                   "--precision", THEIR_PRECISION.get(precision, precision)] + threads)

    def data(self, figure, round_):
        inputs = ["--inputs", self.args.inputs] + (["--tokenizer", self.args.tokenizer] if self.args.tokenizer else [])
        threads = ["--threads", str(self.args.threads)]
        text = ["--text", self.args.text] if self.args.text else []
        self.side("ours", figure, None, "-", round_, [self.args.ours, "--only", "=" + figure] + inputs + text + threads)
        for cores in ("one_core", "all_cores"):
            self.side("theirs", f"{figure}_{cores}", None, "-", round_,
                      [sys.executable, os.path.join(HERE, "bench_data.py"), "--figure", f"{figure}_{cores}"] + inputs + threads)

    def run(self):
        for round_ in range(self.args.rounds):
            for figure in DATA:
                if self.wants(figure):
                    self.data(figure, round_)
            for config in self.args.config:
                with open(config) as file:
                    shapes = json.load(file)
                for precision in self.args.precision.split(","):
                    for figure in MODEL + [f"decode_b{n}" for n in shapes["decode_batches"]]:
                        if self.wants(figure):
                            self.model(figure, config, precision, round_)

    def table(self):
        def middle(lines, key):
            values = [line[key] for line in lines if isinstance(line.get(key), (int, float))]
            return statistics.median(values) if values else float("nan")

        out = ["| figure | ours s (least to most) | theirs s (least to most) | theirs / ours | by processor time | cpu/wall ours, theirs | peak MB ours, theirs | load |",
               "|---|---|---|---|---|---|---|---|"]
        for (figure, config, precision), row in self.rows.items():
            if not row["ours"] or not row["theirs"]:
                continue
            cells = []
            for side in ("ours", "theirs"):
                lines = row[side]
                least, most = min(line["least_seconds"] for line in lines), max(line["most_seconds"] for line in lines)
                cells.append(f"{middle(lines, 'seconds'):.4g} ({least:.4g} to {most:.4g})")
            ratio, by_cpu = (middle(row["theirs"], key) / middle(row["ours"], key) for key in ("seconds", "cpu_seconds"))
            pair = {key: ", ".join(f"{middle(row[side], key):.3g}" if key != "peak_mb" else f"{middle(row[side], key):.0f}"
                                   for side in ("ours", "theirs")) for key in ("cpu_per_wall", "peak_mb")}
            name = " ".join(word for word in (figure, config, precision) if word not in ("", "-"))
            out.append(f"| {name} | {cells[0]} | {cells[1]} | **{ratio:.2f}** | {'-' if by_cpu != by_cpu else format(by_cpu, '.2f')} | {pair['cpu_per_wall']} | {pair['peak_mb']} | "
                       f"{middle(row['ours'] + row['theirs'], 'load'):.1f} |")
            tokens = {line["tokens"] for side in row.values() for line in side if "tokens" in line}
            if len(tokens) > 1:
                out.append(f"| {name}: NOT THE SAME WORK, numbers of tokens {sorted(tokens)} | | | | | | | |")
        # Our own threads count in the load too.
        lines = [line for row in self.rows.values() for side in row.values() for line in side]
        busy = sum(line["load"] > self.args.threads + 0.5 for line in lines)
        if busy:
            out.append(f"\nNOT A QUIET MACHINE: {busy} of {len(lines)} measurements ended at a load above the {self.args.threads} threads of "
                       "one side; their ratios by the clock are not to be trusted.")
        return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", required=True, help="bench-align-ti")
    parser.add_argument("--config", action="append", default=[], help="shapes; may be repeated")
    parser.add_argument("--only", default="", help="figures by name or beginning, separated by commas")
    parser.add_argument("--precision", default="fp32", help="fp32, bf16, int8 (our teacher in int8 against theirs in bf16), or several")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--inputs", required=True, help="folder for text, tokenizer and pictures that both sides use")
    parser.add_argument("--tokenizer", help="tokenizer.json")
    parser.add_argument("--text", help="text to tokenize")
    parser.add_argument("--results", required=True, help="file of the measurements")
    parser.add_argument("--fresh", action="store_true", help="forget earlier measurements")
    comparison = Comparison(parser.parse_args())
    try:
        comparison.run()
    except KeyboardInterrupt:
        print("interrupted; the next run goes on from here", file=sys.stderr)
    print(comparison.table())


if __name__ == "__main__":
    main()
