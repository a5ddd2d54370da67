"""Writes results as CSV (RFC 4180, lines end in LF, all digits); torch-free."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.result import Evaluation

_TERMS = ("protocol", "pair_by")


def as_csv(evaluation: Evaluation, published: Sequence[Published] = (), *, per_image: bool = False) -> str:
    """One line per method, or per image of each method.

    Means are those of the finite scores; ``infinite`` is the largest number of scores that a mean leaves out.
    ``psnr_n``, one such column per metric, is the number of images with a score, finite or not.

    Args:
        evaluation: The results.
        published: Scores from papers; they are not listed per image.
        per_image: Whether images are listed instead of means.
    """
    names = [column.name for column in evaluation.columns]
    if per_image:
        heads = ["method", "name", "width", "height", *names, *_TERMS]
        return csv_text([heads, *_image_rows(evaluation, names)])
    heads = ["method", "published", "n", "expected", *names, "median_ms", "parameters", *_TERMS, "infinite"]
    heads += [f"{name}_n" for name in names]
    return csv_text([heads, *_method_rows(evaluation, published, names)])


def _image_rows(evaluation: Evaluation, names: list[str]) -> Iterable[list[object]]:
    terms = _terms(evaluation)
    for method in evaluation.methods:
        for image in method.images:
            scores = [image.values.get(name) for name in names]
            yield [method.name, image.name, image.width, image.height, *scores, *terms]


def _method_rows(
    evaluation: Evaluation, published: Sequence[Published], names: list[str]
) -> Iterable[list[object]]:
    terms = _terms(evaluation)
    for method in evaluation.methods:
        summaries = [method.summary(name) for name in names]
        means = [None if summary is None else summary.mean for summary in summaries]
        time = None if method.runtime is None else method.runtime.median_ms
        parameters = method.info.get("parameters")
        counts = (len(method.images), method.expected)
        infinite = max((summary.infinite for summary in summaries if summary is not None), default=0)
        scored = [0 if summary is None else summary.n for summary in summaries]
        yield [method.name, 0, *counts, *means, time, parameters, *terms, infinite, *scored]
    for row in published:
        means = [row.values.get(name) for name in names]
        yield [row.method, 1, None, None, *means, *[None] * (5 + len(names))]


def _terms(evaluation: Evaluation) -> tuple[str, str]:
    """Values of ``_TERMS``: every row says how its scores were computed."""
    return evaluation.protocol.name, evaluation.data.pair_by


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, without the last line break; None is an empty cell."""
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().rstrip("\n")
