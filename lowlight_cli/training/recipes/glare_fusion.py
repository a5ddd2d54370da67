"""Trains stage III of GLARE: a decoder that fuses the latent with features of the dark image.

Needs: well-lit photos, weights of stages I and II, and preferably real pairs. Makes: ``glare.safetensors``
(averaged weights). Source: GLARE, sec. 3.3, with what docs/models/glare.md lists. Launch:
``lle train glare --stage 3 --data photos --pairs pairs --vqgan runs/vqgan/vqgan.safetensors
--start runs/flow/glare.safetensors --out runs/glare``. Cost and score of the shipped weights:
docs/models/glare.md.
"""

from contextlib import nullcontext
from pathlib import Path
from typing import ClassVar, cast

import torch
from torch import Tensor

from lowlight_cli.datasets.config import UNEVEN_NIGHTS, DarkeningSettings
from lowlight_cli.losses.learned_perceptual import LearnedPerceptual
from lowlight_cli.losses.structure import dissimilarity, multi_scale_dissimilarity
from lowlight_cli.models.glare.config import PRESETS, GlareConfig
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.tensors import Images, Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.device_loader import enhancement_loader
from lowlight_cli.training.enhancement_batch import (
    Mix,
    gray_where_color_cast,
    texture_target,
)
from lowlight_cli.training.glare import FlowWeights, latent_losses, start_glare
from lowlight_cli.training.image_loss import image_losses, optional_lpips
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.sampling import sample_batch
from lowlight_cli.training.validation import validate
from lowlight_cli.training.weight_updates import autocast, averaged, freeze, to_device, to_float32


class GlareFusionRecipe(Recipe):
    """Settings of stage III.

    Args:
        model: Shape of the network.
        vqgan: Weights of stage I.
        start: Weights of stage II.
        darkening: How photos are darkened.
        real_share: Share of real pairs in a batch.
        turned_share: Share of a batch with a texture control other than 1.
        joint: Whether to go on training encoder and flow with the losses of stage II; otherwise they are
            frozen, as published.
        latent: Weights of the losses of the latent, if training is joint.
        edge_weight: Weight of the gradient loss.
        structure_weight: Weight of 1 - SSIM.
        many_scales: Whether to use SSIM at five scales, for which crops need at least 192 pixels.
        lpips_backbone: Weights of VGG16; with them, LPIPS is one of the losses.
        lpips_heads: Weights of the LPIPS heads for VGG; None for those that ship.
        lpips_weight: Weight of LPIPS.
        colour_weight: Weight of the color loss.
        check_side: Side of the central part of validation images that is used; None for whole images.
    """

    can_feed_on_device: ClassVar[bool] = True
    architecture: ClassVar[str] = "glare"

    model: GlareConfig = PRESETS["lite-flow"]
    vqgan: Path | None = None
    start: Path | None = None
    darkening: DarkeningSettings = UNEVEN_NIGHTS
    real_share: float = 0.35
    turned_share: float = 0.15
    joint: bool = True
    latent: FlowWeights = FlowWeights(likelihood=0.002, regression=0.1)
    edge_weight: float = 0.5
    structure_weight: float = 0.3
    many_scales: bool = False
    lpips_backbone: Path | None = None
    lpips_heads: Path | None = None
    lpips_weight: float = 0.01
    colour_weight: float = 10.0
    check_side: int | None = 256


def fused_losses(
    recipe: GlareFusionRecipe,
    perceive: LearnedPerceptual | None,
    made: Images,
    target: Images,
    keeps_color: Tensor,
) -> dict[str, Scalar]:
    """Weighted losses between output and target images."""
    differ = multi_scale_dissimilarity if recipe.many_scales else dissimilarity
    made, target = gray_where_color_cast(made, keeps_color), gray_where_color_cast(target, keeps_color)
    losses = image_losses(recipe, made, target, differ=differ)
    if perceive is not None:
        losses["perceptual"] = recipe.lpips_weight * perceive(made, target)
    return losses


def run(recipe: GlareFusionRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains, and returns the path of the weights.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    sources, held_out = load_sources(recipe, recipe.darkening, log=folder.log)
    mix = Mix(settings.batch_size, settings.crop, recipe.real_share, recipe.turned_share, 0.0)

    model, prior = start_glare(recipe.model, recipe.vqgan, recipe.start, has_targets=recipe.joint)
    model, prior = to_device(model, device), to_device(prior, device)
    freeze(prior, *model.prior_parts())
    if not recipe.joint:
        freeze(model.encoder, model.flow)
    perceive = optional_lpips(recipe, device)
    generator_optimizer = GuardedOptimizer(model.parameters(), recipe, device)
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": model,
        "generator_optimizer": generator_optimizer,
        "average": average,
    }
    mixed = autocast(settings, device)
    finding = nullcontext() if recipe.joint else torch.no_grad()
    shown = sample_batch(sources, held_out, settings.crop).to(device)
    loader = enhancement_loader(sources, mix, recipe, device, folder.timer.waiting)
    start = folder.resume(device, parts)
    folder.log(sources.text(held_out))

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        numbers = PartMeans()
        for batch, part in loader.of_step(step):
            target = texture_target(batch)

            # Retrieve the latent, and decode it; the texture control sets the share of dark features.
            with mixed:
                with finding:
                    conditions = model.read_conditions(batch.dark, batch.facts(recipe.model))
                    latent = model.retrieve(conditions)
                made = to_float32(model.decode(latent, conditions, batch.weights.texture, {}))
            losses = fused_losses(recipe, perceive, made.images, target, batch.color)
            if recipe.joint:
                with torch.no_grad():
                    target_latent = prior.encode(batch.bright)
                losses |= latent_losses(
                    model, conditions, target_latent, recipe.latent, part, found=made.latent
                )
            loss = torch.stack(list(losses.values())).sum()
            generator_optimizer.backward(loss)
            numbers.add({"loss": loss, **losses})

        if generator_optimizer.step(rate_share(step, run_state.length(step), recipe.optimizer)):
            average.update_parameters(model)
        folder.count(failed=generator_optimizer.failed)
        run_state.finish_step(step)

        folder.report(step, **numbers.means())
        if run_state.validates(step):
            best = cast(Glare, average.module)
            with torch.no_grad():
                seen = best(shown.dark, shown.weights.texture, observation=shown.facts(recipe.model)).images
            folder.samples(step + 1, shown.dark, seen, shown.target)
            if held_out:
                folder.record_validation(
                    step, validate(best, held_out, device, recipe.model, side=recipe.check_side), by="psnr"
                )
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
