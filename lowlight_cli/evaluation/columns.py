"""Describes the columns of score tables: name, heading and digits; torch-free."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from lowlight_cli.evaluation.catalog import METRICS, MetricEntry

STAR = "*"
"""Ends the names of columns that are scored after the brightness was aligned with the reference."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a score table.

    Attributes:
        name: ``psnr``, or ``psnr*`` for aligned brightness.
        metric: The metric in it.
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
        """A score with the digits of its metric; ``-`` for None."""
        if value is None:
            return "-"
        return f"{value:.{self.metric.digits}f}" if math.isfinite(value) else "inf"


def column_names(metrics: Iterable[MetricEntry], *, paired: bool, gt_mean: bool) -> tuple[str, ...]:
    """Names of the columns that metrics fill, in order.

    Args:
        metrics: The metrics.
        paired: Whether there are references.
        gt_mean: Whether each metric with a reference gets a second column, for aligned brightness.
    """
    names = []
    for metric in metrics:
        if paired or not metric.needs_reference:
            names.append(metric.name)
        if paired and gt_mean and metric.needs_reference:
            names.append(metric.name + STAR)
    return tuple(names)


def column_named(name: str) -> Column:
    """The column called ``psnr``, ``psnr*`` and so on.

    Raises:
        UnknownNameError: There is no such metric.
    """
    return Column(name, METRICS[name.removesuffix(STAR)])
