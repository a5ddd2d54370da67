"""Scores images by several metrics, and gives a reason for each score that is missing."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from lowlight_cli.device import FP32
from lowlight_cli.errors import LowlightError, UsageError
from lowlight_cli.evaluation.catalog import METRICS, MetricEntry
from lowlight_cli.evaluation.color_space import align_gray_mean
from lowlight_cli.evaluation.columns import STAR, column_names
from lowlight_cli.evaluation.metric_factory import build_comparison, build_rating
from lowlight_cli.evaluation.metric_files import MissingFilesError, find_files
from lowlight_cli.evaluation.metric_types import Compare, NoScoreError, Rate
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.tensors import Images, PerImage

CPU = torch.device("cpu")

Outcome = float | str
"""A score, or the reason why there is none."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one image.

    Attributes:
        values: Score in each column, or None. The PSNR of an image that equals its reference is infinite.
        reasons: Why there is no score, for each column whose value is None.
    """

    values: Mapping[str, float | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


class Scorer:
    """Scores images by several metrics under one protocol.

    A metric whose files or library are missing is listed in ``missing``, and the others are computed.
    Nothing is downloaded unless ``download`` is set.

    Args:
        metrics: Names in ``METRICS``.
        protocol: Name in ``PROTOCOLS``.
        device: Where to compute.
        metrics_dir: Folder of metric files that is searched first.
        gray_mean: Whether each metric with a reference is also computed after the brightness was aligned, in
            a column whose name ends in ``*``.
        download: Whether to download missing files.

    Attributes:
        protocol: How scores are computed.
        metrics: Metrics that are computed, in the order given.
        missing: Metric that cannot be computed -> a sentence: what is wrong, and what to do.
        files: Metric -> published name -> path of each file it uses.

    Raises:
        UnknownNameError: There is no such metric or protocol.
    """

    def __init__(
        self,
        metrics: Sequence[str],
        protocol: str = "lle",
        *,
        device: torch.device = CPU,
        metrics_dir: Path | None = None,
        gray_mean: bool = False,
        download: bool = False,
    ) -> None:
        self.protocol = PROTOCOLS[protocol]
        self.metrics: tuple[MetricEntry, ...] = ()
        self.missing: dict[str, str] = {}
        self.files: dict[str, Mapping[str, Path]] = {}
        self._device = device
        self._gray_mean = gray_mean
        self._compare: dict[str, Compare] = {}
        self._rate: dict[str, Rate] = {}
        for entry in [METRICS[name] for name in dict.fromkeys(metrics)]:
            try:
                self._add(entry, find_files(entry, metrics_dir, download=download))
            except MissingFilesError as error:
                self.missing[entry.name] = str(error)
            except LowlightError as error:
                self.missing[entry.name] = f"{entry.label} is left out: {error}"

    def columns(self, *, paired: bool = True) -> tuple[str, ...]:
        """Names of the columns of an image, in order.

        Args:
            paired: Whether there are references.
        """
        return column_names(self.metrics, paired=paired, gt_mean=self._gray_mean)

    def score(self, images: Images, references: Images | None = None) -> list[Scores]:
        """Scores of each image of a batch; they do not depend on the other images.

        Args:
            images: sRGB in [0, 1]; values outside are clipped.
            references: Of the same shape; None leaves out the metrics that need one.

        Raises:
            UsageError: The shapes differ.
        """
        if references is not None and references.shape != images.shape:
            raise UsageError(
                f"images of shape {tuple(images.shape)} cannot be compared with references of shape "
                f"{tuple(references.shape)}"
            )
        outcomes: dict[str, list[Outcome]] = {}
        with torch.inference_mode(), FP32.on(self._device):
            images = images.to(self._device)
            for entry in self.metrics:
                if not entry.needs_reference:
                    outcomes[entry.name] = _measure(entry, self._rate[entry.name], images)
            if references is not None:
                references = references.to(self._device)
                outcomes |= self._compared(images, references, "")
                if self._gray_mean:
                    aligned = align_gray_mean(images, references, self.protocol.gray_mean)
                    outcomes |= self._compared(aligned, references, STAR)
        columns = self.columns(paired=references is not None)
        return [_gathered({name: outcomes[name][index] for name in columns}) for index in range(len(images))]

    def _compared(self, images: Images, references: Images, ending: str) -> dict[str, list[Outcome]]:
        return {
            entry.name + ending: _measure(entry, self._compare[entry.name], images, references)
            for entry in self.metrics
            if entry.needs_reference
        }

    def _add(self, entry: MetricEntry, files: Mapping[str, Path]) -> None:
        if entry.needs_reference:
            self._compare[entry.name] = build_comparison(entry, self.protocol, files, self._device)
        else:
            self._rate[entry.name] = build_rating(entry, self.protocol, files, self._device)
        self.metrics += (entry,)
        self.files[entry.name] = files


def _measure(entry: MetricEntry, measure: Callable[..., PerImage], *batches: Images) -> list[Outcome]:
    """The outcome of each image."""
    height, width = batches[0].shape[2:]
    if min(height, width) < entry.smallest:
        return [
            f"{width}x{height} is too small: {entry.label} needs at least {entry.smallest} pixels per side"
        ] * len(batches[0])
    if entry.backend == "own":
        return [_checked(value) for value in measure(*batches).tolist()]
    # One by one, because pyiqa fails for the whole batch if it cannot measure one image.
    return [
        _alone(measure, *(batch[index : index + 1] for batch in batches)) for index in range(len(batches[0]))
    ]


def _alone(measure: Callable[..., PerImage], *batches: Images) -> Outcome:
    try:
        return _checked(measure(*batches).item())
    except NoScoreError as error:
        return str(error)


def _checked(value: float) -> Outcome:
    return "the score is not a number" if math.isnan(value) else value


def _gathered(outcomes: Mapping[str, Outcome]) -> Scores:
    values = {name: None if isinstance(outcome, str) else outcome for name, outcome in outcomes.items()}
    return Scores(values, {name: text for name, text in outcomes.items() if isinstance(text, str)})
