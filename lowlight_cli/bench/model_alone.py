"""Measures the model alone, in the passes that a run makes of its photos."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lowlight_cli.accelerators import accelerator_of
from lowlight_cli.errors import ImageError
from lowlight_cli.images.padding import padded_side
from lowlight_cli.images.picture import Pixels
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.reduced_size import reduced_size, run_at_detail

_MOST_SHAPES = 3
"""Number of shapes that are measured, those with most pixels; others are estimated by their pixels."""

_BRIGHTEST = 50

Sizes = Mapping[tuple[int, int], int]
"""Number of photos of each height and width."""


class _Pass(NamedTuple):
    """A pass, and how many of them the photos of one shape need; a part counts as a fraction."""

    pictures: Sequence[Pixels]
    needed: float


class ModelAlone:
    """Passes of photos that are in memory.

    They are the passes of the engine, with its tiles, their overlap, and the look at a small copy of a photo
    that is tiled. Only the work of the model counts: neither conversion of pixels nor blending of tiles.

    Args:
        runner: The model and how to run it.
        config: Images and pixels in a pass.
        sizes: The photos.
    """

    def __init__(self, runner: ModelRunner, config: PipelineConfig, sizes: Sizes) -> None:
        self._runner, self._config = runner, config
        shapes: dict[tuple[int, int], Counter[tuple[int, int]]] = {}
        for size, count in sizes.items():
            shapes.setdefault(self._model_size(*size), Counter())[size] += count
        pixels = {(h, w): h * w * each.total() for (h, w), each in shapes.items()}
        largest = sorted(pixels, key=pixels.__getitem__, reverse=True)[:_MOST_SHAPES]
        self._scale = sum(pixels.values()) / sum(pixels[shape] for shape in largest)
        self._passes = [
            self._pass(*shapes[shape].most_common(1)[0][0], shapes[shape].total()) for shape in largest
        ]

    def seconds(self, at_most_s: float) -> float:
        """Seconds that the model needs for all photos.

        Args:
            at_most_s: Passes of one shape are repeated until it has had as many as the photos need, or until
                this time is over; one is made anyway.

        Raises:
            ImageError: Memory ran out.
        """
        return self._scale * sum(self._pass_seconds(each, at_most_s) * each.needed for each in self._passes)

    def _model_size(self, height: int, width: int) -> tuple[int, int]:
        """Size of the image that the model gets, padded."""
        above, enhancer = self._runner.params.reduced_above, self._runner.enhancer
        if above is not None and height * width > above:
            height, width = reduced_size(height, width)
        padding = enhancer.size_multiple, enhancer.frame
        return padded_side(height, *padding), padded_side(width, *padding)

    def _pass(self, height: int, width: int, count: int) -> _Pass:
        enhancer, most = self._runner.enhancer, self._config.batch_pixels
        fitting = self._runner.limits.count(height, width, enhancer.size_multiple, enhancer.frame)
        together = min(self._config.batch_size, fitting, count)
        if most is not None:
            together = min(together, max(1, most // (height * width)))
        dark = np.random.default_rng(0).integers(0, _BRIGHTEST, (height, width, 3), np.uint8)
        return _Pass([dark] * together, count / together)

    def _pass_seconds(self, each: _Pass, at_most_s: float) -> float:
        """Mean seconds of a pass, as a run is a sum of passes, too."""
        if self._runner.device.type != "cpu":
            self._run(each)  # the first pass of a shape chooses and loads kernels
        start, total, rounds = time.perf_counter(), 0.0, 0
        while not rounds or (rounds < each.needed and time.perf_counter() - start < at_most_s):
            total += self._run(each)
            rounds += 1
        return total / rounds

    def _run(self, each: _Pass) -> float:
        """Seconds of the model in a pass; on GPUs without timed stages, of the whole pass."""
        device, clock = self._runner.device, self._runner.clock
        start, before = time.perf_counter(), clock.seconds()
        for outcome in run_at_detail(self._runner, each.pictures):
            if isinstance(outcome, ImageError):
                raise outcome
        if device.type in ("cpu", "cuda"):
            return (clock.seconds() - before).model
        if accelerator := accelerator_of(device):
            accelerator.synchronize(device)
        return time.perf_counter() - start
