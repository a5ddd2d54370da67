"""Differences between pictures, pixel by pixel."""

from torch.nn.functional import l1_loss

from lowlight_cli.tensors import Features, Scalar


def absolute(images: Features, targets: Features) -> Scalar:
    """Mean absolute difference."""
    return l1_loss(images, targets)


def gradient(images: Features, targets: Features) -> Scalar:
    """Mean absolute difference of horizontal and vertical steps; keeps edges where they are."""
    across = l1_loss(images.diff(dim=3), targets.diff(dim=3))
    down = l1_loss(images.diff(dim=2), targets.diff(dim=2))
    return across + down
