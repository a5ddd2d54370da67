"""Settings of CodeEnhance; torch-free."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lowlight_cli.models.semantic.config import MobileNetConfig, SemanticConfig
from lowlight_cli.models.vqgan.config import PRESETS as VQGAN_PRESETS
from lowlight_cli.models.vqgan.config import VqganConfig


class CodeEnhanceConfig(BaseModel):
    """Shape of CodeEnhance; the defaults are the published network.

    Args:
        vqgan: Stage I network that gives the codebook and the decoder.
        semantic: Frozen network that recognizes what the image shows.
        embedding: Semantic embedding: ``swin`` as in the authors' code, ``attn`` as in the paper's eq. 4,
            ``none`` for no embedding and no semantic network.
        fusion_stages: Decoder stages whose input is transformed by texture and reference.
        detach: Stop the gradient of the feature transforms before the low-light encoder, as the authors do.
        statistics_pool: Side of the squares that are averaged before the perceptual statistics are computed.
        lift_target: Mean luma that the input is lifted to before the encoder; None as in the published
            network.
        lift: ``local`` gains follow the brightness around each pixel and keep well-lit parts as they are;
            ``global`` is one gain from the mean of the image.
        texture_transform: Transform decoder features by the texture of the dark image (TFT).
        perceptual_transform: Transform them by the style of a reference, or of the image itself (CPT).
        codebook: ``shifted`` codes as in the paper, ``plain`` codes of stage I, or ``unused``: the latent is
            decoded directly, and code indices are only reported.
        code_softness: How far codes are mixed by their distance after training, in shares of the variance of
            the codes (``layers/codebook.py``); 0 takes the nearest code, as published.
        reference_encoder: Add the stage I encoder for reference images; without it the low-light encoder
            reads them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vqgan: VqganConfig = VqganConfig()
    semantic: Annotated[SemanticConfig | MobileNetConfig, Field(discriminator="kind")] = MobileNetConfig()
    embedding: Literal["swin", "attn", "none"] = "swin"
    fusion_stages: tuple[int, ...] = (0, 1)
    detach: bool = True
    statistics_pool: int = 1
    lift_target: float | None = None
    lift: Literal["global", "local"] = "local"
    texture_transform: bool = True
    perceptual_transform: bool = True
    codebook: Literal["shifted", "plain", "unused"] = "shifted"
    code_softness: float = Field(default=0.0, ge=0)
    reference_encoder: bool = False

    @property
    def active_stages(self) -> tuple[int, ...]:
        """Decoder stages whose input is transformed; empty if both transforms are off."""
        return self.fusion_stages if self.texture_transform or self.perceptual_transform else ()


PRESETS: dict[str, CodeEnhanceConfig] = {
    "paper": CodeEnhanceConfig(),
    "lite": CodeEnhanceConfig(
        vqgan=VQGAN_PRESETS["lite"],
        semantic=SemanticConfig(),
        embedding="attn",
        fusion_stages=(1, 2),
        detach=False,
        statistics_pool=4,
        lift_target=0.4,
        code_softness=0.03,
        reference_encoder=True,
    ),
}
