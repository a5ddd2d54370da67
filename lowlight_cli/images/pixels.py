"""Converts between pixels of files and float tensors for models."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from lowlight_cli.images.padding import pad_pixels_to, pad_to_multiple, padded_side
from lowlight_cli.images.picture import Pixels, Samples
from lowlight_cli.tensors import Images


def to_images(pixels: Sequence[Pixels], device: torch.device | None = None) -> Images:
    """Stacks images of one size and depth into a float32 batch in [0, 1].

    The batch has the memory format channels-last, which makes convolutions faster.

    Args:
        pixels: At least one image.
        device: Device of the batch; the scaling is done there.
    """
    return scaled_images(bits_of(np.stack(pixels)).to(device))


def to_pixels(images: Images, *, sixteen_bit: bool) -> list[Pixels]:
    """Rounds a batch to 16 bits per channel, or 8; clamps values to [0, 1]."""
    rows = rounded_rows(images.detach().float(), sixteen_bit=sixteen_bit).cpu().numpy()
    return list(rows.view(np.uint16) if sixteen_bit else rows)


_HALF = 2**15
"""PyTorch has few operations on uint16, so tensors hold the bits of 16-bit pixels as int16."""


def bits_of(pixels: Samples) -> Tensor:
    """Pixels of files as a tensor on their memory: uint8, or int16 with the bits of uint16."""
    return torch.from_numpy(pixels.view(np.int16) if pixels.dtype == np.uint16 else pixels)


def scaled_images(bits: Tensor) -> Images:
    """A float32 batch in [0, 1], channels last in memory, on the device of the pixels.

    Args:
        bits: Pixels as ``bits_of`` gives them, (b, h, w, 3).
    """
    is_deep = bits.dtype == torch.int16
    values = (bits.int() & 0xFFFF).float() if is_deep else bits.float()
    return values.permute(0, 3, 1, 2).div_(65535 if is_deep else 255)


def rounded_rows(images: Images, *, sixteen_bit: bool) -> Tensor:
    """A float32 batch, clamped to [0, 1] and rounded: uint8, or int16 with the bits of uint16, (b, h, w, 3).

    Args:
        images: On any device.
        sixteen_bit: Whether the pixels have 16 bits, not 8.
    """
    scaled = images.clamp(0, 1).mul_(65535 if sixteen_bit else 255).round_().permute(0, 2, 3, 1)
    if not sixteen_bit:
        return scaled.to(torch.uint8).contiguous()
    whole = scaled.int()
    return torch.where(whole < _HALF, whole, whole - 2 * _HALF).to(torch.int16).contiguous()


def shrink(pixels: Pixels, max_pixels: int, multiple: int = 1, frame: int = 0) -> Images:
    """An image as a batch of one, padded and averaged down to about ``max_pixels`` if it is larger.

    It is padded as by ``pad_to_multiple``, so that the copy shows the same area as a model's input. Sides of
    a smaller copy are multiples, too, so its aspect ratio changes a bit.

    Args:
        pixels: One image.
        max_pixels: Upper limit of the pixels of the result, unless a side is a single multiple.
        multiple: Sides of a smaller copy, and of the padded image, are multiples of it.
        frame: Least number of pixels to add on each side of the image.
    """
    height, width = pixels.shape[:2]
    if height * width <= max_pixels:
        return pad_to_multiple(to_images([pixels]), multiple, frame)
    height, width = (padded_side(side, multiple, frame) for side in (height, width))
    padded = pad_pixels_to(pixels, height, width, top=frame, left=frame)
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
