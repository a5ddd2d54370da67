"""Totals over all images of a report."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean, median

from lowlight_cli.pipeline.manifest import Entry
from lowlight_cli.reports.report_item import ReportItem


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and sums; the names are keys of JSON reports.

    Attributes:
        pictures: All images.
        done: Enhanced images.
        skipped: Skipped images.
        failed: Failed images and conflicts.
        flagged: Images with flags.
        seconds: Time spent on enhanced images, summed over threads.
        wall_seconds: Time that the runs took that enhanced them; None if a manifest does not state it.
        megapixels: Million pixels enhanced.
        luma_before: Mean luma of the originals in [0, 1]; None if no pair was measured.
        luma_after: Mean luma of the results, likewise.
        gain: Median ratio of the luma after to the luma before, likewise.
        model: Models and presets, with the first digits of the sha256 of their weights.
        device: Devices and number formats.
        controls: Controls that differ from 1.
        version: Versions of this program.
        day: Day of the last run; empty if unknown.
    """

    pictures: int
    done: int
    skipped: int
    failed: int
    flagged: int
    seconds: float
    wall_seconds: float | None
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
        """Megapixels per second of wall time; None if it is unknown."""
        return self.megapixels / self.wall_seconds if self.wall_seconds else None


def add_up(items: Sequence[ReportItem]) -> Totals:
    """Adds up all images of a report."""
    entries = [item.entry for item in items]
    made = [entry for entry in entries if entry.status == "ok"]
    pairs = [item.measures for item in items if item.measures]
    return Totals(
        pictures=len(entries),
        done=len(made),
        skipped=sum(entry.status == "skipped" for entry in entries),
        failed=sum(item.has_failed for item in items),
        flagged=sum(bool(item.flags) for item in items),
        seconds=float(sum(entry.seconds for entry in made)),
        wall_seconds=_wall_seconds(made),
        megapixels=sum(entry.w * entry.h for entry in made) / 1e6,
        luma_before=fmean(pair.before.luma for pair in pairs) if pairs else None,
        luma_after=fmean(pair.after.luma for pair in pairs) if pairs else None,
        gain=median(pair.gain for pair in pairs) if pairs else None,
        model=_all(_model(entry) for entry in entries),
        device=_all(f"{entry.device} {entry.precision}".strip() for entry in entries),
        controls=_all(describe_controls(entry) for entry in entries),
        version=_all(entry.version for entry in entries),
        day=_day(entries),
    )


def _wall_seconds(made: Sequence[Entry]) -> float | None:
    """Time until the last image of each run, summed over runs."""
    last: dict[str, float] = {}
    for entry in made:
        if entry.elapsed is None:
            return None
        last[entry.run] = max(last.get(entry.run, 0.0), entry.elapsed)
    return sum(last.values()) if last else None


def describe_controls(entry: Entry) -> str:
    """Controls of an image that differ from 1: ``contrast 1.2, texture 0.5``."""
    changed = {name: value for name, value in sorted(entry.controls.items()) if value != 1}
    return ", ".join(f"{name} {value:g}" for name, value in changed.items())


def _model(entry: Entry) -> str:
    sha = f"#{entry.checkpoint_sha256[:8]}" if entry.checkpoint_sha256 else ""
    return " ".join(part for part in (entry.model, entry.preset, sha) if part)


def _all(texts: Iterable[str]) -> str:
    """Each text once, in order, without empty ones."""
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _day(entries: Iterable[Entry]) -> str:
    """The day of ``SOURCE_DATE_EPOCH``, or of the last run; never today, so that reports are reproducible."""
    if (epoch := os.environ.get("SOURCE_DATE_EPOCH", "")).isdigit():
        return f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%d}"
    last = max((entry.run for entry in entries), default="")[:10]
    return last if last.count("-") == 2 else ""
