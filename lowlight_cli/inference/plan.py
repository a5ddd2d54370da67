"""Inputs -> jobs: which file becomes which; clashes are refused here, before any work."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import FORMATS, format_of, result_format
from lowlight_cli.inference.choices import OnExist
from lowlight_cli.inference.scan import scan_folder


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to enhance.

    Attributes:
        source: File to read.
        target: File to write.
        skip: Whether the result is there and stays.
    """

    source: Path
    target: Path
    skip: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run will do; no pixel has been read yet.

    Attributes:
        jobs: In the order of the inputs, then in natural order; targets are unique.
        folder: Folder that holds every target.
        ignored: Files in the scanned folders that are not named like pictures.
        closed: Folders that could not be listed.
    """

    jobs: tuple[Job, ...]
    folder: Path
    ignored: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()


def plan_jobs(
    sources: Sequence[Path],
    out: str,
    *,
    recursive: bool = True,
    on_exist: OnExist = OnExist.SKIP,
    format_name: str | None = None,
) -> Plan:
    """Decides what is read and written.

    ``out`` is a folder if it exists as one, ends in a slash, or if there is more than one input or a folder
    among them; else it is the file to write. The tree of a folder is mirrored under ``out``.

    Args:
        sources: Pictures, and folders of pictures.
        out: Place of the results.
        recursive: Whether folders inside folders are searched.
        on_exist: What to do about results that are there.
        format_name: Name in ``FORMATS`` for all results; None keeps the format of each picture.

    Raises:
        UsageError: An input is missing, two inputs would make one result, a result would replace an input, or
            results exist and ``on_exist`` is ``ERROR``.
    """
    for source in sources:
        if not source.exists():
            raise UsageError(f"no such file or folder: '{source}'")
    place = Path(out)
    if not _is_folder(sources, out):
        job = Job(sources[0], _single_target(place, format_name))
        return Plan(_settle([job], on_exist), place.parent)
    if place.exists() and not place.is_dir():
        raise UsageError(f"'{out}' is a file, but a folder is needed for these inputs")
    jobs: list[Job] = []
    ignored: list[Path] = []
    closed: list[Path] = []
    for source in sources:
        if not source.is_dir():
            jobs.append(Job(source, place / _renamed(Path(source.name), format_name)))
            continue
        if place.exists() and place.samefile(source):
            raise UsageError(f"the results would lie among the originals: '{source}' is input and output")
        found = scan_folder(source, recursive=recursive, leave_out=place)
        jobs += [
            Job(path, place / _renamed(path.relative_to(source), format_name)) for path in found.pictures
        ]
        ignored += found.others
        closed += found.closed
    return Plan(_settle(jobs, on_exist), place, tuple(ignored), tuple(closed))


def _is_folder(sources: Sequence[Path], out: str) -> bool:
    return out.endswith(("/", "\\")) or Path(out).is_dir() or len(sources) > 1 or sources[0].is_dir()


def _single_target(target: Path, format_name: str | None) -> Path:
    """The one file to write, if its name tells a format and no option contradicts it."""
    named = format_of(target)
    if named is None:
        raise UsageError(f"'{target}' does not end like a picture; write '{target}/' if it shall be a folder")
    if format_name not in (None, named):
        raise UsageError(f"'{target}' is {named}, but --format asks for {format_name}")
    return target


def _renamed(path: Path, format_name: str | None) -> Path:
    source = format_of(path)
    result = format_name if source is None else result_format(source, format_name)
    if result in (None, source):
        return path
    return path.with_name(path.stem + FORMATS[result].suffixes[0])


def _settle(jobs: Sequence[Job], on_exist: OnExist) -> tuple[Job, ...]:
    """Refuses clashes, drops repeated inputs, and marks what is already there."""
    makers: dict[str, Job] = {}
    for job in jobs:
        # Names that differ in case or in Unicode form only are one file on some disks.
        key = unicodedata.normalize("NFC", str(job.target)).casefold()
        other = makers.setdefault(key, job)
        if other.source != job.source:
            raise UsageError(f"'{other.source}' and '{job.source}' would both be written to '{job.target}'")
    originals = {_identity(job.source): job.source for job in makers.values()}
    return tuple(_with_existing(job, originals, on_exist) for job in makers.values())


def _with_existing(job: Job, originals: dict[tuple[int, int], Path], on_exist: OnExist) -> Job:
    if not job.target.exists():
        return job
    if original := originals.get(_identity(job.target)):
        raise UsageError(f"'{job.target}' would replace the original '{original}'")
    if on_exist is OnExist.ERROR:
        raise UsageError(f"'{job.target}' exists already; --on-exist skip or overwrite decides what to do")
    return Job(job.source, job.target, skip=on_exist in (OnExist.SKIP, OnExist.RESUME))


def _identity(path: Path) -> tuple[int, int]:
    """What tells files apart whatever their names: device and inode."""
    facts = path.stat()
    return facts.st_dev, facts.st_ino
