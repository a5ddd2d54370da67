"""Compact semantic network: learns pseudo labels, and to see the same in a dark picture as in a bright one.

Needs: well-lit photos with class maps. Makes: ``semantic.safetensors`` (averaged weights). Launch:
``lle train semantic --data photos --labels maps --out runs/semantic``. Cost and agreement with the labels of the
shipped weights: docs/models/codeenhance.md.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy, mse_loss, normalize

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.models.codeenhance.exposure import lift, lift_gain
from lowlight_cli.models.semantic.config import PRESETS, SemanticConfig
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.tensors import ClassMap, Features, Scalar
from lowlight_cli.training.config import DataSettings, OptimizerSettings, RunSettings, Settings
from lowlight_cli.training.optimization import GeneratorState, adam, averaged, descend, rate_share
from lowlight_cli.training.pictures import NO_CLASS, load_photos, random_crops
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.views import dark_view

VALIDATION_EVERY = 10


class SemanticRecipe(Settings):
    """Settings of the semantic network.

    Args:
        model: Shape of the network.
        darkening: How the dark views are made.
        lift_target: Mean luma that dark views are lifted to; the same as in the enhancement.
        background_weight: Weight of the background class, which covers most of the labels.
        likeness_weight: Weight of the difference between the features of the dark and the bright view.
    """

    model: SemanticConfig = PRESETS["lite"]
    data: DataSettings = DataSettings()
    run: RunSettings = RunSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    darkening: DarkeningSettings = DarkeningSettings()
    lift_target: float = 0.4
    background_weight: float = 0.3
    likeness_weight: float = 1.0


def agreement(logits: Features, classes: ClassMap, count: int) -> tuple[Scalar, Scalar]:
    """Share of labelled positions where the network agrees, and the mean of that share over classes present."""
    labelled = classes != NO_CLASS
    hits = (logits.argmax(1) == classes) & labelled
    present = torch.bincount(classes[labelled], minlength=count).float()
    found = torch.bincount(classes[hits], minlength=count).float()
    return hits.sum() / labelled.sum().clamp_min(1), (found / present)[present > 0].mean()


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
    photos = [photo for photo in load_photos(recipe.data, smallest=settings.crop) if photo.classes is not None]
    held_out = photos[::VALIDATION_EVERY]
    photos = [photo for index, photo in enumerate(photos) if index % VALIDATION_EVERY]
    check = random_crops(held_out, 64, settings.crop, torch.Generator().manual_seed(1))
    check_dark = dark_view(check, recipe.darkening, torch.Generator().manual_seed(1))
    check_lifted = lift(check_dark.images, lift_gain(check_dark.lightness, recipe.lift_target)).to(device)
    tell(f"{len(photos)} photos with class maps, {len(held_out)} more for validation")

    model = SemanticNet(recipe.model).to(device, memory_format=torch.channels_last)
    weights = torch.ones(recipe.model.classes, device=device)
    weights[0] = recipe.background_weight
    optimizer = adam(model.parameters(), recipe.optimizer)
    average = averaged(model, recipe.optimizer.average)
    parts = {"model": model, "optimizer": optimizer, "average": average, "order": GeneratorState(order)}
    start = folder.resume(wanted=settings.resume, **parts)

    for step in range(start, settings.steps):
        crops = random_crops(photos, settings.batch_size, settings.crop, order)
        dark = dark_view(crops, recipe.darkening, order)
        lifted = lift(dark.images, lift_gain(dark.lightness, recipe.lift_target))
        views = torch.cat([crops.images, lifted]).to(device, memory_format=torch.channels_last)
        classes = crops.classes.to(device)

        # Name what is where in both views, and describe both alike.
        logits = model.classify(views)
        naming = cross_entropy(logits, torch.cat([classes, classes]), weight=weights, ignore_index=NO_CLASS)
        bright, dim = normalize(model(views), dim=1).chunk(2)
        likeness = mse_loss(dim, bright.detach()) * bright.shape[1]
        loss = naming + recipe.likeness_weight * likeness
        if folder.is_finite(loss):
            share = rate_share(step, settings.steps, recipe.optimizer)
            descend(optimizer, loss, rate=share * recipe.optimizer.learning_rate, clip=recipe.optimizer.clip)
            average.update_parameters(model)

        if (step + 1) % settings.journal_every == 0:
            row = folder.journal(step, loss=loss, naming=naming, likeness=likeness)
            tell(f"step {step + 1}/{settings.steps}  " + "  ".join(f"{k} {v:.4f}" for k, v in row.items()))
        is_last = step + 1 == settings.steps or folder.is_over(settings.limit_minutes)
        if (step + 1) % settings.sample_every == 0 or is_last:
            with torch.no_grad():
                seen = average.module.classify(check.images.to(device))
                seen_dark = average.module.classify(check_lifted)
            pixels, per_class = agreement(seen.cpu(), check.classes, recipe.model.classes)
            dark_pixels, dark_per_class = agreement(seen_dark.cpu(), check.classes, recipe.model.classes)
            row = folder.journal(
                step,
                agreement=pixels,
                class_agreement=per_class,
                dark_agreement=dark_pixels,
                dark_class_agreement=dark_per_class,
            )
            tell("held out  " + "  ".join(f"{k} {v:.4f}" for k, v in row.items()))
        if (step + 1) % settings.save_every == 0 or is_last:
            folder.save(step + 1, **parts)
        if is_last:
            break
    return folder.export("semantic", average.module, recipe)
