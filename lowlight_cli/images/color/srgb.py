"""sRGB numbers <-> amounts of light.

Source: IEC 61966-2-1 (sRGB).
"""

import torch

from lowlight_cli.tensors import Images


def to_light(images: Images) -> Images:
    """Linear light in [0, 1] of sRGB values in [0, 1]."""
    return torch.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055).clamp_min(0) ** 2.4)


def to_srgb(light: Images) -> Images:
    """SRGB values in [0, 1] of linear light in [0, 1]."""
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp_min(0) ** (1 / 2.4) - 0.055)


def mix_light(first: Images, second: Images, amount: float) -> Images:
    """Blends two sRGB batches as light would add up: 0 gives ``first``, 1 gives ``second``."""
    if amount == 1.0:
        return second
    return to_srgb(torch.lerp(to_light(first), to_light(second), amount))
