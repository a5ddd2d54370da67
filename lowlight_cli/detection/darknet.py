"""Darknet format, as CVAT exports it (YOLO 1.1): ``obj.data`` names the classes and the lists of images.

Labels are beside their images, or in ``labels`` if the images are in ``images``.

Source: the YOLO 1.1 format page of CVAT, and Darknet's description of custom datasets.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lowlight_cli.detection.class_names import check_unique
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import AnnotationFile, files_below, images_below
from lowlight_cli.detection.image_index import AmbiguousImageError, ImageIndex
from lowlight_cli.detection.yolo import label_path, listed_place, parse_yolo

_SPLIT_OF_KEY = {"train": "train", "valid": "val", "val": "val", "test": "test"}


def darknet_file(folder: Path) -> Path | None:
    """The data file in a folder, ``obj.data`` in exports of CVAT; None if there is none."""
    found = sorted(path for path in folder.glob("*.data") if path.is_file() and "names" in _settings(path))
    return found[0] if found else None


def read_darknet(file: Path, classes: Sequence[str] | None = None) -> Collection:
    """Reads a dataset by its data file.

    Args:
        file: Data file, with lines such as ``names = obj.names`` and ``train = train.txt``.
        classes: Names in order; None reads the file that ``names`` refers to.

    Raises:
        AnnotationError: A file that it refers to is missing, it names no list, or a class occurs twice.
    """
    settings = _settings(file)
    names = tuple(classes or _names(_referred(file, settings["names"])))
    images = ImageIndex(images_below(file.parent))
    samples: list[Sample] = []
    missing: list[Path] = []
    errors: list[AnnotationError] = []
    used: set[Path] = set()
    splits: dict[Path, str] = {}
    for split, line in _listed(file, settings):
        place = listed_place(file.parent, line)
        found = [place] if place.is_file() else images.ending(line.removeprefix("data/"))
        if len(found) > 1:
            errors.append(AmbiguousImageError(str(file), line, found))
            used.update(found)
            continue
        image = next(iter(found), None)
        if image is None:
            missing.append(place.with_suffix(".txt"))
            continue
        label = next((path for path in _label_paths(image) if path.is_file()), None)
        splits.setdefault(image, split)
        if label is None or image in used:
            continue
        used.add(image)
        try:
            boxes = parse_yolo(AnnotationFile(label, label.read_bytes()), len(names))
        except AnnotationError as error:
            errors.append(error)
            continue
        samples.append(Sample(image.name, image, boxes, label, split, relative=True))
    unused = tuple(
        Sample(path.name, path, (), split=splits.get(path)) for path in images.paths if path not in used
    )
    return Collection("yolo", names, tuple(samples), BoxSpace.UPRIGHT, tuple(missing), unused, tuple(errors))


def _names(path: Path) -> list[str]:
    names = _lines(path)
    check_unique(names, str(path))
    return names


def _listed(file: Path, settings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Split and path of each listed image."""
    keys = [key for key in _SPLIT_OF_KEY if settings.get(key)]
    if not keys:
        raise AnnotationError(str(file), "it names no list of images; add a line such as 'train = train.txt'")
    for key in keys:
        for line in _lines(_referred(file, settings[key])):
            yield _SPLIT_OF_KEY[key], line.replace("\\", "/")


def _label_paths(image: Path) -> Iterator[Path]:
    yield image.with_suffix(".txt")
    if (path := label_path(image)) is not None:
        yield path


def _referred(file: Path, name: str) -> Path:
    path = listed_place(file.parent, name)
    if not path.is_file():
        # Exports are often unpacked to another path than the one in the file.
        path = next((each for each in files_below(file.parent) if each.name == path.name), path)
    if not path.is_file():
        raise AnnotationError(str(file), f"'{name}' is missing")
    return path


def _settings(file: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in file.read_text("utf-8", "replace").splitlines())
    return {key.strip(): value.strip() for key, found, value in pairs if found}


def _lines(path: Path) -> list[str]:
    text = AnnotationFile(path, path.read_bytes()).text
    return [line.strip() for line in text.splitlines() if line.strip()]
