"""HTML page about a prepared dataset: classes, sizes and positions of boxes, brightness and previews."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote

from lowlight_cli.counted import counted
from lowlight_cli.reports.page import render
from lowlight_cli.reports.run_page import Tile

_CHANGES = {
    "clipped": ("box clipped", "boxes clipped"),
    "empty": ("empty box removed", "empty boxes removed"),
    "repeated": ("duplicate box removed", "duplicate boxes removed"),
    "turned": ("image rotated upright", "images rotated upright"),
    "guessed": ("image with a guessed box orientation", "images with a guessed box orientation"),
}


class Bar(NamedTuple):
    """One class: its name, its boxes in each split, and the length of each bar relative to the longest."""

    name: str
    counts: tuple[int, ...]
    shares: tuple[float, ...]


def detection_page(document: Mapping[str, Any], previews: Mapping[str, bytes], *, title: str) -> str:
    """A self-contained HTML file.

    Args:
        document: The content of ``lle-report.json``.
        previews: For each split, a JPEG of images with their boxes; ``preview_SPLIT.jpg`` beside the page.
        title: Name of the dataset, such as that of its folder.
    """
    splits = document["splits"]
    return render(
        "detection.html.j2",
        title=title,
        formats=f"{document['form']} to {document['to']}",
        tiles=_tiles(document),
        splits=list(splits),
        bars=_bars(document["classes"], splits),
        sizes=_sizes(splits, document["size_borders"]),
        places={split: _cells(each["places"]) for split, each in splits.items()},
        light=document["light"],
        changes=[counted(count, *_CHANGES[key]) for key in _CHANGES if (count := document["changes"][key])],
        errors=document["errors"],
        previews=previews,
        links={split: quote(f"preview_{split}.jpg") for split in previews},
    )


def _tiles(document: Mapping[str, Any]) -> list[Tile]:
    splits = document["splits"]
    tiles = [
        Tile("images", f"{document['pictures']:,}", "", ""),
        Tile("boxes", f"{document['boxes']:,}", "", ""),
    ]
    tiles += [
        Tile(
            name,
            f"{each['pictures']:,}",
            f"{counted(each['boxes'], 'box', 'boxes')}, {each['empty_pictures']:,} empty",
            "",
        )
        for name, each in splits.items()
    ]
    if document["errors"]:
        tiles.append(Tile("not used", f"{len(document['errors']):,}", "listed below", "failed"))
    return tiles


def _bars(classes: Sequence[str], splits: Mapping[str, Any]) -> list[Bar]:
    """Classes that have boxes, the most frequent first."""
    counts = {name: tuple(each["classes"].get(name, 0) for each in splits.values()) for name in classes}
    longest = max((sum(each) for each in counts.values()), default=0) or 1
    bars = [
        Bar(name, each, tuple(count / longest for count in each))
        for name, each in counts.items()
        if any(each)
    ]
    return sorted(bars, key=lambda bar: -sum(bar.counts))


def _sizes(splits: Mapping[str, Any], borders: Sequence[float]) -> list[tuple[str, list[str]]]:
    """Rows of a table: a size range, and the share of the boxes of each split in that range."""
    edges = ["0", *(f"{100 * border:g}" for border in borders), "100"]
    names = [f"{low}-{high} %" for low, high in pairwise(edges)]
    totals = [max(sum(each["sizes"]), 1) for each in splits.values()]
    columns = [each["sizes"] for each in splits.values()]
    return [
        (name, [f"{100 * column[row] / total:.1f} %" for column, total in zip(columns, totals, strict=True)])
        for row, name in enumerate(names)
    ]


def _cells(places: Sequence[Sequence[float]]) -> list[tuple[int, int, float, float]]:
    """Column, row, opacity and share of each cell of the position map."""
    most = max((value for row in places for value in row), default=0) or 1
    return [
        (column, row, round(value / most, 3), value)
        for row, values in enumerate(places)
        for column, value in enumerate(values)
    ]
