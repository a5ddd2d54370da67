"""Runs of the real engine from file to file, with results in a temporary folder."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lowlight_cli.bench.peak_memory import Peak, read_peak, reset_peak
from lowlight_cli.errors import OutputError
from lowlight_cli.images.choices import FramesPolicy
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.enhance import EnhanceSession
from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.plan_request import make_plan
from lowlight_cli.pipeline.report import Report
from lowlight_cli.pipeline.request import EnhanceRequest, InputOptions, OutputOptions
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.signals import SIGNAL_BASE, Interruption, Stopped

_RESULTS = "results"


@dataclass(frozen=True, slots=True)
class TimedRun:
    """One run.

    Attributes:
        seconds: Wall time, from the planned photos to the last record about them.
        report: Its outcomes and stages.
        peak: Peak memory.
    """

    seconds: float
    report: Report
    peak: Peak


def plan_photos(photos: Sequence[str], folder: Path) -> Plan:
    """Finds photos.

    Args:
        photos: Images, folders and glob patterns.
        folder: The folder of ``EngineRuns``.

    Raises:
        UsageError: One is missing.
    """
    return make_plan(EnhanceRequest(input=InputOptions(sources=tuple(photos)), output=_output(folder)))


def _output(folder: Path) -> OutputOptions:
    # Photos of equal names from several folders get different names, as their results are in one folder.
    return OutputOptions(out=f"{folder / _RESULTS}/", on_exist=OnExist.RENAME)


class EngineRuns:
    """Enhances photos like ``lle enhance``, any number of times; the model is loaded once.

    Args:
        settings: How the photos are enhanced.
        folder: A folder for results, which is empty between the runs.
        interruption: Handles signals.
        on_warning: Called with each deviation from the settings.

    Raises:
        UnavailableError: The machine lacks the device.
        WeightsError: The weights are missing or damaged.
    """

    def __init__(
        self,
        settings: EnhanceSettings,
        folder: Path,
        interruption: Interruption,
        on_warning: Callable[[str], None],
    ) -> None:
        read = settings.read.model_copy(update={"frames": FramesPolicy.FIRST})
        request = EnhanceRequest(output=_output(folder), settings=settings.model_copy(update={"read": read}))
        self._out = folder / _RESULTS
        self.runner = make_runner(settings, on_warning=on_warning)
        self._session = EnhanceSession(request, Observer(), interruption, self.runner)
        self.config = make_pipeline_config(settings, self.runner.device)

    def run(self, plan: Plan, jobs: Sequence[Job]) -> TimedRun:
        """Enhances photos, and removes the results.

        Args:
            plan: From ``plan_photos``.
            jobs: Those of its jobs to do.

        Raises:
            KeyboardInterrupt: A signal arrived.
            LowlightError: The disk is full, or the device was lost.
        """
        part = replace(plan, jobs=tuple(jobs))
        try:
            with self._session.locked(part):
                reset_peak(self.runner.device)
                start = time.perf_counter()
                report = self._session.enhance(part)
                seconds = time.perf_counter() - start
        finally:
            shutil.rmtree(self._out, ignore_errors=True)
        self._check(report)
        return TimedRun(seconds, report, read_peak(self.runner.device))

    def _check(self, report: Report) -> None:
        if report.stopped_by is not None:
            raise Stopped(report.stopped_by - SIGNAL_BASE)
        if report.ended_by is not None:
            raise report.ended_by
        if report.exit_code == OutputError.exit_code:
            raise OutputError(
                f"the disk of '{self._out.parent}' is full; set TMPDIR to a folder on another disk"
            )
