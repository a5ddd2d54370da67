"""Pixels -> model -> pixels, whole or by tiles, with a way out when memory or precision run short.

When memory runs out, fewer pictures go in a pass, then smaller tiles of one; then everything is freed for a
last try, and then the CPU takes over where the user left the choice of device open. What was found to fit is
kept for the rest of the run, so each step is taken once.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import torch

from lowlight_cli.device import FP32, Precision
from lowlight_cli.errors import ImageError
from lowlight_cli.images.color.srgb import mix_light
from lowlight_cli.images.padding import crop, pad_to, pad_to_multiple, padded_side
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import shrink, to_images, to_pixels
from lowlight_cli.images.tiling import Tile, blend_strips
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import PLACE, Enhancer, Observation
from lowlight_cli.models.lifting import evened
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS, free_everything, release
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.tone import UNTURNED, Tone, toned
from lowlight_cli.pipeline.warnings import Warnings
from lowlight_cli.tensors import Images

_OBSERVED_PIXELS = 2**20
_OBSERVED_FRAMES = 8
_ROWS = 64
"""Of a strip of tiles that are rounded at a time, which takes copies."""


@dataclass(frozen=True, slots=True)
class EnhanceParams:
    """What the result shall look like.

    Attributes:
        controls: Strength of each part of the model.
        strength: 0 keeps the original, 1 takes the model's result; mixed as light.
        reference: A well-lit picture as a batch of one, or None.
        seed: Of the random numbers that a model draws; each pass begins with it, so that a result does not
            depend on what was enhanced before.
        tone: Curves behind the model, for controls that it has not.
    """

    controls: Controls
    strength: float = 1.0
    reference: Images | None = None
    seed: int = 0
    tone: Tone = UNTURNED


Outcome = list[Pixels | ImageError]
"""For each picture its result, or why there is none."""


class ModelRunner:
    """A model with everything set that stays the same over a run.

    Args:
        enhancer: The model; it is moved to ``device``.
        look: Strengths and reference.
        limits: Sizes of what is computed at a time; they shrink where memory runs out.
        device: Where to compute.
        precision: Number format inside the model; a 16-bit one is left again where it overflows.
        precision_reason: Why that format, in words.
        fallback: Gives the same on another device, for pictures that do not fit into this one; None where
            the user wants this device or none.
        notices: Hear of every departure from what was set.
    """

    def __init__(
        self,
        enhancer: Enhancer,
        look: EnhanceParams,
        limits: Limits,
        *,
        device: torch.device,
        precision: Precision = FP32,
        precision_reason: str = "as requested",
        fallback: "Callable[[], ModelRunner] | None" = None,
        notices: Warnings | None = None,
    ) -> None:
        self.enhancer = enhancer.to(device).to(memory_format=torch.channels_last).eval()
        self.look = look
        self.limits = limits
        self.device = device
        self.precision = precision
        self.precision_reason = precision_reason
        self.reference = None if look.reference is None else look.reference.to(device)
        self.notices = notices or Warnings()
        self._make_fallback = fallback
        self._fallback: ModelRunner | None = None
        self._exact: ModelRunner | None = None

    def in_float32(self) -> "ModelRunner":
        """The same in float32; one for the whole run, as it learns what fits."""
        if self._exact is None:
            self._exact = copy(self)
            self._exact.precision = FP32
        return self._exact

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[Pixels], *, is_one_scene: bool = False) -> Outcome:
        """Enhances pictures that have one size after padding.

        Args:
            pictures: At least one.
            is_one_scene: Whether they are frames of one animation; then all get what the average of some of
                them calls for.
        """
        limits, results = self.limits, Outcome()
        seen: Observation | None = None
        while len(results) < len(pictures):
            rest = pictures[len(results) :]
            count = limits.count(*self._size(rest[0]))
            try:
                if is_one_scene and seen is None:
                    seen = self._observe(_spread(pictures), limits)
                results += self._enhance_some(rest[:count], limits, seen)
                self.limits = limits
            except MEMORY_ERRORS as error:
                release(error, self.device)
                smaller = self._smaller(rest[:count], limits)
                if smaller is None:
                    return results + self._last_resort(rest, limits, is_one_scene=is_one_scene)
                limits = smaller
        return results

    def _size(self, pixels: Pixels) -> tuple[int, int, int]:
        """Height, width, and what both are padded to a multiple of."""
        return pixels.shape[0], pixels.shape[1], self.enhancer.size_multiple

    def _smaller(self, pictures: Sequence[Pixels], limits: Limits) -> Limits | None:
        """Half of what did not fit; None where that was the smallest tile."""
        size = self._size(pictures[0])
        smaller = limits.halved(*size, count=len(pictures))
        if smaller and len(pictures) > 1:
            self.notices.once("batch", f"{self._shortage}; {len(pictures) // 2} pictures at a time instead")
        elif smaller:
            side = smaller.tile_side(*size)
            self.notices.once("tile", f"{self._shortage}; tiles of {side} x {side} pixels instead")
        return smaller

    @property
    def _shortage(self) -> str:
        return f"not enough memory on {self.device}"

    def _last_resort(self, pictures: Sequence[Pixels], limits: Limits, *, is_one_scene: bool) -> Outcome:
        """Everything freed and a last try; then the other device, if there is one."""
        free_everything(self.device)
        try:
            seen = self._observe(_spread(pictures), limits) if is_one_scene else None
            return [self._enhance_some([each], limits, seen)[0] for each in pictures]
        except MEMORY_ERRORS as error:
            release(error, self.device)
        if self._make_fallback is None:
            failure = ImageError("oom", f"{self._shortage}, even for the smallest tiles")
            return [failure] * len(pictures)
        self._fallback = self._fallback or self._make_fallback()
        self.notices.once("device", f"{self._shortage}; on {self._fallback.device} instead: slower")
        return self._fallback(pictures, is_one_scene=is_one_scene)

    def _enhance_some(self, pictures: Sequence[Pixels], limits: Limits, seen: Observation | None) -> Outcome:
        """One pass, or as many as there are tiles.

        Args:
            pictures: As many as fit, or one that goes by tiles.
            limits: What fits.
            seen: Facts of the scene they belong to; without them each is measured by itself.
        """
        if side := limits.tile_side(*self._size(pictures[0])):
            return [self._by_tiles(pictures[0], side, seen or self._observe(pictures, limits))]
        padded = [
            pad_to_multiple(to_images([each], self.device), self.enhancer.size_multiple) for each in pictures
        ]
        results = self._enhance(torch.cat(padded), seen and _repeated(seen, len(pictures)))
        return [
            _outcome(crop(result[None], *picture.shape[:2]), sixteen_bit=picture.dtype == np.uint16)
            for result, picture in zip(results, pictures, strict=True)
        ]

    def _by_tiles(self, pixels: Pixels, side: int, observation: Observation) -> Pixels | ImageError:
        """One picture, tile by tile; no more than a row of tiles is in memory as numbers.

        Args:
            pixels: The picture.
            side: Of the tiles.
            observation: Facts of the whole.
        """
        height, width = pixels.shape[:2]

        def render(tile: Tile) -> Images:
            part = pixels[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
            images = pad_to(to_images([part], self.device), tile.height, tile.width)
            return self._enhance(images, placed(observation, tile, *padded))

        overlap, multiple = min(self.limits.overlap, side // 4), self.enhancer.size_multiple
        padded = padded_side(height, multiple), padded_side(width, multiple)
        done, result = 0, np.empty_like(pixels)
        for strip in blend_strips(height, width, render, side=side, overlap=overlap, multiple=multiple):
            for part in strip.split(_ROWS, dim=2):
                rows = _outcome(part, sixteen_bit=pixels.dtype == np.uint16)
                if isinstance(rows, ImageError):
                    return rows
                result[done : done + len(rows)] = rows
                done += len(rows)
        return result

    def _observe(self, pictures: Sequence[Pixels], limits: Limits) -> Observation:
        """Facts of a whole picture, or of the mean of some, measured on a smaller copy.

        In float32, as every tile depends on them.

        Args:
            pictures: One, or frames of one size.
            limits: What fits.
        """
        pixels = min(_OBSERVED_PIXELS, limits.pixels)
        multiple = self.enhancer.size_multiple
        small = torch.stack([shrink(each, pixels, multiple) for each in pictures]).mean(0).to(self.device)
        padded = pad_to_multiple(small, multiple)
        with torch.random.fork_rng(self._own_device), FP32.on(self.device):
            torch.manual_seed(self.look.seed)
            facts = self.enhancer.observe(padded, self.look.controls, reference=self.reference)
        return evened(facts) if len(pictures) > 1 else facts

    @property
    def _own_device(self) -> list[torch.device]:
        return [self.device] if self.device.type == "cuda" else []

    def _enhance(self, images: Images, observation: Observation | None = None) -> Images:
        """The model's result mixed with its input; what is not finite is computed again in float32."""
        result = self._pass(images, observation, self.precision)
        if self.precision != FP32 and not torch.isfinite(result).all():
            self.notices.once("precision", f"{self.precision.name} overflowed in an image; fp32 instead")
            broken = ~torch.isfinite(result).flatten(1).all(1)
            result[broken] = self._pass(images[broken], _chosen(observation, broken), FP32)
        return mix_light(images, toned(result, self.look.tone), self.look.strength)

    def _pass(self, images: Images, observation: Observation | None, precision: Precision) -> Images:
        images = images.contiguous(memory_format=torch.channels_last)
        reference = self.reference if observation is None else None
        with torch.random.fork_rng(self._own_device), precision.on(self.device):
            torch.manual_seed(self.look.seed)
            result = self.enhancer.enhance(
                images, self.look.controls, observation=observation, reference=reference
            )
        return result.float()


def _spread(frames: Sequence[Pixels]) -> list[Pixels]:
    """At most eight frames, evenly over an animation."""
    count = min(len(frames), _OBSERVED_FRAMES)
    return [frames[(2 * i + 1) * len(frames) // (2 * count)] for i in range(count)]


def _repeated(observation: Observation, count: int) -> Observation:
    return {name: value.expand(count, *value.shape[1:]) for name, value in observation.items()}


def _chosen(observation: Observation | None, which: torch.Tensor) -> Observation | None:
    return observation and {name: value[which] for name, value in observation.items()}


def _outcome(result: Images, *, sixteen_bit: bool) -> Pixels | ImageError:
    if not torch.isfinite(result).all():
        return ImageError("nonfinite", "the model gave numbers that are not finite")
    return to_pixels(result, sixteen_bit=sixteen_bit)[0]


def placed(facts: Observation, tile: Tile, height: int, width: int) -> Observation:
    """Facts of a whole picture, and where a part of it lies.

    Args:
        facts: Those of the whole; without any there is nothing to add to.
        tile: The part, in pixels.
        height: Of the whole picture, padding included, as the facts were measured on it.
        width: Of the same.
    """
    if not facts:
        return facts
    shares = (tile.top / height, tile.left / width, tile.height / height, tile.width / width)
    # Plain numbers: copying a tensor of them to a GPU would make the program wait for it.
    like = next(iter(facts.values()))
    place = [like.new_full((1,), share, dtype=torch.float32) for share in shares]
    return facts | {PLACE: torch.stack(place, dim=1)}
