"""Decides which jobs are made, skipped or in conflict, from existing outputs and the manifest."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.file_stat import FileStat, file_stat
from lowlight_cli.pipeline.journal import sha256_of_file
from lowlight_cli.pipeline.manifest import Entry
from lowlight_cli.pipeline.naming import alternative_names
from lowlight_cli.pipeline.plan import Action, Job, Plan
from lowlight_cli.pipeline.report import LASTING_FAILURES

UP_TO_DATE, EXISTS, BRIGHT, KNOWN_FAILURE = "up_to_date", "exists", "bright", "known_failure"
"""Codes of the reasons to skip an image."""


@dataclass(frozen=True, slots=True)
class ResumeState:
    """Manifest of earlier runs, and hashes of the settings of this run.

    Attributes:
        entries: Last entry of each result, by its key in the manifest.
        options: Hash of the settings that affect results.
        bright: That hash combined with the ``--only-dark`` threshold.
        failure: That hash combined with what decides whether an image can be read.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    options: str = ""
    bright: str = ""
    failure: str = ""


def resolve(plan: Plan, on_exist: OnExist, resume_state: ResumeState) -> Plan:
    """Marks the jobs to skip and those in conflict with existing files.

    Args:
        plan: Plan whose jobs are all to be made.
        on_exist: What to do when an output exists.
        resume_state: State of earlier runs.

    Raises:
        UsageError: An output exists, and ``on_exist`` is ``ERROR``.
    """
    if on_exist is OnExist.RENAME:
        taken = {job.target for job in plan.jobs}
        jobs = [_renamed(job, plan.folder, resume_state, taken) for job in plan.jobs]
    else:
        jobs = [_resolved(job, plan.folder, on_exist, resume_state) for job in plan.jobs]
    return replace(plan, jobs=tuple(jobs))


def skip_known_failures(plan: Plan, resume_state: ResumeState) -> Plan:
    """Skips images whose files could not be read by an earlier run, if neither they nor the settings changed.

    Args:
        plan: A resolved plan.
        resume_state: State of earlier runs.
    """
    jobs = (
        _skipped(job, KNOWN_FAILURE) if _is_known_failure(job, plan.folder, resume_state) else job
        for job in plan.jobs
    )
    return replace(plan, jobs=tuple(jobs))


def _is_known_failure(job: Job, folder: Path, resume_state: ResumeState) -> bool:
    entry = resume_state.entries.get(key_of(job.target, folder))
    if job.skip or entry is None or entry.status != "failed" or not entry.error:
        return False
    is_lasting = entry.error.get("code") in LASTING_FAILURES and entry.options == resume_state.failure
    return is_lasting and _is_same_input(job, entry)


def key_of(target: Path, folder: Path) -> str:
    """Key of a result in the manifest: its path relative to the output folder, with slashes."""
    start, whole = f"{folder}{os.sep}", str(target)
    below = whole[len(start) :] if whole.startswith(start) else os.path.relpath(target, folder)
    return below.replace(os.sep, "/")


def _resolved(job: Job, folder: Path, on_exist: OnExist, resume_state: ResumeState) -> Job:
    entry = resume_state.entries.get(key_of(job.target, folder))
    existing = file_stat(job.target)
    if existing is None and not _is_link(job.target):
        skips = on_exist is OnExist.RESUME and _is_known_bright(job, entry, resume_state)
        return _skipped(job, BRIGHT) if skips else job
    match on_exist:
        case OnExist.OVERWRITE:
            return job
        case OnExist.SKIP:
            return _skipped(job, EXISTS)
        case OnExist.ERROR:
            raise UsageError(f"'{job.target}' exists; choose another --on-exist to skip or overwrite it")
        case _:
            return _resumed(job, entry, existing, resume_state)


def _resumed(job: Job, entry: Entry | None, existing: FileStat | None, resume_state: ResumeState) -> Job:
    """Skips an up-to-date result, remakes an outdated one, and marks a foreign file as a conflict."""
    if entry is None or entry.out_sha256 is None or existing is None:
        return _conflict(job, "exists, and was not written by lle")
    if _is_known_bright(job, entry, resume_state):
        return _skipped(job, BRIGHT)
    is_same = _is_same_input(job, entry)
    if is_same and entry.status == "ok" and entry.options == resume_state.options:
        return _skipped(job, UP_TO_DATE)
    if not is_same and _belongs_to_other_input(job, entry):
        return _conflict(job, f"holds the result of '{entry.source}'")
    if not _is_unchanged_output(job.target, entry, existing):
        return _conflict(job, "was changed since lle wrote it")
    return job


def _is_known_bright(job: Job, entry: Entry | None, resume_state: ResumeState) -> bool:
    """Whether an earlier run with the same settings skipped the image as too bright."""
    if entry is None or entry.status != "skipped" or entry.options != resume_state.bright:
        return False
    return _is_same_input(job, entry)


def _is_same_input(job: Job, entry: Entry) -> bool:
    """Whether the input has the size and modification time of the entry, even if it was moved."""
    stat = job.stat
    return stat is not None and (stat.size, stat.mtime_ns) == (entry.in_size, entry.in_mtime_ns)


def _belongs_to_other_input(job: Job, entry: Entry) -> bool:
    """Whether the entry belongs to another input that still exists."""
    return entry.source != absolute(job.source) and Path(entry.source).exists()


def _is_unchanged_output(target: Path, entry: Entry, existing: FileStat) -> bool:
    """Whether a result is unchanged since lle wrote it."""
    if existing.size != entry.out_size:
        return False
    return existing.mtime_ns == entry.out_mtime_ns or sha256_of_file(target) == entry.out_sha256


def _renamed(job: Job, folder: Path, resume_state: ResumeState, taken: set[Path]) -> Job:
    """The job under the first unused name, or skipped if a name before it holds its up-to-date result."""
    candidate = job
    names = alternative_names(job.target, job.source.name)
    while (existing := file_stat(candidate.target)) is not None or _is_link(candidate.target):
        entry = resume_state.entries.get(key_of(candidate.target, folder))
        if _resumed(candidate, entry, existing, resume_state).reason == UP_TO_DATE:
            return _skipped(candidate, UP_TO_DATE)
        candidate = replace(job, target=next(name for name in names if name not in taken))
    taken.add(candidate.target)
    return candidate


def _is_link(path: Path) -> bool:
    """Whether a path is a symbolic link, even a broken one; False for a name that is too long."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def _skipped(job: Job, reason: str) -> Job:
    return replace(job, action=Action.SKIP, reason=reason)


def _conflict(job: Job, reason: str) -> Job:
    return replace(job, action=Action.CONFLICT, reason=reason)


def absolute(path: Path) -> str:
    """Absolute path, with symbolic links not resolved."""
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps "..", and resolve follows links
