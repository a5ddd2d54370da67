"""Records and wishes -> files: each picture is read once, whatever is made of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath

from PIL import Image

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.reports.contact_sheet import draw_sheets, sheet_paths
from lowlight_cli.reports.display_image import View
from lowlight_cli.reports.measure import Measures
from lowlight_cli.reports.record import Record
from lowlight_cli.reports.report_item import Exhibit, OnPair, prepare
from lowlight_cli.reports.report_options import Wishes, check_spares
from lowlight_cli.reports.run_page import Heading, page_paths, pictures_per_page, run_pages
from lowlight_cli.reports.side_by_side import draw_strip, strip_places
from lowlight_cli.reports.text_formats import csv_report, json_report, markdown_report
from lowlight_cli.reports.thumbnails import budget_for

TEXT_FORMS: dict[str, Callable[[Sequence[Exhibit]], str]] = {
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
        exhibits: All pictures, as they were found.
    """

    files: tuple[Path, ...]
    exhibits: tuple[Exhibit, ...]


def make_reports(records: Sequence[Record], wishes: Wishes, heading: Heading) -> Made:
    """Makes all that was asked for.

    Args:
        records: Pictures, in the order of the reports.
        wishes: What to make.
        heading: What pages say of the run.

    Raises:
        UsageError: A wish makes no sense, or a file would replace one of the pictures; nothing was written.
        OutputError: A file cannot be written.
    """
    wishes.check()
    shown = [record for record in records if record.shown_output]
    strips = strip_places(shown, wishes.compare) if wishes.compare else {}
    _check_targets(records, wishes, len(shown), strips.values())
    exhibits = tuple(
        prepare(
            records,
            budget=budget_for(pictures_per_page(len(shown))) if _needs_thumbnails(wishes) else None,
            on_pair=_strip_maker(wishes, strips) if strips else None,
        )
    )
    written = [path for file in wishes.files for path in _write_report(file, exhibits, heading)]
    if wishes.contact_sheet:
        written += _write_sheets(exhibits, wishes.contact_sheet)
    measured = {exhibit.record.place for exhibit in exhibits if exhibit.measures}
    return Made((*written, *(path for place, path in strips.items() if place in measured)), exhibits)


def _needs_thumbnails(wishes: Wishes) -> bool:
    return bool(wishes.contact_sheet) or any(path.suffix.lower() == ".html" for path in wishes.files)


def _check_targets(records: Sequence[Record], wishes: Wishes, count: int, strips: Iterable[Path]) -> None:
    targets = [path for file in wishes.files for path in page_paths(file, count)]
    targets += sheet_paths(wishes.contact_sheet, count) if wishes.contact_sheet else []
    check_spares((*targets, *strips), records)


def _write_report(target: Path, exhibits: Sequence[Exhibit], heading: Heading) -> list[Path]:
    form = TEXT_FORMS.get(target.suffix.lower())
    pages = run_pages(exhibits, target, heading) if form is None else [(target, form(exhibits))]
    for path, text in pages:
        _write(path, text.encode("utf-8"))
    return [path for path, _ in pages]


def _write_sheets(exhibits: Sequence[Exhibit], target: Path) -> list[Path]:
    sheets = draw_sheets(exhibits)
    paths = sheet_paths(target, sum(exhibit.thumbnails is not None for exhibit in exhibits))
    for path, sheet in zip(paths, sheets, strict=True):
        _write(path, _encoded(sheet, "PNG" if path.suffix.lower() == ".png" else "JPEG", _SHEET_QUALITY))
    return paths


def _strip_maker(wishes: Wishes, strips: dict[PurePath, Path]) -> OnPair:
    def make(record: Record, measures: Measures, before: View, after: View) -> None:
        strip = draw_strip(record, measures, before, after, wishes.style)
        _write(strips[record.place], _encoded(strip, "JPEG", _STRIP_QUALITY))

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
