"""Runs a model on images, whole or in tiles, and falls back when memory or precision is insufficient.

When memory runs out, a pass takes fewer images, then smaller tiles of one image; then all memory is freed for
a last try; then the CPU takes over, if the user chose no device. Limits that worked stay for the run.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from lowlight_cli.counted import counted
from lowlight_cli.device import FP32, Precision, seeded
from lowlight_cli.errors import ImageError
from lowlight_cli.images.color.srgb import mix_light
from lowlight_cli.images.padding import crop, pad_to_multiple, padded_side
from lowlight_cli.images.picture import Pixels, Samples
from lowlight_cli.images.pixels import to_images
from lowlight_cli.images.tiling import Tile, blend_strips, tile_of
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.models.lifting import evened
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS, free_everything, release
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.observations import mean_copy, placed, repeated, sample_frames
from lowlight_cli.pipeline.outcomes import Outcome, outcome_of
from lowlight_cli.pipeline.pass_graphs import graphs_for
from lowlight_cli.pipeline.stages import StageClock
from lowlight_cli.pipeline.tone import NEUTRAL_TONE, Tone, apply_tone
from lowlight_cli.pipeline.warnings import Warnings
from lowlight_cli.tensors import Images

_OBSERVED_PIXELS = 2**20
_ROWS = 64
"""Rows of a strip of tiles that a CPU converts at a time, as conversion makes copies."""


@dataclass(frozen=True, slots=True)
class EnhanceParams:
    """How images are enhanced.

    Attributes:
        controls: Values of the controls.
        strength: 0 keeps the original, 1 takes the model's result; mixed in linear light.
        reference: A well-lit image as a batch of one, or None.
        seed: Random seed; each pass starts with it, so that a result does not depend on earlier images.
        tone: Tone curves after the model, for controls that it does not support.
        reduced_above: Pixels above which images are enhanced at reduced size; None for never.
        remove_shake: Removes the blur of a shaken camera, given photo and result; None leaves it.
    """

    controls: Controls
    strength: float = 1.0
    reference: Images | None = None
    seed: int = 0
    tone: Tone = NEUTRAL_TONE
    reduced_above: int | None = None
    remove_shake: Callable[[Samples, Samples], Samples] | None = None


class ModelRunner:
    """A model on its device, with all settings of a run.

    Args:
        enhancer: The model; it is moved to ``device``.
        params: How images are enhanced.
        limits: Limits of one pass; they shrink when memory runs out.
        device: Where to compute.
        precision: Number format inside the model; images that overflow a 16-bit one are computed in float32.
        precision_reason: Why this format was chosen.
        fallback: Makes a runner on another device for images that do not fit; None if the user chose one.
        warnings: Receives a warning for each kind of deviation from the settings.
    """

    def __init__(
        self,
        enhancer: Enhancer,
        params: EnhanceParams,
        limits: Limits,
        *,
        device: torch.device,
        precision: Precision = FP32,
        precision_reason: str = "as requested",
        fallback: "Callable[[], ModelRunner] | None" = None,
        warnings: Warnings | None = None,
    ) -> None:
        self.enhancer = enhancer.to(device).to(memory_format=torch.channels_last).eval()
        self.params = params
        self.limits = limits
        self.device = device
        self.precision = precision
        self.precision_reason = precision_reason
        self.reference = None if params.reference is None else params.reference.to(device)
        self.warnings = warnings or Warnings()
        self.clock = StageClock()
        self.graphs = graphs_for(self.enhancer, device)
        self._make_fallback = fallback
        self._fallback: ModelRunner | None = None
        self._exact: ModelRunner | None = None

    def in_float32(self) -> "ModelRunner":
        """This runner in float32; one for the whole run, as it keeps its own limits."""
        if self._exact is None:
            self._exact = copy(self)
            self._exact.precision = FP32
        return self._exact

    def with_params(self, params: EnhanceParams) -> "ModelRunner":
        """The same model, not loaded again, with other parameters."""
        other, make_fallback = copy(self), self._make_fallback
        other.params, other.graphs = params, graphs_for(self.enhancer, self.device)
        other.reference = None if params.reference is None else params.reference.to(self.device)
        other._make_fallback = make_fallback and (lambda: make_fallback().with_params(params))
        other._fallback = other._exact = None
        return other

    @torch.inference_mode()
    def enhance_part(self, pixels: Pixels, tile: Tile) -> Samples | ImageError:
        """One part of an image, as it is when the whole image is enhanced in tiles.

        Args:
            pixels: The whole image.
            tile: The part, in pixels of the image with its frame; its sides are multiples of the model's.

        Raises:
            RuntimeError: Memory ran out.
        """
        rows = self._render(pixels, self._observe([pixels], self.limits), tile)
        outcome = outcome_of(rows, sixteen_bit=pixels.dtype == np.uint16)
        return self.in_float32().enhance_part(pixels, tile) if self._overflows(outcome) else outcome

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[Samples], *, is_one_scene: bool = False) -> Outcome:
        """Enhances images that have one size after padding.

        Args:
            pictures: At least one image.
            is_one_scene: Whether they are frames of one animation, which share one observation.
        """
        limits, results = self.limits, Outcome()
        observation: Observation | None = None
        while len(results) < len(pictures):
            rest = pictures[len(results) :]
            count = limits.count(*self.size_of(rest[0]))
            try:
                if is_one_scene and observation is None:
                    observation = self._observe(sample_frames(pictures), limits)
                results += self._without_overflow(rest[:count], limits, observation)
                self.limits = limits
            except MEMORY_ERRORS as error:
                had_graphs = self.graphs.stop()  # before memory is freed
                release(error, self.device)
                smaller = limits if had_graphs else self._smaller(rest[:count], limits)
                if smaller is None:
                    return results + self._retry_freed(rest, limits, is_one_scene=is_one_scene)
                limits = smaller
        return results

    def size_of(self, pixels: Pixels) -> tuple[int, int, int, int]:
        """Height and width of an image, the multiple that sides are padded to, and the frame."""
        return pixels.shape[0], pixels.shape[1], self.enhancer.size_multiple, self.enhancer.frame

    def framed(self, images: Images) -> Images:
        """Images with the frame and the multiples that the model needs."""
        return pad_to_multiple(images, self.enhancer.size_multiple, self.enhancer.frame)

    def unframed(self, images: Images, height: int, width: int) -> Images:
        """The inverse of ``framed``, for images of a size."""
        return crop(images, height, width, self.enhancer.frame)

    def _smaller(self, pictures: Sequence[Samples], limits: Limits) -> Limits | None:
        """Limits for a retry; None if the smallest tile did not fit."""
        size = self.size_of(pictures[0])
        smaller = limits.halved(*size, count=len(pictures))
        if smaller and len(pictures) > 1:
            self.warnings.warn_once(
                "batch", f"{self._shortage}; {counted(len(pictures) // 2, 'image')} at a time instead"
            )
        elif smaller:
            side = smaller.tile_side(*size)
            self.warnings.warn_once("tile", f"{self._shortage}; tiles of {side} x {side} pixels instead")
        return smaller

    @property
    def _shortage(self) -> str:
        return f"not enough memory on {self.device}"

    def _retry_freed(self, pictures: Sequence[Samples], limits: Limits, *, is_one_scene: bool) -> Outcome:
        """Retries with all memory freed, then on the fallback device if there is one."""
        free_everything(self.device)
        try:
            observation = self._observe(sample_frames(pictures), limits) if is_one_scene else None
            return [self._without_overflow([each], limits, observation)[0] for each in pictures]
        except MEMORY_ERRORS as error:
            release(error, self.device)
        if self._make_fallback is None:
            return [ImageError("oom", f"{self._shortage}, even for the smallest tiles")] * len(pictures)
        self._fallback = self._fallback or self._make_fallback()
        self._fallback.clock = self.clock
        self.warnings.warn_once("device", f"{self._shortage}; on {self._fallback.device} instead: slower")
        return self._fallback(pictures, is_one_scene=is_one_scene)

    def _without_overflow(
        self, pictures: Sequence[Samples], limits: Limits, observation: Observation | None
    ) -> Outcome:
        """As ``_enhance_some``; images that are not finite in 16 bits are computed again in float32."""
        outcome = self._enhance_some(pictures, limits, observation)
        for place, picture in enumerate(pictures):
            if self._overflows(outcome[place]):
                outcome[place] = self.in_float32()._enhance_some([picture], limits, observation)[0]
        return outcome

    def _overflows(self, result: Samples | ImageError) -> bool:
        """Whether a result is not finite in 16 bits, which is reported once."""
        if self.precision == FP32 or not isinstance(result, ImageError):
            return False
        self.warnings.warn_once("precision", f"{self.precision.name} overflowed in an image; fp32 instead")
        return True

    def _enhance_some(
        self, pictures: Sequence[Samples], limits: Limits, observation: Observation | None
    ) -> Outcome:
        """Enhances images in one pass, or a single image in tiles.

        Args:
            pictures: As many as fit into a pass, or one to be tiled.
            limits: Limits of a pass.
            observation: Observation of the scene they belong to; None observes each image separately.
        """
        if side := limits.tile_side(*self.size_of(pictures[0])):
            return [self._by_tiles(pictures[0], side, observation or self._observe(pictures, limits))]
        with self.clock.timed_on(self.device, "copy_in"):
            padded = torch.cat([self.framed(to_images([each], self.device)) for each in pictures])
        results = self.model_pass(padded, observation and repeated(observation, len(pictures)))
        with self.clock.timed_on(self.device, "copy_out"):
            return [
                outcome_of(self.unframed(result, *picture.shape[:2]), sixteen_bit=picture.dtype == np.uint16)
                for result, picture in zip(results.split(1), pictures, strict=True)
            ]

    def _by_tiles(self, pixels: Pixels, side: int, observation: Observation) -> Pixels | ImageError:
        """Enhances one image in tiles; at most one row of tiles is in memory as floating point numbers."""
        height, width, multiple, frame = self.size_of(pixels)
        render, done, result = partial(self._render, pixels, observation), 0, np.empty_like(pixels)
        overlap = min(max(self.limits.overlap, self.enhancer.tile_overlap), side // 4)
        sizes = {"side": side, "overlap": overlap, "multiple": multiple, "frame": frame}
        for strip in blend_strips(height, width, render, **sizes, device=self.device):
            for part in strip.split(_ROWS if self.device.type == "cpu" else height, dim=2):
                with self.clock.timed_on(self.device, "copy_out"):
                    rows = outcome_of(part, sixteen_bit=pixels.dtype == np.uint16)
                if isinstance(rows, ImageError):
                    return rows
                result[done : done + len(rows)] = rows
                done += len(rows)
        return result

    def _render(self, pixels: Samples, observation: Observation, tile: Tile) -> Images:
        """A tile of an image with its frame, with the observation of the whole image."""
        height, width, multiple, frame = self.size_of(pixels)
        with self.clock.timed_on(self.device, "copy_in"):
            images = tile_of(pixels, tile, frame, self.device)
        whole = (padded_side(side, multiple, frame) for side in (height, width))
        return self.model_pass(images, placed(observation, tile, *whole))

    def _observe(self, pictures: Sequence[Samples], limits: Limits) -> Observation:
        """Observation of an image, or of the mean of frames of one size, on a smaller copy and in float32."""
        size = min(_OBSERVED_PIXELS, limits.pixels), self.enhancer.size_multiple, self.enhancer.frame
        with self.clock.timed_on(self.device, "copy_in"):
            padded = mean_copy(pictures, *size).to(self.device)
        clock, controls = self.clock.timed_on(self.device, "model"), self.params.controls
        with clock, seeded(self.device, self.params.seed), FP32.on(self.device):
            observation = self.enhancer.observe(padded, controls, reference=self.reference)
        return evened(observation) if len(pictures) > 1 else observation

    def model_pass(self, images: Images, observation: Observation | None) -> Images:
        """Results in float32: of the model, then the tone curves, mixed with their input in linear light.

        Args:
            images: On the device, sides padded to multiples.
            observation: That of the whole images; None for whole images that are observed now.
        """
        with self.clock.timed_on(self.device, "model"), seeded(self.device, self.params.seed):
            return self.computed(images, observation)

    def computed(self, images: Images, observation: Observation | None) -> Images:
        """As ``model_pass``, with random numbers as they come, and without measuring its time.

        An image with a value that is not finite becomes NaN as a whole, which tone curves keep.
        """
        images = images.contiguous(memory_format=torch.channels_last)
        reference = self.reference if observation is None else None
        with self.precision.on(self.device):
            enhance, controls = self.enhancer.enhance, self.params.controls
            result = enhance(images, controls, observation=observation, reference=reference).float()
        is_finite = torch.isfinite(result).flatten(1).all(1)[:, None, None, None]
        result = apply_tone(torch.where(is_finite, result, torch.nan), self.params.tone)
        return mix_light(images, result, self.params.strength)
