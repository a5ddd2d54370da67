"""A picture in memory: its pixels, and what is needed to write it back as it was."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import UInt8, UInt16
from numpy.typing import NDArray

Pixels = UInt8[np.ndarray, "h w 3"] | UInt16[np.ndarray, "h w 3"]
"""sRGB, rows first; the whole range of the type is used."""

Samples = NDArray[Any]
"""Whole numbers of 8 or 16 bits, rows first, with any channels."""

Alpha = UInt8[np.ndarray, "h w"] | UInt16[np.ndarray, "h w"]
"""Opacity, of the same depth as the pixels it belongs to."""


@dataclass(frozen=True, slots=True)
class Restore:
    """What a model does not see, kept for the file that is written.

    Attributes:
        format: Name in ``FORMATS`` of what was read.
        grey: Whether the file held one channel of brightness; the result is then grey too.
        alpha: Opacity, or None for an opaque picture.
        exif: Metadata without orientation, thumbnail and layout tags; empty when there was none.
        icc: Colour profile of the pixels, or None.
    """

    format: str
    grey: bool = False
    alpha: Alpha | None = None
    exif: bytes = b""
    icc: bytes | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """Upright pixels, and what else the file held.

    Attributes:
        pixels: What a model sees.
        restore: What it does not see.
        warnings: Short codes of what could not be kept: ``metadata``.
    """

    pixels: Pixels
    restore: Restore
    warnings: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])
