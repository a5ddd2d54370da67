"""Simulates JPEG compression of a batch of images on any device, without files.

Source: ITU-T T.81, 1992, A.3.3 (DCT) and K.1 (tables); quality, color conversion and 4:2:0 as in libjpeg.
Results differ from a codec's by rounding. Computed in float64, so that TF32 settings have no effect.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from lowlight_cli.layers.exposure import luma
from lowlight_cli.tensors import Images

LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMA_TABLE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)
BLOCK = 8

Table = Float[Tensor, "8 8"]


class Jpeg:
    """Compresses and decompresses images.

    Args:
        device: Device of the images.
    """

    def __init__(self, device: torch.device) -> None:
        places = torch.arange(BLOCK, dtype=torch.float64)
        waves = torch.cos((2 * places + 1) * places.unsqueeze(1) * math.pi / 16) / 2
        waves[0] /= 2**0.5
        self._waves = waves.to(device)
        tables = torch.tensor((LUMA_TABLE, CHROMA_TABLE), dtype=torch.float64)
        self._tables = tables.to(device)

    def __call__(self, images: Images, quality: Float[Tensor, " _b"]) -> Images:
        """Images after compression and decompression, in 8-bit steps.

        Args:
            images: sRGB in [0, 1]; sides are multiples of 16.
            quality: 1 to 100, a whole number for each image.
        """
        scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).floor().double()
        tables = ((self._tables * scale.view(-1, 1, 1, 1) + 50) / 100).floor().clamp(1, 255)  # (b, 2, 8, 8)
        levels = images.double().mul(255).round()
        red, green, blue = levels.unbind(1)
        chroma = torch.stack(
            [
                (-0.168736 * red - 0.331264 * green + 0.5 * blue + 128).round(),
                (0.5 * red - 0.418688 * green - 0.081312 * blue + 128).round(),
            ],
            1,
        )
        y = self._quantized(luma(levels).round().unsqueeze(1), tables[:, :1])[:, 0]
        small = self._quantized(avg_pool2d(chroma, 2).round(), tables[:, 1:])
        cb, cr = (interpolate(small, scale_factor=2, mode="bilinear") - 128).unbind(1)
        colors = torch.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], 1)
        return (colors.round().clamp(0, 255) / 255).to(images.dtype)

    def _quantized(self, planes: Tensor, tables: Tensor) -> Tensor:
        """Planes (b, c, h, w) of 0 to 255, quantized in 8x8 DCT blocks by tables (b, 1, 8, 8)."""
        batch, count, height, width = planes.shape
        cut = (batch, count, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
        blocks = (planes - 128).view(cut).transpose(3, 4)
        table = tables[:, :, None, None]
        amounts = (self._waves @ blocks @ self._waves.mT / table).round() * table
        blocks = self._waves.mT @ amounts @ self._waves
        return (blocks.transpose(3, 4).reshape(planes.shape) + 128).round().clamp(0, 255)
