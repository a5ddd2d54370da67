"""Runs one enhancement request: plan, resume, lock, enhance, record."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from lowlight_cli.errors import OutputError
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.pipeline.choices import RetryFailed
from lowlight_cli.pipeline.control_support import ControlHandler, control_handlers
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.fingerprint import (
    bright_fingerprint,
    checkpoint_digest,
    failure_fingerprint,
    fingerprint,
    preset_of,
)
from lowlight_cli.pipeline.in_place import Backup, resolve_in_place
from lowlight_cli.pipeline.manifest import read_manifest
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.output_folder import hold, is_clean, manifest_stats
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.plan_request import make_plan
from lowlight_cli.pipeline.report import Report, Row, rows_without_work
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.resume import KNOWN_FAILURE, ResumeState, resolve, skip_known_failures
from lowlight_cli.pipeline.run_log import RunInfo, RunLog, listed_failures
from lowlight_cli.pipeline.signals import Interruption
from lowlight_cli.versions import version_of

if TYPE_CHECKING:
    from lowlight_cli.pipeline.model_runner import ModelRunner


def enhance(request: EnhanceRequest, observer: Observer | None = None) -> Report:
    """Enhances the images of a request; one that fails is a row of the report and does not end the run.

    Args:
        request: What to do.
        observer: Notified of each event of the run.

    Raises:
        LowlightError: The run could not start.
    """
    run = _RunSpec.of(request)
    return _run(make_plan(request), run, observer or Observer())


def resolved_plan(request: EnhanceRequest) -> Plan:
    """Plan of a run, with jobs marked that would be skipped or are in conflict; nothing is written.

    Raises:
        LowlightError: As ``enhance``.
    """
    run = _RunSpec.of(request)
    return _resolved(make_plan(request), run)[0]


def enhance_plan(plan: Plan, request: EnhanceRequest, observer: Observer | None = None) -> Report:
    """Enhances the images of a plan. If all are skipped, no model is loaded and nothing is written.

    Args:
        plan: Jobs, none of them resolved.
        request: How to enhance them; its inputs are ignored.
        observer: Notified of each event of the run.

    Raises:
        OutputError: The output folder cannot be written to.
        LockedError: Another run uses the output folder.
        UsageError: An output exists, and ``on_exist`` is ``ERROR``.
        WeightsError: The weights are missing or damaged.
        UnavailableError: The machine lacks the device.
    """
    return _run(plan, _RunSpec.of(request), observer or Observer())


class EnhanceSession:
    """Runs plans one after the other into one output folder, under one lock; the model is loaded once.

    Args:
        request: How to enhance; its inputs are ignored.
        observer: Notified of each event of each run.
        interruption: Handles signals between the runs; one that arrives while the model is loaded ends the
            run at its start.

    Raises:
        WeightsError: The weights are missing.
    """

    def __init__(self, request: EnhanceRequest, observer: Observer, interruption: Interruption) -> None:
        self._run = _RunSpec.of(request)
        self._observer = observer
        self._loaded = _Loaded(interruption=interruption)

    def locked(self, plan: Plan) -> AbstractContextManager[None]:
        """Holds the lock of the output folder; what a killed run left behind is cleaned up first.

        Args:
            plan: Names the folder, and the targets whose temporary files are removed.

        Raises:
            OutputError: The output folder cannot be written to.
            LockedError: Another run uses the output folder.
        """
        check_writable_folder(plan.folder)
        return hold(plan, self._run.request.output.lock_timeout_s, self._observer.warning)

    def enhance(self, plan: Plan) -> Report:
        """Enhances the images of a plan, like ``enhance_plan``; call it inside ``locked``."""
        run = replace(self._run, info=replace(self._run.info, run=_run_name()))
        self._observer.planned(plan)
        resolved, state = _resolved(plan, run)
        return _enhance_recorded(resolved, run, self._observer, state, self._loaded)


def _run_name() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{uuid4().hex[:4]}"


@dataclass(slots=True)
class _Loaded:
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
class _RunSpec:
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
    def of(request: EnhanceRequest) -> "_RunSpec":
        settings = request.settings
        handlers = control_handlers(settings.model, settings.controls)
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
        return _RunSpec(request, info, handlers, options, bright, failure)


@dataclass(frozen=True, slots=True)
class _Recording:
    """Callbacks that record a run."""

    on_row: Callable[[Row], None]
    begin: Callable[[RunInfo], None] = lambda info: None
    before_write: Callable[[Job, int, str], None] = lambda job, size, sha256: None


@dataclass(frozen=True, slots=True)
class _Earlier(ResumeState):
    """Resume state with the stats of the manifest files it was read from."""

    manifest_stats: tuple[FileStat | None, ...] = ()


def _run(plan: Plan, run: _RunSpec, observer: Observer) -> Report:
    observer.planned(plan)
    resolved, state = _resolved(plan, run)
    failures = listed_failures(plan.folder, plan.records)
    is_listed = failures is not None or all(job.reason != KNOWN_FAILURE for job in resolved.jobs)
    if all(job.skip for job in resolved.jobs) and is_listed and is_clean(plan):
        report = _enhance(resolved, run, observer, _Recording(on_row=observer.item), _Loaded())
        return replace(report, failures=failures)
    check_writable_folder(plan.folder)
    if not run.request.writes_manifest:
        return _enhance(plan, run, observer, _Recording(on_row=observer.item), _Loaded())
    with hold(plan, run.request.output.lock_timeout_s, observer.warning):
        if manifest_stats(plan) != state.manifest_stats:
            # Another run wrote while this one waited, or results of a killed run were recovered.
            resolved, state = _resolved(plan, run)
        return _enhance_recorded(resolved, run, observer, state, _Loaded())


def _resolved(plan: Plan, run: _RunSpec) -> tuple[Plan, _Earlier]:
    """The plan with jobs marked to skip or in conflict, and the state of earlier runs."""
    if not run.request.writes_manifest:
        return plan, _Earlier({}, run.options, run.bright, run.failure)
    stats = manifest_stats(plan)
    entries = read_manifest(plan.folder)
    state = _Earlier(entries, run.options, run.bright, run.failure, manifest_stats=stats)
    output = run.request.output
    resolved = (resolve_in_place if output.in_place else resolve)(plan, output.on_exist, state)
    if plan.single or output.retry_failed is RetryFailed.ALWAYS:
        return resolved, state
    return skip_known_failures(resolved, state), state


def _enhance_recorded(
    plan: Plan, run: _RunSpec, observer: Observer, state: ResumeState, loaded: _Loaded
) -> Report:
    """Enhances, and records each row in the output folder; see ``enhance_plan``."""
    log = RunLog(plan, state, loaded.failed)
    backup_dir = run.request.output.backup_dir
    backup = Backup(backup_dir) if backup_dir else None

    def on_row(row: Row) -> None:
        log.record(row)
        observer.item(row)

    def before_write(job: Job, size: int, sha256: str) -> None:
        log.before_write(job, size, sha256)
        if backup:
            backup.keep(job)

    try:
        report = _enhance(plan, run, observer, _Recording(on_row, log.begin, before_write), loaded)
    except BaseException:
        with suppress(OutputError):  # the first error counts
            log.close(is_complete=False)
        raise
    failures: Path | None = None
    try:
        failures = log.close(is_complete=True)
    except OutputError:
        if report.exit_code != OutputError.exit_code:
            raise  # else the report already says that the disk is full
    return replace(report, failures=failures)


def _enhance(plan: Plan, run: _RunSpec, observer: Observer, recording: _Recording, loaded: _Loaded) -> Report:
    """Loads the model, unless it is loaded, and enhances the images not skipped; see ``enhance_plan``."""
    todo = sum(not job.skip for job in plan.jobs)
    if not todo:
        recording.begin(run.info)
        observer.start(plan, run.info, run.handlers)
        rows = rows_without_work(plan)
        for row in rows:
            recording.on_row(row)
        return Report(rows, 0.0, len(plan.ignored))

    def start(device: str, precision: str, reason: str) -> RunInfo:
        info = replace(run.info, device=device, precision=precision)
        recording.begin(info)
        observer.start(plan, info, run.handlers, reason)
        return info

    settings = run.request.settings
    if settings.names_several_devices:
        # Importing torch takes seconds, so do it only after the arguments are validated.
        from lowlight_cli.device import expand_devices

        devices = expand_devices(settings.device)
        if len(devices) > 1 and todo > 1:
            from lowlight_cli.pipeline.worker_pool import run_on_devices

            return run_on_devices(plan, run.request, devices, run.options, observer, recording.on_row, start)
        settings = settings.model_copy(update={"device": devices[0]})
    from lowlight_cli.pipeline.engine import run_plan
    from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner

    runner = loaded.runner = loaded.runner or make_runner(settings, on_warning=observer.warning)
    start(str(runner.device), runner.precision.name, runner.precision_reason)
    config = make_pipeline_config(settings, runner.device)
    with observer.progress(todo):
        return run_plan(
            plan, runner, config,
            on_row=recording.on_row, before_write=recording.before_write,
            on_crash=observer.crash, on_work=observer.working, interruption=loaded.interruption,
        )  # fmt: skip
