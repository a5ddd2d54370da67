"""Limits of one pass through the model: how many pixels fit into memory, tile sizes, and smaller retries."""

import math
from dataclasses import dataclass, replace

import torch

from lowlight_cli.accelerators import accelerator_of
from lowlight_cli.device import FP32, Precision
from lowlight_cli.images.padding import padded_side
from lowlight_cli.models.entry import PassCost

SMALLEST_TILE = 128
"""Smallest tile side in pixels; an image for which even this does not fit into memory fails."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one pass.

    Attributes:
        pixels: Maximum number of pixels in a pass.
        tile: Tile side in pixels; None chooses one by ``pixels``, 0 tiles only images larger than ``most``.
        overlap: Pixels shared by neighboring tiles.
        images: Maximum number of images in a pass; None for no limit.
        most: Pixels that no pass may exceed, even if ``tile`` is set; None for no limit.
        tile_pixels: Maximum number of pixels of a tile whose side is not set; None for ``pixels``.
    """

    pixels: int
    tile: int | None = None
    overlap: int = 64
    images: int | None = None
    most: int | None = None
    tile_pixels: int | None = None

    def tile_side(self, height: int, width: int, multiple: int, frame: int = 0) -> int:
        """Tile side in pixels for an image; 0 if it is processed whole.

        Args:
            height: Height in pixels.
            width: Width in pixels.
            multiple: Sides are multiples of this.
            frame: Pixels added on each side of an image before; they do not count against ``tile``.
        """
        area = padded_area(height, width, multiple, frame)
        if self.tile:
            side = largest_tile(self._at_most(self.tile**2), multiple)
            return side if max(height, width) > side or area > self._at_most(area) else 0
        fitting = self._at_most(self.pixels if self.tile is None else area)
        if area <= fitting:
            return 0
        return largest_tile(min(fitting, self.tile_pixels or fitting), multiple)

    def count(self, height: int, width: int, multiple: int, frame: int = 0) -> int:
        """Number of images of one size that fit into a pass.

        Args:
            height: Height in pixels.
            width: Width in pixels.
            multiple: Sides are padded to multiples of this.
            frame: Pixels added on each side before.
        """
        if self.tile_side(height, width, multiple, frame):
            return 1
        fitting = max(1, self._at_most(self.pixels) // padded_area(height, width, multiple, frame))
        return min(fitting, self.images or fitting)

    def _at_most(self, pixels: int) -> int:
        return pixels if self.most is None else min(pixels, self.most)

    def halved(
        self, height: int, width: int, multiple: int, frame: int = 0, *, count: int
    ) -> "Limits | None":
        """Limits for a retry after a pass ran out of memory: half as many images, or half the tile side.

        Args:
            height: Height of each image in pixels.
            width: Width of each image in pixels.
            multiple: Sides are padded to multiples of this.
            frame: Pixels added on each side before.
            count: Number of images in the pass.

        Returns:
            None if a single tile of ``SMALLEST_TILE`` did not fit.
        """
        area = padded_area(height, width, multiple, frame)
        if count > 1:
            return replace(self, pixels=count // 2 * area)
        side = self.tile_side(height, width, multiple, frame)
        before = side or math.isqrt(area)
        after = largest_tile(max(before // 2, SMALLEST_TILE) ** 2, multiple)
        if after >= before:
            return None
        return replace(self, pixels=min(self.pixels, after**2), tile=after if side and self.tile else None)


def padded_area(height: int, width: int, multiple: int, frame: int = 0) -> int:
    """Number of pixels of an image with its frame after its sides are padded to multiples.

    Args:
        height: Height in pixels.
        width: Width in pixels.
        multiple: At least 1.
        frame: Pixels added on each side before.
    """
    return padded_side(height, multiple, frame) * padded_side(width, multiple, frame)


def largest_tile(pixels: int, multiple: int) -> int:
    """Side of the largest square of at most ``pixels`` pixels; at least twice ``multiple``.

    Args:
        pixels: Maximum area.
        multiple: The side is a multiple of this.
    """
    return max(math.isqrt(pixels) // multiple, 2) * multiple


MOST_ELEMENTS = 2**31 - 1
"""Maximum number of elements of a tensor.

More need 64-bit indices, with which some kernels gave zeros without an error until pytorch#141923 (nearest
upsampling) or raised an error until pytorch#185788 (bilinear)."""

CPU_BYTES = 9 * 2**29
"""Memory for a pass on a CPU, 4.5 GiB: fixed, so that results do not depend on the machine."""

CPU_PIXELS = 2**21
"""Maximum number of pixels of a pass on a CPU; larger passes are not faster."""

CPU_TILE_PIXELS = 704**2
"""Maximum number of pixels of a tile on a CPU.

Its caches hold more of a smaller tile: an image of 3.2 megapixels took 0.77 s per megapixel in tiles of 704,
0.96 in tiles of 1448 (default model, 2 cores)."""

GPU_FREE_BYTES = 2**30
"""Memory left free on a GPU for workspaces of cuDNN and cuBLAS, which hardly grow with the image."""

GPU_MARGIN = 1.3
"""Factor on the cost for memory that it omits: copies of the engine, fragmentation."""

GPU_FP32_WORKSPACE = 1.2
"""Further factor in float32 without TF32, where workspaces of cuDNN grow with the pass.

Beyond the GiB that is left free, passes of 8 and 32 images of 600x400 took up to 1.36 times the cost
(``drgn`` on an H200), and the cost at most in all other formats."""

GPU_PIXELS = (2**16, 2**25)
"""Minimum number of pixels of a pass on a GPU, tried even if memory seems short, and maximum.

Larger passes are not faster."""


def pass_pixels(device: torch.device, cost: PassCost, precision: Precision) -> int:
    """Number of pixels that fit into one pass; larger images are tiled.

    Args:
        device: Device that already holds the model; for a GPU its free memory counts.
        cost: Memory and tensor elements that the model needs per pixel.
        precision: Number format of the pass; a GPU needs more memory in float32.
    """
    accelerator = accelerator_of(device)
    if accelerator is None:
        fitting = _fitting_cpu(cost)
    else:
        fitting = _fitting_gpu(accelerator.free_bytes(device), cost, precision)
    return min(fitting, most_pixels(cost))


def most_pixels(cost: PassCost) -> int:
    """Number of pixels that no pass may exceed, regardless of memory.

    Args:
        cost: Memory and tensor elements that the model needs per pixel.
    """
    return MOST_ELEMENTS // cost.elements_per_pixel


def _fitting_gpu(free: int, cost: PassCost, precision: Precision) -> int:
    fewest, most = GPU_PIXELS
    margin = GPU_MARGIN * (GPU_FP32_WORKSPACE if precision == FP32 else 1)
    return min(max(int((free - GPU_FREE_BYTES) / (margin * cost.bytes_per_pixel)), fewest), most)


def _fitting_cpu(cost: PassCost) -> int:
    return min(CPU_PIXELS, CPU_BYTES // cost.bytes_per_pixel)
