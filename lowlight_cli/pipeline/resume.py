"""Which results are made: looks at what lies there, and at the book that earlier runs kept."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.file_stat import FileStat, file_stat
from lowlight_cli.pipeline.journal import sha256_of_file
from lowlight_cli.pipeline.manifest import Entry
from lowlight_cli.pipeline.naming import beside
from lowlight_cli.pipeline.plan import Action, Job, Plan

UP_TO_DATE, EXISTS, BRIGHT = "up_to_date", "exists", "bright"
"""Short reasons for which a picture is skipped."""


@dataclass(frozen=True, slots=True)
class ResumeState:
    """What earlier runs left, and what this one would do.

    Attributes:
        entries: Last entry of each result, by its path relative to the folder of results.
        options: Hash of what would change pixels or files.
        bright: The same, with the brightness above which pictures are skipped.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    options: str = ""
    bright: str = ""


def resolve(plan: Plan, on_exist: OnExist, resume_state: ResumeState) -> Plan:
    """Decides for each job whether it is made, skipped or left alone.

    Args:
        plan: Jobs that would all be made.
        on_exist: What to do about results that are there.
        resume_state: What earlier runs left.

    Raises:
        UsageError: A result is there, and ``on_exist`` is ``ERROR``.
    """
    if on_exist is OnExist.RENAME:
        taken = {job.target for job in plan.jobs}
        jobs = [_beside(job, plan.folder, resume_state, taken) for job in plan.jobs]
    else:
        jobs = [_resolved(job, plan.folder, on_exist, resume_state) for job in plan.jobs]
    return replace(plan, jobs=tuple(jobs))


def key_of(target: Path, folder: Path) -> str:
    """A result relative to the folder of results, with slashes: its key in the manifest."""
    start, whole = f"{folder}{os.sep}", str(target)
    below = whole[len(start) :] if whole.startswith(start) else os.path.relpath(target, folder)
    return below.replace(os.sep, "/")


def _resolved(job: Job, folder: Path, on_exist: OnExist, resume_state: ResumeState) -> Job:
    entry = resume_state.entries.get(key_of(job.target, folder))
    there = file_stat(job.target)
    if there is None and not _is_link(job.target):
        skips = on_exist is OnExist.RESUME and _is_known_bright(job, entry, resume_state)
        return _skipped(job, BRIGHT) if skips else job
    match on_exist:
        case OnExist.OVERWRITE:
            return job
        case OnExist.SKIP:
            return _skipped(job, EXISTS)
        case OnExist.ERROR:
            raise UsageError(f"'{job.target}' exists already; another --on-exist decides what to do")
        case _:
            return _resumed(job, entry, there, resume_state)


def _resumed(job: Job, entry: Entry | None, there: FileStat | None, resume_state: ResumeState) -> Job:
    """Skips what is up to date, makes again what changed, and leaves alone what is not ours."""
    if entry is None or entry.out_sha256 is None or there is None:
        return _conflict(job, "exists, and was not written by lle")
    if _is_known_bright(job, entry, resume_state):
        return _skipped(job, BRIGHT)
    is_same = _is_same(job, entry)
    if is_same and entry.status == "ok" and entry.options == resume_state.options:
        return _skipped(job, UP_TO_DATE)
    if not is_same and _is_of_another(job, entry):
        return _conflict(job, f"holds the result of '{entry.source}'")
    if not _is_ours(job.target, entry, there):
        return _conflict(job, "was changed since lle wrote it")
    return job


def _is_known_bright(job: Job, entry: Entry | None, resume_state: ResumeState) -> bool:
    """Whether the picture was found too bright before, by the same measure."""
    if entry is None or entry.status != "skipped" or entry.options != resume_state.bright:
        return False
    return _is_same(job, entry)


def _is_same(job: Job, entry: Entry) -> bool:
    """Whether the input is the one that the entry speaks of, wherever it lies now."""
    facts = job.facts
    return facts is not None and (facts.size, facts.mtime_ns) == (entry.in_size, entry.in_mtime_ns)


def _is_of_another(job: Job, entry: Entry) -> bool:
    """Whether the entry speaks of another picture, which is still there."""
    return entry.source != absolute(job.source) and Path(entry.source).exists()


def _is_ours(target: Path, entry: Entry, there: FileStat) -> bool:
    """Whether a file is as it was written."""
    if there.size != entry.out_size:
        return False
    return there.mtime_ns == entry.out_mtime_ns or sha256_of_file(target) == entry.out_sha256


def _beside(job: Job, folder: Path, resume_state: ResumeState, taken: set[Path]) -> Job:
    """The first free name, unless an up-to-date result stands under one before it."""
    candidate = job
    names = beside(job.target, job.source.name)
    while (there := file_stat(candidate.target)) is not None or _is_link(candidate.target):
        entry = resume_state.entries.get(key_of(candidate.target, folder))
        if _resumed(candidate, entry, there, resume_state).reason == UP_TO_DATE:
            return _skipped(candidate, UP_TO_DATE)
        candidate = replace(job, target=next(name for name in names if name not in taken))
    taken.add(candidate.target)
    return candidate


def _is_link(path: Path) -> bool:
    """Whether a link lies there, also one that leads nowhere; nothing lies under a name that is too long."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def _skipped(job: Job, reason: str) -> Job:
    return replace(job, action=Action.SKIP, reason=reason)


def _conflict(job: Job, reason: str) -> Job:
    return replace(job, action=Action.CONFLICT, reason=reason)


def absolute(path: Path) -> str:
    """A path from the root, links kept as they are."""
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps "..", and resolve follows links
