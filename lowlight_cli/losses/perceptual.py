"""Distance between images in the features of a network."""

from collections.abc import Callable, Sequence

from torch.nn.functional import mse_loss, normalize

from lowlight_cli.tensors import Features, Images, Scalar


def feature_distance(
    pyramid: Callable[[Images], Sequence[Features]], images: Images, targets: Images
) -> Scalar:
    """Squared distance of unit feature vectors, averaged over positions, summed over scales.

    Source: LPIPS (Zhang et al., 2018, eq. 1) without its learned channel weights.

    Args:
        pyramid: Frozen network that returns features at several scales.
        images: sRGB in [0, 1]; gradients flow into them.
        targets: sRGB in [0, 1].
    """
    features, target_features = pyramid(images), pyramid(targets)
    parts = [
        mse_loss(normalize(a, dim=1), normalize(b.detach(), dim=1)) * a.shape[1]
        for a, b in zip(features, target_features, strict=True)
    ]
    return sum(parts[1:], parts[0])
