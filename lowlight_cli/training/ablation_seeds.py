"""Runs of a row with several seeds, and their means; torch-free."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import NamedTuple

from lowlight_cli.training.ablation import AGAIN, WHOLE, Row, Variant

SeedRows = Mapping[int, Row]
"""Results of one variant by seed."""


class SeedRun(NamedTuple):
    """One run of an ablation: a variant with a seed, and the name of its folder."""

    variant: Variant
    seed: int
    folder: str


def seed_runs(variants: Sequence[Variant], first_seed: int, count: int) -> Iterator[SeedRun]:
    """Runs of all variants with the first seed, then with the next one, and so on.

    With several seeds there is no separate row for the whole model with another seed.

    Args:
        variants: Rows to train.
        first_seed: Seed of the first run of each row.
        count: Number of seeds.
    """
    for number in range(count):
        for variant in variants:
            if count == 1 or variant.name != AGAIN:
                folder = variant.name if number == 0 else f"{variant.name}-seed-{number}"
                seed = variant.settings.get("run.seed", first_seed + number)
                yield SeedRun(variant, seed, folder)


def averaged(found: Mapping[str, SeedRows]) -> list[Row]:
    """One row for each variant: means over its seeds, and the difference to the whole model.

    A difference is between runs with the same seed, which see the same batches, so that less of it is noise.

    Args:
        found: Results by name of the variant and by seed.
    """
    whole = found.get(WHOLE, {})
    return [_mean(rows, whole) for rows in found.values() if rows]


def _mean(rows: SeedRows, whole: SeedRows) -> Row:
    first = next(iter(rows.values()))
    psnr = [row.psnr for row in rows.values()]
    shared = () if first.name == WHOLE else tuple(seed for seed in rows if seed in whole)
    differences = [rows[seed].psnr - whole[seed].psnr for seed in shared]
    return replace(
        first,
        psnr=fmean(psnr),
        ssim=fmean(row.ssim for row in rows.values()),
        index_accuracy=_optional_mean([row.index_accuracy for row in rows.values()]),
        psnr_blurred=_optional_mean([row.psnr_blurred for row in rows.values()]),
        seeds=tuple(rows),
        psnr_deviation=_deviation(psnr),
        difference=fmean(differences) if differences else None,
        difference_deviation=_deviation(differences),
    )


def _deviation(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _optional_mean(values: Sequence[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return fmean(numbers) if numbers else None
