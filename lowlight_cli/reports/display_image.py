"""Image files and pixels -> 8-bit opaque images, as reports measure and show them."""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from lowlight_cli.images.choices import FramesPolicy
from lowlight_cli.images.decode import decode
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Alpha, Pixels
from lowlight_cli.images.settings import ReadSettings

DisplayPixels = UInt8[np.ndarray, "_h _w 3"]
"""8-bit sRGB."""

Luma = UInt8[np.ndarray, "_h _w"]
"""8-bit BT.601 luma."""

BACKDROP = 40
"""Gray behind transparent pixels."""

_LENIENT = ReadSettings(frames=FramesPolicy.FIRST, allow_truncated=True)
"""A report shows every file that a run could read."""


@dataclass(frozen=True, slots=True)
class DisplayImage:
    """One side of a comparison.

    Attributes:
        pixels: Color; transparent pixels are blended with ``BACKDROP``.
        luma: Luma of ``pixels``.
        mask: Pixels that are not fully transparent; None if all are visible.
    """

    pixels: DisplayPixels
    luma: Luma
    mask: Bool[np.ndarray, "_h _w"] | None = None

    @property
    def visible_luma(self) -> UInt8[np.ndarray, " n"]:
        """Luma of the visible pixels."""
        return self.luma.reshape(-1) if self.mask is None else self.luma[self.mask]

    @property
    def visible_pixels(self) -> UInt8[np.ndarray, "n 3"]:
        """Color of the visible pixels."""
        return self.pixels.reshape(-1, 3) if self.mask is None else self.pixels[self.mask]

    def subsampled(self, most: int) -> "DisplayImage":
        """Every n-th row and column, so that about ``most`` pixels remain at most."""
        step = math.ceil(math.sqrt(self.luma.size / most))
        mask = None if self.mask is None else self.mask[::step, ::step]
        if mask is not None and not mask.any():
            return self
        return DisplayImage(self.pixels[::step, ::step], self.luma[::step, ::step], mask)


def read_display_image(path: Path) -> DisplayImage:
    """Reads an image; the first frame of an animation.

    Raises:
        ImageError: It cannot be read.
    """
    frame = decode(path, _LENIENT).frames[0]
    return display_image_of(frame.pixels, frame.alpha)


def display_image_of(pixels: Pixels, alpha: Alpha | None = None) -> DisplayImage:
    """Converts pixels in memory.

    Args:
        pixels: 8-bit or 16-bit color.
        alpha: Opacity of the same depth; None for an opaque image.
    """
    shown, mask = in_depth(pixels, np.uint8), None
    if alpha is not None and alpha.size and not alpha.all():
        mask = alpha > 0
    if alpha is not None:
        opacity = in_depth(alpha, np.uint8)[..., None].astype(np.float32) / 255
        shown = np.rint(shown * opacity + BACKDROP * (1 - opacity)).astype(np.uint8)
    if mask is not None and not mask.any():
        mask = None
    return DisplayImage(shown, cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), mask)
