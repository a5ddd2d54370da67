"""Batches are the same whoever makes them, and are made before they are needed."""

import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.prefetch import BatchLoader
from lowlight_cli.training.rng import ItemRngs, parts_of_step

CPU = torch.device("cpu")


class Batch(NamedTuple):
    """Pictures, and what else is known."""

    images: Tensor
    facts: tuple[Tensor, None]


def make(item_rngs: ItemRngs) -> Batch:
    images = torch.stack([torch.rand(3, 4, 4, generator=item) for item in item_rngs.items])
    return Batch(images, (torch.tensor(item_rngs.places), None))


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_batches_do_not_depend_on_the_number_of_workers(workers):
    settings = RunSettings(batch_size=4, accumulate=2, workers=workers, steps=5)
    loader = BatchLoader(make, settings, CPU)
    threads = torch.get_num_threads()
    for step in (2, 3, 4):
        expected = parts_of_step(settings, step)
        for (batch, left), plain in zip(loader.of_step(step), expected, strict=True):
            made = make(plain)
            assert torch.equal(batch.images, made.images)
            assert batch.images.is_contiguous(memory_format=torch.channels_last)
            assert torch.equal(batch.facts[0], made.facts[0])
            assert batch.facts[1] is None
            # What chance is left to an item is the same, too.
            for ours, theirs in zip(left.items, plain.items, strict=True):
                assert torch.equal(torch.rand(2, generator=ours), torch.rand(2, generator=theirs))
    assert torch.get_num_threads() == threads


def test_batches_are_made_ahead_but_not_past_the_end():
    made = []

    def noted(item_rngs: ItemRngs) -> Tensor:
        made.append(threading.current_thread().name)
        return torch.zeros(1)

    loader = BatchLoader(noted, RunSettings(batch_size=1, workers=2, steps=4), CPU)
    next(loader.of_step(0))
    deadline = time.monotonic() + 30
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(made) == 4
    for step in range(1, 4):
        assert len(list(loader.of_step(step))) == 1
    assert len(made) == 4
    assert all(name.startswith("loader") for name in made)


def test_a_fault_of_a_worker_reaches_the_recipe():
    def broken(item_rngs: ItemRngs) -> Tensor:
        raise ZeroDivisionError

    loader = BatchLoader(broken, RunSettings(batch_size=1, workers=1), CPU)
    with pytest.raises(ZeroDivisionError):
        list(loader.of_step(0))


def test_waiting_is_measured():
    waits = []

    @contextmanager
    def waiting():
        begin = time.monotonic()
        yield
        waits.append(time.monotonic() - begin)

    def slow(item_rngs: ItemRngs) -> Tensor:
        time.sleep(0.05)
        return torch.zeros(1)

    loader = BatchLoader(slow, RunSettings(batch_size=1, workers=0), CPU, waiting)
    list(loader.of_step(0))
    assert waits[0] >= 0.05
