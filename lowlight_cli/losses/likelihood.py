"""How unlikely a latent is, in bits.

Source: GLARE, eq. of stage II: docs/models/glare.md; unit variance, as the authors have it.
"""

import math

from lowlight_cli.tensors import Features, PerImage, Scalar


def bits_per_position(noise: Features, mean: Features, log_determinant: PerImage) -> Scalar:
    """Mean negative logarithm (base 2) of the density of latents, per position; divide by c for a channel.

    Args:
        noise: Latents as the flow maps them, (b, c, h, w).
        mean: Where their density is highest, of the same shape.
        log_determinant: Natural logarithm of the flow's change of volume.
    """
    _, channels, height, width = noise.shape
    squares = (noise - mean).square().sum((1, 2, 3)) / 2
    constant = channels * height * width * math.log(2 * math.pi) / 2
    surprise = squares + constant - log_determinant
    return surprise.mean() / (math.log(2) * height * width)
