"""Limits that a mean must keep, so that a script can end where quality falls; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.columns import Column, column_named
from lowlight_cli.evaluation.result import MethodResult

UNDER, OVER = "--fail-under", "--fail-over"


@dataclass(frozen=True, slots=True)
class Gate:
    """A limit.

    Attributes:
        option: ``--fail-under`` or ``--fail-over``.
        column: What is limited.
        limit: The mean of the finite scores may reach it, not pass it.
    """

    option: str
    column: Column
    limit: float

    def verdict(self, method: MethodResult) -> str | None:
        """Why a method fails; None where it passes. A mean that is not there fails."""
        summary = method.summary(self.column.name)
        if summary is None:
            return f"{self.column.name} of {method.name} has no value ({self})"
        failed = summary.mean < self.limit if self.option == UNDER else summary.mean > self.limit
        return f"{self.column.name} of {method.name} is {summary.mean:.6g} ({self})" if failed else None

    def note(self, method: MethodResult) -> str | None:
        """Which scores of a method are not judged, since they are infinite; None where all are."""
        summary = method.summary(self.column.name)
        if summary is None or not summary.infinite:
            return None
        equal = f"{self}: {summary.infinite} of {summary.n} images of {method.name} equal their reference"
        if summary.infinite == summary.n:
            return f"{equal}; there is no finite {self.column.label} to judge"
        return f"{equal}; the limit is for the mean {self.column.label} of the others, {summary.mean:.6g}"

    def __str__(self) -> str:
        """The option as it was given."""
        return f"{self.option} {self.column.name}={self.limit:g}"


def parse_gates(texts: Sequence[str], option: str, columns: Sequence[str]) -> list[Gate]:
    """Reads ``psnr=20`` and the like.

    Args:
        texts: Values of an option.
        option: ``--fail-under`` or ``--fail-over``.
        columns: Names of the columns that will be computed.

    Raises:
        UsageError: One is no limit, or of a metric that is not asked for or runs the other way.
    """
    return [_gate(part, option, columns) for text in texts for part in text.split(",")]


def _gate(text: str, option: str, columns: Sequence[str]) -> Gate:
    name, _, number = (part.strip() for part in text.partition("="))
    try:
        limit = float(number)
    except ValueError:
        raise UsageError(f"{option} '{text}' is not of the form psnr=20") from None
    column = column_named(name)
    if name not in columns:
        raise UsageError(f"{option} {text}: {name} is not among the metrics asked for: {', '.join(columns)}")
    wrong_way = column.metric.higher_is_better != (option == UNDER)
    if wrong_way:
        other = OVER if option == UNDER else UNDER
        better = "higher" if column.metric.higher_is_better else "lower"
        raise UsageError(f"{option} {text}: {column.label} is better when {better}; use {other}")
    return Gate(option, column, limit)
