"""Pads images to a size that a model accepts, and crops them back.

Networks fill the outside of an image with zeros, which darkens or brightens the outermost pixels of a result.
A frame of mirrored pixels on all sides takes that, and is cropped.
"""

import cv2
import numpy as np
from torch.nn.functional import pad

from lowlight_cli.images.picture import Pixels, Samples
from lowlight_cli.tensors import Images


def padded_side(side: int, multiple: int, frame: int = 0) -> int:
    """The smallest multiple of ``multiple`` that is at least ``side`` and a frame at both ends."""
    return -(-(side + 2 * frame) // multiple) * multiple


def pad_to_multiple(images: Images, multiple: int, frame: int = 0) -> Images:
    """Adds a frame, and pads right and bottom until height and width are multiples of ``multiple``.

    Args:
        images: Any size from 1x1.
        multiple: At least 1.
        frame: Least number of pixels to add on each side; exactly as many are added left and on top.
    """
    height, width = (padded_side(side, multiple, frame) for side in images.shape[-2:])
    return pad_to(images, height, width, top=frame, left=frame)


def pad_to(images: Images, height: int, width: int, *, top: int = 0, left: int = 0) -> Images:
    """Pads to a size by mirroring, then by repeating the outermost row or column.

    Args:
        images: Images not larger than the size.
        height: Rows of the result.
        width: Columns of the result.
        top: Rows to add on top; all others are added at the bottom.
        left: Columns to add at the left; all others are added at the right.
    """
    rows, columns = images.shape[-2:]
    sides = (left, width - columns - left, top, height - rows - top)
    if not any(sides):
        return images
    mirrored = tuple(
        min(side, size - 1) for side, size in zip(sides, (columns, columns, rows, rows), strict=True)
    )
    repeated = tuple(side - part for side, part in zip(sides, mirrored, strict=True))
    return pad(pad(images, mirrored, mode="reflect"), repeated, mode="replicate")


def pad_pixels_to(pixels: Pixels, height: int, width: int, *, top: int = 0, left: int = 0) -> Samples:
    """As ``pad_to``, for pixels of files.

    Args:
        pixels: An image not larger than the size.
        height: Rows of the result.
        width: Columns of the result.
        top: Rows to add on top; all others are added at the bottom.
        left: Columns to add at the left; all others are added at the right.
    """
    rows, columns = pixels.shape[:2]
    wanted = (top, height - rows - top, left, width - columns - left)
    mirrored = [
        min(side, size - 1) for side, size in zip(wanted, (rows, rows, columns, columns), strict=True)
    ]
    repeated = [side - part for side, part in zip(wanted, mirrored, strict=True)]
    padded: Samples = np.ascontiguousarray(pixels)
    for sides, border in ((mirrored, cv2.BORDER_REFLECT_101), (repeated, cv2.BORDER_REPLICATE)):
        if any(sides):
            up, down, before, after = sides
            padded = cv2.copyMakeBorder(padded, up, down, before, after, border)
    return padded


def crop(images: Images, height: int, width: int, frame: int = 0) -> Images:
    """The image inside its frame, without the padding."""
    return images[..., frame : frame + height, frame : frame + width]
