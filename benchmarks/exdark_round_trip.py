"""Takes every annotation of ExDark through YOLO, COCO and VOC and back; prints counts and the largest error.

    python benchmarks/exdark_round_trip.py Annotations imageclasslist.txt

The first is a folder of XML annotations, which may lie in a zip archive; no picture is needed.
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.class_names import ClassNames
from lowlight_cli.detection.coco import read_coco
from lowlight_cli.detection.collection import Sample
from lowlight_cli.detection.exdark import CLASSES, OFFICIAL_COUNTS
from lowlight_cli.detection.exif_orientation import in_pixels
from lowlight_cli.detection.export import LabelledImage, export_labels, file_names, splits_of
from lowlight_cli.detection.files import annotation_files
from lowlight_cli.detection.label_rules import broken_rules, clean_boxes
from lowlight_cli.detection.official_split import official_split
from lowlight_cli.detection.voc import parse_voc, read_voc
from lowlight_cli.detection.yolo import read_yolo


def read_all(annotations: Path, split_list: Path) -> tuple[list[LabelledImage], Counter[str]]:
    """Every annotation with its split, boxes cleaned; and what that changed."""
    names, splits = ClassNames(CLASSES), official_split([split_list])
    samples = []
    for file in annotation_files(annotations, ".xml"):
        sample = parse_voc(file, names, inclusive=False)
        name = file.path.stem
        samples.append(replace(sample, name=name, image=Path(name), split=splits.of(Path(name))))
    pictures, changes = [], Counter()
    for sample, name in zip(samples, file_names(samples), strict=True):
        done = clean_boxes(sample.boxes, *sample.stated_size)
        changes.update(
            boxes=len(sample.boxes), clipped=done.clipped, empty=done.empty, repeated=done.repeated
        )
        pictures.append(LabelledImage(sample, name, sample.stated_size, done.boxes))
    return pictures, changes


def largest_error(found: dict[str, tuple[Box, ...]], pictures: list[LabelledImage]) -> float:
    """Largest distance in pixels between an edge and where it came back; infinite where a box is lost."""
    worst = 0.0
    for labelled in pictures:
        boxes = found.get(labelled.file, ())
        if len(boxes) != len(labelled.boxes):
            return float("inf")
        for one, other in zip(boxes, labelled.boxes, strict=True):
            if one.label != other.label:
                return float("inf")
            worst = max([worst, *(abs(a - b) for a, b in zip(one.edges, other.edges, strict=True))])
    return worst


def back(form: str, folder: Path, pictures: list[LabelledImage]) -> dict[str, tuple[Box, ...]]:
    """Writes the dataset in a format, with empty files for images, and reads it again."""
    export_labels(form, folder, pictures, CLASSES, portable=True)
    for labelled in pictures:
        place = folder / ("JPEGImages" if form == "voc" else f"images/{labelled.split}")
        place.mkdir(parents=True, exist_ok=True)
        (place / labelled.file).touch()
    sizes = {labelled.file: labelled.size for labelled in pictures}
    read = {"yolo": read_yolo, "coco": read_coco, "voc": read_voc}[form]
    samples: tuple[Sample, ...] = read(folder, CLASSES).samples
    return {
        each.name: in_pixels(each.boxes, sizes[each.name]) if each.relative else each.boxes
        for each in samples
    }


def main() -> None:
    """Reads the arguments, prints the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("split_list", type=Path)
    arguments = parser.parse_args()
    pictures, changes = read_all(arguments.annotations, arguments.split_list)
    print(f"{len(pictures)} annotations: {dict(changes)}")
    for split in splits_of(pictures):
        boxes = [box for each in pictures if each.split == split for box in each.boxes]
        labels = Counter(CLASSES[box.label] for box in boxes)
        count = sum(each.split == split for each in pictures)
        print(f"{split}: {count} pictures (official {OFFICIAL_COUNTS[split]}), {len(boxes)} boxes")
        print("  " + ", ".join(f"{name} {labels[name]}" for name in CLASSES))
    for form in ("yolo", "coco", "voc"):
        with tempfile.TemporaryDirectory() as folder:
            found = back(form, Path(folder), pictures)
            broken = [
                path
                for path in Path(folder).glob("labels/*/*.txt")
                if broken_rules(path.read_text("utf-8"), len(CLASSES))
            ]
            error = largest_error(found, pictures)
            print(f"{form}: largest error {error:.2g} pixels, {len(broken)} label files break a rule")


if __name__ == "__main__":
    main()
