"""Entries and options -> report files; each image is read once, however many reports show it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.pipeline.manifest import Entry
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.reports.contact_sheet import draw_sheets, sheet_paths
from lowlight_cli.reports.display_image import DisplayImage
from lowlight_cli.reports.entries import entries_of_plan, has_output, output_path, report_entries
from lowlight_cli.reports.heading import Heading, heading_of
from lowlight_cli.reports.measure import Measures
from lowlight_cli.reports.report_item import OnPair, ReportItem, make_items
from lowlight_cli.reports.report_options import ReportOptions, check_overwrites
from lowlight_cli.reports.run_page import images_per_page, page_paths, run_pages
from lowlight_cli.reports.side_by_side import comparison_paths, draw_comparison
from lowlight_cli.reports.text_formats import csv_report, json_report, markdown_report
from lowlight_cli.reports.thumbnails import budget_for

TEXT_FORMATS: dict[str, Callable[[Sequence[ReportItem]], str]] = {
    ".md": markdown_report,
    ".csv": csv_report,
    ".json": json_report,
}
"""Function that makes the text of a report, by file extension."""

_COMPARISON_QUALITY, _SHEET_QUALITY = 92, 90


@dataclass(frozen=True, slots=True)
class WrittenReports:
    """Reports that were written, and what they show.

    Attributes:
        files: Reports and contact sheets, in the order of the options.
        comparisons: One file for each pair that could be read.
        items: All images, in the order of the reports.
    """

    files: tuple[Path, ...]
    comparisons: tuple[Path, ...]
    items: tuple[ReportItem, ...]


def write_plan_reports(plan: Plan, options: ReportOptions) -> WrittenReports:
    """Writes reports about the inputs of a plan, whether this run enhanced them or an earlier one.

    Raises:
        LowlightError: As ``write_reports``.
    """
    return write_reports(entries_of_plan(plan), plan.folder, options)


def write_reports(entries: Iterable[Entry], folder: Path, options: ReportOptions) -> WrittenReports:
    """Writes all requested reports.

    Args:
        entries: Manifest entries of the images to report.
        folder: Output folder of the run.
        options: Reports to write.

    Raises:
        UsageError: A report cannot be made, or would replace an image; nothing was written.
        OutputError: A file cannot be written.
    """
    options.check()
    shown = report_entries(entries, folder, absolute=options.absolute)
    with_output = [entry for entry in shown if has_output(entry, folder)]
    comparisons = comparison_paths(with_output, options.compare) if options.compare else {}
    _check_targets(shown, folder, options, len(with_output), comparisons.values())
    items = tuple(
        make_items(
            shown,
            folder,
            budget=budget_for(images_per_page(len(with_output))) if _needs_thumbnails(options) else None,
            on_pair=_comparison_writer(options, comparisons) if comparisons else None,
        )
    )
    heading = heading_of(folder, absolute=options.absolute)
    files = [path for file in options.files for path in _write_report(file, items, heading)]
    if options.contact_sheet:
        files += _write_sheets(items, options.contact_sheet)
    measured = {item.entry.output for item in items if item.measures}
    written = tuple(path for output, path in comparisons.items() if output in measured)
    return WrittenReports(tuple(files), written, items)


def _needs_thumbnails(options: ReportOptions) -> bool:
    return bool(options.contact_sheet) or any(path.suffix.lower() == ".html" for path in options.files)


def _check_targets(
    entries: Sequence[Entry], folder: Path, options: ReportOptions, count: int, comparisons: Iterable[Path]
) -> None:
    targets = [path for file in options.files for path in page_paths(file, count)]
    targets += sheet_paths(options.contact_sheet, count) if options.contact_sheet else []
    names = {Path(entry.source): entry.input for entry in entries}
    names |= {output: entry.input for entry in entries if (output := output_path(entry, folder))}
    check_overwrites((*targets, *comparisons), names)


def _write_report(target: Path, items: Sequence[ReportItem], heading: Heading) -> list[Path]:
    make_text = TEXT_FORMATS.get(target.suffix.lower())
    pages = [(target, make_text(items))] if make_text else run_pages(items, target, heading)
    for path, text in pages:
        _write(path, text.encode("utf-8"))
    return [path for path, _ in pages]


def _write_sheets(items: Sequence[ReportItem], target: Path) -> list[Path]:
    sheets = draw_sheets(items)
    paths = sheet_paths(target, sum(item.thumbnails is not None for item in items))
    for path, sheet in zip(paths, sheets, strict=True):
        _write(path, _encoded(sheet, "PNG" if path.suffix.lower() == ".png" else "JPEG", _SHEET_QUALITY))
    return paths


def _comparison_writer(options: ReportOptions, comparisons: dict[str, Path]) -> OnPair:
    def write(entry: Entry, measures: Measures, before: DisplayImage, after: DisplayImage) -> None:
        comparison = draw_comparison(entry, measures, before, after, options.style)
        _write(comparisons[entry.output or ""], _encoded(comparison, "JPEG", _COMPARISON_QUALITY))

    return write


def _encoded(image: Image.Image, pillow_name: str, quality: int) -> bytes:
    file = BytesIO()
    image.save(file, pillow_name, quality=quality, subsampling=0, optimize=True)
    return file.getvalue()


def _write(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
