"""What detectors found, read back from the files they write.

Two forms: a text for each picture with lines ``class cx cy w h score`` in parts of the sides, as Ultralytics
writes with ``save_txt`` and ``save_conf``; or one JSON list of COCO results, boxes in pixels.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowlight_cli.detection.boxes import Box, from_center, overlap_of
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.exif_orientation import in_pixels
from lowlight_cli.detection.files import AnnotationFile, number


@dataclass(frozen=True, slots=True)
class Truth:
    """A picture with the boxes that should be found.

    Attributes:
        name: Name of its file.
        size: Width and height, upright.
        boxes: In pixels.
        number: What the labels call the picture by, where they are COCO's.
    """

    name: str
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    number: int | str | None = None

    @property
    def stem(self) -> str:
        """What its predictions are called; case does not count."""
        return Path(self.name).stem.casefold()


@dataclass(frozen=True, slots=True)
class Detection:
    """A box that a detector drew, in pixels, and how sure it was."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Predictions:
    """All that a detector found.

    Attributes:
        by_picture: Detections of each picture of the truth, in its order.
        silent: Number of pictures without any prediction.
        strangers: Predictions for pictures that are not in the truth.
    """

    by_picture: tuple[tuple[Detection, ...], ...]
    silent: int = 0
    strangers: tuple[str, ...] = ()


def read_predictions(path: Path, truth: Sequence[Truth], classes: Sequence[str]) -> Predictions:
    """Reads the predictions of a detector.

    Args:
        path: A JSON file of COCO results, or a folder of texts; a folder ``labels`` inside is preferred.
        truth: The pictures, whose stems are unique.
        classes: Names by index.

    Raises:
        AnnotationError: Nothing is there, or a file cannot be read; the message names file and place.
    """
    if path.is_file():
        return _from_coco(path, truth, classes)
    folder = path / "labels" if (path / "labels").is_dir() else path
    files = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    files = [file for file in files if file.name != "classes.txt"]
    if not files:
        raise AnnotationError(str(path), "no predictions: neither a JSON file nor a folder with texts")
    return _from_texts(files, truth, len(classes))


def _from_texts(files: Sequence[Path], truth: Sequence[Truth], class_count: int) -> Predictions:
    by_stem = {file.stem.casefold(): file for file in files}
    known = {each.stem for each in truth}
    found, silent = [], 0
    for each in truth:
        file = by_stem.get(each.stem)
        silent += file is None
        found.append(_text(file, each, class_count) if file else ())
    return Predictions(
        tuple(found), silent, tuple(str(path) for stem, path in by_stem.items() if stem not in known)
    )


def _text(path: Path, picture: Truth, class_count: int) -> tuple[Detection, ...]:
    lines = AnnotationFile(path, path.read_bytes()).text.splitlines()
    rows = [(f"{path}:{count}", line.split()) for count, line in enumerate(lines, start=1)]
    return tuple(_text_row(words, place, picture, class_count) for place, words in rows if words)


def _text_row(words: Sequence[str], place: str, picture: Truth, class_count: int) -> Detection:
    if len(words) != 6:
        hint = "; write scores too (save_conf=True)" if len(words) == 5 else ""
        raise AnnotationError(
            place, f"a class, four sides and a score are needed, not {len(words)} words{hint}"
        )
    label, *sides, score = (number(word, place, "a value") for word in words)
    if label != int(label) or not 0 <= label < class_count:
        raise AnnotationError(place, f"unknown class {words[0]}; there are {class_count}, from 0")
    (box,) = in_pixels([from_center(int(label), *sides)], picture.size)
    return Detection(box, _score(score, place))


def _score(value: float, place: str) -> float:
    if not 0 <= value <= 1:
        raise AnnotationError(place, f"a score lies outside of 0 to 1: {value:g}")
    return value


def _from_coco(path: Path, truth: Sequence[Truth], classes: Sequence[str]) -> Predictions:
    rows = _rows(path)
    picture_of = _picture_keys(truth, rows, path)
    first = _first_category(rows, len(classes), path)
    found: list[list[Detection]] = [[] for _ in truth]
    strangers = dict.fromkeys(str(_key(row)) for row in rows if _key(row) not in picture_of)
    for index, row in enumerate(rows):
        place = f"{path}:[{index}]"
        if (picture := picture_of.get(_key(row))) is not None:
            found[picture].append(_detection(row, place, first, len(classes)))
    if first == 1 and all(row["category_id"] < len(classes) for row in rows):
        _check_reading(truth, found, path)
    silent = sum(not detections for detections in found)
    return Predictions(tuple(map(tuple, found)), silent, tuple(strangers))


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise AnnotationError(f"{path}:{line}", f"not JSON: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnnotationError(str(path), "not a list of results")
    for index, row in enumerate(rows):
        picture = row.get("file_name", row.get("image_id"))
        if not isinstance(picture, (int, str)) or not isinstance(row.get("category_id"), int):
            raise AnnotationError(f"{path}:[{index}]", "a result needs an image_id and a category_id")
    return rows


def _key(row: Mapping[str, Any]) -> object:
    """What tells the picture of a result: its file name without the end, or its number."""
    value = row.get("file_name", row.get("image_id"))
    if isinstance(value, str):
        name = value.replace("\\", "/").rsplit("/", 1)[-1]
        return (Path(name).stem if "." in name else name).casefold()
    return value


def _picture_keys(truth: Sequence[Truth], rows: Sequence[Mapping[str, Any]], path: Path) -> dict[object, int]:
    """Index of each picture by its stem, and by its number.

    That is the number in the labels, or a stem that is one, as Ultralytics writes it: whichever knows all
    that was found. Pictures without either are counted, where it can be told from what.

    Raises:
        AnnotationError: It cannot.
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
    """Whether pictures that the labels do not number are counted from 0 or from 1.

    Args:
        used: Numbers in the results.
        count: Number of pictures.
        path: Of the results.

    Raises:
        AnnotationError: The numbers fit both, or neither.
    """
    fitting = [first for first in (0, 1) if all(number_ in range(first, first + count) for number_ in used)]
    if len(fitting) != 1:
        raise AnnotationError(
            str(path),
            f"image_id is a number, but the {count} labelled pictures have none, and counting them from 0 or "
            "from 1 does not tell which is meant; give each result the file_name of its picture",
        )
    return fitting[0]


def _unique(numbers: Sequence[int | str | None]) -> dict[object, int]:
    """Index of each number; empty where one is missing or there twice."""
    found: dict[object, int] = {number_: index for index, number_ in enumerate(numbers)}
    return {} if None in found or len(found) < len(numbers) else found


def _first_category(rows: Sequence[Mapping[str, Any]], class_count: int, path: Path) -> int:
    """Whether categories count from 0 or from 1.

    Raises:
        AnnotationError: They fit neither.
    """
    used = {row.get("category_id") for row in rows}
    for first in (1, 0):
        if used <= set(range(first, first + class_count)):
            return first
    strange = sorted(map(str, used - set(range(class_count + 1))))
    raise AnnotationError(
        str(path), f"categories fit no {class_count} classes: {', '.join(strange[:5]) or '0 and N'}"
    )


def _check_reading(truth: Sequence[Truth], found: Sequence[Sequence[Detection]], path: Path) -> None:
    """Makes sure that categories which fit both ways were not counted from 0.

    Args:
        truth: Pictures with their boxes.
        found: Detections in each, by categories counted from 1.
        path: Of the results.

    Raises:
        AnnotationError: More detections lie on a box of their class if the count begins at 0.
    """
    from_one, from_zero = (_on_their_boxes(truth, found, shift) for shift in (0, 1))
    if from_zero > from_one:
        raise AnnotationError(
            str(path),
            f"category_id seems to count from 0: {from_zero} detections lie on a box of their class then, "
            f"and {from_one} if it counts from 1, as in COCO; write ids from 1",
        )


def _on_their_boxes(truth: Sequence[Truth], found: Sequence[Sequence[Detection]], shift: int) -> int:
    """Number of detections that overlap by half with a box of their class, which is moved by ``shift``."""
    return sum(
        any(box.label == each.box.label + shift and overlap_of(each.box, box) >= 0.5 for box in picture.boxes)
        for picture, row in zip(truth, found, strict=True)
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
