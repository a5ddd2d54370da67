"""How the learning rate falls, where a recipe offers more than one way."""

from typing import Literal

from pydantic import PositiveInt

from lowlight_cli.training.config import OptimizerSettings, Settings
from lowlight_cli.training.descent import rate_share


class DecaySettings(Settings):
    """Course of the learning rate.

    Args:
        kind: ``cosine`` falls to ``optimizer.final`` at the last step; ``staircase`` multiplies by ``factor``
            every so many steps; ``continuous`` does the same little by little.
        every: Steps between two falls.
        factor: What the rate is multiplied by.
    """

    kind: Literal["cosine", "staircase", "continuous"] = "cosine"
    every: PositiveInt = 6000
    factor: float = 0.9


def decayed_share(step: int, steps: float | int, decay: DecaySettings, optimizer: OptimizerSettings) -> float:
    """Share of the highest learning rate.

    Args:
        step: Counted from 0.
        steps: Of the whole schedule.
        decay: How it falls.
        optimizer: Warm-up, and the end of the cosine.
    """
    if decay.kind == "cosine":
        return rate_share(step, steps, optimizer)
    falls = step / decay.every
    warm = min(1.0, (step + 1) / optimizer.warmup)
    return float(warm * decay.factor ** (falls if decay.kind == "continuous" else int(falls)))
