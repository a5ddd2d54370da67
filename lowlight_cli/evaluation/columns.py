"""The columns of a table of scores: names, heads, digits, and which way is up; torch-free."""

import math
from dataclasses import dataclass

from lowlight_cli.evaluation.catalog import METRICS, MetricEntry

STAR = "*"
"""Ends the name of a metric after the brightness was aligned with the reference."""


@dataclass(frozen=True, slots=True)
class Column:
    """A metric as it is shown.

    Attributes:
        name: ``psnr``, or ``psnr*`` after the brightness was aligned.
        metric: What is measured.
    """

    name: str
    metric: MetricEntry

    @property
    def head(self) -> str:
        """Label and arrow: ``PSNR* ↑``."""
        return f"{self.label} {self.metric.arrow}"

    @property
    def label(self) -> str:
        """Label alone: ``PSNR*``."""
        return self.metric.label + (STAR if self.name.endswith(STAR) else "")

    def text(self, value: float | None) -> str:
        """A score in the digits of its metric; ``-`` for none."""
        if value is None:
            return "-"
        return f"{value:.{self.metric.digits}f}" if math.isfinite(value) else "inf"

    def is_better(self, one: float, other: float) -> bool:
        """Whether ``one`` is a better score than ``other``."""
        return one > other if self.metric.higher_is_better else one < other


def column_named(name: str) -> Column:
    """The column of a metric, plain or starred.

    Raises:
        UnknownNameError: There is no such metric.
    """
    return Column(name, METRICS[name.removesuffix(STAR)])
