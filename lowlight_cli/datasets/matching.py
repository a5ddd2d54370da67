"""Which picture of one folder belongs to which of another, and which have no partner; torch-free.

Nothing is guessed: a picture without its partner is told of, not paired with its neighbor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from lowlight_cli.datasets.layouts import SAME_NAMES, pair_key
from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import format_of

PairBy = Literal["stem", "order"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or a file that is not there, which keeps a data set from being whole.

    Attributes:
        path: The file, or the folder that lacks one.
        code: ``missing``, ``extra``, ``conflict``, ``size``, ``duplicate`` or a code of ``ImageError``.
        message: One line for a person.
    """

    path: Path
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Partners:
    """A reference, and the picture that is compared with it; without references, a picture alone.

    Attributes:
        name: What identifies them: path below the folder, without format.
        picture: The picture to look at.
        reference: Its partner, or None in a folder without references.
    """

    name: str
    picture: Path
    reference: Path | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """What became of two folders.

    Attributes:
        partners: In the order of their names.
        problems: Pictures without a partner, and names that stand for two files.
        expected: Pictures that should be compared: those of the folder of references.
    """

    partners: tuple[Partners, ...]
    problems: tuple[Problem, ...]
    expected: int


@dataclass(slots=True)
class _Index:
    """Pictures of a folder by what they have in common with their partners."""

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    clashes: dict[str, Problem] = field(default_factory=dict)


def pictures_below(folder: Path) -> list[Path]:
    """Picture files in a folder and the folders inside it, ordered by name; hidden ones are passed over.

    Raises:
        UsageError: It is no folder.
    """
    if not folder.is_dir():
        raise UsageError(f"no such folder: '{folder}'")
    found = (path for path in folder.rglob("*") if format_of(path) and path.is_file())
    return sorted(path for path in found if not _is_hidden(path.relative_to(folder)))


def match(
    pictures: Path, references: Path | None, *, by: PairBy = "stem", ignored: str = SAME_NAMES
) -> Matching:
    """Pairs the pictures of a folder with their references.

    Args:
        pictures: What is looked at: dark pictures, or results.
        references: What they are compared with; None where there is nothing.
        by: ``stem`` pairs equal names; ``order`` the first with the first, if there are as many of both.
        ignored: What differs between the names of partners, as in ``Folders``.

    Raises:
        UsageError: A folder is missing, or ``order`` was asked for and the counts differ.
    """
    if references is None:
        index = _index(pictures, ignored)
        alone = tuple(Partners(_name(path, pictures), path) for path in index.files.values())
        problems = tuple(index.clashes.values())
        return Matching(alone, problems, len(alone) + len(problems))
    if by == "order":
        return _by_order(pictures, references)
    return _by_name(_index(pictures, ignored), _index(references, ignored))


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are: ``a, b and 3 more``."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _by_order(pictures: Path, references: Path) -> Matching:
    first, second = pictures_below(pictures), pictures_below(references)
    if len(first) != len(second):
        raise UsageError(
            f"--pair-by order needs as many pictures on both sides: {len(first)} in '{pictures}', "
            f"{len(second)} in '{references}'"
        )
    partners = tuple(
        Partners(_name(reference, references), picture, reference)
        for picture, reference in zip(first, second, strict=True)
    )
    return Matching(partners, (), len(partners))


def _by_name(pictures: _Index, references: _Index) -> Matching:
    partners = tuple(
        Partners(_name(reference, references.folder), pictures.files[key], reference)
        for key, reference in references.files.items()
        if key in pictures.files
    )
    problems = (
        *pictures.clashes.values(),
        *references.clashes.values(),
        *_lonely(references, pictures, "missing", "'{folder}' has no picture for it"),
        *_lonely(pictures, references, "extra", "'{folder}' has no partner for it"),
    )
    return Matching(partners, problems, len(references.files.keys() | references.clashes.keys()))


def _lonely(these: _Index, those: _Index, code: str, message: str) -> Iterator[Problem]:
    """Files that the other folder has no partner for."""
    known = those.files.keys() | those.clashes.keys()
    for key, path in these.files.items():
        if key not in known:
            yield Problem(path, code, message.format(folder=those.folder))


def _index(folder: Path, ignored: str) -> _Index:
    index = _Index(folder)
    for path in pictures_below(folder):
        key = pair_key(PurePosixPath(path.relative_to(folder).as_posix()), ignored)
        if key in index.clashes:
            continue
        other = index.files.setdefault(key, path)
        if other != path:
            del index.files[key]
            index.clashes[key] = Problem(
                path, "conflict", f"'{other.name}' has the same name; which is meant?"
            )
    return index


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in relative.parts)
