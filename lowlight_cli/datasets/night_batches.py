"""Darkens batches of images on a device, without synchronizing with it."""

import torch
from torch import Generator, Tensor

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.datasets.darken import Conditions, cameras_of, draw_conditions, photograph
from lowlight_cli.datasets.jpeg import Jpeg
from lowlight_cli.datasets.nights import Night, draw_light, over, taken_small, under_light
from lowlight_cli.layers.exposure import luma
from lowlight_cli.tensors import Images, Places


class NightBatches:
    """Draws nights and darkens batches, as ``nights`` does for single images.

    Args:
        settings: Distributions to draw from.
        device: Device of the images.
    """

    def __init__(self, settings: DarkeningSettings, device: torch.device) -> None:
        self._settings = settings
        self._wide = settings.model_copy(update={"measured_share": 0.0})
        self._cameras = cameras_of(settings).to(device)
        self._jpeg = Jpeg(device)

    def draw(self, small: Images, generator: Generator) -> Night:
        """A night for each image.

        Args:
            small: Small copies of the whole clean images, (b, 3, 64, 64).
            generator: The only source of randomness, on the device.
        """
        settings, count = self._settings, len(small)
        conditions = draw_conditions(count, settings, generator, self._cameras)
        if not (settings.clean_share or settings.uneven_share):
            return Night(conditions, None)
        number = torch.rand(count, 1, 1, 1, generator=generator, device=generator.device)
        clean = number < settings.clean_share
        even = number >= settings.clean_share + settings.uneven_share
        light = draw_light(settings.uneven, small, generator)
        wide = draw_conditions(count, self._wide, generator, self._cameras)
        wide = under_light(wide, light, settings.uneven)
        both = zip(conditions, wide, strict=True)
        return Night(Conditions(*(torch.where(even, *each) for each in both)), light, clean, even)

    def take(self, night: Night, images: Images, place: Places, generator: Generator) -> Images:
        """Darkened parts of images in 8-bit steps, some after JPEG; clean images are returned unchanged.

        Args:
            night: Night of each image.
            images: Clean parts, sRGB in [0, 1]; sides are multiples of 16.
            place: Position of the parts in the whole images.
            generator: Source of noise and JPEG, on the device.
        """
        assert night.conditions is not None
        settings = self._settings
        conditions = over(night, night.conditions, images, place, settings.uneven)
        dark = photograph(images, conditions, settings, generator).mul_(255).round_().div_(255)
        dark = self._some_as_jpeg(night, dark, generator)
        return dark if night.clean is None else torch.where(night.clean, images, dark)

    def take_small(self, night: Night, small: Images, generator: Generator, pixels: Tensor) -> Images:
        """Darkened small copies of whole images; see ``taken_small``."""
        return taken_small(night, small, self._settings, generator, pixels=pixels)

    def _some_as_jpeg(self, night: Night, dark: Images, generator: Generator) -> Images:
        settings, uneven = self._settings, self._settings.uneven
        draw, span = torch.rand(2, len(dark), generator=generator, device=generator.device)
        share: Tensor | float = settings.jpeg_share
        lowest: Tensor | float
        highest: Tensor | float
        lowest, highest = map(float, settings.jpeg_quality)
        if night.even is not None:
            deep = luma(dark).mean((1, 2)) < uneven.deep_luma
            deep = deep & ~night.even.flatten()
            share = torch.where(deep, uneven.deep_jpeg_share, share)
            lowest = torch.where(deep, float(uneven.deep_jpeg_quality[0]), lowest)
            highest = torch.where(deep, float(uneven.deep_jpeg_quality[1]), highest)
        quality = (lowest + span * (highest - lowest)).round()
        chosen = (draw < share)[:, None, None, None]
        return torch.where(chosen, self._jpeg(dark, quality), dark)
