"""HTML pages about a run: totals, a wipe for every pair, flags, and failures with the command to retry."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from lowlight_cli.reports.flags import FLAGS
from lowlight_cli.reports.heading import Heading
from lowlight_cli.reports.page import render
from lowlight_cli.reports.report_item import ReportItem
from lowlight_cli.reports.text_formats import MARKDOWN, cells_of
from lowlight_cli.reports.totals import Totals, add_up

LARGEST_PAGE = 500
"""Most images on a single page; longer reports have several pages."""
IMAGES_PER_PAGE = 200
LAZY_FROM = 50
"""Images on a page from which each is loaded only when it comes into view."""


@dataclass(frozen=True, slots=True)
class Card:
    """An image on a page.

    Attributes:
        item: The image.
        anchor: Its anchor on the page.
        page: File name of the page.
        link: URL of the result, relative to the page; empty if there is none.
    """

    item: ReportItem
    anchor: str
    page: str
    link: str


LOOK = "A flag is a hint, no verdict. Hover over it, or see the end of the page, for its meaning."


class Tile(NamedTuple):
    """A number at the top of a page: label, value, note, CSS class, and what hovering explains."""

    label: str
    value: str
    note: str
    kind: str
    title: str = ""


def images_per_page(count: int) -> int:
    """How many of ``count`` images go on each page."""
    return count if count <= LARGEST_PAGE else IMAGES_PER_PAGE


def page_paths(target: Path, count: int) -> list[Path]:
    """Files for ``count`` images: ``run.html``, ``run-2.html``, ...

    Args:
        target: The first file.
        count: Number of images to show.
    """
    pages = max(1, -(-count // max(images_per_page(count), 1)))
    return [target, *(target.with_stem(f"{target.stem}-{page}") for page in range(2, pages + 1))]


def run_pages(items: Sequence[ReportItem], target: Path, heading: Heading) -> list[tuple[Path, str]]:
    """Builds the pages of a run.

    Args:
        items: All images, in order.
        target: File of the first page; links to results are relative to its folder.
        heading: Title and retry command.

    Returns:
        Path and text of each page.
    """
    shown = [item for item in items if item.thumbnails]
    paths, each = page_paths(target, len(shown)), max(images_per_page(len(shown)), 1)
    cards = [
        Card(item, f"p{i + 1}", paths[i // each].name, _link(item, target.parent))
        for i, item in enumerate(shown)
    ]
    totals = add_up(items)
    values: dict[str, Any] = {
        "heading": heading,
        "totals": totals,
        "tiles": tiles_of(totals),
        "flags": FLAGS,
        "flagged": [card for card in cards if card.item.flags],
        "failures": [item for item in items if item.problem or item.has_failed],
        "heads": [(head, right) for head, right, _ in MARKDOWN],
        "cells_of": cells_of,
        "meanings_of": meanings_of,
        "lazy_from": LAZY_FROM,
        "pages": [path.name for path in paths],
    }
    return [
        (path, render("run.html.j2", page=page, cards=cards[page * each : (page + 1) * each], **values))
        for page, path in enumerate(paths)
    ]


def meanings_of(item: ReportItem) -> str:
    """What the flags of an image mean."""
    return " ".join(FLAGS[name].meaning for name in item.flags)


def tiles_of(totals: Totals) -> list[Tile]:
    """The totals as tiles, without those that are zero or unknown."""
    speed = f"{totals.speed:.2g} MP/s" if totals.speed else ""
    tiles = [
        Tile("enhanced", f"{totals.done:,}", f"of {totals.pictures:,}", "done"),
        Tile("up to date", f"{totals.skipped:,}", "skipped", "") if totals.skipped else None,
        Tile("failed", f"{totals.failed:,}", "see below", "failed") if totals.failed else None,
        Tile("worth a look", f"{totals.flagged:,}", "flagged below", "look", LOOK)
        if totals.flagged
        else None,
        Tile("brighter", f"{totals.gain:.1f}×", "median", "light") if totals.gain else None,
        Tile("megapixels", f"{totals.megapixels:,.1f}", speed, "") if totals.megapixels else None,
        _time_tile(totals),
    ]
    return [tile for tile in tiles if tile]


def _time_tile(totals: Totals) -> Tile | None:
    """The wall time with its rate, as the summary of a run shows them; else the work of all threads."""
    if totals.wall_seconds:
        return Tile("time", span(totals.wall_seconds), f"{totals.done / totals.wall_seconds:.2g} img/s", "")
    return Tile("work", span(totals.seconds), "sum over threads", "") if totals.seconds else None


def span(seconds: float) -> str:
    """A duration as text: ``0.4 s``, ``9 min``, ``2 h 07``."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02}" if hours else f"{minutes} min"


def _link(item: ReportItem, folder: Path) -> str:
    """URL of a result, relative to the page's folder; empty if it is outside of that folder.

    Other URLs would reveal names of folders.
    """
    relative = os.path.relpath(item.output, folder) if item.output else ".."
    return "" if relative.startswith("..") else quote(os.fsencode(relative))
