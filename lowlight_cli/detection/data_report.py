"""What a prepared data set holds, as JSON and Markdown, with previews of boxes.

The numbers of pictures, boxes and changes are those of what was written.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lowlight_cli.detection.collection import Collection
from lowlight_cli.detection.export import Labelled, picture_path, put, splits_of
from lowlight_cli.detection.preparation import Preparation
from lowlight_cli.detection.preview import drawn, sheet
from lowlight_cli.detection.statistics import SIZE_BORDERS, SplitStatistics, statistics
from lowlight_cli.detection.variants import Roots
from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.replace import replace_file

VERSION = 1
PREVIEWED = 16
"""Pictures on the preview of a split."""

LIGHT_BINS = 64
_LIGHT_SAMPLE = 64
"""Pictures of a split whose light is measured."""


def write_reports(
    out: Path, found: Collection, prepared: Preparation, roots: Roots, form: str
) -> dict[str, Any]:
    """Writes ``lle-report.json`` and ``lle-report.md``, and a preview of each split.

    Args:
        out: Place of the result.
        found: The source.
        prepared: What was made of it.
        roots: Top folders of the kinds of pictures.
        form: Of the export.

    Returns:
        The content of ``lle-report.json``.

    Raises:
        ImageError: Something cannot be written.
    """
    numbers = statistics(prepared.pictures, prepared.classes)
    document = {
        "v": VERSION,
        "form": found.form,
        "to": form,
        "classes": list(prepared.classes),
        "pictures": len(prepared.pictures),
        "boxes": sum(each.boxes for each in numbers.values()),
        "changes": asdict(prepared.changes),
        "errors": [str(error) for error in prepared.errors],
        "without_image": [str(path) for path in found.without_image],
        "without_annotation": [str(path) for path in found.without_annotation],
        "splits": {split: asdict(each) for split, each in numbers.items()},
        "size_borders": list(SIZE_BORDERS),
        "light": {
            split: _light(_of(prepared.pictures, split), roots, form)
            for split in splits_of(prepared.pictures)
        },
    }
    put(out / "lle-report.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    put(out / "lle-report.md", as_markdown(document, numbers))
    for split in splits_of(prepared.pictures):
        _write_preview(out, split, _of(prepared.pictures, split), roots, form, prepared.classes)
    return document


def as_markdown(document: Mapping[str, Any], numbers: Mapping[str, SplitStatistics]) -> str:
    """The report for a person: boxes of each class and split, and what was changed."""
    heads = ["class", *numbers, "all"]
    rows = [["pictures", *(f"{each.pictures:,}" for each in numbers.values()), f"{document['pictures']:,}"]]
    rows += [["of them empty", *(f"{each.empty_pictures:,}" for each in numbers.values()), ""]]
    for name in document["classes"]:
        counts = [each.classes.get(name, 0) for each in numbers.values()]
        rows.append([_escaped(name), *(f"{count:,}" for count in counts), f"{sum(counts):,}"])
    rows.append(["**boxes**", *(f"{each.boxes:,}" for each in numbers.values()), f"{document['boxes']:,}"])
    table = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    changes = [f"- {name}: {count:,}" for name, count in document["changes"].items()]
    errors = [f"- {_escaped(text)}" for text in document["errors"]]
    parts = [
        f"# {document['form']} as {document['to']}",
        "\n".join(f"| {' | '.join(row)} |" for row in table),
        "## Changes\n\n" + "\n".join(changes),
        *(["## Not used\n\n" + "\n".join(errors)] if errors else []),
    ]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _of(pictures: Sequence[Labelled], split: str) -> list[Labelled]:
    return [each for each in pictures if each.split == split]


def chosen(pictures: Sequence[Labelled], count: int) -> list[Labelled]:
    """Some pictures, the same ones in every run, in the order of the data set."""
    indices = random.Random(len(pictures)).sample(range(len(pictures)), min(count, len(pictures)))
    return [pictures[index] for index in sorted(indices)]


def _write_preview(
    out: Path, split: str, pictures: Sequence[Labelled], roots: Roots, form: str, classes: Sequence[str]
) -> None:
    """Draws boxes on what trainers will see: the made pictures, where there are any."""
    root = roots.made or roots.original
    tiles = []
    for each in chosen(pictures, PREVIEWED):
        pixels = _pixels((root or out) / picture_path(form, each))
        if pixels is not None:
            tiles.append(drawn(pixels, each.boxes, classes))
    if tiles:
        page = cv2.cvtColor(sheet(tiles), cv2.COLOR_RGB2BGR)
        replace_file(out / f"preview_{split}.jpg", cv2.imencode(".jpg", page)[1].tobytes())


def _light(pictures: Sequence[Labelled], roots: Roots, form: str) -> dict[str, list[float]]:
    """Shares of the luma of some pictures in 64 steps from black to white, of each kind of pictures."""
    kinds = {
        "original": roots.original,
        roots.made.name if roots.original and roots.made else "made": roots.made,
    }
    shares = {
        kind: _histogram([root / picture_path(form, each) for each in chosen(pictures, _LIGHT_SAMPLE)])
        for kind, root in kinds.items()
        if root is not None
    }
    return {kind: each for kind, each in shares.items() if any(each)}


def _histogram(paths: Sequence[Path]) -> list[float]:
    total = np.zeros(LIGHT_BINS)
    for path in paths:
        pixels = _pixels(path)
        if pixels is not None:
            small = cv2.resize(pixels, (128, 128), interpolation=cv2.INTER_AREA)
            luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) / np.iinfo(small.dtype).max
            total += np.histogram(luma, LIGHT_BINS, (0, 1))[0]
    return [round(float(share), 6) for share in total / max(total.sum(), 1)]


def _pixels(path: Path) -> Any:  # noqa: ANN401 - an array, or None
    try:
        return decode(path).pixels
    except ImageError:
        return None
