"""Damaged files through reading, the model that changes nothing, and writing: outcomes, crashes and hangs.

Each file comes from its number, so that a finding can be made again: --first NUMBER --count 1. A process of
its own takes a row of files; when it dies or takes too long, the file is kept and the next goes on behind it.

python -m benchmarks.fuzz --count 20000 --machine laptop
"""

import argparse
import faulthandler
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.timing import write_result
from tests.fuzzing.mutations import damaged
from tests.fuzzing.seeds import seeds
from tests.fuzzing.trial import outcome_of

_MEMORY = 4 * 2**30
"""Bytes that a process may have; a file that wants more is a finding."""


@dataclass
class Findings:
    """What came of the files so far.

    Attributes:
        outcomes: How many files by what became of them.
        by_format: The same by format of the sound file.
        bugs: Number, seed file and trace of what must not happen.
        slowest: Seconds and number of the file that took longest.
        memory: Most bytes that a process had.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    by_format: dict[str, Counter[str]] = field(default_factory=dict)
    bugs: list[dict[str, object]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    memory: int = 0

    def add(self, number: int, name: str, outcome: str, seconds: float, memory: int) -> None:
        """Counts one file."""
        self.outcomes[outcome] += 1
        self.by_format.setdefault(name.split("-", maxsplit=1)[0], Counter())[outcome] += 1
        self.slowest = max(self.slowest, (seconds, number))
        self.memory = max(self.memory, memory)


def work(pipe: Connection, first: int, end: int, options: argparse.Namespace, trace: str) -> None:
    """Takes files from ``first`` up to ``end`` and sends what became of each.

    Args:
        pipe: To the process that counts.
        first: Number of the first file.
        end: Number behind the last one.
        options: Of the command line.
        trace: File for the trace of a crash or a hang.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = seeds()
    with Path(trace).open("w") as log, tempfile.TemporaryDirectory() as folder:
        os.dup2(log.fileno(), 2)  # the libraries in C have much to say about damage
        faulthandler.enable(log)
        for number in range(first, end):
            name, data = damaged(files, number, options.seed)
            pipe.send(("begin", number, name))
            start, told = time.perf_counter(), ""
            faulthandler.dump_traceback_later(options.timeout, exit=True, file=log)
            try:
                outcome = outcome_of(name, data, Path(folder), number, max_pixels=options.max_pixels)
            except Exception as error:
                outcome, told = f"BUG {type(error).__name__}", traceback.format_exc()
                for left in Path(folder).iterdir():
                    left.unlink()
            faulthandler.cancel_dump_traceback_later()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            pipe.send(("end", number, name, outcome, time.perf_counter() - start, memory, told))
    pipe.send(("done",))


def watch(findings: Findings, first: int, end: int, options: argparse.Namespace) -> int:
    """Runs a process on a row of files, and gives the number of the first file that it did not take.

    Args:
        findings: Added to.
        first: Number of the first file.
        end: Number behind the last one.
        options: Of the command line.
    """
    trace = options.keep / "trace.txt"
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=work, args=(theirs, first, end, options, str(trace)), daemon=True
    )
    process.start()
    theirs.close()
    begun: tuple[int, str] | None = None
    try:
        while (message := ours.recv())[0] != "done":
            if message[0] == "begin":
                begun = message[1:]
                continue
            _, number, name, outcome, seconds, memory, told = message
            findings.add(number, name, outcome, seconds, memory)
            begun = None
            if told:
                keep(findings, number, name, outcome, told, options)
    except EOFError:
        process.join()
        if begun is None:
            sys.exit(f"the process ended with {process.exitcode} before a file: {trace.read_text()}")
        number, name = begun
        told = trace.read_text()
        outcome = "BUG hang" if "Timeout" in told else f"BUG died with {process.exitcode}"
        findings.add(number, name, outcome, 0.0, 0)
        keep(findings, number, name, outcome, told, options)
        return number + 1
    process.join()
    return end


def keep(
    findings: Findings, number: int, name: str, outcome: str, told: str, options: argparse.Namespace
) -> None:
    """Puts a file that must be looked at beside the others.

    Args:
        findings: Added to.
        number: Of the file.
        name: Of the sound file.
        outcome: What became of it.
        told: Trace.
        options: Of the command line.
    """
    findings.bugs.append({"number": number, "name": name, "outcome": outcome, "trace": told})
    path = options.keep / f"{options.seed}-{number}.{name.split('-', maxsplit=1)[0]}"
    path.write_bytes(damaged(seeds(), number, options.seed)[1])
    print(f"{outcome}  {path}\n{told}", file=sys.stderr)


def summary(findings: Findings, seconds: float) -> dict[str, object]:
    """The figures.

    Args:
        findings: Of all files.
        seconds: Spent on them.
    """
    return {
        "count": sum(findings.outcomes.values()),
        "seconds": round(seconds, 1),
        "outcomes": dict(findings.outcomes.most_common()),
        "by_format": {name: dict(found.most_common()) for name, found in sorted(findings.by_format.items())},
        "slowest_s": round(findings.slowest[0], 3),
        "slowest_number": findings.slowest[1],
        "most_memory_mib": findings.memory // 2**20,
        "bugs": [{key: bug[key] for key in ("number", "name", "outcome")} for bug in findings.bugs],
    }


def main() -> None:
    """Tries files until there are enough or the time is up, and prints what became of them as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds for one file")
    parser.add_argument("--max-pixels", type=int, default=2_000_000)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "lle-fuzz")
    parser.add_argument("--machine", help="short name for a result file; none is written without")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = "1"

    findings, start = Findings(), time.perf_counter()
    number, end = options.first, options.first + options.count
    while number < end and time.perf_counter() - start < options.seconds:
        number = watch(findings, number, min(number + 1000, end), options)
    cases = {"files": summary(findings, time.perf_counter() - start) | {"seed": options.seed}}
    print(json.dumps(cases, indent=2))
    if options.machine:
        write_result("fuzz", "cpu", options.machine, cases)
    sys.exit(bool(findings.bugs))


if __name__ == "__main__":
    main()
