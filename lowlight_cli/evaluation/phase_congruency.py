"""Phase congruency: where the waves of a picture are in step, there is an edge, whatever its contrast.

Source: Kovesi, "Image features from phase congruency", 1999, without the weight for the spread of
frequencies; its constants are those of Zhang et al., "FSIM: a feature similarity index for image quality
assessment", 2011.
"""

import math

import torch
from torch import Tensor

from lowlight_cli.tensors import Features

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
    """How much the waves at each place are in step, from 0 to 1.

    Args:
        planes: Luma on the scale of 255, (b, 1, h, w), in float64.
    """
    spectrum = torch.fft.fft2(planes)
    radial, angular = _radial_filters(planes), _angular_filters(planes)
    in_step, amplitudes = torch.zeros_like(planes), torch.zeros_like(planes)
    for spread in angular:
        filters = radial * spread  # (scales, h, w)
        waves = torch.fft.ifft2(spectrum * filters)  # (b, scales, h, w), real part even, imaginary part odd
        in_step += (_energy(waves) - _noise(waves, filters)).clamp(min=0)
        amplitudes += (waves.real.square() + waves.imag.square()).sqrt().sum(1, keepdim=True)
    return in_step / amplitudes.clamp(min=TINY)


def _energy(waves: Tensor) -> Tensor:
    """Length of the waves along their mean direction, less what is across it."""
    even, odd = waves.real, waves.imag
    total_even, total_odd = even.sum(1, keepdim=True), odd.sum(1, keepdim=True)
    length = (total_even.square() + total_odd.square()).sqrt() + TINY
    mean_even, mean_odd = total_even / length, total_odd / length
    along = even * mean_even + odd * mean_odd
    across = (even * mean_odd - odd * mean_even).abs()
    return (along - across).sum(1, keepdim=True)


def _noise(waves: Tensor, filters: Tensor) -> Tensor:
    """Energy that noise alone would have, judged by the finest scale: mean and 2 deviations of Rayleigh's."""
    power = (waves[:, 0].real.square() + waves[:, 0].imag.square()).flatten(1)
    noise_power = power.quantile(0.5, 1) / math.log(2) / filters[0].square().sum()
    impulses = torch.fft.ifft2(filters).real * math.sqrt(filters[0].numel())
    own = impulses.square().sum()
    mixed = (impulses.sum(0).square() - impulses.square().sum(0)).sum() / 2
    scale = (noise_power * (own + 2 * mixed)).sqrt()
    threshold = scale * (math.sqrt(math.pi / 2) + NOISE_DEVIATIONS * math.sqrt(2 - math.pi / 2))
    return (threshold / NOISE_DIVISOR)[:, None, None, None]


def _frequencies(like: Tensor) -> tuple[Tensor, Tensor]:
    """Radius in cycles per pixel and angle of each term of the spectrum."""
    height, width = like.shape[2:]
    down = _axis(height, like)[:, None]
    across = _axis(width, like)[None, :]
    return (down.square() + across.square()).sqrt(), torch.atan2(-down, across)


def _axis(size: int, like: Tensor) -> Tensor:
    """Frequencies of an axis in the order of the Fourier transform; an odd one reaches from -0.5 to 0.5."""
    steps = torch.arange(size, dtype=like.dtype, device=like.device) - size // 2
    return torch.fft.ifftshift(steps / (size - size % 2))


def _radial_filters(like: Tensor) -> Tensor:
    """Bands of the spectrum on a logarithmic axis, (scales, h, w), with the outermost corners cut off."""
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
    """Sectors of the spectrum, (orientations, h, w)."""
    _, angle = _frequencies(like)
    directions = torch.arange(ORIENTATIONS, dtype=like.dtype, device=like.device) * math.pi / ORIENTATIONS
    away = angle - directions[:, None, None]
    distance = torch.atan2(away.sin(), away.cos())
    return torch.exp(-distance.square() / (2 * ANGULAR_SPREAD**2))
