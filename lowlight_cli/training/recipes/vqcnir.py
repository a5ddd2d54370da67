"""Trains the LQ phase of VQCNIR: restoring dark and blurred images with the codes of sharp ones.

Needs: well-lit photos, weights of the HQ phase, and preferably real pairs. Makes: ``vqcnir.safetensors``
(averaged weights). Source: VQCNIR, eq. 12-16, with what docs/models/vqcnir.md lists. Launch:
``lle train vqcnir --phase lq --data photos --pairs pairs --vqgan runs/vqgan/vqgan.safetensors
--out runs/vqcnir``. Cost and score of the shipped weights: docs/models/vqcnir.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, cast

import torch
from pydantic import PositiveInt
from torch import Tensor
from torch.nn.functional import mse_loss

from lowlight_cli.datasets.config import BLURRED_NIGHTS, BlurSettings, DarkeningSettings, Spread
from lowlight_cli.losses.adversarial import generator_loss, hinge
from lowlight_cli.losses.areas import area_means, gradient_histogram
from lowlight_cli.losses.gram import gram
from lowlight_cli.losses.pixel import absolute
from lowlight_cli.models.vqcnir.config import PRESETS, VqcnirConfig
from lowlight_cli.models.vqcnir.model import Vqcnir
from lowlight_cli.models.vqgan.discriminator import UnetDiscriminator
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.tensors import Features, Images, Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.codes import target_codes
from lowlight_cli.training.config import Recipe, RunSettings
from lowlight_cli.training.data_sources import PairedPhoto, load_sources
from lowlight_cli.training.device_loader import enhancement_loader
from lowlight_cli.training.enhancement_batch import (
    EnhancementBatch,
    Mix,
    gray_where_color_cast,
    texture_target,
)
from lowlight_cli.training.image_loss import image_losses, optional_lpips
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.sampling import sample_batch
from lowlight_cli.training.validation import validate
from lowlight_cli.training.vqcnir import blurred_pairs, freeze_offsets, start_vqcnir
from lowlight_cli.training.weight_updates import (
    autocast,
    averaged,
    freeze,
    set_trainable,
    to_device,
    to_float32,
)


class VqcnirRecipe(Recipe):
    """Settings of the LQ phase.

    Args:
        model: Shape of the network.
        vqgan: Weights of the HQ phase.
        start: Weights of an earlier LQ phase to start from.
        keep_codes: Whether codes and their decoder stay those of ``vqgan`` with ``start``, which then gives
            the trained parts alone.
        encoder: Weights of CodeEnhance of the same HQ phase, whose encoder replaces that of all others.
        darkening: How photos are darkened.
        photo_gain: Gain of the curve that photos get before they are darkened, and that their references
            keep, because night scenes are dimmer than most photos; the curve keeps black and white. Photos
            under uneven light stay as they are.
        blur: How images are blurred; a share of 0 for no blur, as for pairs that are already blurred.
        real_share: Share of real pairs in a batch.
        turned_share: Share of a batch with a texture control other than 1.
        still_until: First step with offsets; earlier ones are fixed at 0 and take half the time.
        edge_weight: Weight of the gradient loss.
        structure_weight: Weight of 1 - SSIM.
        colour_weight: Weight of the color loss.
        mean_weight: Weight of the difference of mean colors of areas of 32x32 pixels.
        sharpness_weight: Weight of the difference of gradient histograms of areas of 32x32 pixels.
        prior_weight: Weight of the loss of the image decoded from the codes alone.
        lpips_backbone: Weights of VGG16; with them, LPIPS is one of the losses.
        lpips_heads: Weights of the LPIPS heads for VGG; None for those that ship.
        lpips_weight: Weight of LPIPS.
        association_weight: Weight of the distance from the latent to the codes of the sharp image.
        commitment: Weight of the squared distance in it, beside a Gram loss with weight 1.
        adversarial_weight: Weight of the adversarial loss of images; 0 for none.
        critic_width: Channels of the discriminator's first layer; 64 in the paper.
        check_side: Side of the central part of validation images that is used; None for whole images.
    """

    can_feed_on_device: ClassVar[bool] = True
    architecture: ClassVar[str] = "vqcnir"

    # A position sees 100 pixels and more in each direction: in smaller crops none would be far from a border.
    run: RunSettings = RunSettings(batch_size=4, crop=256)
    model: VqcnirConfig = PRESETS["lite"]
    vqgan: Path | None = None
    start: Path | None = None
    keep_codes: bool = False
    encoder: Path | None = None
    darkening: DarkeningSettings = BLURRED_NIGHTS
    photo_gain: Spread = Spread(median=0.75, factor=1.25)
    blur: BlurSettings = BlurSettings()
    real_share: float = 0.35
    turned_share: float = 0.15
    still_until: int = 0
    edge_weight: float = 0.5
    structure_weight: float = 0.3
    colour_weight: float = 10.0
    mean_weight: float = 0.5
    sharpness_weight: float = 20.0
    prior_weight: float = 0.25
    lpips_backbone: Path | None = None
    lpips_heads: Path | None = None
    lpips_weight: float = 1.0
    association_weight: float = 0.2
    commitment: float = 0.25
    adversarial_weight: float = 0.0
    critic_width: PositiveInt = 16
    check_side: int | None = 256


def area_losses(recipe: VqcnirRecipe, made: Images, target: Images) -> dict[str, Scalar]:
    """Weighted losses of areas: of their mean colors, and of their gradient histograms."""
    losses = {}
    if recipe.mean_weight:
        losses["mean"] = recipe.mean_weight * area_means(made, target)
    if recipe.sharpness_weight:
        losses["sharpness"] = recipe.sharpness_weight * gradient_histogram(made, target)
    return losses


def prior_loss(
    recipe: VqcnirRecipe, model: Vqcnir, features: Features, batch: EnhancementBatch
) -> dict[str, Scalar]:
    """Weighted loss of the image decoded from the codes alone, which is the output at texture 0."""
    if not recipe.prior_weight:
        return {}
    made = gray_where_color_cast(model.decoder.to_rgb(features), batch.color)
    return {"prior": recipe.prior_weight * absolute(made, gray_where_color_cast(batch.bright, batch.color))}


def association_loss(recipe: VqcnirRecipe, prior: Vqgan, latent: Tensor, batch: EnhancementBatch) -> Scalar:
    """Weighted distance from the latent of the dark image to the codes of the sharp one.

    Images with a color cast count with a loss of zero.
    """
    kept = batch.color.flatten() > 0
    if not (recipe.association_weight and kept.any()):
        return latent.new_zeros(())
    codes = target_codes(prior, batch.bright[kept]).codes
    bound = recipe.commitment * mse_loss(latent[kept], codes) + gram(latent[kept], codes)
    return recipe.association_weight * float(kept.float().mean()) * bound


def scores(
    recipe: VqcnirRecipe, model: Vqcnir, pairs: Sequence[PairedPhoto], device: torch.device
) -> dict[str, float]:
    """PSNR (dB) and SSIM over validation pairs, and, if trained with blur, over blurred ones, too."""
    found = validate(model, pairs, device, recipe.model, side=recipe.check_side)
    if not recipe.blur.share:
        return found
    shaken = blurred_pairs(pairs, recipe.blur, recipe.darkening)
    blurred = validate(model, shaken, device, recipe.model, side=recipe.check_side)
    means = {name: (found[name] + blurred[name]) / 2 for name in found}
    return means | {f"{name}_blurred": value for name, value in blurred.items()}


def started(recipe: VqcnirRecipe) -> tuple[Vqcnir, Vqgan]:
    """The network to train, and that of the HQ phase; see ``start_vqcnir``."""
    return start_vqcnir(
        recipe.model,
        recipe.vqgan,
        recipe.start,
        keep_codes=recipe.keep_codes,
        encoder=recipe.encoder,
        has_targets=recipe.association_weight > 0,
    )


def run(recipe: VqcnirRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains, and returns the path of the weights.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    sources, held_out = load_sources(recipe, recipe.darkening, log=folder.log)
    sources = sources._replace(blur=recipe.blur, photo_gain=recipe.photo_gain)
    mix = Mix(settings.batch_size, settings.crop, recipe.real_share, recipe.turned_share, 0.0)

    model, prior = started(recipe)
    model, prior = to_device(model, device), to_device(prior, device)
    freeze(prior, *model.frozen_parts())
    generator_optimizer = GuardedOptimizer(model.parameters(), recipe, device)
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": model,
        "generator_optimizer": generator_optimizer,
        "average": average,
    }
    discriminator = discriminator_optimizer = None
    if recipe.adversarial_weight:
        discriminator = to_device(UnetDiscriminator(3, recipe.critic_width), device)
        discriminator_optimizer = GuardedOptimizer(
            discriminator.parameters(), recipe, device, rate=recipe.optimizer.critic_rate
        )
        parts |= {"discriminator": discriminator, "discriminator_optimizer": discriminator_optimizer}
    perceive = optional_lpips(recipe, device)
    mixed = autocast(settings, device)
    shown = sample_batch(sources, held_out, settings.crop).to(device)
    loader = enhancement_loader(sources, mix, recipe, device, folder.timer.waiting)
    start = folder.resume(device, parts)
    folder.log(sources.text(held_out))

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        freeze_offsets(model, still=step < recipe.still_until)
        generator_optimizer.begin_phase(step, recipe.still_until)
        numbers = PartMeans()
        for batch, _ in loader.of_step(step):
            target = texture_target(batch)

            # Generator: restore; losses of the image, of the image of the codes alone, and of the latent.
            with mixed:
                made = to_float32(
                    model(batch.dark, batch.weights.texture, observation=batch.facts(recipe.model))
                )
            compared = [gray_where_color_cast(images, batch.color) for images in (made.images, target)]
            losses = image_losses(recipe, *compared)
            losses |= area_losses(recipe, *compared)
            losses |= prior_loss(recipe, model, made.prior, batch)
            losses["association"] = association_loss(recipe, prior, made.latent, batch)
            if perceive is not None:
                losses["perceptual"] = recipe.lpips_weight * perceive(made.images, target)
            if discriminator is not None:
                set_trainable(discriminator, trainable=False)
                losses["adversarial"] = recipe.adversarial_weight * generator_loss(discriminator(made.images))
            loss = torch.stack(list(losses.values())).sum()
            generator_optimizer.backward(loss)
            numbers.add({"loss": loss, **losses})

            # Discriminator: targets against restored images.
            if discriminator is not None and discriminator_optimizer is not None:
                set_trainable(discriminator, trainable=True)
                discriminator_optimizer.backward(
                    hinge(discriminator(target), discriminator(made.images.detach()))
                )

        share = rate_share(step, run_state.length(step), recipe.optimizer)
        if generator_optimizer.step(share):
            average.update_parameters(model)
        if discriminator_optimizer is not None:
            discriminator_optimizer.step(share)
        folder.count(
            failed=generator_optimizer.failed
            or (discriminator_optimizer is not None and discriminator_optimizer.failed)
        )
        run_state.finish_step(step)

        folder.report(step, **numbers.means())
        if run_state.validates(step):
            best = cast(Vqcnir, average.module)
            with torch.no_grad():
                seen = best(shown.dark, shown.weights.texture, observation=shown.facts(recipe.model)).images
            folder.samples(step + 1, shown.dark, seen, shown.target)
            if held_out:
                folder.record_validation(step, scores(recipe, best, held_out, device), by="psnr")
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
