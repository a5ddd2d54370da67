"""Sources are drawn from by their weights."""

from collections import Counter
from typing import NamedTuple

import pytest
import torch

from lowlight_cli.training.pool import Origin, Pool, draw_one
from lowlight_cli.training.rng import item_rng


class Named(NamedTuple):
    """What is drawn."""

    name: str
    origin: Origin | None = None


def shares(pool: Pool[Named], draws: int = 800) -> dict[str, float]:
    counts = Counter(draw_one(pool, item_rng(1, step)).name for step in range(draws))
    return {name: count / draws for name, count in counts.items()}


def test_a_source_has_its_share_whatever_its_size():
    few = [Named("few", Origin(0, 0.75))] * 2
    many = [Named("many", Origin(1, None))] * 30
    other = [Named("other", Origin(2, None))] * 10
    found = shares(Pool([*few, *many, *other]))
    expected = {"few": 0.75, "many": 0.25 * 0.75, "other": 0.25 * 0.25}
    assert found == pytest.approx(expected, abs=0.05)


def test_where_all_have_a_weight_only_the_ratio_counts():
    pool = Pool([Named("a", Origin(0, 3)), Named("b", Origin(1, 1)), Named("b", Origin(1, 1))])
    assert shares(pool) == pytest.approx({"a": 0.75, "b": 0.25}, abs=0.05)


def test_without_weights_all_pictures_are_alike_and_drawn_as_from_a_list():
    pool = Pool([Named(str(place), Origin(place % 2, None)) for place in range(5)])
    generators = [torch.Generator().manual_seed(4) for _ in range(2)]
    for _ in range(20):
        assert draw_one(pool, generators[0]) == draw_one(list(pool), generators[1])
