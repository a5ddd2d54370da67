"""VQGAN: reconstructs well-lit images from a codebook of learned codes.

Source: Esser et al., "Taming Transformers for High-Resolution Image Synthesis", 2021; stage I of Wu et al.,
"CodeEnhance: A Codebook-Driven Approach for Low-Light Image Enhancement", 2024, eq. 1-2.
"""

from typing import NamedTuple

from torch import nn

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.models.vqgan.decoder import Decoder
from lowlight_cli.models.vqgan.encoder import Encoder
from lowlight_cli.tensors import CodeIndices, Features, Images


def post_quantization(config: VqganConfig) -> nn.Conv2d:
    """The convolution between the codebook and the decoder."""
    kernel = 1 if config.layout == "taming" else 3
    return nn.Conv2d(config.code_channels, config.latent_channels, kernel, padding=kernel // 2)


class Rebuilt(NamedTuple):
    """Reconstructed images, the latent before and after the codebook, and the indices of its codes."""

    images: Images
    latent: Features
    codes: Features
    indices: CodeIndices


class Vqgan(nn.Module):
    """Encoder, codebook and decoder of stage I."""

    def __init__(self, config: VqganConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.pre_quant = nn.Conv2d(config.latent_channels, config.code_channels, 1)
        self.codebook = Codebook(config.code_count, config.code_channels)
        self.post_quant = post_quantization(config)
        self.decoder = Decoder(config)

    def encode(self, images: Images) -> Features:
        """Latent before the codebook, (b, code_channels, h / downscale, w / downscale)."""
        return self.pre_quant(self.encoder(images)[-1])

    def decode(self, codes: Features) -> Images:
        """Images of quantized features, not clamped."""
        return self.decoder(self.post_quant(codes))

    def forward(self, images: Images, *, quantize: bool = True) -> Rebuilt:
        """Reconstructs images whose sides are multiples of ``downscale``.

        Args:
            images: sRGB in [0, 1], not normalized.
            quantize: Replace the latent by codes; else it is decoded directly, as at the start of training.
        """
        latent = self.encode(images)
        if not quantize:
            return Rebuilt(self.decode(latent), latent, latent, self.codebook.nearest(latent))
        quantized = self.codebook(latent)
        return Rebuilt(
            self.decode(quantized.features),
            latent,
            self.codebook.lookup(quantized.indices),
            quantized.indices,
        )
