"""Trains stage I: a codebook and a decoder, by reconstructing well-lit images.

Needs: folders of well-lit photos. Makes: ``vqgan.safetensors`` (averaged weights).
Source: CodeEnhance, eq. 2, with the corrections of docs/models/codeenhance.md. Launch:
``lle train vqgan --data photos --out runs/vqgan``. Cost and score of the shipped weights:
docs/models/codeenhance.md.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

import torch
from pydantic import PositiveInt
from torch.nn.functional import mse_loss

from lowlight_cli.checkpoints.load_lpips import read_semantic_guide
from lowlight_cli.errors import SettingsError
from lowlight_cli.losses.adversarial import generator_loss, hinge
from lowlight_cli.losses.learned_perceptual import LearnedPerceptual
from lowlight_cli.losses.semantic_guide import SemanticGuide
from lowlight_cli.models.vqgan.config import PRESETS, VqganConfig
from lowlight_cli.models.vqgan.discriminator import UnetDiscriminator
from lowlight_cli.models.vqgan.model import Rebuilt, Vqgan
from lowlight_cli.tensors import Images, Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.codes import CodeCounts, perplexity, usage
from lowlight_cli.training.config import Recipe, RunSettings
from lowlight_cli.training.image_loss import image_losses, optional_lpips
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.photos import Photo, load_split, random_crops, split_text
from lowlight_cli.training.prefetch import BatchLoader
from lowlight_cli.training.rng import ItemRngs, item_rngs
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.vqgan import Phases
from lowlight_cli.training.warm_start import load_part
from lowlight_cli.training.weight_updates import (
    autocast,
    averaged,
    compiled,
    set_trainable,
    to_device,
    to_float32,
)

CHECK_SEED = 1
RESTART_EVERY = 50
SHOWN = 6
WITHOUT_CODES = "psnr_without_codes"


class VqganRecipe(Recipe):
    """Settings of stage I.

    Args:
        model: Shape of the network.
        commitment: Weight of the commitment loss (beta of the paper).
        edge_weight: Weight of the gradient loss.
        structure_weight: Weight of 1 - SSIM.
        colour_weight: Weight of the color loss.
        perceptual_weight: Weight of LPIPS (VGG), which needs ``lpips_backbone``; 0 for none. Eq. 2 of the
            paper has no such term; the stage I that its authors reused has it, with 1.
        lpips_backbone: Weights of VGG16.
        lpips_heads: Weights of the LPIPS heads for VGG; None for those that ship.
        semantic_weight: Weight of the distance to features of VGG19, which needs ``vgg19``; 0 for none.
        vgg19: Weights of VGG19.
        start: Weights to start from; the codes are initialized again.
        adversarial_weight: Weight of the generator's adversarial loss (gamma of the paper).
        critic_from: First step of the discriminator; past the last step for none. None for 2000, or half of
            the schedule if that is earlier.
        critic_width: Channels of the discriminator's first layer; 64 in the paper.
        codes_from: First step with quantization; before it the network is a plain autoencoder. None for 1000,
            or a quarter of the schedule if that is earlier.
    """

    architecture: ClassVar[str] = "vqgan"
    can_compile: ClassVar[bool] = True

    model: VqganConfig = PRESETS["lite"]
    commitment: float = 0.25
    edge_weight: float = 1.0
    structure_weight: float = 0.1
    colour_weight: float = 20.0
    perceptual_weight: float = 0.0
    lpips_backbone: Path | None = None
    lpips_heads: Path | None = None
    semantic_weight: float = 0.0
    vgg19: Path | None = None
    start: Path | None = None
    adversarial_weight: float = 0.1
    critic_from: int | None = None
    critic_width: PositiveInt = 16
    codes_from: int | None = None


def perceptual_loss(recipe: VqganRecipe, device: torch.device) -> LearnedPerceptual | None:
    """LPIPS, or None if its loss weight is 0.

    Raises:
        SettingsError: The weights of VGG16, which do not ship, are not given.
    """
    if not recipe.perceptual_weight:
        return None
    lpips = optional_lpips(recipe, device)
    if lpips is None:
        raise SettingsError(
            "perceptual_weight needs LPIPS, and its VGG16 does not ship: "
            "--set lpips_backbone=vgg16-397923af.pth, or --set perceptual_weight=0 to train without it"
        )
    return lpips


def semantic_guide(recipe: VqganRecipe, device: torch.device) -> SemanticGuide | None:
    """The semantic loss of the codes, or None if its weight is 0.

    Raises:
        SettingsError: The file of VGG19 weights, which do not ship, is not given.
    """
    if not recipe.semantic_weight:
        return None
    if recipe.vgg19 is None:
        raise SettingsError(
            "semantic_weight needs VGG19, whose weights do not ship: "
            "--set vgg19=vgg19-dcbb9e9d.pth, or --set semantic_weight=0 to train without it"
        )
    shape = recipe.model
    return to_device(read_semantic_guide(recipe.vgg19, shape.code_channels, shape.downscale), device)


def semantic_loss(
    recipe: VqganRecipe, guide: SemanticGuide | None, rebuilt: Rebuilt, images: Images
) -> dict[str, Scalar]:
    """Weighted distance to the features of the images; gradients pass straight through the codes."""
    if guide is None:
        return {}
    passed = rebuilt.latent + (rebuilt.codes - rebuilt.latent).detach()
    return {"semantic": recipe.semantic_weight * guide(passed, images)}


def image_loss_terms(
    recipe: VqganRecipe, perceive: LearnedPerceptual | None, rebuilt: Images, images: Images
) -> dict[str, Scalar]:
    """Weighted losses between images and their reconstructions."""
    parts = image_losses(recipe, rebuilt, images)
    if perceive is not None:
        parts["perceptual"] = recipe.perceptual_weight * perceive(rebuilt, images)
    return parts


def code_loss(recipe: VqganRecipe, rebuilt: Rebuilt) -> Scalar:
    """Codebook loss plus weighted commitment loss."""
    pull = mse_loss(rebuilt.latent, rebuilt.codes.detach())
    return mse_loss(rebuilt.codes, rebuilt.latent.detach()) + recipe.commitment * pull


def held_out_crops(photos: Sequence[Photo], settings: RunSettings, device: torch.device) -> Images:
    """One crop of each of at most 32 held-out photos, the same in every run."""
    items = item_rngs(CHECK_SEED, 0, range(min(len(photos), 32))).items
    return random_crops(photos, items, settings.crop).images.to(device)


@torch.no_grad()
def validate(model: Vqgan, images: Images, *, quantize: bool) -> dict[str, float]:
    """Mean PSNR (dB) of the reconstructions, and how many codes they use; without codes, another PSNR."""
    rebuilt = model(images, quantize=quantize)
    error = (rebuilt.images.clamp(0, 1) - images).square().mean((1, 2, 3)).clamp_min(1e-10)
    psnr = float(-10 * error.log10().mean())
    counts = torch.bincount(rebuilt.indices.flatten(), minlength=model.config.code_count)
    return {"psnr": psnr, **usage(counts)} if quantize else {WITHOUT_CODES: psnr}


def batch_of(photos: Sequence[Photo], side: int, item_rngs: ItemRngs) -> Images:
    """Random crops of photos, one for each item."""
    return random_crops(photos, item_rngs.items, side).images


def started(recipe: VqganRecipe) -> Vqgan:
    """A new network, or one with the weights in ``start`` except for the codes."""
    model = Vqgan(recipe.model)
    if recipe.start is not None:
        state = load_part(recipe.start) | {"codebook.weight": model.codebook.weight.detach()}
        model.load_state_dict(state)
    return model


def run(recipe: VqganRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains, and returns the path of the weights.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    train, held_out = load_split(recipe, log=folder.log)
    check = held_out_crops(held_out or train, settings, device)
    perceive = perceptual_loss(recipe, device)
    model = compiled(to_device(started(recipe), device), settings)
    discriminator = compiled(to_device(UnetDiscriminator(3, recipe.critic_width), device), settings)
    guide = semantic_guide(recipe, device)
    heads = [] if guide is None else [*guide.head.parameters()]
    generator_optimizer = GuardedOptimizer([*model.parameters(), *heads], recipe, device)
    discriminator_optimizer = GuardedOptimizer(
        discriminator.parameters(), recipe, device, rate=recipe.optimizer.critic_rate
    )
    average = averaged(model, recipe.optimizer.average)
    counts = CodeCounts(torch.zeros(recipe.model.code_count, device=device))
    phases = Phases(counts, run_state, recipe.codes_from, recipe.critic_from)
    parts: dict[str, Stateful] = {
        "model": model,
        "discriminator": discriminator,
        "generator_optimizer": generator_optimizer,
        "discriminator_optimizer": discriminator_optimizer,
        "average": average,
        "counts": phases,
        **({} if guide is None else {"semantic_head": guide.head}),
    }
    mixed = autocast(settings, device)
    loader = BatchLoader(partial(batch_of, train, settings.crop), settings, device, folder.timer.waiting)
    start = folder.resume(device, parts)
    folder.log(split_text(train, held_out))
    phases.warn_at_start(folder.log)

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        share = rate_share(step, run_state.length(step), recipe.optimizer)
        # Train without codes first; then initialize the codes from the latents, and train them.
        quantize, adversarial = phases.begin(step, model, train)
        generator_optimizer.begin_phase(step, phases.last_start)
        run_state.counts_scores = quantize

        numbers = PartMeans()
        for images, _ in loader.of_step(step):
            # Generator: reconstruct the images, keep latents near codes, and convince the discriminator.
            set_trainable(discriminator, trainable=False)
            with mixed:
                rebuilt = to_float32(model(images, quantize=quantize))
            losses = image_loss_terms(recipe, perceive, rebuilt.images, images)
            losses["code"] = code_loss(recipe, rebuilt)
            losses |= semantic_loss(recipe, guide if quantize else None, rebuilt, images)
            if adversarial:
                losses["adversarial"] = recipe.adversarial_weight * generator_loss(
                    discriminator(rebuilt.images)
                )
            loss = torch.stack(list(losses.values())).sum()
            generator_optimizer.backward(loss)
            counts.add(rebuilt.indices)
            numbers.add({"loss": loss, **losses})

            # Discriminator: real images against reconstructions.
            if adversarial:
                set_trainable(discriminator, trainable=True)
                made = rebuilt.images.detach()
                discriminator_optimizer.backward(hinge(discriminator(images), discriminator(made)))

        if generator_optimizer.step(share):
            average.update_parameters(model)
        if adversarial:
            discriminator_optimizer.step(share)
        folder.count(failed=generator_optimizer.failed or discriminator_optimizer.failed)
        run_state.finish_step(step)

        # Restart codes that were not used in the last steps.
        window = perplexity(counts.values)
        if step % RESTART_EVERY == 0:
            if not (generator_optimizer.failed or generator_optimizer.spiked):
                phases.restart_unused(model, rebuilt.latent, step)
            counts.clear()
        folder.report(step, **numbers.means(), window_perplexity=window, **counts.numbers())
        if run_state.validates(step):
            with torch.no_grad():
                shown = [each(check[:SHOWN], quantize=quantize).images for each in (model, average)]
            folder.samples(step + 1, check[:SHOWN], *shown)
            if held_out:
                scores = validate(cast(Vqgan, average.module), check, quantize=quantize)
                folder.record_validation(step, scores, by="psnr" if quantize else WITHOUT_CODES)
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    phases.warn_at_end(step, folder.log)
    return folder.export(average.module, step=step + 1)
