"""Measures the speed of a 16-bit format on this CPU, once per processor, model and PyTorch version.

A single thread is timed: several threads wait for each other, which on a busy machine takes longer than the
work.
"""

import json
import math
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

import torch

from lowlight_cli.device import FP32, Precision
from lowlight_cli.errors import ImageError
from lowlight_cli.folders import cache_folder
from lowlight_cli.images.replace import replace_file
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS
from lowlight_cli.tensors import Images

ROUNDS = (2, 5)
"""Minimum and maximum number of rounds; a round is one pass in each format."""

LONGEST_S = 2.0
"""Seconds after which no further round starts."""

STEADY = 1.15
"""Maximum ratio of the second best to the best time for which a result is cached."""

_SIDE_BY_SIDE = 2
"""Number of copies of the image in a pass, as real passes are larger than one test image."""


class SpeedTrial:
    """Times a model on the CPU in a 16-bit format and in float32, alternating.

    Args:
        model: Name of the model.
        folder: Folder of the cached results; None for the user's cache folder.
        clock: Returns a time in seconds.
    """

    def __init__(
        self, model: str, *, folder: Path | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._model = model
        self._folder = folder
        self._clock = clock

    def speed(self, precision: Precision, enhancer: Enhancer, images: Images) -> float:
        """Speed in a format relative to float32; 0 if the model does not support the format.

        Results are cached per processor, model and PyTorch version, unless the machine was too busy to
        measure.

        Args:
            precision: The format.
            enhancer: In evaluation mode, on the CPU.
            images: A typical image.
        """
        key, cached = self._key(precision, enhancer), self._cached()
        if key in cached:
            return cached[key]
        try:
            with _one_thread():
                exact, short = self._measured(precision, enhancer, images.repeat(1, 1, 1, _SIDE_BY_SIDE))
        except MEMORY_ERRORS:  # too little memory, or an operation that does not support the format
            return 0.0
        speed = round(exact[0] / max(short[0], 1e-9), 3)
        if all(times[1] <= STEADY * times[0] for times in (exact, short)):
            self._store({**cached, key: speed})
        return speed

    @torch.inference_mode()
    def _measured(self, precision: Precision, enhancer: Enhancer, images: Images) -> list[list[float]]:
        """Sorted seconds of passes in float32, and of passes in the format."""
        images = images.contiguous(memory_format=torch.channels_last)
        for each in (FP32, precision):  # the first pass is slower, as it prepares kernels
            self._pass(each, enhancer, images)
        begin, (fewest, most) = self._clock(), ROUNDS
        rounds: list[list[float]] = []
        while len(rounds) < most and (len(rounds) < fewest or self._clock() - begin < LONGEST_S):
            rounds.append([self._pass(each, enhancer, images) for each in (FP32, precision)])
        return [sorted(times) for times in zip(*rounds, strict=True)]

    def _pass(self, precision: Precision, enhancer: Enhancer, images: Images) -> float:
        begin = self._clock()
        with precision.on(images.device):
            enhancer.enhance(images, Controls())
        return self._clock() - begin

    def _key(self, precision: Precision, enhancer: Enhancer) -> str:
        size = sum(parameter.numel() for parameter in enhancer.parameters())
        words = (precision.name, self._model, f"{size:,} parameters", f"torch {torch.__version__}")
        return ", ".join((*words, processor_name()))

    def _cached(self) -> dict[str, float]:
        with suppress(OSError, ValueError, RuntimeError):
            found = json.loads(self._path().read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return {key: value for key, value in found.items() if _is_speed(value)}
        return {}

    def _store(self, speeds: Mapping[str, float]) -> None:
        # If the cache cannot be written, the next run measures again.
        with suppress(OSError, RuntimeError, ImageError):
            replace_file(self._path(), json.dumps(speeds, indent=1).encode())

    def _path(self) -> Path:
        return (self._folder or cache_folder()) / "speed.json"


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _is_speed(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def processor_name() -> str:
    """Name of the processor with a digest of its capabilities, as different processors may share a name."""
    found = torch.cpu.get_capabilities()
    name = found.get("cpu_name") or platform.processor() or platform.machine()
    flags = sorted(key for key, value in found.items() if value is True)
    return f"{name} {blake2b(' '.join(flags).encode(), digest_size=4).hexdigest()}"
