"""COCO format: one JSON file per split, with images, classes and boxes ``[left, top, width, height]``.

Source: Lin et al., "Microsoft COCO: Common Objects in Context", 2014, and its page on the data format.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import SPLITS, AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import ImageIndex, files_below, images_below, number

_KEYS = ("images", "annotations", "categories")


def read_coco(folder: Path, classes: Sequence[str] | None = None, *, needs_images: bool = True) -> Collection:
    """Reads a folder with images and COCO files; the name of a file gives its split.

    An image is left out if one of its annotations is invalid. Crowds are kept and marked.

    Args:
        folder: Folder with images and JSON files.
        classes: Names in order; None takes those of the first file, ordered by id.
        needs_images: Whether entries without an image file are left out.

    Raises:
        AnnotationError: A file is not in COCO format, or files have different classes.
    """
    images = ImageIndex(images_below(folder))
    names: tuple[str, ...] = tuple(classes or ())
    samples: list[Sample] = []
    missing: list[Path] = []
    errors: list[AnnotationError] = []
    used: set[Path] = set()
    for path in coco_files(folder):
        content = _content(path)
        labels, names = _labels(content, names, path)
        boxes, failed = _boxes(content, labels, path, errors)
        for index, entry in enumerate(content["images"]):
            name, size = _name_and_size(entry, path, index)
            try:
                image = _image(name, path, folder, images)
            except AnnotationError as error:
                errors.append(error)
                used.update(images.named(name))
                continue
            if image is None and not needs_images:
                image = Path(name)
            if image is None:
                missing.append(path / name)
                continue
            used.add(image)
            if entry["id"] not in failed:
                found = tuple(boxes.get(entry["id"], ()))
                samples.append(
                    Sample(image.name, image, found, path, _split_of(path), size, number=entry["id"])
                )
    unused = tuple(path for path in images.paths if path not in used)
    return Collection("coco", names, tuple(samples), BoxSpace.BY_SIZE, tuple(missing), unused, tuple(errors))


def _image(name: str, file: Path, folder: Path, images: ImageIndex) -> Path | None:
    """An image by its path below the dataset or the folder of the JSON file, or else by its name.

    If several splits have an image of that name, the split of the JSON file decides.

    Raises:
        AnnotationError: Several images fit.
    """
    found = images.named(name)
    for place in (folder, file.parent):
        if (exact := place / name) in found:
            return exact
    if len(found) > 1:
        split = _split_of(file)
        found = [path for path in found if split and split in _split_words(path.relative_to(folder))] or found
    if len(found) > 1:
        raise AnnotationError(str(file), f"'{name}' is ambiguous: {found[0]} or {found[1]}")
    return found[0] if found else images.find(name)


def coco_files(folder: Path) -> list[Path]:
    """COCO files below a folder.

    If some are named ``instances_*``, the others are ignored: COCO has further files about the same images,
    for keypoints and stuff.
    """
    found = [path for path in files_below(folder) if path.suffix.lower() == ".json" and _has_keys(path)]
    return [path for path in found if path.name.lower().startswith("instances")] or found


def _has_keys(path: Path) -> bool:
    data = path.read_bytes()
    return all(f'"{key}"'.encode() in data for key in _KEYS)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise AnnotationError(f"{path}:{line}", f"not JSON: {error}") from error
    if not isinstance(content, dict) or not all(isinstance(content.get(key), list) for key in _KEYS):
        raise AnnotationError(str(path), f"a COCO file needs the lists {', '.join(_KEYS)}")
    return content


def _labels(
    content: Mapping[str, Any], names: tuple[str, ...], path: Path
) -> tuple[dict[int, int], tuple[str, ...]]:
    """Index of each category id, and the names by index."""
    try:
        named = {int(each["id"]): str(each["name"]) for each in content["categories"]}
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(str(path), "a category has no id or no name") from error
    names = names or tuple(named[key] for key in sorted(named))
    indices = {name.casefold(): index for index, name in enumerate(names)}
    unknown = next((name for name in named.values() if name.casefold() not in indices), None)
    if unknown is not None:
        raise AnnotationError(str(path), f"unknown class '{unknown}'; known: {', '.join(names)}")
    return {key: indices[name.casefold()] for key, name in named.items()}, names


def _boxes(
    content: Mapping[str, Any], labels: Mapping[int, int], path: Path, errors: list[AnnotationError]
) -> tuple[dict[Any, list[Box]], set[Any]]:
    """Boxes by image id, and ids of images with an invalid annotation, which is added to ``errors``."""
    boxes: dict[Any, list[Box]] = {}
    failed: set[Any] = set()
    images = _by_id(content["images"], path)
    for index, entry in enumerate(content["annotations"]):
        place = f"{path}:annotations[{index}]"
        key = entry.get("image_id") if isinstance(entry, dict) else None
        if not _is_id(key) or key not in images:
            errors.append(AnnotationError(place, f"no image has the id {key}"))
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
        AnnotationError: An id is neither a number nor a text, or occurs twice.
    """
    images: dict[Any, Mapping[str, Any]] = {}
    for index, entry in enumerate(entries):
        key = entry.get("id") if isinstance(entry, dict) else None
        if not _is_id(key):
            raise AnnotationError(f"{path}:images[{index}]", "the image has no id")
        if key in images:
            raise AnnotationError(f"{path}:images[{index}]", f"another image has the id {key}")
        images[key] = entry
    return images


def _box(entry: Mapping[str, Any], labels: Mapping[int, int], place: str) -> Box:
    if not isinstance(entry.get("bbox"), list) or len(entry["bbox"]) != 4:
        raise AnnotationError(place, "bbox is not a list of four numbers")
    if not _is_id(entry.get("category_id")) or entry["category_id"] not in labels:
        raise AnnotationError(place, f"unknown category {entry.get('category_id')}")
    left, top, width, height = (number(str(value), place, "a coordinate") for value in entry["bbox"])
    label = labels[entry["category_id"]]
    return Box(label, left, top, left + width, top + height, crowd=bool(entry.get("iscrowd", 0)))


def _name_and_size(entry: Any, path: Path, index: int) -> tuple[str, tuple[int, int] | None]:  # noqa: ANN401
    if not isinstance(entry, dict) or "id" not in entry or not isinstance(entry.get("file_name"), str):
        raise AnnotationError(f"{path}:images[{index}]", "the image has no id or no file_name")
    name = entry["file_name"].replace("\\", "/")
    width, height = entry.get("width"), entry.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return name, (width, height)
    return name, None


def _split_of(path: Path) -> str | None:
    """The split in the name of a file or of its folder: ``instances_val2017.json``."""
    names = (path.stem.lower(), path.parent.name.lower())
    return next((split for name in names for split in SPLITS if split in name), None)


def _split_words(path: Path) -> set[str]:
    """Splits in the names of the folders of an image."""
    return {split for part in path.parts[:-1] for split in SPLITS if split in part.lower()}


def coco_content(
    samples: Sequence[tuple[str, tuple[int, int], Sequence[Box]]], classes: Sequence[str]
) -> dict[str, Any]:
    """Content of a COCO file for one split; ids count from 1.

    Args:
        samples: File name, (width, height), and boxes in pixels of each image.
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
