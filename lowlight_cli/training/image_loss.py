"""What recipes judge made pictures by: pixels, edges, structure, color and, where it is given, LPIPS."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch

from lowlight_cli.checkpoints.load_lpips import load_lpips
from lowlight_cli.losses.learned_perceptual import LearnedPerceptual
from lowlight_cli.losses.pixel import absolute, color, gradient
from lowlight_cli.losses.structure import dissimilarity
from lowlight_cli.tensors import Images, Scalar
from lowlight_cli.training.weight_updates import to_device


@runtime_checkable
class ImageLossWeights(Protocol):
    """How much each difference counts; that of pixels counts as 1."""

    @property
    def edge_weight(self) -> float:
        """Weight of the gradient difference."""

    @property
    def structure_weight(self) -> float:
        """Weight of the lack of structural similarity."""

    @property
    def colour_weight(self) -> float:
        """Weight of the difference of colors."""


@runtime_checkable
class LpipsFiles(Protocol):
    """Where the weights of LPIPS lie, which do not ship."""

    @property
    def lpips_backbone(self) -> Path | None:
        """Weights of VGG16."""

    @property
    def lpips_heads(self) -> Path | None:
        """Weights of the LPIPS heads for VGG."""


def image_losses(
    weights: ImageLossWeights,
    made: Images,
    target: Images,
    *,
    differ: Callable[[Images, Images], Scalar] = dissimilarity,
) -> dict[str, Scalar]:
    """Weighted differences between what was made and what was asked for.

    Args:
        weights: How much each counts.
        made: About [0, 1], not clamped.
        target: Values in [0, 1].
        differ: Compares structure.
    """
    return {
        "pixel": absolute(made, target),
        "edge": weights.edge_weight * gradient(made, target),
        "structure": weights.structure_weight * differ(made, target),
        "colour": weights.colour_weight * color(made, target),
    }


def optional_lpips(files: LpipsFiles, device: torch.device) -> LearnedPerceptual | None:
    """LPIPS where both of its files are given.

    Raises:
        WeightsError: A file is missing or does not fit.
    """
    if files.lpips_backbone is None or files.lpips_heads is None:
        return None
    return to_device(load_lpips(files.lpips_backbone, files.lpips_heads), device)
