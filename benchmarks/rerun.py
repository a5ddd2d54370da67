"""How long a run takes that finds nothing to do; promised are two seconds for 2,000 pictures.

python benchmarks/rerun.py --machine laptop
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from timing import measure, write_result


def main() -> None:
    """Enhances the folder once, times the runs after that, and writes the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _make_pictures(Path(folder) / "in", arguments.count)
        first = measure(lambda: _enhance(folder, "enhanced"), warm_up=0, repeats=1)
        again = measure(lambda: _enhance(folder, "unchanged"), warm_up=1, repeats=arguments.repeats)
    print(f"first run {first['median_s']:.1f} s, with nothing to do {again['median_s']:.2f} s")
    cases = {"first": first, "nothing to do": again}
    for case in cases.values():
        case["count"] = arguments.count
    print(write_result("rerun", "cpu", arguments.machine, cases))


def _make_pictures(folder: Path, count: int) -> None:
    generator = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number // 100:02}" / f"IMG_{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 60, (24, 32, 3), np.uint8)).save(path)


def _enhance(folder: str, expected: str) -> None:
    words = [sys.executable, "-m", "lowlight_cli", "enhance", f"{folder}/in", "-o", f"{folder}/out"]
    words += ["--model", "identity", "--device", "cpu", "--min-free", "0"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    if expected not in done.stderr:
        raise RuntimeError(done.stderr)


if __name__ == "__main__":
    main()
