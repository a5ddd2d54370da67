"""Trains several models at once on one GPU, each in a process of its own, for a number of minutes.

    python benchmarks/train_side_by_side.py gpu_trainings.toml --data photos --pairs pairs --minutes 8
    python benchmarks/train_side_by_side.py gpu_trainings.toml --data photos --pairs pairs --rehearse

A small network in small batches waits for launches most of the time, so several share a GPU well. The plan
is a TOML file with the arguments of one `lle train` for each name; arguments after ``--`` are added to each.
All follow the schedule by the clock; with ``--steps`` all take the same number of steps instead, for a fair
comparison, if the minutes are enough. Each logs to ``OUT/NAME.log``, and the last line of each log is printed
every half minute. SIGINT and SIGTERM end all after their current steps, and the same command resumes.
``--rehearse`` rehearses one after the other on the CPU, and keeps nothing. The exit code is the largest.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

EVERY = 30.0
"""Seconds between two reports."""


class Training(NamedTuple):
    """A training, its process, and the file that it logs to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_line(self) -> str:
        """Last line of the log so far."""
        lines = self.log.read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")


def main() -> None:
    """Rehearses or trains everything in the plan."""
    arguments, added = parsed(sys.argv[1:])
    plan = tomllib.loads(arguments.plan.read_text())
    data = ["--data", str(arguments.data), "--pairs", str(arguments.pairs), *added]
    if arguments.rehearse:
        sys.exit(rehearsed(plan, data))
    arguments.out.mkdir(parents=True, exist_ok=True)
    sys.exit(watched([begun(name, shlex.split(plan[name]), data, arguments) for name in plan]))


def parsed(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The command line, and the arguments after ``--``."""
    words = list(words)
    split = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("plan", type=Path, help="TOML: NAME = 'arguments of lle train'")
    parser.add_argument("--data", type=Path, required=True, help="folder of photos")
    parser.add_argument("--pairs", type=Path, required=True, help="folder with low/ and high/")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--steps", type=int, help="steps of each, in place of the schedule by the clock")
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--rehearse", action="store_true")
    return parser.parse_args(words[:split]), words[split + 1 :]


def command(arguments: Sequence[str]) -> list[str]:
    """A command of lle, by the Python that runs this."""
    return [sys.executable, "-m", "lowlight_cli", "train", *arguments]


def rehearsed(plan: Mapping[str, str], data: Sequence[str]) -> int:
    """Rehearses one training after the other, and returns the largest exit code."""
    codes = []
    for name, arguments in plan.items():
        print(f"== {name}", flush=True)
        words = command([*shlex.split(arguments), *data, "--rehearse"])
        codes.append(subprocess.run(words, check=False).returncode)
    return max(codes)


def begun(name: str, arguments: Sequence[str], data: Sequence[str], settings: argparse.Namespace) -> Training:
    """Starts a training, with one thread for operations on the CPU."""
    by_clock = ["--set", "run.schedule=clock", "--max-steps", "1000000"]
    length = by_clock if settings.steps is None else ["--max-steps", str(settings.steps)]
    time_and_place = ["--limit-minutes", str(settings.minutes), "--out", str(settings.out / name)]
    log = settings.out / f"{name}.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            command([*arguments, *data, *length, "--progress", "lines", *time_and_place]),
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # a terminal's Ctrl-C reaches it once, from here: twice would not save
        )
    return Training(name, process, log)


def watched(trainings: Sequence[Training]) -> int:
    """Reports until all have ended, passes signals on, and returns the largest exit code."""

    def stop(_number: int, _frame: object) -> None:
        for training in trainings:
            training.process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    while any(training.process.poll() is None for training in trainings):
        wait_for(trainings, EVERY)
        for training in trainings:
            print(f"{training.name:12} {training.last_line()}", flush=True)
    codes = {training.name: training.process.wait() for training in trainings}
    print(", ".join(f"{name}: exit code {code}" for name, code in codes.items()))
    return max(abs(code) for code in codes.values())


def wait_for(trainings: Sequence[Training], seconds: float) -> None:
    """Waits for that long, or until all have ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(training.process.poll() is None for training in trainings):
        time.sleep(0.2)


if __name__ == "__main__":
    main()
