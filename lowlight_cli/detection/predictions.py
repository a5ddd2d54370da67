"""Predictions of detectors, read from their files.

Two formats: a text file for each image with lines ``class cx cy w h score``, relative to the image, as
Ultralytics writes them with ``save_txt`` and ``save_conf``; or one JSON list of COCO results in pixels.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowlight_cli.counted import counted
from lowlight_cli.detection.boxes import Box, from_center, overlap_of
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.exif_orientation import in_pixels
from lowlight_cli.detection.files import AnnotationFile, number
from lowlight_cli.errors import LowlightError
from lowlight_cli.pipeline.report import ALL_FAILED


class UnmatchedPredictionsError(LowlightError):
    """Predictions of which none is for a labelled image."""

    exit_code = ALL_FAILED


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """An image with the boxes to find.

    Attributes:
        name: File name.
        size: Width and height of the upright image.
        boxes: Boxes in pixels.
        number: Image id in COCO labels; None in other formats.
    """

    name: str
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    number: int | str | None = None

    @property
    def stem(self) -> str:
        """Stem of the file name in lower case, by which predictions are found."""
        return Path(self.name).stem.casefold()


@dataclass(frozen=True, slots=True)
class Detection:
    """A detected box in pixels, and its score from 0 to 1."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Predictions:
    """Detections of one detector.

    Attributes:
        by_image: Detections in each labelled image, in the order of the images.
        missing: Number of images without predictions.
        unknown: Files or names of predictions for images without labels.
        named: Number of images for which there are predictions, with or without labels.
    """

    by_image: tuple[tuple[Detection, ...], ...]
    missing: int = 0
    unknown: tuple[str, ...] = ()
    named: int = 0


def read_predictions(path: Path, truth: Sequence[GroundTruth], classes: Sequence[str]) -> Predictions:
    """Reads the predictions of one detector.

    Args:
        path: JSON file of COCO results, or a folder of text files, or a folder with these in ``labels``.
        truth: Labelled images with unique stems.
        classes: Names by index.

    Raises:
        AnnotationError: There are no predictions, or a file is invalid; the message names file and line.
        UnmatchedPredictionsError: No prediction is for a labelled image.
    """
    found = _read(path, truth, classes)
    if found.unknown and len(found.unknown) == found.named:
        raise UnmatchedPredictionsError(
            f"no prediction in '{path}' fits a labeled image: predictions are named like "
            f"'{Path(found.unknown[0]).name}', images like '{truth[0].name}'; check the names and --split"
        )
    return found


def _read(path: Path, truth: Sequence[GroundTruth], classes: Sequence[str]) -> Predictions:
    if path.is_file():
        return _from_coco(path, truth, classes)
    folder = path / "labels" if (path / "labels").is_dir() else path
    files = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    files = [file for file in files if file.name != "classes.txt"]
    if not files:
        raise AnnotationError(str(path), "no predictions; name a JSON file, or a folder with text files")
    return _from_texts(files, truth, len(classes))


def _from_texts(files: Sequence[Path], truth: Sequence[GroundTruth], class_count: int) -> Predictions:
    by_stem = {file.stem.casefold(): file for file in files}
    known = {each.stem for each in truth}
    found, missing = [], 0
    for each in truth:
        file = by_stem.get(each.stem)
        missing += file is None
        found.append(_text(file, each, class_count) if file else ())
    unknown = tuple(str(path) for stem, path in by_stem.items() if stem not in known)
    return Predictions(tuple(found), missing, unknown, len(by_stem))


def _text(path: Path, image: GroundTruth, class_count: int) -> tuple[Detection, ...]:
    lines = AnnotationFile(path, path.read_bytes()).text.splitlines()
    rows = [(f"{path}:{count}", line.split()) for count, line in enumerate(lines, start=1)]
    return tuple(_text_row(words, place, image, class_count) for place, words in rows if words)


def _text_row(words: Sequence[str], place: str, image: GroundTruth, class_count: int) -> Detection:
    if len(words) != 6:
        hint = "; write scores too (save_conf=True)" if len(words) == 5 else ""
        raise AnnotationError(
            place, f"expected a class, four coordinates and a score, not {len(words)} words{hint}"
        )
    label, *sides, score = (number(word, place, "a value") for word in words)
    if label != int(label) or not 0 <= label < class_count:
        raise AnnotationError(place, f"unknown class {words[0]}; classes are 0 to {class_count - 1}")
    (box,) = in_pixels([from_center(int(label), *sides)], image.size)
    return Detection(box, _score(score, place))


def _score(value: float, place: str) -> float:
    if not 0 <= value <= 1:
        raise AnnotationError(place, f"the score {value:g} is not between 0 and 1")
    return value


def _from_coco(path: Path, truth: Sequence[GroundTruth], classes: Sequence[str]) -> Predictions:
    rows = _rows(path)
    image_of = _image_keys(truth, rows, path)
    first = _first_category(rows, len(classes), path)
    found: list[list[Detection]] = [[] for _ in truth]
    named = dict.fromkeys(map(_key, rows))
    for index, row in enumerate(rows):
        place = f"{path}:[{index}]"
        if (image := image_of.get(_key(row))) is not None:
            found[image].append(_detection(row, place, first, len(classes)))
    if first == 1 and all(row["category_id"] < len(classes) for row in rows):
        _check_category_start(truth, found, path)
    missing = sum(not detections for detections in found)
    unknown = tuple(str(key) for key in named if key not in image_of)
    return Predictions(tuple(map(tuple, found)), missing, unknown, len(named))


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise AnnotationError(f"{path}:{line}", f"not JSON: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnnotationError(str(path), "not a JSON list of results")
    for index, row in enumerate(rows):
        image = row.get("file_name", row.get("image_id"))
        if not isinstance(image, (int, str)) or not isinstance(row.get("category_id"), int):
            raise AnnotationError(f"{path}:[{index}]", "a result needs an image_id and a category_id")
    return rows


def _key(row: Mapping[str, Any]) -> object:
    """Image of a result: the stem of its file name, or its id."""
    value = row.get("file_name", row.get("image_id"))
    if isinstance(value, str):
        name = value.replace("\\", "/").rsplit("/", 1)[-1]
        return (Path(name).stem if "." in name else name).casefold()
    return value


def _image_keys(
    truth: Sequence[GroundTruth], rows: Sequence[Mapping[str, Any]], path: Path
) -> dict[object, int]:
    """Index of each image by its stem and by its id.

    The id is the one in the labels, or a numeric stem, as Ultralytics writes it: whichever covers all
    results. Images without either are numbered from 0 or from 1, if the results fit only one of these.

    Raises:
        AnnotationError: The results fit both, or neither.
    """
    used = {key for row in rows if not isinstance(key := _key(row), str)}
    stated = _unique([each.number for each in truth])
    numeric = _unique([int(each.stem) if each.stem.isdecimal() else None for each in truth])
    known = [numbers for numbers in (stated, numeric) if numbers]
    if used and not known and all(each.number is None for each in truth):
        first = _first_number(used, len(truth), path)
        known = [{first + index: index for index in range(len(truth))}]
    by_number = next((numbers for numbers in known if used <= set(numbers)), known[0] if known else {})
    return by_number | {each.stem: index for index, each in enumerate(truth)}


def _first_number(used: Collection[object], count: int, path: Path) -> int:
    """0 or 1: the first id of images that have no ids in the labels.

    Args:
        used: Image ids in the results.
        count: Number of images.
        path: File of the results.

    Raises:
        AnnotationError: The ids fit both, or neither.
    """
    fitting = [first for first in (0, 1) if all(number_ in range(first, first + count) for number_ in used)]
    if len(fitting) != 1:
        raise AnnotationError(
            str(path),
            f"image_id is a number, but the labels of {counted(count, 'image')} have no ids, and counting "
            "from 0 or 1 is ambiguous; add the file_name of the image to each result",
        )
    return fitting[0]


def _unique(numbers: Sequence[int | str | None]) -> dict[object, int]:
    """Index of each number; empty if one is missing or occurs twice."""
    found: dict[object, int] = {number_: index for index, number_ in enumerate(numbers)}
    return {} if None in found or len(found) < len(numbers) else found


def _first_category(rows: Sequence[Mapping[str, Any]], class_count: int, path: Path) -> int:
    """0 or 1: the first category id of the results.

    Raises:
        AnnotationError: Neither fits.
    """
    used = {row.get("category_id") for row in rows}
    for first in (1, 0):
        if used <= set(range(first, first + class_count)):
            return first
    unknown = sorted(map(str, used - set(range(class_count + 1))))
    raise AnnotationError(
        str(path),
        f"category ids do not fit {counted(class_count, 'class', 'classes')}: "
        f"{', '.join(unknown[:5]) or '0 and N'}",
    )


def _check_category_start(
    truth: Sequence[GroundTruth], found: Sequence[Sequence[Detection]], path: Path
) -> None:
    """Refuses category ids that fit both ways if they more likely count from 0.

    Args:
        truth: Images with their boxes.
        found: Detections in each, with categories counted from 1.
        path: File of the results.

    Raises:
        AnnotationError: More detections match a box of their class if ids count from 0.
    """
    from_one, from_zero = (_count_matches(truth, found, shift) for shift in (0, 1))
    if from_zero > from_one:
        raise AnnotationError(
            str(path),
            f"category_id seems to count from 0: {counted(from_zero, 'detection')} would then match a box of "
            f"the same class, but {from_one} if it counts from 1 as in COCO; write ids from 1",
        )


def _count_matches(truth: Sequence[GroundTruth], found: Sequence[Sequence[Detection]], shift: int) -> int:
    """Number of detections with an IoU of 0.5 to a box of their class plus ``shift``."""
    return sum(
        any(box.label == each.box.label + shift and overlap_of(each.box, box) >= 0.5 for box in image.boxes)
        for image, row in zip(truth, found, strict=True)
        for each in row
    )


def _detection(row: Mapping[str, Any], place: str, first: int, class_count: int) -> Detection:
    box, score = row.get("bbox"), row.get("score")
    if not isinstance(box, list) or len(box) != 4 or score is None:
        raise AnnotationError(place, "a result needs a bbox of four numbers and a score")
    left, top, width, height = (number(str(value), place, "a coordinate") for value in box)
    label = int(row["category_id"]) - first
    sure = _score(number(str(score), place, "the score"), place)
    return Detection(Box(label, left, top, left + width, top + height), sure)
