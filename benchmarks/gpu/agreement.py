"""Whether a result depends on what it is computed with: mates in a pass, and memory that runs out."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from gpu.ceilings import large_photos, small_photos
from gpu.check import Bench, Found
from gpu.models import placed_model
from lowlight_cli.device import PRECISIONS, Precision
from lowlight_cli.images.decode import decode
from lowlight_cli.images.picture import Pixels
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.device_errors import free_everything
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.outcomes import Outcome
from lowlight_cli.pipeline.settings import EnhanceSettings

_MATES = 8
_ROOM = 2**29
"""Bytes that a pass finds where memory is made short."""


def pass_sizes(bench: Bench, _seconds: float) -> Found:
    """Largest differences of one image, alone and among seven others, in steps of 8 bits; 0 means equal bits.

    "other_mates" compares two passes of eight, whose other images stand in another order. "file to file" are
    results of the engine, in 8 bits.
    """
    yield "file to file", _engine_differences(bench)
    for name in bench.sizes.models:
        entry = MODELS[name]
        model = placed_model(entry, entry.default_preset, bench.device)
        images = 0.2 * torch.rand(_MATES, 3, *bench.sizes.image, generator=torch.Generator().manual_seed(0))
        images = images.to(bench.device).contiguous(memory_format=torch.channels_last)
        for precision in bench.sizes.formats:
            yield f"{name} {precision}", _differences(model, images, PRECISIONS[precision])


@torch.inference_mode()
def _differences(model: Enhancer, images: torch.Tensor, precision: Precision) -> dict[str, float]:
    def first(batch: torch.Tensor) -> torch.Tensor:
        with precision.on(images.device):
            return model.enhance(batch, Controls())[:1].float()

    together = first(images)
    alone, others = first(images[:1]), first(torch.cat([images[:1], images[1:].flip(0)]))
    return {
        "alone": float((alone - together).abs().max()) * 255,
        "other_mates": float((others - together).abs().max()) * 255,
    }


def _engine_differences(bench: Bench) -> dict[str, float]:
    forward = make_runner(EnhanceSettings(device=str(bench.device), precision=bench.sizes.precision))
    pictures = [decode(path).pixels for path in sorted(small_photos(bench).iterdir())[:_MATES]]
    together, alone = forward(pictures), forward(pictures[:1])
    others = forward([pictures[0], *reversed(pictures[1:])])
    return {
        "alone": _compared(alone, together[:1])["largest"],
        "other_mates": _compared(others[:1], together[:1])["largest"],
    }


def short_memory(bench: Bench, _seconds: float) -> Found:
    """Passes that do not fit: how many results came all the same, how far they are off, and what was said.

    On a CPU, and so where this is rehearsed, the lack of memory is made up.
    """
    settings = EnhanceSettings(device=str(bench.device), precision="fp32", tile=0)
    for name, folder in (("batch", small_photos(bench)), ("large image", large_photos(bench))):
        paths = sorted(folder.iterdir())[: _MATES if name == "batch" else 1]
        pictures = [decode(path).pixels for path in paths]
        expected = make_runner(settings)(pictures)
        said: list[str] = []
        forward = make_runner(settings, on_warning=said.append)
        with _shortage(forward, pictures):
            made = forward(pictures)
        yield name, _compared(made, expected) | {"notices": said}


def _compared(made: Outcome, expected: Outcome) -> dict[str, object]:
    pairs = list(zip(made, expected, strict=True))
    good = [(one, two) for one, two in pairs if isinstance(one, np.ndarray) and isinstance(two, np.ndarray)]
    steps = [np.abs(one.astype(int) - two.astype(int)) for one, two in good]
    return {
        "pictures": len(pairs),
        "results": len(good),
        "largest": max((int(each.max()) for each in steps), default=None),
        "mean": max((float(each.mean()) for each in steps), default=None),
    }


@contextmanager
def _shortage(forward: ModelRunner, pictures: list[Pixels]) -> Iterator[None]:
    """While it lasts, half of what a pass needs is there."""
    if forward.device.type != "cuda":
        most = sum(picture.size // 3 for picture in pictures) // 2
        _refuse_more_than(most, forward)
        yield
        return
    free_everything(forward.device)
    total = torch.cuda.get_device_properties(forward.device).total_memory
    held = torch.cuda.memory_reserved(forward.device)
    torch.cuda.set_per_process_memory_fraction((held + _ROOM) / total, forward.device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, forward.device)


def _refuse_more_than(pixels: int, forward: ModelRunner) -> None:
    real = forward.enhancer.enhance

    def enhance(images: torch.Tensor, *arguments: object, **options: object) -> torch.Tensor:
        if images.shape[0] * images.shape[2] * images.shape[3] > pixels:
            raise torch.OutOfMemoryError("made up by the check")
        return real(images, *arguments, **options)

    forward.enhancer.enhance = enhance
