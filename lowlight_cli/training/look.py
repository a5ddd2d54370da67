"""What the controls and a reference ask for, said in pixels: targets that training shows the network.

The network never applies these; it learns them, so that each control does what its name says.
"""

from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from lowlight_cli.layers.exposure import lift
from lowlight_cli.models.codeenhance.feature_transform import ControlWeights
from lowlight_cli.tensors import Images, PerImage

BLUR_RADIUS = 2
TEXTURE_GAIN = 0.7
REFERENCE_SHARE = 0.6


def smooth(images: Images) -> Images:
    """Mean over 5x5 pixels, same size."""
    padded = pad(images, (BLUR_RADIUS,) * 4, mode="replicate")
    return avg_pool2d(padded, 2 * BLUR_RADIUS + 1, stride=1)


def controlled(images: Images, weights: ControlWeights, middle: PerImage) -> Images:
    """Pictures as the controls ask for them; unchanged where all are 1.

    Args:
        images: Well-lit pictures, sRGB in [0, 1].
        weights: 0 to 2 each; halves to doubles brightness gain, contrast by the root of it, details by 70 %.
        middle: Mean luma of the whole pictures, which contrast leaves where it is.
    """
    detailed = images + TEXTURE_GAIN * (weights.texture - 1) * (images - smooth(images))
    centre = middle.view(-1, 1, 1, 1)
    spread = centre + (detailed - centre) * 2 ** (0.5 * (weights.contrast - 1))
    return lift(spread.clamp(0, 1), (2 ** (weights.brightness - 1)).flatten())


def like_reference(images: Images, reference: Images) -> Images:
    """Pictures whose channel means and deviations are moved towards a reference's.

    Source: Reinhard et al., "Color Transfer between Images", 2001, eq. 10, per RGB channel, by 60 %.
    """
    mean, spread = _moments(images)
    wanted_mean, wanted_spread = _moments(reference)
    moved = (images - mean) * (wanted_spread / spread).clamp(0.5, 2) + wanted_mean
    return (images + REFERENCE_SHARE * (moved - images)).clamp(0, 1)


def _moments(images: Images) -> tuple[Tensor, Tensor]:
    return images.mean((2, 3), keepdim=True), images.std((2, 3), keepdim=True).clamp_min(0.02)
