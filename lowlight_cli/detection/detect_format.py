"""Detection of a dataset's format, and reading in any format."""

from collections.abc import Sequence
from pathlib import Path

from lowlight_cli.detection.coco import coco_files, read_coco
from lowlight_cli.detection.collection import AnnotationError, Collection
from lowlight_cli.detection.darknet import darknet_file, read_darknet
from lowlight_cli.detection.exdark import CLASSES, read_exdark
from lowlight_cli.detection.files import annotation_files, folders_below
from lowlight_cli.detection.variants import variants_in
from lowlight_cli.detection.voc import read_voc
from lowlight_cli.detection.yolo import DATA_FILE, read_yolo
from lowlight_cli.errors import UsageError

FORMATS = ("exdark", "voc", "yolo", "coco")


def detect_format(folder: Path) -> str:
    """Format of a dataset, by the files in its folder.

    Args:
        folder: Folder of the dataset.

    Raises:
        UsageError: No format fits.
    """
    if (folder / DATA_FILE).is_file() or darknet_file(folder) or _has_labels(folder):
        return "yolo"
    if coco_files(folder):
        return "coco"
    if next(annotation_files(folder, ".xml"), None) is not None:
        return "voc"
    if any(
        file.data.lstrip(b"\xef\xbb\xbf").startswith(b"% bbGt") for file in annotation_files(folder, ".txt")
    ):
        return "exdark"
    raise UsageError(f"no annotations in '{folder}'; supported formats: {', '.join(FORMATS)}")


def _has_labels(folder: Path) -> bool:
    return any((place.parent / "images").is_dir() for place in folders_below(folder, "labels"))


def read_collection(
    folder: Path,
    format_name: str | None,
    classes: Sequence[str] | None = None,
    *,
    inclusive: bool = False,
    needs_images: bool = True,
) -> Collection:
    """Reads a labelled dataset.

    Args:
        folder: Folder of the dataset.
        format_name: One of ``FORMATS``; None detects it.
        classes: Names in order; None takes those of the dataset.
        inclusive: Whether VOC boxes count pixels from 1 and include the last one.
        needs_images: Whether annotations without their images are left out; VOC and COCO do not need images.

    Raises:
        AnnotationError: A file that describes the whole dataset is invalid, or the format needs images.
        UsageError: The format cannot be detected, or the folder holds two variants of one dataset.
    """
    if variants := variants_in(folder):
        names = " and ".join((", ".join(f"{name}/" for name in variants[:-1]), f"{variants[-1]}/"))
        raise UsageError(f"'{folder}' holds {names}: name one")
    format_name = format_name or detect_format(folder)
    if not needs_images and format_name in ("exdark", "yolo"):
        raise AnnotationError(str(folder), f"{format_name} annotations cannot be read without images")
    if format_name == "exdark":
        return read_exdark(folder, classes or CLASSES)
    if format_name == "voc":
        return read_voc(folder, classes, preferred=CLASSES, inclusive=inclusive, needs_images=needs_images)
    if format_name == "coco":
        return read_coco(folder, classes, needs_images=needs_images)
    data_file = None if (folder / DATA_FILE).is_file() else darknet_file(folder)
    return read_darknet(data_file, classes) if data_file else read_yolo(folder, classes)
