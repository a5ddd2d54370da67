"""DRGN, first stage: learns what darkness adds to a picture.

Needs: real pairs, or photos that are darkened; clean photos. Makes: ``drgn-degradation.safetensors``, the
degradation generator alone. Source: Jiang et al., "Degrade is Upgrade", 2022, eq. 5-7; what it leaves open:
docs/models/drgn.md. Launch: ``lle train drgn-degradation --data photos --pairs pairs --out runs/deg``.
The loss pulls the degradation towards a constant; that is the method, not a fault.
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
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.degradation_batch import DegradationBatch, degradation_batch
from lowlight_cli.training.drgn import DrgnRecipe, made_dark, new_model
from lowlight_cli.training.enhancement_batch import gray_where_color_cast
from lowlight_cli.training.optimizer import GuardedOptimizer
from lowlight_cli.training.prefetch import BatchLoader
from lowlight_cli.training.rng import item_rngs
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.weight_updates import averaged, decayed_share, set_trainable, to_device

SAMPLE_SEED, SHOWN = 1, 8
DIVERGENCES = {"softmax": softmax_divergence, "hist": histogram_divergence}


class DegradationRecipe(DrgnRecipe):
    """Settings of the first stage.

    Args:
        stage1: ``paper`` has the published loss; ``paired`` is our extension, which also pulls what is left
            without the degradation towards the bright partner.
        kl: Distributions that are compared: softmax over pixels, histogram of values, or none.
        adversarial_weight: Weight of both critics (alpha of the paper).
        adversarial: Form of the generator's adversarial loss.
        paired_weight: Weight of the extension.
        loss_scale: What the whole loss is multiplied by, lest its gradients vanish beside Adam's epsilon.
        strength: How much of a degradation is put on a clean picture.
        critic: ``srgan``, or ``pooled``, which is smaller.
        critic_width: Channels of a critic's first layer.
    """

    architecture: ClassVar[str] = "drgn-degradation"

    stage1: Literal["paper", "paired"] = "paper"
    kl: Literal["softmax", "hist", "off"] = "softmax"
    adversarial_weight: float = Field(default=1e-5, ge=0)
    adversarial: Literal["nonsaturating", "saturating"] = "nonsaturating"
    paired_weight: float = Field(default=1.0, ge=0)
    loss_scale: float = Field(default=1e5, gt=0)
    strength: float = Field(default=1.0, gt=0)
    critic: Literal["srgan", "pooled"] = "srgan"
    critic_width: PositiveInt = 16


class Passed(NamedTuple):
    """What a batch became, in the generators' numbers.

    ``dark`` pictures and clean ones made dark (``low``), the degradation of both (``wanted``, ``made``), and
    what is left of the dark ones without it.
    """

    dark: Images
    low: Images
    wanted: Images
    made: Images
    rest: Images


def pass_on(recipe: DegradationRecipe, model: Drgn, batch: DegradationBatch) -> Passed:
    """Degradations of the dark pictures, put on the clean ones, and estimated again."""
    wanted, rest = model.separate(batch.dark, even_facts(model.config, batch.lightness))
    synthetic = made_dark(model, batch, wanted, recipe.strength, recipe.composition)
    low = model.to_signal(synthetic.images)
    made = model.degradation(low, ChannelWeights())
    return Passed(model.to_signal(batch.dark), low, wanted, made, rest)


def generator_losses(
    recipe: DegradationRecipe, discriminators: nn.ModuleDict, passed: Passed, bright: Images, color: Tensor
) -> dict[str, Scalar]:
    """Weighted losses of the generator.

    Args:
        recipe: Gives the weights.
        discriminators: ``low`` judges dark pictures, ``degradation`` degradations.
        passed: What a batch became.
        bright: Partners of the dark pictures, in the generators' numbers.
        color: See ``DegradationBatch``.
    """
    saturating = recipe.adversarial == "saturating"
    fooled = logistic_generator_loss(discriminators["low"](passed.low), saturating=saturating)
    fooled = fooled + logistic_generator_loss(
        discriminators["degradation"](passed.made), saturating=saturating
    )
    losses = {"adversarial": recipe.adversarial_weight * fooled}
    if recipe.kl != "off":
        losses["divergence"] = DIVERGENCES[recipe.kl](passed.wanted, passed.made)
    if recipe.stage1 == "paired":
        rest, target = (gray_where_color_cast(signal, color) for signal in (passed.rest, bright))
        losses["paired"] = recipe.paired_weight * charbonnier(rest, target)
    return {name: recipe.loss_scale * loss for name, loss in losses.items()}


def critic_loss(discriminators: nn.ModuleDict, passed: Passed) -> Scalar:
    """Loss of both critics; real and made pictures go through apart, lest their statistics mix."""
    told = logistic(discriminators["low"](passed.dark), discriminators["low"](passed.low.detach()))
    real, made = passed.wanted.detach(), passed.made.detach()
    return told + logistic(discriminators["degradation"](real), discriminators["degradation"](made))


def describe(degradation: Images) -> dict[str, Scalar]:
    """Mean of degradations, and how much they vary inside a picture; they tend to become flat."""
    degradation = degradation.detach()
    return {"degradation_mean": degradation.mean(), "degradation_std": degradation.std((2, 3)).mean()}


def run(recipe: DegradationRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains in full precision, and gives the path of the weights; nothing is validated.

    Args:
        recipe: All settings.
        folder: Where to save and what to resume.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    sources, _ = load_sources(recipe, recipe.darkening, log=folder.log)
    cut = recipe.cut(synthetic=1.0)

    model = to_device(new_model(recipe), device)
    kind = {"pooled": recipe.critic == "pooled"}
    discriminators = to_device(
        nn.ModuleDict(
            {name: DegradationCritic(recipe.critic_width, **kind) for name in ("low", "degradation")}
        ),
        device,
    )
    generator = model.degradation
    generator_optimizer = GuardedOptimizer(generator.parameters(), recipe, device)
    discriminator_optimizer = GuardedOptimizer(
        discriminators.parameters(), recipe, device, rate=recipe.optimizer.critic_rate
    )
    average = averaged(generator, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": generator,
        "discriminators": discriminators,
        "generator_optimizer": generator_optimizer,
        "discriminator_optimizer": discriminator_optimizer,
        "average": average,
    }
    loader = BatchLoader(partial(degradation_batch, sources, cut), settings, device, folder.timer.waiting)
    shown = degradation_batch(sources, cut, item_rngs(SAMPLE_SEED, 0, range(SHOWN))).to(device)
    start = folder.resume(device, parts)
    folder.log(f"{len(sources.photos)} photos, {len(sources.pairs)} pairs")

    step = start - 1  # what a finished run, started again, has done
    for step in folder.steps(start):
        for batch, _ in loader.of_step(step):
            # Make clean pictures dark so that the critics take them, and their degradation, for real.
            set_trainable(discriminators, trainable=False)
            passed = pass_on(recipe, model, batch)
            losses = generator_losses(
                recipe, discriminators, passed, model.to_signal(batch.bright), batch.color
            )
            loss = torch.stack(list(losses.values())).sum()
            generator_optimizer.backward(loss)

            # Teach the critics to tell real from made.
            set_trainable(discriminators, trainable=True)
            discriminator_loss = critic_loss(discriminators, passed)
            discriminator_optimizer.backward(discriminator_loss)

        share = decayed_share(step, run_state.length(step), recipe.decay, recipe.optimizer)
        if generator_optimizer.step(share):
            average.update_parameters(generator)
        discriminator_optimizer.step(share)
        folder.count(failed=generator_optimizer.failed or discriminator_optimizer.failed)
        run_state.finish_step(step)

        folder.report(
            step, loss=loss, discriminator_loss=discriminator_loss, **losses, **describe(passed.wanted)
        )
        if run_state.validates(step):
            with torch.no_grad():
                seen = pass_on(recipe, model, shown)
            folder.samples(
                step + 1, shown.dark, seen.wanted / 2 + 0.5, shown.clean, model.to_images(seen.low)
            )
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
