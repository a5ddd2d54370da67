"""Photos per second from file to file: decoding, the model, encoding, all at once.

Makes dark pictures in a temporary folder, so it needs no data.

    python benchmarks/throughput.py --machine laptop --count 50 --size 600x400

With ``--model identity`` it measures what lies around the model: reading, writing, and handing over.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from timing import measure, write_result

from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.processors import default_workers


def main() -> None:
    """Enhances the folder again and again and writes the result."""
    arguments = _parse()
    settings = EnhanceSettings(
        model=arguments.model,
        checkpoint=arguments.checkpoint,
        device=arguments.device,
        precision=arguments.precision,
        batch_size=arguments.batch_size,
        workers=arguments.workers,
    )
    forward = make_runner(settings)
    pace = make_pipeline_config(settings, forward.device)
    with tempfile.TemporaryDirectory() as folder:
        width, height = (int(side) for side in arguments.size.split("x"))
        _make_pictures(Path(folder) / "in", arguments.count, width, height)

        cpu_seconds: list[float] = []

        def work() -> None:
            start = time.process_time()
            # Results are written before the run ends, so no device is still busy.
            plan = plan_jobs([Path(folder) / "in"], f"{folder}/out/")
            report = run_plan(plan, forward, pace)
            if report.count("ok") != arguments.count:
                raise RuntimeError("a picture failed")
            cpu_seconds.append(time.process_time() - start)

        case = measure(work, warm_up=1, repeats=arguments.repeats)
    case |= {
        "model": settings.model,
        "checkpoint": None if settings.checkpoint is None else str(settings.checkpoint),
        "device": str(forward.device),
        "precision": forward.precision.name,
        "precision_reason": forward.precision_reason,
    }
    case |= {"count": arguments.count, "size": arguments.size, "batch_size": pace.batch_size}
    case["workers"] = pace.workers
    case["seconds_per_photo"] = case["median_s"] / arguments.count
    case["least_seconds_per_photo"] = min(case["seconds"]) / arguments.count
    # Steadier than wall time where other programs run: user and system time of all threads.
    case["least_cpu_seconds_per_photo"] = min(cpu_seconds) / arguments.count
    print(
        f"{case['seconds_per_photo']:.4f} s per photo (median), at best "
        f"{1 / case['least_seconds_per_photo']:.1f} photos per second "
        f"and {1e3 * case['least_cpu_seconds_per_photo']:.2f} ms of processor time for each"
    )
    print(write_result("throughput", forward.device.type, arguments.machine, {arguments.model: case}))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--size", default="600x400", help="width x height")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="codeenhance")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument(
        "--workers", type=int, default=default_workers(), help="threads that read; twice as many write"
    )
    return parser.parse_args()


def _make_pictures(folder: Path, count: int, width: int, height: int) -> None:
    """Writes dark, noisy JPEGs; noise makes them as costly to decode as photos.

    Args:
        folder: Where to.
        count: How many.
        width: Columns.
        height: Rows.
    """
    folder.mkdir()
    generator = np.random.default_rng(0)
    glow = np.linspace(0, 40, width)[None, :, None] + np.linspace(0, 20, height)[:, None, None]
    for number in range(count):
        pixels = glow + generator.normal(0, 3, (height, width, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.jpg", quality=92)


if __name__ == "__main__":
    main()
