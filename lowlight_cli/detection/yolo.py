"""YOLO format: a text file of relative ``class cx cy w h`` for each image, and a ``data.yaml``.

Source: layout and rules of the Ultralytics dataset format, as documented.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lowlight_cli.detection.boxes import Box, from_center
from lowlight_cli.detection.class_names import check_unique
from lowlight_cli.detection.collection import SPLITS, AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import AnnotationFile, files_below, folders_below, images_below, number
from lowlight_cli.detection.splits import stand_in
from lowlight_cli.images.formats import format_of

DATA_FILE = "data.yaml"

_SPLIT_KEYS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Class names and the images of each split, from ``data.yaml`` or from the folders."""

    classes: tuple[str, ...]
    images: dict[str | None, list[Path]]


def parse_yolo(file: AnnotationFile, class_count: int) -> tuple[Box, ...]:
    """Boxes of one label file, relative to the image.

    Args:
        file: Text file with lines of five numbers.
        class_count: Number of classes.

    Raises:
        AnnotationError: A line has not five numbers, or its class is unknown.
    """
    boxes = []
    for count, line in enumerate(file.text.splitlines(), start=1):
        if words := line.split():
            boxes.append(_yolo_box(words, f"{file.path}:{count}", class_count))
    return tuple(boxes)


def _yolo_box(words: Sequence[str], place: str, class_count: int) -> Box:
    if len(words) != 5:
        more = "; polygons are not supported" if len(words) > 6 else ""
        raise AnnotationError(place, f"expected five numbers, not {len(words)}{more}")
    label, *sides = (number(word, place, "a value") for word in words)
    if label != int(label) or not 0 <= label < class_count:
        raise AnnotationError(place, f"unknown class {words[0]}; classes are 0 to {class_count - 1}")
    return from_center(int(label), *sides)


def read_yolo(folder: Path, classes: Sequence[str] | None = None) -> Collection:
    """Reads a folder with ``data.yaml``, or with folders ``images`` and ``labels``.

    Args:
        folder: Folder of the dataset.
        classes: Names in order; None takes those of ``data.yaml`` or ``classes.txt``.

    Raises:
        AnnotationError: ``data.yaml`` is invalid, or there are no class names.
    """
    layout = _layout(folder, classes)
    samples, unused, errors, labels = [], [], [], set()
    for split, images in layout.images.items():
        for image in images:
            label = label_path(image)
            if label is None or not label.is_file():
                unused.append(Sample(image.name, image, (), split=split))
                continue
            labels.add(label.resolve())
            try:
                boxes = parse_yolo(AnnotationFile(label, label.read_bytes()), len(layout.classes))
            except AnnotationError as error:
                errors.append(error)
                continue
            samples.append(Sample(image.name, image, boxes, label, split, relative=True))
    missing = tuple(path for path in _label_files(folder) if path.resolve() not in labels)
    return Collection(
        "yolo", layout.classes, tuple(samples), BoxSpace.UPRIGHT, missing, tuple(unused), tuple(errors)
    )


def label_path(image: Path) -> Path | None:
    """Label file of an image: the last folder ``images`` in its path becomes ``labels``; None without one."""
    parts = list(image.parts)
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] == "images":
            parts[index] = "labels"
            return Path(*parts).with_suffix(".txt")
    return None


def _label_files(folder: Path) -> list[Path]:
    found = {path for place in folders_below(folder, "labels") for path in files_below(place)}
    return sorted(path for path in found if path.suffix == ".txt" and path.name != "classes.txt")


def _layout(folder: Path, classes: Sequence[str] | None) -> _Layout:
    file = next((path for path in sorted(folder.glob("*.y*ml")) if _is_data_file(path)), None)
    if file is not None:
        return _from_data_file(file, classes)
    names = tuple(classes or _listed_classes(folder))
    if not names:
        raise AnnotationError(
            str(folder), f"no {DATA_FILE} and no classes.txt; name the classes with --classes"
        )
    images: dict[str | None, list[Path]] = {}
    for path in images_below(folder):
        if label_path(path) is not None:
            images.setdefault(_split_of(path.relative_to(folder)), []).append(path)
    return _Layout(names, images)


def _split_of(path: Path) -> str | None:
    """The split in the names of the folders of an image."""
    spellings = {spelling: split for split, keys in _SPLIT_KEYS.items() for spelling in keys}
    return next((spellings[part] for part in reversed(path.parts[:-1]) if part in spellings), None)


def _listed_classes(folder: Path) -> list[str]:
    path = next(iter(sorted(folder.rglob("classes.txt"))), None)
    names = [] if path is None else _lines(path)
    check_unique(names, str(path))
    return names


def _lines(path: Path) -> list[str]:
    text = AnnotationFile(path, path.read_bytes()).text
    return [line.strip() for line in text.splitlines() if line.strip()]


def _is_data_file(path: Path) -> bool:
    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError):
        return path.name == DATA_FILE
    return isinstance(content, dict) and "names" in content


def _from_data_file(path: Path, classes: Sequence[str] | None) -> _Layout:
    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError) as error:
        raise AnnotationError(str(path), f"not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or "names" not in content:
        raise AnnotationError(str(path), "it has no class names")
    if not any(content.get(key) for keys in _SPLIT_KEYS.values() for key in keys):
        raise AnnotationError(str(path), "it names no images; add 'train', 'val' or 'test'")
    names = tuple(classes or _names(content["names"], path))
    root = _root(path, content)
    # Trainers accept files that name one folder for two splits; each image gets one of them.
    splits: dict[Path, str] = {}
    for split in SPLITS:
        value = next((content[key] for key in _SPLIT_KEYS[split] if content.get(key)), None)
        places = [] if value is None else _listed(value)
        for image in [found for each in places for found in _images_at(root, path, each)]:
            if image not in splits or _split_of(image.relative_to(image.anchor)) == split:
                splits[image] = split
    images: dict[str | None, list[Path]] = {}
    for image, split in splits.items():
        images.setdefault(split, []).append(image)
    return _Layout(names, images)


def _names(value: Any, path: Path) -> list[str]:  # noqa: ANN401 - a YAML value
    """Class names from a list, or from a mapping of indices from 0 without gaps."""
    if isinstance(value, Mapping):
        if set(value) != set(range(len(value))):
            raise AnnotationError(str(path), "the indices in 'names' must run from 0 without gaps")
        names = [str(value[index]) for index in range(len(value))]
    elif isinstance(value, list):
        names = [str(name) for name in value]
    else:
        raise AnnotationError(str(path), "'names' must be a list or a mapping")
    check_unique(names, str(path))
    return names


def _root(path: Path, content: Mapping[str, Any]) -> Path:
    """Folder that paths in the file are relative to: ``path`` if it exists, else the folder of the file."""
    stated = Path(str(content.get("path") or "."))
    candidates = [stated] if stated.is_absolute() else [path.parent / stated]
    return next((folder for folder in candidates if folder.is_dir()), path.parent)


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - a YAML value
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _images_at(root: Path, file: Path, value: str) -> list[Path]:
    """Images in a folder, or listed in a text file.

    Raises:
        AnnotationError: There is neither, or the list is not text.
    """
    for place in (root / value, file.parent / value.removeprefix("../")):
        if place.is_dir():
            return images_below(place)
        if place.is_file() and place.suffix == ".txt":
            bases = [(place.parent if line.startswith("./") else root, line) for line in _lines(place)]
            return [path for path in (listed_place(*base) for base in bases) if format_of(path)]
    raise AnnotationError(str(file), f"'{value}' is missing")


def listed_place(root: Path, name: str) -> Path:
    """Path of a listed file; CVAT lists ``data/NAME`` for a file that it exports as ``NAME``.

    Args:
        root: Folder that listed paths are relative to.
        name: Listed path.
    """
    place = root / name
    return place if place.exists() else root / name.removeprefix("data/")


def yolo_line(box: Box, width: int, height: int) -> str:
    """A box as a line of a label file, exact to a thousandth of a pixel.

    Args:
        box: Box in pixels, inside the image, not empty.
        width: Width of the image.
        height: Height of the image.
    """
    values = (
        (box.left + box.right) / 2 / width,
        (box.top + box.bottom) / 2 / height,
        box.width / width,
        box.height / height,
    )
    return " ".join([str(box.label), *(f"{value:.9g}" for value in values)])


def data_yaml(root: str, splits: Iterable[str], classes: Sequence[str]) -> str:
    """Text of ``data.yaml``.

    Args:
        root: Value of ``path``.
        splits: Splits that have images.
        classes: Names by index.
    """
    present = list(splits)
    content: dict[str, object] = {"path": root}
    for split in ("train", "val"):
        content[split] = f"images/{stand_in(split, present)}" if present else "images"
    content |= {split: f"images/{split}" for split in present}
    content["names"] = dict(enumerate(classes))
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
