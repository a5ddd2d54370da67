"""What the process on fake CUDA runs: ``python -m tests.fake_cuda.cases GROUP`` prints facts as JSON."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torchvision.ops  # noqa: F401 - defines the operation that is looked for

from lowlight_cli.datasets.config import UNEVEN_NIGHTS
from lowlight_cli.device import BF16, FP16, FP32, Precision
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.begin_pass import begin_pass
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.data_sources import PairedPhoto, Sources
from lowlight_cli.training.device_loader import DeviceLoader
from lowlight_cli.training.enhancement_batch import Mix
from lowlight_cli.training.photos import Photo
from tests.contracts.narrow_models import narrowed
from tests.fake_cuda.device import CUDA, fake_cuda, placed, why_not_here
from tests.fake_cuda.rehearsal import rehearse
from tests.fake_cuda.watch import Watch

SIDE = 64
"""Side of images that only have to pass."""

COST_SIDE = 1024
"""Side of the image whose pass is measured; what does not grow with it must be small beside it."""

PRECISIONS = {each.name: each for each in (FP32, BF16, FP16)}
PICTURES = 8
PICTURE_SIZE = (400, 600)
"""Height and width; 600 is no multiple of 16, so that padding takes part."""
TILE_ROWS = 2
"""Rows of tiles of 256 in such a picture."""


def main() -> None:
    """Writes the facts of one group to stdout, or why there are none."""
    groups = {"everything": everything, "costs": costs, "gpu check": rehearse}
    with fake_cuda():
        reason = why_not_here()
        found = {"unavailable": reason} if reason else groups[sys.argv[1]]()
    sys.stdout.write(json.dumps(found) + "\n")


def everything() -> dict[str, Any]:
    """What the tests ask for; one group, so that torch starts once.

    Narrow models make all calls, as they run the same code; those of full size make the one that is measured.

    Returns:
        ``calls``: what came of each call by "model preset" and "precision call". ``passes``: waits and copies
        of the engine by precision. ``tiles``: those of a picture in tiles. ``feed``: those of a training
        batch made on the device.
    """
    calls = {label: dict(_calls(model, views)) for label, views, model in _all_models(narrowed)}
    for label, _, model in _all_models():
        calls[label]["fp32 enhance"] = _outcome(model, _enhance(model, COST_SIDE), FP32)
    return {"calls": calls, "passes": passes(), "tiles": tiles(), "feed": loader()}


def costs() -> dict[str, dict[str, Any]]:
    """A pass in float32 and in bfloat16 of each model and preset, by "model preset" and precision."""
    return {
        label: {
            each: _outcome(model, _enhance(model, COST_SIDE), PRECISIONS[each]) for each in ("fp32", "bf16")
        }
        for label, _, model in _all_models()
    }


def passes() -> dict[str, dict[str, int]]:
    """Waits and copies of a pass of several pictures through the default model, by precision."""
    entry = MODELS["codeenhance"]
    model = placed(entry.build(entry.presets["lite"]).eval())
    found = {
        f"{precision}{' begun' * begins}": _facts_of_pass(model, PRECISIONS[precision], begins=begins)
        for precision in ("fp32", "bf16")
        for begins in (False, True)
    }
    height, width = PICTURE_SIZE
    sizes = [(height - fewer, width) for fewer in range(PICTURES)]
    return found | {"several sizes begun": _facts_of_pass(model, FP32, begins=True, sizes=sizes)}


def tiles() -> dict[str, int]:
    """Waits and copies of one picture in tiles, in bfloat16."""
    entry = MODELS["codeenhance"]
    model = placed(entry.build(entry.presets["lite"]).eval())
    params, limits = EnhanceParams(Controls()), Limits(2**23, tile=256)
    forward = ModelRunner(model, params, limits, device=CUDA, precision=BF16)
    with Watch() as watch:
        results = forward([np.zeros((*PICTURE_SIZE, 3), np.uint8)])
    return {
        "results": sum(isinstance(result, np.ndarray) for result in results),
        "waits": watch.count("wait"),
        "bytes_out": watch.size("copy out"),
    }


def loader() -> dict[str, Any]:
    """Waits and copies of a batch that is made on the device, under uneven light, with a reference."""
    photos = [Photo(torch.zeros(3, 150, 200 + number, dtype=torch.uint8), None, 0.4) for number in range(3)]
    pairs = [PairedPhoto("a", torch.zeros(6, 140, 150, dtype=torch.uint8), 0.1, 0.4, has_color_cast=False)]
    run = RunSettings(batch_size=8, crop=SIDE, workers=0)
    mix = Mix(8, SIDE, real=0.25, with_controls=0.5, referenced=2.0)
    made = DeviceLoader(Sources(photos, pairs, UNEVEN_NIGHTS), mix, run, CUDA)
    with Watch() as watch:
        batch, _ = next(made.of_step(1))
    return {
        "device": batch.dark.device.type,
        "shape": list(batch.target.shape),
        "view": list(batch.view.shape),
        "has_reference": batch.reference is not None,
        "events": sorted({f"{event.kind} at {event.place}" for event in watch.events}),
    }


def _all_models(
    sized: Callable[[Any], Any] = lambda config: config,
) -> Iterator[tuple[str, tuple[str, ...], Enhancer]]:
    for name, entry in MODELS.items():
        for preset, config in entry.presets.items():
            yield f"{name} {preset}", entry.views, placed(entry.build(sized(config)).eval())


def _calls(model: Enhancer, views: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """As the engine calls a model: facts are always observed in float32, with a reference if there is one."""
    reference = _images(SIDE + 16) if model.takes_reference else None
    facts: dict[str, torch.Tensor] = {}

    def observe() -> torch.Tensor:
        images = _images(SIDE)
        facts.update(model.observe(images, Controls(), reference=reference))
        return next(iter(facts.values()), images)

    yield "fp32 observe", _outcome(model, observe, FP32)
    for precision in PRECISIONS.values():
        calls = {
            "enhance": _enhance(model, SIDE),
            "enhance with facts": _enhance(model, SIDE, observation=facts),
        }
        if reference is not None:
            calls["enhance with a reference"] = _enhance(model, SIDE, reference=reference)
        for view in views:
            calls[f"show {view}"] = _enhance(model.showing(view), SIDE)
        for name, call in calls.items():
            yield f"{precision.name} {name}", _outcome(model, call, precision)


def _enhance(model: Enhancer, side: int, **given: Any) -> Callable[[], torch.Tensor]:
    return lambda: model.enhance(_images(side), Controls(), **given)


def _outcome(model: Enhancer, call: Callable[[], torch.Tensor], precision: Precision) -> dict[str, Any]:
    """What a call gave, or the error it ended with; where it waited or copied; most bytes, largest tensor."""
    known = (*model.parameters(), *model.buffers())
    with Watch(known) as watch, precision.on(CUDA):
        try:
            made = call()
        except RuntimeError as error:
            return {"error": f"{type(error).__name__}: {error}"}
    return {
        "device": made.device.type,
        "shape": list(made.shape),
        "events": sorted({f"{event.kind} at {event.place}" for event in watch.events}),
        "bytes": watch.peak,
        "elements": watch.largest,
    }


def _facts_of_pass(
    model: Enhancer,
    precision: Precision,
    *,
    begins: bool,
    sizes: Sequence[tuple[int, int]] = (PICTURE_SIZE,) * PICTURES,
) -> dict[str, int]:
    limits = Limits(pixels=2**23)
    forward = ModelRunner(model, EnhanceParams(Controls()), limits, device=CUDA, precision=precision)
    pictures = [np.zeros((*size, 3), np.uint8) for size in sizes]
    with Watch() as watch:
        results = begin_pass(forward, pictures)() if begins else forward(pictures)
    return {
        "results": sum(isinstance(result, np.ndarray) for result in results),
        "waits": watch.count("wait"),
        "copies_in": watch.count("copy in"),
        "bytes_in": watch.size("copy in"),
        "bytes_out": watch.size("copy out"),
    }


def _images(side: int) -> torch.Tensor:
    """A picture on the device, channels last."""
    return torch.empty(1, 3, side, side, device=CUDA, memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
