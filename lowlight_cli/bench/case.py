"""Measures one set of photos: as many of them as fit into the time, again and again."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lowlight_cli.bench.advice import WORTH_IT, Candidate, measured_advice, unmeasured_advice
from lowlight_cli.bench.engine_runs import EngineRuns, TimedRun
from lowlight_cli.bench.model_alone import ModelAlone
from lowlight_cli.bench.observer import BenchObserver
from lowlight_cli.bench.result import Advice, Case, Failure, Size, limit_of, other_seconds
from lowlight_cli.errors import ImageError, LowlightError
from lowlight_cli.images.codecs.header import read_header
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.signals import Interruption

_MOST_PHOTOS = 10_000
"""Photos whose sizes are read; of more, as many are taken evenly."""

_GROWTH = 1.5
"""A set of photos is enlarged if the time allows this many times as many."""

_MOST_SIZES = 3


class Times(NamedTuple):
    """How long a case may take.

    Attributes:
        repeats: Number of runs, and of measurements of the model alone.
        runs_end: Value of ``time.perf_counter`` after which no further run starts.
        tries_end: The same for other options.
    """

    repeats: int
    runs_end: float
    tries_end: float


class CaseBench:
    """One set of photos.

    Args:
        name: What it is.
        plan: The photos.
        runs: The engine with the given options.
        times: How long it may take.
        interruption: Handles signals.
        observer: Notified of steps and failures.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        runs: EngineRuns,
        times: Times,
        interruption: Interruption,
        observer: BenchObserver,
    ) -> None:
        self._name, self._runs, self._times = name, runs, times
        self._interruption, self._observer = interruption, observer
        self._plan = replace(plan, ignored=(), closed=(), loops=())
        self._pixels = _pixels_of(evenly(plan.jobs, _MOST_PHOTOS))
        self._by_size = sorted(self._pixels, key=self._pixels.__getitem__)
        self._jobs: list[Job] = []
        self.failures: list[Failure] = []

    def measure(self) -> Case | None:
        """Speed from file to file and of the model alone, in turns; None if no photo could be enhanced.

        Raises:
            KeyboardInterrupt: A signal arrived.
            LowlightError: The disk is full, the device was lost, or memory ran out.
        """
        self._observer.step(f"{self._name}: first run")
        run = self._largest_run()
        if run is None:
            return None
        sizes = Counter((row.height, row.width) for row in run.report.rows)
        alone = ModelAlone(self._runs.runner, self._runs.config, sizes)
        runs, model = [run], [self._model_seconds(alone, run)]
        for number in range(2, self._times.repeats + 1):
            if time.perf_counter() + run.seconds + model[0] > self._times.runs_end:
                break
            self._observer.step(f"{self._name}: run {number} of {self._times.repeats}")
            runs.append(self._runs.run(self._plan, self._jobs))
            model.append(self._model_seconds(alone, run))
        return self._case(runs, model, sizes)

    def tried(
        self, case: Case, found: Iterator[Candidate], start: Callable[[EnhanceSettings], EngineRuns]
    ) -> list[Advice]:
        """Options that are faster on the same photos, the fastest first; ends when the time is over.

        Args:
            case: The result of ``measure``.
            found: Options to try.
            start: Makes an engine with other settings.

        Raises:
            KeyboardInterrupt: A signal arrived.
        """
        measured, unmeasured = list[Advice](), list[Advice]()
        for candidate in found:
            if time.perf_counter() > self._times.tries_end:
                unmeasured += filter(None, [unmeasured_advice(candidate)])
                continue
            self._observer.step(f"{self._name}: trying {candidate.option}")
            speed = self._speed_of(case, candidate, start)
            measured += filter(None, [measured_advice(candidate, speed)])
        return sorted(measured, key=lambda advice: -(advice.speed or 0.0)) + unmeasured

    def _speed_of(
        self, case: Case, candidate: Candidate, start: Callable[[EnhanceSettings], EngineRuns]
    ) -> float:
        """Speed relative to the given options; 0 if it failed or takes too long to measure.

        One that seems worth it is measured again beside the given options, if there is time; then its slower
        run counts against the fastest run of the given ones.
        """
        try:
            runs = start(candidate.settings)
            first = self._whole(runs, self._jobs[:1])
            # One photo takes longer than one of many, so that this is enough for all of them.
            if len(self._jobs) > 1 and self._lacks(first * len(self._jobs)):
                return 0.0
            seconds = [self._whole(runs) if len(self._jobs) > 1 else first]
            usual = [case.seconds]
            if usual[0] >= WORTH_IT * seconds[0] and not self._lacks(usual[0] + seconds[0]):
                usual.append(self._whole(self._runs))
                seconds.append(self._whole(runs))
        except LowlightError:
            return 0.0
        return min(usual) / max(seconds)

    def _lacks(self, seconds: float) -> bool:
        """Whether the time of tries is too short for as many seconds."""
        return time.perf_counter() + seconds > self._times.tries_end

    def _whole(self, runs: EngineRuns, jobs: Sequence[Job] | None = None) -> float:
        """Seconds of a run in which no photo failed.

        Args:
            runs: An engine.
            jobs: The photos; None for all.

        Raises:
            LowlightError: A photo failed, though not with the given options.
        """
        run = runs.run(self._plan, self._jobs if jobs is None else jobs)
        for row in run.report.rows:
            if row.status != "ok":
                raise ImageError(row.code, row.message)
        return run.seconds

    def _largest_run(self) -> TimedRun | None:
        """A run of one photo, then of as many as the time allows; None if all failed."""
        run = self._clean_run(1)
        while run is not None:
            count, done = self._fitting(run), len(self._jobs)
            if count <= done or count < min(len(self._by_size), _GROWTH * done):
                return run
            run = self._clean_run(count)
        return None

    def _clean_run(self, count: int) -> TimedRun | None:
        """A run in which no photo failed; those that do are left out from then on."""
        while self._by_size:
            chosen = set(evenly(self._by_size, count))
            self._jobs = [job for job in self._pixels if job in chosen]
            run = self._runs.run(self._plan, self._jobs)
            failed = [row for row in run.report.rows if row.status != "ok"]
            for row in failed:
                self._note(Failure(row.source, row.code, row.message))
            bad = {row.source for row in failed}
            self._by_size = [job for job in self._by_size if job.source not in bad]
            if not failed:
                return run
        return None

    def _note(self, failure: Failure) -> None:
        self.failures.append(failure)
        self._observer.failed(failure)

    def _fitting(self, run: TimedRun) -> int:
        """How many photos each of the runs may have, of which one half is left to the model alone."""
        seconds = (self._times.runs_end - time.perf_counter()) / (2 * self._times.repeats)
        mean = sum(self._pixels[job] for job in self._by_size) / len(self._by_size) / 1e6
        each = run.seconds * mean / max(run.report.megapixels, 1e-9) or run.seconds / len(self._jobs)
        return max(1, min(len(self._by_size), int(seconds / each)))

    def _model_seconds(self, alone: ModelAlone, run: TimedRun) -> float:
        with self._interruption.interruptible():
            return alone.seconds(run.seconds)

    def _case(
        self, runs: Sequence[TimedRun], model: Sequence[float], sizes: Counter[tuple[int, int]]
    ) -> Case:
        best, alone_s = min(runs, key=lambda run: run.seconds), min(model)
        stages, count, megapixels = best.report.stages, len(self._jobs), best.report.megapixels
        other = other_seconds(stages, best.seconds, self._runs.runner.device.type)
        limit, limit_s = limit_of(stages, other)
        return Case(
            name=self._name,
            photos=count,
            available=len(self._plan.jobs),
            megapixels=megapixels,
            sizes=tuple(Size(width, height, n) for (height, width), n in sizes.most_common(_MOST_SIZES)),
            seconds=best.seconds,
            run_seconds=tuple(run.seconds for run in runs),
            images_per_second=count / best.seconds,
            megapixels_per_second=megapixels / best.seconds,
            model_seconds=alone_s,
            model_run_seconds=tuple(model),
            model_images_per_second=count / max(alone_s, 1e-9),
            model_megapixels_per_second=megapixels / max(alone_s, 1e-9),
            share_of_model=alone_s / best.seconds,
            stages=stages,
            other=other,
            peak_host_mb=_most(run.peak.host for run in runs),
            peak_gpu_mb=_most(run.peak.gpu for run in runs),
            limit=limit,
            limit_share=min(1.0, limit_s / best.seconds),
        )


def evenly(jobs: Sequence[Job], count: int) -> list[Job]:
    """Some of the jobs, in their order, at equal distances; the middle one if it is one.

    Args:
        jobs: Any number.
        count: How many at most.
    """
    count = min(count, len(jobs))
    return [jobs[int((position + 0.5) * len(jobs) / count)] for position in range(count)]


def _pixels_of(jobs: Sequence[Job]) -> dict[Job, int]:
    """Pixels of each photo by its header; 0 if that cannot be read, as for camera raw."""
    found = {}
    for job in jobs:
        try:
            header = read_header(job.source)
        except ImageError:
            found[job] = 0
        else:
            found[job] = header.width * header.height
    return found


def _most(values: Iterator[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
