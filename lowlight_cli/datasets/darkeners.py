"""Dark copies of well-lit images, made by a camera model or by DRGN.

Source: the idea of COCO24700 and COCO1000 in DRGN (Jiang et al., "Degrade is Upgrade", 2022): darkened images
keep the labels of their originals, and form training pairs with them.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Generator
from torch.nn.functional import interpolate

from lowlight_cli.datasets.config import Camera, DarkeningSettings, Spread, UnevenLight
from lowlight_cli.datasets.darken import darken
from lowlight_cli.datasets.name_draws import drawn_bits
from lowlight_cli.datasets.nights import darken_whole
from lowlight_cli.images.padding import crop, pad_to, pad_to_multiple
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import shrink, to_images, to_pixels
from lowlight_cli.models.drgn.compose import degraded
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.tensors import Images

Darkener = Callable[[Pixels, str], Pixels]
"""Maps pixels and the name of an image to darker pixels of the same size and depth."""

SEEN_PIXELS = 2**19
"""Most pixels of the copy on which a degradation is estimated; it is smooth, and enlarged afterwards."""


def physical_darkener(settings: DarkeningSettings, strength: tuple[float, float], seed: int) -> Darkener:
    """A darkener that uses the measured camera model.

    The strength is an exponent on the fraction of light kept: 0 keeps all light, 1 as much as the camera
    model, 2 its square. Draws depend only on the seed and the name, not on order or threads.

    Args:
        settings: Distributions to draw from.
        strength: Lowest and highest exponent.
        seed: Random seed.
    """

    def darkened(pixels: Pixels, name: str) -> Pixels:
        generator = generator_for(name, seed)
        power = drawn_strength(strength, generator)
        dark = darken_whole(to_images([pixels]), _scaled(settings, power), generator)
        return to_pixels(dark, sixteen_bit=pixels.dtype == np.uint16)[0]

    return darkened


def learned_darkener(
    model: Drgn,
    strength: tuple[float, float],
    seed: int,
    *,
    nights: Sequence[Callable[[], Pixels]] = (),
    settings: DarkeningSettings,
) -> Darkener:
    """A darkener that adds the degradation DRGN estimates in a dark image, eq. 3.

    Args:
        model: In evaluation mode, on the CPU.
        strength: Lowest and highest factor of the degradation.
        seed: Random seed.
        nights: Functions that each read a real dark image. If empty, the degradation is estimated in the
            image itself after the camera model darkened it.
        settings: Distributions that the camera model draws from.
    """
    black = -1.0 if model.config.value_range == "signed" else 0.0

    @torch.inference_mode()
    def darkened(pixels: Pixels, name: str) -> Pixels:
        generator = generator_for(name, seed)
        share = drawn_strength(strength, generator)
        clean = to_images([pixels])
        small = shrink(pixels, SEEN_PIXELS)
        if nights:
            night = nights[int(torch.randint(len(nights), (), generator=generator))]()
            height, width = small.shape[2:]
            small = _of_size(shrink(night, SEEN_PIXELS), height, width, generator)
        else:
            small = darken(small, settings, generator).images
        found = model.separate(pad_to_multiple(small, model.size_multiple), {}).degradation
        found = crop(found, *small.shape[2:])
        if found.shape != clean.shape:
            found = interpolate(found, clean.shape[2:], mode="bilinear", align_corners=False)
        dark = model.to_images(degraded(model.to_signal(clean), found, share, lowest=black))
        return to_pixels(dark.clamp(0, 1), sixteen_bit=pixels.dtype == np.uint16)[0]

    return darkened


def generator_for(name: str, seed: int) -> Generator:
    """The random generator of an image."""
    return torch.Generator().manual_seed(drawn_bits(name, seed, 7))


def drawn_strength(strength: tuple[float, float], generator: Generator) -> float:
    """A number between the lowest and the highest strength; the first draw for an image."""
    low, high = strength
    return low + (high - low) * float(torch.rand((), generator=generator))


def _of_size(images: Images, height: int, width: int, generator: Generator) -> Images:
    """A random part of dark images, which are mirrored if they are too small."""
    wide = pad_to(images, max(height, images.shape[2]), max(width, images.shape[3]))
    top, left = (
        int(torch.randint(there - wanted + 1, (), generator=generator))
        for there, wanted in zip(wide.shape[2:], (height, width), strict=True)
    )
    return wide[..., top : top + height, left : left + width]


def _scaled(settings: DarkeningSettings, power: float) -> DarkeningSettings:
    cameras = {"measured": _dimmed(settings.measured, power), "wide": _dimmed(settings.wide, power)}
    return settings.model_copy(update={**cameras, "uneven": _deepened(settings.uneven, power)})


def _deepened(uneven: UnevenLight, power: float) -> UnevenLight:
    """Uneven light whose stops, and darkness of the lit part, are scaled by ``power``."""
    stops = {name: getattr(uneven, name) for name in ("smooth_depth", "backlit_depth")}
    update: dict[str, object] = {name: (low * power, high * power) for name, (low, high) in stops.items()}
    update["dim"] = tuple(share**power for share in uneven.dim)
    return uneven.model_copy(update={**update, "dimming": uneven.dimming * power})


def _dimmed(camera: Camera, power: float) -> Camera:
    kept = Spread(median=camera.exposure.median**power, factor=camera.exposure.factor**power)
    return camera.model_copy(update={"exposure": kept})
