"""Files of a dataset: annotations in folders or archives, images, class names, numbers."""

import math
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.detection.class_names import repeated_name
from lowlight_cli.detection.collection import SPLITS, AnnotationError
from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import format_of

REPORT = "lle-report"
"""Stem of the reports that stand in the top folder of a prepared dataset."""

_LARGEST_ANNOTATION = 64 * 2**20
"""Bytes; a larger file is not the annotation of one image."""


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """One annotation: its path (in an archive, below the path of the archive) and its bytes."""

    path: Path
    data: bytes

    @property
    def text(self) -> str:
        """The file as text; a byte order mark is removed.

        Raises:
            AnnotationError: It is not UTF-8.
        """
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise AnnotationError(str(self.path), f"not UTF-8 text (byte {error.start})") from error


def annotation_files(folder: Path, suffix: str) -> Iterator[AnnotationFile]:
    """Annotations below a folder, also in zip archives, in the order of their paths.

    Args:
        folder: Folder to search with its subfolders.
        suffix: Extension in lower case.

    Raises:
        AnnotationError: An archive cannot be read.
    """
    for path in files_below(folder):
        if path.suffix.lower() == suffix:
            yield AnnotationFile(path, path.read_bytes())
        elif path.suffix.lower() == ".zip":
            yield from _inside(path, suffix)


def _inside(archive: Path, suffix: str) -> Iterator[AnnotationFile]:
    try:
        with zipfile.ZipFile(archive) as content:
            entries = [entry for entry in content.infolist() if entry.filename.lower().endswith(suffix)]
            for entry in sorted(entries, key=lambda entry: entry.filename):
                if entry.file_size <= _LARGEST_ANNOTATION:
                    yield AnnotationFile(archive / entry.filename, content.read(entry))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        raise AnnotationError(str(archive), f"the zip archive cannot be read: {error}") from error


def preview_file(split: str) -> str:
    """File name of the preview of a split, in the top folder of a prepared dataset."""
    return f"preview_{split}.jpg"


def files_below(folder: Path) -> list[Path]:
    """Files of a dataset below a folder, in the order of their paths; links are followed.

    Hidden files are left out, and the reports and previews of datasets that ``lle detect-prep`` wrote.
    """
    return sorted(
        path
        for place, _, names in _walk(folder)
        for name in set(names) - _reports_among(names)
        if not name.startswith(".") and (path := Path(place, name)).is_file()
    )


def _reports_among(names: Sequence[str]) -> frozenset[str]:
    """Reports and previews in a folder, by the names of its files."""
    if f"{REPORT}.json" not in names:
        return frozenset()
    reports = (f"{REPORT}.{suffix}" for suffix in ("json", "md", "html"))
    return frozenset((*map(preview_file, SPLITS), *reports))


def folders_below(folder: Path, name: str) -> list[Path]:
    """Folders of a given name below a folder, without hidden ones; links are followed."""
    return sorted(Path(place, each) for place, inside, _ in _walk(folder) for each in inside if each == name)


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Like ``os.walk``, but skips hidden folders and links to a parent folder."""
    for place, inside, names in os.walk(folder, followlinks=True):
        here = Path(place)
        above = {each.resolve() for each in (here, *here.parents)}
        inside[:] = [
            each for each in inside if not each.startswith(".") and Path(place, each).resolve() not in above
        ]
        yield place, inside, names


def images_below(folder: Path) -> list[Path]:
    """Images below a folder, in the order of their paths."""
    return [path for path in files_below(folder) if format_of(path)]


def number(text: str | None, place: str, what: str) -> float:
    """A finite number.

    Args:
        text: The number as text.
        place: File and line, for the message.
        what: Name of the number, for the message.

    Raises:
        AnnotationError: ``text`` is not a finite number.
    """
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise AnnotationError(place, f"{what} is not a number: '{text or ''}'")
    return value


def read_class_names(path: Path) -> list[str]:
    """Class names from a file, one per line.

    Raises:
        UsageError: It cannot be read, has no names, or has a name twice.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--classes '{path}': {error}") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise UsageError(f"--classes '{path}' has no class names; write one per line")
    if repeated_name(names) is not None:
        raise UsageError(f"--classes '{path}' has a class name twice; names must be unique")
    return names
