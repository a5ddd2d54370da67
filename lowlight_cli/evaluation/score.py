"""Scores of pictures, and a reason for each number that is not there."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from lowlight_cli.device import FP32
from lowlight_cli.errors import LowlightError, UsageError
from lowlight_cli.evaluation.catalog import METRICS, MetricEntry
from lowlight_cli.evaluation.color_space import align_gray_mean
from lowlight_cli.evaluation.columns import STAR
from lowlight_cli.evaluation.metric_factory import NoScoreError, build_comparison, build_rating
from lowlight_cli.evaluation.metric_files import find_files
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.tensors import Images, PerImage

CPU = torch.device("cpu")

Outcome = float | str
"""A number, or the reason why there is none."""


@dataclass(frozen=True, slots=True)
class PictureScores:
    """What one picture got.

    Attributes:
        values: Each column's number, or None where there is none. The PSNR of a picture that equals its
            reference is infinite, which JSON cannot hold.
        reasons: Why, for each column whose number is None.
    """

    values: Mapping[str, float | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


class Scorer:
    """Measures pictures by several metrics under one protocol.

    A metric whose files or library are missing is left out and named in ``missing``; the rest is computed.
    Nothing is fetched from the network unless ``download`` is given.

    Args:
        metrics: Names in ``METRICS``.
        protocol: Name in ``PROTOCOLS``.
        device: Where to compute.
        metrics_dir: Folder of metric files, looked in first.
        grey_mean: Whether each metric with a reference is also given after the brightness was aligned; its
            column ends in ``*``.
        download: Whether to fetch files that are missing.

    Attributes:
        protocol: How scores are computed.
        metrics: Metrics that are computed, in the order asked for.
        missing: Name of a metric that cannot be computed -> what is wrong, and what to do.
        files: Metric -> paths of the files it uses, by their published names.

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
        grey_mean: bool = False,
        download: bool = False,
    ) -> None:
        self.protocol = PROTOCOLS[protocol]
        self.metrics: tuple[MetricEntry, ...] = ()
        self.missing: dict[str, str] = {}
        self.files: dict[str, Mapping[str, Path]] = {}
        self._device = device
        self._gray_mean = grey_mean
        self._compare: dict[str, Callable[[Images, Images], PerImage]] = {}
        self._rate: dict[str, Callable[[Images], PerImage]] = {}
        for entry in [METRICS[name] for name in dict.fromkeys(metrics)]:
            try:
                self._add(entry, find_files(entry, metrics_dir, download=download))
            except LowlightError as error:
                self.missing[entry.name] = str(error)

    def columns(self, *, paired: bool = True) -> tuple[str, ...]:
        """Names of all numbers of a picture, in order.

        Args:
            paired: Whether there are references.
        """
        names = []
        for entry in self.metrics:
            if paired or not entry.needs_reference:
                names.append(entry.name)
            if paired and entry.needs_reference and self._gray_mean:
                names.append(entry.name + STAR)
        return tuple(names)

    def score(self, images: Images, references: Images | None = None) -> list[PictureScores]:
        """Measures a batch; what a picture gets does not depend on its neighbors.

        Args:
            images: sRGB in [0, 1]; values outside are clipped.
            references: What they should be; without them, metrics that need one are left out.

        Raises:
            UsageError: Shapes differ.
        """
        if references is not None and references.shape != images.shape:
            raise UsageError(
                f"pictures of shape {tuple(images.shape)} and {tuple(references.shape)} cannot be compared"
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
                    aligned = align_gray_mean(images, references, self.protocol.grey_mean)
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
    """One number, or the reason why there is none, for each picture."""
    height, width = batches[0].shape[2:]
    if min(height, width) < entry.smallest:
        return [f"{width}x{height} is too small; {entry.label} needs {entry.smallest} pixels"] * len(
            batches[0]
        )
    if entry.backend == "own":
        return [_checked(value) for value in measure(*batches).tolist()]
    # One by one: what pyiqa cannot measure must not take the rest of the batch with it.
    return [
        _alone(measure, *(batch[index : index + 1] for batch in batches)) for index in range(len(batches[0]))
    ]


def _alone(measure: Callable[..., PerImage], *batches: Images) -> Outcome:
    try:
        return _checked(measure(*batches).item())
    except NoScoreError as error:
        return str(error)


def _checked(value: float) -> Outcome:
    return "the result is not a number" if math.isnan(value) else value


def _gathered(outcomes: Mapping[str, Outcome]) -> PictureScores:
    values = {name: None if isinstance(outcome, str) else outcome for name, outcome in outcomes.items()}
    return PictureScores(values, {name: text for name, text in outcomes.items() if isinstance(text, str)})
