"""Low-light copies of well-lit pictures, whose boxes stay true; each picture has a night of its own.

Source: the idea of COCO24700 and COCO1000 in DRGN (Jiang et al., "Degrade is Upgrade", 2022): a detector is
tried on pictures whose labels were made by daylight.
"""

from collections.abc import Callable

import numpy as np
import torch

from lowlight_cli.datasets.config import Camera, DarkeningSettings, Spread
from lowlight_cli.datasets.darken import darken
from lowlight_cli.detection.name_draws import drawn_bits
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import to_images, to_pixels

Darkener = Callable[[Pixels, str], Pixels]
"""Pixels and the name of the picture -> darker pixels of the same size and depth."""


def physical_darkener(settings: DarkeningSettings, strength: tuple[float, float], seed: int) -> Darkener:
    """Darkens by the measured model of cameras at night.

    The strength is a power on the light that is kept: 0 keeps all of it, 1 as much as the camera's nights, 2
    its square. What is drawn depends on seed and name alone, so that order and threads do not count.

    Args:
        settings: What to draw from.
        strength: Lowest and highest power.
        seed: Start of every draw.
    """
    low, high = strength

    def darkened(pixels: Pixels, name: str) -> Pixels:
        generator = torch.Generator().manual_seed(drawn_bits(name, seed, 7))
        power = low + (high - low) * float(torch.rand((), generator=generator))
        dark = darken(to_images([pixels]), _scaled(settings, power), generator).images
        return to_pixels(dark, deep=pixels.dtype == np.uint16)[0]

    return darkened


def _scaled(settings: DarkeningSettings, power: float) -> DarkeningSettings:
    return settings.model_copy(
        update={"measured": _dimmed(settings.measured, power), "wide": _dimmed(settings.wide, power)}
    )


def _dimmed(camera: Camera, power: float) -> Camera:
    kept = Spread(median=camera.exposure.median**power, factor=camera.exposure.factor**power)
    return camera.model_copy(update={"exposure": kept})
