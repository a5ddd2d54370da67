"""Many small photos from file to file against the model alone: rate, cost of a photo, and memory as N grows.

Makes dark photos in a temporary folder. In each round the model alone and a run of each number of photos take
turns; the least time of each counts. A run includes finding the files, and all records.

    python benchmarks/many_photos.py --machine laptop --counts 100,300,1000,10000 --repeats 3
    python benchmarks/many_photos.py --machine laptop --counts 100,1000,10000 --model identity

With the identity model it measures what lies around a model.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from timing import FOLDER, write_result

from lowlight_cli.bench.engine_runs import EngineRuns, plan_photos
from lowlight_cli.bench.model_alone import ModelAlone
from lowlight_cli.bench.request import PhotoSet
from lowlight_cli.bench.synthetic import make_photos
from lowlight_cli.cli.tables import Table, print_table, table
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.signals import Interruption


def main() -> None:
    """Measures, prints a table and writes the result."""
    arguments = _parse()
    width, height = (int(side) for side in arguments.size.split("x"))
    sets = [PhotoSet(int(count), width, height) for count in arguments.counts.split(",")]
    with tempfile.TemporaryDirectory() as place:
        for photos in sets:
            make_photos(Path(place) / f"{photos.count}", photos)
        case = _measured(Path(place), sets, arguments)
    print_table(_table(case))
    print(
        write_result("many-photos", case["device"], arguments.machine, {arguments.model: case}, arguments.out)
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the result file")
    parser.add_argument("--counts", default="100,300,1000", help="numbers of photos, separated by commas")
    parser.add_argument("--size", default="600x400", help="width x height")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model-seconds", type=float, default=20, help="most for the model alone, each time")
    parser.add_argument("--model", default="codeenhance")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--workers", type=int)
    return parser.parse_args()


def _measured(place: Path, sets: list[PhotoSet], arguments: argparse.Namespace) -> dict[str, Any]:
    settings = EnhanceSettings(
        model=arguments.model,
        device=arguments.device,
        precision=arguments.precision,
        batch_size=arguments.batch_size,
        workers=arguments.workers,
    )
    runs = EngineRuns(settings, place / "temp", Interruption(), print)
    _run(runs, place, sets[0])  # the first run is slower
    found: dict[int, list[dict[str, float]]] = {photos.count: [] for photos in sets}
    for _ in range(arguments.repeats):
        for photos in sets:
            sizes = Counter({(photos.height, photos.width): photos.count})
            alone = ModelAlone(runs.runner, runs.config, sizes).seconds(arguments.model_seconds)
            found[photos.count].append({"model_s": alone} | _run(runs, place, photos))
    return {
        "model": arguments.model,
        "device": str(runs.runner.device),
        "precision": runs.runner.precision.name,
        "batch_size": runs.config.batch_size,
        "workers": runs.config.workers,
        "size": arguments.size,
        "counts": {f"{count}": _summary(count, rounds) for count, rounds in found.items()},
    }


def _run(runs: EngineRuns, place: Path, photos: PhotoSet) -> dict[str, float]:
    start = time.perf_counter()
    plan = plan_photos([str(place / f"{photos.count}")], place / "temp")
    planning = time.perf_counter() - start
    run = runs.run(plan, plan.jobs)
    if run.report.count("ok") != photos.count:
        raise RuntimeError("a photo failed")
    return {"plan_s": planning, "run_s": run.seconds, "peak_host_mb": run.peak.host or 0.0}


def _summary(count: int, rounds: list[dict[str, float]]) -> dict[str, Any]:
    model = min(each["model_s"] for each in rounds)
    whole = min(each["plan_s"] + each["run_s"] for each in rounds)
    return {
        "rounds": rounds,
        "photos_s": count / whole,
        "model_photos_s": count / model,
        "share_of_model": model / whole,
        "ms_per_photo": 1e3 * whole / count,
        "peak_host_mb": max(each["peak_host_mb"] for each in rounds),
    }


def _table(case: dict[str, Any]) -> Table:
    heads = ("photos", "photos/s", "model alone", "share", "ms/photo", "peak MiB", "slowest/fastest")
    rows = []
    for count, each in case["counts"].items():
        seconds = [one["run_s"] for one in each["rounds"]]
        rows.append(
            (
                f"{int(count):,}",
                f"{each['photos_s']:.2f}",
                f"{each['model_photos_s']:.2f}",
                f"{100 * each['share_of_model']:.0f} %",
                f"{each['ms_per_photo']:.2f}",
                f"{each['peak_host_mb']:.0f}",
                f"{max(seconds) / min(seconds):.2f}",
            )
        )
    words = f"{case['model']} on {case['device']} in {case['precision']}, {case['size']}"
    return table(heads, rows, numbers=heads, caption=words)


if __name__ == "__main__":
    main()
