"""YOLO: a text of ``class cx cy w h`` for each picture, in parts of its sides, and a ``data.yaml`` beside.

Source: layout and rules of the Ultralytics data set format, as documented.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lowlight_cli.detection.boxes import Box, from_center
from lowlight_cli.detection.collection import SPLITS, AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import AnnotationFile, files_below, folders_below, number, pictures_below
from lowlight_cli.images.formats import format_of

DATA_FILE = "data.yaml"

_SPLIT_KEYS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}


@dataclass(frozen=True, slots=True)
class _Layout:
    """What ``data.yaml`` says, or what the folders show: class names and the pictures of each split."""

    classes: tuple[str, ...]
    pictures: dict[str | None, list[Path]]


def parse_yolo(file: AnnotationFile, class_count: int) -> tuple[Box, ...]:
    """Boxes of one label file, in parts of the picture's sides.

    Args:
        file: Lines of five numbers.
        class_count: Number of classes.

    Raises:
        AnnotationError: A line has not five numbers, or names no class. Polygons are refused.
    """
    boxes = []
    for count, line in enumerate(file.text.splitlines(), start=1):
        if words := line.split():
            boxes.append(_yolo_box(words, f"{file.path}:{count}", class_count))
    return tuple(boxes)


def _yolo_box(words: Sequence[str], place: str, class_count: int) -> Box:
    if len(words) != 5:
        more = "; polygons are not read" if len(words) > 6 else ""
        raise AnnotationError(place, f"five numbers are needed, not {len(words)}{more}")
    label, *sides = (number(word, place, "a value") for word in words)
    if label != int(label) or not 0 <= label < class_count:
        raise AnnotationError(place, f"unknown class {words[0]}; there are {class_count}, from 0")
    return from_center(int(label), *sides)


def read_yolo(folder: Path, classes: Sequence[str] | None = None) -> Collection:
    """Reads a folder with ``data.yaml``, or with ``images`` and ``labels`` in the usual places.

    Args:
        folder: The data set.
        classes: Names in order; None takes those of ``data.yaml`` or ``classes.txt``.

    Raises:
        AnnotationError: ``data.yaml`` cannot be read, or no class names can be found.
    """
    layout = _layout(folder, classes)
    samples, unused, errors, labels = [], [], [], set()
    for split, pictures in layout.pictures.items():
        for image in pictures:
            label = label_path(image)
            if label is None or not label.is_file():
                unused.append(image)
                continue
            labels.add(label.resolve())
            try:
                boxes = parse_yolo(AnnotationFile(label, label.read_bytes()), len(layout.classes))
            except AnnotationError as error:
                errors.append(error)
                continue
            samples.append(Sample(image.name, image, boxes, label, split, relative=True))
    lost = tuple(path for path in _label_files(folder) if path.resolve() not in labels)
    return Collection(
        "yolo", layout.classes, tuple(samples), BoxSpace.UPRIGHT, lost, tuple(unused), tuple(errors)
    )


def label_path(image: Path) -> Path | None:
    """Where YOLO looks for the labels of a picture: the last ``images`` in its path becomes ``labels``."""
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
        raise AnnotationError(str(folder), f"no {DATA_FILE} and no classes.txt; name the classes")
    pictures: dict[str | None, list[Path]] = {}
    for path in pictures_below(folder):
        if label_path(path) is not None:
            pictures.setdefault(_split_of(path.relative_to(folder)), []).append(path)
    return _Layout(names, pictures)


def _split_of(path: Path) -> str | None:
    """Split that a folder on the way to a picture stands for."""
    spellings = {spelling: split for split, keys in _SPLIT_KEYS.items() for spelling in keys}
    return next((spellings[part] for part in reversed(path.parts[:-1]) if part in spellings), None)


def _listed_classes(folder: Path) -> list[str]:
    path = next(iter(sorted(folder.rglob("classes.txt"))), None)
    return (
        []
        if path is None
        else [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    )


def _is_data_file(path: Path) -> bool:
    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError):
        return path.name == DATA_FILE
    return isinstance(content, dict) and "names" in content


def _from_data_file(path: Path, classes: Sequence[str] | None) -> _Layout:
    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AnnotationError(str(path), f"not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or "names" not in content:
        raise AnnotationError(str(path), "it names no classes")
    names = tuple(classes or _names(content["names"], path))
    root = _root(path, content)
    # Files that trainers accept may name one folder for two splits; a picture belongs to one of them.
    splits: dict[Path, str] = {}
    for split in SPLITS:
        value = next((content[key] for key in _SPLIT_KEYS[split] if content.get(key)), None)
        places = [] if value is None else _listed(value)
        for image in [found for each in places for found in _pictures_at(root, path, each)]:
            if image not in splits or _split_of(image.relative_to(image.anchor)) == split:
                splits[image] = split
    pictures: dict[str | None, list[Path]] = {}
    for image, split in splits.items():
        pictures.setdefault(split, []).append(image)
    return _Layout(names, pictures)


def _names(value: Any, path: Path) -> list[str]:  # noqa: ANN401 - what YAML gave
    """Class names from a list, or from a table of indices that leaves none out."""
    if isinstance(value, Mapping):
        if sorted(value) != list(range(len(value))):
            raise AnnotationError(str(path), "indices of the names do not run from 0 without a gap")
        return [str(value[index]) for index in range(len(value))]
    if isinstance(value, list):
        return [str(name) for name in value]
    raise AnnotationError(str(path), "'names' is neither a list nor a table")


def _root(path: Path, content: Mapping[str, Any]) -> Path:
    """Folder that paths in the file start from: ``path`` if it is there, else that of the file."""
    stated = Path(str(content.get("path") or "."))
    candidates = [stated] if stated.is_absolute() else [path.parent / stated]
    return next((folder for folder in candidates if folder.is_dir()), path.parent)


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - what YAML gave
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _pictures_at(root: Path, file: Path, value: str) -> list[Path]:
    """Pictures of a folder, or of a text that lists them.

    Raises:
        AnnotationError: Neither is there.
    """
    for place in (root / value, file.parent / value.removeprefix("../")):
        if place.is_dir():
            return pictures_below(place)
        if place.is_file() and place.suffix == ".txt":
            lines = [line.strip() for line in place.read_text("utf-8").splitlines()]
            bases = [(place.parent if line.startswith("./") else root, line) for line in lines if line]
            return [path for path in (listed_place(*base) for base in bases) if format_of(path)]
    raise AnnotationError(str(file), f"'{value}' is not there")


def listed_place(root: Path, name: str) -> Path:
    """Where a file lies that a list names; CVAT lists ``data/NAME`` for what it exports as ``NAME``.

    Args:
        root: Folder that paths of the list start from.
        name: Path as listed.
    """
    place = root / name
    return place if place.exists() else root / name.removeprefix("data/")


def yolo_line(box: Box, width: int, height: int) -> str:
    """A box in pixels as a line of a label file; enough digits for a thousandth of a pixel.

    Args:
        box: Inside the picture, not empty.
        width: Columns of the picture.
        height: Rows.
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
        root: What ``path`` shall say.
        splits: Those that hold pictures.
        classes: Names by index.
    """
    held = list(splits)
    # Trainers refuse a file without both of these, even where nothing is trained or checked.
    content: dict[str, object] = {"path": root, "train": f"images/{held[0]}" if held else "images"}
    content["val"] = f"images/{held[-1]}" if held else "images"
    content |= {split: f"images/{split}" for split in held}
    content["names"] = dict(enumerate(classes))
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
