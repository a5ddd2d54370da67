"""Runs one method over its images and scores the results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lowlight_cli.checkpoints.load import sha256_of
from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.datasets.matching import Matching, match
from lowlight_cli.device import choose_device
from lowlight_cli.errors import ImageError
from lowlight_cli.evaluation.baselines import BASELINES
from lowlight_cli.evaluation.methods import Method
from lowlight_cli.evaluation.result import EvalData, MethodResult
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.evaluation.score_images import Enhance, ImageEvents, score_images
from lowlight_cli.evaluation.stopwatch import Stopwatch
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import to_images, to_pixels
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.pipeline.model_setup import make_runner, scoring_batch
from lowlight_cli.pipeline.settings import EnhanceSettings


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A method that is ready to run.

    Attributes:
        enhance: Makes its results; None for images that are scored as they are.
        info: What reports say about it.
        stopwatch: Times it on its device.
    """

    enhance: Enhance | None
    info: dict[str, Any]
    stopwatch: Stopwatch


def match_images(method: Method, data: EvalData) -> Matching:
    """The images of a method, each with what it is compared with.

    Args:
        method: The method.
        data: Images and references.

    Raises:
        UsageError: A folder is missing, or images are paired by order and the counts differ.
    """
    find = partial(match, by=data.pair_by, ignored=data.ignored)
    if method.folder is None:
        return find(data.low or Path(), data.references)
    if data.references is not None or data.low is None:
        return find(method.folder, data.references)
    # Without references, the dark images determine which results are expected.
    found = find(method.folder, data.low)
    return replace(found, partners=tuple(replace(each, reference=None) for each in found.partners))


def run_method(
    method: Method,
    matching: Matching,
    scorer: Scorer,
    settings: EnhanceSettings,
    *,
    limit: int | None = None,
    events: ImageEvents | None = None,
) -> MethodResult:
    """Scores all images of a method.

    Args:
        method: The method.
        matching: Its images.
        scorer: Metrics and protocol.
        settings: How models enhance; the method says which model.
        limit: Largest number of images; None for all.
        events: Hears what happens to each image.

    Raises:
        LowlightError: The model cannot be loaded, or the device can no longer be used.
    """
    prepared = _prepare(method, settings, sixteen_bit=not scorer.protocol.psnr.rounds_pixels)
    stopwatch = prepared.stopwatch
    images, problems = score_images(
        matching.partners[:limit],
        prepared.enhance,
        scorer,
        stopwatch,
        batch_size=scoring_batch(stopwatch.device, settings),
        events=events,
    )
    expected = matching.expected if limit is None else min(limit, matching.expected)
    found = (*matching.problems, *problems)
    return MethodResult(method.title, prepared.info, tuple(images), found, expected, stopwatch.runtime())


def _prepare(method: Method, settings: EnhanceSettings, *, sixteen_bit: bool) -> _Prepared:
    if method.folder is not None:
        info = {"kind": "files", "folder": str(method.folder), "summary": "results made elsewhere"}
        return _Prepared(None, info, Stopwatch(choose_device(settings.device)))
    if method.kind == "baseline":
        return _prepare_baseline(method, sixteen_bit=sixteen_bit)
    return _prepare_model(method, settings, sixteen_bit=sixteen_bit)


def _prepare_baseline(method: Method, *, sixteen_bit: bool) -> _Prepared:
    baseline = BASELINES[method.name]
    info = {"kind": "baseline", "summary": baseline.summary, "parameters": 0}
    stopwatch = Stopwatch(choose_device("cpu"))
    work = baseline.build()
    if work is None:
        return _Prepared(None, info, stopwatch)

    def enhance(images: Sequence[Pixels]) -> list[Pixels]:
        return to_pixels(work(to_images(images)), sixteen_bit=images[0].dtype == np.uint16)

    return _Prepared(_in_16_bits(enhance) if sixteen_bit else enhance, info, stopwatch)


def _prepare_model(method: Method, settings: EnhanceSettings, *, sixteen_bit: bool) -> _Prepared:
    update = {"model": method.name, "preset": method.preset, "checkpoint": method.checkpoint}
    settings = settings.model_copy(update=update)
    runner = make_runner(settings)
    entry = MODELS[method.name]
    preset = method.preset or entry.default_preset
    weights = method.checkpoint or (find_weights(entry.weights[preset]) if preset in entry.weights else None)
    info = {
        "kind": "model",
        "model": method.name,
        "preset": preset,
        "checkpoint": None if weights is None else weights.name,
        "checkpoint_sha256": None if weights is None else sha256_of(weights),
        "parameters": count_parameters(runner.enhancer),
        "controls": {**settings.controls.recorded(), "strength": settings.strength},
        "precision": runner.precision.name,
    }
    return _Prepared(_in_16_bits(runner) if sixteen_bit else runner, info, Stopwatch(runner.device))


def _in_16_bits(enhance: Callable[[Sequence[Pixels]], Sequence[Any]]) -> Enhance:
    """The method with results in 16 bits, for protocols that do not round to 8."""

    def finer(images: Sequence[Pixels]) -> Sequence[Pixels | ImageError]:
        return enhance([in_depth(each, np.uint16) for each in images])

    return finer
