"""Stacks the images of a pass in one piece of memory, which crosses the bus as a whole.

A file of its own, because what the host does with pixels has nothing to do with queues and graphs of a GPU.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lowlight_cli.images.padding import pad_pixels_to, padded_side
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.pixels import bits_of


class Stack(NamedTuple):
    """Images of one depth.

    Attributes:
        pixels: On the CPU, uint8 or int16 (see ``bits_of``), (b, h, w, 3).
        is_framed: Whether images have their frame and padding already, as they do if their sizes differ.
    """

    pixels: Tensor
    is_framed: bool


def stacked(pictures: Sequence[Samples], multiple: int, frame: int, *, is_pinned: bool) -> Stack:
    """Copies images into new memory.

    Args:
        pictures: Images of one depth and one padded size.
        multiple: Sides are padded to multiples of this.
        frame: Pixels added on each side before.
        is_pinned: Whether the memory is pinned.
    """
    first = pictures[0]
    height, width = first.shape[:2]
    is_framed = any(each.shape != first.shape for each in pictures)
    if is_framed:
        height, width = (padded_side(side, multiple, frame) for side in (height, width))
        pictures = [pad_pixels_to(each, height, width, top=frame, left=frame) for each in pictures]
    dtype = bits_of(np.empty(0, first.dtype)).dtype
    stack = torch.empty((len(pictures), height, width, 3), dtype=dtype, pin_memory=is_pinned)
    # NumPy reads any strides, and arrays that must not be written.
    np.stack(pictures, out=stack.numpy().view(first.dtype))
    return Stack(stack, is_framed)
