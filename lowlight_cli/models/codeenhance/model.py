"""CodeEnhance: matches each position of a dark image with a code of well-lit images, and decodes the codes.

Source: Wu et al., "CodeEnhance: A Codebook-Driven Approach for Low-Light Image Enhancement", 2024
(arXiv 2404.05253). Differences from the paper: docs/models/codeenhance.md.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
from lowlight_cli.models.codeenhance.feature_transform import (
    FeatureTransform,
    Statistics,
)
from lowlight_cli.models.codeenhance.semantic_embedding import (
    AttentionSemanticEmbedding,
    Embedded,
    SwinSemanticEmbedding,
)
from lowlight_cli.models.control_targets import (
    ControlWeights,
    Recoloring,
    control_weights,
    controlled,
    towards_reference,
)
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import FRAME, Enhancer, Observation
from lowlight_cli.models.lifting import lifted, mixed_back
from lowlight_cli.models.semantic.config import MobileNetConfig, SemanticConfig
from lowlight_cli.models.semantic.mobilenet import MobileNetV2
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.models.vqgan.decoder import Decoder
from lowlight_cli.models.vqgan.encoder import Encoder
from lowlight_cli.tensors import CodeIndices, Features, Images


class Enhanced(NamedTuple):
    """Enhanced images, not clamped; the latent, the indices of its codes, and facts of the whole images."""

    images: Images
    latent: Features
    indices: CodeIndices
    observation: Observation


class CodeEnhance(Enhancer):
    """Low-light encoder, semantic embedding, shifted codebook, frozen decoder, feature transforms.

    Args:
        config: Shape of the network.
    """

    is_recordable = True
    frame = FRAME
    shown_names: ClassVar[Mapping[str, str]] = {"sem": "semantic_embedding", "ift": "feature_transform"}

    def __init__(self, config: CodeEnhanceConfig) -> None:
        super().__init__()
        vqgan = config.vqgan
        self.config = config
        self.size_multiple = 32 if config.embedding == "swin" else max(16, vqgan.downscale)
        self.encoder = Encoder(vqgan, extra_channels=0 if config.lift_target is None else 1)
        semantic = None if config.embedding == "none" else _semantic(config.semantic)
        self.semantic = semantic
        self.sem = None if semantic is None else _embedding(config, semantic)
        self.pre_quant = nn.Conv2d(vqgan.latent_channels, vqgan.code_channels, 1)
        shifted = config.codebook == "shifted"
        self.codebook = Codebook(
            vqgan.code_count, vqgan.code_channels, shifted=shifted, softness=config.code_softness
        )
        self.post_quant = nn.Conv2d(vqgan.code_channels, vqgan.latent_channels, 3, padding=1)
        self.decoder = Decoder(vqgan)
        widths = (vqgan.latent_channels, *vqgan.decoder_channels)
        self.ift = nn.ModuleList(
            FeatureTransform(
                widths[stage],
                groups=vqgan.groups,
                pool=config.statistics_pool,
                by_texture=config.texture_transform,
                by_look=config.perceptual_transform,
            )
            for stage in config.active_stages
        )
        self.reference_encoder = Encoder(vqgan) if config.reference_encoder else None
        self.takes_reference = config.perceptual_transform and bool(self.ift)
        self.supported_controls = _controls(config)

    def frozen_parts(self) -> list[nn.Module]:
        """Parts that stage II does not train. The codebook is not among them: its shift is trained."""
        parts = (self.semantic, self.post_quant, self.decoder, self.reference_encoder)
        return [part for part in parts if part is not None]

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Exposure, attention map and channel statistics of whole images."""
        weights = control_weights(controls, images)
        return self(images, weights, reference=reference).observation

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """Enhances images, or tiles if ``observation`` holds the facts of the whole images."""
        weights = control_weights(controls, images)
        is_plain = controls == Controls(temperature=controls.temperature)
        enhanced = self(images, weights, reference=reference, observation=observation, is_plain=is_plain)
        return enhanced.images.clamp(0, 1).to(images.dtype)

    def forward(
        self,
        images: Images,
        weights: ControlWeights,
        *,
        reference: Images | None = None,
        observation: Mapping[str, Tensor] | None = None,
        is_plain: bool = False,
    ) -> Enhanced:
        """Runs the whole network, and keeps the lifted image where little light was missing.

        Args:
            images: Dark images, sRGB in [0, 1], sides multiples of ``size_multiple``.
            weights: Strength of each part.
            reference: A well-lit image of any size (batch of 1 or b).
            observation: Known facts of the whole images; missing ones are measured on ``images``.
            is_plain: Whether all weights are 1, which saves work.
        """
        known = dict(observation or {})
        exposed = lifted(images, self.config, known)
        pyramid = self.encoder(images if exposed is None else exposed.seen)
        embedded = self._embed(pyramid[-1], images if exposed is None else exposed.images, known)
        latent = self.pre_quant(embedded)
        quantized = self.codebook(latent)
        look = None if reference is None else self._read_reference(reference)
        matched = latent if self.config.codebook == "unused" else quantized.features
        features = self.post_quant(matched)
        made = self._decode(features, pyramid, look, weights, known)
        acting = None if is_plain else weights
        keep = partial(self._keep, weights=acting, reference=reference, known=known)
        made = mixed_back(made, exposed, self.config, keep)
        return Enhanced(made, latent, quantized.indices, known)

    def _keep(
        self, images: Images, weights: ControlWeights | None, reference: Images | None, known: Observation
    ) -> Images:
        """The lifted image with controls and reference applied to its pixels."""
        if reference is not None and self.takes_reference and "recolour_scale" not in known:
            known["recolour_scale"], known["recolour_shift"] = towards_reference(images, reference)
        if "recolour_scale" in known:
            images = Recoloring(known["recolour_scale"], known["recolour_shift"])(images)
        if weights is None or not self.supported_controls:
            return images
        one = torch.ones_like(weights.texture)
        acting = ControlWeights(
            *(
                weight if name in self.supported_controls else one
                for name, weight in zip(ControlWeights._fields, weights, strict=True)
            )
        )
        return controlled(images, acting, known.setdefault("middle", mean_luma(images)))

    def _embed(self, features: Features, images: Images, known: Observation) -> Features:
        if self.sem is None or self.semantic is None:
            return features
        with torch.no_grad():
            semantic = self.semantic(images)
        if isinstance(self.sem, AttentionSemanticEmbedding):
            embedded: Embedded = self.sem(features, semantic, known.get("attention"))
            known["attention"] = embedded.attention
            return embedded.features
        return self.sem(features, semantic)

    def _read_reference(self, reference: Images) -> list[Features]:
        step = 2 ** len(self.config.vqgan.encoder_channels)
        height, width = (max(side // step, 1) * step for side in reference.shape[2:])
        reference = nn.functional.interpolate(
            reference, (height, width), mode="bilinear", antialias=True, align_corners=False
        )
        if self.reference_encoder is not None:
            return self.reference_encoder(reference)
        exposed = lifted(reference, self.config, {})
        return self.encoder(reference if exposed is None else exposed.seen)

    def _decode(
        self,
        features: Features,
        pyramid: list[Features],
        look: list[Features] | None,
        weights: ControlWeights,
        known: Observation,
    ) -> Images:
        for index, stage in enumerate(self.decoder.stages):
            if index in self.config.active_stages:
                number = self.config.active_stages.index(index)
                level = len(pyramid) - 1 - index
                dark = pyramid[level].detach() if self.config.detach else pyramid[level]
                transformed = self.ift[number](
                    dark, features, None if look is None else look[level], weights, _given(known, number)
                )
                if transformed.statistics is not None:
                    known[f"mean_{number}"], known[f"deviation_{number}"] = transformed.statistics
                features = transformed.features
            features = stage(features)
        return self.decoder.to_rgb(features)


def _given(known: Observation, number: int) -> Statistics | None:
    if f"mean_{number}" not in known:
        return None
    return Statistics(known[f"mean_{number}"], known[f"deviation_{number}"])


def _controls(config: CodeEnhanceConfig) -> frozenset[str]:
    if not config.active_stages:
        return frozenset()
    by_look = {"contrast", "brightness"} if config.perceptual_transform else set()
    return frozenset(by_look | ({"texture"} if config.texture_transform else set()))


def _semantic(config: SemanticConfig | MobileNetConfig) -> SemanticNet | MobileNetV2:
    if isinstance(config, SemanticConfig):
        return SemanticNet(config)
    return MobileNetV2(imagenet_norm=config.normalize)


def _embedding(config: CodeEnhanceConfig, semantic: SemanticNet | MobileNetV2) -> nn.Module:
    channels, semantic_channels = config.vqgan.latent_channels, semantic.channels
    if config.embedding == "attn":
        return AttentionSemanticEmbedding(channels, semantic_channels)
    return SwinSemanticEmbedding(channels=channels, semantic_channels=semantic_channels)
