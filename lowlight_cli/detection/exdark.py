"""ExDark format: classes, and annotations in Piotr's bbGt format.

Each line of an annotation has ``Class l t w h`` in pixels, and seven unused numbers.

Source: Loh and Chan, "Getting to Know Low-light Images with The Exclusively Dark Dataset", 2019, and the
read-me of its ground truth.
"""

from collections.abc import Sequence
from pathlib import Path

from lowlight_cli.detection.annotated_images import AnnotatedImages
from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.class_names import ClassNames
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Collection, Sample
from lowlight_cli.detection.files import AnnotationFile, annotation_files, files_below, images_below, number
from lowlight_cli.detection.image_index import AmbiguousImageError, ImageIndex
from lowlight_cli.detection.official_split import OfficialSplit, official_split

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

    Raises:
        AnnotationError: The lists of splits contradict each other.
    """
    names = ClassNames(classes)
    images = ImageIndex(images_below(folder))
    split = official_split(files_below(folder))
    annotated = AnnotatedImages(images.paths, split.of)
    annotated.errors += split.errors
    annotated.leave_out(filter(split.is_broken, images.paths))
    for file in annotation_files(folder, ".txt"):
        if file.data.lstrip(b"\xef\xbb\xbf").startswith(_HEADER.encode()) or _is_annotation_name(file.path):
            _add(file, names, images, split, annotated)
    return annotated.collection("exdark", names.names, BoxSpace.RAW)


def _add(
    file: AnnotationFile,
    names: ClassNames,
    images: ImageIndex,
    split: OfficialSplit,
    annotated: AnnotatedImages,
) -> None:
    """Adds one annotation to the image that it is named after."""
    try:
        image = images.of(file.path, images.called(file.path.stem))
    except AmbiguousImageError as error:
        annotated.fail_ambiguous(error)
        return
    try:
        boxes = parse_bbgt(file, names)
    except AnnotationError as error:
        annotated.fail(error, [image] if image else [])
        return
    if image is None:
        annotated.miss(file.path)
    else:
        annotated.add(Sample(image.name, image, boxes, file.path, split.of(image)))


def _is_annotation_name(path: Path) -> bool:
    """Whether a text file is named after an image: ``2015_00001.png.txt``."""
    return Path(path.stem).suffix.lower() in (".jpg", ".jpeg", ".png")
