"""Converts between pixels of files and float tensors for models."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from lowlight_cli.images.picture import Pixels
from lowlight_cli.tensors import Images


def to_images(pixels: Sequence[Pixels], device: torch.device | None = None) -> Images:
    """Stacks images of one size and depth into a float32 batch in [0, 1].

    The batch has the memory format channels-last, which makes convolutions faster.

    Args:
        pixels: At least one image.
        device: Device of the batch; the scaling is done there.
    """
    stack = np.stack(pixels)
    if stack.dtype == np.uint16:  # torch has few operations on it
        return torch.from_numpy(stack.astype(np.float32)).to(device).permute(0, 3, 1, 2).div_(65535)
    return torch.from_numpy(stack).to(device).permute(0, 3, 1, 2).float().div_(255)


def to_pixels(images: Images, *, sixteen_bit: bool) -> list[Pixels]:
    """Rounds a batch to 16 bits per channel, or 8; clamps values to [0, 1]."""
    scaled = images.detach().float().clamp(0, 1).mul_(65535 if sixteen_bit else 255).round_()
    stored = scaled.to(torch.int32 if sixteen_bit else torch.uint8)
    rows = stored.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return list(rows.astype(np.uint16) if sixteen_bit else rows)


def shrink(pixels: Pixels, max_pixels: int, multiple: int = 1) -> Images:
    """An image as a batch of one, averaged down to about ``max_pixels`` if it is larger.

    An image that is too large is padded to multiples first, as by ``pad_to_multiple``, so that the copy shows
    the same area as a model's input. Sides of the copy are multiples, too, so its aspect ratio changes a bit.

    Args:
        pixels: One image.
        max_pixels: Upper limit of the pixels of the result, unless a side is a single multiple.
        multiple: Sides of a smaller copy, and of the padded image, are multiples of it.
    """
    height, width = pixels.shape[:2]
    if height * width <= max_pixels:
        return to_images([pixels])
    bottom, right = -height % multiple, -width % multiple
    padded = cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_REFLECT_101)
    height, width = padded.shape[:2]
    scale = (max_pixels / (height * width)) ** 0.5
    shorter = max(1, int(min(height, width) * scale / multiple)) * multiple
    longer = max(1, int(min(max_pixels / shorter, max(height, width) * scale) / multiple)) * multiple
    size = (shorter, longer) if width <= height else (longer, shorter)
    # In float32, because averages of a dark image lie between its few integer levels.
    top = np.float32(np.iinfo(pixels.dtype).max)
    planes = [
        cv2.resize(padded[..., i].astype(np.float32), size, interpolation=cv2.INTER_AREA) / top
        for i in range(3)
    ]
    return torch.from_numpy(np.dstack(planes)).permute(2, 0, 1)[None]
