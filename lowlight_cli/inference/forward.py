"""Pixels -> model -> pixels, whole or by tiles, with a way out when memory or precision run short."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from lowlight_cli.errors import ImageError
from lowlight_cli.images.light import mix_light
from lowlight_cli.images.padding import crop, pad_to, pad_to_multiple, padded_side
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import shrink, to_images, to_pixels
from lowlight_cli.images.tiling import Tile, blend_tiles
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.tensors import Images

SMALLEST_TILE = 128
"""Pixels along a side; when even this does not fit into memory, the picture fails."""

_OBSERVED_PIXELS = 2**20


@dataclass(frozen=True, slots=True)
class Look:
    """What the result shall look like.

    Attributes:
        controls: Strength of each part of the model.
        strength: 0 keeps the original, 1 takes the model's result; mixed as light.
        reference: A well-lit picture as a batch of one, or None.
    """

    controls: Controls
    strength: float = 1.0
    reference: Images | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is computed at a time.

    Attributes:
        pixels: Pixels in one pass.
        tile: Side of a tile in pixels; None chooses one by ``pixels``, 0 never cuts a picture that fits.
        overlap: Pixels shared by neighbouring tiles.
    """

    pixels: int
    tile: int | None = None
    overlap: int = 64


Outcome = list[Pixels | ImageError]
"""For each picture its result, or why there is none."""


class Forward:
    """A model with everything set that stays the same over a run.

    Args:
        enhancer: The model; it is moved to ``device``.
        look: Strengths and reference.
        limits: Sizes of what is computed at a time.
        device: Where to compute.
        precision: Number format inside the model; another than float32 is left again where it overflows.
    """

    def __init__(
        self, enhancer: Enhancer, look: Look, limits: Limits, *, device: torch.device, precision: torch.dtype
    ) -> None:
        self.enhancer = enhancer.to(device).to(memory_format=torch.channels_last).eval()
        self.look = look
        self.limits = limits
        self.device = device
        self.precision = precision
        self.reference = None if look.reference is None else look.reference.to(device)

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[Pixels]) -> Outcome:
        """Enhances pictures that have one size after padding.

        A batch that does not fit into memory is halved; a single picture that does not fit is cut into tiles.
        """
        if side := self._tile_side(*pictures[0].shape[:2]):
            return [self._by_tiles(picture, side) for picture in pictures]
        try:
            return self._whole(pictures)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            self._release(error)
        if len(pictures) > 1:
            half = len(pictures) // 2
            return self(pictures[:half]) + self(pictures[half:])
        return [self._by_tiles(pictures[0], self._largest_tile(self.limits.pixels // 2))]

    def _tile_side(self, height: int, width: int) -> int:
        """Side of the tiles for a picture of this size; 0 where it goes as a whole."""
        if self.limits.tile is not None:
            side = self._largest_tile(self.limits.tile**2) if self.limits.tile else 0
            return side if max(height, width) > side else 0
        multiple = self.enhancer.size_multiple
        fits = padded_side(height, multiple) * padded_side(width, multiple) <= self.limits.pixels
        return 0 if fits else self._largest_tile(self.limits.pixels)

    def _largest_tile(self, pixels: int) -> int:
        """Side of the largest square tile of at most ``pixels``; two multiples at least."""
        return max(math.isqrt(pixels) // self.enhancer.size_multiple, 2) * self.enhancer.size_multiple

    def _whole(self, pictures: Sequence[Pixels]) -> Outcome:
        """One pass; a picture whose result is not finite gets another in float32."""
        padded = [
            pad_to_multiple(to_images([each], self.device), self.enhancer.size_multiple) for each in pictures
        ]
        results = self._enhance(torch.cat(padded))
        return [
            _outcome(crop(result[None], *picture.shape[:2]), deep=picture.dtype == np.uint16)
            for result, picture in zip(results, pictures, strict=True)
        ]

    def _by_tiles(self, pixels: Pixels, side: int) -> Pixels | ImageError:
        """One picture, tile by tile; tiles are halved until they fit into memory."""
        while True:
            try:
                return self._with_tiles(pixels, side)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                self._release(error)
            smaller = self._largest_tile(max(side // 2, SMALLEST_TILE) ** 2)
            if smaller >= side:
                return ImageError("oom", "not enough memory, even for the smallest tiles")
            side = smaller

    def _with_tiles(self, pixels: Pixels, side: int) -> Pixels | ImageError:
        observation = self._observe(pixels)
        height, width = pixels.shape[:2]

        def render(tile: Tile) -> Images:
            part = pixels[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
            return self._enhance(pad_to(to_images([part], self.device), tile.height, tile.width), observation)

        blended = blend_tiles(
            height,
            width,
            render,
            side=side,
            overlap=min(self.limits.overlap, side // 4),
            multiple=self.enhancer.size_multiple,
        )
        return _outcome(blended, deep=pixels.dtype == np.uint16)

    def _observe(self, pixels: Pixels) -> Observation:
        """Facts of a whole picture, measured on a smaller copy; in float32, as every tile depends on them."""
        small = shrink(pixels, min(_OBSERVED_PIXELS, self.limits.pixels)).to(self.device)
        padded = pad_to_multiple(small, self.enhancer.size_multiple)
        return self.enhancer.observe(padded, self.look.controls, reference=self.reference)

    def _enhance(self, images: Images, observation: Observation | None = None) -> Images:
        """The model's result mixed with its input; what is not finite is computed again in float32."""
        result = self._pass(images, observation, self.precision)
        if self.precision is not torch.float32 and not torch.isfinite(result).all():
            broken = ~torch.isfinite(result).flatten(1).all(1)
            result[broken] = self._pass(images[broken], observation, torch.float32)
        return mix_light(images, result, self.look.strength)

    def _pass(self, images: Images, observation: Observation | None, precision: torch.dtype) -> Images:
        images = images.contiguous(memory_format=torch.channels_last)
        reference = self.reference if observation is None else None
        with torch.autocast(self.device.type, precision, enabled=precision is not torch.float32):
            result = self.enhancer.enhance(
                images, self.look.controls, observation=observation, reference=reference
            )
        return result.float()

    def _release(self, error: Exception) -> None:
        """Gives memory back after a failed pass; an error of another kind goes on.

        Args:
            error: What the pass raised.
        """
        out_of_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not out_of_memory and "allocate memory" not in str(error):  # what PyTorch says on a CPU
            raise error
        error.__traceback__ = None  # its frames hold the tensors of the failed pass
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def _outcome(result: Images, *, deep: bool) -> Pixels | ImageError:
    if not torch.isfinite(result).all():
        return ImageError("nonfinite", "the model gave numbers that are not finite")
    return to_pixels(result, deep=deep)[0]
