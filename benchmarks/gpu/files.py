"""From file to file: what ``lle enhance`` does, as a whole and by stage."""

import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gpu.ceilings import large_photos, small_photos
from gpu.check import Bench, Found
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.settings import EnhanceSettings


def file_to_file(bench: Bench, _seconds: float) -> Found:
    """Photos per second of each number of threads and batch size, and where the time goes."""
    sizes = bench.sizes
    small, large = small_photos(bench), large_photos(bench)
    last = sizes.workers[-1], sizes.passes[-1]
    _enhanced(bench, small, *last)  # warms up
    for workers in sizes.workers:
        for batch in sizes.passes:
            yield f"small, {workers} threads, {batch} in a pass", _enhanced(bench, small, workers, batch)
    yield "large", _enhanced(bench, large, *last)


def _enhanced(bench: Bench, photos: Path, workers: int, batch: int) -> dict[str, Any]:
    """One run, with its seconds by stage."""
    settings = EnhanceSettings(
        device=str(bench.device), precision=bench.sizes.precision, batch_size=batch, workers=workers
    )
    forward = make_runner(settings)
    pace = make_pipeline_config(settings, forward.device)
    out = bench.folder / "results"
    plan = plan_jobs([photos], f"{out}/")
    try:
        begin = time.perf_counter()
        report = run_plan(plan, forward, pace)
        wall = time.perf_counter() - begin
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return {
        "photos_s": report.count("ok") / wall,
        "wall_s": wall,
        "failed": report.count("failed"),
        "workers": workers,
        "batch": batch,
        "precision": forward.precision.name,
        "stages_s": asdict(report.stages),
    }
