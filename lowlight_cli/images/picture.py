"""A picture in memory: its frames, and what is needed to write it back as it was."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8, UInt16
from numpy.typing import NDArray

from lowlight_cli.images.color.cicp import ColorCodes
from lowlight_cli.images.metadata.policy import Metadata

Pixels = UInt8[np.ndarray, "h w 3"] | UInt16[np.ndarray, "h w 3"]
"""sRGB, rows first; the whole range of the type is used."""

Samples = NDArray[Any]
"""Whole numbers of 8 or 16 bits, rows first, with any channels."""

Alpha = UInt8[np.ndarray, "h w"] | UInt16[np.ndarray, "h w"]
"""Opacity, of the same depth as the pixels it belongs to."""


class OutOfGamut(NamedTuple):
    """Colors of a wider space that sRGB cannot show.

    Attributes:
        places: Pixels counted row by row, rising, (n,).
        light: What clipping took from each, in amounts of light of sRGB, float32 (n, 3).
    """

    places: NDArray[np.int64]
    light: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a file: the only one, a page, or a moment of an animation.

    Attributes:
        pixels: Upright colors; three equal channels where the file was gray.
        alpha: Opacity, or None for an opaque picture.
        gray: Whether the file held one channel of brightness; the result is then gray too.
        duration_ms: How long an animation shows it; None outside of animations.
        widened: Whether the pixels have 16 bits though the file had 8, for the shadows of another tone curve.
        outside: What the color space of the file had beyond sRGB.
    """

    pixels: Pixels
    alpha: Alpha | None = None
    gray: bool = False
    duration_ms: int | None = None
    widened: bool = False
    out_of_gamut: OutOfGamut | None = None

    @property
    def is_sixteen_bit(self) -> bool:
        """Whether the file had 16 bits per channel."""
        return self.pixels.dtype == np.uint16 and not self.widened

    @property
    def model_input(self) -> Pixels:
        """Pixels for a model: where nothing can be seen, the average of what can."""
        hidden = self._hidden()
        if hidden is None or hidden.all():
            return self.pixels
        filled = self.pixels.copy()
        filled[hidden] = self.pixels[~hidden].mean(axis=0).round().astype(self.pixels.dtype)
        return filled

    def with_pixels(self, pixels: Pixels) -> "Frame":
        """The same frame with other colors, except where nothing can be seen."""
        hidden = self._hidden()
        if hidden is None:
            return replace(self, pixels=pixels)
        kept = pixels.copy()
        kept[hidden] = self.pixels[hidden]
        return replace(self, pixels=kept)

    def _hidden(self) -> NDArray[np.bool_] | None:
        """Where opacity is zero; None where that is nowhere."""
        if self.alpha is None:
            return None
        hidden = self.alpha == 0
        return hidden if hidden.any() else None


@dataclass(frozen=True, slots=True)
class Restore:
    """What a model does not see, kept for the file that is written.

    Attributes:
        format: Name in ``FORMATS`` of what was read.
        metadata: EXIF, XMP and IPTC blocks, fit for an upright copy.
        icc: Color profile that the result shall have; None for plain sRGB. Pixels are sRGB in either case.
        subsampling: Of the color of a JPEG: ``444``, ``422``, ``420`` or another; None for other files.
        loop: How often an animation is shown, 0 for ever; None for a single picture.
        pages: Whether several frames are pages, each a picture of its own, rather than an animation.
        codes: What else names the space of the profile; None where nothing does.
    """

    format: str
    metadata: Metadata = field(default_factory=Metadata)
    icc: bytes | None = None
    subsampling: str | None = None
    loop: int | None = None
    pages: bool = False
    codes: ColorCodes | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """What a file held.

    Attributes:
        frames: At least one; those of an animation have one size and depth, pages need not.
        restore: What a model does not see.
        warnings: Short codes of what could not be kept or done as meant, such as ``metadata``.
    """

    frames: tuple[Frame, ...]
    restore: Restore
    warnings: tuple[str, ...] = ()

    @property
    def pixels(self) -> Pixels:
        """Pixels of the first frame."""
        return self.frames[0].pixels

    @property
    def width(self) -> int:
        """Columns of the first frame."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows of the first frame."""
        return int(self.pixels.shape[0])

    @property
    def pixel_count(self) -> int:
        """Pixels of all frames."""
        return sum(frame.pixels.shape[0] * frame.pixels.shape[1] for frame in self.frames)

    def with_pixels(self, pixels: Sequence[Samples]) -> "Picture":
        """The same picture with other colors, one array for each frame; pages may differ in size."""
        frames = (frame.with_pixels(new) for frame, new in zip(self.frames, pixels, strict=True))
        return replace(self, frames=tuple(frames))


def still(pixels: Pixels, format_name: str = "png") -> Picture:
    """A picture of one frame, without anything to restore.

    Args:
        pixels: What it shows.
        format_name: Name in ``FORMATS``.
    """
    return Picture((Frame(pixels),), Restore(format_name))
