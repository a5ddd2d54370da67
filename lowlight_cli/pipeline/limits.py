"""How much is computed at a time, and what to try next when it was too much."""

import math
from dataclasses import dataclass, replace

import torch

from lowlight_cli.images.padding import padded_side
from lowlight_cli.models.entry import PassCost

SMALLEST_TILE = 128
"""Pixels along a side; when even this does not fit into memory, the picture fails."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is computed at a time.

    Attributes:
        pixels: Pixels in one pass.
        tile: Side of a tile in pixels; None chooses one by ``pixels``, 0 never cuts a picture that fits.
        overlap: Pixels shared by neighboring tiles.
        pictures: Pictures in one pass.
        most: Pixels that no pass may exceed, whatever ``tile`` says; None for any number.
    """

    pixels: int
    tile: int | None = None
    overlap: int = 64
    pictures: int | None = None
    most: int | None = None

    def tile_side(self, height: int, width: int, multiple: int) -> int:
        """Side of the tiles for a picture of this size; 0 where it goes as a whole.

        Args:
            height: Rows.
            width: Columns.
            multiple: Sides are multiples of it.
        """
        if self.tile:
            side = largest_tile(self._at_most(self.tile**2), multiple)
            return side if max(height, width) > side else 0
        area = padded_area(height, width, multiple)
        fitting = self._at_most(self.pixels if self.tile is None else area)
        return 0 if area <= fitting else largest_tile(fitting, multiple)

    def count(self, height: int, width: int, multiple: int) -> int:
        """Pictures of this size in a pass.

        Args:
            height: Rows.
            width: Columns.
            multiple: Sides are padded to multiples of it.
        """
        if self.tile_side(height, width, multiple):
            return 1
        fitting = max(1, self._at_most(self.pixels) // padded_area(height, width, multiple))
        return min(fitting, self.pictures or fitting)

    def _at_most(self, pixels: int) -> int:
        return pixels if self.most is None else min(pixels, self.most)

    def halved(self, height: int, width: int, multiple: int, *, count: int) -> "Limits | None":
        """What to try when a pass did not fit: half as many pictures, or tiles of half the side.

        Args:
            height: Rows of each picture.
            width: Columns.
            multiple: Sides are padded to multiples of it.
            count: Pictures in the pass.

        Returns:
            None where one tile of the smallest kind did not fit.
        """
        area = padded_area(height, width, multiple)
        if count > 1:
            return replace(self, pixels=count // 2 * area)
        side = self.tile_side(height, width, multiple)
        before = side or math.isqrt(area)
        after = largest_tile(max(before // 2, SMALLEST_TILE) ** 2, multiple)
        if after >= before:
            return None
        return replace(self, pixels=min(self.pixels, after**2), tile=after if side and self.tile else None)


def padded_area(height: int, width: int, multiple: int) -> int:
    """Pixels of a picture whose sides are padded to multiples.

    Args:
        height: Rows.
        width: Columns.
        multiple: At least 1.
    """
    return padded_side(height, multiple) * padded_side(width, multiple)


def largest_tile(pixels: int, multiple: int) -> int:
    """Side of the largest square of at most ``pixels``; two multiples at least.

    Args:
        pixels: Area at most.
        multiple: The side is a multiple of it.
    """
    return max(math.isqrt(pixels) // multiple, 2) * multiple


MOST_ELEMENTS = 2**31 - 1
"""Largest number of elements of a tensor.

Beyond it kernels leave 32-bit indices, where some gave zeros without an error until pytorch#141923 (nearest
upsampling) or raised one until pytorch#185788 (bilinear)."""

CPU_BYTES = 9 * 2**29
"""4.5 GiB for a pass on a CPU: fixed, so that no result depends on the machine it was made on."""

CPU_PIXELS = 2**21
"""More make a pass on a CPU no faster."""

CUDA_FREE_BYTES = 2**30
"""Left alone on a GPU: workspaces of cuDNN and cuBLAS, which hardly grow with the picture."""

CUDA_MARGIN = 1.3
"""For what the cost leaves out and grows with the picture: the engine's copies, gaps between blocks."""

CUDA_PIXELS = (2**16, 2**25)
"""Fewest, which are tried even where memory seems short; and most, as a larger pass makes nothing faster."""


def pass_pixels(device: torch.device, cost: PassCost) -> int:
    """Pixels that fit into one pass; larger pictures go by tiles.

    Args:
        device: Where the model already is; its free memory counts, if it is a GPU.
        cost: What the model takes for each pixel.
    """
    fitting = _fitting_gpu(device, cost) if device.type == "cuda" else _fitting_cpu(cost)
    return min(fitting, most_pixels(cost))


def most_pixels(cost: PassCost) -> int:
    """Pixels that no pass may exceed, whatever memory there is.

    Args:
        cost: What the model takes for each pixel.
    """
    return MOST_ELEMENTS // cost.elements_per_pixel


def _fitting_gpu(device: torch.device, cost: PassCost) -> int:
    free, _ = torch.cuda.mem_get_info(device)
    fewest, most = CUDA_PIXELS
    return min(max(int((free - CUDA_FREE_BYTES) / (CUDA_MARGIN * cost.bytes_per_pixel)), fewest), most)


def _fitting_cpu(cost: PassCost) -> int:
    return min(CPU_PIXELS, CPU_BYTES // cost.bytes_per_pixel)
