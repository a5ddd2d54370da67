"""Dark views of well-lit crops, with what is known of the whole picture."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator

from lowlight_cli.datasets.blur import draw_movement
from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings
from lowlight_cli.datasets.darken import darken
from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training.pictures import Crops


class DarkView(NamedTuple):
    """Darkened crops, and the mean luma that the whole darkened picture would have."""

    images: Images
    lightness: PerImage


def dark_view(
    crops: Crops, settings: DarkeningSettings, items: Sequence[Generator], blur: BlurSettings | None = None
) -> DarkView:
    """Darkens crops, and blurs some where settings are given, each with the chance of its item.

    Darkening scales encoded values nearly evenly (the response is close to a power), so the whole picture's
    mean relates to the crop's as it did before.
    """
    views = (
        darken(image, settings, item, None if blur is None else draw_movement(blur, item))
        for image, item in zip(crops.images, items, strict=True)
    )
    dark = torch.stack([view.images for view in views])
    ratio = crops.lightness / mean_luma(crops.images).clamp_min(0.02)
    return DarkView(dark, mean_luma(dark) * ratio.clamp(0.25, 4))
