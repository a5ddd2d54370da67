"""Draws a sheet: a title, the original, and a grid of variants, each above its crop."""

import math
import shlex
from collections.abc import Sequence

from PIL import Image, ImageDraw

from lowlight_cli.errors import printable
from lowlight_cli.preview.render import Cell, Compared
from lowlight_cli.reports.display_image import DisplayPixels
from lowlight_cli.reports.text_drawing import write_line

ORIGINAL = "original"

_MARGIN, _GAP, _ROW_GAP, _INNER = 40, 24, 34, 6
_LABEL, _HEADER, _FOOTER = 34, 92, 46
_LEAST_WIDTH = 200
"""Narrower cells get margins, so that their labels can be read."""
_TITLE_SIZE, _FACTS_SIZE, _LABEL_SIZE = 28.0, 17.0, 18.0
_BACKGROUND, _TEXT, _MUTED, _LINE = (11, 13, 17), (237, 234, 228), (157, 167, 179), (242, 240, 236)
_FEWEST_COLUMNS, _MOST_COLUMNS = 3, 6
_USE = "lle enhance FOLDER -o OUT, with the options above an image"


def draw_sheet(compared: Compared, shared: Sequence[str], columns: int | None) -> Image.Image:
    """Draws a photo and its variants.

    Args:
        compared: The photo and its variants.
        shared: Options of all cells, as typed.
        columns: Variants in a row, below the original; None arranges original and variants together.
    """
    first, cells = compared.original, list(compared.cells)
    rows = [[first], *_rows(cells, columns)] if columns else _rows([first, *cells], _columns(len(cells) + 1))
    wide = max(_LEAST_WIDTH, *(image.shape[1] for image in _images(first)))
    tall = _LABEL + sum(image.shape[0] for image in _images(first)) + _INNER * (len(_images(first)) - 1)
    across = max(len(row) for row in rows)
    width = max(2 * _MARGIN + across * (wide + _GAP) - _GAP, 3 * _LEAST_WIDTH)
    height = _HEADER + len(rows) * (tall + _ROW_GAP) - _ROW_GAP + _FOOTER + _MARGIN
    sheet = Image.new("RGB", (width, height), _BACKGROUND)
    _write_title(sheet, compared, shared)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            _place(sheet, cell, _MARGIN + j * (wide + _GAP), _HEADER + i * (tall + _ROW_GAP), wide)
    _mark_crop(sheet, compared, _HEADER + _LABEL, wide)
    _write(
        sheet, (float(_MARGIN), float(height - _MARGIN)), f"For a folder: {_USE}", _FACTS_SIZE, _MUTED, "ls"
    )
    return sheet


def _rows(cells: list[Cell], columns: int) -> list[list[Cell]]:
    return [cells[start : start + columns] for start in range(0, len(cells), columns)]


def _columns(count: int) -> int:
    """Columns for a number of cells: few empty places, and a sheet wider than tall."""
    if count <= _FEWEST_COLUMNS + 1:
        return count
    usual = math.sqrt(1.5 * count)
    return min(
        range(_FEWEST_COLUMNS, _MOST_COLUMNS + 1),
        key=lambda columns: (-count % columns) + abs(columns - usual),
    )


def _images(cell: Cell) -> list[DisplayPixels]:
    return [cell.preview] if cell.crop is None else [cell.preview, cell.crop]


def _write_title(sheet: Image.Image, compared: Compared, shared: Sequence[str]) -> None:
    facts = [f"{compared.width} x {compared.height}"]
    if (region := compared.region) is not None:
        x, y = region.left + region.width // 2, region.top + region.height // 2
        facts.append(f"below each image: {region.width} x {region.height} pixels at 100 %, --crop {x},{y}")
    if shared:
        facts.append(f"all with {shlex.join(shared)}")
    _write(sheet, (float(_MARGIN), 48.0), printable(compared.photo.name), _TITLE_SIZE, _TEXT, "ls")
    _write(sheet, (float(_MARGIN), 76.0), "   ·   ".join(facts), _FACTS_SIZE, _MUTED, "ls")


def _place(sheet: Image.Image, cell: Cell, left: int, top: int, wide: int) -> None:
    """Draws one cell: label and brightness, the photo, the crop."""
    canvas, base = ImageDraw.Draw(sheet), float(top + _LABEL - 10)
    label = printable(shlex.join(cell.words)) if cell.words else ORIGINAL
    has_room = canvas.textlength(label, font_size=_LABEL_SIZE) + 8 * _LABEL_SIZE < wide
    facts = f"brightness {cell.brightness:.0%}" if has_room else f"{cell.brightness:.0%}"
    place = float(left + wide), base
    written = write_line(canvas, place, facts, size=15.0, most=wide / 2, color=_MUTED, anchor="rs")
    room = wide - written - _LABEL_SIZE
    write_line(canvas, (float(left), base), label, size=_LABEL_SIZE, most=room, color=_TEXT, anchor="ls")
    y = top + _LABEL
    for image in _images(cell):
        sheet.paste(Image.fromarray(image), (left + (wide - image.shape[1]) // 2, y))
        y += image.shape[0] + _INNER


def _mark_crop(sheet: Image.Image, compared: Compared, top: int, wide: int) -> None:
    """Draws a frame around the crop on the original."""
    region, preview = compared.region, compared.original.preview
    if region is None:
        return
    scale = preview.shape[1] / compared.width
    left = _MARGIN + (wide - preview.shape[1]) // 2 + region.left * scale
    box = (
        left,
        top + region.top * scale,
        left + region.width * scale - 1,
        top + (region.top + region.height) * scale - 1,
    )
    canvas = ImageDraw.Draw(sheet)
    canvas.rectangle(tuple(round(side) + 1 for side in box), outline=_BACKGROUND)
    canvas.rectangle(tuple(round(side) for side in box), outline=_LINE)


def _write(
    sheet: Image.Image,
    place: tuple[float, float],
    text: str,
    size: float,
    color: tuple[int, int, int],
    anchor: str,
) -> None:
    room = float(sheet.width - 2 * _MARGIN)
    write_line(ImageDraw.Draw(sheet), place, text, size=size, most=room, color=color, anchor=anchor)
