"""Fine-tunes trained weights of CodeEnhance without stage I, on other photos or other light.

Needs: well-lit photos, weights of CodeEnhance, and preferably real pairs. Makes: ``codeenhance.safetensors``
(averaged weights). The codes of the reference are not known here, so the code loss uses the codes of the
latent itself, and all other losses compare images. Launch: ``lle train codeenhance-tune --data photos
--pairs pairs --start codeenhance.safetensors --out runs/tuned``. Cost and score of the shipped weights:
docs/models/codeenhance.md.
"""

import math
from pathlib import Path
from typing import ClassVar, cast

import torch
from torch import nn
from torch.nn.functional import mse_loss

from lowlight_cli.checkpoints.load import fill
from lowlight_cli.datasets.config import UNEVEN_NIGHTS, DarkeningSettings
from lowlight_cli.errors import SettingsError
from lowlight_cli.losses.perceptual import feature_distance
from lowlight_cli.losses.pixel import coarse_gradient
from lowlight_cli.models.codeenhance.config import PRESETS, CodeEnhanceConfig
from lowlight_cli.models.codeenhance.model import CodeEnhance, Enhanced
from lowlight_cli.models.lifting import log_gain_of_pixels
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.tensors import Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.device_loader import enhancement_loader
from lowlight_cli.training.enhancement_batch import (
    EnhancementBatch,
    Mix,
    gray_where_color_cast,
)
from lowlight_cli.training.image_loss import image_losses
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.sampling import sample_batch
from lowlight_cli.training.validation import validate
from lowlight_cli.training.warm_start import load_part
from lowlight_cli.training.weight_updates import autocast, averaged, freeze, to_device, to_float32


class CodeEnhanceTuneRecipe(Recipe):
    """Settings of fine-tuning.

    Args:
        model: Shape of the network.
        start: Weights to start from; None for random ones, which are useful only in tests.
        darkening: How photos are darkened.
        real_share: Share of real pairs in a batch.
        turned_share: Share of a batch with controls other than 1.
        referenced_share: Share of batches with a reference image.
        edge_weight: Weight of the gradient loss.
        structure_weight: Weight of 1 - SSIM.
        colour_weight: Weight of the color loss.
        perceptual_weight: Weight of the distance in semantic features.
        commitment_weight: Weight of the distance from a latent to its own codes.
        veil_weight: Weight of the loss of coarse contrast where the gain is 8 or more, against a gray veil
            over nearly black areas.
        decoder_share: Share of the learning rate for the last decoder stage; 0 freezes it.
        check_side: Side of the central part of validation images that is used; None for whole images.
    """

    can_feed_on_device: ClassVar[bool] = True
    architecture: ClassVar[str] = "codeenhance"

    model: CodeEnhanceConfig = PRESETS["lite"]
    start: Path | None = None
    darkening: DarkeningSettings = UNEVEN_NIGHTS
    real_share: float = 0.35
    turned_share: float = 0.25
    referenced_share: float = 0.1
    edge_weight: float = 0.5
    structure_weight: float = 0.3
    colour_weight: float = 10.0
    perceptual_weight: float = 0.1
    commitment_weight: float = 0.5
    veil_weight: float = 0.5
    decoder_share: float = 0.1
    check_side: int | None = None


VEILED_GAIN = 8.0
"""Gain from which on an area was nearly black."""


def start_model(recipe: CodeEnhanceTuneRecipe) -> CodeEnhance:
    """The network with its weights; codes, decoder and semantic network are frozen.

    Raises:
        WeightsError: The file is missing or of another shape.
        SettingsError: The semantic network does not expose its scales.
    """
    model = CodeEnhance(recipe.model)
    if recipe.start is not None:
        fill(model, load_part(recipe.start), recipe.start)
    if not isinstance(model.semantic, SemanticNet):
        raise SettingsError("the perceptual loss needs the compact semantic network")
    freeze(model.codebook, *model.frozen_parts())
    return model


def unfrozen_stage(model: CodeEnhance) -> list[nn.Parameter]:
    """Parameters of the finest decoder stage and of the last convolution, made trainable."""
    parts = (model.decoder.stages[-1], model.decoder.to_rgb)
    return [weight for part in parts for weight in part.requires_grad_().parameters()]


def losses_of(
    recipe: CodeEnhanceTuneRecipe, model: CodeEnhance, made: Enhanced, batch: EnhancementBatch
) -> dict[str, Scalar]:
    """Weighted losses between output and target images, and between latents and their codes."""
    images, target = (gray_where_color_cast(each, batch.color) for each in (made.images, batch.target))
    losses = image_losses(recipe, images, target)
    semantic = cast(SemanticNet, model.semantic)
    losses["perceptual"] = recipe.perceptual_weight * feature_distance(semantic.pyramid, images, target)
    if recipe.model.lift_target is not None:
        is_deep = log_gain_of_pixels(batch.dark, made.observation) > math.log(VEILED_GAIN)
        losses["veil"] = recipe.veil_weight * coarse_gradient(images, target, is_deep.float())
    codes = model.codebook.lookup(made.indices).detach()
    losses["commitment"] = recipe.commitment_weight * mse_loss(made.latent, codes)
    return losses


def run(recipe: CodeEnhanceTuneRecipe, folder: RunFolder, *, device: torch.device) -> Path:
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

    model = to_device(start_model(recipe), device)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    finest = unfrozen_stage(model) if recipe.decoder_share else []
    optimizer = GuardedOptimizer(learning, recipe, device, slow=finest, slow_share=recipe.decoder_share)
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {"model": model, "optimizer": optimizer, "average": average}
    mixed = autocast(settings, device)
    shown = sample_batch(sources, held_out, settings.crop).to(device)
    loader = enhancement_loader(sources, mix, recipe, device, folder.timer.waiting)
    start = folder.resume(device, parts)
    folder.log(sources.text(held_out))

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        numbers = PartMeans()
        for batch, _ in loader.of_step(step):
            facts = batch.facts(recipe.model)
            with mixed:
                made = to_float32(
                    model(batch.dark, batch.weights, reference=batch.reference, observation=facts)
                )
            losses = losses_of(recipe, model, made, batch)
            loss = torch.stack(list(losses.values())).sum()
            optimizer.backward(loss)
            numbers.add({"loss": loss, **losses})

        share = rate_share(step, run_state.length(step), recipe.optimizer)
        if optimizer.step(share):
            average.update_parameters(model)
        folder.count(failed=optimizer.failed)
        run_state.finish_step(step)

        folder.report(step, **numbers.means())
        if run_state.validates(step):
            best = cast(CodeEnhance, average.module)
            with torch.no_grad():
                seen = best(shown.dark, shown.weights, observation=shown.facts(recipe.model)).images
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
