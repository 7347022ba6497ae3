#!/usr/bin/env python3
"""Compares the folders of two runs byte for byte, hidden files too, but for what measures time or memory.

    same.py FIRST SECOND

Whatever is left out of the comparison stands below, with its reason. Prints what differs and ends with 1.
"""
import fnmatch
import json
import pathlib
import sys

# Files that are made of measurements as a whole.
MEASUREMENTS = {
    "*efficiency/efficiency.json": "seconds and bytes of answering",
    "*efficiency/models.csv": "seconds and bytes of answering",
    "*efficiency/runs.csv": "seconds and bytes of training",
    "*efficiency/table.txt": "seconds and bytes",
    "*report/report.html": "shows the seconds of every stage, and digests of receipts, which hold them",
    "*report/cost.csv": "seconds and bytes of every stage",
    "*report/training-cost.csv": "seconds and bytes of training",
    "*report/efficiency-*.csv": "seconds and bytes",
    "*report/provenance.csv": "times of day, and digests of receipts",
}
# Keys of lines of JSON that are measured: of each step of a training, of each entry of the teacher's outputs.
MEASURED_KEYS = {
    "metrics.jsonl": {"seconds", "tokens_per_second", "resident_bytes"},
    "filling.jsonl": {"time"},
    "cells.jsonl": {"training_seconds", "seconds_per_step", "teacher_seconds", "peak_resident_bytes"},
}
RECEIPT_KEYS = ["wall_seconds", "cpu_seconds", "peak_resident_bytes", "finished_at", "receipt_digest"]
COUNTED_KEYS = ["training_seconds", "resident_bytes"]


def is_measurement(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in MEASUREMENTS)


def receipt(data, folder):
    """A receipt without what it measured, and without the digests of files that are measurements."""
    fields = json.loads(data)
    for key in RECEIPT_KEYS:
        fields.pop(key, None)
    for key in COUNTED_KEYS:
        fields["counts"].pop(key, None)
    for output in fields["outputs"]:
        measured = is_measurement(f"{folder}/{output['path']}")
        if measured or output["is_volatile"]:
            output["sha256"] = output["bytes"] = None
        if measured:
            fields["output_digest"] = None
            fields["counts"].pop("bytes", None)
    for given in fields["inputs"]:
        # These read receipts, times included.
        if fields["stage"] in ("measure-efficiency", "write-report") and given["name"].startswith("run"):
            given["sha256"] = None
    return fields


def content(path, name, exact=False):
    """What two runs must have in common of a file; None for nothing.

    exact: whether measurements must be the same too, as those that both took from the same files.
    """
    data = path.read_bytes()
    if is_measurement(name):
        return data if exact else None
    try:
        if path.name == "receipt.json":
            return receipt(data, name.rpartition("/")[0] or path.parent.name)
        if path.name in MEASURED_KEYS:
            lines = [json.loads(line) for line in data.splitlines()]
            return [{k: v for k, v in line.items() if k not in MEASURED_KEYS[path.name]} for line in lines]
    except (ValueError, KeyError, AttributeError, TypeError):
        pass  # Damaged: then its bytes.
    return data


def files(folder):
    """Files by their names relative to the folder; but those of TensorBoard, named for the time of day."""
    return {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if path.is_file() and ".tfevents." not in path.name
    }


def differences(first, second, ignored=(), exact=False):
    """Sentences about what differs.

    ignored: patterns of names that are not compared.
    """
    (a, b), found = (files(pathlib.Path(folder)) for folder in (first, second)), []
    for name in sorted(a.keys() | b.keys()):
        if any(fnmatch.fnmatch(name, pattern) for pattern in ignored):
            continue
        if name not in a or name not in b:
            found.append(f"{name} is only in {first if name in a else second}")
            continue
        # Names begin with that of the folder, so that a stage's folder is known by itself.
        full = f"{pathlib.Path(first).name}/{name}"
        if content(a[name], full, exact) != content(b[name], full, exact):
            found.append(f"{name} differs")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = differences(*sys.argv[1:])
    for text in found:
        print(text, file=sys.stderr)
    names = files(pathlib.Path(sys.argv[1]))
    measured = sum(is_measurement(name) for name in names)
    verdict = f"{len(found)} differ" if found else "the same"
    print(f"{len(names)} files, {measured} of them measurements: {verdict}")
    sys.exit(1 if found else 0)
