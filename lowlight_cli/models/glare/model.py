"""GLARE: finds the latent of the well-lit image with a flow, and decodes it together with the dark image.

Source: Zhou et al., "GLARE: Low Light Image Enhancement via Generative Latent Feature based Codebook
Retrieval", ECCV 2024 (arXiv 2407.12431). Differences from the paper: docs/models/glare.md.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from lowlight_cli.layers.activation_norm import fit_norms
from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.glare.conditional_encoder import ConditionalEncoder, Conditions
from lowlight_cli.models.glare.config import GlareConfig
from lowlight_cli.models.glare.dual_decoder import FusingDecoder, taps_of
from lowlight_cli.models.glare.latent_flow import LatentFlow
from lowlight_cli.models.interface import FRAME, Enhancer, Observation
from lowlight_cli.models.lifting import Lifted, lifted, mixed_back, with_texture
from lowlight_cli.models.vqgan.decoder import Decoder
from lowlight_cli.models.vqgan.model import post_quantization
from lowlight_cli.tensors import CodeIndices, Features, Images, PerImage

DARKEST = 1e-3
"""Added to images before the logarithm; also their least value."""

OFFICIAL_BORDER = 20
"""Pixels that the authors' tests on pairs add at the left and at the bottom."""


class Enhanced(NamedTuple):
    """Enhanced images, not clamped; the latent, the indices of its codes, and facts of the whole images."""

    images: Images
    latent: Features
    indices: CodeIndices
    observation: Observation


class Likelihood(NamedTuple):
    """A bright latent as noise: the noise, its expected mean, and the logarithm of the determinant."""

    noise: Features
    mean: Features
    log_determinant: PerImage


class Glare(Enhancer):
    """Conditional encoder, latent flow, codebook with its frozen decoder, and a fusing decoder.

    Args:
        config: Shape of the network.
    """

    def __init__(self, config: GlareConfig) -> None:
        super().__init__()
        vqgan = config.vqgan
        self.config = config
        self.supported_controls = frozenset({"texture", "temperature"} if config.flow.levels else {"texture"})
        self.size_multiple = vqgan.downscale
        self.frame = 0 if config.padding == "official" else FRAME
        self.encoder = ConditionalEncoder(config)
        self.flow = LatentFlow(vqgan.code_channels, config.condition_channels, config.flow)
        self.codebook = Codebook(vqgan.code_count, vqgan.code_channels, softness=config.code_softness)
        self.post_quant = post_quantization(vqgan)
        self.decoder = Decoder(vqgan)
        self.fusing = FusingDecoder(config)

    def prior_parts(self) -> list[nn.Module]:
        """Parts trained by stage I and frozen in later stages."""
        return [self.codebook, self.post_quant, self.decoder]

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Exposure of whole images, and the ratio of each fusion."""
        return self._padded(images, controls, None).observation

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """Enhances images, or tiles if ``observation`` holds the facts of the whole images."""
        made = self._padded(images, controls, observation).images
        # The padding is at the left and at the bottom.
        made = made[:, :, : images.shape[2], made.shape[3] - images.shape[3] :]
        return made.clamp(0, 1).to(images.dtype)

    def _padded(self, images: Images, controls: Controls, observation: Observation | None) -> Enhanced:
        if self.config.padding == "official":
            images = officially_padded(images)
        return self(images, controls.texture, controls.temperature, observation=observation)

    def forward(
        self,
        images: Images,
        beta: float | Tensor = 1.0,
        temperature: float = 0.0,
        *,
        observation: Mapping[str, Tensor] | None = None,
    ) -> Enhanced:
        """The whole network.

        Args:
            images: Dark images, sRGB in [0, 1], sides multiples of ``size_multiple``.
            beta: Factor of the share of dark features in the decoder.
            temperature: Standard deviation of the noise that the latent is sampled with; 0 takes its mean.
                Without a flow there is none: no training scaled the noise.
            observation: Known facts of the whole images; missing ones are measured on ``images``.
        """
        known = dict(observation or {})
        exposed = lifted(images, self.config, known)
        conditions = self._read(images, exposed)
        made = self.decode(self.retrieve(conditions, temperature), conditions, beta, known)
        keep = with_texture(beta, made.observation)
        return made._replace(images=mixed_back(made.images, exposed, self.config, keep))

    def read_conditions(self, images: Images, known: Observation) -> Conditions:
        """Features of dark images; adds their exposure to ``known`` if it is missing."""
        return self._read(images, lifted(images, self.config, known))

    def _read(self, images: Images, exposed: Lifted | None) -> Conditions:
        if exposed is None:
            return self.encoder((images + DARKEST).clamp_min(DARKEST).log())
        return self.encoder(exposed.seen)

    def retrieve(self, conditions: Conditions, temperature: float = 0.0) -> Features:
        """The bright latent, sampled with the same noise for all images of a batch; see ``forward``."""
        noise = conditions.mean.float()
        if temperature and self.config.flow.levels:
            noise = noise + temperature * torch.randn_like(noise[:1])
        latent = self.flow.invert(noise, conditions.condition)
        return latent if conditions.base is None else latent + conditions.base.float()

    def likelihood(self, latent: Features, conditions: Conditions) -> Likelihood:
        """Noise of a bright latent, for the likelihood loss of the flow."""
        rest = latent if conditions.base is None else latent - conditions.base.float()
        moved = self.flow(rest, conditions.condition)
        return Likelihood(moved.features, conditions.mean.float(), moved.log_determinant)

    def fit_norms(self, latent: Features, conditions: Conditions) -> None:
        """Initializes the norms inside the flow from a first batch of latents."""
        fit_norms(self.flow, lambda: self.likelihood(latent, conditions))

    def decode(
        self, latent: Features, conditions: Conditions, beta: float | Tensor, known: Observation
    ) -> Enhanced:
        """Decodes a latent together with the dark features and the features decoded from its codes."""
        with torch.no_grad():
            codes, indices = self.codebook.match(latent)
            taps = taps_of(self.decoder, self.post_quant(codes))
        decoded = self.fusing(latent, conditions.pyramid, taps, beta, known)
        return Enhanced(decoded.images, latent, indices, known | decoded.ratios)

    def show_codes(self, latent: Features) -> Images:
        """Images that the frozen decoder makes of the codes nearest to a latent, not clamped."""
        codes = self.codebook.lookup(self.codebook.nearest(latent))
        return self.decoder(self.post_quant(codes))


def officially_padded(images: Images) -> Images:
    """Images mirrored by 20 pixels at the left and at the bottom; the border itself is not repeated.

    Sides below 21 pixels are mirrored again and again.

    Args:
        images: Sides of at least two pixels.
    """
    for axis, sides in ((2, (0, 0, 0, 1)), (3, (1, 0, 0, 0))):
        missing = OFFICIAL_BORDER
        while missing:
            part = min(missing, images.shape[axis] - 1)
            images = pad(images, tuple(part * side for side in sides), mode="reflect")
            missing -= part
    return images
