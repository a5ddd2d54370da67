"""Converts frames to the colors, depth and channels of an output format, and writes TIFF."""

from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
import tifffile

from lowlight_cli.images.color.cicp import ColorCodes
from lowlight_cli.images.color.color_management import plain_srgb
from lowlight_cli.images.color.convert import Conversion, conversion_back
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.formats import FORMATS
from lowlight_cli.images.picture import Frame, Picture, Samples
from lowlight_cli.images.settings import WriteSettings

_FORMATS_WITHOUT_PROFILE = ("gif",)


@dataclass(frozen=True, slots=True)
class Content:
    """Samples and color information, ready for an encoder.

    Attributes:
        samples: For each frame uint8 or uint16 (h, w, channels): gray or RGB, with or without opacity.
        durations_ms: How long each frame is shown; None if not stated.
        icc: Color profile, or None for sRGB.
        codes: Color code points of the same space as the profile, or None.
        loop: How often an animation plays, 0 for ever; None if not stated.
    """

    samples: tuple[Samples, ...]
    durations_ms: tuple[int | None, ...]
    icc: bytes | None
    codes: ColorCodes | None
    loop: int | None


def content_of(picture: Picture, format_name: str, settings: WriteSettings) -> Content:
    """The part of an image that a file of a format can hold.

    Args:
        picture: The image to write.
        format_name: Name in ``FORMATS``.
        settings: How to write it.
    """
    icc, conversion = _profile(picture, format_name, settings)
    is_animated = len(picture.frames) > 1
    samples = tuple(
        _samples(frame, conversion, format_name, settings, is_animated=is_animated)
        for frame in picture.frames
    )
    durations = tuple(frame.duration_ms for frame in picture.frames)
    codes = picture.restore.codes if icc is not None and icc == picture.restore.icc else None
    return Content(samples, durations, icc, codes, picture.restore.loop)


def _profile(
    picture: Picture, format_name: str, settings: WriteSettings
) -> tuple[bytes | None, Conversion | None]:
    """The profile of the output, and the conversion from sRGB to it."""
    icc = picture.restore.icc
    if icc is None or format_name in _FORMATS_WITHOUT_PROFILE:
        return None, None
    gray = all(frame.gray for frame in picture.frames)
    is_for_gray = icc[16:20] == b"GRAY"
    if settings.icc == "srgb":
        return None if gray and FORMATS[format_name].keeps_gray else plain_srgb(), None
    if (gray or is_for_gray) and not (gray and FORMATS[format_name].keeps_gray):
        return None, None  # gray pixels are in sRGB, and a format without gray cannot use a gray profile
    return icc, conversion_back(icc, gray=gray)


def _samples(
    frame: Frame,
    conversion: Conversion | None,
    format_name: str,
    settings: WriteSettings,
    *,
    is_animated: bool,
) -> Samples:
    """Samples of one frame.

    Args:
        frame: The frame to write.
        conversion: From sRGB to the colors of the file, or None.
        format_name: Name in ``FORMATS``.
        settings: How to write it.
        is_animated: Whether the image has several frames.
    """
    form = FORMATS[format_name]
    wants_sixteen_bit = frame.is_sixteen_bit if settings.bit_depth == "keep" else settings.bit_depth == "16"
    # Pillow writes animations, and only in 8 bits.
    can_hold_sixteen_bit = form.keeps_16_bit and not (is_animated and form.holds == "animation")
    depth = np.uint16 if wants_sixteen_bit and can_hold_sixteen_bit else np.uint8
    pixels, alpha = frame.pixels, frame.alpha
    if alpha is not None and not form.keeps_alpha:
        pixels, alpha = _flattened(pixels, alpha, settings), None
    if frame.gray:
        # The model may have added color; gray inputs stay gray.
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    color = (
        in_depth(pixels, depth)
        if conversion is None
        else conversion.from_srgb(pixels, frame.out_of_gamut, depth)
    )
    if frame.gray and form.keeps_gray:
        color = color[..., :1]
    return color if alpha is None else np.dstack((color, in_depth(alpha, depth)))


def _flattened(pixels: Samples, alpha: Samples, settings: WriteSettings) -> Samples:
    """Pixels blended with the background color."""
    top, depth = np.iinfo(pixels.dtype).max, pixels.dtype.type
    background = np.array(settings.flatten or (0, 0, 0), np.float32) * np.float32(top / 255)
    share = in_depth(alpha, depth).astype(np.float32)[..., None] / np.float32(top)
    return np.rint(background + (pixels - background) * share).astype(depth)


_BIG = 2**32 - 2**26
"""Bytes of pixels above which a file may need 64-bit offsets."""


def write_tiff_file(content: Content, settings: WriteSettings) -> bytes:
    """A lossless TIFF, compressed with Deflate."""
    file = BytesIO()
    big = sum(samples.nbytes for samples in content.samples) > _BIG
    with tifffile.TiffWriter(file, bigtiff=big) as writer:
        for samples in content.samples:
            channels = samples.shape[2]
            writer.write(
                samples[..., 0] if channels == 1 else samples,
                photometric="minisblack" if channels < 3 else "rgb",
                planarconfig="contig" if channels > 1 else None,
                extrasamples=["unassalpha"] if channels in (2, 4) else None,
                compression="adobe_deflate" if settings.compression else None,
                compressionargs={"level": settings.compression} if settings.compression else None,
                predictor=bool(settings.compression),
                iccprofile=content.icc,
                metadata=None,
                software=False,
                maxworkers=1,
            )
    return file.getvalue()
