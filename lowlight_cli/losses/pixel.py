"""Pixel losses between images."""

from torch.nn.functional import avg_pool2d, l1_loss, mse_loss

from lowlight_cli.tensors import Features, GainMap, Images, Scalar


def absolute(images: Features, targets: Features) -> Scalar:
    """Mean absolute difference."""
    return l1_loss(images, targets)


def charbonnier(images: Features, targets: Features, epsilon: float = 1e-3) -> Scalar:
    """Mean of ``sqrt(difference^2 + epsilon^2)``, a smooth absolute difference; ``epsilon`` for equal images.

    Source: Charbonnier et al., "Two deterministic half-quadratic regularization algorithms", 1994.
    """
    return ((images - targets).square() + epsilon**2).sqrt().mean()


def gradient(images: Features, targets: Features) -> Scalar:
    """Mean absolute difference of horizontal and vertical gradients."""
    across = l1_loss(images.diff(dim=3), targets.diff(dim=3))
    down = l1_loss(images.diff(dim=2), targets.diff(dim=2))
    return across + down


def coarse_gradient(images: Features, targets: Features, weights: GainMap) -> Scalar:
    """Mean absolute difference of the gradients of 4x4 means, weighted by place.

    Args:
        images: Images whose sides are multiples of 4.
        targets: Images of the same shape.
        weights: Weight in [0, 1] of each pixel.
    """
    difference = avg_pool2d(images - targets, 4)
    places = avg_pool2d(weights, 4)
    across = (difference.diff(dim=3).abs() * places[..., 1:]).mean()
    down = (difference.diff(dim=2).abs() * places[:, :, 1:]).mean()
    return across + down


def color(images: Images, targets: Images) -> Scalar:
    """Mean squared difference of 4x4 means without their gray part.

    A codebook learns lightness first; the square penalizes strong colors, which are rare, that it leaves
    gray.
    """
    a, b = avg_pool2d(images, 4), avg_pool2d(targets, 4)
    return mse_loss(a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True))
