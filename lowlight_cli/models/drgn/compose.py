"""Adds the degradation of one image to another.

Source: Jiang et al., "Degrade is Upgrade", 2022, eq. 3 and 4.
"""

from typing import Literal

import torch
from torch import Tensor

from lowlight_cli.tensors import Images

Rule = Literal["clamp", "sum"]


def degraded(
    clean: Images,
    degradation: Images,
    strength: Tensor | float = 1.0,
    *,
    rule: Rule = "clamp",
    lowest: float = -1.0,
) -> Images:
    """Clean images with a degradation added.

    Args:
        clean: In the generators' numbers.
        degradation: Degradation of other images, same shape.
        strength: Factor of the degradation, one number or (b, 1, 1, 1).
        rule: ``clamp`` limits the result to black and white, ``sum`` does not.
        lowest: Black in the generators' numbers; white is 1.
    """
    made = clean + strength * degradation
    return torch.clamp(made, lowest, 1.0) if rule == "clamp" else made
