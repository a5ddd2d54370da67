"""GLARE: finds the codes of the well-lit picture with a flow, and decodes them together with the dark one.

Source: Zhou et al., "GLARE: Low Light Image Enhancement via Generative Latent Feature based Codebook
Retrieval", ECCV 2024 (arXiv 2407.12431). Differs from it in what docs/models/glare.md lists.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lowlight_cli.layers.activation_norm import fit_norms
from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.glare.conditional_encoder import ConditionalEncoder, Told
from lowlight_cli.models.glare.config import GlareConfig
from lowlight_cli.models.glare.dual_decoder import FusingDecoder, taps_of
from lowlight_cli.models.glare.latent_flow import LatentFlow
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.models.lifting import Lifted, lifted, mixed_back, with_texture
from lowlight_cli.models.vqgan.decoder import Decoder
from lowlight_cli.models.vqgan.model import post_quantization
from lowlight_cli.tensors import CodeIndices, Features, Images, PerImage

DARKEST = 1e-3
"""Added to pictures, and their least value, before the logarithm."""


class Enhanced(NamedTuple):
    """Enhanced pictures, not clamped; the latent found, rows of its codes, facts of the pictures."""

    images: Images
    latent: Features
    indices: CodeIndices
    observation: Observation


class Likelihood(NamedTuple):
    """A bright latent as noise: the noise, where it is most likely, and the flow's change of volume."""

    noise: Features
    mean: Features
    log_determinant: PerImage


class Glare(Enhancer):
    """Conditional encoder, latent flow, codebook with its frozen decoder, and a decoder that fuses all.

    Args:
        config: Shape of the network.
    """

    supported_controls = frozenset({"texture", "temperature"})

    def __init__(self, config: GlareConfig) -> None:
        super().__init__()
        vqgan = config.vqgan
        self.config = config
        self.size_multiple = vqgan.downscale
        self.encoder = ConditionalEncoder(config)
        self.flow = LatentFlow(vqgan.code_channels, config.condition_channels, config.flow)
        self.codebook = Codebook(vqgan.code_count, vqgan.code_channels)
        self.post_quant = post_quantization(vqgan)
        self.decoder = Decoder(vqgan)
        self.fusing = FusingDecoder(config)

    def prior_parts(self) -> list[nn.Module]:
        """What stage I trained and no later stage does."""
        return [self.codebook, self.post_quant, self.decoder]

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Exposure of whole pictures, and the ratio of each fusion."""
        return self(images, controls.texture, controls.temperature).observation

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """Enhances pictures, or tiles of pictures, of which ``observation`` holds the facts."""
        made = self(images, controls.texture, controls.temperature, observation=observation)
        return made.images.clamp(0, 1).to(images.dtype)

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
            images: Dark pictures, sRGB in [0, 1], sides multiples of ``size_multiple``.
            beta: How much of the dark features the decoder takes.
            temperature: Deviation of the noise that the latent is drawn with; 0 takes the likeliest.
            observation: Facts to take as given; what it lacks is measured on ``images``.
        """
        known = dict(observation or {})
        exposed = lifted(images, self.config, known)
        told = self._read(images, exposed)
        made = self.decode(self.retrieve(told, temperature), told, beta, known)
        keep = with_texture(beta, made.observation)
        return made._replace(images=mixed_back(made.images, exposed, self.config, keep))

    def tell(self, images: Images, known: Observation) -> Told:
        """Reads dark pictures; notes their exposure in ``known`` where it is not there."""
        return self._read(images, lifted(images, self.config, known))

    def _read(self, images: Images, exposed: Lifted | None) -> Told:
        if exposed is None:
            return self.encoder((images + DARKEST).clamp_min(DARKEST).log())
        return self.encoder(exposed.seen)

    def retrieve(self, told: Told, temperature: float = 0.0) -> Features:
        """The bright latent, likeliest at temperature 0; the same noise for all pictures of a batch."""
        noise = told.mean.float()
        if temperature:
            noise = noise + temperature * torch.randn_like(noise[:1])
        latent = self.flow.invert(noise, told.condition)
        return latent if told.base is None else latent + told.base.float()

    def likelihood(self, latent: Features, told: Told) -> Likelihood:
        """A bright latent as noise, for the likelihood that the flow is trained with."""
        rest = latent if told.base is None else latent - told.base.float()
        moved = self.flow(rest, told.condition)
        return Likelihood(moved.features, told.mean.float(), moved.log_determinant)

    def fit_norms(self, latent: Features, told: Told) -> None:
        """Sets the norms inside the flow by the first latents it is trained on."""
        fit_norms(self.flow, lambda: self.likelihood(latent, told))

    def decode(self, latent: Features, told: Told, beta: float | Tensor, known: Observation) -> Enhanced:
        """Decodes a latent together with the dark features and with what its codes show."""
        with torch.no_grad():
            indices = self.codebook.nearest(latent)
            taps = taps_of(self.decoder, self.post_quant(self.codebook.lookup(indices)))
        decoded = self.fusing(latent, told.pyramid, taps, beta, known)
        return Enhanced(decoded.images, latent, indices, known | decoded.ratios)

    def show_codes(self, latent: Features) -> Images:
        """What the frozen decoder alone makes of the codes nearest to a latent, not clamped."""
        codes = self.codebook.lookup(self.codebook.nearest(latent))
        return self.decoder(self.post_quant(codes))
