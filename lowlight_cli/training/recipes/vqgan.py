"""Stage I: learns a codebook by rebuilding well-lit pictures.

Needs: folders of well-lit photos. Makes: ``vqgan.safetensors`` (averaged weights).
Source: CodeEnhance, eq. 2, with the corrections of docs/models/codeenhance.md. Launch:
``lle train vqgan --data photos --out runs/vqgan``. Cost and score of the shipped weights:
docs/models/codeenhance.md.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch.nn.functional import mse_loss

from lowlight_cli.losses.adversarial import fool, hinge
from lowlight_cli.losses.pixel import absolute, colour, gradient
from lowlight_cli.losses.structure import dissimilarity
from lowlight_cli.models.vqgan.config import PRESETS, VqganConfig
from lowlight_cli.models.vqgan.critic import UnetCritic
from lowlight_cli.models.vqgan.model import Rebuilt, Vqgan
from lowlight_cli.tensors import Images, Scalar
from lowlight_cli.training.codes import CodeCounts, perplexity, revive, start_on
from lowlight_cli.training.config import Recipe, RunSettings
from lowlight_cli.training.optimization import (
    GeneratorState,
    adam,
    autocast,
    averaged,
    descend,
    in_full,
    placed,
    rate_share,
    set_trainable,
)
from lowlight_cli.training.pictures import Photo, load_photos, random_crops
from lowlight_cli.training.run_folder import RunFolder, Stateful
from lowlight_cli.training.stage_one import load_part

START_AT = 1000
REVIVE_EVERY = 50
REVIVE_UNTIL = 0.7


class VqganRecipe(Recipe):
    """Settings of stage I.

    Args:
        model: Shape of the network.
        commitment: Weight of the pull of the latent on its code (beta of the paper).
        edge_weight: Weight of the gradient difference.
        structure_weight: Weight of 1 - SSIM.
        colour_weight: Weight of the difference of colours.
        start: Weights to start from; the codes are found anew.
        adversarial_weight: Weight of the critic's verdict (gamma of the paper).
        critic_from: Step from which the critic takes part; past the last step for none.
        critic_width: Channels of the critic's first layer; 64 in the paper.
        codes_from: Step from which pictures pass through the codes; before it the network is a plain
            autoencoder.
    """

    model: VqganConfig = PRESETS["lite"]
    commitment: float = 0.25
    edge_weight: float = 1.0
    structure_weight: float = 0.1
    colour_weight: float = 20.0
    start: Path | None = None
    adversarial_weight: float = 0.1
    critic_from: int = 2000
    critic_width: int = 16
    codes_from: int = START_AT


def picture_loss(recipe: VqganRecipe, rebuilt: Images, images: Images) -> dict[str, Scalar]:
    """Weighted differences between pictures and what was rebuilt."""
    return {
        "pixel": absolute(rebuilt, images),
        "edge": recipe.edge_weight * gradient(rebuilt, images),
        "structure": recipe.structure_weight * dissimilarity(rebuilt, images),
        "colour": recipe.colour_weight * colour(rebuilt, images),
    }


def code_loss(recipe: VqganRecipe, rebuilt: Rebuilt) -> Scalar:
    """Codes towards latents, and latents, less, towards codes."""
    pull = mse_loss(rebuilt.latent, rebuilt.codes.detach())
    return mse_loss(rebuilt.codes, rebuilt.latent.detach()) + recipe.commitment * pull


def start_codes(model: Vqgan, photos: Sequence[Photo], settings: RunSettings, order: torch.Generator) -> None:
    """Puts the codes where the latents of some pictures are."""
    images = random_crops(photos, 4 * settings.batch_size, settings.crop, order).images
    with torch.no_grad():
        start_on(model.codebook, model.encode(images.to(model.codebook.weight.device)), order)


def started(recipe: VqganRecipe) -> Vqgan:
    """A new network, or one with the weights of an earlier run except for the codes."""
    model = Vqgan(recipe.model)
    if recipe.start is not None:
        state = load_part(recipe.start) | {"codebook.weight": model.codebook.weight.detach()}
        model.load_state_dict(state)
    return model


def run(recipe: VqganRecipe, folder: RunFolder, *, device: torch.device, tell: Callable[[str], None]) -> Path:
    """Trains, and gives the path of the weights.

    Args:
        recipe: All settings.
        folder: Where to save and what to resume.
        device: Where to compute.
        tell: Takes lines of progress.
    """
    settings, optimizer, order = recipe.run, recipe.optimizer, torch.Generator().manual_seed(recipe.run.seed)
    torch.manual_seed(settings.seed)
    photos = load_photos(recipe.data, smallest=settings.crop)
    model = placed(started(recipe), device)
    critic = placed(UnetCritic(3, recipe.critic_width), device)
    painter, judge = adam(model.parameters(), optimizer), adam(critic.parameters(), optimizer)
    average = averaged(model, optimizer.average)
    counts = CodeCounts(torch.zeros(recipe.model.code_count, device=device))
    parts: dict[str, Stateful] = {
        "model": model,
        "critic": critic,
        "painter": painter,
        "judge": judge,
        "average": average,
    }
    mixed = autocast(settings, device)
    parts |= {"counts": counts, "order": GeneratorState(order)}
    start = folder.resume(wanted=settings.resume, **parts)
    tell(f"{len(photos)} photos, from step {start}")

    step = start - 1  # what a finished run, started again, has done
    for step in range(start, settings.steps):
        images = random_crops(photos, settings.batch_size, settings.crop, order).images
        images = images.to(device, memory_format=torch.channels_last)
        share = rate_share(step, settings.steps, optimizer)

        # First learn to encode without codes; then put the codes where the latents are.
        coded = step >= recipe.codes_from
        if step == recipe.codes_from:
            start_codes(model, photos, settings, order)

        # Rebuild the pictures, keep latents and codes together, please the critic once it takes part.
        judged = step >= recipe.critic_from
        set_trainable(critic, trainable=False)
        with mixed:
            rebuilt = in_full(model(images, quantize=coded))
        losses = picture_loss(recipe, rebuilt.images, images) | {"code": code_loss(recipe, rebuilt)}
        if judged:
            losses["adversarial"] = recipe.adversarial_weight * fool(critic(rebuilt.images))
        loss = torch.stack(list(losses.values())).sum()
        if folder.is_finite(loss):
            descend(painter, loss, rate=share * optimizer.learning_rate, clip=optimizer.clip)
            average.update_parameters(model)

        # Teach the critic to tell them apart.
        if judged:
            set_trainable(critic, trainable=True)
            doubt = hinge(critic(images), critic(rebuilt.images.detach()))
            descend(judge, doubt, rate=share * optimizer.critic_rate, clip=optimizer.clip)

        # Codes that nothing chooses are moved to where latents are.
        counts.add(rebuilt.indices)
        losses["perplexity"] = perplexity(counts.values)
        if step % REVIVE_EVERY == 0:
            if coded and step < settings.steps * REVIVE_UNTIL:
                revive(model.codebook, counts.values, rebuilt.latent, order)
            counts.clear()
        folder.report(step, settings, tell, loss=loss, **losses)
        last = folder.is_last(step, settings)
        if last or folder.is_due(step, settings.sample_every):
            folder.samples(step + 1, images[:6], rebuilt.images[:6], average.module(images[:6]).images)
        if last or folder.is_due(step, settings.save_every):
            folder.save(step + 1, **parts)
        if last:
            break
    return folder.export("vqgan", average.module, recipe, step=step + 1)
