"""From file to file: what ``lle enhance`` does, as a whole and by stage."""

import shutil
import time
from pathlib import Path
from typing import Any

from gpu.ceilings import large_photos, small_photos
from gpu.check import Bench, Found
from gpu.stages import Stages
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.settings import EnhanceSettings


def file_to_file(bench: Bench, _seconds: float) -> Found:
    """Photos per second of each number of threads and batch size, then where the time goes."""
    sizes = bench.sizes
    small, large = small_photos(bench), large_photos(bench)
    last = sizes.workers[-1], sizes.passes[-1]
    _enhanced(bench, small, *last)  # warms up
    for workers in sizes.workers:
        for batch in sizes.passes:
            yield f"small, {workers} threads, {batch} in a pass", _enhanced(bench, small, workers, batch)
    yield "large", _enhanced(bench, large, *last)
    yield "small by stage", _enhanced(bench, small, *last, by_stage=True)
    yield "large by stage", _enhanced(bench, large, *last, by_stage=True)


def _enhanced(
    bench: Bench, photos: Path, workers: int, batch: int, *, by_stage: bool = False
) -> dict[str, Any]:
    """One run; with stages it is slower, as it waits for the device between them."""
    settings = EnhanceSettings(
        device=str(bench.device), precision=bench.sizes.precision, batch_size=batch, workers=workers
    )
    forward = make_runner(settings)
    pace = make_pipeline_config(settings, forward.device)
    out = bench.folder / "results"
    plan = plan_jobs([photos], f"{out}/")
    stages = Stages(bench.clock)
    try:
        with stages.watched(on=by_stage):
            begin = time.perf_counter()
            report = run_plan(plan, forward, pace)
            wall = time.perf_counter() - begin
    finally:
        shutil.rmtree(out, ignore_errors=True)
    found = {
        "photos_s": report.count("ok") / wall,
        "wall_s": wall,
        "failed": report.count("failed"),
        "workers": workers,
        "batch": batch,
        "precision": forward.precision.name,
    }
    return found | ({"stages_s": stages.seconds} if by_stage else {})
