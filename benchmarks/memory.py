"""Memory that `lle enhance` holds: over many pictures, and for one large picture.

Many: reads the resident memory of the program after each picture; the median at the end of the run may be 5 %
above that after its first quarter. Large (--large): peak memory for 100 megapixels against that for 25; what
is more may be the arrays that there is no way around, 7 bytes a pixel, and two copies of the file.

    python benchmarks/memory.py --machine laptop --count 2000 --size 1632x1224
    python benchmarks/memory.py --machine laptop --large --model identity
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image
from timing import write_result

ROOT = Path(__file__).parents[1]
DIFFERENT = 8
"""Pictures that are not alike; the others are links to them."""

GROWTH = 1.05

BYTES_PER_PIXEL = 7
"""Most that must be there at one time for a JPEG without profile and transparency.

Set from what each step needs, and not from what was measured.

Reading: the library's picture (4, as Pillow pads RGB to four bytes) and the array made of it (3).
Computing: the original (3), of which tiles are cut, and the result (3), into which they are blended. A strip
of tiles is as wide as the picture but no higher than a tile.
Writing: the result (3) and the library's copy of it (4). The original is of no use any more.
"""

COPIES_OF_A_FILE = 2
"""As the library wrote it, and with the metadata put in."""


def main() -> None:
    """Measures, writes the result, and exits with 1 where memory grows by more than it must."""
    arguments = _parse()
    with tempfile.TemporaryDirectory() as place:
        case = _large(Path(place), arguments) if arguments.large else _many(Path(place), arguments)
    name = f"{'large' if arguments.large else 'many'}-{arguments.model}"
    print(json.dumps(case, indent=2))
    print(write_result(f"memory-{name}", "cpu", arguments.machine, {name: case}))
    sys.exit(not case["is_within_bar"])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--model", default="identity")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--size", default="1632x1224", help="width x height")
    parser.add_argument("--tile", default="1024", help="with --large")
    parser.add_argument("--large", action="store_true", help="one large picture in place of many")
    return parser.parse_args()


def _many(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Memory after a quarter of the pictures, and after all.

    Args:
        folder: For the pictures.
        arguments: Number, size, model.
    """
    width, height = (int(side) for side in arguments.size.split("x"))
    (folder / "in").mkdir()
    for number in range(arguments.count):
        path = folder / "in" / f"{number:05}.jpg"
        if number < DIFFERENT:
            _noise(width, height, number).save(path, quality=92)
        else:
            os.link(folder / "in" / f"{number % DIFFERENT:05}.jpg", path)
    process = _start(folder / "in", folder / "out", arguments.model, "--json")
    assert process.stdout is not None
    held = _follow(process.stdout, process.pid)
    process.wait()
    window = arguments.count // 20  # how many pictures wait in the queues changes from one to the next
    quarter = arguments.count // 4
    early = statistics.median(held[quarter - window : quarter + window])
    late = statistics.median(held[-2 * window :])
    facts = {"model": arguments.model, "count": arguments.count, "size": arguments.size}
    return {
        **facts,
        "exit": process.returncode,
        "mb_after_a_quarter": early,
        "mb_after_all": late,
        "mb_at_each_twentieth": held[window - 1 :: window],
        "is_within_bar": process.returncode == 0 and late <= GROWTH * early,
    }


def _large(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Peak memory for 25 and for 100 megapixels.

    Args:
        folder: For the pictures.
        arguments: Model and tile.
    """
    case: dict[str, Any] = {"model": arguments.model, "tile": arguments.tile}
    for megapixels, (width, height) in ((25, (5000, 5000)), (100, (10000, 10000))):
        source = folder / f"{megapixels}.jpg"
        _noise(width, height, 0).save(source, quality=90)
        process = _start(
            source, folder / f"out{megapixels}.jpg", arguments.model, "-q", "--tile", arguments.tile
        )
        _, status, usage = os.wait4(process.pid, 0)
        case[f"mb_at_{megapixels}"] = usage.ru_maxrss * 1024 / 1e6
        case[f"exit_at_{megapixels}"] = os.waitstatus_to_exitcode(status)
        case[f"mb_written_at_{megapixels}"] = (folder / f"out{megapixels}.jpg").stat().st_size / 1e6
    written = case["mb_written_at_100"] - case["mb_written_at_25"]
    grown = case["mb_at_100"] - case["mb_at_25"] - COPIES_OF_A_FILE * written
    case["bytes_per_further_pixel"] = grown / 75
    case["bytes_per_pixel_needed"] = BYTES_PER_PIXEL
    case["is_within_bar"] = case["exit_at_100"] == 0 and grown <= 75 * BYTES_PER_PIXEL
    return case


def _noise(width: int, height: int, seed: int) -> Image.Image:
    """A dark noisy picture, made in strips, so that little memory is needed.

    Args:
        width: Columns.
        height: Rows.
        seed: Of the noise.
    """
    generator = np.random.default_rng(seed)
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, 256):
        pixels[top : top + 256] = generator.integers(20, 28, pixels[top : top + 256].shape, dtype=np.uint8)
    return Image.fromarray(pixels)


def _start(source: Path, out: Path, model: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lowlight_cli", "enhance", source, "-o", out, "-m", model]
    return subprocess.Popen(
        [*command, "--device", "cpu", "--min-free", "0", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE if "--json" in options else None,
        stderr=subprocess.DEVNULL,
    )


def _follow(events: IO[bytes], pid: int) -> list[float]:
    """Megabytes held after each picture.

    Args:
        events: What the run says.
        pid: Of the run.
    """
    held = []
    for line in events:
        if json.loads(line)["event"] == "item":
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            held.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return held


if __name__ == "__main__":
    main()
