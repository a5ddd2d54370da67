"""Contact sheets: thumbnails of all pairs of a run, four pairs to a row."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from lowlight_cli.reports.measure import Measures
from lowlight_cli.reports.report_item import ReportItem
from lowlight_cli.reports.text_drawing import write_line
from lowlight_cli.reports.thumbnails import Thumbnails

PAIRS_PER_ROW, PAIRS_PER_SHEET = 4, 60

_SIDE_WIDTH, _SIDE_HEIGHT = 240, 180
_GAP, _MARGIN, _CAPTION = 26, 32, 34
_BACKGROUND, _TEXT, _MUTED = (11, 13, 17), (237, 234, 228), (157, 167, 179)
_FONT_SIZE = 15.0
_PAIR_WIDTH, _PAIR_HEIGHT = 2 * _SIDE_WIDTH, _SIDE_HEIGHT + _CAPTION


def sheet_paths(target: Path, count: int) -> list[Path]:
    """Files for ``count`` pairs: the target, or ``sheet-01.jpg``, ... if one is not enough."""
    sheets = max(1, -(-count // PAIRS_PER_SHEET))
    if sheets == 1:
        return [target]
    return [target.with_stem(f"{target.stem}-{sheet:02}") for sheet in range(1, sheets + 1)]


def draw_sheets(items: Sequence[ReportItem]) -> list[Image.Image]:
    """Draws the pairs that have thumbnails, up to 60 on a sheet."""
    shown = [item for item in items if item.thumbnails]
    starts = range(0, max(len(shown), 1), PAIRS_PER_SHEET)
    return [_draw(shown[start : start + PAIRS_PER_SHEET]) for start in starts]


def _draw(items: Sequence[ReportItem]) -> Image.Image:
    columns, rows = max(1, min(PAIRS_PER_ROW, len(items))), max(1, -(-len(items) // PAIRS_PER_ROW))
    width = 2 * _MARGIN + columns * (_PAIR_WIDTH + _GAP) - _GAP
    height = 2 * _MARGIN + rows * (_PAIR_HEIGHT + _GAP) - _GAP
    sheet = Image.new("RGB", (width, height), _BACKGROUND)
    for i, item in enumerate(items):
        left = _MARGIN + i % columns * (_PAIR_WIDTH + _GAP)
        top = _MARGIN + i // columns * (_PAIR_HEIGHT + _GAP)
        if item.thumbnails and item.measures:
            _place(sheet, item.thumbnails, left, top)
            _caption(sheet, item.name, item.measures, float(left), top + _SIDE_HEIGHT + _CAPTION / 2)
    return sheet


def _place(sheet: Image.Image, thumbnails: Thumbnails, left: int, top: int) -> None:
    """Pastes both sides next to each other, centered in their cell."""
    sides = []
    for jpeg in (thumbnails.before, thumbnails.after):
        with Image.open(BytesIO(jpeg)) as image:
            image.thumbnail((_SIDE_WIDTH - 1, _SIDE_HEIGHT))
            sides.append(image.copy())
    before, after = sides
    middle = left + _SIDE_WIDTH
    sheet.paste(before, (middle - 1 - before.width, top + (_SIDE_HEIGHT - before.height) // 2))
    sheet.paste(after, (middle + 1, top + (_SIDE_HEIGHT - after.height) // 2))


def _caption(sheet: Image.Image, name: str, measures: Measures, left: float, middle: float) -> None:
    canvas = ImageDraw.Draw(sheet)
    change = f"luma {measures.after.luma - measures.before.luma:+.2f}"
    right = float(left + _PAIR_WIDTH)
    written = write_line(
        canvas, (right, middle), change, size=_FONT_SIZE, most=float(_SIDE_WIDTH), color=_TEXT, anchor="rm"
    )
    room = _PAIR_WIDTH - written - _FONT_SIZE
    write_line(canvas, (left, middle), name, size=_FONT_SIZE, most=room, color=_MUTED, anchor="lm")
