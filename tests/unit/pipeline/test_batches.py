"""Which images go through the model together."""

import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lowlight_cli.images.picture import still
from lowlight_cli.pipeline.batches import Loaded, batches
from lowlight_cli.pipeline.plan import Job


def _loaded(name, width, height, depth=np.uint8):
    picture = still(np.zeros((height, width, 3), depth))
    return Loaded(Job(Path(name), Path(name)), picture, 0.0)


def _names(items, **limits):
    limits = {"batch_size": 2, "batch_pixels": 10_000, "multiple": 8} | limits
    return [[item.job.source.name for item in batch] for batch in batches(items, **limits)]


def test_pictures_of_one_padded_size_go_together():
    items = [_loaded("a", 16, 8), _loaded("b", 8, 8), _loaded("c", 15, 7), _loaded("d", 16, 8)]
    assert _names(items) == [["a", "c"], ["b"], ["d"]]


def test_the_frame_counts_in_the_padded_size():
    items = [_loaded("a", 16, 8), _loaded("b", 20, 8)]
    assert _names(items) == [["a"], ["b"]]
    assert _names(items, frame=2) == [["a", "b"]]


def test_depths_are_not_mixed():
    assert _names([_loaded("a", 8, 8), _loaded("b", 8, 8, np.uint16)]) == [["a"], ["b"]]


def test_large_pictures_make_small_batches():
    items = [_loaded(name, 100, 96) for name in "abc"]
    assert _names(items, batch_size=8, batch_pixels=2 * 104 * 96) == [["a", "b"], ["c"]]
    assert _names(items, batch_size=8, batch_pixels=10) == [["a"], ["b"], ["c"]]


def test_what_waits_is_bounded():
    items = [_loaded(str(side), side, 8) for side in range(8, 808, 8)]
    waiting = 0
    source = iter(items)

    def counted():
        nonlocal waiting
        for item in source:
            waiting += item.area
            yield item

    for batch in batches(counted(), batch_size=2, batch_pixels=1000, multiple=8):
        assert waiting <= 4 * 1000 + 808 * 8
        waiting -= sum(item.area for item in batch)
    assert waiting == 0


@pytest.mark.parametrize("frames", [1, 2])
def test_what_was_given_away_is_not_kept(frames):
    def items():
        found = [_loaded("a", 8, 8)]
        picture = found[0].picture
        found[0] = replace(found[0], picture=replace(picture, frames=picture.frames * frames))
        del picture
        yield found.pop()
        yield _loaded("b", 8, 8)

    groups = batches(items(), batch_size=1, batch_pixels=10_000, multiple=8)
    batch = next(groups)
    pixels = weakref.ref(batch[0].picture.pixels)
    del batch
    assert pixels() is None
    assert [item.job.source.name for item in next(groups)] == ["b"]
