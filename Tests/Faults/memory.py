"""Peak memory over the number of samples: a hundred times more may not take 5 % more, but for a few kilobytes
a shard, which is listed in an index and in receipts."""
import json

from bench import remove

SAMPLES, TIMES, MOST_GROWTH, MOST_BYTES_PER_SHARD = 300, 100, 0.05, 3000
# As many shards are held at a time from a large set as from a small one: cache-teacher holds 16.
SAMPLES_PER_SHARD, SHARDS_TOGETHER, STEPS = 16, 16, 100


def conversations(bench, count):
    """The world's samples over and over, each with an id of its own."""
    samples = json.loads((bench.run / "world/student.json").read_text())[:SAMPLES]
    path = bench.attempt / f"{count}.json"
    many = ({**samples[n % SAMPLES], "id": f"{n % SAMPLES}-{n // SAMPLES}"} for n in range(count))
    path.write_text(json.dumps(list(many)))
    return path


def peaks(bench, count):
    """Peak resident bytes of the stages that go through all samples, by stage; raises where one fails."""
    run, made = bench.run, bench.attempt
    remove(made)
    made.mkdir()
    shards, teacher = ["--shards", made / "shards"], ["--teacher", run / "teacher"]
    small = ["--set", f"samples_per_shard={SAMPLES_PER_SHARD}"]
    # As many steps of both: the largest of more batches is larger, whatever the data.
    steps = ["--set", f"steps={STEPS}", "--set", f"shards_together={SHARDS_TOGETHER}"]
    commands = {
        "shards": bench.stage(
            "pack-shards", "pack", *small, "--data", conversations(bench, count), "--images",
            run / "world/images.tar", "--tokenizer", run / "teacher-start/tokenizer.json"),
        "outputs": bench.stage("cache-teacher", "cache", *shards, *teacher, "--cache", made / "cache"),
        "sft": bench.stage("train-student", "sft", *steps, *shards, "--model", run / "student-pretrained"),
        "align-ti": bench.stage(
            "train-student", "align-ti", "--set", "weights={sft: 1, iva: 1, kd: 1, tpa: 0}", *steps, *shards,
            "--model", run / "student-pretrained", "--teacher-outputs", made / "outputs", "--cache",
            made / "cache"),
    }
    found = {}
    for name, command in commands.items():
        done = bench.start_and_wait([*command, "--out", str(made / name)])
        if done.status != 0:
            raise RuntimeError(f"{name}, {count} samples: {done}")
        receipt = json.loads((made / name / "receipt.json").read_text())
        found[f"{receipt['stage']} ({name})"] = receipt["peak_resident_bytes"]
    return found


def flat(bench, figures, times):
    kind = "peak memory"
    few, many = peaks(bench, SAMPLES), peaks(bench, SAMPLES * times)
    shards = SAMPLES * (times - 1) / SAMPLES_PER_SHARD
    for stage, before in few.items():
        growth = many[stage] - before
        text = f"{growth / before:+.1%}, {growth / shards / 1000:.1f} kB a shard"
        figures.count(kind, f"{stage} {text}")
        print(f"{stage}: {before / 1e6:.1f} MB with {SAMPLES} samples, {many[stage] / 1e6:.1f} MB with "
              f"{SAMPLES * times}, {text}", flush=True)
        if growth > MOST_GROWTH * before + MOST_BYTES_PER_SHARD * shards:
            figures.fail(kind, f"{stage}: {text} with {times} times the samples")
