"""Measures on real pairs how a camera darkens: the figures behind ``lowlight_cli.datasets.config``.

Needs a folder with ``low`` and ``high``, equal names in both, or LLE_DATA_ROOT (then its pairs/train).

    python benchmarks/fit_darkening.py PAIRS [--leave-out 004,005]
"""

import argparse
import os
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from lowlight_cli.datasets.matching import Partners, match

Array = NDArray[np.float64]

BLOCK = 8
PATCH = 16
FLAT = 4 / 255
QUANTIZATION = 1 / 12
HEADROOMS = np.geomspace(1, 60, 60)
TINTED = "004,005,029,030,038,281"


class PairFit(NamedTuple):
    """One pair: ``low = pedestal + exposure * scene(high, headroom)``, numbers per channel."""

    name: str
    exposure: Array
    pedestal: Array
    headroom: float
    error: float


class Patches(NamedTuple):
    """Flat patches of all pairs: mean level and noise in 8-bit steps, neighbor correlations."""

    level: Array
    deviation: Array
    correlation: Array


def main() -> None:
    """Prints the figures of all pairs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", nargs="?", type=Path, default=default_folder())
    parser.add_argument("--leave-out", default=TINTED, help="names whose bright picture has a cast")
    arguments = parser.parse_args()
    if arguments.pairs is None:
        parser.error("give a folder of pairs, or set LLE_DATA_ROOT")
    left_out = set(arguments.leave_out.split(","))
    found = match(arguments.pairs / "low", arguments.pairs / "high").partners
    pairs = [pair for pair in found if pair.name not in left_out]
    console = Console()
    console.print(f"{len(pairs)} pairs")
    console.print(fits_table([fit_pair(pair) for pair in pairs]))
    patches = flat_patches(pairs)
    console.print(noise_table(patches))
    console.print(f"noise in linear light: {noise_law(patches)}")


def default_folder() -> Path | None:
    """Folder of the training pairs under LLE_DATA_ROOT."""
    root = os.environ.get("LLE_DATA_ROOT")
    return Path(root) / "pairs" / "train" if root else None


def read(path: Path) -> Array:
    """SRGB values in [0, 1], (h, w, 3)."""
    return cv2.imread(str(path), cv2.IMREAD_COLOR_RGB).astype(np.float64) / 255


def linear(values: Array) -> Array:
    """Linear light of sRGB values."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def fit_pair(pair: Partners) -> PairFit:
    """Least squares on block means, relative errors; the headroom is searched on a grid."""
    low, high = linear(read(pair.picture)), linear(read(pair.reference))
    size = (low.shape[1] // BLOCK, low.shape[0] // BLOCK)
    means = [cv2.resize(light, size, interpolation=cv2.INTER_AREA).reshape(-1, 3) for light in (low, high)]
    kept = means[1].max(1) < 0.9
    return min(
        (fit_at(pair.name, means[0][kept], means[1][kept], room) for room in HEADROOMS), key=lambda f: f.error
    )


def fit_at(name: str, low: Array, high: Array, headroom: float) -> PairFit:
    """Best exposure and pedestal of each channel for one headroom."""
    bend = 1 - 1 / headroom
    scene = high * (1 - bend * 0.18) / (1 - bend * high)
    solutions, errors = [], 0.0
    for channel in range(3):
        weight = 1 / (low[:, channel] + 5e-4)
        system = np.stack([scene[:, channel] * weight, weight], 1)
        found = np.linalg.lstsq(system, low[:, channel] * weight, rcond=None)[0]
        errors += float(np.abs(system @ found - low[:, channel] * weight).mean()) / 3
        solutions.append(found)
    exposure, pedestal = np.array(solutions).T
    return PairFit(name, exposure, pedestal, float(headroom), errors)


def fits_table(fits: list[PairFit]) -> Table:
    """Median, spread and range of what was fitted to each pair."""
    green = np.array([fit.exposure[1] for fit in fits]).clip(1e-4)
    rows = {
        "1 / exposure at middle gray": 1 / green,
        "headroom": np.array([fit.headroom for fit in fits]),
        "red / green gain": np.array([fit.exposure[0] for fit in fits]).clip(1e-4) / green,
        "blue / green gain": np.array([fit.exposure[2] for fit in fits]).clip(1e-4) / green,
        "pedestal x 1000, mean": np.array([fit.pedestal.mean() for fit in fits]).clip(1e-5) * 1e3,
        **{
            f"pedestal {name} / mean": np.array(
                [fit.pedestal[c] / max(fit.pedestal.mean(), 1e-5) for fit in fits]
            )
            for c, name in enumerate(("red", "green", "blue"))
        },
        "relative error": np.array([fit.error for fit in fits]),
    }
    table = Table("fitted to each pair", "5 %", "25 %", "median", "75 %", "95 %", "factor")
    for name, values in rows.items():
        quartiles = np.percentile(values, [5, 25, 50, 75, 95])
        # Quartiles of a normal law lie 1.349 deviations apart.
        factor = (max(quartiles[3], 1e-9) / max(quartiles[1], 1e-9)) ** (1 / 1.349)
        table.add_row(name, *(f"{value:.3g}" for value in quartiles), f"{factor:.2f}")
    return table


def flat_patches(pairs: list[Partners]) -> Patches:
    """Level, noise and correlations of patches that are flat in the bright picture."""
    levels, deviations, correlations = [], [], []
    for pair in pairs:
        low, high = read(pair.picture) * 255, read(pair.reference)
        for top in range(0, low.shape[0] - PATCH, PATCH):
            for left in range(0, low.shape[1] - PATCH, PATCH):
                place = np.s_[top : top + PATCH, left : left + PATCH]
                if high[place].std((0, 1)).max() > FLAT or high[place].max() > 0.97:
                    continue
                rest = without_plane(low[place])
                levels.append(low[place].mean((0, 1)))
                deviations.append(rest.std((0, 1)))
                correlations.append(neighbor_correlations(rest))
    return Patches(np.array(levels), np.array(deviations), np.array(correlations))


def without_plane(patch: Array) -> Array:
    """What a fitted plane leaves of each channel."""
    rows, columns = np.mgrid[:PATCH, :PATCH]
    system = np.stack([rows.ravel(), columns.ravel(), np.ones(PATCH * PATCH)], 1)
    flat = patch.reshape(-1, 3)
    return (flat - system @ np.linalg.lstsq(system, flat, rcond=None)[0]).reshape(patch.shape)


def neighbor_correlations(rest: Array) -> Array:
    """Correlation of pixels 1, 2 and 4 apart, in each channel, free of the share that rounding adds."""
    variance = np.maximum((rest**2).mean((0, 1)) - QUANTIZATION, 0.05)
    across = [(rest[:, gap:] * rest[:, :-gap]).mean((0, 1)) / variance for gap in (1, 2, 4)]
    down = [(rest[gap:] * rest[:-gap]).mean((0, 1)) / variance for gap in (1, 2, 4)]
    return (np.array(across) + np.array(down)) / 2


def noise_table(patches: Patches) -> Table:
    """Median noise in 8-bit steps by level, and the correlations."""
    table = Table(
        "level (8 bit)", "patches", "red", "green", "blue", title="noise of flat patches (8-bit steps)"
    )
    edges = [0, 3, 5, 8, 12, 18, 25, 40, 80]
    for low, high in pairwise(edges):
        inside = (patches.level >= low) & (patches.level < high)
        cells = [
            f"{np.median(patches.deviation[inside[:, c], c]):.2f}" if inside[:, c].any() else "-"
            for c in range(3)
        ]
        table.add_row(f"{low} to {high}", str(int(inside[:, 1].sum())), *cells)
    for index, gap in enumerate((1, 2, 4)):
        middle = np.median(patches.correlation[:, index], axis=0)
        table.add_row(f"correlation at {gap}", "", *(f"{value:.2f}" for value in middle))
    return table


def noise_law(patches: Patches) -> str:
    """Read noise and shot noise of each channel: a line through variance against light above the darkest."""
    found = []
    for channel, name in enumerate(("red", "green", "blue")):
        level = patches.level[:, channel] / 255
        slope = np.where(level <= 0.04045, 1 / 12.92, 2.4 / 1.055 * ((level + 0.055) / 1.055) ** 1.4)
        variance = np.maximum(patches.deviation[:, channel] ** 2 - QUANTIZATION, 0.01) * (slope / 255) ** 2
        light = linear(level)
        chosen = light < np.percentile(light, 90)
        weight = 1 / variance[chosen]
        system = np.stack([np.ones(chosen.sum()), light[chosen]], 1)
        base, shot = np.linalg.lstsq(system * weight[:, None], variance[chosen] * weight, rcond=None)[0]
        floor = base + shot * np.percentile(light, 2)
        found.append(f"{name} read {max(floor, 0) ** 0.5:.2e}, shot {shot:.2e}")
    return "; ".join(found)


if __name__ == "__main__":
    main()
