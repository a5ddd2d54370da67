"""Differences between pictures as a network sees them."""

from torch.nn.functional import mse_loss, normalize

from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.tensors import Images, Scalar


def semantic_distance(net: SemanticNet, images: Images, targets: Images) -> Scalar:
    """Squared difference of unit feature vectors, averaged over positions, summed over three scales.

    Source: the form of LPIPS (Zhang et al., 2018, eq. 1) without its learned channel weights.

    Args:
        net: Frozen network.
        images: sRGB in [0, 1]; gradients flow into them.
        targets: sRGB in [0, 1].
    """
    seen, wanted = net.pyramid(images), net.pyramid(targets)
    parts = [
        mse_loss(normalize(a, dim=1), normalize(b.detach(), dim=1)) * a.shape[1]
        for a, b in zip(seen, wanted, strict=True)
    ]
    return sum(parts[1:], parts[0])
