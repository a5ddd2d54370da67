"""Pads images to a size that a model accepts, and crops them back."""

from torch.nn.functional import pad

from lowlight_cli.tensors import Images


def padded_side(side: int, multiple: int) -> int:
    """The smallest multiple of ``multiple`` that is at least ``side``."""
    return -(-side // multiple) * multiple


def pad_to_multiple(images: Images, multiple: int) -> Images:
    """Pads right and bottom until height and width are multiples of ``multiple``.

    Args:
        images: Any size from 1x1.
        multiple: At least 1.
    """
    height, width = images.shape[-2:]
    return pad_to(images, padded_side(height, multiple), padded_side(width, multiple))


def pad_to(images: Images, height: int, width: int) -> Images:
    """Pads right and bottom to a size by mirroring, then by repeating the last row or column.

    Args:
        images: Images not larger than the size.
        height: Rows of the result.
        width: Columns of the result.
    """
    bottom, right = height - images.shape[-2], width - images.shape[-1]
    if not bottom and not right:
        return images
    mirrored_bottom, mirrored_right = min(bottom, images.shape[-2] - 1), min(right, images.shape[-1] - 1)
    mirrored = pad(images, (0, mirrored_right, 0, mirrored_bottom), mode="reflect")
    return pad(mirrored, (0, right - mirrored_right, 0, bottom - mirrored_bottom), mode="replicate")


def crop(images: Images, height: int, width: int) -> Images:
    """The top left part of images, which removes the padding."""
    return images[..., :height, :width]
