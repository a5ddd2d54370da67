"""Two decoders side by side: the frozen decoder of the codes, and one that fuses its features.

Source: GLARE, sec. 3.3 (adaptive feature transformation).
"""

from typing import NamedTuple

from torch import Tensor, nn

from lowlight_cli.models.glare.adaptive_fusion import AdaptiveFusion
from lowlight_cli.models.glare.config import GlareConfig
from lowlight_cli.models.interface import Observation
from lowlight_cli.models.vqgan.decoder import Decoder
from lowlight_cli.models.vqgan.model import post_quantization
from lowlight_cli.tensors import Features, Images

GATES = (-1.0, -0.6)
"""Initial value of each gate, the coarser first: 0.27 and 0.35 of the dark features."""


def taps_of(decoder: Decoder, features: Features) -> list[Features]:
    """Features of a decoder after each of the first stages, coarse first."""
    features = decoder.begin(features)
    taps = []
    for stage in list(decoder.stages)[: len(GATES)]:
        features = stage(features)
        taps.append(features)
    return taps


class Decoded(NamedTuple):
    """An image, not clamped, and the ratio of each fusion."""

    images: Images
    ratios: Observation


class FusingDecoder(nn.Module):
    """A decoder like that of stage I, with a fusion after each of its first two stages.

    Args:
        config: Shape of the network.
    """

    def __init__(self, config: GlareConfig) -> None:
        super().__init__()
        vqgan = config.vqgan
        # The taming layout has this convolution in its decoder.
        self.enter = nn.Identity() if vqgan.layout == "taming" else post_quantization(vqgan)
        self.decoder = Decoder(vqgan)
        self.fusions = nn.ModuleList(
            AdaptiveFusion(
                channels,
                gate,
                balanced=config.fusion == "balanced",
                groups=groups,
                guarded=config.ratio_guard,
            )
            for channels, gate, groups in zip(
                vqgan.decoder_channels, GATES, config.deform_groups, strict=False
            )
        )

    def forward(
        self,
        latent: Features,
        pyramid: list[Features],
        taps: list[Features],
        beta: float | Tensor,
        known: Observation,
    ) -> Decoded:
        """Decodes a latent that was not replaced by codes.

        Args:
            latent: Latent that the flow found.
            pyramid: Features of the dark image, finest first.
            taps: Features of the frozen decoder, coarse first.
            beta: Factor of the share of dark features.
            known: Ratios of the whole image; missing ones are measured.
        """
        features = self.decoder.begin(self.enter(latent))
        ratios = {}
        for index, stage in enumerate(self.decoder.stages):
            features = stage(features)
            if index < len(self.fusions):
                # The last pyramid level has the size of the latent, the one before that of the first stage.
                dark, name = pyramid[-2 - index], f"ratio_{index}"
                fused = self.fusions[index](dark, features, taps[index], beta, known.get(name))
                features, ratios[name] = fused
        return Decoded(self.decoder.to_rgb(features), ratios)
