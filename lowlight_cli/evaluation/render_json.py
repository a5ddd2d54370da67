"""Writes results as JSON: one document, or one line per image, with all digits; torch-free."""

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lowlight_cli.datasets.matching import Problem
from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.result import Evaluation, MethodResult, ScoredImage
from lowlight_cli.evaluation.summary import Summary

VERSION = 1


def json_document(
    evaluation: Evaluation, comparison: Comparison | None = None, published: Sequence[Published] = ()
) -> dict[str, Any]:
    """All results; later versions add keys and never rename them.

    The judged method is at the top level, so that ``.summary.psnr.mean`` always exists; the others have the
    same keys in ``others``. JSON has no infinity: an infinite score is null and counted in ``infinite``, and
    the mean is that of the finite scores.

    Args:
        evaluation: The results.
        comparison: Changes since an earlier report.
        published: Scores from papers.
    """
    judged = evaluation.judged
    others = [method for method in evaluation.methods if method is not judged]
    return {
        "v": VERSION,
        "dataset": _data(evaluation),
        "protocol": _protocol(evaluation),
        "metrics": {
            column.name: {
                "label": column.label,
                "unit": column.metric.unit,
                "higher_is_better": column.metric.higher_is_better,
            }
            for column in evaluation.columns
        },
        "missing": dict(evaluation.missing),
        "notes": list(evaluation.notes),
        "device": evaluation.device,
        "versions": dict(evaluation.versions),
        **_method(evaluation, judged, comparison),
        "others": [_method(evaluation, method, comparison) for method in others],
        "published": [asdict(row) for row in published],
        "baseline": None if comparison is None else _path(comparison.path),
    }


def as_json(
    evaluation: Evaluation, comparison: Comparison | None = None, published: Sequence[Published] = ()
) -> str:
    """The document as indented text; arguments as in ``json_document``."""
    document = json_document(evaluation, comparison, published)
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def as_json_lines(evaluation: Evaluation) -> str:
    """One line per image and problem, then one per method: events ``item``, ``problem`` and ``summary``."""
    return "\n".join(
        json.dumps({"v": VERSION, **event}, ensure_ascii=False, allow_nan=False)
        for event in _events(evaluation)
    )


def _events(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    for method in evaluation.methods:
        for image in method.images:
            yield {"event": "item", "method": method.name, **_image(image)}
        for problem in method.problems:
            yield {"event": "problem", "method": method.name, **_problem(problem)}
    for method in evaluation.methods:
        summary = _method(evaluation, method, None)
        yield {"event": "summary"} | {key: value for key, value in summary.items() if key != "images"}


def _data(evaluation: Evaluation) -> dict[str, Any]:
    data = evaluation.data
    return {
        "name": data.name,
        "split": data.split,
        "title": data.title,
        "low": None if data.low is None else _path(data.low),
        "gt": None if data.references is None else _path(data.references),
        "pair_by": data.pair_by,
        "note": data.note,
    }


def _protocol(evaluation: Evaluation) -> dict[str, Any]:
    protocol = evaluation.protocol
    return {
        "name": protocol.name,
        "description": protocol.description,
        "source": protocol.source,
        "settings": protocol.settings(),
    }


def _method(evaluation: Evaluation, method: MethodResult, comparison: Comparison | None) -> dict[str, Any]:
    summaries = {column.name: method.summary(column.name) for column in evaluation.columns}
    found: dict[str, Any] = {
        "method": method.name,
        "model": dict(method.info),
        "n": len(method.images),
        "expected": method.expected,
        "complete": method.is_complete,
        "summary": {name: _summary(summary) for name, summary in summaries.items() if summary is not None},
        "runtime": None if method.runtime is None else asdict(method.runtime),
        "problems": [_problem(problem) for problem in method.problems],
        "images": [_image(image) for image in method.images],
    }
    if comparison is not None:
        changes = comparison.changes.get(method.name, {})
        found["change"] = {name: asdict(change) for name, change in changes.items()}
    return found


def _summary(summary: Summary) -> dict[str, Any]:
    numbers = {key: _number(value) for key, value in asdict(summary).items()}
    return numbers if summary.infinite else {key: numbers[key] for key in numbers if key != "infinite"}


def _image(image: ScoredImage) -> dict[str, Any]:
    found = {
        "name": image.name,
        "in": _path(image.path),
        "gt": None if image.reference is None else _path(image.reference),
        "w": image.width,
        "h": image.height,
        "scores": {name: _number(value) for name, value in image.values.items()},
    }
    infinite = {name: "infinite" for name, value in image.values.items() if value and math.isinf(value)}
    reasons = {**image.reasons, **infinite}
    return found | ({"reasons": reasons} if reasons else {})


def _problem(problem: Problem) -> dict[str, str]:
    return {"path": _path(problem.path), "code": problem.code, "msg": problem.message}


def _number(value: float | int | None) -> float | int | None:
    return None if value is None or not math.isfinite(value) else value


def _path(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
