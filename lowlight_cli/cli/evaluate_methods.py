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
from lowlight_cli.cli.evaluate_request import Contestant
from lowlight_cli.datasets.matching import Matching, Problem, match
from lowlight_cli.device import choose_device
from lowlight_cli.errors import ImageError
from lowlight_cli.evaluation.baselines import BASELINES
from lowlight_cli.evaluation.evaluate import Enhance, Listener, Loaded, score_pictures
from lowlight_cli.evaluation.extremes import Gallery
from lowlight_cli.evaluation.result import MethodResult, Picture, Subject
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.evaluation.stopwatch import Stopwatch
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import to_images, to_pixels
from lowlight_cli.images.replace import replace_file
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.pipeline.model_setup import prepare_forward
from lowlight_cli.pipeline.settings import EnhanceSettings

_CUDA_BATCH = 8


@dataclass(frozen=True, slots=True)
class Bench:
    """What is the same for all methods.

    Attributes:
        subject: Pictures and references.
        scorer: Metrics and protocol.
        settings: Controls, device, precision, batches and tiles of models.
        limit: Pictures at most, or None.
        save: Folder for results, or None.
        apart: Whether each method gets a folder of its own there.
        gallery: Keeps small pictures of the first method, or None.
    """

    subject: Subject
    scorer: Scorer
    settings: EnhanceSettings
    limit: int | None = None
    save: Path | None = None
    apart: bool = False
    gallery: Gallery | None = None


def matching_of(contestant: Contestant, subject: Subject) -> Matching:
    """The pictures of a method and what they are compared with.

    Args:
        contestant: The method.
        subject: Pictures and references.

    Raises:
        UsageError: A folder is missing, or pictures are to be paired by order and the counts differ.
    """
    find = partial(match, by=subject.pair_by, ignored=subject.ignored)
    if contestant.folder is None:
        return find(subject.low or Path(), subject.references)
    if subject.references is not None or subject.low is None:
        return find(contestant.folder, subject.references)
    # Without references, the dark pictures tell which results there must be.
    found = find(contestant.folder, subject.low)
    return replace(found, partners=tuple(replace(each, reference=None) for each in found.partners))


def run_method(contestant: Contestant, matching: Matching, bench: Bench, listener: Listener) -> MethodResult:
    """Scores all pictures of a method.

    Args:
        contestant: The method.
        matching: Its pictures.
        bench: What is the same for all.
        listener: Told of each picture.

    Raises:
        LowlightError: The model cannot be loaded.
    """
    enhance, facts, stopwatch = _prepare(contestant, bench)
    partners = matching.partners[: bench.limit]
    pictures, problems = score_pictures(
        partners,
        enhance,
        bench.scorer,
        stopwatch,
        batch_size=bench.settings.batch_size or (_CUDA_BATCH if stopwatch.device.type == "cuda" else 1),
        listener=listener,
    )
    expected = matching.expected if bench.limit is None else min(bench.limit, matching.expected)
    return _result(contestant, facts, (pictures, [*matching.problems, *problems]), expected, stopwatch)


def _result(
    contestant: Contestant,
    facts: dict[str, Any],
    found: tuple[list[Picture], list[Problem]],
    expected: int,
    stopwatch: Stopwatch,
) -> MethodResult:
    pictures, problems = found
    return MethodResult(
        contestant.title, facts, tuple(pictures), tuple(problems), expected, stopwatch.runtime()
    )


def _prepare(contestant: Contestant, bench: Bench) -> tuple[Enhance | None, dict[str, Any], Stopwatch]:
    """What makes the results, what is told of it, and what measures it where it computes."""
    if contestant.folder is not None:
        place = str(contestant.folder)
        facts: dict[str, Any] = {"kind": "files", "folder": place, "summary": "results made elsewhere"}
        return None, facts, Stopwatch(choose_device(bench.settings.device))
    deep = not bench.scorer.protocol.psnr.rounds_pixels
    if contestant.kind == "baseline":
        baseline = BASELINES[contestant.name]
        facts = {"kind": "baseline", "summary": baseline.summary, "parameters": 0}
        work = baseline.build()

        def simple(pictures: Sequence[Pixels]) -> list[Pixels]:
            deep_result = pictures[0].dtype == np.uint16
            return to_pixels(work(to_images(pictures)), deep=deep_result)

        return _deepened(simple, deep=deep), facts, Stopwatch(choose_device("cpu"))
    return _prepare_model(contestant, bench, deep=deep)


def _prepare_model(
    contestant: Contestant, bench: Bench, *, deep: bool
) -> tuple[Enhance, dict[str, Any], Stopwatch]:
    update = {
        "model": contestant.name,
        "preset": contestant.preset,
        "checkpoint": contestant.checkpoint,
    }
    settings = bench.settings.model_copy(update=update)
    forward = prepare_forward(settings)
    entry = MODELS[contestant.name]
    preset = contestant.preset or entry.default_preset
    weights = contestant.checkpoint or (
        find_weights(entry.weights[preset]) if preset in entry.weights else None
    )
    facts = {
        "kind": "model",
        "model": contestant.name,
        "preset": preset,
        "checkpoint": None if weights is None else weights.name,
        "checkpoint_sha256": None if weights is None else sha256_of(weights),
        "parameters": count_parameters(forward.enhancer),
        "controls": {**settings.controls.recorded(), "strength": settings.strength},
        "precision": forward.precision.name,
    }
    return _deepened(forward, deep=deep), facts, Stopwatch(forward.device)


def _deepened(enhance: Callable[[Sequence[Pixels]], Sequence[Any]], *, deep: bool) -> Enhance:
    """Where a protocol does not round, results of 8-bit pictures are made with 16 bits."""
    if not deep:
        return enhance

    def finer(pictures: Sequence[Pixels]) -> Sequence[Pixels | ImageError]:
        return enhance([in_depth(each, np.uint16) for each in pictures])

    return finer


def saver_of(contestant: Contestant, bench: Bench) -> Callable[[Loaded, Pixels], None]:
    """Writes results as PNG files.

    Args:
        contestant: Whose results.
        bench: Where to.
    """
    folder = (bench.save or Path()) / (contestant.title if bench.apart else "")

    def save(item: Loaded, result: Pixels) -> None:
        pixels = in_depth(result, np.uint8) if item.pixels.dtype == np.uint8 else result
        done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        if not done:
            raise ImageError("write", "OpenCV refused the picture")
        replace_file(folder / f"{item.partners.name}.png", data.tobytes())

    return save
