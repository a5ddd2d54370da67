"""Converts between ``Picture`` and PIL images or NumPy arrays."""

from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from lowlight_cli.errors import UsageError
from lowlight_cli.images.codecs.prepare_output import content_of
from lowlight_cli.images.frames import colors_of, make_frame
from lowlight_cli.images.picture import Picture, Restore, Samples
from lowlight_cli.images.settings import WriteSettings

AnyImage = TypeVar("AnyImage", Image.Image, np.ndarray)
"""A PIL image, or an array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4): uint8, uint16, or float in [0, 1]."""

_MODES = ("L", "LA", "RGB", "RGBA", "I;16")
_CONVERTED = {"1": "L", "La": "LA", "RGBa": "RGBA", "PA": "RGBA"}
_CONVERTED |= dict.fromkeys(("I", "I;16L", "I;16B"), "I;16")


def picture_of(image: Image.Image | np.ndarray) -> Picture:
    """A ``Picture`` of an array, or of a PIL image from ``upright``; see ``AnyImage``.

    Raises:
        UsageError: It has an unsupported shape, type or mode.
    """
    icc: object = None
    if isinstance(image, Image.Image):
        icc = image.info.get("icc_profile")
        samples = np.asarray(image)
    else:
        samples = _whole_numbers(image)
    if samples.ndim == 2:
        samples = samples[..., None]
    colors = colors_of(icc, gray=samples.shape[2] < 3, sixteen_bit=samples.dtype == np.uint16)
    return Picture((make_frame(samples, colors),), Restore("png", icc=colors.icc, codes=colors.codes))


def upright(image: AnyImage) -> AnyImage:
    """A PIL image rotated by its EXIF orientation, in a supported mode; an array as it is."""
    if not isinstance(image, Image.Image):
        return image
    turned = ImageOps.exif_transpose(image)
    if turned.mode in _MODES:
        return turned
    if turned.mode == "P":
        return turned.convert("RGBA" if "transparency" in turned.info else "RGB")
    return turned.convert(_CONVERTED.get(turned.mode, "RGB"))


def _whole_numbers(array: Samples) -> Samples:
    """uint8 and uint16 as they are, and floats in [0, 1] as uint16.

    Raises:
        UsageError: The array has an unsupported shape or type.
    """
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if not is_image or 0 in array.shape:
        raise UsageError(
            f"an array of shape {array.shape} is not an image; use (h, w), (h, w, 3) or (h, w, 4)"
        )
    if array.dtype in (np.uint8, np.uint16):
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise UsageError(f"an array of {array.dtype} is not an image; use uint8, uint16, or float in [0, 1]")
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
        raise UsageError("an image of floats must have values in [0, 1]")
    return np.rint(array.astype(np.float64) * 65535).astype(np.uint16)


def like(image: AnyImage, result: Picture) -> AnyImage:
    """The result in the class, mode, shape and type of an image from ``upright``."""
    content = content_of(result, "png", WriteSettings())
    samples = content.samples[0]
    if isinstance(image, Image.Image):
        made = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
        made.info = {key: value for key, value in image.info.items() if key in ("exif", "dpi")}
        if content.icc:
            made.info["icc_profile"] = content.icc
        return made
    samples = samples.reshape(image.shape)
    return samples if image.dtype == samples.dtype else (samples / 65535).astype(image.dtype)
