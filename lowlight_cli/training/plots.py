"""Draws plots of metrics over steps, with Pillow alone."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from lowlight_cli.training.metrics_log import MetricsLog
from lowlight_cli.training.run_files import write_whole

Curve = Sequence[tuple[float, float]]
"""Pairs of a number of steps and a value."""

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's palette, which color-blind people can tell apart."""

PLOTS = {
    "loss": ("loss",),
    "psnr": ("psnr",),
    "codebook_usage": ("perplexity", "used_codes", "dead_codes"),
    "index_accuracy": ("index_accuracy", "batch_index_accuracy"),
}
"""Names of the plots, and the metrics in each."""

_SIZE = (960, 540)
_BOX = (90, 48, 930, 480)
_TICKS = 5


def draw_plots(folder: Path, metrics_log: MetricsLog) -> None:
    """Draws each plot that has data, as ``<name>.png``."""
    for plot, names in PLOTS.items():
        curves = {name: metrics_log.curve(name) for name in names}
        draw_curves(folder / f"{plot}.png", plot.replace("_", " "), curves)


def draw_curves(target: Path, title: str, curves: Mapping[str, Curve]) -> None:
    """Draws a PNG; writes nothing if there are no points.

    Args:
        target: The file, replaced atomically.
        title: Title of the plot.
        curves: Curves by name; more than seven share colors.
    """
    drawn = {name: curve for name, curve in curves.items() if curve}
    if not drawn:
        return
    picture = Image.new("RGB", _SIZE, "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=16)
    points = [point for curve in drawn.values() for point in curve]
    steps, values = _span([x for x, _ in points]), _span([y for _, y in points])
    draw.text((_BOX[0], 14), title, "black", ImageFont.load_default(size=20))
    _draw_grid(draw, font, steps, values)
    for index, (name, curve) in enumerate(drawn.items()):
        color = COLORS[index % len(COLORS)]
        _draw_line(draw, [_place(point, steps, values) for point in curve], color)
        draw.text((_BOX[2] - 130, _BOX[1] + 8 + 22 * index), name, color, font)
    data = BytesIO()
    picture.save(data, "PNG", optimize=True)
    write_whole(target, data.getvalue())


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _place(
    point: tuple[float, float], steps: tuple[float, float], values: tuple[float, float]
) -> list[float]:
    """Pixel of a point: steps go right, values up."""
    left, top, right, bottom = _BOX
    across = (point[0] - steps[0]) / (steps[1] - steps[0])
    up = (point[1] - values[0]) / (values[1] - values[0])
    return [left + across * (right - left), bottom - up * (bottom - top)]


def _draw_grid(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    steps: tuple[float, float],
    values: tuple[float, float],
) -> None:
    left, top, right, bottom = _BOX
    for tick in range(_TICKS + 1):
        step = steps[0] + (steps[1] - steps[0]) * tick / _TICKS
        value = values[0] + (values[1] - values[0]) * tick / _TICKS
        x, y = _place((step, value), steps, values)
        draw.line((left, y, right, y), "#dddddd")
        draw.text((left - 8, y), f"{value:.4g}", "#444444", font, anchor="rm")
        draw.text((x, bottom + 10), f"{step:.0f}", "#444444", font, anchor="mt")
    draw.rectangle((left, top, right, bottom), outline="#444444")
    draw.text(((left + right) / 2, bottom + 36), "steps", "#444444", font, anchor="mt")


def _draw_line(draw: ImageDraw.ImageDraw, points: Sequence[Sequence[float]], color: str) -> None:
    if len(points) == 1:
        x, y = points[0]
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=color)
    draw.line([value for point in points for value in point], color, 2)
