"""Removes a known blur: deconvolution with a prior of sparse gradients.

Source: Krishnan and Fergus, "Fast Image Deconvolution using Hyper-Laplacian Priors", 2009, with the shrinkage
of one step in place of their table.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from lowlight_cli.models.shake.estimator import Kernel
from lowlight_cli.tensors import Images

STRENGTH = 1e-2
"""Weight of the prior; with less, edges are steeper, and noise and ringing stronger."""

_MEAN_LIGHT = 0.18
"""Mean of an image for which the strength holds; others are scaled to it."""

_EXPONENT = 0.8
_ROUNDS = 8
_FIRST_BETA = 4.0
_MARGIN = 32
"""Mirrored pixels around an image, at least, with which it repeats without a border."""

Spectrum = Complex[Tensor, "*b _h _w2"]


def deconvolved(light: Images, kernel: Kernel) -> Images:
    """The image before it was convolved with a kernel; values may lie outside of [0, 1].

    Args:
        light: In linear light, each side at least 96 pixels.
        kernel: The blur kernel, whose side is odd, and 63 at most.
    """
    scale = _MEAN_LIGHT / light.mean().clamp_min(1e-4)
    height, width = light.shape[-2:]
    size = (_fast(height + 2 * _MARGIN), _fast(width + 2 * _MARGIN))
    around = (_MARGIN, size[1] - width - _MARGIN, _MARGIN, size[0] - height - _MARGIN)
    padded = pad(light * scale, around, mode="reflect")
    blur = _spectrum_of(kernel, size)
    image = _tapered(padded, blur)
    known, power = blur.conj() * torch.fft.rfft2(image), blur.abs().square()
    slopes = list(_slope_spectra(size, light))
    steepness = sum((slope.abs().square() for slope in slopes), torch.zeros_like(power))
    beta = _FIRST_BETA
    for _ in range(_ROUNDS):
        weight, spectrum = STRENGTH * beta / 2, torch.fft.rfft2(image)
        sparse = known
        for slope in slopes:
            shrunk = _shrunk(torch.fft.irfft2(spectrum * slope, s=size), beta)
            sparse = sparse + weight * slope.conj() * torch.fft.rfft2(shrunk)
        image = torch.fft.irfft2(sparse / (power + weight * steepness + 1e-6), s=size)
        beta *= 2
    return image[..., _MARGIN : _MARGIN + height, _MARGIN : _MARGIN + width] / scale


def within_surroundings(image: Images, before: Images, radius: int) -> Images:
    """The image without ringing: each value within those that were around it before.

    Args:
        image: After deconvolution.
        before: Before it.
        radius: Half the side of the square of surroundings, in pixels.
    """
    most, least = (_largest_around(each, radius) for each in (before, -before))
    return image.minimum(most).maximum(-least)


def _largest_around(image: Images, radius: int) -> Images:
    return max_pool2d(image, 2 * radius + 1, stride=1, padding=radius)


def _shrunk(gradient: Images, beta: float) -> Images:
    """Gradients without those that the prior takes for noise."""
    least = _EXPONENT / beta * (gradient.abs() + 1e-3) ** (_EXPONENT - 1)
    return gradient.sign() * (gradient.abs() - least).clamp_min(0)


def _fast(length: int) -> int:
    """The next length whose Fourier transform is fast, at most 31 more."""
    return -(-length // 32) * 32


def _tapered(image: Images, blur: Spectrum) -> Images:
    """The image, blended at its borders with a blurred copy that continues on the opposite side."""
    size = (image.shape[-2], image.shape[-1])
    blurred = torch.fft.irfft2(torch.fft.rfft2(image) * blur, s=size)
    down, right = (_ramp(length).to(image) for length in size)
    share = down[:, None] * right
    return image * share + blurred * (1 - share)


def _ramp(length: int) -> Float[Tensor, " _n"]:
    places = torch.arange(length, dtype=torch.float32)
    return (torch.minimum(places, length - 1 - places) / (_MARGIN - 1)).clamp(0, 1)


def _spectrum_of(kernel: Kernel, size: tuple[int, int]) -> Spectrum:
    """Fourier transform of a kernel whose center is the origin."""
    radius = kernel.shape[0] // 2
    whole = pad(kernel, (0, size[1] - kernel.shape[1], 0, size[0] - kernel.shape[0]))
    return torch.fft.rfft2(whole.roll((-radius, -radius), (0, 1)))


def _slope_spectra(size: tuple[int, int], like: Tensor) -> Iterator[Spectrum]:
    """Fourier transforms of the differences to the right and down."""
    for axis in (1, 0):
        difference = torch.zeros(size, device=like.device, dtype=like.dtype)
        difference[0, 0] = -1
        difference[(0, -1) if axis else (-1, 0)] = 1
        yield torch.fft.rfft2(difference)
