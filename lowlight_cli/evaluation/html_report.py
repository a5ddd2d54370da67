"""Collects what the HTML report shows: table, charts, the worst and the best images; torch-free."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lowlight_cli.evaluation.columns import Column
from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.grid import extremes, image_grid, method_grid
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.render_text import header_lines
from lowlight_cli.evaluation.result import Evaluation, MethodResult

WIDTH = 640
"""Width of a chart, in SVG units."""

_MARGIN = 10


@dataclass(frozen=True, slots=True)
class Chart:
    """Scores of all methods in one metric: a line of dots per method, on one scale.

    Attributes:
        column: The metric.
        low: Score at the left end.
        high: Score at the right end.
        rows: Method -> position of its mean, and position and title of each image; from 0 to ``WIDTH``.
    """

    column: Column
    low: str
    high: str
    rows: Mapping[str, tuple[float, list[tuple[float, str]]]]


def page_values(
    evaluation: Evaluation,
    comparison: Comparison | None = None,
    published: Sequence[Published] = (),
) -> dict[str, Any]:
    """Values for the template of the page.

    Args:
        evaluation: The results.
        comparison: Changes since an earlier report.
        published: Scores from papers.
    """
    judged = evaluation.judged
    worst, best = extremes(evaluation, judged)
    return {
        "evaluation": evaluation,
        "header": header_lines(evaluation, brief=True),
        "grid": method_grid(evaluation, comparison, published),
        "charts": [chart for column in evaluation.columns if (chart := chart_of(column, evaluation.methods))],
        "extremes": {"Worst": worst, "Best": best},
        "first": judged,
        "column": evaluation.columns[0],
        "images": [(method.name, image_grid(evaluation, method)) for method in evaluation.methods],
        "thumbnails": evaluation.thumbnails,
        "settings": evaluation.protocol.settings(),
        "width": WIDTH,
    }


def chart_of(column: Column, methods: Sequence[MethodResult]) -> Chart | None:
    """The chart of a metric; None if it has fewer than two finite scores.

    Args:
        column: The metric.
        methods: Results of all methods.
    """
    scores = {
        method.name: [
            (image.name, value)
            for image in method.images
            if (value := image.values.get(column.name)) is not None and math.isfinite(value)
        ]
        for method in methods
    }
    every = [value for pairs in scores.values() for _, value in pairs]
    if len(every) < 2:
        return None
    low, high = min(every), max(every)
    scale = (WIDTH - 2 * _MARGIN) / ((high - low) or 1.0)

    def place(value: float) -> float:
        return round(_MARGIN + scale * (value - low), 1)

    rows = {
        name: (
            place(sum(value for _, value in pairs) / len(pairs)),
            [(place(value), f"{image}: {column.text(value)}") for image, value in pairs],
        )
        for name, pairs in scores.items()
        if pairs
    }
    return Chart(column, column.text(low), column.text(high), rows)
