"""Entries -> items of a report: measures, flags and thumbnails; every image file is read once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.errors import LowlightError
from lowlight_cli.pipeline.manifest import Entry
from lowlight_cli.reports.display_image import DisplayImage, read_display_image
from lowlight_cli.reports.entries import has_output, output_path
from lowlight_cli.reports.flags import flags_of
from lowlight_cli.reports.measure import Measures, measure
from lowlight_cli.reports.thumbnails import Budget, Thumbnails, make_thumbnails

THREADS = 4

OnPair = Callable[[Entry, Measures, DisplayImage, DisplayImage], None]
"""Receives a pair at full size: manifest entry, measures, original and result."""


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One image of a report.

    Attributes:
        entry: Its manifest entry; ``input`` is the name to show.
        output: File of the result; None if none was planned.
        measures: Original and result compared; None if either is missing.
        thumbnails: Small JPEG files for a page; None if they were not requested or a file is missing.
        problem: Why the pair cannot be shown; empty if it can, or if the run made no result.
    """

    entry: Entry
    output: Path | None = None
    measures: Measures | None = None
    thumbnails: Thumbnails | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """Name to show."""
        return self.entry.input

    @property
    def code(self) -> str:
        """Short reason of a failure; empty without one."""
        return (self.entry.error or {}).get("code", "")

    @property
    def message(self) -> str:
        """Why the run made no result, or why the pair cannot be shown."""
        return (self.entry.error or {}).get("msg", "") or self.problem

    @property
    def has_failed(self) -> bool:
        """Whether the run should have made a result but did not."""
        return self.entry.status in ("failed", "conflict")

    @property
    def flags(self) -> tuple[str, ...]:
        """Names of the reasons to look at it."""
        return flags_of(self.measures) if self.measures else ()


def make_items(
    entries: Sequence[Entry],
    folder: Path,
    *,
    budget: Budget | None = None,
    on_pair: OnPair | None = None,
) -> Iterator[ReportItem]:
    """Reads the images of all entries, several at a time; yields items in the order of the entries.

    Args:
        entries: Entries as ``report_entries`` returns them.
        folder: Output folder.
        budget: Bytes for the thumbnails of each pair; None makes none.
        on_pair: Called in any order, and from several threads at once.
    """

    def make(entry: Entry) -> ReportItem:
        return _make_item(entry, folder, budget, on_pair)

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(make, entries)


def _make_item(entry: Entry, folder: Path, budget: Budget | None, on_pair: OnPair | None) -> ReportItem:
    output = output_path(entry, folder)
    if output is None or not has_output(entry, folder):
        return ReportItem(entry, output)
    try:
        after = read_display_image(output)
    except LowlightError as error:
        return ReportItem(entry, output, problem=f"the result cannot be read: {error}")
    try:
        before = read_display_image(Path(entry.source))
    except LowlightError as error:
        return ReportItem(entry, output, problem=f"the original cannot be read: {error}")
    measures = measure(before, after)
    if on_pair is not None:
        on_pair(entry, measures, before, after)
    thumbnails = make_thumbnails(before, after, budget) if budget else None
    return ReportItem(entry, output, measures, thumbnails)
