"""Trains the compact semantic network on pseudo labels, with equal features for dark and bright images.

Needs: well-lit photos with class maps. Makes: ``semantic.safetensors`` (averaged weights). Launch:
``lle train semantic --data photos --labels maps --out runs/semantic``. Cost and agreement with the labels
of the shipped weights: docs/models/codeenhance.md.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple, cast

import torch
from pydantic import Field
from torch import Generator
from torch.nn.functional import cross_entropy, mse_loss, normalize

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.layers.exposure import lift, lift_gain
from lowlight_cli.losses.variance import covariance_loss, variance_loss
from lowlight_cli.models.semantic.config import PRESETS, SemanticConfig
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.tensors import ClassMap, Features, Images, Scalar
from lowlight_cli.training.checkpoints import Stateful
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.dark_views import dark_view
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share
from lowlight_cli.training.part_means import PartMeans
from lowlight_cli.training.photos import (
    NO_CLASS,
    Crops,
    Photo,
    load_split,
    random_crops,
    split_text,
)
from lowlight_cli.training.prefetch import BatchLoader
from lowlight_cli.training.rng import ItemRngs, item_rngs
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.weight_updates import autocast, averaged, to_device, to_float32

CHECK_SEED = 1


class SemanticRecipe(Recipe):
    """Settings of the semantic network.

    Args:
        model: Shape of the network.
        darkening: How the dark views are made.
        lift_target: Mean luma that dark views are lifted to, as in the enhancement.
        background_weight: Weight of the background class, which most labels are.
        likeness_weight: Weight of the distance between the features of the dark and the bright view.
        variance_weight: Weight of the label-free loss that keeps each feature varying (VICReg); 0 for none.
        covariance_weight: Weight of the one that keeps features independent of each other.
    """

    architecture: ClassVar[str] = "semantic"
    can_compile: ClassVar[bool] = True

    model: SemanticConfig = PRESETS["lite"]
    darkening: DarkeningSettings = DarkeningSettings()
    lift_target: float = 0.4
    background_weight: float = 0.3
    likeness_weight: float = 1.0
    variance_weight: float = Field(default=0.0, ge=0)
    covariance_weight: float = Field(default=0.0, ge=0)


def agreement(logits: Features, classes: ClassMap, count: int) -> tuple[Scalar, Scalar]:
    """Accuracy over labelled positions, and its mean over the classes present."""
    labelled = classes != NO_CLASS
    hits = (logits.argmax(1) == classes) & labelled
    present = torch.bincount(classes[labelled], minlength=count).float()
    found = torch.bincount(classes[hits], minlength=count).float()
    return hits.sum() / labelled.sum().clamp_min(1), (found / present)[present > 0].mean()


def label_free_losses(recipe: SemanticRecipe, features: Features) -> dict[str, Scalar]:
    """Weighted losses that need no labels, of the features of both views, first bright, then dark ones.

    Args:
        recipe: Gives the weights.
        features: Those of both views, along the batch.
    """
    bright, dim = normalize(features, dim=1).chunk(2)
    losses = {"likeness": recipe.likeness_weight * mse_loss(dim, bright.detach()) * bright.shape[1]}
    if recipe.variance_weight:
        losses["variance"] = recipe.variance_weight * variance_loss(features)
    if recipe.covariance_weight:
        losses["covariance"] = recipe.covariance_weight * covariance_loss(features)
    return losses


class Check(NamedTuple):
    """Held-out crops, bright and lifted after darkening, with their class maps."""

    bright: Images
    lifted: Images
    classes: ClassMap


def held_out_check(recipe: SemanticRecipe, photos: Sequence[Photo], device: torch.device) -> Check:
    """64 crops, the same in every run."""
    items = item_rngs(CHECK_SEED, 0, range(64)).items
    crops = random_crops(photos, items, recipe.run.crop)
    lifted = lifted_view(recipe, crops, items)
    return Check(crops.images.to(device), lifted.to(device), crops.classes.to(device))


def lifted_view(recipe: SemanticRecipe, crops: Crops, items: Sequence[Generator]) -> Images:
    """Crops darkened, then lifted as the enhancement does."""
    dark = dark_view(crops, recipe.darkening, items)
    return lift(dark.images, lift_gain(dark.lightness, recipe.lift_target))


def both_views(recipe: SemanticRecipe, photos: Sequence[Photo], part: ItemRngs) -> tuple[Images, ClassMap]:
    """Bright crops and the same crops darkened and lifted, with the class maps of both."""
    crops = random_crops(photos, part.items, recipe.run.crop)
    views = torch.cat([crops.images, lifted_view(recipe, crops, part.items)])
    return views, torch.cat([crops.classes, crops.classes])


@torch.no_grad()
def validate(model: SemanticNet, check: Check) -> dict[str, float]:
    """Agreement with the labels, for bright and for dark images."""
    pixels, classes = agreement(model.classify(check.bright), check.classes, model.config.classes)
    dark_pixels, dark_classes = agreement(model.classify(check.lifted), check.classes, model.config.classes)
    names = ("agreement", "class_agreement", "dark_agreement", "dark_class_agreement")
    return dict(zip(names, map(float, (pixels, classes, dark_pixels, dark_classes)), strict=True))


def run(recipe: SemanticRecipe, folder: RunFolder, *, device: torch.device) -> Path:
    """Trains, and returns the path of the weights.

    Args:
        recipe: All settings.
        folder: Run folder, to save to and resume from.
        device: Where to compute.

    Raises:
        WeightsError: No photo has a class map.
    """
    settings, run_state = recipe.run, folder.run_state
    torch.manual_seed(settings.seed)
    train, held_out = load_split(recipe, log=folder.log, labeled=True)
    check = held_out_check(recipe, held_out or train, device)

    model = to_device(SemanticNet(recipe.model), device)
    describe = torch.compile(model.describe, fullgraph=True) if settings.compile else model.describe
    weights = torch.ones(recipe.model.classes, device=device)
    weights[0] = recipe.background_weight
    optimizer = GuardedOptimizer(model.parameters(), recipe, device)
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {"model": model, "optimizer": optimizer, "average": average}
    mixed = autocast(settings, device)
    loader = BatchLoader(partial(both_views, recipe, train), settings, device, folder.timer.waiting)
    start = folder.resume(device, parts)
    folder.log(split_text(train, held_out))

    step = start - 1  # for a finished run that is started again
    for step in folder.steps(start):
        numbers = PartMeans()
        for (views, classes), _ in loader.of_step(step):
            # Classify both views, and make their features equal.
            with mixed:
                logits, features = to_float32(describe(views))
            losses = {"naming": cross_entropy(logits, classes, weight=weights, ignore_index=NO_CLASS)}
            losses |= label_free_losses(recipe, features)
            loss = torch.stack(list(losses.values())).sum()
            optimizer.backward(loss)
            numbers.add({"loss": loss, **losses})

        if optimizer.step(rate_share(step, run_state.length(step), recipe.optimizer)):
            average.update_parameters(model)
        folder.count(failed=optimizer.failed)
        run_state.finish_step(step)

        folder.report(step, **numbers.means())
        if run_state.validates(step):
            folder.record_validation(
                step, validate(cast(SemanticNet, average.module), check), by="dark_class_agreement"
            )
        if run_state.saves(step):
            folder.save(step + 1, parts, average.module)
        if run_state.ending:
            break
    return folder.export(average.module, step=step + 1)
