"""Computes feature similarity (FSIM): likeness of phase congruency and gradients, weighted by congruency.

Source: Zhang, Zhang, Mou and Zhang, "FSIM: a feature similarity index for image quality assessment", 2011.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from lowlight_cli.evaluation.color_space import view_pair, weighted
from lowlight_cli.evaluation.protocols import EIGHT_BIT_RGB, View
from lowlight_cli.layers.exposure import LUMA
from lowlight_cli.tensors import Features, Images, PerImage

SIDE = 256
"""Images are averaged down until their shorter side has about this many pixels."""

IN_PHASE = (0.596, -0.274, -0.322)
QUADRATURE = (0.211, -0.523, 0.312)
"""Weights of R, G and B in the two color components of YIQ."""

T_CONGRUENCY = 0.85
T_GRADIENT = 160.0
T_COLOR = 200.0
COLOR_POWER = 0.03
SCHARR = ((3.0, 0.0, -3.0), (10.0, 0.0, -10.0), (3.0, 0.0, -3.0))


def feature_similarity(
    images: Images, references: Images, view: View = EIGHT_BIT_RGB, *, chromatic: bool = False
) -> PerImage:
    """FSIM of the luma, or FSIMc; 1 for equal images.

    Args:
        images: sRGB in [0, 1].
        references: Of the same shape.
        view: Whether pixels are rounded first; its color space is RGB.
        chromatic: Whether color is compared as well (FSIMc).

    Raises:
        UsageError: The shapes differ.
    """
    first, second = (reduced(batch * 255) for batch in view_pair(images, references, view))
    luma_1, luma_2 = weighted(first, LUMA), weighted(second, LUMA)
    congruency_1, congruency_2 = phase_congruency(torch.cat([luma_1, luma_2])).chunk(2)
    likeness = _alike(congruency_1, congruency_2, T_CONGRUENCY)
    likeness = likeness * _alike(_gradient(luma_1), _gradient(luma_2), T_GRADIENT)
    if chromatic:
        likeness = likeness * _alike_in_color(first, second)
    weight = torch.maximum(congruency_1, congruency_2)
    total = weight.sum((1, 2, 3))
    # Images without features, such as all black ones, have no weights; they are compared everywhere.
    return torch.where(total > 0, (likeness * weight).sum((1, 2, 3)) / total, likeness.mean((1, 2, 3)))


def reduced(planes: Features) -> Features:
    """Planes averaged over squares and subsampled, so that the shorter side is about ``SIDE``."""
    factor = max(1, int(min(planes.shape[2:]) / SIDE + 0.5))
    if factor == 1:
        return planes
    before = (factor - 1) // 2
    padded = pad(planes, (before, factor - 1 - before) * 2)
    channels = planes.shape[1]
    weights = planes.new_full((channels, 1, factor, factor), 1 / factor**2)
    return conv2d(padded, weights, groups=channels)[:, :, ::factor, ::factor]


def _gradient(planes: Features) -> Features:
    kernel = planes.new_tensor(SCHARR)[None, None] / 16
    padded = pad(planes, (1, 1, 1, 1))
    return (conv2d(padded, kernel).square() + conv2d(padded, kernel.mT).square()).sqrt()


def _alike(first: Tensor, second: Tensor, constant: float) -> Tensor:
    return (2 * first * second + constant) / (first.square() + second.square() + constant)


def _alike_in_color(first: Features, second: Features) -> Features:
    product = torch.ones_like(first[:, :1])
    for weights in (IN_PHASE, QUADRATURE):
        product = product * _alike(weighted(first, weights), weighted(second, weights), T_COLOR)
    # The product may be negative; FSIMc takes the real part of its power.
    return torch.complex(product, torch.zeros_like(product)).pow(COLOR_POWER).real


SCALES = 4
ORIENTATIONS = 4
SHORTEST_WAVE = 6.0
WAVE_RATIO = 2.0
BANDWIDTH = 0.55
ANGULAR_SPREAD = math.pi / ORIENTATIONS / 1.2
NOISE_DEVIATIONS = 2.0
NOISE_DIVISOR = 1.7
TINY = 1e-4


def phase_congruency(planes: Features) -> Features:
    """Phase congruency at each pixel, from 0 to 1: (b, 1, h, w).

    Args:
        planes: Luma in [0, 255], (b, 1, h, w), in float64.
    """
    spectrum = torch.fft.fft2(planes)
    radial, angular = _radial_filters(planes), _angular_filters(planes)
    congruent, amplitudes = torch.zeros_like(planes), torch.zeros_like(planes)
    for spread in angular:
        filters = radial * spread  # (scales, h, w)
        waves = torch.fft.ifft2(spectrum * filters)  # (b, scales, h, w), real part even, imaginary part odd
        congruent += (_energy(waves) - _noise(waves, filters)).clamp(min=0)
        amplitudes += (waves.real.square() + waves.imag.square()).sqrt().sum(1, keepdim=True)
    return congruent / amplitudes.clamp(min=TINY)


def _energy(waves: Tensor) -> Tensor:
    """Length of the waves along their mean phase, minus the part across it."""
    even, odd = waves.real, waves.imag
    total_even, total_odd = even.sum(1, keepdim=True), odd.sum(1, keepdim=True)
    length = (total_even.square() + total_odd.square()).sqrt() + TINY
    mean_even, mean_odd = total_even / length, total_odd / length
    along = even * mean_even + odd * mean_odd
    across = (even * mean_odd - odd * mean_even).abs()
    return (along - across).sum(1, keepdim=True)


def _noise(waves: Tensor, filters: Tensor) -> Tensor:
    """Energy threshold of noise, estimated at the finest scale: mean plus 2 deviations of Rayleigh noise."""
    power = (waves[:, 0].real.square() + waves[:, 0].imag.square()).flatten(1)
    noise_power = power.quantile(0.5, 1) / math.log(2) / filters[0].square().sum()
    impulses = torch.fft.ifft2(filters).real * math.sqrt(filters[0].numel())
    single = impulses.square().sum()
    mixed = (impulses.sum(0).square() - impulses.square().sum(0)).sum() / 2
    scale = (noise_power * (single + 2 * mixed)).sqrt()
    threshold = scale * (math.sqrt(math.pi / 2) + NOISE_DEVIATIONS * math.sqrt(2 - math.pi / 2))
    return (threshold / NOISE_DIVISOR)[:, None, None, None]


def _frequencies(like: Tensor) -> tuple[Tensor, Tensor]:
    """Radius in cycles per pixel and angle in radians of each term of the spectrum."""
    height, width = like.shape[2:]
    down = _axis(height, like)[:, None]
    across = _axis(width, like)[None, :]
    return (down.square() + across.square()).sqrt(), torch.atan2(-down, across)


def _axis(size: int, like: Tensor) -> Tensor:
    """Frequencies of an axis in the order of the Fourier transform; of an odd size from -0.5 to 0.5."""
    steps = torch.arange(size, dtype=like.dtype, device=like.device) - size // 2
    return torch.fft.ifftshift(steps / (size - size % 2))


def _radial_filters(like: Tensor) -> Tensor:
    """Log-Gabor bands of the spectrum, (scales, h, w), without its outermost corners."""
    radius, _ = _frequencies(like)
    radius[0, 0] = 1
    lowpass = 1 / (1 + (radius / 0.45) ** 30)
    waves = [SHORTEST_WAVE * WAVE_RATIO**scale for scale in range(SCALES)]
    bands = torch.stack(
        [
            lowpass * torch.exp(-((radius * wave).log().square()) / (2 * math.log(BANDWIDTH) ** 2))
            for wave in waves
        ]
    )
    bands[:, 0, 0] = 0
    return bands


def _angular_filters(like: Tensor) -> Tensor:
    """Angular sectors of the spectrum, (orientations, h, w)."""
    _, angle = _frequencies(like)
    directions = torch.arange(ORIENTATIONS, dtype=like.dtype, device=like.device) * math.pi / ORIENTATIONS
    away = angle - directions[:, None, None]
    distance = torch.atan2(away.sin(), away.cos())
    return torch.exp(-distance.square() / (2 * ANGULAR_SPREAD**2))
