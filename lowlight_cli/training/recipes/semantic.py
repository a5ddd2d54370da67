"""Compact semantic network: learns pseudo labels, and to see the same in a dark picture as in a bright one.

Needs: well-lit photos with class maps. Makes: ``semantic.safetensors`` (averaged weights). Launch:
``lle train semantic --data photos --labels maps --out runs/semantic``. Cost and agreement with the labels
of the shipped weights: docs/models/codeenhance.md.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch.nn.functional import cross_entropy, mse_loss, normalize

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.models.codeenhance.exposure import lift, lift_gain
from lowlight_cli.models.semantic.config import PRESETS, SemanticConfig
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.tensors import ClassMap, Features, Images, Scalar
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.optimization import (
    GeneratorState,
    adam,
    autocast,
    averaged,
    descend,
    in_full,
    placed,
    rate_share,
)
from lowlight_cli.training.pictures import NO_CLASS, Crops, Photo, load_photos, random_crops
from lowlight_cli.training.run_folder import RunFolder, Stateful, as_line
from lowlight_cli.training.views import dark_view

VALIDATION_EVERY = 10


class SemanticRecipe(Recipe):
    """Settings of the semantic network.

    Args:
        model: Shape of the network.
        darkening: How the dark views are made.
        lift_target: Mean luma that dark views are lifted to; the same as in the enhancement.
        background_weight: Weight of the background class, which covers most of the labels.
        likeness_weight: Weight of the difference between the features of the dark and the bright view.
    """

    model: SemanticConfig = PRESETS["lite"]
    darkening: DarkeningSettings = DarkeningSettings()
    lift_target: float = 0.4
    background_weight: float = 0.3
    likeness_weight: float = 1.0


def agreement(logits: Features, classes: ClassMap, count: int) -> tuple[Scalar, Scalar]:
    """Share of labelled positions that are named alike, and its mean over the classes present."""
    labelled = classes != NO_CLASS
    hits = (logits.argmax(1) == classes) & labelled
    present = torch.bincount(classes[labelled], minlength=count).float()
    found = torch.bincount(classes[hits], minlength=count).float()
    return hits.sum() / labelled.sum().clamp_min(1), (found / present)[present > 0].mean()


class Check(NamedTuple):
    """Held-out crops, bright and lifted from the dark, with their class maps."""

    bright: Images
    lifted: Images
    classes: ClassMap


def held_out_check(recipe: SemanticRecipe, photos: Sequence[Photo], device: torch.device) -> Check:
    """64 crops that are the same in every run."""
    crops = random_crops(photos, 64, recipe.run.crop, torch.Generator().manual_seed(1))
    lifted = lifted_view(recipe, crops, torch.Generator().manual_seed(1))
    return Check(crops.images.to(device), lifted.to(device), crops.classes.to(device))


def lifted_view(recipe: SemanticRecipe, crops: Crops, order: torch.Generator) -> Images:
    """Crops darkened, then lifted as the enhancement lifts them."""
    dark = dark_view(crops, recipe.darkening, order)
    return lift(dark.images, lift_gain(dark.lightness, recipe.lift_target))


@torch.no_grad()
def validate(model: SemanticNet, check: Check) -> dict[str, float]:
    """Agreement with the labels, of bright and of dark pictures."""
    pixels, classes = agreement(model.classify(check.bright), check.classes, model.config.classes)
    dark_pixels, dark_classes = agreement(model.classify(check.lifted), check.classes, model.config.classes)
    names = ("agreement", "class_agreement", "dark_agreement", "dark_class_agreement")
    return dict(zip(names, map(float, (pixels, classes, dark_pixels, dark_classes)), strict=True))


def run(
    recipe: SemanticRecipe, folder: RunFolder, *, device: torch.device, tell: Callable[[str], None]
) -> Path:
    """Trains, and gives the path of the weights; every tenth photo is kept for validation.

    Args:
        recipe: All settings.
        folder: Where to save and what to resume.
        device: Where to compute.
        tell: Takes lines of progress.
    """
    settings, order = recipe.run, torch.Generator().manual_seed(recipe.run.seed)
    torch.manual_seed(settings.seed)
    photos = [
        photo for photo in load_photos(recipe.data, smallest=settings.crop) if photo.classes is not None
    ]
    train = [photo for index, photo in enumerate(photos) if index % VALIDATION_EVERY]
    check = held_out_check(recipe, photos[::VALIDATION_EVERY], device)

    model = placed(SemanticNet(recipe.model), device)
    weights = torch.ones(recipe.model.classes, device=device)
    weights[0] = recipe.background_weight
    optimizer = adam(model.parameters(), recipe.optimizer)
    average = averaged(model, recipe.optimizer.average)
    parts: dict[str, Stateful] = {
        "model": model,
        "optimizer": optimizer,
        "average": average,
        "order": GeneratorState(order),
    }
    mixed = autocast(settings, device)
    start = folder.resume(wanted=settings.resume, **parts)
    tell(f"{len(train)} photos with class maps, {len(photos) - len(train)} more held out, from step {start}")

    step = start - 1  # what a finished run, started again, has done
    for step in range(start, settings.steps):
        crops = random_crops(train, settings.batch_size, settings.crop, order)
        views = torch.cat([crops.images, lifted_view(recipe, crops, order)])
        views = views.to(device, memory_format=torch.channels_last)
        classes = torch.cat([crops.classes, crops.classes]).to(device)

        # Name what is where in both views, and describe both alike.
        with mixed:
            logits, features = in_full(model.describe(views))
        naming = cross_entropy(logits, classes, weight=weights, ignore_index=NO_CLASS)
        bright, dim = normalize(features, dim=1).chunk(2)
        likeness = recipe.likeness_weight * mse_loss(dim, bright.detach()) * bright.shape[1]
        loss = naming + likeness
        if folder.is_finite(loss):
            share = rate_share(step, settings.steps, recipe.optimizer)
            descend(optimizer, loss, rate=share * recipe.optimizer.learning_rate, clip=recipe.optimizer.clip)
            average.update_parameters(model)

        folder.report(step, settings, tell, loss=loss, naming=naming, likeness=likeness)
        last = folder.is_last(step, settings)
        if last or folder.is_due(step, settings.sample_every):
            row = folder.journal(step, **validate(cast(SemanticNet, average.module), check))
            tell(f"held out  {as_line(row)}")
        if last or folder.is_due(step, settings.save_every):
            folder.save(step + 1, **parts)
        if last:
            break
    return folder.export("semantic", average.module, recipe, step=step + 1)
