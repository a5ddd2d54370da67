"""Puts the degradation of one picture on another.

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
    """Clean pictures made dark.

    Args:
        clean: In the generators' numbers.
        degradation: Of other pictures, same shape.
        strength: How much of it, one number or (b, 1, 1, 1).
        rule: ``clamp`` keeps what a picture can hold, ``sum`` everything.
        lowest: Black in the generators' numbers; white is 1.
    """
    made = clean + strength * degradation
    return torch.clamp(made, lowest, 1.0) if rule == "clamp" else made
