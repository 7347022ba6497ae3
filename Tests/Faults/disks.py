"""Disks that are full, fail, or move less than they were asked to."""
import shutil
import subprocess

from bench import INPUT_OUTPUT, REPOSITORY


def compiled_shim(bench):
    library = bench.work / "shim.so"
    source = REPOSITORY / "Tests/Faults/shim.c"
    subprocess.run(["cc", "-O1", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return str(library)


def check(bench, figures, kind, label, what):
    for difference in bench.differences(label):
        figures.fail(kind, f"{label}, {what}: {difference}")


def recover(bench, figures, kind, label, what):
    done = bench.attempt_again(label)
    if done.status != 0:
        return figures.fail(kind, f"{label}, {what}: the rerun ended with {done}")
    check(bench, figures, kind, label, what)


def small_disk(bench, kibibytes):
    """Puts a file system of a few KiB where attempts are written; whether that is allowed here."""
    bench.attempt.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={max(1, kibibytes)}k", "tmpfs", bench.attempt]
    return shutil.which("mount") and subprocess.run(mount, capture_output=True).returncode == 0


def full_disks(bench, figures, labels, parts):
    """A disk that is full from the start, and ones that take some of the result, then room and a rerun."""
    kind = "full disk"
    for label in labels:
        expected = bench.expect(label)
        size = sum(path.stat().st_size for path in expected.rglob("*") if path.is_file()) // 1024
        for part in parts:
            bench.begin(label)
            given = sum(path.stat().st_size for path in bench.attempt.rglob("*") if path.is_file()) // 1024
            kept = bench.work / "kept"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(bench.attempt, kept)
            if not small_disk(bench, given * 2 + int((size - given) * part)):
                return figures.count(kind, "not tried: nothing can be mounted here")
            try:
                shutil.copytree(kept, bench.attempt, dirs_exist_ok=True)
                if part == 0:
                    fill(bench.attempt)
                done = bench.attempt_again(label)
                what = f"room for {part:.0%} of the result"
                if done.status == 0:
                    figures.count(kind, "room enough")
                elif done.status == INPUT_OUTPUT and "free some space" in done.errors:
                    figures.count(kind, "ended with 74 and the cause")
                else:
                    figures.fail(kind, f"{label}, {what}: {done}")
                (bench.attempt / "filling").unlink(missing_ok=True)
                subprocess.run(["mount", "-o", "remount,size=1g", bench.attempt], check=True)
                recover(bench, figures, kind, label, what)
            finally:
                subprocess.run(["umount", "-l", bench.attempt], check=True)


def fill(folder):
    try:
        with open(folder / "filling", "wb", buffering=0) as file:
            while True:
                file.write(bytes(1024))
    except OSError:
        pass


def failing_calls(bench, figures, labels, dice, times):
    """Short and interrupted calls, which change nothing, and failing ones, which are said."""
    library = compiled_shim(bench)
    for label in labels:
        bench.expect(label)

        def attempt(fault):
            bench.begin(label)
            return bench.attempt_again(label, {"LD_PRELOAD": library, "FAULT": fault})

        for fault, kind in [("short", "short reads and writes"), ("eintr", "EINTR")]:
            done = attempt(fault)
            figures.count(kind, "the same result")
            if done.status != 0:
                figures.fail(kind, f"{label}: {done}")
            check(bench, figures, kind, label, fault)
        for name, kind, most in [
            ("write", "EIO in writing", 12), ("read", "EIO in reading", 120), ("sync", "EIO in fsync", 4),
            ("full", "ENOSPC in writing", 60_000),
        ]:
            for _ in range(times):
                number = dice.randrange(1, most)
                done = attempt(f"{name}:{number}")
                if done.status == 0:
                    figures.count(kind, "ended before")
                elif done.status == INPUT_OUTPUT:
                    figures.count(kind, "ended with 74 and the cause")
                else:
                    figures.fail(kind, f"{label}, call {number}: {done}")
                recover(bench, figures, kind, label, f"call {number}")
