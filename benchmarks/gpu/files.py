"""From file to file: what ``lle enhance`` does, as a whole and by stage, in one process and in several."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gpu.ceilings import large_photos, mixed_photos, small_photos
from gpu.check import Bench, Found
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.settings import EnhanceSettings


def file_to_file(bench: Bench, _seconds: float) -> Found:
    """Photos per second of each number of threads and batch size, and where the time goes.

    The last cases run without CUDA graphs.
    """
    sizes = bench.sizes
    small, large = small_photos(bench), large_photos(bench)
    last = sizes.workers[-1], sizes.passes[-1]
    _enhanced(bench, small, *last)  # warms up
    for workers in sizes.workers:
        for batch in sizes.passes:
            yield f"small, {workers} threads, {batch} in a pass", _enhanced(bench, small, workers, batch)
    yield "large", _enhanced(bench, large, *last)
    workers = sizes.workers[0]
    yield (
        f"several sizes, {workers} threads, {sizes.passes[-1]} in a pass",
        _enhanced(bench, mixed_photos(bench), workers, sizes.passes[-1]),
    )
    for batch in sizes.passes:
        case = f"small, {workers} threads, {batch} in a pass, no graphs"
        yield case, _enhanced(bench, small, workers, batch, has_graphs=False)


def several_processes(bench: Bench, _seconds: float) -> Found:
    """Photos per second of ``lle enhance`` with several processes on one device, and with one."""
    photos = _repeated(small_photos(bench), bench.folder / "many-photos", bench.sizes.repeats)
    for count in bench.sizes.processes:
        yield f"{count} at once", _by_command(bench, photos, count)


def _repeated(photos: Path, folder: Path, times: int) -> Path:
    """A folder with hard links to photos under several names."""
    folder.mkdir()
    for photo in photos.iterdir():
        for number in range(times):
            os.link(photo, folder / f"{number}-{photo.name}")
    return folder


def _by_command(bench: Bench, photos: Path, processes: int) -> dict[str, Any]:
    """One run of the command; its rates are counted from the first result, and from a third of all."""
    out = bench.folder / "results"
    words = [sys.executable, "-m", "lowlight_cli", "enhance", str(photos), "-o", f"{out}/", "--json"]
    options = ["--device", ",".join([str(bench.device)] * processes), "--precision", bench.sizes.precision]
    begin = time.perf_counter()
    with subprocess.Popen([*words, *options], cwd=bench.root, stdout=subprocess.PIPE, text=True) as run:
        arrivals = [(time.perf_counter(), json.loads(line)) for line in run.stdout or ()]
    wall = time.perf_counter() - begin
    shutil.rmtree(out, ignore_errors=True)
    times = [when for when, event in arrivals if event["event"] == "item" and event["status"] == "ok"]
    third = len(times) // 3  # by then, all processes are at work
    return {
        "photos_s": (len(times) - 1) / (times[-1] - times[0]),
        "steady_photos_s": (len(times) - 1 - third) / (times[-1] - times[third]),
        "first_after_s": times[0] - begin,
        "wall_s": wall,
        "results": len(times),
        "code": run.returncode,
    }


def _enhanced(
    bench: Bench, photos: Path, workers: int, batch: int, *, has_graphs: bool = True
) -> dict[str, Any]:
    """One run, with its seconds by stage."""
    settings = EnhanceSettings(
        device=str(bench.device), precision=bench.sizes.precision, batch_size=batch, workers=workers
    )
    forward = make_runner(settings)
    if not has_graphs:
        forward.graphs.stop()
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
