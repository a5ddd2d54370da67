"""The split that comes with a dataset: ``imageclasslist.txt``, or ``train.txt``, ``val.txt`` and others."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lowlight_cli.detection.collection import SPLITS, AnnotationError
from lowlight_cli.detection.files import AnnotationFile

_CLASS_LIST = "imageclasslist.txt"
_SPLIT_OF_NUMBER = {"1": "train", "2": "val", "3": "test"}
_NUMBERS = 4
"""Class, light, place and split, after the name of an image."""


class OfficialSplit:
    """Split of each image, by its name or by the end of its path.

    Attributes:
        errors: Lines that cannot be used.
    """

    def __init__(self) -> None:
        self.errors: list[AnnotationError] = []
        self._splits: dict[str, tuple[str, Path]] = {}
        self._broken: set[str] = set()

    def add(self, name: str, split: str, source: Path) -> None:
        """Adds an image.

        Args:
            name: File name, with or without extension and folders.
            split: Its split.
            source: The list that names it.

        Raises:
            AnnotationError: A list in another folder has it in another split.
        """
        key = name.strip().replace("\\", "/").removeprefix("./").casefold()
        known, other = self._splits.get(key, (split, source))
        if known != split and other.parent != source.parent:
            raise AnnotationError(
                str(source), f"'{name.strip()}' is in {split} here, but in {known} in '{other}'"
            )
        self._splits[key] = split, source

    def refuse(self, line: str, error: AnnotationError) -> None:
        """Adds a line that cannot be used; the image that it begins with has no known split."""
        self.errors.append(error)
        text = line.strip().casefold()
        self._broken |= {text[: blank.start()] for blank in re.finditer(r"\s+|$", text)}

    def of(self, image: Path) -> str | None:
        """Split of an image; None if no list has it."""
        found = (self._splits.get(key) for key in _keys(image))
        return next((split for split, _ in filter(None, found)), None)

    def is_broken(self, image: Path) -> bool:
        """Whether a line about an image cannot be used."""
        return image.name.casefold() in self._broken


def _keys(image: Path) -> Iterator[str]:
    """Ends of the path of an image, the longest first, each with and without extension."""
    folders = [part.casefold() for part in image.parts[:-1]]
    for start in range(len(folders) + 1):
        for name in (image.name, image.stem):
            yield "/".join((*folders[start:], name.casefold()))


def official_split(files: Iterable[Path]) -> OfficialSplit:
    """Reads the lists that come with a dataset.

    Of several lists of one name, those in ``ImageSets/Main`` count, or else those in the topmost folder.

    Args:
        files: Files that may include ``imageclasslist.txt``, or ``train.txt``, ``val.txt`` and ``test.txt``.

    Raises:
        AnnotationError: A list is not text, or two lists contradict each other.
    """
    by_name: dict[str, list[Path]] = {}
    for path in files:
        by_name.setdefault(path.name.casefold(), []).append(path)
    split = OfficialSplit()
    for path in _chosen(by_name.get(_CLASS_LIST, [])):
        _read_class_list(path, split)
    if _CLASS_LIST in by_name:
        return split
    lists = [(each, path) for each in SPLITS for path in by_name.get(f"{each}.txt", [])]
    chosen = set(_main_lists([path for _, path in lists])) or {
        path for each in SPLITS for path in _chosen(by_name.get(f"{each}.txt", []))
    }
    for each, path in lists:
        if path in chosen:
            for line in _lines(path):
                split.add(line, each, path)
    return split


def _main_lists(paths: Iterable[Path]) -> list[Path]:
    """Lists for detection in the layout of VOC, which has further ones for its other tasks."""
    return [
        path for path in paths if [part.casefold() for part in path.parts[-3:-1]] == ["imagesets", "main"]
    ]


def _chosen(paths: list[Path]) -> list[Path]:
    """Lists in the topmost folder."""
    depth = min((len(path.parts) for path in paths), default=0)
    return [path for path in paths if len(path.parts) == depth]


def _lines(path: Path) -> list[str]:
    text = AnnotationFile(path, path.read_bytes()).text
    return [line for line in text.splitlines() if line.strip()]


def _read_class_list(path: Path, split: OfficialSplit) -> None:
    """Adds the images of ExDark's list: a name, which may hold blanks, and four numbers."""
    text = AnnotationFile(path, path.read_bytes()).text
    for count, line in enumerate(text.splitlines(), start=1):
        words = line.rsplit(None, _NUMBERS)
        if not words or "|" in line.split():  # the header
            continue
        numbers = words[1:]
        is_valid = len(numbers) == _NUMBERS and all(word.isdecimal() for word in numbers)
        if is_valid and numbers[-1] in _SPLIT_OF_NUMBER:
            split.add(words[0], _SPLIT_OF_NUMBER[numbers[-1]], path)
        else:
            text = f"expected a name and four numbers, not '{line.strip()}'"
            split.refuse(line, AnnotationError(f"{path}:{count}", text))
