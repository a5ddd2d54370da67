"""Which form a labelled data set has, by what lies in its folder."""

from collections.abc import Sequence
from pathlib import Path

from lowlight_cli.detection.coco import coco_files, read_coco
from lowlight_cli.detection.collection import AnnotationError, Collection
from lowlight_cli.detection.darknet import darknet_file, read_darknet
from lowlight_cli.detection.exdark import CLASSES, read_exdark
from lowlight_cli.detection.files import annotation_files, folders_below
from lowlight_cli.detection.voc import read_voc
from lowlight_cli.detection.yolo import DATA_FILE, read_yolo
from lowlight_cli.errors import UsageError

FORMS = ("exdark", "voc", "yolo", "coco")


def recognize(folder: Path) -> str:
    """Name of the form.

    Args:
        folder: The data set.

    Raises:
        UsageError: None fits.
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
    raise UsageError(f"no annotations in '{folder}'; the forms that are read: {', '.join(FORMS)}")


def _has_labels(folder: Path) -> bool:
    return any((place.parent / "images").is_dir() for place in folders_below(folder, "labels"))


def read_collection(
    folder: Path,
    form: str | None,
    classes: Sequence[str] | None = None,
    *,
    inclusive: bool = False,
    needs_pictures: bool = True,
) -> Collection:
    """Reads a data set of a named form, or of the form that it seems to have.

    Args:
        folder: The data set.
        form: One of ``FORMS``, or None.
        classes: Names in order; None takes those of the data set.
        inclusive: Whether VOC's numbers count pixels from 1.
        needs_pictures: Whether annotations count only if their pictures are there; VOC, COCO can do without.

    Raises:
        AnnotationError: The form is not known, or a file that all depends on cannot be read.
    """
    form = form or recognize(folder)
    if not needs_pictures and form in ("exdark", "yolo"):
        raise AnnotationError(str(folder), f"annotations of the form {form} make no sense without pictures")
    if form == "exdark":
        return read_exdark(folder, classes or CLASSES)
    if form == "voc":
        return read_voc(
            folder, classes, preferred=CLASSES, inclusive=inclusive, needs_pictures=needs_pictures
        )
    if form == "coco":
        return read_coco(folder, classes, needs_pictures=needs_pictures)
    data_file = None if (folder / DATA_FILE).is_file() else darknet_file(folder)
    return read_darknet(data_file, classes) if data_file else read_yolo(folder, classes)
