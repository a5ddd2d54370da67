"""Estimates the blur kernel of a whole dark photo from the autocorrelation of its gradients.

The gradients of a sharp photo are nearly uncorrelated, so those of a shaken one correlate as the path of the
camera does with itself: Hu, Xue and Zheng, "PSF Estimation via Gradient Domain Correlation", 2012. Noise adds
at short distances only. A small network reads the path off, which the paper finds by iteration.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from lowlight_cli.tensors import Images

LARGEST_SHIFT = 31
"""Distance in pixels up to which gradients are compared, in each direction."""

KERNEL_SIDE = 31
MAPS = 8
"""Autocorrelations: of four directions, each of plain and of limited gradients."""

_STEEPEST_PLAIN = 6.0
_BRIGHTEST = 16.0
_LEAST_SHARE = 0.06
"""Values of a kernel below this share of its largest are rounding of the network."""

_LEAST_SPREAD = 2.1
"""Spread of a kernel in pixels below which the camera counts as still: that of a straight path of 7 pixels.

Of 60 dark photos of a still camera, many of them with a soft background, none has a larger one."""

Kernel = Float[Tensor, "_k _k"]
"""Fraction of the exposure spent at each pixel; sums to 1, with the mean at the center."""


class KernelEstimator(nn.Module):
    """Autocorrelations of gradients -> blur kernel, which may be turned by 180 degrees.

    Args:
        width: Channels of the first and last block.
        hidden: Numbers that describe a whole photo.
    """

    def __init__(self, width: int = 16, hidden: int = 192) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            _block(MAPS, width, kernel=5),
            _block(width, width),
            _block(width, 2 * width, stride=2),
            _block(2 * width, 2 * width),
            _block(2 * width, 3 * width, stride=2),
            _block(3 * width, 3 * width),
            _block(3 * width, 4 * width, stride=2),
        )
        self.summary = nn.Sequential(
            nn.Linear(4 * width * 64, hidden),
            nn.LeakyReLU(0.1),
            nn.Dropout(0.1),
            nn.Linear(hidden, 4 * width * 16),
            nn.LeakyReLU(0.1),
        )
        self.decoder = nn.ModuleList(
            [_block(4 * width, 3 * width), _block(3 * width, 2 * width), _block(2 * width, width)]
        )
        self.head = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, maps: Float[Tensor, "_b 8 63 63"]) -> Float[Tensor, "_b 31 31"]:
        """Kernels that sum to 1.

        Args:
            maps: Of ``gradient_correlations``.
        """
        features = self.summary(self.encoder(maps.sign() * maps.abs().sqrt()).flatten(1))
        features = features.unflatten(1, (-1, 4, 4))
        for block, side in zip(self.decoder, (8, 16, KERNEL_SIDE), strict=True):
            features = block(interpolate(features, size=(side, side), mode="bilinear"))
        return self.head(features).flatten(1).softmax(1).unflatten(1, (KERNEL_SIDE, KERNEL_SIDE))

    def kernel_of(self, light: Images) -> Kernel | None:
        """Kernel of a photo; None if the camera was still.

        Args:
            light: One image in linear light, (1, 3, h, w), in which blur is a convolution. The kernel has
                its pixels; paths of 5 to 28 of them were learned.
        """
        return _cleaned(self(gradient_correlations(light)[None])[0])


def gradient_correlations(light: Images) -> Float[Tensor, "8 63 63"]:
    """Mean product of gradients at each distance, relative to their variance.

    Args:
        light: One image in linear light, (1, 3, h, w); the root is taken, after which shot noise is even.
    """
    gray = light[0].mean(0)
    plane = (gray / gray.mean().clamp_min(1e-5)).clamp(0, _BRIGHTEST).sqrt()
    here, above, left, corner = plane[1:, 1:], plane[:-1, 1:], plane[1:, :-1], plane[:-1, :-1]
    maps = []
    for gradient in (here - left, here - above, here - corner, left - above):
        even = (gradient - gradient.mean()) / gradient.std().clamp_min(1e-6)
        maps += [_correlation(even.clamp(-_STEEPEST_PLAIN, _STEEPEST_PLAIN)), _correlation(even.tanh())]
    return torch.stack(maps)


def _correlation(plane: Float[Tensor, "_h _w"]) -> Float[Tensor, "63 63"]:
    """Autocorrelation up to ``LARGEST_SHIFT``, by Fourier transform."""
    height, width = plane.shape
    spectrum = torch.fft.rfft2(plane, s=(height + 2 * LARGEST_SHIFT, width + 2 * LARGEST_SHIFT))
    sums = torch.fft.irfft2(
        spectrum.abs().square(), s=(height + 2 * LARGEST_SHIFT, width + 2 * LARGEST_SHIFT)
    )
    side = 2 * LARGEST_SHIFT + 1
    return sums.roll((LARGEST_SHIFT, LARGEST_SHIFT), (0, 1))[:side, :side] / plane.numel()


def _cleaned(kernel: Kernel) -> Kernel | None:
    """The kernel without rounding, with its mean at the center; None if it hardly spreads."""
    kernel = kernel.where(kernel >= _LEAST_SHARE * kernel.max(), 0.0)
    kernel = kernel / kernel.sum()
    places = torch.arange(KERNEL_SIDE, device=kernel.device) - KERNEL_SIDE // 2
    down, right = (kernel.sum(axis) * places for axis in (1, 0))
    spread = (kernel.sum(1) * places.square()).sum() + (kernel.sum(0) * places.square()).sum()
    if float(spread.sqrt()) < _LEAST_SPREAD:
        return None
    return kernel.roll((-round(float(down.sum())), -round(float(right.sum()))), (0, 1))


def _block(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1)
    )
