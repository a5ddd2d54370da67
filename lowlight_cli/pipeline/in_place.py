"""Plans in-place runs, skips images that were enhanced before, and backs up originals."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lowlight_cli.errors import ImageError, UsageError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.pipeline.file_stat import file_stat
from lowlight_cli.pipeline.journal import sha256_of_file
from lowlight_cli.pipeline.plan import Action, Job, Plan, Source, find_images
from lowlight_cli.pipeline.resume import UP_TO_DATE, ResumeState, key_of
from lowlight_cli.pipeline.scan import Selection


def plan_in_place(
    sources: Sequence[Source], *, selection: Selection = Selection(), leave_out: Sequence[Path] = ()
) -> Plan:
    """Jobs whose result replaces their source; the manifest is kept in their common parent folder.

    Args:
        sources: Images, and folders of images.
        selection: Which files of folders are read.
        leave_out: Folders that are not searched, such as the backup folder.

    Raises:
        UsageError: An input is missing.
    """
    for source in sources:
        if not source.listed and not source.path.exists():
            raise UsageError(f"no such file or folder: '{source.path}'")
    roots = [source.path if source.path.is_dir() else source.path.parent for source in sources]
    folder = Path(os.path.commonpath([root.absolute() for root in roots])) if len(roots) > 1 else roots[0]
    found = find_images(sources, selection, leave_out)
    jobs: dict[Path, Job] = {}
    for path, _ in found.images:
        relative = Path(key_of(path, folder))
        jobs.setdefault(path, Job(path, path, relative=relative, stat=file_stat(path)))
    ignored, closed, loops = map(tuple, (found.ignored, found.closed, found.loops))
    return Plan(tuple(jobs.values()), folder, ignored, closed, loops, unselected=found.unselected)


def resolve_in_place(plan: Plan, resume_state: ResumeState) -> Plan:
    """Marks images that are results of earlier runs as skipped or in conflict, whatever ``--on-exist`` says.

    Args:
        plan: Plan whose jobs are all to be made.
        resume_state: State of earlier runs.
    """
    return replace(plan, jobs=tuple(_resolved(job, plan.folder, resume_state) for job in plan.jobs))


def _resolved(job: Job, folder: Path, resume_state: ResumeState) -> Job:
    entry = resume_state.entries.get(key_of(job.target, folder))
    if entry is None or entry.out_sha256 is None or job.stat is None or job.stat.size != entry.out_size:
        return job
    if job.stat.mtime_ns != entry.out_mtime_ns and sha256_of_file(job.source) != entry.out_sha256:
        return job
    if entry.status == "ok" and entry.options == resume_state.options:
        return replace(job, action=Action.SKIP, reason=UP_TO_DATE)
    reason = "was enhanced in place with other options; put the original back first"
    return replace(job, action=Action.CONFLICT, reason=reason)


class Backup:
    """Copies originals to a backup folder before they are replaced.

    Args:
        folder: Backup folder; it mirrors the tree of the inputs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, job: Job) -> None:
        """Backs up the source of a job; an existing backup is never replaced.

        Raises:
            ImageError: The backup cannot be written.
        """
        try:
            target = self._free_name(job)
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                _link_or_copy(job.source, target)
        except OSError as error:
            raise ImageError(
                "write", f"cannot write a backup to '{self._folder}': {error.strerror}"
            ) from error

    def _free_name(self, job: Job) -> Path | None:
        """First unused path; None if a backup with the same content exists."""
        target = self._folder / job.relative
        number = 1
        while os.path.lexists(target):
            if sha256_of_file(target) == sha256_of_file(job.source):
                return None
            number += 1
            target = target.with_name(f"{job.relative.stem}-{number}{job.relative.suffix}")
        return target


def _link_or_copy(source: Path, target: Path) -> None:
    """Creates a hard link, or a verified copy if links are not possible.

    Args:
        source: The original.
        target: An unused path.

    Raises:
        OSError: The copy cannot be written, or differs.
    """
    if not source.is_symlink():
        with suppress(OSError):
            target.hardlink_to(source)
            return
    data = source.read_bytes()
    replace_file(target, data, attributes_of=source)
    shutil.copystat(source, target)
    if hashlib.sha256(data).hexdigest() != sha256_of_file(target):
        raise OSError(0, "the copy differs from the original")
