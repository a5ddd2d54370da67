"""COCO: one JSON file for a split, with pictures, classes and boxes ``[left, top, width, height]``.

Source: Lin et al., "Microsoft COCO: Common Objects in Context", 2014, and the format page of the data set.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import SPLITS, AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import Pictures, files_below, number, pictures_below

_KEYS = ("images", "annotations", "categories")


def read_coco(
    folder: Path, classes: Sequence[str] | None = None, *, needs_pictures: bool = True
) -> Collection:
    """Reads a folder of pictures with ``instances_*.json`` or the like; the name of a file tells its split.

    Args:
        folder: Holds pictures and JSON files; crowds are kept and marked. An image is left out if one of its
            annotations cannot be read.
        classes: Names in order; None takes those of the first file, ordered by id.
        needs_pictures: Whether a picture counts only if its file is there.

    Raises:
        AnnotationError: A file has not the form, or files disagree about the classes.
    """
    pictures = Pictures(pictures_below(folder))
    names: tuple[str, ...] = tuple(classes or ())
    samples: list[Sample] = []
    lost: list[Path] = []
    errors: list[AnnotationError] = []
    used: set[Path] = set()
    for path in coco_files(folder):
        content = _content(path)
        labels, names = _labels(content, names, path)
        boxes, failed = _boxes(content, labels, path, errors)
        for index, entry in enumerate(content["images"]):
            name, size = _picture(entry, path, index)
            try:
                image = _image(name, path, folder, pictures)
            except AnnotationError as error:
                errors.append(error)
                used.update(pictures.named(name))
                continue
            if image is None and not needs_pictures:
                image = Path(name)
            if image is None:
                lost.append(path / name)
                continue
            used.add(image)
            if entry["id"] not in failed:
                found = tuple(boxes.get(entry["id"], ()))
                samples.append(
                    Sample(image.name, image, found, path, _split_of(path), size, number=entry["id"])
                )
    unused = tuple(path for path in pictures.paths if path not in used)
    return Collection("coco", names, tuple(samples), BoxSpace.BY_SIZE, tuple(lost), unused, tuple(errors))


def _image(name: str, file: Path, folder: Path, pictures: Pictures) -> Path | None:
    """A picture by its path below the data set, below the JSON file's folder, or by its name.

    Pictures of one name in the folders of several splits are told apart by the split of the JSON file.

    Raises:
        AnnotationError: Several pictures have the name, and nothing tells which is meant.
    """
    found = pictures.named(name)
    for place in (folder, file.parent):
        if (exact := place / name) in found:
            return exact
    if len(found) > 1:
        split = _split_of(file)
        found = [path for path in found if split and split in _split_words(path.relative_to(folder))] or found
    if len(found) > 1:
        raise AnnotationError(str(file), f"'{name}' may be {found[0]} or {found[1]}")
    return found[0] if found else pictures.find(name)


def coco_files(folder: Path) -> list[Path]:
    """JSON files below a folder that hold pictures, boxes and classes.

    Where some are called ``instances_*``, the others are left out: COCO tells of the same pictures once more
    for key points and stuff.
    """
    found = [path for path in files_below(folder) if path.suffix.lower() == ".json" and _looks_right(path)]
    return [path for path in found if path.name.lower().startswith("instances")] or found


def _looks_right(path: Path) -> bool:
    start = path.read_bytes()
    return all(f'"{key}"'.encode() in start for key in _KEYS)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise AnnotationError(f"{path}:{line}", f"not JSON: {error}") from error
    if not isinstance(content, dict) or not all(isinstance(content.get(key), list) for key in _KEYS):
        raise AnnotationError(str(path), f"it has not the lists {', '.join(_KEYS)}")
    return content


def _labels(
    content: Mapping[str, Any], names: tuple[str, ...], path: Path
) -> tuple[dict[int, int], tuple[str, ...]]:
    """Index of each category id, and the names by index."""
    try:
        named = {int(each["id"]): str(each["name"]) for each in content["categories"]}
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(str(path), "a category without id and name") from error
    names = names or tuple(named[key] for key in sorted(named))
    indices = {name.casefold(): index for index, name in enumerate(names)}
    strange = next((name for name in named.values() if name.casefold() not in indices), None)
    if strange is not None:
        raise AnnotationError(str(path), f"unknown class '{strange}'; known: {', '.join(names)}")
    return {key: indices[name.casefold()] for key, name in named.items()}, names


def _boxes(
    content: Mapping[str, Any], labels: Mapping[int, int], path: Path, errors: list[AnnotationError]
) -> tuple[dict[Any, list[Box]], set[Any]]:
    """Boxes by the id of their image, and ids of images with a broken annotation; ``errors`` gets it."""
    boxes: dict[Any, list[Box]] = {}
    failed: set[Any] = set()
    images = _by_id(content["images"], path)
    for index, entry in enumerate(content["annotations"]):
        place = f"{path}:annotations[{index}]"
        key = entry.get("image_id") if isinstance(entry, dict) else None
        if not _is_id(key) or key not in images:
            errors.append(AnnotationError(place, f"no picture has the id {key}"))
            continue
        try:
            boxes.setdefault(key, []).append(_box(entry, labels, place))
        except AnnotationError as error:
            failed.add(key)
            errors.append(AnnotationError(str(error), f"'{images[key].get('file_name')}' is left out"))
    return boxes, failed


def _is_id(value: object) -> bool:
    return isinstance(value, (int, str))


def _by_id(entries: Sequence[Any], path: Path) -> dict[Any, Mapping[str, Any]]:
    """Entry of each image by its id.

    Raises:
        AnnotationError: An id is neither a number nor a text, or is there twice.
    """
    images: dict[Any, Mapping[str, Any]] = {}
    for index, entry in enumerate(entries):
        key = entry.get("id") if isinstance(entry, dict) else None
        if not _is_id(key):
            raise AnnotationError(f"{path}:images[{index}]", "a picture without an id")
        if key in images:
            raise AnnotationError(f"{path}:images[{index}]", f"another picture has the id {key}")
        images[key] = entry
    return images


def _box(entry: Mapping[str, Any], labels: Mapping[int, int], place: str) -> Box:
    if not isinstance(entry.get("bbox"), list) or len(entry["bbox"]) != 4:
        raise AnnotationError(place, "it has no bbox of four numbers")
    if not _is_id(entry.get("category_id")) or entry["category_id"] not in labels:
        raise AnnotationError(place, f"unknown category {entry.get('category_id')}")
    left, top, width, height = (number(str(value), place, "a coordinate") for value in entry["bbox"])
    label = labels[entry["category_id"]]
    return Box(label, left, top, left + width, top + height, crowd=bool(entry.get("iscrowd", 0)))


def _picture(entry: Any, path: Path, index: int) -> tuple[str, tuple[int, int] | None]:  # noqa: ANN401
    if not isinstance(entry, dict) or "id" not in entry or not isinstance(entry.get("file_name"), str):
        raise AnnotationError(f"{path}:images[{index}]", "a picture without id and file_name")
    name = entry["file_name"].replace("\\", "/")
    width, height = entry.get("width"), entry.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return name, (width, height)
    return name, None


def _split_of(path: Path) -> str | None:
    """Split that the name of a file tells, or that of its folder: ``instances_val2017.json``."""
    names = (path.stem.lower(), path.parent.name.lower())
    return next((split for name in names for split in SPLITS if split in name), None)


def _split_words(path: Path) -> set[str]:
    """Splits that the folders of a picture tell."""
    return {split for part in path.parts[:-1] for split in SPLITS if split in part.lower()}


def coco_content(
    samples: Sequence[tuple[str, tuple[int, int], Sequence[Box]]], classes: Sequence[str]
) -> dict[str, Any]:
    """One split as COCO's JSON; ids count from 1.

    Args:
        samples: File name, width and height, and boxes in pixels of each picture.
        classes: Names by index.
    """
    images, annotations = [], []
    for number_, (name, (width, height), boxes) in enumerate(samples, start=1):
        images.append({"id": number_, "file_name": name, "width": width, "height": height})
        annotations += [
            {
                "id": 0,
                "image_id": number_,
                "category_id": box.label + 1,
                "bbox": [box.left, box.top, box.width, box.height],
                "area": box.width * box.height,
                "iscrowd": int(box.crowd),
            }
            for box in boxes
        ]
    for index, annotation in enumerate(annotations, start=1):
        annotation["id"] = index
    categories = [
        {"id": index, "name": name, "supercategory": ""} for index, name in enumerate(classes, start=1)
    ]
    return {"images": images, "annotations": annotations, "categories": categories}
