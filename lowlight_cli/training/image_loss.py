"""Image losses that recipes share: pixels, edges, structure, color and, optionally, LPIPS."""

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
    """Weights of the image losses; the weight of the pixel loss is 1."""

    @property
    def edge_weight(self) -> float:
        """Weight of the gradient loss."""

    @property
    def structure_weight(self) -> float:
        """Weight of 1 - SSIM."""

    @property
    def colour_weight(self) -> float:
        """Weight of the color loss."""


@runtime_checkable
class LpipsFiles(Protocol):
    """Files of the weights of LPIPS."""

    @property
    def lpips_backbone(self) -> Path | None:
        """Weights of VGG16, which do not ship."""

    @property
    def lpips_heads(self) -> Path | None:
        """Weights of the LPIPS heads for VGG; None for those that ship."""


def image_losses(
    weights: ImageLossWeights,
    made: Images,
    target: Images,
    *,
    differ: Callable[[Images, Images], Scalar] = dissimilarity,
) -> dict[str, Scalar]:
    """Weighted losses between output and target images.

    Args:
        weights: Weights of the losses.
        made: Output images, about [0, 1], not clamped.
        target: Target images in [0, 1].
        differ: The structure loss.
    """
    return {
        "pixel": absolute(made, target),
        "edge": weights.edge_weight * gradient(made, target),
        "structure": weights.structure_weight * differ(made, target),
        "colour": weights.colour_weight * color(made, target),
    }


def optional_lpips(files: LpipsFiles, device: torch.device) -> LearnedPerceptual | None:
    """LPIPS if the weights of VGG16 are given, otherwise None.

    Raises:
        WeightsError: A file is missing or does not fit.
    """
    if files.lpips_backbone is None:
        return None
    return to_device(load_lpips(files.lpips_backbone, files.lpips_heads), device)
