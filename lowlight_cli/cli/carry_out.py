"""Carries a plan out: lock, books, model, pictures, lists of failures."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.cli.reporter import Reporter
from lowlight_cli.errors import OutputError
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.in_place import Backup, resolve_in_place
from lowlight_cli.pipeline.journal import journal_path, recover, remove_temp_files
from lowlight_cli.pipeline.lock import output_lock
from lowlight_cli.pipeline.manifest import read_manifest
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Report, Row, rows_without_work
from lowlight_cli.pipeline.resume import ResumeState, resolve
from lowlight_cli.pipeline.run_log import RunInfo, RunLog

if TYPE_CHECKING:
    from lowlight_cli.pipeline.settings import EnhanceSettings


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms results are written.

    Attributes:
        on_exist: What to do about results that are there.
        in_place: Whether results replace the originals.
        backup_dir: Where originals are kept then; None throws them away.
        lock_timeout_s: Seconds to wait for another run.
        writes_manifest: Whether there is a manifest; not for what goes to stdout.
    """

    on_exist: OnExist = OnExist.RESUME
    in_place: bool = False
    backup_dir: Path | None = None
    lock_timeout_s: float = 0.0
    writes_manifest: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """Everything that is known of a run besides its plan.

    Attributes:
        settings: How pictures are enhanced.
        terms: On what terms results are written.
        resume_state: The hashes of the options.
        facts: What all pictures have in common.
        handlers: Who acts on each control that is turned.
    """

    settings: "EnhanceSettings"
    terms: Terms
    resume_state: ResumeState
    facts: RunInfo
    handlers: "Mapping[str, Actor]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        report: What became of each picture.
        failures: List of those that failed, if any.
    """

    report: Report
    failures: Path | None = None


@dataclass(frozen=True, slots=True)
class _Listeners:
    """Who is told what, while pictures are made."""

    begin: Callable[[RunInfo], None]
    before_write: Callable[[Job, int, str], None]
    on_row: Callable[[Row], None]


def resolved(plan: Plan, task: Task) -> Plan:
    """The plan, with what need not or must not be made marked.

    Args:
        plan: Jobs that would all be made.
        task: The run.

    Raises:
        UsageError: A result is there, and that is not to be.
    """
    if not task.terms.writes_manifest:
        return plan
    resume_state = replace(task.resume_state, entries=read_manifest(plan.folder))
    return (resolve_in_place if task.terms.in_place else resolve)(plan, task.terms.on_exist, resume_state)


def carry_out(plan: Plan, task: Task, voice: Reporter) -> Outcome:
    """Makes what is to be made; where that is nothing, no model is loaded and nothing is written.

    Args:
        plan: Jobs that would all be made.
        task: The run.
        voice: Is told what happens.

    Raises:
        OutputError: The folder of the results cannot be written to.
        LockedError: Another run writes there.
    """
    plain = _Listeners(lambda facts: None, lambda job, size, sha256: None, voice.item)
    before = resolved(plan, task)
    if all(job.skip for job in before.jobs) and not journal_path(plan.folder).exists():
        return Outcome(_enhance(before, task, voice, plain))
    check_writable_folder(plan.folder)
    if not task.terms.writes_manifest:
        return Outcome(_enhance(plan, task, voice, plain))

    def tidy() -> None:
        recover(plan.folder)
        remove_temp_files(plan.folder, [job.target for job in plan.jobs])

    timeout_s = task.terms.lock_timeout_s
    with output_lock(plan.folder, timeout_s=timeout_s, shared=plan.single, when_alone=tidy):
        return _with_books(resolved(plan, task), task, voice)


def _with_books(plan: Plan, task: Task, voice: Reporter) -> Outcome:
    """Enhances, and notes what became of each picture; see ``carry_out``."""
    recorder = RunLog(plan, replace(task.resume_state, entries=read_manifest(plan.folder)))
    backup = Backup(task.terms.backup_dir) if task.terms.backup_dir else None

    def note(row: Row) -> None:
        recorder.note(row)
        voice.item(row)

    def before_write(job: Job, size: int, sha256: str) -> None:
        recorder.before_write(job, size, sha256)
        if backup:
            backup.keep(job)

    try:
        report = _enhance(plan, task, voice, _Listeners(recorder.begin, before_write, note))
    except BaseException:
        with suppress(OutputError):  # the first error counts
            recorder.close(is_whole=False)
        raise
    try:
        return Outcome(report, recorder.close(is_whole=True))
    except OutputError:
        if report.exit_code != OutputError.exit_code:
            raise
        return Outcome(report)  # the disk is full, and that was told


def _enhance(plan: Plan, task: Task, voice: Reporter, listeners: _Listeners) -> Report:
    """Loads the model and runs the plan, or tells why nothing is made; see ``carry_out``."""
    todo = sum(not job.skip for job in plan.jobs)
    if not todo:
        listeners.begin(task.facts)
        voice.start(plan, task.facts, task.handlers)
        rows = rows_without_work(plan)
        for row in rows:
            listeners.on_row(row)
        return Report(rows, 0.0, len(plan.ignored))

    # Importing torch takes seconds: only after the arguments are known to be good.
    from lowlight_cli.pipeline.engine import run_plan
    from lowlight_cli.pipeline.model_setup import describe, make_pipeline_config, make_runner

    runner = make_runner(task.settings, on_notice=voice.notice)
    about = describe(task.settings, runner)
    facts = replace(task.facts, device=about["device"] or "", precision=about["precision"] or "")
    listeners.begin(facts)
    voice.start(plan, facts, task.handlers, runner.precision_reason)
    config = make_pipeline_config(task.settings, runner.device)
    with voice.progress(todo):
        return run_plan(
            plan,
            runner,
            config,
            on_row=listeners.on_row,
            before_write=listeners.before_write,
            on_crash=voice.crash,
        )
