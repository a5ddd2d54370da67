"""Files of a data set: texts with any line ends, annotations in folders or archives, pictures by any name."""

import math
import os
import zipfile
import zlib
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
        raise AnnotationError(str(archive), f"not a zip archive that can be read: {error}") from error


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, hidden ones left out, in the order of their paths; links are followed."""
    return sorted(
        path
        for place, _, names in _walk(folder)
        for name in names
        if not name.startswith(".") and (path := Path(place, name)).is_file()
    )


def folders_below(folder: Path, name: str) -> list[Path]:
    """Every folder of a name below a folder, hidden ones left out; links are followed."""
    return sorted(Path(place, each) for place, inside, _ in _walk(folder) for each in inside if each == name)


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """As ``os.walk``; a link to a folder that it lies in leads nowhere."""
    for place, inside, names in os.walk(folder, followlinks=True):
        here = Path(place)
        above = {each.resolve() for each in (here, *here.parents)}
        inside[:] = [
            each for each in inside if not each.startswith(".") and Path(place, each).resolve() not in above
        ]
        yield place, inside, names


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
        self._by_folded_name: dict[str, list[Path]] = {}
        for path in self.paths:
            self._by_folded_name.setdefault(path.name.casefold(), []).append(path)
        self._by_stem = {path.stem.casefold(): path for path in reversed(self.paths)}

    def ending(self, name: str) -> list[Path]:
        """Pictures whose path ends with a name and the folders before it, whatever the case.

        Args:
            name: With slashes.
        """
        wanted = Path(name.casefold()).parts
        folded = self._by_folded_name.get(wanted[-1] if wanted else "", ())
        return [path for path in folded if Path(str(path).casefold()).parts[-len(wanted) :] == wanted]

    def named(self, name: str) -> list[Path]:
        """Images whose path ends with a name and the folders before it; else those of the bare name.

        Args:
            name: With slashes.
        """
        return self.ending(name) or self.ending(name.rsplit("/", 1)[-1])

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
