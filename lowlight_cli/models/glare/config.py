"""Settings of GLARE; torch-free."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lowlight_cli.models.vqgan.config import PRESETS as VQGAN_PRESETS
from lowlight_cli.models.vqgan.config import VqganConfig

TAMING = VqganConfig(
    layout="taming",
    stem_channels=128,
    encoder_channels=(256, 512),
    encoder_blocks=(2, 2),
    code_count=8192,
    code_channels=3,
    decoder_channels=(256, 128),
    decoder_blocks=(3, 3),
)
"""The published stage I network of GLARE."""


class FlowConfig(BaseModel):
    """Shape of the flow between latents and noise; the defaults are the published one.

    Args:
        levels: Repetitions of the steps below; 0 for no flow, so that the latent is a plain regression, and
            its likelihood that of a normal distribution of deviation 1.
        plain_steps: Steps of a level that only normalize and mix channels.
        coupled_steps: Steps of a level that also scale and shift channels by the condition.
        hidden: Channels inside a coupled step.
        affine_kernel: Side of the convolutions that read only the condition.
        coupling_kernel: Side of those that read channels and the condition.
        scale_floor: Least scale of a coupled step, which bounds its inverse.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: int = Field(default=2, ge=0)
    plain_steps: int = Field(default=2, ge=0)
    coupled_steps: int = Field(default=12, ge=0)
    hidden: int = Field(default=64, ge=1)
    affine_kernel: Literal[1, 3] = 3
    coupling_kernel: Literal[1, 3] = 3
    scale_floor: float = Field(default=1e-4, gt=0)


class GlareConfig(BaseModel):
    """Shape of GLARE; the defaults are the published network.

    Only ``ratio_guard`` and ``padding`` have other defaults: what weights files without them were made with.

    Args:
        vqgan: Stage I network that gives the codebook and the decoder.
        flow: The latent flow.
        condition_channels: Channels of the flow's condition, computed from the dark image.
        lift_target: Mean luma that the input is lifted to before the encoder; None feeds the logarithm of
            the image, as published.
        lift: ``local`` gains follow the brightness around each pixel and keep well-lit parts as they are;
            ``global`` is one gain from the mean of the image.
        residual: Let the encoder predict a latent, and the flow only the difference to it.
        fusion: ``published``: the prior is added, scaled by the ratio of means. ``balanced``: it is mixed in
            by a learned share, scaled by the ratio of root mean squares, and the dark features are aligned
            by a convolution.
        deform_groups: Groups of channels with separate offsets in the coarse and in the fine deformable
            fusion; 0 for a plain convolution.
        ratio_guard: Count means of features nearer to zero than 0.001 as 0.001 in the ratio of means, which
            has no bound otherwise: for networks that train here. False is the exact published form.
        code_softness: How far codes are mixed by their distance after training, in shares of the variance of
            the codes (``layers/codebook.py``); 0 takes the nearest code, as published.
        padding: ``official`` mirrors 20 pixels at the left and at the bottom, as the authors' tests do, and
            cuts them off again; ``min`` pads to multiples of the latent's positions alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vqgan: VqganConfig = TAMING
    flow: FlowConfig = FlowConfig()
    condition_channels: int = Field(default=64, ge=1)
    lift_target: float | None = Field(default=None, gt=0, lt=1)
    lift: Literal["global", "local"] = "local"
    residual: bool = False
    fusion: Literal["published", "balanced"] = "published"
    deform_groups: tuple[int, int] = (4, 4)
    ratio_guard: bool = True
    code_softness: float = Field(default=0.0, ge=0)
    padding: Literal["official", "min"] = "min"

    @model_validator(mode="after")
    def _has_features_to_fuse(self) -> "GlareConfig":
        sizes = len(self.vqgan.encoder_channels) + (self.vqgan.layout == "taming")
        if sizes < len(self.deform_groups) + 1:
            raise ValueError("an encoder of this layout needs features at three sizes")
        return self

    @model_validator(mode="after")
    def _lifts_only_what_the_image_shows(self) -> "GlareConfig":
        if self.padding == "official" and self.lift_target is not None:
            raise ValueError("padding 'official' is for networks that do not lift: set lift_target to null")
        return self


_LITE_FLOW = GlareConfig(
    vqgan=VQGAN_PRESETS["lite"],
    flow=FlowConfig(levels=2, plain_steps=1, coupled_steps=3, hidden=48, affine_kernel=1, scale_floor=0.1),
    lift_target=0.4,
    code_softness=0.02,
    residual=True,
    fusion="balanced",
    deform_groups=(1, 0),
)

PRESETS: dict[str, GlareConfig] = {
    "paper": GlareConfig(ratio_guard=False, padding="official"),
    "lite": _LITE_FLOW.model_copy(update={"flow": _LITE_FLOW.flow.model_copy(update={"levels": 0})}),
    "lite-flow": _LITE_FLOW,
}
"""``lite`` has no flow, which is better at this size (docs/models/glare.md); ``lite-flow`` is what trains."""
