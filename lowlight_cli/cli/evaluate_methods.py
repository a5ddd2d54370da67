"""Runs each method of ``lle eval`` over the pictures, and gathers what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lowlight_cli.checkpoints.load import sha256_of
from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.cli.evaluate_request import Method
from lowlight_cli.datasets.matching import Matching, Problem, match
from lowlight_cli.device import choose_device
from lowlight_cli.errors import ImageError
from lowlight_cli.evaluation.baselines import BASELINES
from lowlight_cli.evaluation.evaluate import Enhance, Listener, Loaded, score_pictures
from lowlight_cli.evaluation.extremes import Extremes
from lowlight_cli.evaluation.result import MethodResult, Picture, Subject
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.evaluation.stopwatch import Stopwatch
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import to_images, to_pixels
from lowlight_cli.images.replace import replace_file
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

_CUDA_BATCH = 8


@dataclass(frozen=True, slots=True)
class EvalRequest:
    """What is the same for all methods.

    Attributes:
        subject: Pictures and references.
        scorer: Metrics and protocol.
        settings: Controls, device, precision, batches and tiles of models.
        limit: Pictures at most, or None.
        save: Folder for results, or None.
        apart: Whether each method gets a folder of its own there.
        extremes: Keeps small pictures of the first method, or None.
    """

    subject: Subject
    scorer: Scorer
    settings: EnhanceSettings
    limit: int | None = None
    save: Path | None = None
    apart: bool = False
    extremes: Extremes | None = None


def matching_of(method: Method, subject: Subject) -> Matching:
    """The pictures of a method and what they are compared with.

    Args:
        method: The method.
        subject: Pictures and references.

    Raises:
        UsageError: A folder is missing, or pictures are to be paired by order and the counts differ.
    """
    find = partial(match, by=subject.pair_by, ignored=subject.ignored)
    if method.folder is None:
        return find(subject.low or Path(), subject.references)
    if subject.references is not None or subject.low is None:
        return find(method.folder, subject.references)
    # Without references, the dark pictures tell which results there must be.
    found = find(method.folder, subject.low)
    return replace(found, partners=tuple(replace(each, reference=None) for each in found.partners))


def run_method(method: Method, matching: Matching, request: EvalRequest, listener: Listener) -> MethodResult:
    """Scores all pictures of a method.

    Args:
        method: The method.
        matching: Its pictures.
        request: What is the same for all.
        listener: Told of each picture.

    Raises:
        LowlightError: The model cannot be loaded.
    """
    enhance, facts, stopwatch = _prepare(method, request)
    partners = matching.partners[: request.limit]
    pictures, problems = score_pictures(
        partners,
        enhance,
        request.scorer,
        stopwatch,
        batch_size=request.settings.batch_size or (_CUDA_BATCH if stopwatch.device.type == "cuda" else 1),
        listener=listener,
    )
    expected = matching.expected if request.limit is None else min(request.limit, matching.expected)
    return _result(method, facts, (pictures, [*matching.problems, *problems]), expected, stopwatch)


def _result(
    method: Method,
    facts: dict[str, Any],
    found: tuple[list[Picture], list[Problem]],
    expected: int,
    stopwatch: Stopwatch,
) -> MethodResult:
    pictures, problems = found
    return MethodResult(method.title, facts, tuple(pictures), tuple(problems), expected, stopwatch.runtime())


def _prepare(method: Method, request: EvalRequest) -> tuple[Enhance | None, dict[str, Any], Stopwatch]:
    """What makes the results, what is told of it, and what measures it where it computes."""
    if method.folder is not None:
        place = str(method.folder)
        facts: dict[str, Any] = {"kind": "files", "folder": place, "summary": "results made elsewhere"}
        return None, facts, Stopwatch(choose_device(request.settings.device))
    deep = not request.scorer.protocol.psnr.rounds_pixels
    if method.kind == "baseline":
        baseline = BASELINES[method.name]
        facts = {"kind": "baseline", "summary": baseline.summary, "parameters": 0}
        work = baseline.build()

        def simple(pictures: Sequence[Pixels]) -> list[Pixels]:
            deep_result = pictures[0].dtype == np.uint16
            return to_pixels(work(to_images(pictures)), deep=deep_result)

        return _deepened(simple, deep=deep), facts, Stopwatch(choose_device("cpu"))
    return _prepare_model(method, request, deep=deep)


def _prepare_model(
    method: Method, request: EvalRequest, *, deep: bool
) -> tuple[Enhance, dict[str, Any], Stopwatch]:
    update = {
        "model": method.name,
        "preset": method.preset,
        "checkpoint": method.checkpoint,
    }
    settings = request.settings.model_copy(update=update)
    runner = make_runner(settings)
    entry = MODELS[method.name]
    preset = method.preset or entry.default_preset
    weights = method.checkpoint or (find_weights(entry.weights[preset]) if preset in entry.weights else None)
    facts = {
        "kind": "model",
        "model": method.name,
        "preset": preset,
        "checkpoint": None if weights is None else weights.name,
        "checkpoint_sha256": None if weights is None else sha256_of(weights),
        "parameters": count_parameters(runner.enhancer),
        "controls": {**settings.controls.recorded(), "strength": settings.strength},
        "precision": runner.precision.name,
    }
    return _deepened(runner, deep=deep), facts, Stopwatch(runner.device)


def _deepened(enhance: Callable[[Sequence[Pixels]], Sequence[Any]], *, deep: bool) -> Enhance:
    """Where a protocol does not round, results of 8-bit pictures are made with 16 bits."""
    if not deep:
        return enhance

    def finer(pictures: Sequence[Pixels]) -> Sequence[Pixels | ImageError]:
        return enhance([in_depth(each, np.uint16) for each in pictures])

    return finer


def saver_of(method: Method, request: EvalRequest) -> Callable[[Loaded, Pixels], None]:
    """Writes results as PNG files.

    Args:
        method: Whose results.
        request: Where to.
    """
    folder = (request.save or Path()) / (method.title if request.apart else "")

    def save(item: Loaded, result: Pixels) -> None:
        pixels = in_depth(result, np.uint8) if item.pixels.dtype == np.uint8 else result
        done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        if not done:
            raise ImageError("write", "OpenCV refused the picture")
        replace_file(folder / f"{item.partners.name}.png", data.tobytes())

    return save
