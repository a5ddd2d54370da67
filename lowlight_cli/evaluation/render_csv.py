"""Results as CSV: RFC 4180, UTF-8, lines end in LF, numbers in full. Torch-free."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.result import Evaluation

_TERMS = ("protocol", "pair_by")


def as_csv(evaluation: Evaluation, published: Sequence[Published] = (), *, per_image: bool = False) -> str:
    """One line for each method, or for each picture of each method.

    Means are those of the finite scores; ``infinite`` is the largest number of scores that a mean leaves out.

    Args:
        evaluation: What was found.
        published: Rows of papers; they have no pictures.
        per_image: Whether pictures are listed in place of means.
    """
    names = [column.name for column in evaluation.columns]
    if per_image:
        heads = ["method", "name", "width", "height", *names, *_TERMS]
        return csv_text([heads, *_picture_rows(evaluation, names)])
    heads = ["method", "published", "n", "expected", *names, "median_ms", "parameters", *_TERMS, "infinite"]
    return csv_text([heads, *_method_rows(evaluation, published, names)])


def _picture_rows(evaluation: Evaluation, names: list[str]) -> Iterable[list[object]]:
    terms = _terms(evaluation)
    for method in evaluation.methods:
        for picture in method.pictures:
            scores = [picture.values.get(name) for name in names]
            yield [method.name, picture.name, picture.width, picture.height, *scores, *terms]


def _method_rows(
    evaluation: Evaluation, published: Sequence[Published], names: list[str]
) -> Iterable[list[object]]:
    terms = _terms(evaluation)
    for method in evaluation.methods:
        summaries = [method.summary(name) for name in names]
        means = [None if summary is None else summary.mean for summary in summaries]
        time = None if method.runtime is None else method.runtime.median_ms
        parameters = method.facts.get("parameters")
        counts = (len(method.pictures), method.expected)
        infinite = max((summary.infinite for summary in summaries if summary is not None), default=0)
        yield [method.name, 0, *counts, *means, time, parameters, *terms, infinite]
    for row in published:
        yield [row.method, 1, None, None, *(row.values.get(name) for name in names), *[None] * 5]


def _terms(evaluation: Evaluation) -> tuple[str, str]:
    """What the scores depend on; no row of scores stands without it."""
    return evaluation.protocol.name, evaluation.subject.pair_by


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, without the last line break; None is an empty cell."""
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().rstrip("\n")
