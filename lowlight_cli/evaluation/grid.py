"""Turns results into rows and columns of text, for all table formats; torch-free."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from lowlight_cli.evaluation.bootstrap import Difference
from lowlight_cli.evaluation.columns import STAR, Column
from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.result import Evaluation, MethodResult, ScoredImage
from lowlight_cli.evaluation.summary import Summary

EXTREMES = 5
"""Number of images shown as the best, and as the worst."""


class Mark(Enum):
    """How a cell is highlighted."""

    NONE = ""
    BEST = "best"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in a table, and how it is highlighted."""

    text: str
    mark: Mark = Mark.NONE


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in no particular format.

    Attributes:
        heads: Heading of each column; the first column holds names, the others numbers.
        rows: One cell per column.
        published: Indices of rows with scores from papers.
        footnotes: What signs in the table mean.
        second_part: Index of the first row with scores from papers, or with statistics of images.
        ranks: Head -> rank of the columns that a narrow window shows last; 0 for those it shows first.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    published: frozenset[int] = frozenset()
    footnotes: tuple[str, ...] = ()
    second_part: int | None = None
    ranks: Mapping[str, int] = field(default_factory=dict)


def method_grid(
    evaluation: Evaluation, comparison: Comparison | None = None, published: Sequence[Published] = ()
) -> Grid:
    """One row per method, then one per published row: means, changes, time and parameters.

    Args:
        evaluation: The results.
        comparison: Changes since an earlier report.
        published: Scores from papers.
    """
    columns = evaluation.columns
    marks = {column.name: _marks(column, evaluation.methods) for column in columns}
    changed = [
        column
        for column in columns
        if comparison and any(column.name in each for each in comparison.changes.values())
    ]
    rows = [
        (
            Cell(_title(method)),
            *(_mean_cell(method, column, marks[column.name]) for column in columns),
            *(Cell(_change(comparison, method, column)) for column in changed),
            *_cost_cells(method),
        )
        for method in evaluation.methods
    ]
    rows += [_published_row(row, columns, len(changed)) for row in published]
    heads = (
        "method",
        *(column.head for column in columns),
        *(f"Δ {column.label}" for column in changed),
        "n",
        "ms",
        "params",
    )
    first = len(evaluation.methods)
    return Grid(
        heads,
        tuple(rows),
        frozenset(range(first, first + len(published))),
        tuple(_footnotes(evaluation, comparison, published)),
        second_part=first,
    )


def image_grid(evaluation: Evaluation, method: MethodResult) -> Grid:
    """One row per image of a method, then its statistics.

    Args:
        evaluation: The results.
        method: Whose images.
    """
    columns = evaluation.columns
    rows = [_image_row(image, columns) for image in method.images]
    for name in ("mean", "std", "median", "min", "max"):
        cells = (_statistic(method, column, name) for column in columns)
        rows.append((Cell(_statistic_title(name, method)), *map(Cell, cells)))
    heads = ("image", *(column.head for column in columns))
    return Grid(heads, tuple(rows), second_part=len(method.images))


def extremes(evaluation: Evaluation, method: MethodResult) -> tuple[list[ScoredImage], list[ScoredImage]]:
    """The worst and the best images by the first column, most extreme first; no image is in both.

    Args:
        evaluation: The results.
        method: Whose images.
    """
    if not evaluation.columns:
        return [], []
    column = evaluation.columns[0]
    scored = [image for image in method.images if image.values.get(column.name) is not None]
    ordered = sorted(
        scored,
        key=lambda image: image.values[column.name] or 0.0,
        reverse=not column.metric.higher_is_better,
    )
    count = min(EXTREMES, len(ordered) // 2)
    return ordered[:count], ordered[::-1][:count]


def _title(method: MethodResult) -> str:
    if method.is_complete:
        return method.name
    return f"{method.name} INCOMPLETE: {len(method.images)} of {method.expected}"


def _marks(column: Column, methods: Iterable[MethodResult]) -> dict[str, Mark]:
    """Best and second-best method of a column, among those with a score for every image."""
    means = {
        method.name: summary.mean
        for method in methods
        if method.is_complete
        and (summary := method.summary(column.name)) is not None
        and summary.n == method.expected
    }
    ordered = sorted(set(means.values()), reverse=column.metric.higher_is_better)
    if len(means) < 2:
        return {}
    places = dict(zip(ordered, (Mark.BEST, Mark.SECOND), strict=False))
    return {name: places.get(mean, Mark.NONE) for name, mean in means.items()}


def _mean_cell(method: MethodResult, column: Column, marks: dict[str, Mark]) -> Cell:
    summary = method.summary(column.name)
    if summary is None:
        return Cell("-")
    return Cell(_mean_text(summary, column, len(method.images)), marks.get(method.name, Mark.NONE))


def _mean_text(summary: Summary, column: Column, images: int) -> str:
    """Mean of the finite scores, number of infinite ones, and of all if some lack: ``28.41 + 2 inf (14)``."""
    mixed = 0 < summary.infinite < summary.n
    infinite = f" + {summary.infinite} inf" if mixed else ""
    part = "" if summary.n == images else f" ({summary.n})"
    return f"{column.text(summary.mean)}{infinite}{part}"


def _cost_cells(method: MethodResult) -> Iterator[Cell]:
    parameters = method.info.get("parameters")
    yield Cell(str(len(method.images)))
    yield Cell("-" if method.runtime is None else _milliseconds(method.runtime.median_ms))
    yield Cell(f"{parameters / 1e6:.2f} M" if parameters else "-")


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _change(comparison: Comparison | None, method: MethodResult, column: Column) -> str:
    change = comparison.changes.get(method.name, {}).get(column.name) if comparison else None
    return "-" if change is None else change_text(change, column)


def change_text(change: Difference, column: Column) -> str:
    """A change and its interval with the digits of the metric: ``+0.31 [+0.12, +0.50]``."""
    digits = column.metric.digits
    text = f"{change.mean:+.{digits}f}"
    if change.low is None or change.high is None:
        return text
    return f"{text} [{change.low:+.{digits}f}, {change.high:+.{digits}f}]"


def _published_row(row: Published, columns: Sequence[Column], changed: int) -> tuple[Cell, ...]:
    scores = (Cell(column.text(row.values.get(column.name))) for column in columns)
    return (Cell(f"{row.method} (published)"), *scores, *(Cell("-") for _ in range(changed + 3)))


def _image_row(image: ScoredImage, columns: Sequence[Column]) -> tuple[Cell, ...]:
    return (Cell(image.name), *(Cell(column.text(image.values.get(column.name))) for column in columns))


def _statistic(method: MethodResult, column: Column, name: str) -> str:
    summary = method.summary(column.name)
    if summary is None:
        return "-"
    if name == "mean":
        return _mean_text(summary, column, len(method.images))
    return column.text(getattr(summary, name))


def _statistic_title(name: str, method: MethodResult) -> str:
    if name != "mean":
        return name
    count = len(method.images)
    return f"mean, n={count}" if method.is_complete else f"mean, INCOMPLETE: {count} of {method.expected}"


def _footnotes(
    evaluation: Evaluation, comparison: Comparison | None, published: Sequence[Published]
) -> Iterator[str]:
    if any(not method.is_complete for method in evaluation.methods):
        yield "INCOMPLETE: some images were not scored, so the mean is not that of the dataset."
    if any(column.name.endswith(STAR) for column in evaluation.columns):
        yield "* after the brightness of each image was aligned with its reference (GT-mean)."
    summaries = [
        (summary, len(method.images))
        for method in evaluation.methods
        for column in evaluation.columns
        if (summary := method.summary(column.name)) is not None
    ]
    if any(summary.n < count for summary, count in summaries):
        yield "A number in brackets: only this many images have a score."
    if any(summary.infinite for summary, _ in summaries):
        yield "inf: an image equals its reference. '+ N inf' counts them; the mean is that of the others."
    if comparison is not None:
        names = sorted(set(comparison.against.values()))
        yield (
            f"Δ: change since {', '.join(names)} in {comparison.path.name}, with its 95 % interval "
            "(paired bootstrap over images)."
        )
    for source in dict.fromkeys(row.source for row in published):
        notes = dict.fromkeys(row.note for row in published if row.source == source and row.note)
        yield f"published: printed in {source}, not measured here{''.join(f'; {note}' for note in notes)}."
