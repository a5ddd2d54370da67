"""Color profiles made of tables, and those of CMYK, through Little CMS: 8 bits per channel.

Tables of RGB are asked for the colors themselves (relative colorimetric): their two directions undo each
other, and the perceptual tables of version 4 take the deepest shadows for black. Inks take perceptual intent.
Both with black point compensation, as photo programs do.
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
    """Colors of an RGB profile that holds tables; 16 bits are cut to 8 on the way.

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
        except _DAMAGE as error:
            raise ProfileError(f"the color profile cannot be used: {error}") from error
        self._back: ImageCms.ImageCmsTransform | None = None
        with suppress(*_DAMAGE):  # some profiles have tables for one direction only
            self._back = _transform(srgb, profile, "RGB")

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of RGB samples (h, w, 3); nothing is kept of what it cannot show."""
        return _apply(self._forth, samples), None

    def from_srgb(
        self, pixels: Samples, out_of_gamut: OutOfGamut | None, depth: type[np.uint8] | type[np.uint16]
    ) -> Samples:
        """The way back; ``out_of_gamut`` is None.

        Raises:
            ProfileError: There is none.
        """
        if self._back is None:
            raise ProfileError("the color profile has no way back")
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
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "CMYK":
        return ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL, flags)
    # Each pixel by itself: the grid that Little CMS makes for speed is off by up to 13 of 255.
    flags |= ImageCms.Flags.NOOPTIMIZE
    return ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)


def _apply(transform: ImageCms.ImageCmsTransform, samples: Samples) -> Samples:
    converted = np.array(transform.apply(Image.fromarray(in_depth(samples, np.uint8))))
    return in_depth(converted, samples.dtype.type)
