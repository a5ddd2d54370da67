"""Trains the second stage of DRGN: refining a dark image after its degradation is removed.

Needs: weights of the first stage; real pairs or darkened photos; clean photos. Makes:
``drgn.safetensors`` or ``lw-drgn.safetensors``, the whole network (averaged weights). Source: Jiang et al.,
"Degrade is Upgrade", 2022, eq. 8 and 9; what it leaves open: docs/models/drgn.md. Launch:
``lle train drgn-refinement --data photos --pairs pairs
--degradation runs/degradation/drgn-degradation.safetensors --out runs/refinement``.
Cost and score of the shipped weights: docs/models/drgn.md.
"""

from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

import torch
from pydantic import Field, PositiveInt

from lowlight_cli.checkpoints.load import fill
from lowlight_cli.losses.pixel import charbonnier, color, gradient
from lowlight_cli.losses.structure import similarity
from lowlight_cli.models.drgn.channel_attention import ChannelWeights
from lowlight_cli.models.drgn.config import SingleBranchConfig
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.models.lifting import even_facts
from lowlight_cli.tensors import Images, Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.degradation_batch import DegradationBatch, degradation_batch
from lowlight_cli.training.drgn import DrgnRecipe, made_dark, new_model
from lowlight_cli.training.enhancement_batch import gray_where_color_cast
from lowlight_cli.training.optimizer import GuardedOptimizer
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.prefetch import BatchLoader
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.sampling import sample_batch
from lowlight_cli.training.validation import validate
from lowlight_cli.training.warm_start import load_part
from lowlight_cli.training.weight_updates import autocast, averaged, decayed_share, freeze, to_device


class RefinementRecipe(DrgnRecipe):
    """Settings of the second stage.

    Args:
        degradation: Weights of the first stage.
        start: Weights of a whole network to start from.
        freeze_degradation: Whether the first stage is frozen.
        synthetic_share: Share of the batch that also brings a darkened clean image; 1 in the paper.
        strength: Lowest and highest factor of a degradation that is added to a clean image.
        structure_weight: Weight of SSIM, which is subtracted from the loss (-lambda of the paper).
        edge_weight: Weight of the gradient difference; ours, 0 in the paper.
        colour_weight: Weight of the difference of colors; ours, 0 in the paper.
        validation_side: Side of the central part of validation images that is used; None for whole images.
    """

    degradation: Path | None = None
    start: Path | None = None
    freeze_degradation: bool = True
    synthetic_share: float = Field(default=0.25, ge=0, le=1)
    strength: tuple[float, float] = (0.8, 1.2)
    structure_weight: float = 0.2
    edge_weight: float = 1.0
    colour_weight: float = 10.0
    validation_side: PositiveInt | None = 256

    @property
    def architecture(self) -> str:  # type: ignore[override]
        """Name of the trained model."""
        return "lw-drgn" if isinstance(self.model.generator, SingleBranchConfig) else "drgn"


class Refined(NamedTuple):
    """Enhanced dark images and enhanced synthetic dark images, sRGB, not clamped."""

    images: Images
    synthetic: Images


def started(recipe: RefinementRecipe) -> Drgn:
    """A new network with the weights of the first stage, or the network in ``start``.

    Raises:
        WeightsError: A file is missing or of another shape.
    """
    model = new_model(recipe)
    if recipe.start is not None:
        fill(model, load_part(recipe.start), recipe.start)
    if recipe.degradation is not None:
        fill(model.degradation, load_part(recipe.degradation), recipe.degradation)
    return model


def refine(recipe: RefinementRecipe, model: Drgn, batch: DegradationBatch) -> Refined:
    """Removes degradations from dark and from synthetic dark images, and refines the results."""
    count = len(batch.clean)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not recipe.freeze_degradation):
        degradation, rest = model.separate(batch.dark, even_facts(model.config, batch.lightness))
        if count:
            lowest, highest = recipe.strength
            strength = (lowest + (highest - lowest) * batch.uniform).view(-1, 1, 1, 1)
            low = made_dark(model, batch, degradation[:count], strength, recipe.composition)
            seen = model.separate(low.images, even_facts(model.config, low.lightness))
            rest = torch.cat([rest, seen.rest])
    made = model.to_images(model.refine(rest, ChannelWeights()))
    return Refined(made[: len(batch.dark)], made[len(batch.dark) :])


def refinement_losses(
    recipe: RefinementRecipe, refined: Refined, batch: DegradationBatch
) -> dict[str, Scalar]:
    """Weighted losses against references and clean images, added up."""
    made, bright = (gray_where_color_cast(images, batch.color) for images in (refined.images, batch.bright))
    losses = image_losses(recipe, made, bright)
    if len(refined.synthetic):
        added = image_losses(recipe, refined.synthetic, batch.clean)
        share = len(refined.synthetic) / len(refined.images)
        losses = {name: loss + share * added[name] for name, loss in losses.items()}
    return losses


def image_losses(recipe: RefinementRecipe, made: Images, target: Images) -> dict[str, Scalar]:
    """Weighted image losses; the first one in the value range of the generators."""
    spread = 2.0 if recipe.model.value_range == "signed" else 1.0
    return {
        "pixel": charbonnier(spread * made, spread * target),
        "structure": -recipe.structure_weight * similarity(made, target),
        "edge": recipe.edge_weight * gradient(made, target),
        "colour": recipe.colour_weight * color(made, target),
    }


def run(recipe: RefinementRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains, and returns the path of the weights.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    sources, held_out = load_sources(recipe, recipe.darkening, log=folder.log)
    cut = recipe.cut(recipe.synthetic_share)

    model = to_device(started(recipe), device)
    if recipe.freeze_degradation:
        freeze(model.degradation)
    generator_optimizer = GuardedOptimizer(model.parameters(), recipe, device)
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": model,
        "generator_optimizer": generator_optimizer,
        "average": average,
    }
    mixed = autocast(settings, device)
    loader = BatchLoader(partial(degradation_batch, sources, cut), settings, device, folder.timer.waiting)
    shown = sample_batch(sources, held_out, settings.crop).to(device)
    start = folder.resume(device, parts)
    folder.log(sources.text(held_out))

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        numbers = PartMeans()
        for batch, _ in loader.of_step(step):
            with mixed:
                refined = refine(recipe, model, batch)
            losses = refinement_losses(recipe, Refined(*(images.float() for images in refined)), batch)
            loss = torch.stack(list(losses.values())).sum()
            generator_optimizer.backward(loss)
            numbers.add({"loss": loss, **losses})

        share = decayed_share(step, run_state.length(step), recipe.decay, recipe.optimizer)
        if generator_optimizer.step(share):
            average.update_parameters(model)
        folder.count(failed=generator_optimizer.failed)
        run_state.finish_step(step)

        folder.report(step, **numbers.means())
        if run_state.validates(step):
            best = cast(Drgn, average.module)
            with torch.no_grad():
                made = best(shown.dark, shown.facts(model.config)).images
            folder.samples(step + 1, shown.dark, made, shown.target)
            if held_out:
                scores = validate(best, held_out, device, recipe.model, side=recipe.validation_side)
                folder.record_validation(step, scores, by="psnr")
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
