"""Processes that nobody disturbs, that are killed, asked to stop, started twice, or cannot write a log."""
import signal
import time

from bench import TRY_AGAIN

SIGNALLED = [
    "train-student", "train-student, all terms", "answer-benchmarks", "write-answers", "measure-exposure"]


def leftovers(bench, label):
    """Hidden files, of which none may be left by a run that ended well."""
    return [f"{path.name} was left" for path in bench.out(label).rglob(".*")]


def disturb(bench, label, dice, signals):
    """Starts a stage and sends it a signal at a random moment; returns its status."""
    moment = dice.uniform(0, 1.05 * bench.seconds[label])
    process = bench.start(bench.command(label))
    began = time.monotonic()
    time.sleep(moment)
    process.send_signal(dice.choice(signals))
    return moment, bench.wait(process, began)


def rerun(bench, label, figures, kind, moment):
    """Runs the stage again, after which everything must be as if nobody had disturbed it."""
    done = bench.attempt_again(label)
    if done.status != 0:
        return figures.fail(kind, f"{label} at {moment:.3f} s: the rerun ended with {done}")
    for difference in bench.differences(label) + leftovers(bench, label):
        return figures.fail(kind, f"{label} at {moment:.3f} s: {difference}")


def twice(bench, figures, labels):
    for label in labels:
        bench.expect(label)
        bench.begin(label)
        done = bench.attempt_again(label)
        figures.count("two undisturbed runs", "the same result")
        if done.status != 0:
            figures.fail("two undisturbed runs", f"{label}: {done}")
        for difference in bench.differences(label, disturbed=False) + leftovers(bench, label):
            figures.fail("two undisturbed runs", f"{label}: {difference}")


def kills(bench, figures, dice, times, labels):
    for label in labels:
        bench.expect(label)
        for _ in range(times):
            bench.begin(label)
            moment, done = disturb(bench, label, dice, [signal.SIGKILL])
            figures.count("kill -9", "too late" if done.status == 0 else "killed")
            rerun(bench, label, figures, "kill -9", moment)


def signals(bench, figures, dice, times, labels):
    for label in labels:
        bench.expect(label)
        for _ in range(times):
            bench.begin(label)
            moment, done = disturb(bench, label, dice, [signal.SIGTERM, signal.SIGINT])
            kind = {0: "too late", TRY_AGAIN: "saved and ended with 75", -signal.SIGTERM: "too early to save",
                    -signal.SIGINT: "too early to save"}.get(done.status)
            if kind is None:
                figures.fail("SIGTERM, SIGINT", f"{label} at {moment:.3f} s: {done}")
                continue
            figures.count("SIGTERM, SIGINT", kind)
            rerun(bench, label, figures, "SIGTERM, SIGINT", moment)


def two_writers(bench, figures, labels):
    """Two processes with one --out: one does the work, the other says so, and waits for nothing."""
    for label in labels:
        bench.expect(label)
        bench.begin(label)
        began = time.monotonic()
        both = [bench.start(bench.command(label)) for _ in range(2)]
        done = [bench.wait(process, began) for process in both]
        statuses = sorted(outcome.status for outcome in done)
        # Two that both end well came one after the other: the second found the work done.
        if statuses not in ([0, TRY_AGAIN], [0, 0]):
            figures.fail("two writers", f"{label}: {done[0]} and {done[1]}")
        figures.count("two writers", "the second was refused" if statuses[1] else "the second came late")
        for difference in bench.differences(label) + leftovers(bench, label):
            figures.fail("two writers", f"{label}: {difference}")


def logs(bench, figures, labels):
    """Standard descriptors that are closed, or lead to a full disk."""
    for label in labels:
        bench.expect(label)
        for redirection in ["2>&-", "2>/dev/full", "<&- >&- 2>&-", ">/dev/full 2>&1"]:
            bench.begin(label)
            shell = ["/bin/sh", "-c", f'exec "$0" "$@" {redirection}', *bench.command(label)]
            done = bench.start_and_wait(shell)
            figures.count("closed and full descriptors", "the same result")
            if done.status != 0:
                figures.fail("closed and full descriptors", f"{label} {redirection}: {done}")
            for difference in bench.differences(label):
                figures.fail("closed and full descriptors", f"{label} {redirection}: {difference}")
