"""Differences between pictures, pixel by pixel."""

from torch.nn.functional import avg_pool2d, l1_loss, mse_loss

from lowlight_cli.tensors import Features, Images, Scalar


def absolute(images: Features, targets: Features) -> Scalar:
    """Mean absolute difference."""
    return l1_loss(images, targets)


def charbonnier(images: Features, targets: Features, epsilon: float = 1e-3) -> Scalar:
    """Mean of ``sqrt(difference^2 + epsilon^2)``, a smooth absolute difference; ``epsilon`` for equal ones.

    Source: Charbonnier et al., "Two deterministic half-quadratic regularization algorithms", 1994.
    """
    return ((images - targets).square() + epsilon**2).sqrt().mean()


def gradient(images: Features, targets: Features) -> Scalar:
    """Mean absolute difference of horizontal and vertical steps; keeps edges where they are."""
    across = l1_loss(images.diff(dim=3), targets.diff(dim=3))
    down = l1_loss(images.diff(dim=2), targets.diff(dim=2))
    return across + down


def colour(images: Images, targets: Images) -> Scalar:
    """Mean squared difference of 4x4 means after the grey part is taken out.

    A codebook learns lightness first; the square makes it pay for rare, strong colours that it would leave
    grey.
    """
    a, b = avg_pool2d(images, 4), avg_pool2d(targets, 4)
    return mse_loss(a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True))
