"""Converts colors of table-based and CMYK profiles through Little CMS, with 8 bits per channel.

RGB profiles are used with relative colorimetric intent: their two directions are inverse to each other, while
the perceptual tables of ICC version 4 map the deepest shadows to black. CMYK uses perceptual intent. Both use
black point compensation, as photo editors do.
"""

from contextlib import suppress
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from lowlight_cli.images.color.icc_profile import ProfileError
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import OutOfGamut, Samples

_DAMAGE = (ImageCms.PyCMSError, OSError, ValueError, TypeError)


class TableConversion:
    """Converts between sRGB and an RGB profile with tables; 16 bits are reduced to 8 in between.

    Args:
        icc: The profile.

    Raises:
        ProfileError: Little CMS cannot use the profile.
    """

    is_exact = False

    def __init__(self, icc: bytes) -> None:
        try:
            profile = ImageCms.ImageCmsProfile(BytesIO(icc))
            srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            self._forth = _transform(profile, srgb, "RGB")
        except _DAMAGE as error:
            raise ProfileError(f"the color profile cannot be used: {error}") from error
        self._back: ImageCms.ImageCmsTransform | None = None
        with suppress(*_DAMAGE):  # some profiles have tables for one direction only
            self._back = _transform(srgb, profile, "RGB")

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of RGB samples (h, w, 3); out-of-gamut colors are clipped and not kept."""
        return _apply(self._forth, samples), None

    def from_srgb(
        self, pixels: Samples, out_of_gamut: OutOfGamut | None, depth: type[np.uint8] | type[np.uint16]
    ) -> Samples:
        """Samples in the profile's space; ``out_of_gamut`` must be None.

        Raises:
            ProfileError: The profile has tables for reading only.
        """
        if self._back is None:
            raise ProfileError("the color profile cannot be written to")
        return in_depth(_apply(self._back, pixels), depth)


def cmyk_to_srgb(image: Image.Image) -> Image.Image:
    """RGB of a CMYK image, by its profile if it has a usable one."""
    icc = image.info.get("icc_profile")
    if not icc:
        return image.convert("RGB")
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        converted = _transform(profile, srgb, "CMYK").apply(image)
    except _DAMAGE:
        return image.convert("RGB")
    return converted


def plain_srgb() -> bytes:
    """An sRGB profile, always with the same bytes."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = bytes(12)  # date of creation
    data[84:100] = bytes(16)  # profile ID, a hash of the rest
    return bytes(data)


def _transform(
    source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile, mode: str
) -> ImageCms.ImageCmsTransform:
    """A transform to RGB.

    Args:
        source: Profile of the input.
        target: Profile of the output.
        mode: Pillow's mode of the input.
    """
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "CMYK":
        return ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL, flags)
    # Exact per pixel: the lookup grid that Little CMS builds for speed is off by up to 13 of 255.
    flags |= ImageCms.Flags.NOOPTIMIZE
    return ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)


def _apply(transform: ImageCms.ImageCmsTransform, samples: Samples) -> Samples:
    converted = np.array(transform.apply(Image.fromarray(in_depth(samples, np.uint8))))
    return in_depth(converted, samples.dtype.type)
