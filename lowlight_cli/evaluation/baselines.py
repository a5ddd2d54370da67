"""Lists the classic methods that ``lle eval --model`` accepts beside the models; torch-free."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lowlight_cli.catalog import Catalog

if TYPE_CHECKING:
    from lowlight_cli.tensors import Images


UNCHANGED = "input"
"""Name of the method that scores the dark images as they are."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A method to compare models with.

    Attributes:
        name: Name in the catalog.
        summary: One line for lists.
        build: Returns the method, a function of a batch, or None if images stay as they are; imports torch.
    """

    name: str
    summary: str
    build: Callable[[], "Callable[[Images], Images] | None"]


def _input() -> None:
    return None


def _gamma() -> "Callable[[Images], Images]":
    from lowlight_cli.evaluation.classic import gamma

    return gamma


def _clahe() -> "Callable[[Images], Images]":
    from lowlight_cli.evaluation.classic import clahe

    return clahe


def _equalize() -> "Callable[[Images], Images]":
    from lowlight_cli.evaluation.classic import equalize_value

    return equalize_value


BASELINES: Catalog[Baseline] = Catalog(
    "baseline",
    {
        baseline.name: baseline
        for baseline in (
            Baseline(UNCHANGED, "The dark image as it is.", _input),
            Baseline("gamma", "Values to the power of 0.4.", _gamma),
            Baseline("clahe", "Lightness equalized in 8x8 tiles, contrast limited to 2.", _clahe),
            Baseline("he", "Histogram of the largest channel equalized.", _equalize),
        )
    },
)
