"""Inputs -> jobs: which file becomes which; clashes are refused here, before any work."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import format_of
from lowlight_cli.pipeline.file_stat import FileStat, file_stat
from lowlight_cli.pipeline.naming import TEMPLATE, Naming, beside
from lowlight_cli.pipeline.scan import Scan, Selection, scan_folder


class Action(StrEnum):
    """What a run does about a job."""

    MAKE = "make"
    SKIP = "skip"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Source:
    """An input.

    Attributes:
        path: A picture, or a folder of them.
        below: Its place in the mirrored tree; None puts a file on top and the content of a folder, too.
        listed: Whether it comes from a list or a pattern, which may hold any number; a file that is missing
            there is a failure and no mistake.
    """

    path: Path
    below: Path | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to enhance.

    Attributes:
        source: File to read.
        target: File to write.
        action: What to do about it.
        reason: Why it is not made: a short code, or words about a conflict.
        relative: Place of the source in the tree of inputs.
        facts: The source as it was when planned; None where it could not be found.
    """

    source: Path
    target: Path
    action: Action = Action.MAKE
    reason: str = ""
    relative: Path = Path()
    facts: FileStat | None = None

    @property
    def skip(self) -> bool:
        """Whether nothing is made."""
        return self.action is not Action.MAKE


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run will do; no pixel has been read yet.

    Attributes:
        jobs: In the order of the inputs, then in natural order; targets are unique.
        folder: Folder that holds every target.
        ignored: Files in the scanned folders that are not named like pictures.
        closed: Folders that could not be listed.
        loops: Links to folders that were searched already.
        single: Whether the target was named as a file.
    """

    jobs: tuple[Job, ...]
    folder: Path
    ignored: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()
    loops: tuple[Path, ...] = ()
    single: bool = False


@dataclass(slots=True)
class Found:
    """What has been found so far: pictures, each with its place in the mirrored tree."""

    pictures: list[tuple[Path, Path]] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    loops: list[Path] = field(default_factory=list)

    def add(self, source: Source, scan: Scan) -> None:
        """Takes what a folder holds.

        Args:
            source: The folder.
            scan: Its content.
        """
        below = source.below or Path()
        self.pictures += [(path, below / path.relative_to(source.path)) for path in scan.pictures]
        self.ignored += scan.others
        self.closed += scan.closed
        self.loops += scan.loops


def plan_jobs(
    sources: Sequence[Path | Source],
    out: str,
    *,
    selection: Selection = Selection(),
    naming: Naming = Naming(),
    leave_out: Sequence[Path] = (),
    renames_clashes: bool = False,
) -> Plan:
    """Decides what is read and written; what exists is looked at by ``resolve``.

    ``out`` is a folder if it exists as one, ends in a slash, or if there is more than one input or a folder
    among them; else it is the file to write. The tree of a folder is mirrored under ``out``.

    Args:
        sources: Pictures, and folders of pictures.
        out: Place of the results.
        selection: What is taken of folders.
        naming: What results are called.
        leave_out: Folders that are not searched, besides ``out``.
        renames_clashes: Whether a second input for one result gets a name of its own.

    Raises:
        UsageError: An input is missing, two inputs would make one result, or a result would replace an input.
    """
    inputs = [source if isinstance(source, Source) else Source(source) for source in sources]
    place = _place(out)
    _check_inputs(inputs, place)
    if not _is_folder(inputs, out):
        job = _job(inputs[0].path, Path(inputs[0].path.name), _single_target(place, naming))
        return Plan(_without_clashes([job], renames=False), place.parent, single=True)
    if place.exists() and not place.is_dir():
        raise UsageError(f"'{out}' is a file, but a folder is needed for these inputs")
    found = find_pictures(inputs, selection, [place, *leave_out])
    jobs = [
        _job(path, relative, place / naming.result(relative, number, parent=path.absolute().parent.name))
        for number, (path, relative) in enumerate(found.pictures, 1)
    ]
    resolved = _without_clashes(jobs, renames=renames_clashes)
    return Plan(resolved, place, tuple(found.ignored), tuple(found.closed), tuple(found.loops))


def _place(out: str) -> Path:
    """Where results go; ``new/../photos`` is ``photos`` although ``new`` has yet to be made."""
    place = Path(out)
    ups = (index for index, part in enumerate(place.parts) if part == "..")
    leads_through_nothing = any(not Path(*place.parts[:index]).exists() for index in ups if index)
    return place.resolve() if leads_through_nothing else place


def _check_inputs(inputs: Sequence[Source], place: Path) -> None:
    for source in inputs:
        if not source.listed and not source.path.exists():
            raise UsageError(f"no such file or folder: '{source.path}'")
        if source.path.is_dir() and place.exists() and place.samefile(source.path):
            raise UsageError(
                f"the results would lie among the originals: '{source.path}' is input and output"
            )


def _is_folder(inputs: Sequence[Source], out: str) -> bool:
    several = len(inputs) != 1 or inputs[0].listed or inputs[0].path.is_dir()
    return several or out.endswith(("/", "\\")) or _place(out).is_dir()


def _single_target(target: Path, naming: Naming) -> Path:
    """The one file to write, if its name tells a format and no option contradicts it."""
    named = format_of(target)
    if named is None:
        raise UsageError(f"'{target}' does not end like a picture; write '{target}/' if it shall be a folder")
    if naming.format_name not in (None, named):
        raise UsageError(f"'{target}' is {named}, but --format asks for {naming.format_name}")
    if naming.suffix or naming.template != TEMPLATE:
        raise UsageError(f"'{target}' names the result already; --suffix and --name are for folders")
    return target


def find_pictures(inputs: Sequence[Source], selection: Selection, leave_out: Sequence[Path]) -> Found:
    """Pictures among the inputs.

    Args:
        inputs: Pictures, and folders of pictures.
        selection: What is taken of folders.
        leave_out: Folders that are not searched.
    """
    found = Found()
    for source in inputs:
        if source.path.is_dir():
            found.add(source, scan_folder(source.path, selection, leave_out=leave_out))
        else:
            found.pictures.append((source.path, source.below or Path(source.path.name)))
    found.ignored, found.closed, found.loops = map(_once, (found.ignored, found.closed, found.loops))
    return found


def _once(paths: Sequence[Path]) -> list[Path]:
    """Each place once, where folders were given twice or lie in each other."""
    return list({path.absolute(): path for path in reversed(paths)}.values())[::-1]


def _job(source: Path, relative: Path, target: Path) -> Job:
    return Job(source, target, relative=relative, facts=file_stat(source))


def _without_clashes(jobs: Sequence[Job], *, renames: bool) -> tuple[Job, ...]:
    """Drops repeated inputs; two inputs for one result are refused, or get two names."""
    makers: dict[str, Job] = {}
    for job in jobs:
        other = makers.setdefault(_key(job.target), job)
        if other.source == job.source:
            continue
        if not renames:
            raise UsageError(
                f"'{other.source}' and '{job.source}' would both be written to '{job.target}'; "
                "--on-exist rename gives each a name"
            )
        target = next(name for name in beside(job.target, job.source.name) if _key(name) not in makers)
        makers[_key(target)] = replace(job, target=target)
    originals = {job.facts.identity: job.source for job in makers.values() if job.facts}
    for job in makers.values():
        there = file_stat(job.target)
        if there and there.identity in originals:
            raise UsageError(f"'{job.target}' would replace the original '{originals[there.identity]}'")
    return tuple(makers.values())


def _key(target: Path) -> str:
    """Names that differ in case or in Unicode form only are one file on some disks."""
    return unicodedata.normalize("NFC", str(target)).casefold()
