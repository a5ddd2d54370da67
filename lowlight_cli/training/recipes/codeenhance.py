"""Trains stage II of CodeEnhance: predicting the codes of the reference from the dark image.

Needs: well-lit photos, weights of both earlier recipes, and preferably real pairs. Makes:
``codeenhance.safetensors`` (averaged weights). Source: CodeEnhance, eq. 3-12, with the corrections of
docs/models/codeenhance.md. Launch: ``lle train codeenhance --data photos --pairs pairs
--vqgan runs/vqgan/vqgan.safetensors --semantic runs/semantic/semantic.safetensors --out runs/codeenhance``.
Cost and score of the shipped weights: docs/models/codeenhance.md.
"""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, cast

import torch
from pydantic import PositiveInt
from torch import Tensor

from lowlight_cli.datasets.config import UNEVEN_NIGHTS, DarkeningSettings
from lowlight_cli.errors import SettingsError
from lowlight_cli.losses.adversarial import generator_loss, hinge
from lowlight_cli.losses.code import code_losses
from lowlight_cli.losses.perceptual import feature_distance
from lowlight_cli.models.codeenhance.config import PRESETS, CodeEnhanceConfig
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.models.vqgan.discriminator import UnetDiscriminator
from lowlight_cli.tensors import Images, Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.codes import TargetCodes, target_codes
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.device_loader import enhancement_loader
from lowlight_cli.training.enhancement_batch import (
    EnhancementBatch,
    Mix,
    gray_where_color_cast,
)
from lowlight_cli.training.image_loss import image_losses, optional_lpips
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.sampling import sample_batch
from lowlight_cli.training.validation import (
    choice_numbers,
    held_out_choices,
    show_samples,
    validate,
)
from lowlight_cli.training.warm_start import semantic_net, start_from
from lowlight_cli.training.weight_updates import (
    autocast,
    averaged,
    compiled,
    freeze,
    set_trainable,
    to_device,
    to_float32,
)


class CodeEnhanceRecipe(Recipe):
    """Settings of stage II.

    Args:
        model: Shape of the network.
        vqgan: Weights of stage I.
        semantic: Weights of the semantic network.
        darkening: How photos are darkened.
        real_share: Share of real pairs in a batch.
        turned_share: Share of a batch with controls other than 1.
        referenced_share: Share of batches with a reference image.
        edge_weight: Weight of the gradient loss.
        structure_weight: Weight of 1 - SSIM.
        colour_weight: Weight of the color loss.
        lpips_backbone: Weights of VGG16; with them, LPIPS replaces the semantic distance.
        lpips_heads: Weights of the LPIPS heads for VGG; None for those that ship.
        lpips_weight: Weight of LPIPS.
        perceptual_weight: Weight of the distance in semantic features.
        commitment_weight: Weight of the distance from the latent to its target codes.
        choice_weight: Weight of the cross-entropy over codes.
        texture_weight: Weight of the Gram loss of latents.
        shift_weight: Weight of the distance from shifted codes to the latent of the reference.
        smallness_weight: Weight of the squared shift (lambda of the paper).
        temperature: Temperature of the cross-entropy over codes.
        adversarial_weight: Weight of the adversarial loss of latents.
        critic_width: Channels of the discriminator's first layer; 64 in the paper.
        check_side: Side of the central part of validation images that is used; None for whole images.
    """

    can_feed_on_device: ClassVar[bool] = True
    architecture: ClassVar[str] = "codeenhance"
    can_compile: ClassVar[bool] = True

    model: CodeEnhanceConfig = PRESETS["lite"]
    vqgan: Path | None = None
    semantic: Path | None = None
    darkening: DarkeningSettings = UNEVEN_NIGHTS
    real_share: float = 0.35
    turned_share: float = 0.25
    referenced_share: float = 0.1
    edge_weight: float = 0.5
    structure_weight: float = 0.3
    colour_weight: float = 10.0
    lpips_backbone: Path | None = None
    lpips_heads: Path | None = None
    lpips_weight: float = 1.0
    perceptual_weight: float = 0.1
    commitment_weight: float = 0.5
    choice_weight: float = 0.02
    texture_weight: float = 0.1
    shift_weight: float = 0.25
    smallness_weight: float = 1e-4
    temperature: float = 1.0
    adversarial_weight: float = 0.01
    critic_width: PositiveInt = 16
    check_side: int | None = None


def perceptual_loss(
    recipe: CodeEnhanceRecipe, model: CodeEnhance, device: torch.device
) -> Callable[[Images, Images], Scalar]:
    """Weighted LPIPS if its weights are given, otherwise the weighted distance in semantic features.

    Raises:
        SettingsError: Neither is possible: the published semantic network does not expose its scales.
    """
    lpips = optional_lpips(recipe, device)
    if lpips is not None:
        return lambda made, target: recipe.lpips_weight * lpips(made, target)
    net = (
        to_device(semantic_net(recipe.model, recipe.semantic), device)
        if model.semantic is None
        else model.semantic
    )
    if not isinstance(net, SemanticNet):
        raise SettingsError("the perceptual loss needs lpips_backbone, or the compact semantic network")
    return lambda made, target: recipe.perceptual_weight * feature_distance(net.pyramid, made, target)


def image_loss_terms(
    recipe: CodeEnhanceRecipe,
    perceive: Callable[[Images, Images], Scalar],
    made: Images,
    batch: EnhancementBatch,
) -> dict[str, Scalar]:
    """Weighted losses between output and target images."""
    made, target = (
        gray_where_color_cast(made, batch.color),
        gray_where_color_cast(batch.target, batch.color),
    )
    return image_losses(recipe, made, target) | {"perceptual": perceive(made, target)}


def latent_loss(
    recipe: CodeEnhanceRecipe, model: CodeEnhance, latent: Tensor, target: TargetCodes, color: Tensor
) -> dict[str, Scalar]:
    """Weighted losses between the latents of the dark image and of the reference.

    Images with a color cast count with a loss of zero, so that the mean over the parts of a batch is the mean
    over the batch.
    """
    kept = color.flatten() > 0
    if not kept.any():
        return {}
    parts = code_losses(
        model.codebook.weight,
        model.codebook.codes - model.codebook.weight,
        latent[kept],
        target.indices[kept],
        target.latent[kept],
        recipe.temperature,
    )
    share = float(kept.float().mean())
    return {
        "commitment": share * recipe.commitment_weight * parts.commitment,
        "choice": share * recipe.choice_weight * parts.choice,
        "texture": share * recipe.texture_weight * parts.texture,
        "shift": share * recipe.shift_weight * parts.shift,
        "smallness": recipe.smallness_weight * parts.smallness,
    }


def run(recipe: CodeEnhanceRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains, and returns the path of the weights.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    sources, held_out = load_sources(recipe, recipe.darkening, log=folder.log)
    mix = Mix(
        settings.batch_size, settings.crop, recipe.real_share, recipe.turned_share, recipe.referenced_share
    )

    model, prior = start_from(recipe.model, recipe.vqgan, recipe.semantic)
    model, prior = compiled(to_device(model, device), settings), to_device(prior, device)
    freeze(prior, *model.frozen_parts())
    model.codebook.weight.requires_grad_(False)
    perceive = perceptual_loss(recipe, model, device)
    discriminator = to_device(
        UnetDiscriminator(recipe.model.vqgan.code_channels, recipe.critic_width), device
    )
    discriminator = compiled(discriminator, settings)
    generator_optimizer = GuardedOptimizer(model.parameters(), recipe, device)
    discriminator_optimizer = GuardedOptimizer(
        discriminator.parameters(), recipe, device, rate=recipe.optimizer.critic_rate
    )
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": model,
        "discriminator": discriminator,
        "generator_optimizer": generator_optimizer,
        "discriminator_optimizer": discriminator_optimizer,
        "average": average,
    }
    mixed = autocast(settings, device)
    shown = sample_batch(sources, held_out, settings.crop).to(device)
    loader = enhancement_loader(sources, mix, recipe, device, folder.timer.waiting)
    start = folder.resume(device, parts)
    folder.log(sources.text(held_out))

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        numbers = PartMeans()
        for batch, _ in loader.of_step(step):
            target = target_codes(prior, batch.bright)

            # Generator: enhance; losses of the image, of the codes and of the discriminator of latents.
            set_trainable(discriminator, trainable=False)
            facts = batch.facts(recipe.model)
            with mixed:
                made = to_float32(
                    model(batch.dark, batch.weights, reference=batch.reference, observation=facts)
                )
            losses = image_loss_terms(recipe, perceive, made.images, batch)
            losses |= latent_loss(recipe, model, made.latent, target, batch.color)
            losses["adversarial"] = recipe.adversarial_weight * generator_loss(discriminator(made.latent))
            loss = torch.stack(list(losses.values())).sum()
            generator_optimizer.backward(loss)

            # Discriminator: codes of references against latents of dark images.
            set_trainable(discriminator, trainable=True)
            discriminator_loss = hinge(discriminator(target.codes), discriminator(made.latent.detach()))
            discriminator_optimizer.backward(discriminator_loss)

            choices = choice_numbers(made.indices, target.indices, len(model.codebook.weight))
            numbers.add({"loss": loss, "discriminator_loss": discriminator_loss, **losses, **choices})

        share = rate_share(step, run_state.length(step), recipe.optimizer)
        if generator_optimizer.step(share):
            average.update_parameters(model)
        discriminator_optimizer.step(share)
        folder.count(failed=generator_optimizer.failed or discriminator_optimizer.failed)
        run_state.finish_step(step)

        folder.report(step, **numbers.means())
        if run_state.validates(step):
            best = cast(CodeEnhance, average.module)
            folder.samples(step + 1, *show_samples(best, shown))
            if held_out:
                scores = validate(best, held_out, device, recipe.model, side=recipe.check_side)
                folder.record_validation(
                    step, scores | held_out_choices(best, prior, held_out, device), by="psnr"
                )
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
