"""A large JPEG from file to file, at full and at reduced size, against the model alone in the same passes.

The photo is the largest of sample_images, mirrored at its right and lower edge up to the size, so that noise
and detail are those of a photo. All ways take turns; the least time of each counts. PSNR compares the pixels
of both sizes before they are written.

    python benchmarks/large_photo.py --machine laptop --repeats 3
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

import cv2
from timing import FOLDER, write_result

from lowlight_cli.bench.engine_runs import EngineRuns, TimedRun, plan_photos
from lowlight_cli.bench.model_alone import ModelAlone
from lowlight_cli.cli.tables import Table, print_table, table
from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.picture import Pixels
from lowlight_cli.pipeline.choices import Detail
from lowlight_cli.pipeline.reduced_size import run_at_detail
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.signals import Interruption

SAMPLE = Path(__file__).parents[1] / "sample_images" / "street_8_megapixels.jpg"
QUALITY = 92


def main() -> None:
    """Measures, prints a table and writes the result."""
    arguments = _parse()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.jpg"
        width, height = (int(side) for side in arguments.size.split("x"))
        make_photo(path, width, height)
        case = _measured(path, arguments)
    print_table(_table(case))
    print(
        write_result("large-photo", case["device"], arguments.machine, {arguments.model: case}, arguments.out)
    )


def make_photo(path: Path, width: int, height: int) -> None:
    """Writes a dark JPEG with the noise of a photo, the same in each call.

    Args:
        path: Where to.
        width: In pixels; larger photos are mirrored again and again.
        height: In pixels.
    """
    pixels = cv2.imread(str(SAMPLE))
    while pixels.shape[0] < height or pixels.shape[1] < width:
        down = min(max(0, height - pixels.shape[0]), pixels.shape[0])
        right = min(max(0, width - pixels.shape[1]), pixels.shape[1])
        pixels = cv2.copyMakeBorder(pixels, 0, down, 0, right, cv2.BORDER_REFLECT)
    cv2.imwrite(str(path), pixels[:height, :width], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the result file")
    parser.add_argument("--size", default="6000x4000", help="width x height")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="codeenhance")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--workers", type=int)
    return parser.parse_args()


class _Way:
    """A photo enhanced at one detail, again and again.

    Args:
        path: The photo.
        settings: How.
    """

    def __init__(self, path: Path, settings: EnhanceSettings) -> None:
        self._pixels, folder = decode(path).pixels, path.parent / settings.detail.value
        self.engine = EngineRuns(settings, folder, Interruption(), print)
        self._plan = plan_photos([str(path)], folder)
        self._alone = ModelAlone(self.engine.runner, self.engine.config, Counter({self._pixels.shape[:2]: 1}))
        self.model_s: list[float] = []
        self.runs: list[TimedRun] = []

    def measure(self) -> None:
        """Measures the model alone, then a run."""
        self.model_s.append(self._alone.seconds(inf))
        self.runs.append(self.engine.run(self._plan, self._plan.jobs))
        if self.runs[-1].report.count("ok") != 1:
            raise RuntimeError(self.runs[-1].report.rows[0].message)

    def result(self) -> Pixels:
        """The enhanced photo, before it is written."""
        outcome = run_at_detail(self.engine.runner, [self._pixels])[0]
        if isinstance(outcome, ImageError):
            raise outcome
        return outcome


def _measured(path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    settings = EnhanceSettings(
        model=arguments.model,
        device=arguments.device,
        precision=arguments.precision,
        workers=arguments.workers,
    )
    ways = {
        detail.value: _Way(path, settings.model_copy(update={"detail": detail}))
        for detail in (Detail.FULL, Detail.FAST)
    }
    for _ in range(arguments.repeats):
        for way in ways.values():
            way.measure()
    engine, found = ways["full"].engine, {name: _summary(way) for name, way in ways.items()}
    return {
        "model": arguments.model,
        "device": str(engine.runner.device),
        "precision": engine.runner.precision.name,
        "workers": engine.config.workers,
        "size": arguments.size,
        "file_bytes": path.stat().st_size,
        **found,
        "fast_to_full": found["fast"]["least_s"] / found["full"]["least_s"],
        "psnr_fast_to_full_db": float(cv2.PSNR(ways["full"].result(), ways["fast"].result())),
    }


def _summary(way: _Way) -> dict[str, Any]:
    seconds = [run.seconds for run in way.runs]
    best = way.runs[seconds.index(min(seconds))]
    return {
        "seconds": seconds,
        "least_s": min(seconds),
        "model_seconds": way.model_s,
        "model_least_s": min(way.model_s),
        "to_model": min(seconds) / min(way.model_s),
        "stages_s": asdict(best.report.stages),
        "peak_host_mb": max(run.peak.host or 0.0 for run in way.runs),
    }


def _table(case: dict[str, Any]) -> Table:
    width, height = (int(side) for side in case["size"].split("x"))
    megapixels, rows = width * height / 1e6, []
    for detail in ("full", "fast"):
        found = case[detail]
        for name, seconds in (("model alone", found["model_seconds"]), ("file to file", found["seconds"])):
            least = min(seconds)
            ratio = f"{least / found['model_least_s']:.2f}"
            spread = f"{max(seconds) / least:.2f}"
            rows.append((f"{detail}, {name}", f"{least:.2f}", f"{least / megapixels:.3f}", ratio, spread))
    heads = (f"{megapixels:.3g} megapixels", "s", "s/megapixel", "to model", "slowest/fastest")
    where = f"{case['model']} on {case['device']} in {case['precision']}"
    ratio = f"fast takes {case['fast_to_full']:.2f} of full"
    words = f"{where}; {ratio}, PSNR of fast against full {case['psnr_fast_to_full_db']:.1f} dB"
    return table(heads, rows, numbers=heads[1:], caption=words)


if __name__ == "__main__":
    main()
