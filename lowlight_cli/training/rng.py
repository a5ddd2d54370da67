"""Random generators for the items of each batch, seeded by seed, step and place in the batch alone.

So a batch does not depend on a resume, on the number of parts, or on the number of processes.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Generator

from lowlight_cli.counted import counted
from lowlight_cli.errors import SettingsError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.distributed import rank, world_size

WHOLE_STEP = 2**31
"""Place that no item has, for random numbers shared by all items of a step."""


class ItemRngs(NamedTuple):
    """Places of items in a batch, a generator for each item, and one that all parts share."""

    places: tuple[int, ...]
    items: tuple[Generator, ...]
    shared: Generator


def item_rng(seed: int, step: int, place: int = WHOLE_STEP) -> Generator:
    """The generator of one item, or of the whole step."""
    state = np.random.SeedSequence((seed, step, place)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))


def item_rngs(seed: int, step: int, places: range) -> ItemRngs:
    """Generators for items of a batch."""
    items = tuple(item_rng(seed, step, place) for place in places)
    return ItemRngs(tuple(places), items, item_rng(seed, step))


def check_parts(settings: RunSettings) -> None:
    """Checks that a batch can be divided evenly among processes and parts.

    Raises:
        SettingsError: It cannot.
    """
    parts = settings.accumulate * world_size()
    if settings.batch_size % parts:
        raise SettingsError(
            f"a batch of {settings.batch_size} cannot be divided among "
            f"{counted(world_size(), 'process', 'processes')} in {settings.accumulate} equal parts each"
        )


def parts_of_step(settings: RunSettings, step: int) -> list[ItemRngs]:
    """Generators of the parts of a batch that this process computes.

    Items are dealt round-robin, so that each part has the same mix of photos and pairs.

    Args:
        settings: Batch size, and number of parts per process.
        step: Counted from 0.
    """
    parts = settings.accumulate * world_size()
    first = rank() * settings.accumulate
    return [
        item_rngs(settings.seed, step, range(part, settings.batch_size, parts))
        for part in range(first, first + settings.accumulate)
    ]
