"""YOLO as Darknet keeps it and CVAT exports it: ``obj.data`` names the classes and the lists of images.

Source: the YOLO 1.1 format page of CVAT, and the description of custom data sets in Darknet. Labels lie
beside their images, or in ``labels`` where the images lie in ``images``.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import AnnotationFile, Pictures, files_below, pictures_below
from lowlight_cli.detection.yolo import label_path, listed_place, parse_yolo

_SPLIT_OF_KEY = {"train": "train", "valid": "val", "val": "val", "test": "test"}


def darknet_file(folder: Path) -> Path | None:
    """The data file on top of a folder, ``obj.data`` as CVAT calls it; None where there is none."""
    found = sorted(path for path in folder.glob("*.data") if path.is_file() and "names" in _settings(path))
    return found[0] if found else None


def read_darknet(file: Path, classes: Sequence[str] | None = None) -> Collection:
    """Reads a data set by its data file.

    Args:
        file: Has lines such as ``names = obj.names`` and ``train = train.txt``.
        classes: Names in order; None takes those of the file that ``names`` refers to.

    Raises:
        AnnotationError: A file that it refers to is not there, or it names no list of images.
    """
    settings = _settings(file)
    names = tuple(classes or _lines(_referred(file, settings["names"])))
    pictures = Pictures(pictures_below(file.parent))
    samples: list[Sample] = []
    lost: list[Path] = []
    errors: list[AnnotationError] = []
    used: set[Path] = set()
    for split, line in _listed(file, settings):
        place = listed_place(file.parent, line)
        image = place if place.is_file() else next(iter(pictures.ending(line.removeprefix("data/"))), None)
        if image is None:
            lost.append(place.with_suffix(".txt"))
            continue
        label = next((path for path in _label_paths(image) if path.is_file()), None)
        if label is None or image in used:
            continue
        used.add(image)
        try:
            boxes = parse_yolo(AnnotationFile(label, label.read_bytes()), len(names))
        except AnnotationError as error:
            errors.append(error)
            continue
        samples.append(Sample(image.name, image, boxes, label, split, relative=True))
    unused = tuple(path for path in pictures.paths if path not in used)
    return Collection("yolo", names, tuple(samples), BoxSpace.UPRIGHT, tuple(lost), unused, tuple(errors))


def _listed(file: Path, settings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Split and path of each image on the lists."""
    keys = [key for key in _SPLIT_OF_KEY if settings.get(key)]
    if not keys:
        raise AnnotationError(str(file), "it names no list of images; 'train = train.txt' is needed")
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
        # Exports are unpacked under other names than those they were made for.
        path = next((each for each in files_below(file.parent) if each.name == path.name), path)
    if not path.is_file():
        raise AnnotationError(str(file), f"'{name}' is not there")
    return path


def _settings(file: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in file.read_text("utf-8", "replace").splitlines())
    return {key.strip(): value.strip() for key, found, value in pairs if found}


def _lines(path: Path) -> list[str]:
    text = AnnotationFile(path, path.read_bytes()).text
    return [line.strip() for line in text.splitlines() if line.strip()]
