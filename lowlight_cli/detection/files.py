"""Files of a data set: texts with any line ends, annotations in folders or archives, pictures by any name."""

import math
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.images.formats import format_of

_LARGEST_ANNOTATION = 64 * 2**20
"""Bytes; anything larger is no annotation of one picture."""


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """One annotation: its path (inside an archive, the archive's path goes before) and its bytes."""

    path: Path
    data: bytes

    @property
    def text(self) -> str:
        """Its content; UTF-8, with or without a mark, any line ends.

        Raises:
            AnnotationError: It is not UTF-8.
        """
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise AnnotationError(str(self.path), f"not a text in UTF-8 (byte {error.start})") from error


def annotation_files(folder: Path, suffix: str) -> Iterator[AnnotationFile]:
    """Annotations below a folder, also inside zip archives, in the order of their paths.

    Args:
        folder: Where to look, through all folders inside.
        suffix: How their names end, in lower case.
    """
    for path in files_below(folder):
        if path.suffix.lower() == suffix:
            yield AnnotationFile(path, path.read_bytes())
        elif path.suffix.lower() == ".zip":
            yield from _inside(path, suffix)


def _inside(archive: Path, suffix: str) -> Iterator[AnnotationFile]:
    with zipfile.ZipFile(archive) as content:
        entries = [entry for entry in content.infolist() if entry.filename.lower().endswith(suffix)]
        for entry in sorted(entries, key=lambda entry: entry.filename):
            if entry.file_size <= _LARGEST_ANNOTATION:
                yield AnnotationFile(archive / entry.filename, content.read(entry))


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, hidden ones left out, in the order of their paths."""
    found = (path for path in folder.rglob("*") if not _is_hidden(path.relative_to(folder)))
    return sorted(path for path in found if path.is_file())


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def pictures_below(folder: Path) -> list[Path]:
    """Every picture below a folder, in the order of their paths."""
    return [path for path in files_below(folder) if format_of(path)]


class Pictures:
    """Finds pictures by name, whatever the case of the name and the spelling of its end.

    Args:
        paths: The pictures there are.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self._by_name = {path.name.casefold(): path for path in reversed(self.paths)}
        self._by_stem = {path.stem.casefold(): path for path in reversed(self.paths)}

    def find(self, name: str) -> Path | None:
        """The picture called so: by its full name, else by the name without its end.

        Args:
            name: A file name, with or without the end of a picture; folders before it do not count.
        """
        wanted = name.replace("\\", "/").rsplit("/", 1)[-1].strip().casefold()
        if found := self._by_name.get(wanted) or self._by_stem.get(wanted):
            return found
        return self._by_stem.get(Path(wanted).stem) if format_of(Path(wanted)) else None


def number(text: str | None, place: str, what: str) -> float:
    """A finite number.

    Raises:
        AnnotationError: ``text`` is none.
    """
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise AnnotationError(place, f"{what} is no number: '{text or ''}'")
    return value
