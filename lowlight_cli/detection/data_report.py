"""Reports about a prepared dataset: ``lle-report.json``, ``lle-report.md`` and previews with boxes."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lowlight_cli.detection.collection import Collection
from lowlight_cli.detection.export import LabelledImage, image_path, put, splits_of
from lowlight_cli.detection.files import REPORT, preview_file
from lowlight_cli.detection.prepared_labels import PreparedLabels
from lowlight_cli.detection.preview import draw_boxes, sheet
from lowlight_cli.detection.statistics import SIZE_BORDERS, SplitStatistics, statistics
from lowlight_cli.detection.variants import Roots
from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.replace import replace_file

VERSION = 1
PREVIEWED = 16
"""Images in the preview of a split."""

HISTOGRAM_BINS = 64
_HISTOGRAM_SAMPLE = 64
"""Images of a split whose histogram is measured."""


def write_reports(
    out: Path, collection: Collection, labels: PreparedLabels, roots: Roots, format_name: str
) -> dict[str, Any]:
    """Writes ``lle-report.json``, ``lle-report.md`` and a preview of each split.

    Args:
        out: Output folder.
        collection: The source.
        labels: The labels that were written.
        roots: Top folders of the images.
        format_name: Format of the result.

    Returns:
        The content of ``lle-report.json``.

    Raises:
        ImageError: A file cannot be written.
    """
    numbers = statistics(labels.images, labels.classes)
    document = {
        "v": VERSION,
        "form": collection.format,
        "to": format_name,
        "classes": list(labels.classes),
        "pictures": len(labels.images),
        "boxes": sum(each.boxes for each in numbers.values()),
        "changes": asdict(labels.changes),
        "errors": [str(error) for error in labels.errors],
        "without_image": [str(path) for path in collection.without_image],
        "without_annotation": [str(sample.image) for sample in collection.without_annotation],
        "splits": {split: asdict(each) for split, each in numbers.items()},
        "size_borders": list(SIZE_BORDERS),
        "light": {
            split: _histograms(_of(labels.images, split), roots, format_name)
            for split in splits_of(labels.images)
        },
    }
    put(out / f"{REPORT}.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    put(out / f"{REPORT}.md", as_markdown(document, numbers))
    for split in splits_of(labels.images):
        _write_preview(out, split, _of(labels.images, split), roots, format_name, labels.classes)
    return document


def as_markdown(document: Mapping[str, Any], numbers: Mapping[str, SplitStatistics]) -> str:
    """The report as Markdown: boxes of each class and split, changes and errors."""
    heads = ["class", *numbers, "all"]
    rows = [["images", *(f"{each.pictures:,}" for each in numbers.values()), f"{document['pictures']:,}"]]
    rows += [["images without boxes", *(f"{each.empty_pictures:,}" for each in numbers.values()), ""]]
    for name in document["classes"]:
        counts = [each.classes.get(name, 0) for each in numbers.values()]
        rows.append([_escaped(name), *(f"{count:,}" for count in counts), f"{sum(counts):,}"])
    rows.append(["**boxes**", *(f"{each.boxes:,}" for each in numbers.values()), f"{document['boxes']:,}"])
    table = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    changes = [f"- {name}: {count:,}" for name, count in document["changes"].items()]
    errors = [f"- {_escaped(text)}" for text in document["errors"]]
    parts = [
        f"# {document['form']} to {document['to']}",
        "\n".join(f"| {' | '.join(row)} |" for row in table),
        "## Changes\n\n" + "\n".join(changes),
        *(["## Errors\n\n" + "\n".join(errors)] if errors else []),
    ]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _of(images: Sequence[LabelledImage], split: str) -> list[LabelledImage]:
    return [each for each in images if each.split == split]


def sample_images(images: Sequence[LabelledImage], count: int) -> list[LabelledImage]:
    """A random sample of images, the same in every run, in the order of the dataset."""
    indices = random.Random(len(images)).sample(range(len(images)), min(count, len(images)))
    return [images[index] for index in sorted(indices)]


def _write_preview(
    out: Path,
    split: str,
    images: Sequence[LabelledImage],
    roots: Roots,
    format_name: str,
    classes: Sequence[str],
) -> None:
    """Draws boxes on the images that a trainer gets: processed images if there are any, else originals."""
    root = roots.processed or roots.original
    tiles = []
    for each in sample_images(images, PREVIEWED):
        pixels = _pixels((root or out) / image_path(format_name, each))
        if pixels is not None:
            tiles.append(draw_boxes(pixels, each.boxes, classes))
    if tiles:
        page = cv2.cvtColor(sheet(tiles), cv2.COLOR_RGB2BGR)
        replace_file(out / preview_file(split), cv2.imencode(".jpg", page)[1].tobytes())


def _histograms(images: Sequence[LabelledImage], roots: Roots, format_name: str) -> dict[str, list[float]]:
    """Luma histogram of a sample of images, for each variant: shares from black to white."""
    kinds = {
        "original": roots.original,
        roots.processed.name if roots.original and roots.processed else "made": roots.processed,
    }
    shares = {
        kind: _histogram(
            [root / image_path(format_name, each) for each in sample_images(images, _HISTOGRAM_SAMPLE)]
        )
        for kind, root in kinds.items()
        if root is not None
    }
    return {kind: each for kind, each in shares.items() if any(each)}


def _histogram(paths: Sequence[Path]) -> list[float]:
    total = np.zeros(HISTOGRAM_BINS)
    for path in paths:
        pixels = _pixels(path)
        if pixels is not None:
            small = cv2.resize(pixels, (128, 128), interpolation=cv2.INTER_AREA)
            luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) / np.iinfo(small.dtype).max
            total += np.histogram(luma, HISTOGRAM_BINS, (0, 1))[0]
    return [round(float(share), 6) for share in total / max(total.sum(), 1)]


def _pixels(path: Path) -> Any:  # noqa: ANN401 - an array, or None
    try:
        return decode(path).pixels
    except ImageError:
        return None
