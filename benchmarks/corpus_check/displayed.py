"""Samples of a file -> what a viewer shows of them on an sRGB screen, by its profile or its color chunks.

Sources: Little CMS for ICC profiles; ITU-T H.273 for primaries and transfer functions (CICP, nclx); PNG third
edition, chapter 11.3 for cICP, iCCP, sRGB, gAMA and cHRM, in this order.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Floats = NDArray[np.float32]

_CHROMATICITIES = {
    1: (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290),
    4: (0.670, 0.330, 0.210, 0.710, 0.140, 0.080, 0.3100, 0.3160),
    5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, 0.3127, 0.3290),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3140, 0.3510),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
"""Code of primaries -> x and y of red, green, blue and white."""

_REFERENCE_WHITE = 203.0
"""Light of a white page in cd/m2 in HDR signals (ITU-R BT.2408)."""


@dataclass(frozen=True, slots=True)
class ColorTags:
    """What a file says about its colors; the first that is there counts.

    Attributes:
        cicp: Codes of primaries and transfer function.
        icc: Profile.
        gamma: Exponent that samples were encoded with, as ``gAMA`` says.
        chromaticities: As ``cHRM`` says: x and y of red, green, blue and white.
    """

    cicp: tuple[int, int] | None = None
    icc: bytes | None = None
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None


def png_tags(data: bytes, icc: bytes | None) -> ColorTags:
    """Color tags of a PNG file.

    Args:
        data: The file.
        icc: Its profile, unpacked.
    """
    chunks = dict(_png_chunks(data))
    cicp = (chunks[b"cICP"][0], chunks[b"cICP"][1]) if len(chunks.get(b"cICP", b"")) == 4 else None
    if icc or b"sRGB" in chunks or len(chunks.get(b"gAMA", b"")) != 4:
        return ColorTags(cicp, icc)
    gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 100_000
    numbers = struct.unpack(">8I", chunks[b"cHRM"]) if len(chunks.get(b"cHRM", b"")) == 32 else None
    ordered = None if numbers is None else tuple(each / 100_000 for each in (*numbers[2:], *numbers[:2]))
    # 1/2.2 and these primaries are what programs write that mean sRGB.
    srgb = ordered is None or np.allclose(ordered, _CHROMATICITIES[1], atol=0.002)
    usual = abs(gamma - 0.45455) < 0.005 and srgb
    return ColorTags(cicp, icc, None if usual or not gamma else gamma, None if srgb else ordered)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of the chunks before the image data."""
    place = 8
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"IDAT":
            return
        yield kind, data[place + 8 : place + 8 + size]
        place += 12 + size


def heif_tags(data: bytes, icc: bytes | None) -> ColorTags:
    """Color tags of an AVIF or HEIF file; a profile goes before codes.

    Args:
        data: The file.
        icc: Its profile.
    """
    place = data.find(b"colrnclx")
    if icc or place < 0:
        return ColorTags(icc=icc)
    primaries, transfer = struct.unpack_from(">HH", data, place + 8)
    return ColorTags((primaries, transfer))


def shown(image: Image.Image, tags: ColorTags) -> Floats:
    """Colors on an sRGB screen in 0 to 255, of shape (rows, columns, 3).

    Args:
        image: Samples of 8 bits: L, RGB, CMYK or LAB; no opacity.
        tags: What they mean.
    """
    if tags.icc and not tags.cicp and (converted := _through_profile(image, tags.icc)) is not None:
        return np.asarray(converted, np.float32)
    values = np.asarray(image.convert("RGB"), np.float32)
    if tags.cicp and tags.cicp != (1, 13):
        return _srgb_values(_light(values / 255, tags.cicp[1]), _CHROMATICITIES.get(tags.cicp[0]))
    if not tags.cicp and tags.gamma:
        return _srgb_values((values / 255) ** (1 / tags.gamma), tags.chromaticities)
    return values


def _through_profile(image: Image.Image, icc: bytes) -> Image.Image | None:
    """The image in sRGB; None where the profile is broken or of other channels."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        wanted = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "Lab": "LAB"}.get(space)
        if wanted is None or (image.mode == "CMYK") != (wanted == "CMYK"):
            return None
        return ImageCms.profileToProfile(
            image if image.mode == wanted else image.convert(wanted),
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.PERCEPTUAL,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _light(values: Floats, transfer: int) -> Floats:
    """Encoded values -> amounts of light, of which 1 is white."""
    if transfer == 8:
        return values
    if transfer in (4, 5):
        return values ** (2.2 if transfer == 4 else 2.8)
    if transfer == 16:  # SMPTE ST 2084
        root = values ** (1 / 78.84375)
        light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return light ** (1 / 0.1593017578125) * (10_000 / _REFERENCE_WHITE)
    if transfer == 18:  # ARIB STD-B67, on a screen of 1000 cd/m2
        scene = np.where(
            values <= 0.5, values**2 / 3, (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12
        )
        return scene**1.2 * (1000 / _REFERENCE_WHITE)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _srgb_values(light: Floats, chromaticities: tuple[float, ...] | None) -> Floats:
    """Light under some primaries -> sRGB in 0 to 255, cut at black and white."""
    if chromaticities is not None:
        matrix = np.linalg.inv(_to_xyz(_CHROMATICITIES[1])) @ _to_xyz(chromaticities)
        matrix /= matrix.sum(1, keepdims=True)  # white stays white
        light = light @ matrix.T.astype(np.float32)
    light = light.clip(0, 1)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (encoded * 255).astype(np.float32)


def _to_xyz(chromaticities: tuple[float, ...]) -> NDArray[np.float64]:
    points = np.array(chromaticities).reshape(4, 2)
    colors = np.stack([points[:, 0] / points[:, 1], np.ones(4), (1 - points.sum(1)) / points[:, 1]])
    return colors[:, :3] * np.linalg.solve(colors[:, :3], colors[:, 3])
