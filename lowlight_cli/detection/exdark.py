"""ExDark format: classes, annotations in Piotr's bbGt format, and the official split.

Each line of an annotation has ``Class l t w h`` in pixels, and seven unused numbers.

Source: Loh and Chan, "Getting to Know Low-light Images with The Exclusively Dark Dataset", 2019, and the
read-me of its ground truth.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, ClassNames, Collection, Sample
from lowlight_cli.detection.files import (
    AnnotationFile,
    ImageIndex,
    annotation_files,
    files_below,
    images_below,
    number,
)

CLASSES = (
    "Bicycle",
    "Boat",
    "Bottle",
    "Bus",
    "Car",
    "Cat",
    "Chair",
    "Cup",
    "Dog",
    "Motorbike",
    "People",
    "Table",
)
"""In the order of the official list, which counts from 1."""

OFFICIAL_COUNTS = {"train": 3000, "val": 1800, "test": 2563}

_HEADER = "% bbGt"
_SPLIT_OF_NUMBER = {"1": "train", "2": "val", "3": "test"}
_CLASS_LIST = "imageclasslist.txt"


def parse_bbgt(file: AnnotationFile, classes: ClassNames) -> tuple[Box, ...]:
    """Boxes of one annotation in bbGt format.

    Args:
        file: Text file with the header ``% bbGt version=3``.
        classes: Known classes.

    Raises:
        AnnotationError: The header is missing, a class is unknown, or a line is not a class and four numbers.
    """
    lines = file.text.splitlines()
    if not lines or not lines[0].startswith(_HEADER):
        raise AnnotationError(f"{file.path}:1", f"the header '{_HEADER} version=3' is missing")
    boxes = []
    for count, line in enumerate(lines[1:], start=2):
        if words := line.split():
            boxes.append(_bbgt_box(words, f"{file.path}:{count}", classes))
    return tuple(boxes)


def _bbgt_box(words: Sequence[str], place: str, classes: ClassNames) -> Box:
    if len(words) < 5:
        raise AnnotationError(place, f"expected a class and four numbers, not '{' '.join(words)}'")
    label = classes.index(words[0], place)
    left, top, width, height = (number(word, place, "a coordinate") for word in words[1:5])
    return Box(label, left, top, left + width, top + height)


def read_exdark(folder: Path, classes: Sequence[str] = CLASSES) -> Collection:
    """Reads the official release: text annotations and images, each in folders of classes.

    Args:
        folder: Folder with both; ``imageclasslist.txt`` anywhere below it gives the split.
        classes: Names in order.
    """
    names = ClassNames(classes)
    images = ImageIndex(images_below(folder))
    splits = official_split(files_below(folder))
    samples, missing, errors, used = [], [], [], set()
    for file in annotation_files(folder, ".txt"):
        image = images.find(file.path.stem)
        if not file.data.lstrip(b"\xef\xbb\xbf").startswith(_HEADER.encode()):
            if _is_annotation_name(file.path):
                errors.append(AnnotationError(f"{file.path}:1", f"the header '{_HEADER}' is missing"))
                used.add(image)
            continue
        if image is None:
            missing.append(file.path)
            continue
        try:
            boxes = parse_bbgt(file, names)
        except AnnotationError as error:
            errors.append(error)
            continue
        finally:
            used.add(image)
        samples.append(Sample(image.name, image, boxes, file.path, splits.get(image.name.casefold())))
    unused = tuple(path for path in images.paths if path not in used)
    return Collection(
        "exdark", names.names, tuple(samples), BoxSpace.RAW, tuple(missing), unused, tuple(errors)
    )


def _is_annotation_name(path: Path) -> bool:
    """Whether a text file is named after an image: ``2015_00001.png.txt``."""
    return Path(path.stem).suffix.lower() in (".jpg", ".jpeg", ".png")


def official_split(files: Iterable[Path]) -> dict[str, str]:
    """Split of each image by its name in lower case; empty if there is no list.

    Args:
        files: Files that may include ``imageclasslist.txt``, or ``train.txt``, ``val.txt`` and ``test.txt``.

    Raises:
        AnnotationError: A line of the list is invalid.
    """
    by_name = {path.name.casefold(): path for path in files}
    if listed := by_name.get(_CLASS_LIST):
        return _from_class_list(listed)
    return {
        line.strip().casefold(): split
        for split in ("train", "val", "test")
        if (path := by_name.get(f"{split}.txt"))
        for line in AnnotationFile(path, path.read_bytes()).text.splitlines()
        if line.strip()
    }


def _from_class_list(path: Path) -> dict[str, str]:
    splits = {}
    for count, line in enumerate(AnnotationFile(path, path.read_bytes()).text.splitlines(), start=1):
        words = line.split()
        if not words or "|" in words:  # the header
            continue
        if len(words) != 5 or words[4] not in _SPLIT_OF_NUMBER:
            raise AnnotationError(
                f"{path}:{count}", f"expected a name and four numbers, not '{line.strip()}'"
            )
        splits[words[0].casefold()] = _SPLIT_OF_NUMBER[words[4]]
    return splits
