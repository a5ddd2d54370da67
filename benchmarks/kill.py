"""What a run leaves behind that is killed or interrupted at a random moment.

Runs `lle enhance` over a folder of pictures, again and again: each time it is ended by kill -9 or by Ctrl-C
after a random time, then every result is decoded and compared to those of a clean run. At the end the same
command runs through, and must give exactly the files of the clean run.

    python benchmarks/kill.py --machine laptop --kills 20 --interrupts 50
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from timing import write_result

ROOT = Path(__file__).parents[1]
TEMPORARY_MARK = ".lle-tmp-"


@dataclass
class Tally:
    """What was found after all the stops of one kind.

    Attributes:
        stops: Runs that were ended.
        in_the_middle: Those that had written something, but not everything.
        files: Final files that were looked at.
        undecodable: Those that could not be decoded.
        different: Those that are not what a clean run gives.
        temporary: Temporary files found.
        codes: Exit codes, and how often each came.
        seconds: From the signal to the end of the program.
        tracebacks: Runs that printed one.
    """

    stops: int = 0
    in_the_middle: int = 0
    files: int = 0
    undecodable: int = 0
    different: int = 0
    temporary: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    tracebacks: int = 0


def main() -> None:
    """Kills, interrupts, compares, and writes the result; exits with 1 where a promise is broken."""
    arguments = _parse()
    generator = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _make_pictures(folder / "in", arguments.count)
        started = time.perf_counter()
        clean, first_s = _clean_run(folder)
        whole_s = time.perf_counter() - started
        print(f"clean run: {len(clean)} files, first result after {first_s:.1f} s, all after {whole_s:.1f} s")
        cases = {}
        for name, number, stops in (
            ("kill", signal.SIGKILL, arguments.kills),
            ("interrupt", signal.SIGINT, arguments.interrupts),
        ):
            tally = Tally()
            for _ in range(stops):
                _stop_once(folder, number, generator, 2 * (whole_s - first_s) / len(clean), clean, tally)
            _show(name, tally)
            cases[name] = _as_case(tally)
            cases[name]["equal_after_resume"] = _finishes_alike(folder, clean)
    if arguments.result:
        arguments.result.write_text(json.dumps({"cases": cases}))
    else:
        print(write_result("kill", "cpu", arguments.machine, cases))
    sys.exit(
        any(
            case["undecodable"] or case["different"] or not case["equal_after_resume"]
            for case in cases.values()
        )
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--result", type=Path, help="file for the result in place of that in results/")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--interrupts", type=int, default=50)
    parser.add_argument("--count", type=int, default=60, help="pictures in the folder")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _make_pictures(folder: Path, count: int) -> None:
    """Writes noisy pictures in three formats, large enough that writing takes a while.

    Args:
        folder: Where to.
        count: How many.
    """
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 80, (500, 700, 3), dtype=np.uint8)
        suffix = ("jpg", "png", "webp")[number % 3]
        Image.fromarray(pixels).save(folder / f"{number:03}.{suffix}", quality=90)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lowlight_cli", "enhance", folder / "in", "-o", folder / "out"]
    options = ["-m", "identity", "--device", "cpu", "--json", "--min-free", "0"]
    return subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _clean_run(folder: Path) -> tuple[dict[str, str], float]:
    """Hashes of the results of a run that nobody stops, and the seconds to its first result."""
    started = time.perf_counter()
    process = _start(folder)
    _wait_for_start(process)
    first_s = time.perf_counter() - started
    process.communicate()
    hashes = _hashes(folder / "out")
    shutil.rmtree(folder / "out")
    return hashes, first_s


def _wait_for_start(process: subprocess.Popen[bytes]) -> None:
    """Returns when the run has said that it begins."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        if json.loads(line)["event"] == "start":
            return


def _stop_once(
    folder: Path, number: int, generator: random.Random, pause_s: float, clean: dict[str, str], tally: Tally
) -> None:
    """Begins a run, or goes on with the last one, stops it, and looks at what it left.

    Args:
        folder: Holds inputs and results.
        number: Of the signal.
        generator: Of the moment.
        pause_s: Longest time to wait after a picture, of which one is chosen by chance.
        clean: Hash of each file of a clean run.
        tally: Is told.
    """
    out = folder / "out"
    if out.exists() and len(_hashes(out)) == len(clean):
        shutil.rmtree(out)
    process = _start(folder)
    _wait_for_start(process)
    _follow(process, generator.randrange(len(clean)), generator.uniform(0, pause_s))
    stopped = time.perf_counter()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    tally.seconds.append(time.perf_counter() - stopped)
    tally.stops += 1
    tally.codes[process.returncode] += 1
    if b"Traceback" in errors:
        tally.tracebacks += 1
        print(errors.decode(errors="backslashreplace"))
    found = _hashes(out) if out.exists() else {}
    tally.in_the_middle += 0 < len(found) < len(clean)
    tally.files += len(found)
    tally.undecodable += sum(not _decodes(out / name) for name in found)
    tally.different += sum(digest != clean[name] for name, digest in found.items())
    tally.temporary += len(list(out.rglob(f"*{TEMPORARY_MARK}*"))) if out.exists() else 0


def _follow(process: subprocess.Popen[bytes], pictures: int, pause_s: float) -> None:
    """Reads what the run says until so many pictures are done and a little longer.

    Args:
        process: The run.
        pictures: How many.
        pause_s: Seconds to wait then.
    """
    assert process.stdout is not None
    done = 0
    while done < pictures and (line := process.stdout.readline()):
        done += json.loads(line)["event"] == "item"
    time.sleep(pause_s)


def _finishes_alike(folder: Path, clean: dict[str, str]) -> bool:
    """Whether the same command, run to its end, gives the files of a clean run and no others."""
    process = _start(folder)
    process.communicate()
    alike = process.returncode == 0 and _hashes(folder / "out") == clean
    leftovers = list((folder / "out").rglob(f"*{TEMPORARY_MARK}*"))
    print(f"run to the end: exit {process.returncode}, alike {alike}, {len(leftovers)} temporary files left")
    shutil.rmtree(folder / "out")
    return alike and not leftovers


def _hashes(out: Path) -> dict[str, str]:
    pictures = [path for path in out.iterdir() if path.is_file() and TEMPORARY_MARK not in path.name]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures}


def _decodes(path: Path) -> bool:
    try:
        Image.open(path).load()
    except (OSError, UnidentifiedImageError):
        return False
    return True


def _show(name: str, tally: Tally) -> None:
    print(
        f"{name}: {tally.stops} stops, {tally.in_the_middle} in the middle, {tally.files} files looked at, "
        f"{tally.undecodable} undecodable, {tally.different} different, {tally.temporary} temporary, "
        f"exit codes {dict(tally.codes)}, slowest end {max(tally.seconds, default=0):.2f} s, "
        f"{tally.tracebacks} tracebacks"
    )


def _as_case(tally: Tally) -> dict[str, object]:
    return {
        "stops": tally.stops,
        "in_the_middle": tally.in_the_middle,
        "files": tally.files,
        "undecodable": tally.undecodable,
        "different": tally.different,
        "temporary": tally.temporary,
        "codes": {str(code): count for code, count in tally.codes.items()},
        "slowest_end_s": max(tally.seconds, default=0.0),
        "tracebacks": tally.tracebacks,
    }


if __name__ == "__main__":
    main()
