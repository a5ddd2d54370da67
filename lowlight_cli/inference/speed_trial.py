"""How fast a 16-bit format is on this CPU: measured once for each machine, model and version of PyTorch."""

import json
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import torch

from lowlight_cli.device import FP32, Precision
from lowlight_cli.errors import ImageError
from lowlight_cli.folders import cache_folder
from lowlight_cli.images.replace import replace_file
from lowlight_cli.inference.memory import MEMORY_ERRORS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.tensors import Images

ROUNDS = 5
LONGEST_S = 2.0
"""Time after which no further round begins; a round is one pass in each format."""

_SIDE_BY_SIDE = 2
"""Times that the image is repeated: larger passes are more like real ones."""


class SpeedTrial:
    """Times a model on the CPU in a short format and in float32, in turn.

    Args:
        model: Its name.
        folder: Where answers are kept; None for the user's cache.
        clock: Seconds since any moment.
    """

    def __init__(
        self, model: str, *, folder: Path | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._model = model
        self._path = (folder or cache_folder()) / "speed.json"
        self._clock = clock

    def speed(self, precision: Precision, enhancer: Enhancer, images: Images) -> float:
        """Speed in a format divided by that in float32; 0 where the model cannot compute in it.

        An answer of an earlier run counts as long as processor, threads, model and PyTorch are the same.

        Args:
            precision: The format.
            enhancer: In evaluation mode, on the CPU.
            images: A typical image, which passes are made of.
        """
        key, known = self._key(precision, enhancer), self._known()
        if key in known:
            return known[key]
        try:
            speed = self._measured(precision, enhancer, images.repeat(1, 1, 1, _SIDE_BY_SIDE))
        except MEMORY_ERRORS:  # too little memory, or an operation that has no such form here
            return 0.0
        self._keep({**known, key: speed})
        return speed

    @torch.inference_mode()
    def _measured(self, precision: Precision, enhancer: Enhancer, images: Images) -> float:
        images = images.contiguous(memory_format=torch.channels_last)
        for each in (FP32, precision):  # the first pass prepares kernels
            self._pass(each, enhancer, images)
        begin = self._clock()
        rounds: list[list[float]] = []
        while len(rounds) < ROUNDS and (not rounds or self._clock() - begin < LONGEST_S):
            rounds.append([self._pass(each, enhancer, images) for each in (FP32, precision)])
        exact, short = (min(times) for times in zip(*rounds, strict=True))
        return round(exact / max(short, 1e-9), 3)

    def _pass(self, precision: Precision, enhancer: Enhancer, images: Images) -> float:
        begin = self._clock()
        with precision.on(images.device):
            enhancer.enhance(images, Controls())
        return self._clock() - begin

    def _key(self, precision: Precision, enhancer: Enhancer) -> str:
        size = sum(parameter.numel() for parameter in enhancer.parameters())
        words = (precision.name, self._model, f"{size:,} parameters", f"torch {torch.__version__}")
        return ", ".join((*words, processor_name(), f"{torch.get_num_threads()} threads"))

    def _known(self) -> dict[str, float]:
        with suppress(OSError, ValueError):
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return {key: float(value) for key, value in found.items()}
        return {}

    def _keep(self, found: Mapping[str, float]) -> None:
        with suppress(OSError, ImageError):  # a folder that cannot be written costs another trial, no more
            replace_file(self._path, json.dumps(found, indent=1).encode())


def processor_name() -> str:
    """Model of the processor, as far as the system tells."""
    name = torch.cpu.get_capabilities().get("cpu_name")
    return str(name or platform.processor() or platform.machine())
