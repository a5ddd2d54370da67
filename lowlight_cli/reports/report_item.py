"""Records -> what is shown of each: measures, flags and small pictures; every file is read once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lowlight_cli.errors import LowlightError
from lowlight_cli.reports.display_image import DisplayImage, read_display_image
from lowlight_cli.reports.flags import flags_of
from lowlight_cli.reports.measure import Measures, measure
from lowlight_cli.reports.record import Record
from lowlight_cli.reports.thumbnails import Budget, Thumbnails, make_thumbnails

THREADS = 4

OnPair = Callable[[Record, Measures, DisplayImage, DisplayImage], None]
"""Is given a pair at its full size: what the run knew, what was measured, original and result."""


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One picture of a report.

    Attributes:
        record: What the run knew.
        measures: Original and result compared; None where one of them is missing.
        thumbnails: Small pictures for a page; None where they were not asked for, or for want of files.
        problem: Why there is nothing to see, in words; empty when there is, or when the run made no result.
    """

    record: Record
    measures: Measures | None = None
    thumbnails: Thumbnails | None = None
    problem: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """Names of the reasons to look at it."""
        return flags_of(self.measures) if self.measures else ()


def prepare(
    records: Sequence[Record],
    *,
    budget: Budget | None = None,
    on_pair: OnPair | None = None,
) -> Iterator[ReportItem]:
    """Looks at the files of all records, several at a time, and gives them in order.

    Args:
        records: In the order of the report.
        budget: Bytes for the small pictures of each; None makes none.
        on_pair: Is called in any order, and from several threads at once.
    """

    def look(record: Record) -> ReportItem:
        return _look(record, budget, on_pair)

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(look, records)


def _look(record: Record, budget: Budget | None, on_pair: OnPair | None) -> ReportItem:
    if record.shown_output is None:
        return ReportItem(record)
    try:
        after = read_display_image(record.shown_output)
    except LowlightError as error:
        return ReportItem(record, problem=f"the result cannot be read: {error}")
    try:
        before = read_display_image(record.source)
    except LowlightError as error:
        return ReportItem(record, problem=f"the original cannot be read: {error}")
    measures = measure(before, after)
    if on_pair is not None:
        on_pair(record, measures, before, after)
    thumbnails = make_thumbnails(before, after, budget) if budget else None
    return ReportItem(record, measures, thumbnails)
