"""Checks a dataset: partners, sizes, readable files, duplicates, and official counts."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.counted import counted
from lowlight_cli.datasets.layouts import SAME_NAMES, Split
from lowlight_cli.datasets.matching import Matching, Partners, Problem, match, pictures_below
from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode

_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """Result of reading a file.

    Attributes:
        size: Width and height after EXIF rotation; None if the file cannot be read.
        digest: SHA-256 of the file; empty if it cannot be read.
        problem: Why it cannot be read, or None.
    """

    size: tuple[int, int] | None
    digest: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Result of a check.

    Attributes:
        pictures: Files in the folder of dark images.
        references: Files in the folder of references; 0 without one.
        pairs: Valid pairs, or readable images if there are no references.
        sizes: Number of images of each size, the most frequent first: ``{"600x400": 15}``.
        problems: Problems that make the dataset unfit for use.
        repeats: Files with the same content as another one, which may be intended.
    """

    pictures: int
    references: int
    pairs: int
    sizes: dict[str, int]
    problems: tuple[Problem, ...]
    repeats: tuple[Problem, ...]


def check_folders(
    low: Path,
    high: Path | None,
    *,
    ignored: str = SAME_NAMES,
    on_count: Callable[[int], None] = lambda count: None,
    on_file: Callable[[Path, Problem | None], None] = lambda path, problem: None,
) -> Condition:
    """Reads every image of a dataset.

    Args:
        low: Folder of the dark images.
        high: Folder of their references, or None.
        ignored: Part of a name that differs between partners, as in ``Folders``.
        on_count: Called with the number of files before the first is read.
        on_file: Called with each file after it is read, and its problem or None.

    Raises:
        UsageError: A folder is missing.
    """
    matching = match(low, high, ignored=ignored)
    sides = [pictures_below(folder) for folder in (low, high) if folder is not None]
    files = [path for side in sides for path in side]
    on_count(len(files))
    facts: dict[Path, Facts] = {}
    with ThreadPoolExecutor(_WORKERS) as pool:
        for path, fact in zip(files, pool.map(_read, files), strict=True):
            facts[path] = fact
            on_file(path, fact.problem)
    return _condition(matching, sides, facts)


def count_note(split: Split, found: int) -> str | None:
    """A message if the number of images is not a known one, or else None.

    Args:
        split: The split that was read.
        found: Number of images or pairs found.
    """
    if not split.sizes or found in split.sizes:
        return None
    official, *others = split.sizes
    also = f" (other editions: {', '.join(map(str, others))})" if others else ""
    return f"{counted(found, 'image')} found, {official} expected{also}"


def size_problem(partners: Partners, sizes: tuple[tuple[int, int], tuple[int, int]]) -> Problem | None:
    """The problem of partners whose sizes differ, or None.

    Args:
        partners: An image and its reference.
        sizes: Width and height of the image, and of the reference.
    """
    (width, height), (expected_width, expected_height) = sizes
    if sizes[0] == sizes[1]:
        return None
    message = f"{width}x{height}, but its reference is {expected_width}x{expected_height}"
    return Problem(partners.picture, "size", message)


def _condition(matching: Matching, sides: list[list[Path]], facts: dict[Path, Facts]) -> Condition:
    unread = [fact.problem for fact in facts.values() if fact.problem is not None]
    different = list(_different_sizes(matching.partners, facts))
    sizes = Counter(f"{fact.size[0]}x{fact.size[1]}" for fact in facts.values() if fact.size)
    broken = {problem.path for problem in (*unread, *different)}
    fit = [each for each in matching.partners if not {each.picture, each.reference} & broken]
    return Condition(
        pictures=len(sides[0]),
        references=len(sides[1]) if len(sides) > 1 else 0,
        pairs=len(fit),
        sizes=dict(sizes.most_common()),
        problems=(*matching.problems, *unread, *different),
        repeats=tuple(_repeats(facts)),
    )


def _different_sizes(partners: Iterable[Partners], facts: dict[Path, Facts]) -> Iterator[Problem]:
    for each in partners:
        if each.reference is None:
            continue
        size, expected = facts[each.picture].size, facts[each.reference].size
        if size and expected and (problem := size_problem(each, (size, expected))):
            yield problem


def _repeats(facts: dict[Path, Facts]) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for path, fact in facts.items():
        if fact.digest and (other := first.setdefault(fact.digest, path)) != path:
            yield Problem(path, "duplicate", f"has the same content as '{other}'")


def _read(path: Path) -> Facts:
    try:
        picture = decode(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except ImageError as error:
        return Facts(None, "", Problem(path, error.code, str(error)))
    return Facts((picture.width, picture.height), digest)
