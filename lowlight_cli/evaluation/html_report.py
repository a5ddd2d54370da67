"""Results -> what a page shows of them: table, charts of all pictures, the worst and the best. Torch-free."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lowlight_cli.evaluation.columns import Column
from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.grid import extremes, method_grid, picture_grid
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.render_text import header_lines
from lowlight_cli.evaluation.result import Evaluation, MethodResult

WIDTH = 640
"""Of a chart, in units of its own."""

_MARGIN = 10


@dataclass(frozen=True, slots=True)
class Strip:
    """Scores of all methods in one metric, as dots on lines of one scale.

    Attributes:
        column: The metric.
        low: Score at the left end.
        high: Score at the right end.
        rows: Method -> (place of the mean, places and titles of the pictures), in units of ``WIDTH``.
    """

    column: Column
    low: str
    high: str
    rows: Mapping[str, tuple[float, list[tuple[float, str]]]]


def page_values(
    evaluation: Evaluation,
    comparison: Comparison | None = None,
    published: Sequence[Published] = (),
    *,
    thumbnails: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """What the template of the page asks for.

    Args:
        evaluation: What was found.
        comparison: Changes against an earlier report.
        published: Rows of papers.
        thumbnails: Name of a picture of the first method -> JPEG of it beside its result and its reference.
    """
    first = evaluation.methods[0]
    worst, best = extremes(evaluation, first)
    return {
        "evaluation": evaluation,
        "header": header_lines(evaluation, brief=True),
        "grid": method_grid(evaluation, comparison, published),
        "strips": [strip for column in evaluation.columns if (strip := strip_of(column, evaluation.methods))],
        "extremes": {"Worst": worst, "Best": best},
        "first": first,
        "column": evaluation.columns[0],
        "pictures": [(method.name, picture_grid(evaluation, method)) for method in evaluation.methods],
        "thumbnails": thumbnails or {},
        "settings": evaluation.protocol.settings(),
        "width": WIDTH,
    }


def strip_of(column: Column, methods: Sequence[MethodResult]) -> Strip | None:
    """The chart of a metric; None where it has fewer than two finite scores.

    Args:
        column: The metric.
        methods: Whose scores.
    """
    scores = {
        method.name: [
            (picture.name, value)
            for picture in method.pictures
            if (value := picture.values.get(column.name)) is not None and math.isfinite(value)
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
            [(place(value), f"{picture}: {column.text(value)}") for picture, value in pairs],
        )
        for name, pairs in scores.items()
        if pairs
    }
    return Strip(column, column.text(low), column.text(high), rows)
