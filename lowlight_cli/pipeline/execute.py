"""Enhances the images of a resolved plan: in this process, one for each of several devices, or in Ray."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from lowlight_cli.pipeline.choices import Engine
from lowlight_cli.pipeline.control_support import ControlHandler, control_handlers
from lowlight_cli.pipeline.fingerprint import (
    bright_fingerprint,
    checkpoint_digest,
    failure_fingerprint,
    fingerprint,
    preset_of,
)
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Report, Row, rows_without_work
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.signals import Interruption
from lowlight_cli.versions import version_of

if TYPE_CHECKING:
    from lowlight_cli.pipeline.model_runner import ModelRunner


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A request with what is derived from it.

    Attributes:
        request: What to do.
        info: Manifest fields that all images of the run share.
        handlers: What applies each control that was set.
        options: Hash of the settings that affect results.
        bright: That hash combined with the ``--only-dark`` threshold.
        failure: That hash combined with what decides whether an image can be read.
    """

    request: EnhanceRequest
    info: RunInfo
    handlers: Mapping[str, ControlHandler]
    options: str
    bright: str
    failure: str

    @staticmethod
    def of(request: EnhanceRequest) -> "RunSpec":
        """A request with what is derived from it.

        Raises:
            UsageError: The model lacks a control that was set.
            WeightsError: The weights are missing.
        """
        settings = request.settings
        handlers = control_handlers(
            settings.model, settings.controls, preset=settings.preset, checkpoint=settings.checkpoint
        )
        digest = checkpoint_digest(settings)
        options = fingerprint(settings, digest)
        info = RunInfo(
            run=_run_name(),
            version=version_of("lowlight-cli") or "uninstalled",
            model=settings.model,
            preset=preset_of(settings),
            checkpoint_sha256=digest,
            controls={**settings.controls.recorded(), "strength": settings.strength},
        )
        bright, failure = bright_fingerprint(options, settings), failure_fingerprint(options, settings)
        return RunSpec(request, info, handlers, options, bright, failure)

    def named_now(self) -> "RunSpec":
        """The same with a new identifier.

        Entries of several manifests are ordered by it, so it must be as late as the lock of the folder: what
        another run recorded meanwhile is older.
        """
        return replace(self, info=replace(self.info, run=_run_name()))


def _run_name() -> str:
    """A new identifier of a run; starts with the time in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{uuid4().hex[:4]}"


@dataclass(slots=True)
class SessionState:
    """What runs of one session share.

    Attributes:
        runner: The model, once it is loaded.
        failed: Lines of the lists of failures; keys of a dictionary, to keep their order.
        interruption: Handles the signals; None leaves that to each run.
    """

    runner: "ModelRunner | None" = None
    failed: dict[bytes, None] = field(default_factory=dict)
    interruption: Interruption | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Callbacks that record a run."""

    on_row: Callable[[Row], None]
    begin: Callable[[RunInfo], None] = lambda info: None
    before_write: Callable[[Job, int, str], None] = lambda job, size, sha256: None


def execute(
    plan: Plan, run: RunSpec, observer: Observer, recording: Recording, state: SessionState
) -> Report:
    """Loads the model, unless it is loaded, and enhances the images that are not to be skipped.

    Args:
        plan: The resolved plan.
        run: How to enhance.
        observer: Notified of each event but rows, which ``recording`` receives.
        recording: Records the run.
        state: Holds the model if it is loaded, and receives it.

    Raises:
        UsageError: ``--device`` is not valid, or the model cannot use an option.
        WeightsError: The weights are missing or damaged.
        UnavailableError: The machine lacks a device.
    """
    todo = sum(not job.skip for job in plan.jobs)
    if not todo:
        return _without_work(plan, run, observer, recording)
    start = partial(_start, plan, run, observer, recording)
    settings = run.request.settings
    if run.request.engine is Engine.RAY:
        from lowlight_cli.pipeline.ray_run import run_on_ray

        return run_on_ray(plan, run.request, run.options, observer, recording.on_row, start)
    if settings.names_several_devices:
        # Importing torch takes seconds, so do it only after the arguments are validated.
        from lowlight_cli.device import expand_devices

        devices = expand_devices(settings.device)
        if len(devices) > 1 and todo > 1:
            from lowlight_cli.pipeline.device_run import run_on_devices

            return run_on_devices(plan, run.request, devices, run.options, observer, recording.on_row, start)
        settings = settings.model_copy(update={"device": devices[0]})
    from lowlight_cli.pipeline.engine import run_plan
    from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner

    runner = state.runner = state.runner or make_runner(settings, on_warning=observer.warning)
    start(str(runner.device), runner.precision.name, runner.precision_reason)
    config = make_pipeline_config(settings, runner.device)
    with observer.progress(todo):
        return run_plan(
            plan, runner, config,
            on_row=recording.on_row, before_write=recording.before_write,
            on_crash=observer.crash, on_work=observer.working, interruption=state.interruption,
        )  # fmt: skip


def _without_work(plan: Plan, run: RunSpec, observer: Observer, recording: Recording) -> Report:
    recording.begin(run.info)
    observer.start(plan, run.info, run.handlers)
    rows = rows_without_work(plan)
    for row in rows:
        recording.on_row(row)
    return Report(rows, 0.0, len(plan.ignored))


def _start(
    plan: Plan,
    run: RunSpec,
    observer: Observer,
    recording: Recording,
    device: str,
    precision: str,
    reason: str,
) -> RunInfo:
    """Notes that the model is loaded; returns what all images of the run share."""
    info = replace(run.info, device=device, precision=precision)
    recording.begin(info)
    observer.start(plan, info, run.handlers, reason)
    return info
