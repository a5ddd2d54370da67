"""Labels -> files of a dataset in the format of a trainer; each file is written atomically."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.coco import coco_content
from lowlight_cli.detection.collection import SPLITS, Sample
from lowlight_cli.detection.label_rules import label_text
from lowlight_cli.detection.voc import write_voc
from lowlight_cli.detection.yolo import DATA_FILE, data_yaml
from lowlight_cli.images.replace import replace_file

_READ_BY_TRAINERS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".avif")

EXPORT_FORMATS = ("yolo", "coco", "voc")

CLASSES_FILE = "classes.txt"


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image of the result with its labels.

    Attributes:
        sample: Image and annotation of the source; its split is set.
        file: File name in the result; its stem is unique.
        size: Width and height of the upright image.
        boxes: Clean boxes in pixels of the upright image.
    """

    sample: Sample
    file: str
    size: tuple[int, int]
    boxes: tuple[Box, ...]

    @property
    def split(self) -> str:
        """Split of the image: train, val or test."""
        return self.sample.split or "train"


def file_names(samples: Sequence[Sample]) -> list[str]:
    """File names of the results: those of the images, made unique by their stems.

    Labels are found by the stem, so ``a.jpg`` and ``a.png`` become ``a_jpg.jpg`` and ``a_png.png``; images
    of the same name in several folders are numbered.
    """
    names = [sample.image.name for sample in samples]
    stems = Counter(Path(name).stem.casefold() for name in names)
    taken = {stem for stem, count in stems.items() if count == 1}
    result = []
    for name in names:
        stem, suffix = Path(name).stem, Path(name).suffix
        if stems[stem.casefold()] > 1:
            stem = _free_stem(f"{stem}_{suffix.removeprefix('.').lower()}", taken)
            taken.add(stem.casefold())
        result.append(f"{stem}{output_suffix(suffix)}")
    return result


def _free_stem(stem: str, taken: Container[str]) -> str:
    numbered = (f"{stem}_{count}" for count in itertools.count(2))
    return next(each for each in itertools.chain([stem], numbered) if each.casefold() not in taken)


def output_suffix(suffix: str) -> str:
    """Extension of a result: that of the image if trainers read its format, else that of PNG or JPEG.

    Args:
        suffix: Extension of the image, with its dot.
    """
    if suffix.lower() in _READ_BY_TRAINERS:
        return suffix
    return ".png" if suffix.lower() in (".gif", ".apng") else ".jpg"


def image_path(format_name: str, labelled: LabelledImage) -> Path:
    """Path of an image below the top folder of the result."""
    return (
        Path("JPEGImages", labelled.file)
        if format_name == "voc"
        else Path("images", labelled.split, labelled.file)
    )


def label_path(format_name: str, labelled: LabelledImage) -> Path | None:
    """Path of an image's labels below the top folder; None if all images share one file."""
    if format_name == "yolo":
        return _yolo_label(labelled)
    return _voc_label(labelled) if format_name == "voc" else None


def shared_files(format_name: str) -> tuple[str, ...]:
    """Names of the files about all images, in the top folder."""
    return (CLASSES_FILE, DATA_FILE) if format_name == "yolo" else (CLASSES_FILE,)


def list_path(format_name: str, split: str) -> Path | None:
    """Path of the file that lists the images of a split, below the top folder; None if there is none."""
    if format_name == "coco":
        return _coco_list(split)
    return _voc_list(split) if format_name == "voc" else None


def _coco_list(split: str) -> Path:
    return Path("annotations", f"instances_{split}.json")


def _voc_list(split: str) -> Path:
    return Path("ImageSets", "Main", f"{split}.txt")


def _yolo_label(labelled: LabelledImage) -> Path:
    return Path("labels", labelled.split, Path(labelled.file).with_suffix(".txt"))


def _voc_label(labelled: LabelledImage) -> Path:
    return Path("Annotations", Path(labelled.file).with_suffix(".xml"))


def export_labels(
    format_name: str, folder: Path, images: Sequence[LabelledImage], classes: Sequence[str], *, portable: bool
) -> Path:
    """Writes labels, class names and lists of images; files that would not change are not written.

    Args:
        format_name: One of ``EXPORT_FORMATS``.
        folder: Top folder of the result.
        images: All images.
        classes: Names by index.
        portable: Whether ``data.yaml`` has ``path: .`` instead of the full path.

    Returns:
        ``data.yaml``, or the folder of annotations.

    Raises:
        ImageError: A file cannot be written.
    """
    put(folder / CLASSES_FILE, "".join(f"{name}\n" for name in classes))
    return _EXPORTERS[format_name](folder, images, classes, portable)


def put(path: Path, text: str) -> bool:
    """Writes a text file unless it has that content already; returns whether it was written.

    Raises:
        ImageError: It cannot be written.
    """
    data = text.encode("utf-8", "surrogateescape")
    if path.is_file() and path.read_bytes() == data:
        return False
    replace_file(path, data)
    return True


def splits_of(images: Sequence[LabelledImage]) -> list[str]:
    """Splits that have images, in the order train, val, test."""
    held = {labelled.split for labelled in images}
    return [split for split in SPLITS if split in held]


def _export_yolo(
    folder: Path, images: Sequence[LabelledImage], classes: Sequence[str], portable: bool
) -> Path:
    for labelled in images:
        put(folder / _yolo_label(labelled), label_text(labelled.boxes, *labelled.size))
    # Trainers cache labels in these files, and would not see new ones.
    for cache in (folder / "labels").glob("*.cache"):
        cache.unlink()
    file = folder / DATA_FILE
    root = "." if portable else str(folder.resolve())
    put(file, data_yaml(root, splits_of(images), classes))
    return file


def _export_coco(
    folder: Path, images: Sequence[LabelledImage], classes: Sequence[str], _portable: bool
) -> Path:
    for split in splits_of(images):
        rows = [(each.file, each.size, each.boxes) for each in images if each.split == split]
        content = json.dumps(coco_content(rows, classes), ensure_ascii=False)
        put(folder / _coco_list(split), content + "\n")
    return folder / "annotations"


def _export_voc(
    folder: Path, images: Sequence[LabelledImage], classes: Sequence[str], _portable: bool
) -> Path:
    for each in images:
        sample = Sample(each.file, Path(each.file), each.boxes)
        put(folder / _voc_label(each), write_voc(sample, each.size, classes))
    for split in splits_of(images):
        stems = [Path(each.file).stem for each in images if each.split == split]
        put(folder / _voc_list(split), "".join(f"{stem}\n" for stem in stems))
    return folder / "Annotations"


_EXPORTERS: dict[str, Callable[[Path, Sequence[LabelledImage], Sequence[str], bool], Path]] = {
    "yolo": _export_yolo,
    "coco": _export_coco,
    "voc": _export_voc,
}
