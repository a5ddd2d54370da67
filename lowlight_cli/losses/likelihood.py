"""Negative log-likelihood of a latent, in bits.

A file of its own, because this loss belongs to one paper.

Source: GLARE, eq. of stage II: docs/models/glare.md; unit variance, as in the original.
A file of its own: losses are grouped by the paper that they are from.
"""

import math

from lowlight_cli.tensors import Features, PerImage, Scalar


def bits_per_position(noise: Features, mean: Features, log_determinant: PerImage) -> Scalar:
    """Mean negative log-likelihood (base 2) of latents per position; divide by c for one dimension.

    Args:
        noise: Latents mapped by the flow, (b, c, h, w).
        mean: Mean of their distribution, of the same shape.
        log_determinant: Natural logarithm of the change of volume of the flow.
    """
    _, channels, height, width = noise.shape
    squares = (noise - mean).square().sum((1, 2, 3)) / 2
    constant = channels * height * width * math.log(2 * math.pi) / 2
    surprise = squares + constant - log_determinant
    return surprise.mean() / (math.log(2) * height * width)
