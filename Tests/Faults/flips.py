"""One bit of a stored file is turned over: a stage that reads it refuses it, mends it, or gives the same."""
import os
import signal
import tarfile
import time
import zipfile

from bench import copy, remove

ANSWERS, SCORES, TABLE, REPORT = "answer-benchmarks", "score-benchmarks", "compare-runs", "write-report"
TRAIN, ALL, FILL, PACK = "train-student", "train-student, all terms", "cache-teacher", "pack-shards"
EXPOSURE, TRACE, PARTS, EFFICIENCY = "measure-exposure", "trace-model", "assemble-model", "measure-efficiency"
EXPORT, CONVERT = "export-gguf", "convert-data"

# Kind, files of the run or the attempt, and who reads them.
MODELS = {"align-ti": [ANSWERS, TRACE, EXPORT], "student-pretrained": [TRAIN, ALL],
          "teacher": [FILL, PARTS, ALL], "sft": [EXPOSURE, EFFICIENCY]}
KINDS = [
    ("weights", {f"run/{name}/model.safetensors": readers for name, readers in MODELS.items()}),
    ("config.json", {f"run/{name}/config.json": readers for name, readers in MODELS.items()}),
    ("tokenizer", {"run/align-ti/tokenizer*.json": [ANSWERS, EXPORT],
                   "run/teacher-start/tokenizer.json": [PACK], "run/world/tokenizer/*": [PARTS]}),
    ("preprocessor", {f"run/{name}/preprocessor_config.json": readers for name, readers in MODELS.items()}),
    ("shards", {"run/shards/distill/*.zst": [TRAIN, FILL, TRACE], "run/shards/heldout/*.zst": [EXPOSURE]}),
    ("index of shards", {"run/shards/distill/index.json": [TRAIN, FILL, TRACE]}),
    ("conversations", {"run/world/student.json": [PACK], "run/world/validation/textvqa/*.json": [CONVERT]}),
    ("archives", {"run/world/images.tar": [PACK], "archives/images.tar.gz": [PACK],
                  "archives/images.zip": [PACK]}),
    ("benchmarks", {"run/world/benchmarks/*/*": [ANSWERS, SCORES]}),
    ("store", {"attempt/cache/entries/*/*": [ALL], "attempt/cache/relevance/*": [FILL],
               "run/teacher-outputs/index.json": [ALL]}),
    ("answers", {"run/answers/*/*.jsonl": [SCORES, REPORT]}),
    ("items and scores", {"run/rows/*/seed-1/scores/*.json*": [TABLE], "run/scores/*": [REPORT]}),
    ("metrics", {"run/sft/metrics.jsonl": [REPORT], "run/rows/*/seed-1/model/metrics.jsonl": [TABLE]}),
    ("measurements", {"run/exposure/*": [REPORT], "run/efficiency/*": [REPORT]}),
    ("receipts", {"run/align-ti/receipt.json": [ANSWERS], "run/student-pretrained/receipt.json": [TRAIN],
                  "run/shards/distill/receipt.json": [FILL], "run/sft/receipt.json": [EFFICIENCY, REPORT],
                  "run/world/receipt.json": [PACK, ANSWERS]}),
    ("interrupted training", {"unfinished/train-student/out/*": [TRAIN]}),
    ("interrupted answers", {"unfinished/answer-benchmarks/out/*": [ANSWERS]}),
    ("interrupted exposure", {"unfinished/measure-exposure/out/*": [EXPOSURE]}),
]


def prepare(bench):
    """Archives of other kinds than the world's, and what interrupted stages leave."""
    archives = bench.work / "archives"
    if not archives.exists():
        archives.mkdir()
        with tarfile.open(bench.run / "world/images.tar") as images:
            with tarfile.open(archives / "images.tar.gz", "w:gz") as gz, \
                    zipfile.ZipFile(archives / "images.zip", "w") as zip_file:
                for member in images.getmembers():
                    if member.isfile():
                        gz.addfile(member, images.extractfile(member))
                        zip_file.writestr(member.name, images.extractfile(member).read())
    for label in [TRAIN, ANSWERS, EXPOSURE]:
        bench.expect(label)
        folder = bench.work / "unfinished" / label
        # How long a stage takes depends on who else is at work.
        for part in 4 * [0.85, 0.7, 0.9, 0.6, 0.95, 0.5, 0.8, 0.4, 1.1, 0.3, 1.4]:
            if folder.exists():
                break
            bench.begin(label)
            process = bench.start(bench.command(label))
            time.sleep(part * bench.seconds[label])
            process.send_signal(signal.SIGTERM)
            if bench.wait(process, 0).status == 75 and len(list(bench.out(label).iterdir())) > 1:
                copy(bench.attempt, folder)


def flip(path, dice):
    """Turns a bit over, in half of the cases with the time of modification set back; returns the way back."""
    status, data = path.stat(), bytearray(path.read_bytes())
    before = bytes(data)
    # The ends, where headers and checksums are, as often as the middle.
    place = dice.choice([dice.randrange(len(data)), dice.randrange(min(64, len(data))),
                         len(data) - 1 - dice.randrange(min(64, len(data)))])
    bit = dice.randrange(8)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    if dice.random() < 0.5:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return f"bit {bit} of byte {place}", lambda: path.write_bytes(before)


def files(bench, pattern):
    return sorted(path for path in bench.work.glob(pattern) if path.is_file() and path.stat().st_size)


def attempt(bench, label, path):
    """Runs the reader of a file."""
    command = bench.command(label)
    if "archives" in path.parts:
        command[command.index("--images") + 1] = str(path)
    return bench.start_and_wait(command)


def flips(bench, figures, dice, times):
    prepare(bench)
    for number in range(times):
        # Each kind as often as another, and each of its patterns.
        kind, patterns = KINDS[number % len(KINDS)]
        pattern, readers = dice.choice(sorted(patterns.items()))
        label = dice.choice(readers)
        bench.expect(label)
        bench.begin(label)
        if label == FILL and pattern.startswith("attempt/"):
            copy(bench.store(), bench.attempt / "cache")
        if pattern.startswith("unfinished"):
            if not (bench.work / "unfinished" / label).exists():
                figures.count(f"bit flips, {kind}", "not to be interrupted in time")
                continue
            remove(bench.attempt)
            copy(bench.work / "unfinished" / label, bench.attempt)
            pattern = pattern.replace(f"unfinished/{label}", "attempt")
        found = files(bench, pattern)
        if not found:
            figures.count(f"bit flips, {kind}", "no such file")
            continue
        path = dice.choice(found)
        what, back = flip(path, dice)
        done = attempt(bench, label, path)
        if not str(path).startswith(str(bench.attempt)):
            back()
        judge(bench, figures, kind, label, done, f"{path.relative_to(bench.work)}, {what}")


def judge(bench, figures, kind, label, done, what):
    kind = f"bit flips, {kind}"
    if done.is_refusal:
        return figures.count(kind, "refused")
    if done.status != 0:
        return figures.fail(kind, f"{label}, {what}: {done}")
    # Of an archive without a receipt the digest is recorded: the receipt says that it was another.
    ignored = ["out/receipt.json"] if "archives/" in what else []
    differences = bench.differences(label, ignored)
    if not differences:
        return figures.count(kind, "mended, or without effect")
    if label == REPORT and ("its digest is" in done.errors or "was left out" in done.errors):
        return figures.count(kind, "left out of the report, which says so")
    figures.fail(kind, f"{label}, {what}: {differences[0]}, and nothing was said")
