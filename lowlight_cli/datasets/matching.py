"""Pairs the images of two folders; torch-free.

An image without a partner is reported, never paired with another one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from lowlight_cli.datasets.layouts import SAME_NAMES, pair_key
from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import format_of
from lowlight_cli.images.junk_names import is_junk_file, is_junk_folder

PairBy = Literal["stem", "order"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of a dataset.

    Attributes:
        path: The file, or the folder without it.
        code: ``missing``, ``extra``, ``conflict``, ``size``, ``duplicate`` or a code of ``ImageError``.
        message: One line for the user.
    """

    path: Path
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Partners:
    """An image and its reference.

    Attributes:
        name: Path below the folder, without suffix.
        picture: The image.
        reference: Its partner; None without references.
    """

    name: str
    picture: Path
    reference: Path | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """Result of pairing two folders.

    Attributes:
        partners: In the order of their names.
        problems: Images without a partner, and names that two files share.
        expected: Number of images to compare: those in the folder of references.
    """

    partners: tuple[Partners, ...]
    problems: tuple[Problem, ...]
    expected: int


@dataclass(slots=True)
class _Index:
    """Images of a folder by the key that they share with their partners."""

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    clashes: dict[str, Problem] = field(default_factory=dict)


def pictures_below(folder: Path) -> list[Path]:
    """Image files in a folder and its subfolders, sorted by path, without hidden and junk ones.

    Raises:
        UsageError: It is not a folder.
    """
    if not folder.is_dir():
        raise UsageError(f"no such folder: '{folder}'")
    found = (path for path in folder.rglob("*") if format_of(path) and path.is_file())
    return sorted(path for path in found if not _is_junk(path.relative_to(folder)))


def match(
    pictures: Path, references: Path | None, *, by: PairBy = "stem", ignored: str = SAME_NAMES
) -> Matching:
    """Pairs the images of a folder with their references.

    Args:
        pictures: Folder of dark images, or of results.
        references: Folder to compare them with; None if there is none.
        by: ``stem`` pairs equal names; ``order`` pairs by position, if both folders have as many images.
        ignored: Part of a name that differs between partners, as in ``Folders``.

    Raises:
        UsageError: A folder is missing, or counts differ with ``order``.
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
            f"--pair-by order needs as many images on both sides: {len(first)} in '{pictures}', "
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
        *_lonely(references, pictures, "missing", "'{folder}' has no image for it"),
        *_lonely(pictures, references, "extra", "'{folder}' has no partner for it"),
    )
    return Matching(partners, problems, len(references.files.keys() | references.clashes.keys()))


def _lonely(these: _Index, those: _Index, code: str, message: str) -> Iterator[Problem]:
    """Files without a partner in the other folder."""
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
                path, "conflict", f"'{other.name}' has the same name; rename or remove one"
            )
    return index


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _is_junk(relative: Path) -> bool:
    *folders, name = relative.parts
    return is_junk_file(name) or any(map(is_junk_folder, folders))
