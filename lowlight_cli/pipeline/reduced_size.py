"""Enhances large images at reduced size, and carries the result to full size (``--detail fast``)."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import UInt16

from lowlight_cli.errors import ImageError
from lowlight_cli.images.carry_detail import carry_detail
from lowlight_cli.images.picture import Pixels, Samples
from lowlight_cli.pipeline.choices import AUTO_PIXELS, Detail
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.outcomes import Outcome

REDUCED_PIXELS = 1_500_000
"""Number of pixels of the copy that the model gets, at least."""

LARGEST_STEP = 2.9
"""How many times smaller the sides of a copy may be; with more, results are less like those at full size."""

_TOP = np.float32(65535)


def reduced_above(detail: Detail) -> int | None:
    """Number of pixels above which images are enhanced at reduced size; None for never."""
    return {Detail.FULL: None, Detail.FAST: REDUCED_PIXELS, Detail.AUTO: AUTO_PIXELS}[detail]


def run_at_detail(runner: ModelRunner, pictures: Sequence[Samples], *, is_one_scene: bool = False) -> Outcome:
    """Enhances images at full size, or larger ones at reduced size, as the runner's parameters say.

    Args:
        runner: The model and how to run it.
        pictures: Images that have one size after padding.
        is_one_scene: Whether they are frames of one animation.
    """
    if not is_reduced(runner, pictures[0]):
        return runner(pictures, is_one_scene=is_one_scene)
    with runner.clock.timed("resize"):
        copies = [reduced(each) for each in pictures]
    outcomes = runner(copies, is_one_scene=is_one_scene)
    with runner.clock.timed("resize"):
        return [
            outcome if isinstance(outcome, ImageError) else _carried(picture, copy, outcome)
            for picture, copy, outcome in zip(pictures, copies, outcomes, strict=True)
        ]


def is_reduced(runner: ModelRunner, pixels: Pixels) -> bool:
    """Whether an image is enhanced at reduced size."""
    most = runner.params.reduced_above
    return most is not None and pixels.shape[0] * pixels.shape[1] > most


def _carried(
    picture: Pixels, copy: UInt16[np.ndarray, "h2 w2 3"], made: UInt16[np.ndarray, "h2 w2 3"]
) -> Pixels:
    return carry_detail(picture, copy / _TOP, made / _TOP)


def reduced(pixels: Pixels) -> UInt16[np.ndarray, "h2 w2 3"]:
    """A copy of the size ``reduced_size`` that shows the same area, (h, w, 3), uint16.

    Args:
        pixels: A larger image, (h, w, 3), uint8 or uint16.
    """
    height, width = reduced_size(*pixels.shape[:2])
    deep = pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * np.uint16(257)
    return cv2.resize(deep, (width, height), interpolation=cv2.INTER_AREA)


def reduced_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the copy of a larger image, in pixels."""
    scale = max((REDUCED_PIXELS / (height * width)) ** 0.5, 1 / LARGEST_STEP)
    return max(1, round(height * scale)), max(1, round(width * scale))
