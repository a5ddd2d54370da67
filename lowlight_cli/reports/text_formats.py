"""Text reports: CSV and JSON in full precision, Markdown in rounded numbers."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from io import StringIO
from typing import Any

from lowlight_cli.reports.flags import FLAGS
from lowlight_cli.reports.report_item import ReportItem
from lowlight_cli.reports.totals import Totals, add_up

COLUMNS = (
    *("name", "status", "width", "height", "seconds"),
    *("luma_before", "luma_after", "clipped_before", "clipped_after", "deep_before", "deep_after"),
    *("noise_before", "noise_after", "cast", "seams", "flags", "warnings"),
    *("model", "preset", "checkpoint_sha256", "controls", "device", "precision", "code", "message"),
)
"""Keys of one image, in the order of the columns; shares and luma are in [0, 1]."""

_VERSION = 1


def values_of(item: ReportItem) -> dict[str, Any]:
    """Values of one image by the keys of ``COLUMNS``; None if they were not measured."""
    entry, pair = item.entry, item.measures
    values: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "name": item.name,
        "status": entry.status,
        "width": entry.w,
        "height": entry.h,
        "seconds": entry.seconds,
        "flags": list(item.flags),
        "warnings": list(entry.warnings),
        "model": entry.model,
        "preset": entry.preset or "",
        "checkpoint_sha256": entry.checkpoint_sha256 or "",
        "controls": dict(entry.controls),
        "device": entry.device,
        "precision": entry.precision,
        "code": item.code,
        "message": item.message,
    }
    if pair is None:
        return values
    for side, stats in (("before", pair.before), ("after", pair.after)):
        values |= {f"luma_{side}": stats.luma, f"clipped_{side}": stats.clipped, f"deep_{side}": stats.deep}
    noise = {"noise_before": pair.noise_before, "noise_after": pair.noise_after}
    return values | noise | {"cast": pair.cast, "seams": pair.seams}


def csv_report(items: Sequence[ReportItem]) -> str:
    """All images as CSV (RFC 4180, but with LF line ends), one row each."""
    file = StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows([_cell(value) for value in values_of(item).values()] for item in items)
    return file.getvalue()


def json_report(items: Sequence[ReportItem]) -> str:
    """Totals and all images as JSON."""
    images = [values_of(item) for item in items]
    report = {"v": _VERSION, "summary": asdict(add_up(items)), "images": images}
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def markdown_report(items: Sequence[ReportItem]) -> str:
    """Totals and all images as a Markdown table."""
    heads, alignments = zip(*((head, "---:" if right else "---") for head, right, _ in MARKDOWN), strict=True)
    rows = [heads, alignments, *(tuple(_escaped(text) for text in cells_of(one)) for one in items)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"# Enhanced images\n\n{sentence(add_up(items))}\n\n{table}\n"


def sentence(totals: Totals) -> str:
    """The totals in one line: ``7 enhanced, 1 failed; codeenhance lite on cpu fp32``."""
    counts = (
        (totals.done, "enhanced"),
        (totals.skipped, "up to date"),
        (totals.failed, "failed"),
        (totals.flagged, "worth a look"),
    )
    text = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no images"
    where = " on ".join(part for part in (totals.model, totals.device) if part)
    return f"{text}; {where}" if where else text


def cells_of(item: ReportItem) -> tuple[str, ...]:
    """Texts of one image, one for each column of ``MARKDOWN``."""
    values = values_of(item)
    return tuple(make_text(values) for _, _, make_text in MARKDOWN)


def _rounded(template: str, *keys: str) -> Callable[[dict[str, Any]], str]:
    """Fills a template with values; an empty text if one of them is unknown."""

    def fill(values: dict[str, Any]) -> str:
        found = [values[key] for key in keys]
        return "" if any(value is None for value in found) else template.format(*found)

    return fill


def _note(values: dict[str, Any]) -> str:
    return ", ".join(FLAGS[name].label for name in values["flags"]) or ": ".join(
        text for text in (values["code"], values["message"]) if text
    )


MARKDOWN: tuple[tuple[str, bool, Callable[[dict[str, Any]], str]], ...] = (
    ("image", False, _rounded("{}", "name")),
    ("status", False, _rounded("{}", "status")),
    ("size", True, lambda values: f"{values['width']}×{values['height']}" if values["width"] else ""),
    ("brightness %", True, lambda values: _percent(values, "luma")),
    ("clipped %", True, lambda values: _percent(values, "clipped")),
    ("deep shadow %", True, lambda values: _percent(values, "deep")),
    ("color ΔE", True, _rounded("{:.1f}", "cast")),
    ("noise ×", True, lambda values: _times(values, "noise")),
    ("seconds", True, _rounded("{:.2f}", "seconds")),
    ("note", False, _note),
)
"""Head, whether it is a number (aligned right), and text of each column of tables for people."""


def _percent(values: dict[str, Any], key: str) -> str:
    before, after = values[f"{key}_before"], values[f"{key}_after"]
    return "" if before is None else f"{100 * before:.1f} → {100 * after:.1f}"


def _times(values: dict[str, Any], key: str) -> str:
    before, after = values[f"{key}_before"], values[f"{key}_after"]
    return "" if before is None else f"{after / before:.2f}"


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(value)
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def _escaped(text: str) -> str:
    """Text that cannot leave its table cell or become HTML."""
    for char, escape in (("&", "&amp;"), ("<", "&lt;"), ("\\", "\\\\"), ("|", "\\|"), ("`", "\\`")):
        text = text.replace(char, escape)
    return " ".join(text.split())
