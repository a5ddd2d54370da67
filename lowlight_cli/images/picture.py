"""Holds a decoded image: its frames, and what is needed to write it back like its input."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8, UInt16
from numpy.typing import NDArray

from lowlight_cli.images.color.cicp import ColorCodes
from lowlight_cli.images.metadata.policy import Metadata

Pixels = UInt8[np.ndarray, "h w 3"] | UInt16[np.ndarray, "h w 3"]
"""sRGB over the full range of the type."""

Samples = NDArray[Any]
"""uint8 or uint16, usually (h, w, channels)."""

Alpha = UInt8[np.ndarray, "h w"] | UInt16[np.ndarray, "h w"]
"""Opacity over the full range of the type; 0 is transparent."""


class OutOfGamut(NamedTuple):
    """Colors of a wider color space that lie outside of sRGB.

    Attributes:
        places: Indices of the pixels, counted row by row, in ascending order, (n,).
        light: Difference between the color and its clipped value, in linear sRGB, float32 (n, 3).
    """

    places: NDArray[np.int64]
    light: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a file: the only one, a page, or a frame of an animation.

    Attributes:
        pixels: Upright colors; three equal channels for a gray file.
        alpha: Opacity, or None for an opaque image.
        gray: Whether the file had one channel of brightness; then the output has, too.
        duration_ms: How long an animation shows it; None outside of animations.
        widened: Whether the pixels have 16 bits although the file had 8, to keep the shadows of its curve.
        out_of_gamut: Colors of the file that lie outside of sRGB.
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
        """Pixels for a model: fully transparent ones are replaced by the mean of the others."""
        hidden = self._hidden()
        if hidden is None or hidden.all():
            return self.pixels
        filled = self.pixels.copy()
        filled[hidden] = self.pixels[~hidden].mean(axis=0).round().astype(self.pixels.dtype)
        return filled

    def with_pixels(self, pixels: Pixels) -> "Frame":
        """The frame with new pixels; fully transparent ones keep their colors."""
        hidden = self._hidden()
        if hidden is None:
            return replace(self, pixels=pixels)
        kept = pixels.copy()
        kept[hidden] = self.pixels[hidden]
        return replace(self, pixels=kept)

    def _hidden(self) -> NDArray[np.bool_] | None:
        """Mask of fully transparent pixels; None if there are none."""
        if self.alpha is None:
            return None
        hidden = self.alpha == 0
        return hidden if hidden.any() else None


@dataclass(frozen=True, slots=True)
class Restore:
    """What the output takes from the input besides pixels.

    Attributes:
        format: Name in ``FORMATS`` of the input's format.
        metadata: EXIF, XMP and IPTC blocks, adapted to an upright copy.
        icc: Color profile of the output; None for plain sRGB. ``Frame.pixels`` are sRGB in either case.
        subsampling: Chroma subsampling of a JPEG, ``444``, ``422`` or ``420``; None for others.
        loop: How often an animation plays, 0 for ever; None for a still image.
        pages: Whether several frames are separate pages rather than an animation.
        codes: Color code points of the same space as the profile; None if the input named none.
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
    """A decoded image file.

    Attributes:
        frames: At least one. Frames of an animation have the same size and depth; pages can differ.
        restore: What the output takes from the input besides pixels.
        warnings: Codes of ``warnings.WARNING_TEXTS`` for what could not be read or kept.
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
        """The image with new pixels, one array for each frame."""
        frames = (frame.with_pixels(new) for frame, new in zip(self.frames, pixels, strict=True))
        return replace(self, frames=tuple(frames))


def still(pixels: Pixels, format_name: str = "png") -> Picture:
    """An image of one frame, without metadata or profile.

    Args:
        pixels: Its pixels.
        format_name: Name in ``FORMATS``.
    """
    return Picture((Frame(pixels),), Restore(format_name))
