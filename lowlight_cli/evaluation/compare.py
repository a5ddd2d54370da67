"""Today's scores against those of an earlier report."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.bootstrap import Difference, paired_difference
from lowlight_cli.evaluation.result import Evaluation, MethodResult

Scores = Mapping[str, Mapping[str, float | None]]
"""Picture -> column -> score."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier report of this program.

    Attributes:
        path: Its file.
        protocol: How its scores were computed.
        title: What they were computed on.
        methods: Name -> scores.
    """

    path: Path
    protocol: str
    title: str
    methods: Mapping[str, Scores]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What has changed since a baseline.

    Attributes:
        path: File of the baseline.
        against: Method of today -> method of the baseline.
        changes: Method of today -> column -> change; a column without a common score is not there.
        notes: Remarks for people.
    """

    path: Path
    against: Mapping[str, str]
    changes: Mapping[str, Mapping[str, Difference]]
    notes: tuple[str, ...] = ()


def read_baseline(path: Path) -> Baseline:
    """Reads a JSON report.

    Raises:
        UsageError: It is not there, or none of this program's.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        methods = {entry["method"]: _scores(entry) for entry in (document, *document["others"])}
        return Baseline(path, document["protocol"]["name"], document["dataset"]["title"], methods)
    except OSError as error:
        raise UsageError(f"--baseline '{path}': {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(f"--baseline '{path}' is no JSON report of `lle eval`") from error


def compare(evaluation: Evaluation, baseline: Baseline) -> Comparison:
    """Changes of each method against that of its name, or, where the baseline has one method, against that.

    Raises:
        UsageError: The protocols differ, or there is no method or picture in common.
    """
    if baseline.protocol != evaluation.protocol.name:
        raise UsageError(
            f"--baseline '{baseline.path}' was computed by protocol {baseline.protocol}, not "
            f"{evaluation.protocol.name}; such numbers do not compare"
        )
    against = {
        method.name: name for method in evaluation.methods if (name := _counterpart(method.name, baseline))
    }
    changes = {
        method.name: _changes(method, baseline.methods[against[method.name]], evaluation)
        for method in evaluation.methods
        if method.name in against
    }
    if not any(changes.values()):
        raise UsageError(f"--baseline '{baseline.path}' has no method and picture in common with this run")
    return Comparison(baseline.path, against, changes, tuple(_notes(evaluation, baseline)))


def _counterpart(name: str, baseline: Baseline) -> str | None:
    if name in baseline.methods:
        return name
    return next(iter(baseline.methods)) if len(baseline.methods) == 1 else None


def _changes(method: MethodResult, old: Scores, evaluation: Evaluation) -> dict[str, Difference]:
    found = {}
    for column in evaluation.columns:
        pairs = [
            (picture.values.get(column.name), old.get(picture.name, {}).get(column.name))
            for picture in method.pictures
        ]
        change = paired_difference(
            [
                now - then
                for now, then in pairs
                if now is not None and then is not None and math.isfinite(now) and math.isfinite(then)
            ]
        )
        if change is not None:
            found[column.name] = change
    return found


def _notes(evaluation: Evaluation, baseline: Baseline) -> list[str]:
    title = evaluation.subject.title
    if baseline.title == title:
        return []
    return [f"the baseline was computed on {baseline.title}, this run on {title}"]


def _scores(entry: Mapping[str, Any]) -> Scores:
    return {image["name"]: dict(image["scores"]) for image in entry["images"]}
