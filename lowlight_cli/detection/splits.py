"""Which picture is for training, for validation, for testing."""

from collections.abc import Sequence
from dataclasses import replace

from lowlight_cli.datasets.name_draws import drawn_bits
from lowlight_cli.detection.collection import SPLITS, Sample
from lowlight_cli.errors import UsageError


def parse_shares(text: str) -> tuple[float, float, float]:
    """Shares of train, val and test from ``8:1:1``; they add up to 1.

    Raises:
        UsageError: Not two or three numbers from 0 with a positive sum.
    """
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if len(parts) not in (2, 3) or min(parts) < 0 or not 0 < sum(parts) < float("inf"):
        raise UsageError(f"'{text}' is no split; use keep, official, or shares like 8:1:1")
    train, val, test = [*parts, 0.0][:3]
    total = train + val + test
    return train / total, val / total, test / total


def by_shares(samples: Sequence[Sample], shares: tuple[float, float, float], seed: int) -> tuple[Sample, ...]:
    """Deals pictures out by their names, so that adding some moves no other.

    Args:
        samples: Pictures; the order does not count.
        shares: Of train, val and test.
        seed: Another seed deals another hand.
    """
    borders = (shares[0], shares[0] + shares[1])

    def split_of(sample: Sample) -> str:
        place = drawn_bits(sample.name, seed, 8) / 2**64
        return SPLITS[sum(place >= border for border in borders)] if place < 1 else SPLITS[0]

    return tuple(replace(sample, split=split_of(sample)) for sample in samples)


def as_given(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Pictures with the split they came with; those without one are for training."""
    return tuple(sample if sample.split else replace(sample, split="train") for sample in samples)
