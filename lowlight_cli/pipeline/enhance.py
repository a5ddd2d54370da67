"""Runs one enhancement request: plan, resume, lock, enhance, record."""

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.errors import OutputError
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.pipeline.choices import Engine, RetryFailed
from lowlight_cli.pipeline.execute import Recording, RunSpec, SessionState, execute
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.in_place import Backup, resolve_in_place
from lowlight_cli.pipeline.manifest import read_manifest
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.output_folder import hold, is_clean, manifest_stats
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.plan_request import make_plan
from lowlight_cli.pipeline.report import Report, Row
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.resume import KNOWN_FAILURE, ResumeState, resolve, skip_known_failures
from lowlight_cli.pipeline.run_log import RunLog, listed_failures
from lowlight_cli.pipeline.signals import Interruption

if TYPE_CHECKING:  # so that it loads without torch
    from lowlight_cli.pipeline.model_runner import ModelRunner


def enhance(request: EnhanceRequest, observer: Observer | None = None) -> Report:
    """Enhances the images of a request; one that fails is a row of the report and does not end the run.

    Args:
        request: What to do.
        observer: Notified of each event of the run.

    Raises:
        LowlightError: The run could not start.
    """
    run = RunSpec.of(request)
    return _run(make_plan(request), run, observer or Observer())


def resolved_plan(request: EnhanceRequest) -> Plan:
    """Plan of a run, with jobs marked that would be skipped or are in conflict; nothing is written.

    Raises:
        LowlightError: As ``enhance``.
    """
    run = RunSpec.of(request)
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
    return _run(plan, RunSpec.of(request), observer or Observer())


class EnhanceSession:
    """Runs plans one after the other into one output folder, under one lock; the model is loaded once.

    Args:
        request: How to enhance; its inputs are ignored.
        observer: Notified of each event of each run.
        interruption: Handles signals between the runs; one that arrives while the model is loaded ends the
            run at its start.
        runner: The model, if it is loaded already.

    Raises:
        WeightsError: The weights are missing.
    """

    def __init__(
        self,
        request: EnhanceRequest,
        observer: Observer,
        interruption: Interruption,
        runner: "ModelRunner | None" = None,
    ) -> None:
        self._run = RunSpec.of(request)
        self._observer = observer
        self._state = SessionState(runner, interruption=interruption)

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
        run = self._run.named_now()
        self._observer.planned(plan)
        resolved, state = _resolved(plan, run)
        return _enhance_recorded(resolved, run, self._observer, state, self._state)


@dataclass(frozen=True, slots=True)
class _Earlier(ResumeState):
    """Resume state with the stats of the manifest files it was read from."""

    manifest_stats: tuple[tuple[str, FileStat | None], ...] = ()


def _run(plan: Plan, run: RunSpec, observer: Observer) -> Report:
    if run.request.engine is Engine.RAY:
        from lowlight_cli.pipeline.ray_cluster import check_installed

        check_installed()
    observer.planned(plan)
    found = _resolved(plan, run) if is_clean(plan) else None
    if found and _is_done(found[0]) and _is_current(plan, found[1]):
        report = execute(found[0], run, observer, Recording(on_row=observer.item), SessionState())
        return replace(report, failures=listed_failures(plan.folder, plan.records))
    check_writable_folder(plan.folder)
    if not run.request.writes_manifest:
        return execute(plan, run, observer, Recording(on_row=observer.item), SessionState())
    with hold(plan, run.request.output.lock_timeout_s, observer.warning):
        run = run.named_now()
        if not (found and _is_current(plan, found[1])):
            # Another run wrote while this one planned or waited, or results of a killed run were recovered.
            found = _resolved(plan, run)
        return _enhance_recorded(found[0], run, observer, found[1], SessionState())


def _is_done(plan: Plan) -> bool:
    """Whether a resolved plan leaves nothing to do, and known failures are listed."""
    if not all(job.skip for job in plan.jobs):
        return False
    has_known_failures = any(job.reason == KNOWN_FAILURE for job in plan.jobs)
    return not has_known_failures or listed_failures(plan.folder, plan.records) is not None


def _is_current(plan: Plan, state: _Earlier) -> bool:
    """Whether no other run has recorded anything since the manifest was read."""
    return not state.manifest_stats or manifest_stats(plan) == state.manifest_stats


def _resolved(plan: Plan, run: RunSpec) -> tuple[Plan, _Earlier]:
    """The plan with jobs marked to skip or in conflict, and the state of earlier runs."""
    if not run.request.writes_manifest:
        return plan, _Earlier({}, run.options, run.bright, run.failure)
    stats = manifest_stats(plan)
    entries = read_manifest(plan.folder)
    state = _Earlier(entries, run.options, run.bright, run.failure, manifest_stats=stats)
    output = run.request.output
    resolved = resolve_in_place(plan, state) if output.in_place else resolve(plan, output.on_exist, state)
    if plan.single or output.retry_failed is RetryFailed.ALWAYS:
        return resolved, state
    return skip_known_failures(resolved, state), state


def _enhance_recorded(
    plan: Plan, run: RunSpec, observer: Observer, state: ResumeState, session: SessionState
) -> Report:
    """Enhances, and records each row in the output folder; see ``enhance_plan``."""
    log = RunLog(plan, state, session.failed)
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
        report = execute(plan, run, observer, Recording(on_row, log.begin, before_write), session)
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
