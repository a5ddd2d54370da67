"""COCO format: one JSON file per split, with images, classes and boxes ``[left, top, width, height]``.

Source: Lin et al., "Microsoft COCO: Common Objects in Context", 2014, and its page on the data format.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lowlight_cli.detection.annotated_images import AnnotatedImages
from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.class_names import ClassNames, merged_names
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import files_below, images_below, number
from lowlight_cli.detection.image_index import AmbiguousImageError, ImageIndex
from lowlight_cli.detection.split_words import split_named, splits_in

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
    annotated = AnnotatedImages(images.paths, lambda path: _split_in(path.relative_to(folder)))
    notes: list[str] = []
    for path in coco_files(folder):
        content = _content(path)
        labels, names = _labels(content, names, path, notes)
        boxes, failed = _boxes(content, labels, path, annotated.errors)
        for index, entry in enumerate(content["images"]):
            name, size = _name_and_size(entry, path, index)
            try:
                image = _image(name, path, folder, images)
            except AmbiguousImageError as error:
                annotated.fail_ambiguous(error)
                continue
            if image is None and needs_images:
                annotated.miss(path / name)
                continue
            key = image or path / name
            if entry["id"] in failed:
                annotated.leave_out([key])
            found, place = tuple(boxes.get(entry["id"], ())), image or Path(name)
            sample = Sample(place.name, place, found, path, split_named(path), size, number=entry["id"])
            annotated.add(sample, key)
    return annotated.collection("coco", names, BoxSpace.BY_SIZE, notes)


def _image(name: str, file: Path, folder: Path, images: ImageIndex) -> Path | None:
    """An image by its path below the dataset or the folder of the JSON file, or else by its name.

    If several splits have an image of that name, the split of the JSON file decides.

    Raises:
        AmbiguousImageError: Several images fit.
    """
    found = images.named(name)
    for place in (folder, file.parent):
        if (exact := place / name) in found:
            return exact
    if len(found) > 1:
        split = split_named(file)
        found = [path for path in found if split and split in _split_words(path.relative_to(folder))] or found
    if len(found) > 1:
        raise AmbiguousImageError(str(file), name, found)
    return found[0] if found else None


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
    content: Mapping[str, Any], names: tuple[str, ...], path: Path, notes: list[str]
) -> tuple[dict[int, int], tuple[str, ...]]:
    """Index of each category id, and the names by index; adds a note on each class that was merged."""
    try:
        named = {int(each["id"]): str(each["name"]) for each in content["categories"]}
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(str(path), "a category has no id or no name") from error
    if not names:
        names, merged = merged_names(named[key] for key in sorted(named))
        notes += merged
    known = ClassNames(names)
    return {key: known.index(name, str(path)) for key, name in named.items()}, names


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


def _split_in(path: Path) -> str | None:
    """The split in the names of the folders of an image; None without one, or with several."""
    words = _split_words(path)
    return words.pop() if len(words) == 1 else None


def _split_words(path: Path) -> set[str]:
    """Splits in the names of the folders of an image."""
    return {split for part in path.parts[:-1] for split in splits_in(part)}


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
