"""Measures the speed from file to file, and of the model alone, of each set of photos."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from lowlight_cli.accelerators import ACCELERATORS, accelerator_of
from lowlight_cli.bench.advice import Possible, candidates, following_advice
from lowlight_cli.bench.case import CaseBench, Times
from lowlight_cli.bench.engine_runs import EngineRuns, plan_photos
from lowlight_cli.bench.observer import BenchObserver
from lowlight_cli.bench.request import BenchRequest, PhotoSet
from lowlight_cli.bench.result import BUSY_SHARE, BenchResult, Case, Failure, Machine, Setup
from lowlight_cli.bench.synthetic import make_photos
from lowlight_cli.counted import counted
from lowlight_cli.device import short_formats
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.signals import Interruption
from lowlight_cli.pipeline.speed_trial import processor_name
from lowlight_cli.processors import usable_processors
from lowlight_cli.versions import version_of

_SHARE_OF_RUNS = 0.6
"""Share of the time of a case that its runs may take; other options are tried in the rest."""

_FIRST = PhotoSet(1, 600, 400)


def measure(request: BenchRequest, observer: BenchObserver | None = None) -> BenchResult:
    """Measures in a temporary folder, which is removed in any case; no other file is written.

    Args:
        request: What to measure.
        observer: Notified of steps, warnings and failures.

    Raises:
        KeyboardInterrupt: A signal arrived.
        LowlightError: The measurement could not start, the disk is full, or the device was lost.
    """
    start, load, interruption = time.perf_counter(), _load_average(), Interruption()
    with interruption.installed(), TemporaryDirectory(prefix="lle-bench-") as folder:
        bench = _Bench(request, observer or BenchObserver(), Path(folder), interruption, start)
        result = bench.measure(load)
    return replace(result, seconds=time.perf_counter() - start)


class _Bench:
    """A measurement with its engine, and what was noted on the way."""

    def __init__(
        self,
        request: BenchRequest,
        observer: BenchObserver,
        folder: Path,
        interruption: Interruption,
        start: float,
    ) -> None:
        self._request, self._observer, self._folder = request, observer, folder
        self._interruption, self._end = interruption, start + request.limit_s
        self._warnings: list[str] = []
        self._failures: list[Failure] = []

    def measure(self, load: float | None) -> BenchResult:
        sets = list(self._sets())
        self._observer.step(f"loading {self._request.settings.model}")
        runs = self._engine(self._request.settings, self._warn)
        machine = _machine(runs, load)
        if machine.is_busy:
            self._warn(
                f"the load is {machine.load:.1f} with {counted(machine.processors, 'processor')}; "
                "measure on a quiet machine"
            )
        setup, cases = _setup(self._request.settings, runs), []
        for index, (name, plan) in enumerate(sets):
            limit_s = max(0.0, self._end - time.perf_counter()) / (len(sets) - index)
            if case := self._case(name, plan, runs, setup, limit_s):
                cases.append(case)
        return BenchResult(
            1, machine, setup, tuple(cases), tuple(self._failures), tuple(dict.fromkeys(self._warnings))
        )

    def _warn(self, text: str) -> None:
        self._warnings.append(text)
        self._observer.warning(text)

    def _sets(self) -> Iterator[tuple[str, Plan]]:
        """Name and photos of each case; synthetic photos are made."""
        if self._request.photos:
            plan = plan_photos(self._request.photos, self._folder)
            for path in plan.closed:
                self._failures.append(Failure(path, "permission", "the folder cannot be listed"))
                self._observer.failed(self._failures[-1])
            if not plan.jobs and not plan.closed:
                raise UsageError("no images in " + ", ".join(f"'{path}'" for path in self._request.photos))
            yield "photos", plan
            return
        for photos in self._request.synthetic:
            self._observer.step(f"making {counted(photos.count, 'photo')} of {photos.name}")
            with self._interruption.interruptible():
                make_photos(self._folder / photos.name, photos)
            yield photos.name, plan_photos([str(self._folder / photos.name)], self._folder)

    def _case(self, name: str, plan: Plan, runs: EngineRuns, setup: Setup, limit_s: float) -> Case | None:
        now, tries = time.perf_counter(), self._request.tries_options
        times = Times(self._request.repeats, now + limit_s * (_SHARE_OF_RUNS if tries else 1), now + limit_s)
        bench = CaseBench(name, plan, runs, times, self._interruption, self._observer)
        case = bench.measure()
        self._failures += bench.failures
        if case is None:
            return None
        if not case.is_steady:
            self._warn(f"{name}: repeated runs differ by more than 20 %; other programs may interfere")
        if len(case.run_seconds) < self._request.repeats:
            done = counted(len(case.run_seconds), "run")
            self._warn(f"{name}: {done} instead of {self._request.repeats}; --limit-seconds was too short")
        possible = _possible(plan, runs, self._request.settings)
        found = candidates(case, setup, self._request.settings, possible) if tries else iter(())
        helpful = bench.tried(case, found, self._engine)
        return replace(case, advice=(*helpful, *following_advice(case, setup, possible)))

    def _engine(
        self, settings: EnhanceSettings, on_warning: Callable[[str], None] = lambda text: None
    ) -> EngineRuns:
        """An engine that has enhanced a photo: the first one takes longer than all others."""
        runs = EngineRuns(settings, self._folder, self._interruption, on_warning)
        folder = self._folder / "first"
        if not folder.exists():
            make_photos(folder, _FIRST)
        plan = plan_photos([str(folder)], self._folder)
        runs.run(plan, plan.jobs)
        return runs


def _possible(plan: Plan, runs: EngineRuns, settings: EnhanceSettings) -> Possible:
    is_png = [job.source.suffix.lower() == ".png" for job in plan.jobs]
    unused = [name for name, kind in ACCELERATORS.items() if kind.is_tried and kind.count()]
    return Possible(
        formats=tuple(each.name for each in short_formats(runs.runner.device)),
        gpu=unused[0] if unused and runs.runner.device.type == "cpu" and settings.device == "cpu" else "",
        processors=usable_processors(),
        has_png=2 * sum(is_png) > len(is_png),
    )


def _setup(settings: EnhanceSettings, runs: EngineRuns) -> Setup:
    runner = runs.runner
    return Setup(
        model=settings.model,
        preset=settings.preset or MODELS[settings.model].default_preset,
        device=str(runner.device),
        precision=runner.precision.name,
        precision_reason=runner.precision_reason,
        detail=settings.detail.value,
        batch_size=runs.config.batch_size,
        workers=runs.config.workers,
        threads=torch.get_num_threads(),
    )


def _machine(runs: EngineRuns, load: float | None) -> Machine:
    device = runs.runner.device
    kind = accelerator_of(device)
    return Machine(
        processor=processor_name().rpartition(" ")[0],  # without the digest of its capabilities
        processors=usable_processors(),
        gpu=kind.gpu_name(device.index or 0) if kind else None,
        load=load,
        is_busy=load is not None and load > BUSY_SHARE * (os.cpu_count() or 1),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=torch.__version__,
        version=version_of("lowlight-cli") or "",
    )


def _load_average() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
