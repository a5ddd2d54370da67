"""Compares scores with those of an earlier report."""

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
"""Image -> column -> score."""


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """An earlier JSON report of this program.

    Attributes:
        path: Its file.
        protocol: How its scores were computed.
        title: Title of the images they were computed on.
        methods: Name -> scores.
    """

    path: Path
    protocol: str
    title: str
    methods: Mapping[str, Scores]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Changes since an earlier report.

    Attributes:
        path: File of the earlier report.
        against: Method -> method of the earlier report that it is compared with.
        changes: Method -> column -> change; columns without a common score are left out.
        notes: What limits the comparison.
    """

    path: Path
    against: Mapping[str, str]
    changes: Mapping[str, Mapping[str, Difference]]
    notes: tuple[str, ...] = ()


def read_baseline(path: Path) -> BaselineReport:
    """Reads a JSON report.

    Raises:
        UsageError: It cannot be read, or is not a JSON report of this program.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        methods = {entry["method"]: _scores(entry) for entry in (document, *document["others"])}
        return BaselineReport(path, document["protocol"]["name"], document["dataset"]["title"], methods)
    except OSError as error:
        raise UsageError(f"--baseline '{path}': {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"--baseline '{path}' is not a JSON report of `lle eval`; make one with --report NAME.json"
        ) from error


def compare(evaluation: Evaluation, baseline: BaselineReport) -> Comparison:
    """Changes of each method since the method of the same name, or since the only one of the report.

    Raises:
        UsageError: The protocols differ, or no method and image are in common.
    """
    if baseline.protocol != evaluation.protocol.name:
        raise UsageError(
            f"--baseline '{baseline.path}' was computed with protocol {baseline.protocol}, this run with "
            f"{evaluation.protocol.name}; such scores do not compare; use --protocol {baseline.protocol}"
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
        raise UsageError(f"--baseline '{baseline.path}' has no method and image in common with this run")
    return Comparison(baseline.path, against, changes, tuple(_notes(evaluation, baseline)))


def _counterpart(name: str, baseline: BaselineReport) -> str | None:
    if name in baseline.methods:
        return name
    return next(iter(baseline.methods)) if len(baseline.methods) == 1 else None


def _changes(method: MethodResult, old: Scores, evaluation: Evaluation) -> dict[str, Difference]:
    found = {}
    for column in evaluation.columns:
        pairs = [
            (image.values.get(column.name), old.get(image.name, {}).get(column.name))
            for image in method.images
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


def _notes(evaluation: Evaluation, baseline: BaselineReport) -> list[str]:
    title = evaluation.data.title
    if baseline.title == title:
        return []
    return [f"the baseline was computed on {baseline.title}, this run on {title}"]


def _scores(entry: Mapping[str, Any]) -> Scores:
    return {image["name"]: dict(image["scores"]) for image in entry["images"]}
