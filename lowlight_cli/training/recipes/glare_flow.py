"""Trains stage II of GLARE: a flow that predicts the latent of the reference from the dark image.

Needs: well-lit photos, weights of stage I, and preferably real pairs. Makes: ``glare.safetensors``
(averaged weights), which stage III starts from. Source: GLARE, sec. 3.2, with what docs/models/glare.md
lists. Launch: ``lle train glare --stage 2 --data photos --pairs pairs --vqgan runs/vqgan/vqgan.safetensors
--out runs/flow``. Cost and score: docs/models/glare.md.
"""

from pathlib import Path
from typing import ClassVar, cast

import torch

from lowlight_cli.datasets.config import UNEVEN_NIGHTS, DarkeningSettings
from lowlight_cli.models.glare.config import PRESETS, GlareConfig
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.device_loader import enhancement_loader
from lowlight_cli.training.enhancement_batch import Mix
from lowlight_cli.training.glare import (
    FlowWeights,
    fit_flow,
    latent_losses,
    show_found,
    start_glare,
    validate_flow,
)
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.sampling import sample_batch
from lowlight_cli.training.weight_updates import autocast, averaged, freeze, to_device


class GlareFlowRecipe(Recipe):
    """Settings of stage II.

    Args:
        model: Shape of the network.
        vqgan: Weights of stage I.
        start: Weights of GLARE to start from.
        darkening: How photos are darkened.
        real_share: Share of real pairs in a batch.
        latent: Weights of the losses of the latent.
    """

    can_feed_on_device: ClassVar[bool] = True
    architecture: ClassVar[str] = "glare"

    model: GlareConfig = PRESETS["lite-flow"]
    vqgan: Path | None = None
    start: Path | None = None
    darkening: DarkeningSettings = UNEVEN_NIGHTS
    real_share: float = 0.35
    latent: FlowWeights = FlowWeights()


def run(recipe: GlareFlowRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains, and returns the path of the weights; pairs with a color cast are left out.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    sources, held_out = load_sources(recipe, recipe.darkening, log=folder.log, with_color_casts=False)
    mix = Mix(settings.batch_size, settings.crop, recipe.real_share, 0.0, 0.0)

    model, prior = start_glare(recipe.model, recipe.vqgan, recipe.start)
    model, prior = to_device(model, device), to_device(prior, device)
    freeze(prior, *model.prior_parts(), model.fusing)
    generator_optimizer = GuardedOptimizer(model.parameters(), recipe, device)
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": model,
        "generator_optimizer": generator_optimizer,
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
        for batch, part in loader.of_step(step):
            with torch.no_grad():
                target = prior.encode(batch.bright)
            with mixed:
                conditions = model.read_conditions(batch.dark, batch.facts(recipe.model))
            if step == 0 and recipe.start is None:
                # The norms of the flow are initialized from its first latents.
                fit_flow(model, target, conditions)

            # Losses: likelihood of the target latent, and distance of the retrieved latent.
            losses = latent_losses(model, conditions, target, recipe.latent, part)
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
            folder.samples(step + 1, *show_found(best, shown))
            if held_out:
                folder.record_validation(step, validate_flow(best, prior, held_out, device), by="psnr")
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
