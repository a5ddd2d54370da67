"""Shared by both stages of DRGN: settings, initial weights, and synthetic dark images."""

import json
from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
from pydantic import Field
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from lowlight_cli.checkpoints.save import METADATA_KEY
from lowlight_cli.datasets.config import MANY_NIGHTS, DarkeningSettings
from lowlight_cli.errors import WeightsError
from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.models.drgn.channel_attention import AttentionBlock
from lowlight_cli.models.drgn.compose import Rule, degraded
from lowlight_cli.models.drgn.config import PRESETS, DrgnConfig, SingleBranchConfig
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
        darkened_share: Share of darkened photos in a batch; the rest is real pairs.
        scales: Factors, one of which resizes an image before a patch is cut.
        on_grid: Whether patches are cut on a grid, as in the paper, or anywhere.
        composition: Whether images with an added degradation are clamped to the range of an image.
        decay: Decay of the learning rate.
        branch_gain: Factor of the initial weights at the end of each residual branch.
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
        """How patches are cut, with the share of items that bring a clean image."""
        run = self.run
        return Cut(run.batch_size, run.crop, self.scales, self.on_grid, self.darkened_share, synthetic)


def size_of(config: DrgnConfig) -> str:
    """Name of the network in ``--size``, which is also its name in the catalog."""
    return "lw-drgn" if isinstance(config.generator, SingleBranchConfig) else "drgn"


def require_same_size(config: DrgnConfig, degradation: Path) -> None:
    """Checks that weights of the first stage are of the size of the network to train.

    Weights that do not record their shape, and those that cannot be read, are left to those who load them.

    Raises:
        WeightsError: They are of the other size.
    """
    try:
        with safe_open(degradation, framework="pt") as file:
            recorded = json.loads((file.metadata() or {}).get(METADATA_KEY, "{}")).get("config")
        size = None if recorded is None else size_of(DrgnConfig.model_validate_json(json.dumps(recorded)))
    except (OSError, SafetensorError, ValueError):
        return
    if size not in (None, size_of(config)):
        raise WeightsError(f"weights {degradation} are of size {size}: add --size {size}")


class Synthetic(NamedTuple):
    """Darkened clean images, sRGB in [0, 1], and mean luma of the whole images that they are part of."""

    images: Images
    lightness: PerImage


def new_model(recipe: DrgnRecipe) -> Drgn:
    """A network with initial weights: Kaiming for 3x3 convolutions, zero last bias, small residual branches.

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
    """The clean images of a batch with the degradations of its dark images.

    Args:
        model: Converts between images and the value range of the generators.
        batch: Batch with the clean images.
        degradation: A degradation for each of them, in the value range of the generators.
        strength: Factor of the degradations, a number or (b, 1, 1, 1).
        rule: See ``degraded``.
    """
    black = -1.0 if model.config.value_range == "signed" else 0.0
    dark = degraded(model.to_signal(batch.clean), degradation, strength, rule=rule, lowest=black)
    images = model.to_images(dark)
    lightness = mean_luma(images.detach().clamp(0, 1)) * batch.clean_ratio
    return Synthetic(images, torch.clamp(lightness, 0, 1))
