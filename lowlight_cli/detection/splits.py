"""Assignment of images to train, val and test, and warnings about splits that end up empty."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat

from lowlight_cli.counted import counted
from lowlight_cli.datasets.name_draws import drawn_bits
from lowlight_cli.detection.collection import SPLITS, Sample
from lowlight_cli.errors import UsageError

KEEP, OFFICIAL = "keep", "official"

Shares = tuple[float, float, float]
"""Shares of train, val and test; they add up to 1."""

_FEW = 10
"""Images of the smallest split; with fewer, random numbers are too far from the shares."""


def parse_shares(text: str) -> Shares:
    """Shares of train, val and test from ``8:1:1`` or ``8:2``.

    Raises:
        UsageError: Not two or three numbers from 0 with a positive sum.
    """
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if len(parts) not in (2, 3) or min(parts) < 0 or not 0 < sum(parts) < float("inf"):
        raise UsageError(f"'{text}' is not a split; use keep, official, or shares such as 8:1:1")
    train, val, test = [*parts, 0.0][:3]
    total = train + val + test
    return train / total, val / total, test / total


def assigned(samples: Sequence[Sample], split: str, seed: int) -> tuple[Sample, ...]:
    """Images with their splits, in their order.

    Args:
        samples: Images as read.
        split: ``keep``, ``official``, or shares such as ``8:1:1``.
        seed: Random seed of shares.

    Raises:
        UsageError: The split is not valid, or an image is in no official split.
    """
    if split == KEEP:
        return tuple(sample if sample.split else replace(sample, split="train") for sample in samples)
    if split == OFFICIAL:
        unknown = [sample.name for sample in samples if sample.split is None]
        if unknown:
            raise UsageError(
                f"{counted(len(unknown), 'image')} in no official split, the first is '{unknown[0]}'; "
                "add imageclasslist.txt, or use --split keep or shares such as 8:1:1"
            )
        return tuple(samples)
    return by_shares(samples, parse_shares(split), seed)


def by_shares(samples: Sequence[Sample], shares: Shares, seed: int) -> tuple[Sample, ...]:
    """Assigns images to splits at random by their names, whatever their order.

    In a large dataset each image is assigned alone, so that adding images moves no other. In a small one the
    sizes of the splits are those of the largest remainder, see ``fair_sizes``.

    Args:
        samples: Images in any order.
        shares: Shares of train, val and test.
        seed: Random seed.
    """
    draws = [drawn_bits(sample.name, seed, 8) for sample in samples]
    splits = [_split_at(draw / 2**64, shares) for draw in draws]
    wanted = {split: share for split, share in zip(SPLITS, shares, strict=True) if share > 0}
    if min(wanted.values()) * len(samples) < _FEW or wanted.keys() - set(splits):
        ranked = sorted(range(len(samples)), key=lambda index: (draws[index], str(samples[index].image)))
        sizes = zip(SPLITS, fair_sizes(len(samples), shares), strict=True)
        in_order = [split for split, size in sizes for split in repeat(split, size)]
        for index, split in zip(ranked, in_order, strict=True):
            splits[index] = split
    return tuple(replace(sample, split=split) for sample, split in zip(samples, splits, strict=True))


def _split_at(draw: float, shares: Shares) -> str:
    """The split of a random number from 0 to 1."""
    borders = (shares[0], shares[0] + shares[1])
    return SPLITS[sum(draw >= border for border in borders)] if draw < 1 else SPLITS[0]


def fair_sizes(count: int, shares: Shares) -> tuple[int, int, int]:
    """Sizes of train, val and test by the largest remainder; of equal remainders train, then val comes first.

    A share above 0 gives train at least one image, and val at least one if test has any.

    Args:
        count: Number of images.
        shares: Shares of the splits.
    """
    quotas = [count * share for share in shares]
    sizes = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(SPLITS)), key=lambda index: sizes[index] - quotas[index])
    for index in by_remainder[: count - sum(sizes)]:
        sizes[index] += 1
    train, val, test = sizes
    if count and not train and shares[0]:
        train, val, test = (1, val, test - 1) if test >= val else (1, val - 1, test)
    if test and not val and shares[1]:
        val, test = 1, test - 1
    return train, val, test


def stand_in(split: str, present: Sequence[str]) -> str:
    """The split that ``data.yaml`` names in place of an empty one; trainers reject it without train and val.

    Args:
        split: The empty split.
        present: Splits that have images, in the order train, val, test.
    """
    return present[0] if split == "train" else present[-1]


def split_warnings(sizes: Mapping[str, int], split: str, format_name: str) -> tuple[str, ...]:
    """Warnings about splits without images that trainers need, or that were asked for.

    Args:
        sizes: Number of images of each split.
        split: The split that was asked for: ``keep``, ``official``, or shares.
        format_name: Format of the result.
    """
    present = [each for each in SPLITS if sizes.get(each)]
    by_share = split not in (KEEP, OFFICIAL)
    asked = dict(zip(SPLITS, parse_shares(split), strict=True)) if by_share else {}
    remedy = f"--split {split} of {counted(sum(sizes.values()), 'image')} leaves none"
    return tuple(
        f"no {each} split: {_effect(each, present, format_name)}{remedy if by_share else 'use --split 8:1:1'}"
        for each in SPLITS
        if present and each not in present and (each != "test" or asked.get(each))
    )


def _effect(split: str, present: Sequence[str], format_name: str) -> str:
    """What an empty split means for the trainer."""
    if format_name == "coco":
        return f"annotations/instances_{split}.json is not written; "
    if format_name == "voc":
        return f"ImageSets/Main/{split}.txt is not written; "
    return "" if split == "test" else f"{split} points at {stand_in(split, present)}; "


def sizes_of(splits: Sequence[str]) -> Mapping[str, int]:
    """Number of images of each split that has any, in the order train, val, test."""
    counts = Counter(splits)
    return {split: counts[split] for split in SPLITS if counts[split]}
