#!/usr/bin/env python3
"""Does to the stages of a finished smoke run what machines do to them, and compares with undisturbed results.

    faults.py [--run FOLDER] [--work FOLDER] [--sample] [--seed N] [--only PART] ...

Kills them, interrupts them, turns bits of their files over, fills and breaks their disks, starts them twice,
closes their logs. Nothing of this may change a result without a word. Without --run the smoke pipeline is run
first. --sample takes two minutes; all of it takes about an hour. Prints the figures of docs/reliability.md.
"""
import argparse
import collections
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import disks
import flips
import interruptions
import memory
from bench import REPOSITORY, Bench


class Figures:
    """How often what happened, and what must not have."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)
        self.failures = []

    def count(self, kind, outcome):
        self.counts[kind][outcome] += 1

    def fail(self, kind, text):
        self.counts[kind]["WRONG"] += 1
        self.failures.append(f"{kind}: {text}")
        print(f"\nWRONG {kind}: {text}", file=sys.stderr)

    def table(self):
        lines = []
        for kind, outcomes in self.counts.items():
            parts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
            lines.append(f"{kind}: {parts}")
        return "\n".join(lines)


def finished_run(work):
    """The smoke pipeline's results, made here."""
    folders = [f"B={work}/pipeline/run", f"CACHE={work}/pipeline/cache"]
    subprocess.run(
        ["make", "distill", "exposure", "efficiency", "PIPELINE=smoke", *folders], cwd=REPOSITORY, check=True)
    return work / "pipeline/run"


def parts(bench, figures, seed, sample):
    """Each part by name, with how much of it is done."""
    every = list(bench.commands())
    quick = ["pack-shards", "train-student", "answer-benchmarks", "compare-runs"]
    labels = quick if sample else every
    dice = {name: random.Random(f"{seed} {name}") for name in ["kills", "signals", "flips", "calls"]}
    few = 1 if sample else 3
    return {
        "twice": lambda: interruptions.twice(bench, figures, every),
        "kills": lambda: interruptions.kills(bench, figures, dice["kills"], 2 if sample else 20, labels),
        "signals": lambda: interruptions.signals(
            bench, figures, dice["signals"], 2 if sample else 20,
            interruptions.SIGNALLED[:3:2] if sample else interruptions.SIGNALLED),
        "flips": lambda: flips.flips(bench, figures, dice["flips"], 36 if sample else 1000),
        "disks": lambda: disks.full_disks(bench, figures, labels, [0.5] if sample else [0, 0.3, 0.6, 0.9]),
        # These two once took a read that failed, or was interrupted, for a finding.
        "calls": lambda: disks.failing_calls(
            bench, figures, labels + (["cache-teacher", "write-report"] if sample else []), dice["calls"],
            few),
        "writers": lambda: interruptions.two_writers(bench, figures, labels),
        "memory": lambda: None if sample else memory.flat(bench, figures, memory.TIMES),
        "logs": lambda: interruptions.logs(bench, figures, labels[:2] if sample else labels),
    }


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--run", type=pathlib.Path, help="a finished smoke run, with exposure and efficiency")
    parser.add_argument("--work", type=pathlib.Path, help="where to work; a temporary folder unless given")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", action="append", help="a part; may be repeated")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="align-ti-faults-") as temporary:
        work = (options.work or pathlib.Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        run = options.run or finished_run(work)
        figures = Figures()
        bench = Bench(work, run)
        for name, part in parts(bench, figures, seed, options.sample).items():
            if not options.only or name in options.only:
                began = time.monotonic()
                part()
                print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
        print(f"\n{figures.table()}\nseed {seed}: {len(figures.failures)} WRONG")
        sys.exit(1 if figures.failures else 0)


if __name__ == "__main__":
    main()
