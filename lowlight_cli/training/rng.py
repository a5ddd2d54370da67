"""Chance for each item of each step's batch, from nothing but seed, step and place in the batch.

So a batch is the same whoever makes it: after a resume, in parts, or spread over processes.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Generator

from lowlight_cli.errors import SettingsError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.distributed import rank, world_size

WHOLE_STEP = 2**31
"""Place that no item has, for what is drawn once for all items of a step."""


class ItemRngs(NamedTuple):
    """Items of a step's batch, each with a source of chance of its own, and one that all parts share."""

    places: tuple[int, ...]
    items: tuple[Generator, ...]
    shared: Generator


def item_rng(seed: int, step: int, place: int = WHOLE_STEP) -> Generator:
    """The source of chance of one item, or of the whole step."""
    state = np.random.SeedSequence((seed, step, place)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))


def item_rngs(seed: int, step: int, places: range) -> ItemRngs:
    """Chance for some items of a step's batch."""
    items = tuple(item_rng(seed, step, place) for place in places)
    return ItemRngs(tuple(places), items, item_rng(seed, step))


def check_parts(settings: RunSettings) -> None:
    """Makes sure that a batch can be dealt evenly to the processes.

    Raises:
        SettingsError: It cannot.
    """
    parts = settings.accumulate * world_size()
    if settings.batch_size % parts:
        raise SettingsError(
            f"a batch of {settings.batch_size} cannot be dealt to {world_size()} processes "
            f"in {settings.accumulate} equal parts each"
        )


def parts_of_step(settings: RunSettings, step: int) -> list[ItemRngs]:
    """The parts of a step's batch that one process computes, one after the other.

    Items are dealt like cards, so that each part has its share of every kind.

    Args:
        settings: Size of the batch, and in how many parts a process computes what is its own.
        step: Counted from 0.
    """
    parts = settings.accumulate * world_size()
    first = rank() * settings.accumulate
    return [
        item_rngs(settings.seed, step, range(part, settings.batch_size, parts))
        for part in range(first, first + settings.accumulate)
    ]
