"""The stages of a finished smoke run as commands that can be disturbed, and what they give undisturbed."""
import os
import pathlib
import shutil
import subprocess
import time

import same

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARIES = REPOSITORY / ".build/release"
RECIPES = "pipelines/smoke"
# Codes of sysexits.h by which a stage refuses its inputs, or says that a file cannot be read or written.
REFUSALS = {64, 65, 66, 74}
INPUT_OUTPUT, TRY_AGAIN = 74, 75
LIMIT_SECONDS = 600


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def copy(source, target):
    remove(target)
    shutil.copytree(source, target, symlinks=True)


class Outcome:
    """How a process ended: `status` is negative for a signal, None for one that took too long."""

    def __init__(self, status, errors, seconds):
        self.status, self.errors, self.seconds = status, errors, seconds

    @property
    def is_refusal(self):
        return self.status in REFUSALS and bool(self.errors.strip())

    def __str__(self):
        lines = self.errors.replace("\r", "\n").strip().splitlines()
        return f"status {self.status}, {lines[-1][:300] if lines else 'without a word'}"


class Bench:
    """A folder with a finished run, and the stages that read it."""

    def __init__(self, work, run):
        self.work, self.run = work, work / "run"
        # Every attempt writes here, so that paths in receipts are those of the expected ones.
        self.attempt = work / "attempt"
        self.expected = work / "expected"
        self.seconds = {}
        if not self.run.exists():
            copy(run, self.run)
        self.prepare_rows()

    def prepare_rows(self):
        """Rows of a comparison: the runs of two students, as `make table15` lays them out."""
        for row in ["sft", "align-ti"]:
            seed = self.run / f"rows/{row}/seed-1"
            if (seed / "scores/receipt.json").exists():
                continue
            seed.mkdir(parents=True, exist_ok=True)
            if not (seed / "model").exists():
                copy(self.run / row, seed / "model")
            answers = ["--model", f"model={self.run}/answers/{row}", "--out", seed / "scores"]
            done = self.start_and_wait(self.stage("score-benchmarks", "score", self.benchmarks, *answers))
            assert done.status == 0, done

    @property
    def benchmarks(self):
        return ["--benchmarks", self.run / "world/benchmarks"]

    def stage(self, name, recipe, *arguments):
        flat = [a for argument in arguments for a in (argument if isinstance(argument, list) else [argument])]
        config = ["--config", f"{RECIPES}/{recipe}.yaml"] if recipe else []
        return [str(part) for part in [BINARIES / name, *config, *flat]]

    def commands(self):
        """Every stage on the run's files, by label, without --out."""
        run = self.run
        shards, images = ["--shards", run / "shards/distill"], ["--images", run / "world/images.tar"]
        teacher = ["--teacher", run / "teacher"]
        pack = ["--data", run / "world/student.json", "--tokenizer", run / "teacher-start/tokenizer.json"]
        models = [["--model", f"{name}={run}/answers/{name}"] for name in ["teacher", "sft", "align-ti"]]
        student = ["--model", run / "student-pretrained", *shards]
        outputs = ["--teacher-outputs", run / "teacher-outputs", "--cache", self.attempt / "cache"]
        rows = ["--row", "sft", "--row", "align-ti", "--baseline", "sft", "--seeds", "1"]
        rows += ["--set", "columns=[average, training_seconds, student_rows_per_sample]"]
        measured = ["--model", f"sft={run}/sft", "--run", f"sft={run}/sft"]
        questions = ["--from", "textvqa", "--data", run / "world/validation/textvqa", "--set", "splits=[val]"]
        return {
            "make-world": self.stage("make-world", "world"),
            "assemble-model": self.stage(
                "assemble-model", "student-model", "--tokenizer", run / "world/tokenizer", "--vision",
                run / "teacher"),
            "convert-data": self.stage("convert-data", None, *questions),
            "pack-shards": self.stage("pack-shards", "pack", *pack, *images),
            "train-student": self.stage("train-student", "sft", *student),
            "train-student, all terms": self.stage("train-student", "align-ti", *student, *teacher, *outputs),
            "cache-teacher": self.stage("cache-teacher", "cache", *shards, *teacher, *outputs[2:]),
            "answer-benchmarks": self.stage(
                "answer-benchmarks", "answer", self.benchmarks, "--model", run / "align-ti"),
            "write-answers": self.stage(
                "write-answers", "write-answers", "--model", run / "teacher", *pack[:2], *images),
            "score-benchmarks": self.stage("score-benchmarks", "score", self.benchmarks, *models),
            "measure-exposure": self.stage(
                "measure-exposure", "exposure", *teacher, "--student", f"sft={run}/sft", "--shards",
                run / "shards/heldout"),
            "measure-efficiency": self.stage("measure-efficiency", "efficiency", *measured),
            "compare-runs": self.stage("compare-runs", None, "--runs", run / "rows", *rows),
            "write-report": self.stage("write-report", None, "--run", run),
            "export-gguf": self.stage("export-gguf", None, "--model", run / "align-ti", "--type", "q8_0"),
            "trace-model": self.stage(
                "trace-model", None, "--model", run / "align-ti", *shards, "--sample", "0", "--sample", "7"),
        }

    def out(self, label):
        """The folder a stage writes, by the name that the pipeline gives it."""
        return self.attempt / {"measure-efficiency": "efficiency", "write-report": "report"}.get(label, "out")

    def command(self, label):
        return self.commands()[label] + ["--out", str(self.out(label))]

    def begin(self, label):
        """Makes room for an attempt: no output, and the store as the stage finds it."""
        store = self.store() if label == "train-student, all terms" else None
        remove(self.attempt)
        self.attempt.mkdir()
        if store:
            copy(store, self.attempt / "cache")

    def store(self):
        """The teacher outputs that `cache-teacher` computes here, and nothing that others stored."""
        return self.expect("cache-teacher") / "cache"

    def start(self, command, environment=None, **options):
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(
            command, cwd=REPOSITORY, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
            errors="replace", text=True, **options)

    def wait(self, process, began):
        try:
            errors = process.communicate(timeout=LIMIT_SECONDS)[1] or ""
        except subprocess.TimeoutExpired:
            process.kill()
            return Outcome(None, process.communicate()[1] or "", LIMIT_SECONDS)
        return Outcome(process.returncode, errors, time.monotonic() - began)

    def start_and_wait(self, command, environment=None, **options):
        began = time.monotonic()
        return self.wait(self.start(command, environment, **options), began)

    def attempt_again(self, label, environment=None, **options):
        """Runs a stage into the attempt's folder, whatever an earlier one left there."""
        return self.start_and_wait(self.command(label), environment, **options)

    def expect(self, label):
        """The folder of what the stage gives undisturbed, made when it is first asked for."""
        folder = self.expected / label
        if label not in self.seconds:
            self.begin(label)
            done = self.attempt_again(label)
            assert done.status == 0, f"{label}: {done}"
            self.seconds[label] = done.seconds
            copy(self.attempt, folder)
        return folder

    def differences(self, label, ignored=(), disturbed=True):
        """What the attempt's folder has that the undisturbed one has not, the store included."""
        # Its log, and the counts of its receipt, say which process computed what.
        if disturbed and label == "cache-teacher":
            ignored = ["out/filling.jsonl", "out/receipt.json", *ignored]
        # Names of the store's claims and what is set aside are no result.
        ignored = ["cache/damaged/*", "cache/claims/*", *ignored]
        return same.differences(self.expect(label), self.attempt, ignored, exact=label == "write-report")
