"""What both stages of DRGN share: settings, the first weights, and pictures made dark by a degradation."""

from typing import ClassVar, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from lowlight_cli.datasets.config import MANY_NIGHTS, DarkeningSettings
from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.models.drgn.channel_attention import AttentionBlock
from lowlight_cli.models.drgn.compose import Rule, degraded
from lowlight_cli.models.drgn.config import PRESETS, DrgnConfig
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training.config import OptimizerSettings, Recipe, RunSettings
from lowlight_cli.training.degradation_batch import Cut, DegradationBatch
from lowlight_cli.training.weight_updates import DecaySettings


class DrgnRecipe(Recipe):
    """Settings of both stages.

    Args:
        model: Shape of the network.
        darkening: How photos are darkened.
        darkened_share: Part of a batch that is darkened photos; the rest is real pairs.
        scales: Pictures are shrunk by one of these before a patch is cut.
        on_grid: Whether patches lie side by side, as in the paper, or anywhere.
        composition: Whether pictures with an added degradation are clamped to what a picture can hold.
        decay: How the learning rate falls.
        branch_gain: Size of the first weights at the end of each residual branch, 1 being the usual.
    """

    architecture: ClassVar[str] = "drgn"

    model: DrgnConfig = PRESETS["lw-drgn"]["lite"]
    run: RunSettings = RunSettings(steps=2000, batch_size=8, crop=96)
    optimizer: OptimizerSettings = OptimizerSettings(learning_rate=1e-3, betas=(0.9, 0.999))
    darkening: DarkeningSettings = MANY_NIGHTS
    darkened_share: float = Field(default=0.5, ge=0, le=1)
    scales: tuple[float, ...] = (1.0, 0.8, 0.6)
    on_grid: bool = False
    composition: Rule = "clamp"
    decay: DecaySettings = DecaySettings()
    branch_gain: float = Field(default=0.1, gt=0)

    def cut(self, synthetic: float) -> Cut:
        """How patches are cut, given the share of items that bring a clean picture."""
        run = self.run
        return Cut(run.batch_size, run.crop, self.scales, self.on_grid, self.darkened_share, synthetic)


class Synthetic(NamedTuple):
    """Clean pictures made dark, sRGB in [0, 1], and mean luma of the whole pictures they are part of."""

    images: Images
    lightness: PerImage


def new_model(recipe: DrgnRecipe) -> Drgn:
    """A network with first weights: Kaiming's for 3x3 convolutions, no last bias, quieter residual branches.

    Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 14.
    """
    model = Drgn(recipe.model)
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
            nn.init.kaiming_normal_(module.weight, a=0.25)
        if isinstance(module, AttentionBlock):
            module.conv2.weight.data.mul_(recipe.branch_gain)
    for part in (model.degradation, model.refinement):
        if part.to_rgb.bias is not None:
            nn.init.zeros_(part.to_rgb.bias)
        part.to_rgb.weight.data.mul_(recipe.branch_gain)
    return model


def made_dark(
    model: Drgn, batch: DegradationBatch, degradation: Images, strength: Tensor | float, rule: Rule
) -> Synthetic:
    """The clean pictures of a batch with the degradations of its dark ones.

    Args:
        model: Knows the numbers of the generators.
        batch: Gives the clean pictures.
        degradation: One for each of them, in the generators' numbers.
        strength: One number, or (b, 1, 1, 1).
        rule: See ``degraded``.
    """
    black = -1.0 if model.config.value_range == "signed" else 0.0
    dark = degraded(model.to_signal(batch.clean), degradation, strength, rule=rule, lowest=black)
    images = model.to_images(dark)
    lightness = mean_luma(images.detach().clamp(0, 1)) * batch.clean_ratio
    return Synthetic(images, torch.clamp(lightness, 0, 1))
