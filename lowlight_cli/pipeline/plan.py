"""Plans the jobs of a run: maps inputs to outputs, and rejects clashes before any work."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.destination import beside, file_target, is_folder, is_result, place_of
from lowlight_cli.pipeline.file_stat import FileStat, file_stat
from lowlight_cli.pipeline.naming import Naming, alternative_names
from lowlight_cli.pipeline.scan import Scan, Selection, scan_folder
from lowlight_cli.pipeline.shard import Shard


class Action(StrEnum):
    """What a run does with a job."""

    MAKE = "make"
    SKIP = "skip"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Source:
    """An input.

    Attributes:
        path: An image, or a folder of images.
        below: Path below the output folder; None puts a file, or the content of a folder, at the top.
        listed: Whether it comes from a list or a pattern; then a missing file fails alone instead of
            rejecting the plan.
    """

    path: Path
    below: Path | None = None
    listed: bool = False

    @property
    def is_single_image(self) -> bool:
        """Whether it is one image that was named as such."""
        return not self.listed and not self.path.is_dir()


@dataclass(frozen=True, slots=True)
class Job:
    """One image to enhance.

    Attributes:
        source: File to read.
        target: File to write.
        action: What to do.
        reason: Why it is not enhanced: a code for a skip, or the message of a conflict.
        relative: Path of the source relative to the searched folder.
        stat: Stat of the source when planned; None if it could not be found.
    """

    source: Path
    target: Path
    action: Action = Action.MAKE
    reason: str = ""
    relative: Path = Path()
    stat: FileStat | None = None

    @property
    def skip(self) -> bool:
        """Whether the image is not enhanced."""
        return self.action is not Action.MAKE


@dataclass(frozen=True, slots=True)
class Plan:
    """All jobs of a run; no image has been read yet.

    Attributes:
        jobs: In the order of the inputs, then in natural order; targets are unique.
        folder: Folder that contains every target.
        ignored: Files in the scanned folders without an image extension, and results of earlier runs.
        closed: Folders that could not be listed.
        loops: Links to folders that were already searched.
        single: Whether the output was given as a file.
        shard: Which part of the run this is; None is all of it.
        elsewhere: Number of jobs that belong to other shards.
        unselected: Number of images that ``--include`` and ``--exclude`` leave out.
    """

    jobs: tuple[Job, ...]
    folder: Path
    ignored: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()
    loops: tuple[Path, ...] = ()
    single: bool = False
    shard: Shard | None = None
    elsewhere: int = 0
    unselected: int = 0

    @property
    def records(self) -> str:
        """Ending of the names of the records that this run writes; empty for a run that is not divided."""
        return self.shard.ending if self.shard else ""


@dataclass(slots=True)
class Found:
    """What was found in the inputs: images with their paths in the mirrored tree, and what was left out."""

    images: list[tuple[Path, Path]] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    loops: list[Path] = field(default_factory=list)
    unselected: int = 0

    def add(self, source: Source, scan: Scan) -> None:
        """Adds the content of a folder.

        Args:
            source: The folder.
            scan: Its content.
        """
        below = source.below or Path()
        self.images += [(path, below / path.relative_to(source.path)) for path in scan.images]
        self.ignored += scan.others
        self.closed += scan.closed
        self.loops += scan.loops
        self.unselected += scan.unselected


def plan_jobs(
    sources: Sequence[Path | Source],
    out: str,
    *,
    selection: Selection = Selection(),
    naming: Naming = Naming(),
    leave_out: Sequence[Path] = (),
    renames_clashes: bool = False,
) -> Plan:
    """Decides which files are read and written; ``resolve`` then checks for existing outputs.

    ``out`` is the file to write if there is one image and ``out`` ends like a file; else it is a folder,
    under which the trees of the inputs are mirrored.

    Args:
        sources: Images, and folders of images.
        out: Output folder or file.
        selection: Which files of folders are read.
        naming: How results are named.
        leave_out: Folders that are not searched, besides ``out``.
        renames_clashes: Whether a second input for one output gets another name.

    Raises:
        UsageError: An input is missing, two inputs have the same output, or an output would replace an input.
    """
    inputs = [source if isinstance(source, Source) else Source(source) for source in sources]
    place = place_of(out)
    _check_inputs(inputs, place)
    if not is_folder(out, is_single=len(inputs) == 1 and inputs[0].is_single_image):
        job = _job(inputs[0].path, Path(inputs[0].path.name), file_target(place, naming))
        return Plan(_without_clashes([job], renames=False), place.parent, single=True)
    found = find_images(inputs, selection, [place, *leave_out])
    jobs = [
        _job(path, relative, place / naming.result(relative, number, original=path))
        for number, (path, relative) in enumerate(found.images, 1)
    ]
    resolved = _without_clashes(jobs, renames=renames_clashes)
    ignored, closed, loops = map(tuple, (found.ignored, found.closed, found.loops))
    return Plan(resolved, place, ignored, closed, loops, unselected=found.unselected)


def plan_beside(sources: Sequence[Source], *, naming: Naming, renames_clashes: bool) -> Plan:
    """Jobs whose results go beside their inputs: ``a_enhanced.jpg`` beside ``a.jpg``.

    Inputs named like such results are left out, so that a second run with ``*.jpg`` changes nothing.

    Args:
        sources: Images of one folder.
        naming: How results are named; a suffix replaces ``_enhanced``.
        renames_clashes: Whether a second input for one output gets another name.

    Raises:
        UsageError: An input is missing or all are results, or two inputs have the same output.
    """
    for source in sources:
        _check_exists(source)
    naming, folder = beside(naming), sources[0].path.parent
    originals = [source.path for source in sources if not is_result(source.path, naming)]
    if not originals:
        raise UsageError(f"'{sources[0].path}' is named like a result; add -o FOLDER to enhance it again")
    jobs = [
        _job(path, Path(path.name), folder / naming.result(Path(path.name), number, original=path))
        for number, path in enumerate(originals, 1)
    ]
    results = tuple(source.path for source in sources if is_result(source.path, naming))
    is_single = len(sources) == 1 and sources[0].is_single_image
    return Plan(_without_clashes(jobs, renames=renames_clashes), folder, results, single=is_single)


def _check_exists(source: Source) -> None:
    if not source.listed and not source.path.exists():
        raise UsageError(f"no such file or folder: '{source.path}'")


def _check_inputs(inputs: Sequence[Source], place: Path) -> None:
    for source in inputs:
        _check_exists(source)
        if source.path.is_dir() and place.exists() and place.samefile(source.path):
            raise UsageError(f"'{source.path}' is both input and output; choose another output folder")


def find_images(inputs: Sequence[Source], selection: Selection, leave_out: Sequence[Path]) -> Found:
    """Finds the images of the inputs.

    Args:
        inputs: Images, and folders of images.
        selection: Which files of folders are read.
        leave_out: Folders that are not searched.
    """
    found = Found()
    for source in inputs:
        if source.path.is_dir():
            found.add(source, scan_folder(source.path, selection, leave_out=leave_out))
        else:
            found.images.append((source.path, source.below or Path(source.path.name)))
    found.ignored, found.closed, found.loops = map(_unique, (found.ignored, found.closed, found.loops))
    return found


def _unique(paths: Sequence[Path]) -> list[Path]:
    """Each path once, as folders may be given twice or contain each other."""
    return list({path.absolute(): path for path in reversed(paths)}.values())[::-1]


def _job(source: Path, relative: Path, target: Path) -> Job:
    return Job(source, target, relative=relative, stat=file_stat(source))


def _without_clashes(jobs: Sequence[Job], *, renames: bool) -> tuple[Job, ...]:
    """Drops repeated inputs; rejects two inputs with the same output, or gives the second another name."""
    jobs_by_target: dict[str, Job] = {}
    for job in jobs:
        other = jobs_by_target.setdefault(_key(job.target), job)
        if other.source == job.source:
            continue
        if not renames:
            raise UsageError(
                f"'{other.source}' and '{job.source}' would both be written to '{job.target}'; "
                "--on-exist rename gives each a name"
            )
        target = next(
            name
            for name in alternative_names(job.target, job.source.name)
            if _key(name) not in jobs_by_target
        )
        jobs_by_target[_key(target)] = replace(job, target=target)
    originals = {job.stat.identity: job.source for job in jobs_by_target.values() if job.stat}
    for job in jobs_by_target.values():
        existing = file_stat(job.target)
        if existing and existing.identity in originals:
            original = originals[existing.identity]
            raise UsageError(
                f"'{job.target}' would replace the input '{original}'; choose another output, "
                "or leave results of earlier runs out of the inputs"
            )
    return tuple(jobs_by_target.values())


def _key(target: Path) -> str:
    """Normalized name: names that differ only in case or Unicode form are one file on some disks."""
    return unicodedata.normalize("NFC", str(target)).casefold()
