"""Results as one HTML file that needs nothing else: no network, no script. Torch-free."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowlight_cli.evaluation.columns import Column
from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.grid import extremes, method_grid, picture_grid
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.render_text import header_lines
from lowlight_cli.evaluation.result import Evaluation, MethodResult

WIDTH = 640
"""Of a chart, in units of its own."""


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


def as_html(
    evaluation: Evaluation,
    comparison: Comparison | None = None,
    published: Sequence[Published] = (),
    *,
    thumbnails: Mapping[str, str] | None = None,
) -> str:
    """The whole page.

    Args:
        evaluation: What was found.
        comparison: Changes against an earlier report.
        published: Rows of papers.
        thumbnails: Name of a picture of the first method -> address of a small picture of its result.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("lowlight_cli.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    first = evaluation.methods[0]
    worst, best = extremes(evaluation, first)
    values: dict[str, Any] = {
        "evaluation": evaluation,
        "header": header_lines(evaluation),
        "grid": method_grid(evaluation, comparison, published),
        "strips": [strip for column in evaluation.columns if (strip := strip_of(column, evaluation.methods))],
        "extremes": {"Worst": worst, "Best": best},
        "first": first,
        "column": evaluation.columns[0],
        "pictures": [(method, picture_grid(evaluation, method)) for method in evaluation.methods],
        "thumbnails": thumbnails or {},
        "settings": evaluation.protocol.settings(),
        "width": WIDTH,
        "file_name": lambda path: Path(path).name,
    }
    return environment.get_template("evaluation.html.j2").render(values).rstrip("\n")


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
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return round(10 + (WIDTH - 20) * (value - low) / span, 1)

    rows = {
        name: (
            place(sum(value for _, value in pairs) / len(pairs)),
            [(place(value), f"{picture}: {column.text(value)}") for picture, value in pairs],
        )
        for name, pairs in scores.items()
        if pairs
    }
    return Strip(column, column.text(low), column.text(high), rows)
