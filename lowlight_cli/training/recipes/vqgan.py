"""Stage I: learns a codebook by rebuilding well-lit pictures.

Needs: folders of well-lit photos. Makes: ``vqgan.safetensors`` (averaged weights).
Source: CodeEnhance, eq. 2, with the corrections of docs/models/codeenhance.md. Launch:
``lle train vqgan --data photos --out runs/vqgan``. Cost and score of the shipped weights: docs/models/codeenhance.md.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn.functional import mse_loss

from lowlight_cli.losses.adversarial import fool, hinge
from lowlight_cli.losses.pixel import absolute, gradient
from lowlight_cli.losses.structure import dissimilarity
from lowlight_cli.models.vqgan.config import PRESETS, VqganConfig
from lowlight_cli.models.vqgan.critic import UnetCritic
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.training.codes import perplexity, revive, start_on, usage
from lowlight_cli.training.config import DataSettings, OptimizerSettings, RunSettings, Settings
from lowlight_cli.training.optimization import (
    GeneratorState,
    adam,
    averaged,
    descend,
    rate_share,
    set_trainable,
)
from lowlight_cli.training.pictures import load_photos, random_crops
from lowlight_cli.training.run_folder import RunFolder

START_AT = 100
REVIVE_EVERY = 50


class VqganRecipe(Settings):
    """Settings of stage I.

    Args:
        model: Shape of the network.
        commitment: Weight of the pull of the latent on its code (beta of the paper).
        edge_weight: Weight of the gradient difference.
        structure_weight: Weight of 1 - SSIM.
        adversarial_weight: Weight of the critic's verdict (gamma of the paper).
        critic_from: Step from which the critic takes part; past the last step for none.
        critic_width: Channels of the critic's first layer; 64 in the paper.
        codes_from: Step from which pictures pass through the codes; before it the network is a plain autoencoder.
    """

    model: VqganConfig = PRESETS["lite"]
    data: DataSettings = DataSettings()
    run: RunSettings = RunSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    commitment: float = 0.25
    edge_weight: float = 1.0
    structure_weight: float = 0.1
    adversarial_weight: float = 0.1
    critic_from: int = 2000
    critic_width: int = 16
    codes_from: int = START_AT


def run(recipe: VqganRecipe, folder: RunFolder, *, device: torch.device, tell: Callable[[str], None]) -> Path:
    """Trains, and gives the path of the weights.

    Args:
        recipe: All settings.
        folder: Where to save and what to resume.
        device: Where to compute.
        tell: Takes lines of progress.
    """
    settings, order = recipe.run, torch.Generator().manual_seed(recipe.run.seed)
    torch.manual_seed(settings.seed)
    photos = load_photos(recipe.data, smallest=settings.crop)
    tell(f"{len(photos)} photos")

    model = Vqgan(recipe.model).to(device, memory_format=torch.channels_last)
    critic = UnetCritic(3, recipe.critic_width).to(device, memory_format=torch.channels_last)
    painter = adam(model.parameters(), recipe.optimizer)
    judge = adam(critic.parameters(), recipe.optimizer)
    average = averaged(model, recipe.optimizer.average)
    parts = {"model": model, "critic": critic, "painter": painter, "judge": judge, "average": average}
    start = folder.resume(wanted=settings.resume, **parts, order=GeneratorState(order))
    counts = torch.zeros(recipe.model.code_count, device=device)

    for step in range(start, settings.steps):
        images = random_crops(photos, settings.batch_size, settings.crop, order).images
        images = images.to(device, memory_format=torch.channels_last)
        share = rate_share(step, settings.steps, recipe.optimizer)

        # Before the codes mean anything, learn to encode; then put the codes where the latents are.
        if step == recipe.codes_from:
            start_on(model.codebook, model.encode(images).detach(), order)
        if step < recipe.codes_from:
            plain = model.decode(model.encode(images))
            loss = absolute(plain, images)
            descend(painter, loss, rate=share * recipe.optimizer.learning_rate, clip=recipe.optimizer.clip)
            continue

        # Rebuild the pictures, keep latents and codes together, please the critic once it takes part.
        judged = step >= recipe.critic_from
        set_trainable(critic, trainable=False)
        rebuilt = model(images)
        pixel = absolute(rebuilt.images, images)
        code = mse_loss(rebuilt.codes, rebuilt.latent.detach())
        code = code + recipe.commitment * mse_loss(rebuilt.latent, rebuilt.codes.detach())
        structure = dissimilarity(rebuilt.images, images)
        loss = pixel + code + recipe.edge_weight * gradient(rebuilt.images, images)
        loss = loss + recipe.structure_weight * structure
        if judged:
            loss = loss + recipe.adversarial_weight * fool(critic(rebuilt.images))
        if folder.is_finite(loss):
            descend(painter, loss, rate=share * recipe.optimizer.learning_rate, clip=recipe.optimizer.clip)
            average.update_parameters(model)

        # Teach the critic to tell them apart.
        if judged:
            set_trainable(critic, trainable=True)
            doubt = hinge(critic(images), critic(rebuilt.images.detach()))
            descend(judge, doubt, rate=share * recipe.optimizer.critic_rate, clip=recipe.optimizer.clip)

        # Codes that nothing chooses are moved to where latents are.
        counts += usage(rebuilt.indices, len(counts))
        if step % REVIVE_EVERY == 0 and step < settings.steps * 0.7:
            revive(model.codebook, counts, rebuilt.latent, order)
        if (step + 1) % settings.journal_every == 0:
            row = folder.journal(
                step, loss=loss, pixel=pixel, code=code, structure=structure, perplexity=perplexity(counts)
            )
            tell(f"step {step + 1}/{settings.steps}  " + "  ".join(f"{k} {v:.4f}" for k, v in row.items()))
        if step % REVIVE_EVERY == 0:
            counts.zero_()
        if (step + 1) % settings.sample_every == 0:
            folder.samples(step + 1, images[:6], rebuilt.images[:6], average.module(images[:6]).images)
        is_last = step + 1 == settings.steps or folder.is_over(settings.limit_minutes)
        if (step + 1) % settings.save_every == 0 or is_last:
            folder.save(step + 1, **parts, order=GeneratorState(order))
        if is_last:
            break
    return folder.export("vqgan", average.module, recipe)
