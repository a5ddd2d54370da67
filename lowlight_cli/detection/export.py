"""Labels -> files in the form that a trainer wants, each whole or absent."""

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

EXPORT_FORMS = ("yolo", "coco", "voc")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture ready to be written.

    Attributes:
        sample: Where it comes from; its split is set.
        file: Name of its file in the result; unique by its stem.
        size: Width and height, upright.
        boxes: Settled, in pixels of the upright picture.
    """

    sample: Sample
    file: str
    size: tuple[int, int]
    boxes: tuple[Box, ...]

    @property
    def split(self) -> str:
        """Part of the data set it belongs to."""
        return self.sample.split or "train"


def file_names(samples: Sequence[Sample]) -> list[str]:
    """Names for the results: those of the pictures, told apart where two have one stem.

    Labels are found by the stem, so ``a.jpg`` and ``a.png`` become ``a_jpg.jpg`` and ``a_png.png``; pictures
    of one name in several folders are numbered.
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
        result.append(f"{stem}{suffix_of_result(suffix)}")
    return result


def _free_stem(stem: str, taken: Container[str]) -> str:
    numbered = (f"{stem}_{count}" for count in itertools.count(2))
    return next(each for each in itertools.chain([stem], numbered) if each.casefold() not in taken)


def suffix_of_result(suffix: str) -> str:
    """End of the name of a result: that of the picture, where trainers of detectors read such pictures.

    Args:
        suffix: End of the name of the picture, with its dot.
    """
    if suffix.lower() in _READ_BY_TRAINERS:
        return suffix
    return ".png" if suffix.lower() in (".gif", ".apng") else ".jpg"


def picture_path(form: str, labelled: Labelled) -> Path:
    """Where a picture lies below the top folder of the result."""
    return (
        Path("JPEGImages", labelled.file) if form == "voc" else Path("images", labelled.split, labelled.file)
    )


def label_path(form: str, labelled: Labelled) -> Path | None:
    """Where the labels of a picture lie below the top folder; None where one file is for all pictures."""
    if form == "yolo":
        return _yolo_label(labelled)
    return _voc_label(labelled) if form == "voc" else None


def _yolo_label(labelled: Labelled) -> Path:
    return Path("labels", labelled.split, Path(labelled.file).with_suffix(".txt"))


def _voc_label(labelled: Labelled) -> Path:
    return Path("Annotations", Path(labelled.file).with_suffix(".xml"))


def export_labels(
    form: str, folder: Path, pictures: Sequence[Labelled], classes: Sequence[str], *, portable: bool
) -> Path:
    """Writes everything but the pictures; files that would not change are left alone.

    Args:
        form: One of ``EXPORT_FORMS``.
        folder: Top folder of the result.
        pictures: All of them.
        classes: Names by index.
        portable: Whether ``data.yaml`` says ``.`` in place of the folder's full path.

    Returns:
        The file that a trainer is given: ``data.yaml``, or the folder of annotations.

    Raises:
        ImageError: Something cannot be written.
    """
    put(folder / "classes.txt", "".join(f"{name}\n" for name in classes))
    return _EXPORTERS[form](folder, pictures, classes, portable)


def put(path: Path, text: str) -> bool:
    """Writes a text, unless the file holds it already.

    Returns:
        Whether it was written.
    """
    data = text.encode("utf-8", "surrogateescape")
    if path.is_file() and path.read_bytes() == data:
        return False
    replace_file(path, data)
    return True


def splits_of(pictures: Sequence[Labelled]) -> list[str]:
    """Splits that hold pictures, in the usual order."""
    held = {labelled.split for labelled in pictures}
    return [split for split in SPLITS if split in held]


def _export_yolo(folder: Path, pictures: Sequence[Labelled], classes: Sequence[str], portable: bool) -> Path:
    for labelled in pictures:
        put(folder / _yolo_label(labelled), label_text(labelled.boxes, *labelled.size))
    # Trainers keep what they read before in these files, and would not see new labels.
    for cache in (folder / "labels").glob("*.cache"):
        cache.unlink()
    file = folder / DATA_FILE
    root = "." if portable else str(folder.resolve())
    put(file, data_yaml(root, splits_of(pictures), classes))
    return file


def _export_coco(folder: Path, pictures: Sequence[Labelled], classes: Sequence[str], _portable: bool) -> Path:
    for split in splits_of(pictures):
        rows = [(each.file, each.size, each.boxes) for each in pictures if each.split == split]
        content = json.dumps(coco_content(rows, classes), ensure_ascii=False)
        put(folder / "annotations" / f"instances_{split}.json", content + "\n")
    return folder / "annotations"


def _export_voc(folder: Path, pictures: Sequence[Labelled], classes: Sequence[str], _portable: bool) -> Path:
    for each in pictures:
        sample = Sample(each.file, Path(each.file), each.boxes)
        put(folder / _voc_label(each), write_voc(sample, each.size, classes))
    for split in splits_of(pictures):
        stems = [Path(each.file).stem for each in pictures if each.split == split]
        put(folder / "ImageSets" / "Main" / f"{split}.txt", "".join(f"{stem}\n" for stem in stems))
    return folder / "Annotations"


_EXPORTERS: dict[str, Callable[[Path, Sequence[Labelled], Sequence[str], bool], Path]] = {
    "yolo": _export_yolo,
    "coco": _export_coco,
    "voc": _export_voc,
}
