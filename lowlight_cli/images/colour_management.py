"""Colour profiles made of tables, and those of CMYK, through Little CMS: 8 bits per channel.

Perceptual intent with black point compensation, as photo programs do.
"""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.icc_profile import ProfileError
from lowlight_cli.images.picture import OutOfGamut, Samples

_DAMAGE = (ImageCms.PyCMSError, OSError, ValueError, TypeError)


class TableConversion:
    """Colours of an RGB profile that holds tables; 16 bits are cut to 8 on the way.

    Args:
        icc: The profile.

    Raises:
        ProfileError: Little CMS cannot use it.
    """

    is_exact = False

    def __init__(self, icc: bytes) -> None:
        try:
            profile = ImageCms.ImageCmsProfile(BytesIO(icc))
            srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            self._forth = _transform(profile, srgb, "RGB")
            self._back = _transform(srgb, profile, "RGB")
        except _DAMAGE as error:
            raise ProfileError(f"the colour profile cannot be used: {error}") from error

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of RGB samples (h, w, 3); nothing is kept of what it cannot show."""
        return _apply(self._forth, samples), None

    def from_srgb(
        self, pixels: Samples, outside: OutOfGamut | None, depth: type[np.uint8] | type[np.uint16]
    ) -> Samples:
        """The way back; ``outside`` is None."""
        return in_depth(_apply(self._back, pixels), depth)


def cmyk_to_srgb(image: Image.Image) -> Image.Image:
    """RGB of a CMYK picture, by its profile where it has one that works."""
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
    """A profile that says sRGB; the same bytes at any time."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = bytes(12)  # when it was made
    data[84:100] = bytes(16)  # a hash of everything else
    return bytes(data)


def _transform(
    source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile, mode: str
) -> ImageCms.ImageCmsTransform:
    """A transform to RGB.

    Args:
        source: Profile of what goes in.
        target: Profile of what comes out.
        mode: What Pillow calls the channels that go in.
    """
    intent, flags = ImageCms.Intent.PERCEPTUAL, ImageCms.Flags.BLACKPOINTCOMPENSATION
    return ImageCms.buildTransform(source, target, mode, "RGB", intent, flags)


def _apply(transform: ImageCms.ImageCmsTransform, samples: Samples) -> Samples:
    converted = np.array(transform.apply(Image.fromarray(in_depth(samples, np.uint8))))
    return in_depth(converted, samples.dtype.type)
