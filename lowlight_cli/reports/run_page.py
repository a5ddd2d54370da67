"""A run as a page: totals, every pair with a wipe, what to look at, what failed and how to retry."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from lowlight_cli.reports.flags import FLAGS
from lowlight_cli.reports.page import render
from lowlight_cli.reports.report_item import ReportItem
from lowlight_cli.reports.text_formats import MARKDOWN, cells_of
from lowlight_cli.reports.totals import Totals, add_up

LARGEST_PAGE = 500
"""Pictures that one page may hold; beyond, there are several."""
PICTURES_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Heading:
    """What a page says of the run beside its pictures.

    Attributes:
        title: Name of the folder of results.
        retry: Command that tries the failed pictures again; empty where none is known.
    """

    title: str
    retry: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A picture on its place.

    Attributes:
        item: What is shown.
        anchor: Name of the place on the page.
        page: Name of the file of the page.
        link: Address of the result, relative to the page; may be empty.
    """

    item: ReportItem
    anchor: str
    page: str
    link: str


class Tile(NamedTuple):
    """A number at the top of a page: what it is called, the number, a note, and its kind for the style."""

    label: str
    value: str
    note: str
    kind: str


def pictures_per_page(count: int) -> int:
    """How many of ``count`` pictures go on each page."""
    return count if count <= LARGEST_PAGE else PICTURES_PER_PAGE


def page_paths(target: Path, count: int) -> list[Path]:
    """Files for ``count`` pictures: ``run.html``, then ``run-2.html`` and so on.

    Args:
        target: The first of them.
        count: Pictures to show.
    """
    pages = max(1, -(-count // max(pictures_per_page(count), 1)))
    return [target, *(target.with_stem(f"{target.stem}-{page}") for page in range(2, pages + 1))]


def run_pages(items: Sequence[ReportItem], target: Path, heading: Heading) -> list[tuple[Path, str]]:
    """Builds the pages of a run.

    Args:
        items: All pictures, in order.
        target: File of the first page; links to results are relative to its folder.
        heading: Title and command.

    Returns:
        Files and what goes into them.
    """
    shown = [item for item in items if item.thumbnails]
    paths, each = page_paths(target, len(shown)), max(pictures_per_page(len(shown)), 1)
    cards = [
        Card(item, f"p{i + 1}", paths[i // each].name, _link(item, target.parent))
        for i, item in enumerate(shown)
    ]
    totals = add_up(items)
    values = {
        "heading": heading,
        "totals": totals,
        "tiles": tiles_of(totals),
        "flags": FLAGS,
        "flagged": [card for card in cards if card.item.flags],
        "failures": [item for item in items if item.problem or item.record.has_failed],
        "heads": [(head, right) for head, right, _ in MARKDOWN],
        "cells_of": cells_of,
        "pages": [path.name for path in paths],
    }
    return [
        (path, render("run.html.j2", page=page, cards=cards[page * each : (page + 1) * each], **values))
        for page, path in enumerate(paths)
    ]


def tiles_of(totals: Totals) -> list[Tile]:
    """The totals as tiles; those that say nothing are left out."""
    speed = f"{totals.speed:.2g} MP/s" if totals.speed else ""
    tiles = [
        Tile("enhanced", f"{totals.done:,}", f"of {totals.pictures:,}", "done"),
        Tile("up to date", f"{totals.skipped:,}", "left as they were", "") if totals.skipped else None,
        Tile("failed", f"{totals.failed:,}", "see below", "failed") if totals.failed else None,
        Tile("worth a look", f"{totals.flagged:,}", "by the measures", "look") if totals.flagged else None,
        Tile("brighter", f"{totals.gain:.1f}×", "the median photo", "light") if totals.gain else None,
        Tile("megapixels", f"{totals.megapixels:,.1f}", speed, "") if totals.megapixels else None,
        Tile("work", span(totals.seconds), "all threads together", "") if totals.seconds else None,
    ]
    return [tile for tile in tiles if tile]


def span(seconds: float) -> str:
    """A time for a person: ``0.4 s``, ``9 min``, ``2 h 07``."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02}" if hours else f"{minutes} min"


def _link(item: ReportItem, place: Path) -> str:
    """Address of a result as seen from the page; empty where it does not lie below the page's folder.

    Other ways to it would tell how the folders of this machine are called.
    """
    output = item.record.output
    way = os.path.relpath(output, place) if output else ".."
    return "" if way.startswith("..") else quote(os.fsencode(way))
