"""Trains the first stage of DRGN: the degradation of dark images.

Needs: real pairs or darkened photos; clean photos. Makes: ``drgn-degradation.safetensors``, the
degradation generator alone. Source: Jiang et al., "Degrade is Upgrade", 2022, eq. 5-7; what it leaves open:
docs/models/drgn.md. Launch: ``lle train drgn-degradation --data photos --pairs pairs --out runs/deg``.
The loss pulls the degradation towards a constant; this is part of the method. Its level, the default
discriminators and the rates are ours; ``--preset paper`` has the published loss alone.
"""

from functools import partial
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from lowlight_cli.losses.adversarial import logistic, logistic_generator_loss
from lowlight_cli.losses.divergence import histogram_divergence, softmax_divergence
from lowlight_cli.losses.pixel import charbonnier
from lowlight_cli.models.drgn.channel_attention import ChannelWeights
from lowlight_cli.models.drgn.discriminator import DegradationCritic
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.models.lifting import even_facts
from lowlight_cli.tensors import Images, Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.config import OptimizerSettings
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.degradation_batch import DegradationBatch, degradation_batch
from lowlight_cli.training.drgn import DrgnRecipe, made_dark, new_model
from lowlight_cli.training.enhancement_batch import gray_where_color_cast
from lowlight_cli.training.optimizer import GuardedOptimizer
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.prefetch import BatchLoader
from lowlight_cli.training.rng import item_rngs
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.weight_updates import averaged, decayed_share, set_trainable, to_device

SAMPLE_SEED, SHOWN = 1, 8
DIVERGENCES = {"softmax": softmax_divergence, "hist": histogram_divergence}


class DegradationRecipe(DrgnRecipe):
    """Settings of the first stage.

    Args:
        stage1: ``paper`` has the published loss. The others are our extensions: ``level`` also pulls the
            mean of the degradation, by image and channel, towards that of dark image minus reference, and
            ``paired`` pulls the image without the degradation towards the reference.
        kl: Distributions to compare: softmax over pixels, histogram of values, or none.
        adversarial_weight: Weight of both adversarial losses (alpha of the paper).
        adversarial: Kind of the adversarial loss of the generator.
        level_weight: Weight of the term of ``level``.
        paired_weight: Weight of the term of ``paired``.
        loss_scale: Factor of the whole loss, which keeps gradients large against Adam's epsilon.
        strength: Factor of a degradation that is added to a clean image.
        critic: ``srgan``, or ``pooled``, which is smaller, has no batch normalization, and darkens faster.
        critic_width: Channels of a discriminator's first layer.
        level_rate: Factor of the learning rate for the last bias, the level of a flat degradation; ours.
    """

    architecture: ClassVar[str] = "drgn-degradation"

    optimizer: OptimizerSettings = OptimizerSettings(
        learning_rate=2e-3, betas=(0.9, 0.999), warmup=10, final=0.05
    )
    darkened_share: float = Field(default=0.0, ge=0, le=1)
    stage1: Literal["paper", "level", "paired"] = "level"
    kl: Literal["softmax", "hist", "off"] = "softmax"
    adversarial_weight: float = Field(default=1e-5, ge=0)
    adversarial: Literal["nonsaturating", "saturating"] = "nonsaturating"
    level_weight: float = Field(default=1e-3, ge=0)
    paired_weight: float = Field(default=1.0, ge=0)
    loss_scale: float = Field(default=1e5, gt=0)
    strength: float = Field(default=1.0, gt=0)
    critic: Literal["srgan", "pooled"] = "pooled"
    critic_width: PositiveInt = 16
    level_rate: float = Field(default=5.0, gt=0)


class Transferred(NamedTuple):
    """Results for a batch, in the value range of the generators.

    ``dark`` images and darkened clean images (``low``), the degradations of both (``real``, ``made``), and
    the dark images without their degradation (``rest``).
    """

    dark: Images
    low: Images
    real: Images
    made: Images
    rest: Images


def transfer(recipe: DegradationRecipe, model: Drgn, batch: DegradationBatch) -> Transferred:
    """Estimates the degradations of dark images, adds them to clean images, and estimates them again."""
    real, rest = model.separate(batch.dark, even_facts(model.config, batch.lightness))
    synthetic = made_dark(model, batch, real, recipe.strength, recipe.composition)
    low = model.to_signal(synthetic.images)
    made = model.degradation(low, ChannelWeights())
    return Transferred(model.to_signal(batch.dark), low, real, made, rest)


def generator_losses(
    recipe: DegradationRecipe,
    discriminators: nn.ModuleDict,
    passed: Transferred,
    bright: Images,
    color: Tensor,
) -> dict[str, Scalar]:
    """Weighted losses of the generator.

    Args:
        recipe: Gives the weights.
        discriminators: ``low`` for dark images, ``degradation`` for degradations.
        passed: Results for a batch.
        bright: References of the dark images, in the value range of the generators.
        color: See ``DegradationBatch``.
    """
    saturating = recipe.adversarial == "saturating"
    fooled = logistic_generator_loss(discriminators["low"](passed.low), saturating=saturating)
    fooled = fooled + logistic_generator_loss(
        discriminators["degradation"](passed.made), saturating=saturating
    )
    losses = {"adversarial": recipe.adversarial_weight * fooled}
    if recipe.kl != "off":
        losses["divergence"] = DIVERGENCES[recipe.kl](passed.real, passed.made)
    if recipe.stage1 == "level":
        missing, found = (
            gray_where_color_cast(signal, color).mean((2, 3))
            for signal in (passed.dark - bright, passed.real)
        )
        losses["level"] = recipe.level_weight * (found - missing).square().mean()
    if recipe.stage1 == "paired":
        rest, target = (gray_where_color_cast(signal, color) for signal in (passed.rest, bright))
        losses["paired"] = recipe.paired_weight * charbonnier(rest, target)
    return {name: recipe.loss_scale * loss for name, loss in losses.items()}


def discriminator_losses(discriminators: nn.ModuleDict, passed: Transferred) -> Scalar:
    """Loss of both discriminators; real and made images pass separately, for their own statistics."""
    low = logistic(discriminators["low"](passed.dark), discriminators["low"](passed.low.detach()))
    real, made = passed.real.detach(), passed.made.detach()
    return low + logistic(discriminators["degradation"](real), discriminators["degradation"](made))


def generator_optimizer(recipe: DegradationRecipe, model: Drgn, device: torch.device) -> GuardedOptimizer:
    """Optimizer of the degradation generator; its last bias has a rate of its own.

    Adam moves a bias by the rate at most in a step, and the bias alone sets the level of a flat degradation.
    """
    level = model.degradation.to_rgb.bias
    others = [parameter for parameter in model.degradation.parameters() if parameter is not level]
    biases = [level] if isinstance(level, nn.Parameter) else []
    return GuardedOptimizer(others, recipe, device, slow=biases, slow_share=recipe.level_rate)


def describe(degradation: Images) -> dict[str, Scalar]:
    """Mean of degradations, and their deviation inside an image, which tends to zero."""
    degradation = degradation.detach()
    return {"degradation_mean": degradation.mean(), "degradation_std": degradation.std((2, 3)).mean()}


def run(recipe: DegradationRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains in float32 without validation, and returns the path of the weights.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    sources, _ = load_sources(recipe, recipe.darkening, log=folder.log, validates=False)
    cut = recipe.cut(synthetic=1.0)

    model = to_device(new_model(recipe), device)
    kind = {"pooled": recipe.critic == "pooled"}
    discriminators = to_device(
        nn.ModuleDict(
            {name: DegradationCritic(recipe.critic_width, **kind) for name in ("low", "degradation")}
        ),
        device,
    )
    generator, optimizer = model.degradation, generator_optimizer(recipe, model, device)
    discriminator_optimizer = GuardedOptimizer(
        discriminators.parameters(), recipe, device, rate=recipe.optimizer.critic_rate
    )
    average = averaged(generator, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": generator,
        "discriminators": discriminators,
        "generator_optimizer": optimizer,
        "discriminator_optimizer": discriminator_optimizer,
        "average": average,
    }
    loader = BatchLoader(partial(degradation_batch, sources, cut), settings, device, folder.timer.waiting)
    shown = degradation_batch(sources, cut, item_rngs(SAMPLE_SEED, 0, range(SHOWN))).to(device)
    start = folder.resume(device, parts)
    folder.log(sources.text())

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        numbers = PartMeans()
        for batch, _ in loader.of_step(step):
            # Generator: darken clean images; the discriminators see them and their degradations.
            set_trainable(discriminators, trainable=False)
            passed = transfer(recipe, model, batch)
            losses = generator_losses(
                recipe, discriminators, passed, model.to_signal(batch.bright), batch.color
            )
            loss = torch.stack(list(losses.values())).sum()
            optimizer.backward(loss)

            # Discriminators: real against made.
            set_trainable(discriminators, trainable=True)
            discriminator_loss = discriminator_losses(discriminators, passed)
            discriminator_optimizer.backward(discriminator_loss)
            found = losses | describe(passed.real)
            numbers.add({"loss": loss, "discriminator_loss": discriminator_loss, **found})

        share = decayed_share(step, run_state.length(step), recipe.decay, recipe.optimizer)
        if optimizer.step(share):
            average.update_parameters(generator)
        discriminator_optimizer.step(share)
        folder.count(failed=optimizer.failed or discriminator_optimizer.failed)
        run_state.finish_step(step)

        folder.report(step, **numbers.means())
        if run_state.validates(step):
            with torch.no_grad():
                seen = transfer(recipe, model, shown)
            folder.samples(step + 1, shown.dark, seen.real / 2 + 0.5, shown.clean, model.to_images(seen.low))
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
