"""What a report says of all pictures together."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean, median

from lowlight_cli.reports.record import Record
from lowlight_cli.reports.report_item import ReportItem


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums, and what all pictures have in common.

    Attributes:
        pictures: All that were asked for.
        done: Made.
        skipped: Left as they were.
        failed: Not made, conflicts included.
        flagged: Made, but worth a look.
        seconds: Time spent on all, added up over threads.
        megapixels: Million pixels made.
        luma_before: Mean brightness of the originals in [0, 1]; None without any.
        luma_after: Of the results.
        gain: How many times as bright the median picture became.
        model: Models and sizes, with the start of the sha256 of their weights.
        device: Devices and number formats.
        controls: Strengths that were asked for.
        version: Versions of this program.
        day: When it ran, as far as that is known.
    """

    pictures: int
    done: int
    skipped: int
    failed: int
    flagged: int
    seconds: float
    megapixels: float
    luma_before: float | None
    luma_after: float | None
    gain: float | None
    model: str
    device: str
    controls: str
    version: str
    day: str

    @property
    def speed(self) -> float | None:
        """Megapixels per second of work; None where no time was taken."""
        return self.megapixels / self.seconds if self.seconds else None


def add_up(items: Sequence[ReportItem]) -> Totals:
    """Adds up all pictures of a report."""
    records = [item.record for item in items]
    made = [record for record in records if record.status == "ok"]
    pairs = [item.measures for item in items if item.measures]
    return Totals(
        pictures=len(records),
        done=len(made),
        skipped=sum(record.status == "skipped" for record in records),
        failed=sum(record.has_failed for record in records),
        flagged=sum(bool(item.flags) for item in items),
        seconds=float(sum(record.seconds for record in made)),
        megapixels=sum(record.width * record.height for record in made) / 1e6,
        luma_before=fmean(pair.before.luma for pair in pairs) if pairs else None,
        luma_after=fmean(pair.after.luma for pair in pairs) if pairs else None,
        gain=median(pair.gain for pair in pairs) if pairs else None,
        model=_all(_model(record) for record in records),
        device=_all(f"{record.device} {record.precision}".strip() for record in records),
        controls=_all(describe_controls(record) for record in records),
        version=_all(record.version for record in records),
        day=_day(records),
    )


def describe_controls(record: Record) -> str:
    """The strengths of a picture that are not the usual 1: ``contrast 1.2, texture 0.5``."""
    changed = {name: value for name, value in sorted(record.controls.items()) if value != 1}
    return ", ".join(f"{name} {value:g}" for name, value in changed.items())


def _model(record: Record) -> str:
    sha = f"#{record.checkpoint_sha256[:8]}" if record.checkpoint_sha256 else ""
    return " ".join(part for part in (record.model, record.preset, sha) if part)


def _all(words: Iterable[str]) -> str:
    """Each word once, in order, those of nothing left out."""
    return "; ".join(dict.fromkeys(word for word in words if word))


def _day(records: Iterable[Record]) -> str:
    """The day that ``SOURCE_DATE_EPOCH`` names, else that of the last run; never today."""
    if (epoch := os.environ.get("SOURCE_DATE_EPOCH", "")).isdigit():
        return f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%d}"
    last = max((record.run for record in records), default="")[:10]
    return last if last.count("-") == 2 else ""
