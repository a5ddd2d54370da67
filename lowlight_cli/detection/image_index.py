"""Finds the image of an annotation: by name, and by the folders if several images have that name."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.images.formats import format_of

_IMAGE_FOLDERS = ("jpegimages", "images")
"""Where images stand beside a folder of annotations, in VOC and in exports of most programs."""


class AmbiguousImageError(AnnotationError):
    """An annotation that fits several images.

    Args:
        place: File of the annotation.
        name: Name of the image.
        images: Images that fit.
    """

    def __init__(self, place: str, name: str, images: Sequence[Path]) -> None:
        super().__init__(place, f"'{name}' is ambiguous: {images[0]} or {images[1]}")
        self.images = tuple(images)


class ImageIndex:
    """Finds images by name, regardless of case and of the spelling of the extension.

    Args:
        paths: All images.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self._folders = {path.parent for path in self.paths}
        self._by_name: dict[str, list[Path]] = {}
        self._by_stem: dict[str, list[Path]] = {}
        for path in self.paths:
            self._by_name.setdefault(path.name.casefold(), []).append(path)
            self._by_stem.setdefault(path.stem.casefold(), []).append(path)

    def ending(self, name: str) -> list[Path]:
        """Images whose path ends with a relative path, regardless of case.

        Args:
            name: Relative path with slashes.
        """
        wanted = Path(name.casefold()).parts
        folded = self._by_name.get(wanted[-1] if wanted else "", ())
        return [path for path in folded if Path(str(path).casefold()).parts[-len(wanted) :] == wanted]

    def named(self, name: str) -> list[Path]:
        """Images whose path ends with a relative path; if there are none, images of its file name or stem.

        Args:
            name: Relative path with slashes.
        """
        return self.ending(name) or self.called(name)

    def called(self, name: str) -> list[Path]:
        """Images with a file name, or else with its stem.

        Args:
            name: File name with or without extension; folders before it are ignored.
        """
        wanted = name.replace("\\", "/").rsplit("/", 1)[-1].strip().casefold()
        if found := self._by_name.get(wanted) or self._by_stem.get(wanted):
            return list(found)
        return list(self._by_stem.get(Path(wanted).stem, ())) if format_of(Path(wanted)) else []

    def of(
        self, annotation: Path, images: Sequence[Path], *, stated: str = "", folder: str = ""
    ) -> Path | None:
        """The image that an annotation belongs to, out of images of its name; None if there are none.

        In this order: the image beside the annotation, the one at the same path below a folder of images,
        the one in the folder that the annotation states, the one in ``JPEGImages`` or ``images`` beside the
        folder of annotations, and the one whose file name is exactly the stated one.

        Args:
            annotation: File of the annotation.
            images: Images of its name.
            stated: File name that the annotation states.
            folder: Name of the folder that the annotation states.

        Raises:
            AmbiguousImageError: Several images fit.
        """
        found = list(images)
        for fits in self._rules(annotation, found, stated, folder):
            if len(found) > 1:
                found = [path for path in found if fits(path)] or found
        if len(found) > 1:
            raise AmbiguousImageError(str(annotation), stated or annotation.stem, found)
        return found[0] if found else None

    def _rules(
        self, annotation: Path, images: Sequence[Path], stated: str, folder: str
    ) -> list[Callable[[Path], bool]]:
        """What distinguishes images of one name, the surest first."""
        home = _unzipped(annotation.parent)
        depth = max((_shared_end(path.parent, home) for path in images), default=0)
        has_images = home in self._folders
        return [
            lambda path: path.parent == home,
            lambda path: _is_parallel(path.parent, home),
            lambda path: depth > 0 and _shared_end(path.parent, home) == depth,
            lambda path: path.parent.name.casefold() == folder.casefold(),
            lambda path: path.parent.name.casefold() in _IMAGE_FOLDERS and path.parent.parent == home.parent,
            lambda path: not has_images and path.parent.parent == home.parent,
            lambda path: path.name.casefold() == stated.casefold(),
            lambda path: annotation.stem in (path.name, path.stem),
        ]


def _unzipped(folder: Path) -> Path:
    """The folder that the content of an archive would have beside it; other folders as they are."""
    return Path(*(part for part in folder.parts if not part.lower().endswith(".zip")))


def _shared_end(one: Path, other: Path) -> int:
    """Number of folder names that two paths have in common at their ends, regardless of case."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    equal = (a.casefold() == b.casefold() for a, b in pairs)
    return next(
        (count for count, same in enumerate(equal) if not same), min(len(one.parts), len(other.parts))
    )


def _is_parallel(one: Path, other: Path) -> bool:
    """Whether one folder becomes the other if a name in front of its last ones is changed or left out."""
    end = _shared_end(one, other)
    if not end:
        return False
    rests = (one.parts[: len(one.parts) - end], other.parts[: len(other.parts) - end])
    start = next((n for n, (a, b) in enumerate(zip(*rests, strict=False)) if a != b), min(map(len, rests)))
    return all(len(rest) - start <= 1 for rest in rests)
