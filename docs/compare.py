"""Writes docs/compare.html, docs/images/which_model.jpg and the tables of docs/which-model.md.

The page shows every sample image by every model that ships, and holds all of which-model.md. The tables are
those of the result of ``benchmarks/model_table.py``. It takes some minutes of a processor:

    make compare
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markupsafe import Markup
from PIL import Image, ImageDraw

from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.preview.render import Cell, Compared, Renderer
from lowlight_cli.preview.request import PreviewRequest
from lowlight_cli.reports.display_image import DisplayPixels
from lowlight_cli.reports.page import render
from lowlight_cli.reports.text_drawing import write_line

ROOT = Path(__file__).resolve().parents[1]
WORDS = ROOT / "docs" / "which-model.md"
PAGE = ROOT / "docs" / "compare.html"
SHEET = ROOT / "docs" / "images" / "which_model.jpg"
RESULT = ROOT / "benchmarks" / "results" / "model-table--shared--cpu.json"
BEGIN, END = "<!-- tables: made by `make compare` -->\n", "<!-- end of the tables -->\n"

SETS = {
    "pairs": "Real dark photos and long exposures of the same scenes",
    "backlit": "Against the light",
    "field": "Under light fields, such as those of lamps",
    "shaken": "Evenly dark, shaken and noisy",
}


class Column(NamedTuple):
    """A column of the tables: key in the result, decimals, and the value that is best; None if none is."""

    key: str
    digits: int
    best: float | None


COLUMNS = {
    "PSNR, dB": Column("psnr", 2, 100),
    "SSIM": Column("ssim", 3, 1),
    "PSNR*, dB": Column("psnr*", 2, 100),
    "NIQE": Column("niqe", 2, 0),
    "FSIM": Column("fsim", 3, 1),
    "edges": Column("along", 2, 1),
    "color": Column("color", 1, 0),
    "noise": Column("noise", 2, None),
    "dark": Column("dark", 3, 0),
    "light": Column("light", 2, 1),
}

LOOK = {
    "dark_indoor.jpg": "Deep shadow, strong colors, noise, blocks of a JPEG that was nearly black. "
    "Look at the red and orange heaps, and at the black vessel in the middle.",
    "odd_size.png": "As dark and purple as the measured pairs (1/130 of the light). "
    "Look at the color of the gates and at their plain faces.",
    "backlit.jpg": "Against the sun: a lit part beside a dark one. "
    "Look at the dark walls and at the snow on the roofs.",
    "fire_at_night.jpg": "A real night photo with a lit part. "
    "Look at the rocks; the fire should stay as it is.",
    "turned.jpg": "Noise on a soft, green lawn. Look at the plain green and at the fur.",
    "street_8_megapixels.jpg": "Eight megapixels of a night street with lamps and fine noise. "
    "Look at the plain dark parts and at the color of the sky.",
    "grey.png": "One channel. Look at the white breast and at the light background.",
    "transparent.png": "RGBA with a soft oval, shown on gray. Look at the brown background.",
    "deep_16_bit.png": "Very small, with details of two or three pixels. "
    "Look at the parts and labels of the board.",
}
"""What each sample image shows, in the order of the page."""

SIZE, CROP, QUALITY = 480, 320, 72
ON_SHEET = ("dark_indoor.jpg", "fire_at_night.jpg", "street_8_megapixels.jpg")
CELL, CELL_CROP, GAP, LABEL = 236, 236, 4, 24


def main() -> None:
    """Writes all three."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    WORDS.write_text(words())
    compared = samples()
    PAGE.write_text(page(compared))
    sheet(compared).save(SHEET, quality=80, optimize=True)


def words() -> str:
    """The page of words as it should be, with current tables."""
    before, _, rest = WORDS.read_text().partition(BEGIN)
    return before + BEGIN + tables(json.loads(RESULT.read_text())["cases"]) + END + rest.partition(END)[2]


def tables(cases: Mapping[str, Any]) -> str:
    """A table of each set, and one of sizes and times, in Markdown."""
    parts = [_costs({title: case for title, case in cases.items() if "parameters" in case})]
    for name, title in SETS.items():
        numbers = {row: case["sets"][name] for row, case in cases.items() if name in case["sets"]}
        count = next(iter(numbers.values()))["photos"]
        parts.append(_markdown([f"{title}, {count} photos", *COLUMNS], [*score_rows(numbers)]))
    return "\n" + "\n".join(parts) + "\n"


def score_rows(numbers: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """Texts of a row for each method; the best of the models that ship are bold."""
    models = [found for row, found in numbers.items() if row in MODELS]
    best = {column.key: min(_away(found, column) for found in models) for column in COLUMNS.values()}
    return [
        [row, *(_number(found, c, best[c.key] if row in MODELS else None) for c in COLUMNS.values())]
        for row, found in numbers.items()
    ]


def _away(found: Mapping[str, float], column: Column) -> float:
    """How far a number is from the best value, as far as it is printed."""
    best = math.inf if column.best is None else column.best
    return round(abs(found[column.key] - best), column.digits)


def _number(found: Mapping[str, float], column: Column, best: float | None) -> str:
    text = f"{found[column.key]:.{column.digits}f}"
    return f"**{text}**" if column.best is not None and _away(found, column) == best else text


def _costs(cases: Mapping[str, Any]) -> str:
    heads = ["Size and time", "parameters", "seconds", "processor seconds", "weights, sha256"]
    rows = [
        [
            title,
            f"{case['parameters']:,}",
            f"{case['least_s']:.2f}",
            f"{case['processor_least_s']:.2f}",
            f"`{case['sha256'][:8]}`",
        ]
        for title, case in cases.items()
    ]
    return _markdown(heads, rows)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def samples() -> list[Compared]:
    """All sample images by all models that ship, in fp32."""
    render_sample = Renderer(
        PreviewRequest(
            photos=tuple(ROOT / "sample_images" / name for name in LOOK),
            settings=EnhanceSettings(device="cpu", precision="fp32"),
            models=tuple(name for name, entry in MODELS.items() if entry.is_ready and not entry.hidden),
            size=SIZE,
            crop_size=CROP,
        )
    )
    return [render_sample(ROOT / "sample_images" / name) for name in LOOK]


def page(compared: Sequence[Compared]) -> str:
    """The page: the words, then each sample."""
    before, _, rest = WORDS.read_text().partition("<!-- picture -->")
    whole = before + rest.partition("<!-- end of the picture -->")[2]
    text = "".join(line for line in whole.splitlines(keepends=True) if not line.startswith(("# ", "<!--")))
    return render(
        "compare.html.j2",
        folder=ROOT / "docs",
        text=Markup(MarkdownIt("commonmark").enable("table").render(text)),
        samples=[
            (each, LOOK[each.photo.name], [*map(_shown, (each.original, *each.cells))]) for each in compared
        ],
    )


def _shown(cell: Cell) -> dict[str, object]:
    """A cell for the template; JPEG files."""
    return {
        "name": _name(cell),
        "brightness": f"{cell.brightness:.0%}",
        "whole": _jpeg(cell.preview),
        "crop": None if cell.crop is None else _jpeg(cell.crop),
    }


def _name(cell: Cell) -> str:
    return cell.words[-1] if cell.words else "original"


def _jpeg(pixels: DisplayPixels) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return file.getvalue()


def sheet(compared: Sequence[Compared]) -> Image.Image:
    """A picture of some samples, a row each: the whole image, and below it a part at full size."""
    chosen = [each for each in compared if each.photo.name in ON_SHEET]
    rows = [[_stacked(cell) for cell in (each.original, *each.cells)] for each in chosen]
    columns = max(map(len, rows))
    tall = [row[0].height + GAP * 3 for row in rows]
    drawn = Image.new("RGB", (columns * (CELL + GAP) - GAP, LABEL + sum(tall) - GAP * 3), "white")
    for x, cell in enumerate((chosen[0].original, *chosen[0].cells)):
        place = x * (CELL + GAP) + 2.0, LABEL / 2
        write_line(
            ImageDraw.Draw(drawn),
            place,
            _name(cell),
            size=16.0,
            most=float(CELL),
            color=(20, 20, 20),
            anchor="lm",
        )
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            drawn.paste(image, (x * (CELL + GAP), LABEL + sum(tall[:y])))
    return drawn


def _stacked(cell: Cell) -> Image.Image:
    """The image above the middle of its part at full size."""
    whole = Image.fromarray(cell.preview)
    whole = whole.resize((CELL, round(whole.height * CELL / whole.width)), Image.Resampling.BOX)
    part = Image.fromarray(cell.preview if cell.crop is None else cell.crop)
    wide, high = min(CELL, part.width), min(CELL_CROP * 2 // 3, part.height)
    left, top = (part.width - wide) // 2, (part.height - high) // 2
    both = Image.new("RGB", (CELL, whole.height + GAP + high), "white")
    both.paste(whole, (0, 0))
    both.paste(part.crop((left, top, left + wide, top + high)), (0, whole.height + GAP))
    return both


if __name__ == "__main__":
    main()
