"""VQCNIR: restores night photos that are dark and blurred with a codebook learned from sharp images.

Source: Zou et al., "VQCNIR: Clearer Night Image Restoration with Vector-Quantized Codebook", AAAI 2024
(arXiv 2312.08606). Differences from the paper: docs/models/vqcnir.md.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.models.lifting import lifted, mixed_back, with_texture
from lowlight_cli.models.vqcnir.config import VqcnirConfig
from lowlight_cli.models.vqcnir.decoder import FaithfulDecoder
from lowlight_cli.models.vqcnir.illumination_enhancement import IlluminationEnhancement
from lowlight_cli.models.vqgan.decoder import Decoder
from lowlight_cli.models.vqgan.encoder import Encoder
from lowlight_cli.tensors import CodeIndices, Features, Images

OFFICIAL_MULTIPLE = 64

NARROW_FRAME = 2
"""Takes the spoiled pixels as well as 4 do, and scores 0.14 dB higher on 12 held-out pairs."""


WIDE_OVERLAP = 128
"""A position of the illumination blocks sees 88 pixels in each direction."""


class Restored(NamedTuple):
    """Restored images, not clamped; latent, indices of its codes, features decoded from the codes, facts."""

    images: Images
    latent: Features
    indices: CodeIndices
    prior: Features
    observation: Observation


class Vqcnir(Enhancer):
    """Encoder, illumination enhancement, codebook, and two decoders side by side.

    Args:
        config: Shape of the network.
    """

    supported_controls = frozenset({"texture"})
    tile_overlap = WIDE_OVERLAP
    is_recordable = False  # torchvision's deformable convolution runs outside of the stream that is recorded
    shown_names: ClassVar[Mapping[str, str]] = {"aiem": "illumination_enhancement"}

    def __init__(self, config: VqcnirConfig) -> None:
        super().__init__()
        vqgan = config.vqgan
        self.config = config
        is_official = config.padding == "official"
        self.size_multiple, self.frame = (1, 0) if is_official else (vqgan.downscale, NARROW_FRAME)
        planes = 0 if config.lift_target is None else 1
        self.encoder = Encoder(vqgan, extra_channels=planes)
        self.aiem = nn.ModuleList(
            IlluminationEnhancement(vqgan.latent_channels, config.splits, config.curve_steps)
            for _ in range(config.blocks)
        )
        self.pre_quant = nn.Conv2d(vqgan.latent_channels, vqgan.code_channels, 1)
        self.codebook = Codebook(vqgan.code_count, vqgan.code_channels, softness=config.code_softness)
        self.post_quant = nn.Conv2d(vqgan.code_channels, vqgan.latent_channels, 3, padding=1)
        self.decoder = Decoder(vqgan)
        seen = (0, *reversed(vqgan.encoder_channels[:-1]), 3 + planes)
        self.faithful = FaithfulDecoder(config, seen if config.skips else (0,) * len(seen))

    def frozen_parts(self) -> list[nn.Module]:
        """Parts that the LQ phase does not train: the codes and their decoder."""
        return [self.codebook, self.post_quant, self.decoder]

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Exposure, channel means and attention maps of whole images."""
        return self._padded(images, controls, None).observation

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """Restores images, or tiles if ``observation`` holds the facts of the whole images."""
        restored = self._padded(images, controls, observation).images
        return restored[..., : images.shape[2], : images.shape[3]].clamp(0, 1).to(images.dtype)

    def _padded(self, images: Images, controls: Controls, observation: Observation | None) -> Restored:
        if self.config.padding == "official":
            images = officially_padded(images)
        return self(images, controls.texture, observation=observation)

    def forward(
        self, images: Images, texture: float | Tensor, *, observation: Mapping[str, Tensor] | None = None
    ) -> Restored:
        """The whole network.

        Args:
            images: Dark images, sRGB in [0, 1], sides multiples of 8.
            texture: Weight of the features of the faithful decoder; a number, or one for each image,
                (b, 1, 1, 1).
            observation: Known facts of the whole images; missing ones are measured on ``images``.
        """
        known = dict(observation or {})
        exposed = lifted(images, self.config, known)
        seen = images if exposed is None else exposed.seen
        pyramid = self.encoder(seen)
        latent = self._illuminate(pyramid[-1], known)
        code = self.pre_quant(latent)
        quantized = self.codebook(code)
        prior = self._decode(self.post_quant(quantized.features))
        views = [None, *reversed(pyramid[:-1]), seen] if self.config.skips else [None] * len(prior)
        own = self.faithful(latent, prior, views, known)
        made = self.decoder.to_rgb(prior[-1] + texture * own)
        made = mixed_back(made, exposed, self.config, with_texture(texture, known))
        return Restored(made, code, quantized.indices, prior[-1], known)

    def _illuminate(self, features: Features, known: Observation) -> Features:
        for index, block in enumerate(self.aiem):
            features, known[f"means_{index}"] = block(features, known.get(f"means_{index}"))
        return features

    def _decode(self, features: Features) -> list[Features]:
        prior = [features]
        for stage in self.decoder.stages:
            prior.append(stage(prior[-1]))
        return prior


def officially_padded(images: Images) -> Images:
    """Images mirrored at the right and bottom, border included, up to the next larger multiple of 64.

    Sides smaller than the padding are only doubled, as in the authors' code.
    """
    height, width = ((side // OFFICIAL_MULTIPLE + 1) * OFFICIAL_MULTIPLE for side in images.shape[2:])
    taller = torch.cat([images, images.flip(2)], dim=2)[:, :, :height]
    return torch.cat([taller, taller.flip(3)], dim=3)[..., :width]
