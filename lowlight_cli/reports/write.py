"""Records and wishes -> files: each picture is read once, whatever is made of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath

from PIL import Image

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.reports.contact_sheet import draw_sheets, sheet_paths
from lowlight_cli.reports.display_image import DisplayImage
from lowlight_cli.reports.measure import Measures
from lowlight_cli.reports.record import Record
from lowlight_cli.reports.report_item import OnPair, ReportItem, prepare
from lowlight_cli.reports.report_options import ReportOptions, check_spares
from lowlight_cli.reports.run_page import Heading, page_paths, pictures_per_page, run_pages
from lowlight_cli.reports.side_by_side import comparison_places, draw_comparison
from lowlight_cli.reports.text_formats import csv_report, json_report, markdown_report
from lowlight_cli.reports.thumbnails import budget_for

TEXT_FORMS: dict[str, Callable[[Sequence[ReportItem]], str]] = {
    ".md": markdown_report,
    ".csv": csv_report,
    ".json": json_report,
}
"""What makes the text of a report, by the end of its name."""

_STRIP_QUALITY, _SHEET_QUALITY = 92, 90


@dataclass(frozen=True, slots=True)
class Made:
    """What came of the wishes.

    Attributes:
        files: Written, in the order of the wishes; comparisons last.
        items: All pictures, as they were found.
    """

    files: tuple[Path, ...]
    items: tuple[ReportItem, ...]


def make_reports(records: Sequence[Record], report_options: ReportOptions, heading: Heading) -> Made:
    """Makes all that was asked for.

    Args:
        records: Pictures, in the order of the reports.
        report_options: What to make.
        heading: What pages say of the run.

    Raises:
        UsageError: A wish makes no sense, or a file would replace one of the pictures; nothing was written.
        OutputError: A file cannot be written.
    """
    report_options.check()
    shown = [record for record in records if record.shown_output]
    comparisons = comparison_places(shown, report_options.compare) if report_options.compare else {}
    _check_targets(records, report_options, len(shown), comparisons.values())
    items = tuple(
        prepare(
            records,
            budget=budget_for(pictures_per_page(len(shown))) if _needs_thumbnails(report_options) else None,
            on_pair=_comparison_maker(report_options, comparisons) if comparisons else None,
        )
    )
    written = [path for file in report_options.files for path in _write_report(file, items, heading)]
    if report_options.contact_sheet:
        written += _write_sheets(items, report_options.contact_sheet)
    measured = {item.record.place for item in items if item.measures}
    return Made((*written, *(path for place, path in comparisons.items() if place in measured)), items)


def _needs_thumbnails(report_options: ReportOptions) -> bool:
    return bool(report_options.contact_sheet) or any(
        path.suffix.lower() == ".html" for path in report_options.files
    )


def _check_targets(
    records: Sequence[Record], report_options: ReportOptions, count: int, comparisons: Iterable[Path]
) -> None:
    targets = [path for file in report_options.files for path in page_paths(file, count)]
    targets += sheet_paths(report_options.contact_sheet, count) if report_options.contact_sheet else []
    check_spares((*targets, *comparisons), records)


def _write_report(target: Path, items: Sequence[ReportItem], heading: Heading) -> list[Path]:
    form = TEXT_FORMS.get(target.suffix.lower())
    pages = run_pages(items, target, heading) if form is None else [(target, form(items))]
    for path, text in pages:
        _write(path, text.encode("utf-8"))
    return [path for path, _ in pages]


def _write_sheets(items: Sequence[ReportItem], target: Path) -> list[Path]:
    sheets = draw_sheets(items)
    paths = sheet_paths(target, sum(item.thumbnails is not None for item in items))
    for path, sheet in zip(paths, sheets, strict=True):
        _write(path, _encoded(sheet, "PNG" if path.suffix.lower() == ".png" else "JPEG", _SHEET_QUALITY))
    return paths


def _comparison_maker(report_options: ReportOptions, comparisons: dict[PurePath, Path]) -> OnPair:
    def make(record: Record, measures: Measures, before: DisplayImage, after: DisplayImage) -> None:
        strip = draw_comparison(record, measures, before, after, report_options.style)
        _write(comparisons[record.place], _encoded(strip, "JPEG", _STRIP_QUALITY))

    return make


def _encoded(image: Image.Image, pillow_name: str, quality: int) -> bytes:
    file = BytesIO()
    image.save(file, pillow_name, quality=quality, subsampling=0, optimize=True)
    return file.getvalue()


def _write(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
