"""A file as it is looked at: 8 bits, opaque, with its brightness beside it."""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from lowlight_cli.images.decode import decode
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Alpha, Pixels
from lowlight_cli.images.settings import ReadSettings

Shown = UInt8[np.ndarray, "_h _w 3"]
"""sRGB of 8 bits, rows first."""

Luma = UInt8[np.ndarray, "_h _w"]
"""Brightness after BT.601, of 8 bits."""

BACKDROP = 40
"""Gray that shines through transparent pixels."""

_LENIENT = ReadSettings(frames="first", allow_truncated=True)
"""What a run could read can be shown."""


@dataclass(frozen=True, slots=True)
class DisplayImage:
    """One side of a comparison.

    Attributes:
        pixels: Color; transparent parts are mixed with ``BACKDROP``.
        luma: Brightness of ``pixels``.
        counts: Pixels that are seen at all; None when all are.
    """

    pixels: Shown
    luma: Luma
    counts: Bool[np.ndarray, "_h _w"] | None = None

    @property
    def seen_luma(self) -> UInt8[np.ndarray, " n"]:
        """Brightness of the pixels that are seen."""
        return self.luma.reshape(-1) if self.counts is None else self.luma[self.counts]

    @property
    def seen_pixels(self) -> UInt8[np.ndarray, "n 3"]:
        """Color of the pixels that are seen."""
        return self.pixels.reshape(-1, 3) if self.counts is None else self.pixels[self.counts]

    def thinned(self, most: int) -> "DisplayImage":
        """Every n-th row and column, so that no more than about ``most`` pixels remain."""
        step = math.ceil(math.sqrt(self.luma.size / most))
        counts = None if self.counts is None else self.counts[::step, ::step]
        if counts is not None and not counts.any():
            return self
        return DisplayImage(self.pixels[::step, ::step], self.luma[::step, ::step], counts)


def read_display_image(path: Path) -> DisplayImage:
    """Reads a picture; of several frames, the first.

    Raises:
        ImageError: It cannot be read.
    """
    frame = decode(path, _LENIENT).frames[0]
    return display_image_of(frame.pixels, frame.alpha)


def display_image_of(pixels: Pixels, alpha: Alpha | None = None) -> DisplayImage:
    """Makes a view of pixels in memory.

    Args:
        pixels: Color, 8 or 16 bits.
        alpha: Opacity of the same depth; None for an opaque picture.
    """
    shown, counts = in_depth(pixels, np.uint8), None
    if alpha is not None and alpha.size and not alpha.all():
        counts = alpha > 0
    if alpha is not None:
        opacity = in_depth(alpha, np.uint8)[..., None].astype(np.float32) / 255
        shown = np.rint(shown * opacity + BACKDROP * (1 - opacity)).astype(np.uint8)
    if counts is not None and not counts.any():
        counts = None
    return DisplayImage(shown, cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), counts)
