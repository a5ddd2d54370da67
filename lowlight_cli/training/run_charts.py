"""Metrics of a run -> line charts for an HTML page, as paths of an SVG drawing; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass

from lowlight_cli.training.run_summary import RunSummary

Point = tuple[float, float]

WIDTH, HEIGHT = 560, 170
"""Size of the area of a chart, in SVG units."""

_MOST_POINTS = 400
_CHARTS = (
    ("loss", "Loss"),
    ("psnr", "PSNR of the validation, dB"),
    ("ssim", "SSIM of the validation"),
    ("dark_class_agreement", "Class agreement on dark images, validation"),
    ("perplexity", "Perplexity of the codes, validation"),
    ("lr", "Learning rate"),
    ("images_per_second", "Images per second"),
)
"""Metrics that are drawn, and the titles of their charts."""


@dataclass(frozen=True, slots=True)
class LineChart:
    """A metric over steps.

    Attributes:
        title: What is drawn.
        path: The line, as the ``d`` attribute of an SVG path.
        dots: Places of single points: all of a short curve, and the best score.
        levels: Places and labels of the horizontal lines, from the top.
        steps: First and last number of steps.
        summary: First, last and extreme values in words.
    """

    title: str
    path: str
    dots: tuple[Point, ...]
    levels: tuple[tuple[float, str], ...]
    steps: tuple[str, str]
    summary: str


def charts_of(run: RunSummary) -> list[LineChart]:
    """The charts of all metrics that were logged."""
    best = run.best
    return [
        line_chart(title, curve, best.step if best is not None and best.name == name else None)
        for name, title in _CHARTS
        if (curve := run.curve(name))
    ]


def line_chart(title: str, curve: Sequence[Point], marked: int | None = None) -> LineChart:
    """A chart of one metric.

    Args:
        title: What is drawn.
        curve: Numbers of steps and values, at least one.
        marked: Number of steps of a point to mark.
    """
    steps, values = [step for step, _ in curve], [value for _, value in curve]
    across, up = _Scale(steps[0], steps[-1]), _Scale(min(values), max(values))

    def place(point: Point) -> Point:
        return round(WIDTH * across.share(point[0]), 1), round(HEIGHT * (1 - up.share(point[1])), 1)

    drawn = _thinned(curve)
    shown = [point for point in curve if len(curve) == 1 or point[0] == marked]
    levels = [(HEIGHT * (1 - share), f"{up.value(share):.3g}") for share in (1.0, 0.5, 0.0)]
    return LineChart(
        title,
        "M" + "L".join(f"{x:g} {y:g}" for x, y in map(place, drawn)),
        tuple(map(place, shown)),
        tuple(levels),
        (f"{steps[0]:,.0f}", f"{steps[-1]:,.0f}"),
        f"first {values[0]:.4g}, last {values[-1]:.4g}, lowest {min(values):.4g}, highest {max(values):.4g}",
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values between two limits as shares; a single value is in the middle."""

    low: float
    high: float

    def share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5

    def value(self, share: float) -> float:
        return self.low + share * (self.high - self.low)


def _thinned(curve: Sequence[Point]) -> list[Point]:
    """At most 400 equally spaced points and the last one."""
    stride = -(-len(curve) // _MOST_POINTS)
    return [*curve[::stride], *([] if (len(curve) - 1) % stride == 0 else [curve[-1]])]
