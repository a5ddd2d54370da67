"""Makes batches for stage II on the device: crops, darkening, noise and JPEG for all items at once.

Images are decoded once and stay on the device. Random numbers come from a generator there, seeded by seed,
step and part, so batches are the same after a resume on the same kind of device. They have the distribution
of batches made on the CPU, but not the same random numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor

from lowlight_cli.datasets.light_fields import Numbers
from lowlight_cli.datasets.night_batches import NightBatches
from lowlight_cli.datasets.nights import SMALL, Night
from lowlight_cli.errors import SettingsError
from lowlight_cli.layers.exposure import lift, lift_lightness, mean_luma
from lowlight_cli.models.control_targets import ControlWeights, controlled, like_reference
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training.config import Recipe, RunSettings
from lowlight_cli.training.data_sources import Sources
from lowlight_cli.training.device_images import (
    DeviceImages,
    Squares,
    draw_items,
    draw_parts,
    draw_squares,
    drawn_from,
    mirrored,
    place_in,
)
from lowlight_cli.training.enhancement_batch import (
    EnhancementBatch,
    Items,
    Mix,
    enhancement_batch,
    first_real_of,
)
from lowlight_cli.training.prefetch import BatchLoader, moved
from lowlight_cli.training.rng import WHOLE_STEP, ItemRngs, parts_of_step

NUMBERS = 5
"""Random numbers per square, and per part around it."""


class DevicePhotos:
    """Photos on a device, from which darkened items are drawn."""

    def __init__(self, sources: Sources, mix: Mix, device: torch.device) -> None:
        self._settings, self._side, self._gain = sources.darkening, mix.side, sources.photo_gain
        self._images = DeviceImages([photo.pixels for photo in sources.photos], device, mix.side)
        self._sums = drawn_from(sources.photos, device)
        self._lightness = torch.tensor([photo.lightness for photo in sources.photos]).to(device)
        self._nights = NightBatches(sources.darkening, device)

    def crops(self, count: int, generator: Generator) -> tuple[Images, Squares]:
        """Random crops, and their squares in the photos."""
        image = draw_items(self._sums, count, generator)
        numbers = Numbers(count, NUMBERS, generator)
        squares = draw_squares(self._images, image, self._side, numbers, plain=0.5, power=2.0)
        return self._images.crops(squares), squares

    def items(self, count: int, generator: Generator) -> Items:
        """Random crops, each darkened in another way."""
        bright, squares = self.crops(count, generator)
        parts = draw_parts(self._images, squares, Numbers(count, NUMBERS, generator))
        small = mirrored(self._images.small(squares.image, parts), squares.mirrored)
        middle = self._lightness[squares.image]
        place = place_in(squares, parts)
        shrunk = self._side / squares.span
        cell = [(length * shrunk / SMALL).clamp_min(1) for length in (parts.height, parts.width)]
        pixels = (cell[0] * cell[1])[:, None, None, None]
        night = self._nights.draw(small, generator)
        if self._gain is not None:
            gains = self._gains(night, count, generator)
            bright, small = lift(bright, gains), lift(small, gains)
            middle = lift_lightness(middle, gains)
        dark = self._nights.take(night, bright, place, generator)
        view = self._nights.take_small(night, small, generator, pixels)
        if self._settings.clean_share or self._settings.uneven_share:
            lightness = mean_luma(view)
        else:
            ratio = middle / mean_luma(bright).clamp_min(0.02)
            lightness = mean_luma(dark) * ratio.clamp(0.25, 4)
        return Items(dark, bright, lightness, middle, torch.ones_like(middle), view, place)

    def _gains(self, night: Night, count: int, generator: Generator) -> PerImage:
        """Gains of photos before they are darkened; 1 under uneven light, see ``dark_view``."""
        assert self._gain is not None
        z = torch.randn(count, generator=generator, device=generator.device).clamp(-2, 2)
        gains = self._gain.median * self._gain.factor**z
        if night.even is None or night.clean is None:
            return gains
        return torch.where((night.even | night.clean).flatten(), gains, 1.0)


class DevicePairs:
    """Real pairs on a device."""

    def __init__(self, sources: Sources, mix: Mix, device: torch.device) -> None:
        self._side = mix.side
        self._images = DeviceImages([pair.pixels for pair in sources.pairs], device, mix.side)
        self._sums = drawn_from(sources.pairs, device)
        facts = [(pair.lightness, pair.middle, float(not pair.has_color_cast)) for pair in sources.pairs]
        self._facts = torch.tensor(facts).to(device)

    def items(self, count: int, generator: Generator) -> Items:
        """Random crops."""
        image = draw_items(self._sums, count, generator)
        numbers = Numbers(count, NUMBERS, generator)
        squares = draw_squares(self._images, image, self._side, numbers, plain=0.7, power=1.0)
        dark, bright = self._images.crops(squares).split(3, 1)
        whole = self._images.whole(image)
        view = mirrored(self._images.small(image, whole)[:, :3], squares.mirrored)
        lightness, middle, color = self._facts[image].unbind(1)
        return Items(dark, bright, lightness, middle, color, view, place_in(squares, whole))


class DeviceLoader:
    """Makes the parts of each batch on the device, when a step needs them.

    Args:
        sources: Photos and pairs, and how photos are darkened; without blur.
        mix: Composition of a batch.
        settings: Batch size and number of parts.
        device: Where batches are made.
        waiting: Returns a context that measures the time spent waiting for a batch.

    Raises:
        SettingsError: The photos have to be blurred.
    """

    def __init__(
        self,
        sources: Sources,
        mix: Mix,
        settings: RunSettings,
        device: torch.device,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        if sources.blur is not None and sources.blur.share > 0:
            raise SettingsError("data.on_device does not work with blur: set blur.share=0")
        self._first_real = first_real_of(sources, mix)
        self._photos = DevicePhotos(sources, mix, device) if sources.photos else None
        self._pairs = DevicePairs(sources, mix, device) if sources.pairs else None
        self._mix, self._settings, self._device, self._waiting = mix, settings, device, waiting
        self._generator = torch.Generator(device)

    def of_step(self, step: int) -> Iterator[tuple[EnhancementBatch, ItemRngs]]:
        """The parts of the batch of a step, each with generators on the CPU for its items.

        Args:
            step: Counted from 0.
        """
        for item_rngs in parts_of_step(self._settings, step):
            with self._waiting():
                seeds = np.random.SeedSequence(
                    (self._settings.seed, step, WHOLE_STEP + 1 + item_rngs.places[0])
                )
                self._generator.manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> np.uint64(1)))
                batch = moved(self._batch(item_rngs), self._device)
            yield batch, item_rngs

    @torch.no_grad()
    def _batch(self, item_rngs: ItemRngs) -> EnhancementBatch:
        count, generator = len(item_rngs.places), self._generator
        photos = sum(place < self._first_real for place in item_rngs.places)
        kinds: Sequence[tuple[DevicePhotos | DevicePairs | None, int]]
        kinds = [(self._photos, photos), (self._pairs, count - photos)]
        parts = [source.items(number, generator) for source, number in kinds if source and number]
        items = Items(*(torch.cat(values) for values in zip(*parts, strict=True)))
        reference, enhanced = None, items.bright
        if self._photos and float(torch.rand((), generator=item_rngs.shared)) < self._mix.referenced:
            reference, _ = self._photos.crops(count, generator)
            enhanced = like_reference(items.bright, reference)
        weights = self._controls(count)
        target = controlled(enhanced, weights, items.middle)
        color = items.color.view(-1, 1, 1, 1)
        return EnhancementBatch(
            items.dark,
            items.bright,
            target,
            items.lightness,
            weights,
            reference,
            color,
            items.view,
            items.place,
        )

    def _controls(self, count: int) -> ControlWeights:
        """See ``random_controls``."""
        drawn = torch.rand(4, count, generator=self._generator, device=self._device)
        values: Tensor = torch.where(drawn[0] < self._mix.with_controls, 2 * drawn[1:], 1.0)
        return ControlWeights(*values.view(3, count, 1, 1, 1))


def enhancement_loader(
    sources: Sources,
    mix: Mix,
    recipe: Recipe,
    device: torch.device,
    waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> BatchLoader[EnhancementBatch] | DeviceLoader:
    """The loader of stage II: on the device with ``data.on_device``, otherwise in threads on the CPU.

    Raises:
        SettingsError: The loader on the device does not support the settings.
    """
    if recipe.data.on_device:
        return DeviceLoader(sources, mix, recipe.run, device, waiting)
    return BatchLoader(partial(enhancement_batch, sources, mix), recipe.run, device, waiting)
