"""Results as JSON: one document, or one line for each picture; numbers in full. Torch-free."""

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
from lowlight_cli.evaluation.result import Evaluation, MethodResult, Picture
from lowlight_cli.evaluation.summary import Summary

VERSION = 1


def json_document(
    evaluation: Evaluation, comparison: Comparison | None = None, published: Sequence[Published] = ()
) -> dict[str, Any]:
    """Everything that was found; keys are added in later versions, never renamed.

    The first method stands at the top, so that ``.summary.psnr.mean`` is always there; further ones have the
    same keys in ``others``. JSON has no infinity: an infinite score is null, and counted in ``infinite``; the
    mean is that of the finite scores.

    Args:
        evaluation: What was found.
        comparison: Changes against an earlier report.
        published: Rows of papers.
    """
    first, *others = [_method(evaluation, method, comparison) for method in evaluation.methods]
    return {
        "v": VERSION,
        "dataset": _subject(evaluation),
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
        **first,
        "others": others,
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
    """One line for each picture, then one for each method: events ``item``, ``problem`` and ``summary``."""
    return "\n".join(
        json.dumps({"v": VERSION, **event}, ensure_ascii=False, allow_nan=False)
        for event in _events(evaluation)
    )


def _events(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    for method in evaluation.methods:
        for picture in method.pictures:
            yield {"event": "item", "method": method.name, **_picture(picture)}
        for problem in method.problems:
            yield {"event": "problem", "method": method.name, **_problem(problem)}
    for method in evaluation.methods:
        whole = _method(evaluation, method, None)
        yield {"event": "summary"} | {key: value for key, value in whole.items() if key != "images"}


def _subject(evaluation: Evaluation) -> dict[str, Any]:
    subject = evaluation.subject
    return {
        "name": subject.name,
        "split": subject.split,
        "title": subject.title,
        "low": None if subject.low is None else _path(subject.low),
        "gt": None if subject.references is None else _path(subject.references),
        "pair_by": subject.pair_by,
        "note": subject.note,
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
        "model": dict(method.facts),
        "n": len(method.pictures),
        "expected": method.expected,
        "complete": method.is_complete,
        "summary": {name: _summary(summary) for name, summary in summaries.items() if summary is not None},
        "runtime": None if method.runtime is None else asdict(method.runtime),
        "problems": [_problem(problem) for problem in method.problems],
        "images": [_picture(picture) for picture in method.pictures],
    }
    if comparison is not None:
        changes = comparison.changes.get(method.name, {})
        found["change"] = {name: asdict(change) for name, change in changes.items()}
    return found


def _summary(summary: Summary) -> dict[str, Any]:
    numbers = {key: _number(value) for key, value in asdict(summary).items()}
    return numbers if summary.infinite else {key: numbers[key] for key in numbers if key != "infinite"}


def _picture(picture: Picture) -> dict[str, Any]:
    found = {
        "name": picture.name,
        "in": _path(picture.picture),
        "gt": None if picture.reference is None else _path(picture.reference),
        "w": picture.width,
        "h": picture.height,
        "scores": {name: _number(value) for name, value in picture.values.items()},
    }
    infinite = {name: "infinite" for name, value in picture.values.items() if value and math.isinf(value)}
    reasons = {**picture.reasons, **infinite}
    return found | ({"reasons": reasons} if reasons else {})


def _problem(problem: Problem) -> dict[str, str]:
    return {"path": _path(problem.path), "code": problem.code, "msg": problem.message}


def _number(value: float | int | None) -> float | int | None:
    return None if value is None or not math.isfinite(value) else value


def _path(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
