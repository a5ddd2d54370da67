"""Checks limits for means, so that a script fails if quality drops; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass

from lowlight_cli.counted import counted
from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.columns import Column, column_named
from lowlight_cli.evaluation.result import MethodResult

UNDER, OVER = "--fail-under", "--fail-over"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit for the mean of a column.

    Attributes:
        option: ``--fail-under`` or ``--fail-over``.
        column: Whose mean is limited.
        limit: The mean of the finite scores may reach it but not pass it.
    """

    option: str
    column: Column
    limit: float

    def failure(self, method: MethodResult) -> str | None:
        """Why a method fails, or None if it passes; one without a score fails."""
        summary = method.summary(self.column.name)
        if summary is None:
            return f"{self.column.name} of {method.name} has no score ({self})"
        failed = summary.mean < self.limit if self.option == UNDER else summary.mean > self.limit
        return f"{self.column.name} of {method.name} is {summary.mean:.6g} ({self})" if failed else None

    def infinite_note(self, method: MethodResult) -> str | None:
        """Which scores of a method are left out because they are infinite; None if there are none."""
        summary = method.summary(self.column.name)
        if summary is None or not summary.infinite:
            return None
        images = counted(summary.n, "image")
        equal = f"{self}: {summary.infinite} of {images} of {method.name} equal their reference"
        if summary.infinite == summary.n:
            return f"{equal}; there is no finite {self.column.label} to compare"
        return f"{equal}; the limit applies to the mean {self.column.label} of the others, {summary.mean:.6g}"

    def __str__(self) -> str:
        """The option as given."""
        return f"{self.option} {self.column.name}={self.limit:g}"


def parse_thresholds(texts: Sequence[str], option: str, columns: Sequence[str]) -> list[Threshold]:
    """Limits written as ``psnr=20`` or ``psnr=20,ssim=0.8``.

    Args:
        texts: Values of the option.
        option: ``--fail-under`` or ``--fail-over``.
        columns: Names of the columns that will be computed.

    Raises:
        UsageError: A text is not a limit, names a column that is not computed, or needs the other option.
    """
    return [_threshold(part, option, columns) for text in texts for part in text.split(",")]


def _threshold(text: str, option: str, columns: Sequence[str]) -> Threshold:
    name, _, number = (part.strip() for part in text.partition("="))
    try:
        limit = float(number)
    except ValueError:
        raise UsageError(f"{option} '{text}' is not a limit; write psnr=20") from None
    column = column_named(name)
    if name not in columns:
        raise UsageError(
            f"{option} {text}: {name} is not computed; add it to --metrics ({', '.join(columns)})"
        )
    wrong_way = column.metric.higher_is_better != (option == UNDER)
    if wrong_way:
        other = OVER if option == UNDER else UNDER
        better = "higher" if column.metric.higher_is_better else "lower"
        raise UsageError(f"{option} {text}: {column.label} is better when {better}; use {other}")
    return Threshold(option, column, limit)
